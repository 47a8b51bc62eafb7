# What every script of the house shares: words on the screen, phases with their time, packages.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export HOME=${HOME:-~} # of those who call us, some have none
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/nestbox
# shellcheck source=tools/packages.sh
source "$ROOT/tools/packages.sh"

# Debian's own Python: the packages above are for it, whatever else is first in PATH.
PYTHON=/usr/bin/python3

say() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
die() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root: become root, or install sudo, and try again"
    fi
}

# become_root SCRIPT ARGUMENT…: goes on as root, with the environment as it is.
become_root() {
    [ "$(id -u)" != 0 ] || return 0
    command -v sudo >/dev/null || die "this needs root: become root, or install sudo, and try again"
    exec sudo -E "$@"
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# While packages are installed no daemon starts: we need the programs, not the services.
apt_quietly() {
    local policy=/usr/sbin/policy-rc.d made=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        made=yes
    fi
    local result=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >"$apt_log" 2>&1 || result=$?
    [ -z "$made" ] || as_root rm -f $policy
    return $result
}

# need_packages NAME…: installs by apt what of these is missing; silent when all is there.
need_packages() {
    local missing=() package apt_log
    for package in $(printf '%s\n' "$@" | sort -u); do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    say "installing ${#missing[@]} packages: ${missing[*]}"
    apt_log=$(mktemp)
    if ! apt_quietly update || ! apt_quietly install -y --no-install-recommends "${missing[@]}"; then
        tail -n 20 "$apt_log" >&2
        rm -f "$apt_log"
        die "apt could not install what is missing (see above)"
    fi
    rm -f "$apt_log"
}

# npm comes with Debian's own package or with another build of Node.js; either will do.
need_npm() {
    command -v npm >/dev/null || need_packages nodejs npm
}

# phase NAME COMMAND…: runs it, prints how long it took, returns what it returned.
phase() {
    local name=$1 result=0 began=$SECONDS
    shift
    say "$name"
    "$@" || result=$?
    local took=$((SECONDS - began))
    PHASES+=("$(printf '%5d s  %s%s' $took "$name" "$([ $result = 0 ] || echo '  FAILED')")")
    note "$name: $took s"
    return $result
}

print_phases() {
    say "time of each phase"
    printf '%s\n' "${PHASES[@]}"
}

# build PRESET [TARGET…]
build() {
    local preset=$1
    shift
    cmake -S "$ROOT" --preset "$preset" >"$ROOT/build/$preset.configure.log" 2>&1 || {
        cat "$ROOT/build/$preset.configure.log" >&2
        return 1
    }
    ninja -C "$ROOT/build/$preset" "$@" >"$ROOT/build/$preset.build.log" 2>&1 || {
        grep -E -A 6 '(error:|undefined reference|^ninja: error)' "$ROOT/build/$preset.build.log" | head -n 60 >&2
        note "all of it is in build/$preset.build.log"
        return 1
    }
}

# The names of the fuzz targets, one a line: each is a file tests/fuzz/fuzz_NAME.c.
fuzz_targets() {
    local file
    for file in "$ROOT"/tests/fuzz/fuzz_*.c; do
        [ ! -e "$file" ] || basename "$file" .c
    done
}
