# A bare Debian 12 in a folder: what fresh.sh tries the house in, and where bench.sh keeps its Postfix.
# Sourced behind tools/lib.sh.
# shellcheck shell=bash

SETTINGS_OF_APT=(sources.list sources.list.d apt.conf.d auth.conf.d preferences.d trusted.gpg.d keyrings)

mirror_of_this_machine() {
    local mirror
    mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk '$1 == "bookworm" { print $2; exit }')
    [ -n "$mirror" ] || die "apt knows no source of bookworm; name one in /etc/apt/sources.list, run apt-get update, try again"
    echo "$mirror"
}

# The bare root, made once and kept in the cache; its path is left in BARE.
need_bare_root() {
    BARE=$CACHE/bookworm
    [ -e "$BARE/.complete" ] && return
    need_packages "${PACKAGES_FRESH[@]}"
    say "making a bare root (debootstrap), kept in $BARE"
    rm -rf "$BARE"
    mkdir -p "$CACHE"
    local mirror
    mirror=$(mirror_of_this_machine) || exit 1
    debootstrap --variant=minbase bookworm "$BARE" "$mirror" >"$CACHE/debootstrap.log" 2>&1 || {
        tail -n 20 "$CACHE/debootstrap.log" >&2
        die "debootstrap failed (see above)"
    }
    : >"$BARE/.complete"
}

# furnish ROOT: a copy of the bare root with the settings by which this machine reaches packages, and no more.
furnish() {
    local root=$1 name
    cp -a --reflink=auto "$BARE" "$root"
    rm -f "$root/.complete" "$root/etc/apt/sources.list"
    for name in "${SETTINGS_OF_APT[@]}"; do
        [ ! -e "/etc/apt/$name" ] || cp -aL "/etc/apt/$name" "$root/etc/apt/"
    done
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    [ ! -d /usr/share/keyrings ] || cp -aL /usr/share/keyrings/. "$root/usr/share/keyrings/"
    mkdir -p "$root/usr/local/share/ca-certificates"
    [ ! -d /usr/local/share/ca-certificates ] ||
        cp -aL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
    [ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$root/root/bundle.crt"
    cat /etc/npmrc "$(npm config get globalconfig 2>/dev/null || echo /dev/null)" ~/.npmrc 2>/dev/null |
        grep -vE '^(cafile|nodedir|prefix|cache)' | sort -u >"$root/root/.npmrc" || true
}

# in_root ROOT COMMAND…: runs it there, with proc and dev, in a mount and process namespace that ends with it.
in_root() {
    local root=$1 settings=() name
    shift
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
        [ -z "${!name:-}" ] || settings+=("$name=${!name}")
    done
    [ ! -e "$root/root/bundle.crt" ] ||
        settings+=(NODE_EXTRA_CA_CERTS=/root/bundle.crt npm_config_cafile=/root/bundle.crt)
    unshare --mount --pid --fork --kill-child sh -ec '
        root=$1; shift
        mount --bind "$root" "$root"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount --make-rslave "$root/dev"
        exec chroot "$root" "$@"' in_root "$root" \
        env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${settings[@]}" "$@"
}
