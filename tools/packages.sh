# The Debian 12 packages each job needs, in one place. Sourced by tools/lib.sh.
# shellcheck shell=bash disable=SC2034

PACKAGES_BUILD=(
    gcc libc6-dev cmake ninja-build pkg-config git ca-certificates
    libssl-dev libcurl4-openssl-dev libjansson-dev libxml2-dev libgpgme-dev librnp-dev gnupg libsqlite3-dev
    libgmime-3.0-dev libevent-dev libunbound-dev nettle-dev libidn2-dev libturbojpeg0-dev zlib1g-dev libqrencode-dev dns-root-data
)

# The follower's server of `./dev run`, and the sum of the tests.
PACKAGES_PYTHON=(python3 python3-cryptography openssl)

PACKAGES_CLANG=(clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev llvm-14)

PACKAGES_LINT=("${PACKAGES_CLANG[@]}" shellcheck python3)

PACKAGES_FRESH=(debootstrap util-linux git)

PACKAGES_TEST=(
    libcmocka-dev "${PACKAGES_CLANG[@]}" shellcheck python3-spf python3-yaml
    "${PACKAGES_PYTHON[@]}" python3-pytest python3-selenium python3-aiosmtpd
    python3-dkim opendkim-tools
    knot knot-dnsutils knot-dnssecutils unbound pebble iproute2 procps util-linux bsdutils mount e2fsprogs
    "${PACKAGES_FRESH[@]}" swaks libnet-ssleay-perl libauthen-sasl-perl mutt isync msmtp gnupg gpg-agent sqop rnp
    chromium chromium-driver fonts-dejavu-core
)

# Mail servers that ours is tried with, each in a bare root of its own (tools/bare_root.sh).
PACKAGES_POSTFIX=(postfix postfix-mta-sts-resolver)
PACKAGES_EXIM=(exim4-daemon-light)
PACKAGES_OPENSMTPD=(opensmtpd)
PACKAGES_THUNDERBIRD=(thunderbird) # 80 MB, 600 in its root: for ./dev test long alone

PACKAGES_BENCH=("${PACKAGES_PYTHON[@]}" "${PACKAGES_FRESH[@]}" iproute2 procps python3-dkim gnupg gpg-agent)

PACKAGES_TEETH=(eatmydata strace)

# What ./dev bench measures beside, in a root of its own.
PACKAGES_YARDSTICKS=(postfix nginx-light)
PACKAGES_DOVECOT=(dovecot-imapd)
