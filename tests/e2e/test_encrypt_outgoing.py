"""Mail that leaves encrypted, if its author's account says so (docs/encrypt-outgoing.md)."""
import email
import email.policy
import itertools

import pytest

from laboratory.gpg import Gpg
from laboratory.key_directory import KeyDirectory
from laboratory.mailhost import MailHost
from laboratory.mailing import compose, submit
from laboratory.wait import until

CURVE = ("ed25519", "cv25519")
PASSWORD = "a good password"
SERIAL = itertools.count(1)
TEXT = "The boats are in, and the soup is hot.\n"


@pytest.fixture
def mia(person):
    account = person("mia", password=PASSWORD)
    account.nestbox.cli("account", "set", account.address, "encrypt_outgoing=when_possible")
    return account


@pytest.fixture
def far(dns, ca, tmp_path):
    """Makes domains of others, each with a mail server and, at another address, a key directory: `way` advanced, direct
    (openpgpkey.DOMAIN does not exist) or None (nobody is there)."""
    made = []

    def make(way="advanced", directory=None):
        number = next(SERIAL)
        domain = f"keys{number}.unsigned.test"
        dns.add(f"mx.{domain} A 20.1.9.{number}", f"{domain} MX 10 mx.{domain}.")
        host = MailHost(f"20.1.9.{number}")
        made.append(host)
        host.domain = domain
        if way:
            web = directory or f"20.1.10.{number}"
            names = [f"openpgpkey.{domain}", domain] if way == "advanced" else [domain]
            dns.add(*(f"{name} A {web}" for name in names))
            host.keys = KeyDirectory(web, ca.issue(*names))
            made.append(host.keys)

        def add(local, of=None):
            ring = Gpg(tmp_path / f"{local}{number}", of or f"{local}@{domain}", encrypts=CURVE)
            host.keys.pages[getattr(host.keys, way)(domain, local)] = ring.export()
            return ring
        host.add = add
        return host

    yield make
    for one in made:
        one.stop()


def send(account, to, subject="harbour", text=TEXT, raw=None, **headers):
    everybody = [to] if isinstance(to, str) else to
    mail = raw or compose(account.address, ", ".join(everybody), subject, text, headers=headers)
    code, words = submit(account, mail, everybody)
    assert code == 250, words
    return mail


def taken(host, count=1):
    got = [host.mails.wait_for(lambda mail: True) for _ in range(count)]
    return got[0] if count == 1 else got


def opened(ring, got):
    """What the recipient's program reads: the mail inside."""
    outer = email.message_from_bytes(got.text, policy=email.policy.default)
    assert outer.get_content_type() == "multipart/encrypted" and outer["Subject"] == "[...]"
    assert b"boats" not in got.text and b"harbour" not in got.text
    armor = list(outer.iter_parts())[1].get_payload(decode=True)
    return email.message_from_bytes(ring.decrypt(armor), policy=email.policy.default), outer


@pytest.mark.parametrize("way", ["advanced", "direct"])
def test_a_published_key_is_found_and_used(mia, far, way):
    host = far(way)
    ring = host.add("bob")
    sent = send(mia, f"bob@{host.domain}")
    inner, outer = opened(ring, taken(host))
    assert inner["Subject"] == "harbour" and inner.get_content().replace("\r\n", "\n") == TEXT
    assert 'hp="cipher"' in str(inner["Content-Type"]) or inner.get_param("hp") == "cipher"
    assert outer["Message-ID"] == sent["Message-ID"] and outer["DKIM-Signature"]
    page = getattr(host.keys, way)(host.domain, "bob")
    assert host.keys.asked == [f"{page}?l=bob"]
    send(mia, f"bob@{host.domain}")
    opened(ring, taken(host))
    assert len(host.keys.asked) == 1  # it is known now


def test_off_by_default(person, far):
    zoe, host = person("zoe", password=PASSWORD), far()
    host.add("bob")
    send(zoe, f"bob@{host.domain}")
    assert b"boats are in" in taken(host).text and host.keys.asked == []
