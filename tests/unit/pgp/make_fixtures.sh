#!/bin/sh
# make_fixtures.sh DIR: keys, texts and signatures for the tests, by gpg in a home of its own.
set -eu
cd "$1"
mkdir -m 0700 home
GNUPGHOME=$PWD/home
export GNUPGHOME
trap '[ $? = 0 ] || cat gpg.log >&2; gpgconf --kill all || :' EXIT

g() { gpg --batch --quiet --no-tty --yes --pinentry-mode loopback --passphrase '' "$@" 2>>gpg.log; }
fingerprint() { g --with-colons --list-keys "$1" | awk -F: '$1 == "fpr" {print $10; exit}'; }
publish() { g --export "$1" >"$1.bin"; g --armor --export "$1" >"$1.asc"; fingerprint "$1" >"$1.fpr"; }
sign() { by=$1; text=$2; out=$3; shift 3; g -u "$by" --output "$out" "$@" --detach-sign "$text"; }

printf 'Content-Type: text/plain\r\n\r\nGood morning\r\n' >text
printf 'Content-Type: text/plain\r\n\r\nGood evening\r\n' >other-text
printf '' >empty-text
head -c 5242880 /dev/zero | tr '\0' 'x' | fold -w 70 >long-text

# A faked clock goes on while a command runs: what builds on a key is an hour younger than it.
g --quick-generate-key 'Alice <Alice@Example.ORG>' ed25519 sign never
g --quick-add-key "$(fingerprint alice@example.org)" cv25519 encr never
g --quick-add-uid "$(fingerprint alice@example.org)" 'Alice at work <alice@work.test>'
g --quick-generate-key 'Bob <bob@example.org>' ed25519 sign never
g --quick-generate-key 'Rita <rita@example.org>' rsa2048 sign never
g --quick-generate-key 'Dora <dora@example.org>' ed25519 cert never
g --quick-add-key "$(fingerprint dora@example.org)" ed25519 sign never
g --quick-generate-key 'Carol <carol@example.org>' ed25519 sign never
g --faked-system-time 20200101T000000 --quick-generate-key 'Ede <ede@example.org>' ed25519 sign 2d
g --faked-system-time 20200101T000000 --quick-generate-key 'Lars <lars@example.org>' ed25519 sign never

g --quick-generate-key 'Rsa <rsa@example.org>' rsa2048 sign never
g --quick-add-key "$(fingerprint rsa@example.org)" rsa2048 encr never
g --quick-generate-key 'Nist <nist@example.org>' nistp256 sign never
g --quick-add-key "$(fingerprint nist@example.org)" nistp384 encr never
g --cert-digest-algo SHA1 --quick-generate-key 'Old <old@example.org>' rsa2048 sign never
g --cert-digest-algo SHA1 --quick-add-key "$(fingerprint old@example.org)" rsa2048 encr never
g --faked-system-time 20200101T000000 --quick-generate-key 'Renewed <renewed@example.org>' ed25519 sign never
g --faked-system-time 20200101T010000 --quick-add-key "$(fingerprint renewed@example.org)" cv25519 encr 2d
g --quick-add-key "$(fingerprint renewed@example.org)" cv25519 encr never
g --faked-system-time 20200101T000000 --quick-generate-key 'Lapsed <lapsed@example.org>' ed25519 sign never
g --faked-system-time 20200101T010000 --quick-add-key "$(fingerprint lapsed@example.org)" cv25519 encr 2d

sign carol@example.org text carol.sig
sed 's/^:-/-/' "home/openpgp-revocs.d/$(fingerprint carol@example.org).rev" >carol.rev
g --import carol.rev
for who in alice bob rita dora carol ede lars rsa nist old renewed lapsed; do publish $who@example.org; done

# A key that changes: Nora's first, her second that the first certifies, and one for her that it certified for another address.
g --quick-generate-key 'Nora <nora@example.org>' ed25519 sign never
nora=$(fingerprint nora@example.org)
g --export nora@example.org >nora-bare.bin
g --quick-add-key "$nora" cv25519 encr 1y
g --export nora@example.org >nora-year.bin
g --quick-set-expire "$nora" 2y
g --export nora@example.org >nora-two.bin
g --quick-generate-key 'Nora new <nora-new@example.org>' ed25519 sign never
new=$(fingerprint nora-new@example.org)
g --export nora-new@example.org >new-alone.bin
g --quick-add-uid "$new" 'Nora at work <nora@work.test>'
g -u nora@example.org --quick-sign-key "$new" 'Nora new <nora-new@example.org>'
g --export "$new" >new-vouched.bin
g -u alice@example.org --quick-sign-key "$new" 'Nora at work <nora@work.test>'
g --export "$new" >new-by-two.bin

sign alice@example.org text good.sig
sign alice@example.org text good.asc --armor
sign alice@example.org text textmode.asc --armor --textmode
sign alice@example.org long-text long.asc --armor
sign alice@example.org empty-text empty.sig
sign bob@example.org text bob.sig
sign bob@example.org text two.sig -u alice@example.org
sign rita@example.org text rita.sig
sign rita@example.org text sha1.sig --digest-algo SHA1
sign rita@example.org text sha512.sig --digest-algo SHA512
sign dora@example.org text dora.sig
sign ede@example.org text ede.sig --faked-system-time 20200102T000000
sign lars@example.org text lapsed.sig --default-sig-expire 1d --faked-system-time 20200102T000000
g -u alice@example.org --output whole.gpg --sign text
g -u alice@example.org --output clear.asc --clear-sign text
g --export-secret-keys alice@example.org >secret.bin
g --armor --export-secret-keys alice@example.org >secret.asc
cat alice@example.org.bin bob@example.org.bin >both.bin
cat alice@example.org.asc bob@example.org.asc >both.asc

e() { out=$1; shift; g --armor --trust-model always --output "$out" "$@"; }
e encrypted.asc -r alice@example.org --encrypt text
e encrypted-long.asc -r alice@example.org -r rsa@example.org --encrypt long-text
e encrypted-hidden.asc -R alice@example.org --encrypt text
e encrypted-password.asc --passphrase word --symmetric text
e encrypted-comment.asc --comment 'as some programs write' -r rsa@example.org --encrypt text

openssl req -x509 -newkey rsa:2048 -nodes -keyout smime.key -out smime.crt -days 3650 -subj /CN=alice >>gpg.log 2>&1
s() { openssl cms "$@" | base64 -w 76; }
s -encrypt -outform DER -aes256 -in text smime.crt >smime.b64
s -encrypt -outform DER -aes256 -stream -in text smime.crt >smime-stream.b64
s -sign -outform DER -nodetach -in text -signer smime.crt -inkey smime.key >smime-signed.b64
