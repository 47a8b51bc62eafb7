#!/bin/bash
# test.sh [PART]: all tests, or one part of them. The last line is the sum of all that ran.
set -euo pipefail
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
reports=build/reports
mkdir -p $reports
PHASES=()
results=()

# step NAME COMMAND…: a phase that counts as one test.
step() {
    if phase "$@"; then results+=("$1=0"); else results+=("$1=1"); fi
}

# reported REPORT NAME COMMAND…: a phase that leaves JUnit reports, REPORT*.xml. One that failed without a failed test
# in them (a crash, a time-out) still counts as failed.
reported() {
    local files=$reports/$1 name=$2
    shift
    rm -f "$files"*.xml
    local failed=0
    phase "$@" || failed=1
    if [ $failed = 1 ] && ! grep -qsE '<(failure|error)[ >]' "$files"*.xml; then
        results+=("$name=1")
    else
        results+=("$files"*.xml)
    fi
}

packages() {
    need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_TEST[@]}" "${PACKAGES_LINT[@]}"
    need_npm
}

# beside NAME COMMAND…: begins it; its words go to build/NAME.log.
declare -A BESIDE=()
trap 'kill "${BESIDE[@]}" 2>/dev/null || true' EXIT
beside() {
    local name=$1
    shift
    "$@" >"build/$name.log" 2>&1 &
    BESIDE[$name]=$!
}

# done_beside NAME: waits for its end, says what it said, gives its result.
done_beside() {
    local result=0
    wait "${BESIDE[$1]}" || result=$?
    unset "BESIDE[$1]"
    cat "build/$1.log"
    return $result
}

# Two at once on each processor: they wait for the disk for half of their time.
unit() {
    ctest --test-dir build/dev --output-on-failure --no-tests=error -j "$(($(nproc) * 2))" \
        --output-junit "$ROOT/$reports/unit.xml" | grep -vE '^ *(Start +)?[0-9]+/?[0-9]* .*Passed|^ +Start '
}

# Three at once on two processors: 10 seconds of work for each, and a third of the phase is saved.
fuzz_briefly() { SECONDS_EACH=15 AT_ONCE=$(($(nproc) * 3 / 2)) tools/fuzz.sh; }

# in_laboratory REPORT FOLDER [PYTEST OPTION…]: two of them share the tests; with an option, one has all.
in_laboratory() {
    local report=$ROOT/$reports/$1 folder=$2
    shift 2
    if [ $# = 0 ]; then
        SHARED_REPORTS=$report tests/e2e/run.sh ${folder:+"$folder"}
    else
        tests/e2e/run.sh ${folder:+"$folder"} --junit-xml="$report.xml" "$@"
    fi
}

end_to_end() { in_laboratory e2e "" "$@"; }

contact_model() { NESTBOX_CONTACT_STEPS=100000 build/dev/tests/unit/bridge/test_contact_model; }
programs() { tests/e2e/run.sh "$ROOT/tests/long" --junit-xml="$ROOT/$reports/programs.xml" "$@"; }

# Of the build that people run, on a machine that does nothing else: each thing is seen at the other end within 5 s.
chats() {
    NESTBOX_BINARY=$ROOT/build/release/nestbox NESTBOX_CHAT_S=5 tests/e2e/run.sh "$ROOT/tests/e2e/test_chat.py" \
        --junit-xml="$ROOT/$reports/chats.xml" "$@"
}

# Of the build that people run: a library is preloaded into it, and it starts quickly.
crashes() { NESTBOX_BINARY=$ROOT/build/release/nestbox in_laboratory crash "$ROOT/tests/crash" "$@"; }

# Of the build that people run: figures are asked for.
loads() {
    NESTBOX_BINARY=$ROOT/build/release/nestbox tests/e2e/run.sh "$ROOT/tests/load" \
        --junit-xml="$ROOT/$reports/load.xml" "$@"
}

finish() {
    print_phases
    exec "$PYTHON" tools/count.py "${results[@]}"
}

part=${1:-all}
[ $# = 0 ] || shift
case $part in
    fresh) exec tools/fresh.sh ;;
    teeth) exec tools/teeth.sh ;;
    lint) exec tools/lint.sh ;;
    all | unit | e2e | fuzz | crash | load | long) phase "packages" packages ;;
    *) die "there is no part named $part (unit e2e lint fuzz crash load long fresh teeth)" ;;
esac

case $part in all | unit | e2e | crash | load | long) step "build (dev)" build dev ;; esac
case $part in all | unit) reported unit "unit tests and replay of the corpora" unit ;; esac
# Peers are fetched while the time of fuzzing runs: that is given by the clock, and the network has most of theirs. Whoever
# needs one that is missing fetches it again, and tells why it cannot be had.
case $part in all) beside peers tests/e2e/peers.sh ;; esac
case $part in all | fuzz) step "fuzzing, 15 s each" fuzz_briefly ;; esac
case $part in all) done_beside peers || true ;; esac
# The end-to-end tests wait for most of their time: lint runs beside them, on what they leave of the processors.
case $part in all) beside lint nice -n 19 tools/lint.sh ;; esac
case $part in all | e2e) reported e2e "end to end" end_to_end "$@" ;; esac
case $part in all) step "lint, begun beside them" done_beside lint ;; esac
# Figures that are promised for a machine that does nothing else; as part of everything they are twenty times as loose.
case $part in load | long) export NESTBOX_CALM=yes ;; esac
case $part in long) export NESTBOX_IMAP_STEPS=100000 NESTBOX_DAY_MAILS=5000 NESTBOX_OUTAGE=60 NESTBOX_HOSTILE=10000 ;; esac
case $part in long) export NESTBOX_SEALED=1000 NESTBOX_PAIRS=300 NESTBOX_TRIES=500 NESTBOX_STRANGERS=100000 ;; esac
case $part in long) step "contact requests, 100,000 random steps" contact_model ;; esac
case $part in long) reported e2e "end to end, the long way" end_to_end "$@" ;; esac
case $part in long) reported programs "Thunderbird, and servers that knock" programs "$@" ;; esac
case $part in
    crash)
        export NESTBOX_POINTS=300 NESTBOX_FAULTS=40 NESTBOX_CUTS=50 NESTBOX_KILLS=200
        export NESTBOX_BAD_MAILS=1000 NESTBOX_BAD_KILLS=10 NESTBOX_CANARIES=3 NESTBOX_INTERRUPTIONS=20
        ;;
    long)
        export NESTBOX_POINTS=all NESTBOX_FAULTS=100 NESTBOX_CUTS=60 NESTBOX_KILLS=500
        export NESTBOX_BAD_MAILS=5000 NESTBOX_BAD_KILLS=20 NESTBOX_CANARIES=6 NESTBOX_INTERRUPTIONS=20
        ;;
esac
case $part in all | crash | load | long) step "build (release)" build release nestbox ;; esac
case $part in long) reported chats "Delta Chat within 5 s" chats "$@" ;; esac
case $part in all | load | long) reported load "load" loads "$@" ;; esac
case $part in all | crash | long) reported crash "crashes" crashes "$@" ;; esac
finish
