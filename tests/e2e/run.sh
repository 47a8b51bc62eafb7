#!/bin/bash
# run.sh [PYTEST OPTION…]: the end-to-end tests, in a network of their own. Needs root.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/lib.sh
source "$here/../../tools/lib.sh"
# shellcheck source=tools/bare_root.sh
source "$ROOT/tools/bare_root.sh"
cd "$ROOT"
become_root "$here/run.sh" "$@"

# The Fediverse peer comes from npm, pinned by its lock file; taken anew when that file has changed.
fetch_peer() {
    local lock=$here/fediverse/package-lock.json stamp=$here/fediverse/node_modules/.fetched
    cmp -s "$lock" "$stamp" && return
    say "fetching the Fediverse peer (npm ci)"
    (cd "$here/fediverse" && npm ci --no-progress --loglevel=error >/dev/null)
    cp "$lock" "$stamp"
}

fetch_peer
need_mail_servers
where=("$here")
for word in "$@"; do
    [ ! -e "${word%%::*}" ] || where=() # a file was named
done
exec unshare --net --mount --pid --fork --kill-child --mount-proc "$here/lab.sh" \
    env -u PYTHONPATH NESTBOX_ROOTS="$CACHE" PYTHONDONTWRITEBYTECODE=1 "$PYTHON" -m pytest -p no:cacheprovider --rootdir="$ROOT/tests" \
    --durations=8 "${where[@]}" "$@"
