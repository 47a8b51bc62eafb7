#!/bin/bash
# run.sh [PYTEST OPTION…]: the end-to-end tests, in a network of their own. Needs root.
# SHARED_REPORTS=PATH shares them between two networks, and leaves PATH-1.xml and PATH-2.xml.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/lib.sh
source "$here/../../tools/lib.sh"
# shellcheck source=tools/bare_root.sh
source "$ROOT/tools/bare_root.sh"
cd "$ROOT"
become_root "$here/run.sh" "$@"

"$here/peers.sh"
where=("$here")
for word in "$@"; do
    [ ! -e "${word%%::*}" ] || where=() # a file was named
    [[ $word != */long* ]] || need_root thunderbird "${PACKAGES_THUNDERBIRD[@]}"
done

# A laboratory with nothing outside of it, for one run of pytest.
laboratory=(unshare --net --mount --pid --fork --kill-child --mount-proc "$here/lab.sh"
    env -u PYTHONPATH NESTBOX_ROOTS="$CACHE" PYTHONDONTWRITEBYTECODE=1 "$PYTHON" -m pytest -p no:cacheprovider
    --rootdir="$ROOT/tests" --durations=8 "${where[@]}")
[ -n "${SHARED_REPORTS:-}" ] || exec "${laboratory[@]}" "$@"

# The tests wait for most of their time: two laboratories, each of which takes the next file that nobody took.
# The second one's words follow the first one's.
claims=$(mktemp -d)
# unshare is deaf to SIGTERM; when it is killed, all that is in its namespace is.
trap 'kill -KILL $(jobs -p) 2>/dev/null || true; rm -rf "$claims"' EXIT
trap 'exit 1' INT TERM
"${laboratory[@]}" --claims="$claims" --junit-xml="$SHARED_REPORTS-1.xml" "$@" &
first=$!
"${laboratory[@]}" --claims="$claims" --junit-xml="$SHARED_REPORTS-2.xml" "$@" >"$claims/second.log" 2>&1 &
second=$!
result=0
wait $first || result=$?
wait $second || result=$?
cat "$claims/second.log"
exit $result
