#!/bin/bash
# A test of safety must be able to fail. Each bite breaks one thing on purpose, in a copy of the checkout, and runs the
# tests that guard it: they must fail there.
set -euo pipefail
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_TEST[@]}" "${PACKAGES_TEETH[@]}"
need_npm
mkdir -p build
PHASES=()
results=()
copy=$ROOT/build/teeth

# must_fail NAME BINARY PYTEST…: passes only if tests ran there and failed.
must_fail() {
    local name=$1 binary=$2 report=$ROOT/build/teeth-$1.xml status=0
    shift 2
    rm -f "$report"
    NESTBOX_BINARY=$binary NESTBOX_RELEASE=$binary tests/e2e/run.sh -q --junit-xml="$report" "$@" >"build/teeth-$name.log" 2>&1 || status=$?
    if [ $status = 1 ] && grep -q '<failure' "$report"; then
        note "$name: found"
    else
        note "$name: NOT FOUND (pytest ended with $status; see build/teeth-$name.log)"
        return 1
    fi
}

bite() {
    if phase "$1" "${@:2}"; then results+=("$1=0"); else results+=("$1=1"); fi
}

# broken NAME FILE SED PYTEST…: builds the copy with FILE changed by SED.
broken() {
    local name=$1 file=$2 change=$3
    shift 3
    git -C "$copy" checkout -q -- .
    sed -i -E "$change" "$copy/$file"
    if git -C "$copy" diff --quiet; then
        note "$name: the change no longer applies to $file"
        return 1
    fi
    cmake -S "$copy" --preset release -B "$copy/build/release" >"$copy/configure.log" 2>&1
    ninja -C "$copy/build/release" nestbox >"$copy/build.log" 2>&1 || {
        tail -n 20 "$copy/build.log"
        return 1
    }
    must_fail "$name" "$copy/build/release/nestbox" "$@"
}

rm -rf "$copy"
git clone -q --no-local --depth 1 "file://$ROOT" "$copy"
phase "build (release)" build release nestbox
phase "build (dev)" build dev crashpoint

e2e=tests/e2e
crash=tests/crash
durability() { NESTBOX_AROUND=eatmydata must_fail durability "$ROOT/build/release/nestbox" $crash/test_power_cut.py; }
bite "durability: fsync does nothing" durability
bite "crash: what a death left in bodies/incoming stays" broken incoming store/store_sweep.c \
    's/each_name\(store->bodies, "incoming", remove_name, NULL, err\) &&/true \&\&/' \
    $crash/test_crash_points.py -k promise
bite "crash: what was seen before is taken again" broken seen store/store_guard.c \
    's/\*out_new = .*;/*out_new = true;/; s/SELECT 1 FROM seen WHERE kind/SELECT 1 FROM seen WHERE 0 AND kind/' \
    $crash/test_kill9.py
bite "smuggling: a bare line feed ends a mail" broken smuggling smtp/session/framing.c \
    's/return FRAMING_SOFT_START;/return FRAMING_START;/; s/framing->smuggling = true;   .*CRLF . LF.*/return FRAMING_END;/' \
    $e2e/test_smuggling.py -k smuggled
bite "smuggling: a dot at the start of a line goes out single" broken dots smtp/out/out_text.c \
    's/text->at_start && run\.at\[0\]/false \&\& run.at[0]/' $e2e/test_smuggling_out.py -k what_we_took
bite "canary: nothing is sealed or wrapped" broken sealing bridge/render/letter_seal.c \
    's/if \(!config->seal \|\|/if (true ||/' $crash/test_canary.py -k nowhere
bite "canary: names stand outside" broken names mime/faces.c \
    's/return slice_is_nocase\(name, "From"\) \|\|/return slice_is_nocase(name, "X-From") \|\|/' $crash/test_canary.py -k nowhere
bite "audience: proof of the author (P1) taken out" broken p1 bridge/publish/policy_post.c '/\{ROW_P1,/d' \
    $e2e/test_first_post.py -k nothing_proves
bite "audience: word in Bcc (P5) taken out" broken p5 bridge/publish/policy_post.c '/\{ROW_P5,/d' \
    $e2e/test_first_post.py -k resent_to_public
print_phases
exec "$PYTHON" tools/count.py "${results[@]}"
