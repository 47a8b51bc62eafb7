#!/bin/bash
# peers.sh: fetches what the tests meet and Debian's packages do not bring here; silent when all is there. Needs root.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/lib.sh
source "$here/../../tools/lib.sh"
# shellcheck source=tools/bare_root.sh
source "$ROOT/tools/bare_root.sh"
cd "$ROOT"
become_root "$here/peers.sh"

# Peers that come from npm, pinned by a lock file each; taken anew when that file has changed.
fetch_peer() {
    local lock=$here/$1/package-lock.json stamp=$here/$1/node_modules/.fetched
    cmp -s "$lock" "$stamp" && return
    say "fetching $2 (npm ci)"
    (cd "$here/$1" && npm ci --no-progress --loglevel=error >/dev/null)
    cp "$lock" "$stamp"
}

fetch_peer fediverse "the Fediverse peer"
fetch_peer chat "Delta Chat"
need_mail_servers
