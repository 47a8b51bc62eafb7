#!/bin/bash
# lab.sh COMMAND…: makes the network namespace it finds itself in look like the Internet, then becomes COMMAND.
# Addresses that look public stand on lo, so no program needs to be told that it is in a laboratory.
#
#   20.0.0.10 .11   Nestbox, a second one          20.0.0.20 .21  Fedify
#   20.0.0.12 .13   the judge: a peer in Python    20.0.0.53      validating resolver
#   20.0.0.54       authoritative DNS              20.1.0.0/16    anybody else
#   20.0.0.14 .15   Nestbox, for Delta Chat
#   20.0.0.2 .3 .4  Postfix, Exim, OpenSMTPD
#   2a10:20::10     any of ours              2a10:20:1::1 ::2 ::3  anybody else
set -e
ip link set lo up
for last in 2 3 4 10 11 12 13 14 15 20 21 53 54; do
    ip address add 20.0.0.$last/32 dev lo
done
ip route add local 20.1.0.0/16 dev lo
for address in 20::10 20:1::1 20:1::2 20:1::3; do
    ip address add 2a10:$address/128 dev lo nodad
done

settings=$(mktemp -d)
printf 'nameserver 20.0.0.53\noptions edns0 trust-ad timeout:2\n' >"$settings/resolv.conf"
printf '127.0.0.1 localhost\n' >"$settings/hosts"
for file in resolv.conf hosts; do
    [ -e /etc/$file ] || : >/etc/$file
    mount --bind "$settings/$file" "$(readlink -f /etc/$file)"
done
rm -rf "$settings"
ulimit -n 20000 2>/dev/null || true
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
exec "$@"
