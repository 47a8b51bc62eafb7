#!/bin/bash
# Measures the release build beside its yardsticks: tests/bench/bench.py, in the laboratory's network.
set -euo pipefail
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/bare_root.sh
source "$ROOT/tools/bare_root.sh"
cd "$ROOT"
become_root "$ROOT/tools/bench.sh" "$@"
need_packages "${PACKAGES_BENCH[@]}" knot knot-dnsutils unbound
need_root yardsticks "${PACKAGES_YARDSTICKS[@]}"
need_root dovecot "${PACKAGES_DOVECOT[@]}"

# Both work on the same file system: that of build/bench.
place=$ROOT/build/bench
rm -rf "$place"
mkdir -p "$place"
cp -a --reflink=auto "$CACHE/yardsticks" "$CACHE/dovecot" "$place"
cp tests/bench/main.cf "$place/yardsticks/etc/postfix/main.cf"
cp tests/bench/nginx.conf "$place/yardsticks/etc/nginx/nginx.conf"
sync # pages of a program that was linked just now would count as written to by it
trap 'rm -rf --one-file-system "$place/yardsticks" "$place/dovecot" "$place/nest"' EXIT
unshare --net --mount --pid --fork --kill-child --mount-proc tests/e2e/lab.sh \
    env NESTBOX_BINARY="$ROOT/build/release/nestbox" BENCH_PEER="$ROOT/build/release/tests/bench/bench_peer" \
    PYTHONDONTWRITEBYTECODE=1 "$PYTHON" tests/bench/bench.py "$place" "$@"
