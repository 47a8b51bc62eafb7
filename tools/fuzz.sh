#!/bin/bash
# fuzz.sh [NAME]: runs one fuzz target, or each, for SECONDS_EACH (default 600), starting from its corpus. New units
# stay in build/fuzz/found; a crash is copied there as well and fails the run. AT_ONCE of them run beside each
# other (default: as many as there are processors).
set -euo pipefail
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
mkdir -p build
need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_CLANG[@]}"
seconds=${SECONDS_EACH:-600}
at_once=${AT_ONCE:-$(nproc)}

mapfile -t targets < <(if [ $# -gt 0 ]; then echo "fuzz_${1#fuzz_}"; else fuzz_targets; fi)
[ ${#targets[@]} -gt 0 ] || die "there is no fuzz target"
build fuzz "${targets[@]}"

# fuzz_one NAME: one line of proof for docs/fuzzing.md: units executed, seconds, date.
fuzz_one() {
    local name=$1 found=build/fuzz/found/$1 log=build/fuzz/$1.log program
    program=$(find build/fuzz -name "$name" -type f -perm -u+x | head -n 1)
    mkdir -p "$found"
    local options=(-max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1
        -artifact_prefix="$found/")
    [ ! -e "tests/fuzz/$name.dict" ] || options+=(-dict="tests/fuzz/$name.dict")
    if ! "$program" "${options[@]}" "$found" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        tail -n 40 "$log"
        echo "$name: FAILED (see $log)"
        return 1
    fi
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") units executed," \
        "$seconds s, $(date -u +%F)"
}
export -f fuzz_one
export seconds
printf '%s\n' "${targets[@]}" | xargs -P "$at_once" -I{} bash -c 'fuzz_one {}'
