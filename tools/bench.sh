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
need_bare_root

# Postfix lives in a root of its own, made once and kept in the cache.
POSTFIX=$CACHE/postfix
if [ ! -e "$POSTFIX/.complete" ]; then
    say "making a root for Postfix, kept in $POSTFIX"
    rm -rf "$POSTFIX"
    furnish "$POSTFIX"
    printf '#!/bin/sh\nexit 101\n' >"$POSTFIX/usr/sbin/policy-rc.d"
    chmod 755 "$POSTFIX/usr/sbin/policy-rc.d"
    in_root "$POSTFIX" sh -ec '
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update
        apt-get -qq install -y --no-install-recommends postfix' >"$CACHE/postfix.log" 2>&1 || {
        tail -n 20 "$CACHE/postfix.log" >&2
        die "Postfix could not be installed in its root (see above)"
    }
    : >"$POSTFIX/.complete"
fi

# Both work on the same file system: that of build/bench.
place=$ROOT/build/bench
rm -rf "$place"
mkdir -p "$place"
cp -a --reflink=auto "$POSTFIX" "$place/postfix"
cp tests/bench/main.cf "$place/postfix/etc/postfix/main.cf"
trap 'rm -rf --one-file-system "$place/postfix" "$place/nest"' EXIT
unshare --net --mount --pid --fork --kill-child --mount-proc tests/e2e/lab.sh \
    env NESTBOX_BINARY="$ROOT/build/release/nestbox" PYTHONDONTWRITEBYTECODE=1 "$PYTHON" tests/bench/bench.py "$place"
