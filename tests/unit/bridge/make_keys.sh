#!/bin/sh
# make_keys.sh DIR: keys of eve@example.org, by gpg in a home of its own.
set -eu
cd "$1"
mkdir -m 0700 keyring
GNUPGHOME=$PWD/keyring
export GNUPGHOME
trap '[ $? = 0 ] || cat gpg.log >&2; gpgconf --kill all || :' EXIT

# A faked clock goes on, and the next command begins with it anew: so each begins a minute behind the last.
clock=$(date -u -d 2026-02-01 +%s)
g() {
    clock=$((clock + 60))
    gpg --batch --quiet --no-tty --yes --pinentry-mode loopback --passphrase '' --faked-system-time "$clock" "$@" 2>>gpg.log
}
fingerprint() { g --with-colons --list-keys "$1" | awk -F: '$1 == "fpr" {print $10; exit}'; }
# NAME EXPIRY: a key of eve's
make() {
    g --quick-generate-key "$1 <eve@example.org>" ed25519 sign "$2"
    g --quick-add-key "$(fingerprint "$1")" cv25519 encr "$2"
    g --export "$(fingerprint "$1")" >"$1.bin"
    fingerprint "$1" >"$1.fpr"
}
for name in first second third fourth fifth vouched; do make "$name" never; done
g -u "$(fingerprint first)" --quick-sign-key "$(fingerprint vouched)" 'vouched <eve@example.org>'
g --export "$(fingerprint vouched)" >vouched.bin
make ending 20370201T000000
g --quick-set-expire "$(fingerprint ending)" 20450201T000000
g --quick-set-expire "$(fingerprint ending)" 20450201T000000 '*'
g --export "$(fingerprint ending)" >extended.bin
make revoked never
sed 's/^:-/-/' "keyring/openpgp-revocs.d/$(fingerprint revoked).rev" >revoked.rev
cp revoked.bin before.bin
g --import revoked.rev
g --export "$(fingerprint revoked)" >after.bin
make full never
cp full.fpr emptied.fpr
printf 'key 1\nrevkey\ny\n0\n\ny\nsave\n' | g --command-fd 0 --edit-key "$(fingerprint full)" >&2
g --export "$(fingerprint full)" >emptied.bin

# PART SIGNER: a detached signature of the first key over a part that tells the second
{
    printf 'Content-Type: text/plain; protected-headers="v1"\r\nFrom: eve@example.org\r\nAutocrypt: addr=eve@example.org; keydata=%s\r\n\r\nmy new key\r\n' \
        "$(base64 -w 0 second.bin)"
} >part
gpg --batch --quiet --no-tty --yes --pinentry-mode loopback --passphrase '' --faked-system-time "$2!" -u "$(fingerprint first)" --armor --output part.asc --detach-sign part 2>>gpg.log
gpg --batch --quiet --no-tty --yes --pinentry-mode loopback --passphrase '' --faked-system-time "$2!" -u "$(fingerprint third)" --armor --output part-third.asc --detach-sign part 2>>gpg.log
