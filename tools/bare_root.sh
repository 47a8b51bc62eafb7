# A bare Debian 12 in a folder: what fresh.sh tries the house in, and below the roots of other mail servers.
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
    [ ! -e "$BARE/.complete" ] || return 0
    need_packages "${PACKAGES_FRESH[@]}"
    mkdir -p "$CACHE"
    (flock 9 && make_bare_root) 9>"$BARE.lock" || exit 1
}

make_bare_root() {
    [ ! -e "$BARE/.complete" ] || return 0 # somebody else was faster
    say "making a bare root (debootstrap), kept in $BARE"
    rm -rf "$BARE"
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

# need_root NAME PACKAGE…: a bare root with these packages in it, made once and kept in $CACHE/NAME.
need_root() {
    local name=$1 root=$CACHE/$1
    shift
    [ "$(cat "$root/.complete" 2>/dev/null)" != "$*" ] || return 0
    need_bare_root
    (flock 9 && make_root "$@") 9>"$root.lock" || exit 1
}

make_root() {
    [ "$(cat "$root/.complete" 2>/dev/null)" != "$*" ] || return 0
    say "making a root for $name, kept in $root"
    rm -rf "$root.new"
    furnish "$root.new"
    printf '#!/bin/sh\nexit 101\n' >"$root.new/usr/sbin/policy-rc.d" # no daemon starts while it is installed
    chmod 755 "$root.new/usr/sbin/policy-rc.d"
    # shellcheck disable=SC2016
    in_root "$root.new" sh -ec '
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update
        apt-get -qq install -y --no-install-recommends "$@"
        apt-get clean
        rm -rf /var/lib/apt/lists/*' sh "$@" >"$root.log" 2>&1 || {
        tail -n 20 "$root.log" >&2
        die "$* could not be installed in a root of its own (see above)"
    }
    echo "$*" >"$root.new/.complete"
    rm -rf "$root"
    mv "$root.new" "$root"
}

# Other mail servers, each with a root of its own: they exclude one another, and fix their paths and users.
need_mail_servers() {
    need_root postfix "${PACKAGES_POSTFIX[@]}"
    need_root exim "${PACKAGES_EXIM[@]}"
    need_root opensmtpd "${PACKAGES_OPENSMTPD[@]}"
}
