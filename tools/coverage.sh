#!/bin/bash
# coverage.sh [NAME]: which lines of our files the corpus of a fuzz target reaches (llvm-cov).
set -euo pipefail
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
mkdir -p build
need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_CLANG[@]}"
mapfile -t targets < <(if [ $# -gt 0 ]; then echo "fuzz_${1#fuzz_}"; else fuzz_targets; fi)
build fuzz "${targets[@]}"
for name in "${targets[@]}"; do
    program=$(find build/fuzz -name "$name" -type f -perm -u+x | head -n 1)
    profile=build/fuzz/$name.profraw
    say "$name"
    LLVM_PROFILE_FILE=$profile "$program" -runs=0 "tests/fuzz/corpus/$name" >/dev/null 2>&1
    llvm-profdata-14 merge -sparse "$profile" -o "${profile%raw}data"
    llvm-cov-14 report "$program" -instr-profile="${profile%raw}data" \
        -ignore-filename-regex='tests/' | awk 'NR == 1 || /\.c / || /^TOTAL/ { print $1, $8, $9, $10 }' |
        column -t
done
