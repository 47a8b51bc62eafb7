#!/bin/bash
# Layout (clang-format), clang-tidy, length of files, scripts. Prints only what is wrong.
set -euo pipefail
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_LINT[@]}" libcmocka-dev

bad=0
mapfile -t sources < <(git ls-files '*.c' '*.h')
mapfile -t units < <(git ls-files '*.c' | grep -v '^tests/')
mapfile -t scripts < <(git ls-files dev .ci/run '*.sh')

[ ${#sources[@]} = 0 ] || clang-format-14 --dry-run -Werror "${sources[@]}" || bad=1

while read -r lines file; do
    [ "$file" = total ] || [ "$lines" -lt 500 ] || {
        echo "$file has $lines lines; a file does one job in less than 500"
        bad=1
    }
done < <(wc -l "${sources[@]}")

shellcheck -x "${scripts[@]}" || bad=1

# clang-tidy reads the flags of the Clang preset: GCC's own warnings are unknown to it. A file is looked at
# again only when it, its flags or one of the headers has changed.
cmake -S . --preset clang >build/clang.configure.log 2>&1 || {
    cat build/clang.configure.log
    exit 1
}
mapfile -t headers < <(git ls-files '*.h')
around=$(cat .clang-tidy "${headers[@]}" build/clang/compile_commands.json | sha256sum)
mkdir -p build/tidy
for unit in "${units[@]}"; do
    stamp=build/tidy/$( (echo "$around" && cat "$unit") | sha256sum | cut -c1-32)
    [ -e "$stamp" ] || printf '%s %s\n' "$stamp" "$unit"
done | xargs -P "$(nproc)" -L 1 sh -c 'clang-tidy-14 --quiet -p build/clang "$1" 2>/dev/null && touch "$0"' || bad=1

[ $bad = 0 ] && note "lint: nothing to say"
exit $bad
