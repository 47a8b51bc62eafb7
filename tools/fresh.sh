#!/bin/bash
# Does it work on a machine that has nothing? In a bare Debian 12, with nothing but the checkout as committed and the
# settings by which this machine reaches packages: ./dev run --once, then ./dev test.
set -euo pipefail
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/bare_root.sh
source "$ROOT/tools/bare_root.sh"
cd "$ROOT"
become_root "$ROOT/tools/fresh.sh" "$@"
PHASES=()

[ -z "$(git status --porcelain --untracked-files=no)" ] || note "what is not committed is not tried"
phase "bare root" need_bare_root
place=$(mktemp -d "${TMPDIR:-/tmp}/nestbox-fresh.XXXXXX")
trap 'rm -rf --one-file-system "$place"' EXIT
root=$place/root
phase "checkout and settings" furnish "$root"
git clone -q --no-local --depth 1 "file://$ROOT" "$root/root/nestbox"
echo "127.0.0.1 localhost" >>"$root/etc/hosts"

run_once() { in_root "$root" sh -c 'cd /root/nestbox && ./dev run --once'; }
test_all() { in_root "$root" sh -c 'cd /root/nestbox && ./dev test' | tee "$place/log"; }

failed=0
phase "./dev run --once, with all that it installs" run_once || failed=1
phase "./dev test, with all that it installs" test_all || failed=1
print_phases
tail -n 1 "$place/log" | grep '^tests: ' || failed=1
exit $failed
