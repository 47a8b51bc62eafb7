"""Keys of people here, as others find them: a Web Key Directory, by the direct way and the advanced one (gpg)."""
import http.client
import os
import ssl
import subprocess

import pytest

from laboratory.gpg import Gpg

CURVE = ("ed25519", "cv25519")


@pytest.fixture
def asker(tmp_path, ca):
    """gpg of somebody else, whose machine trusts the laboratory's authority."""
    home = tmp_path / "asker"
    home.mkdir(mode=0o700)
    (home / "dirmngr.conf").write_text("standard-resolver\n")

    def ask(address):
        # gpg gives its helper five seconds to come up, which a busy machine has not always: so it is there before
        command = ("mount --bind $CA /etc/ssl/certs/ca-certificates.crt; until gpgconf --launch dirmngr; do :; done; "
                   "exec gpg --batch --with-colons --auto-key-locate clear,nodefault,wkd --locate-external-keys $WHO")
        done = subprocess.run(["unshare", "--mount", "sh", "-ec", command], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "GNUPGHOME": str(home), "CA": str(ca.pem), "WHO": address})
        print(done.stderr)  # of one that found nothing, a report shows why
        return [line.split(":")[9] for line in done.stdout.split("\n") if line.startswith(("fpr:", "uid:"))]
    yield ask
    subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(home)}, capture_output=True)


@pytest.fixture
def owner(person, tmp_path):
    """Somebody with a key, which names another address of theirs too."""
    def make(domain):
        account = person("found", domain)
        account.ring = Gpg(tmp_path / domain, account.address, encrypts=CURVE)
        account.ring._gpg("--quick-add-uid", account.ring.fingerprint(), "Somebody <private@else.test>")
        account.nestbox.cli("key", "add", account.address, account.ring.certificate())
        return account
    return make


def get(nest, host, path):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(nest.address, 443, timeout=60, context=context,
                                             source_address=("20.1.0.5", 0))
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def hash_of(local):
    """By GnuPG itself."""
    done = subprocess.run(["/usr/lib/gnupg/gpg-wks-client", "--print-wkd-hash", f"{local}@x.test"], check=True,
                          capture_output=True, text=True)
    return done.stdout.split()[0]


@pytest.mark.parametrize("domain, advanced", [("nest.test", True), ("garden.test", False)])
def test_gpg_finds_the_key_of_somebody_here(owner, asker, dns, domain, advanced):
    if advanced:
        dns.add(f"openpgpkey.{domain} A 20.0.0.10")
    account = owner(domain)
    found = asker(account.address)
    assert account.ring.fingerprint() in found
    assert any(account.address in text for text in found)
    assert asker(f"nobody-here@{domain}") == []


def test_what_is_served(owner):
    account = owner("nest.test")
    nest, name = account.nestbox, account.address.split("@")[0]
    direct, advanced = "/.well-known/openpgpkey", "/.well-known/openpgpkey/nest.test"
    key = None
    for host, way in (("nest.test", direct), ("openpgpkey.nest.test", advanced)):
        for asked in (f"?l={name}", "", f"?l={name.upper()}"):
            answer, body = get(nest, host, f"{way}/hu/{hash_of(name)}{asked}")
            assert answer.status == 200 and key in (None, body)
            assert answer.getheader("Content-Type") == "application/octet-stream"
            assert answer.getheader("Access-Control-Allow-Origin") == "*"
            key = body
        answer, body = get(nest, host, f"{way}/policy")
        assert (answer.status, body) == (200, b"")
    assert account.address.encode() in key and b"private@else.test" not in key
    for path in (f"{direct}/hu/{hash_of(name)}?l=somebody", f"{direct}/hu/{hash_of('nobody')}?l=nobody",
                 f"{direct}/hu/short", f"/.well-known/openpgpkey/else.test/hu/{hash_of(name)}"):
        assert get(nest, "nest.test", path)[0].status == 404, path
    assert get(nest, "garden.test", f"{direct}/hu/{hash_of(name)}")[0].status == 404
    assert get(nest, "openpgpkey.nest.test", "/@alice")[0].status in (404, 421)


def test_a_key_that_ends_is_served_no_more(owner):
    account = owner("nest.test")
    name = account.address.split("@")[0]
    account.nestbox.cli("key", "refuse", account.address, account.ring.fingerprint())
    assert get(account.nestbox, "nest.test", f"/.well-known/openpgpkey/hu/{hash_of(name)}?l={name}")[0].status == 404
    account.nestbox.cli("key", "accept", account.address, account.ring.fingerprint())
    assert get(account.nestbox, "nest.test", f"/.well-known/openpgpkey/hu/{hash_of(name)}?l={name}")[0].status == 200


def test_the_key_desk_has_one(nest, asker):
    answer, body = get(nest, "garden.test", f"/.well-known/openpgpkey/hu/{hash_of('claim')}?l=claim")
    assert answer.status == 200 and b"claim@garden.test" in body
    assert len(asker("claim@garden.test")) > 0
