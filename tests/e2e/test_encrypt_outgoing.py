"""Mail that leaves encrypted, if its author's account says so (docs/encrypt-outgoing.md)."""
import base64
import email
import email.policy
import itertools
import re

import pytest

from laboratory.canary import FILLER, find_in_file, new_word
from laboratory.gpg import Gpg
from laboratory.key_directory import KeyDirectory
from laboratory.mailhost import MailHost
from laboratory.mailing import compose, from_outside, submit
from laboratory.wait import until
from test_dkim import house  # noqa: F401  a fixture
from test_signed_in import Browser, signed_in

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

    def make(way="advanced", **options):
        number = next(SERIAL)
        domain = f"keys{number}.unsigned.test"
        dns.add(f"mx.{domain} A 20.1.9.{number}", f"{domain} MX 10 mx.{domain}.")
        host = MailHost(f"20.1.9.{number}", **options)
        made.append(host)
        host.domain, host.dns = domain, dns
        if way:
            web = f"20.1.10.{number}"
            names = [f"openpgpkey.{domain}", domain] if way == "advanced" else [domain]
            dns.add(*(f"{name} A {web}" for name in names))
            host.keys = KeyDirectory(web, ca.issue(*names))
            made.append(host.keys)

        def add(local, of=None, encrypts=CURVE):
            ring = Gpg(tmp_path / f"{local}{number}", of or f"{local}@{domain}", encrypts)
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
    """The last of so many mails."""
    got = host.mails.wait_for(lambda mail: True, count=count)
    return got[-1] if count > 1 else got


def opened(ring, got):
    return opened_text(ring, got.text)


def opened_text(ring, text):
    """What the recipient's program reads: the mail inside, and outside."""
    outer = email.message_from_bytes(text, policy=email.policy.default)
    assert outer.get_content_type() == "multipart/encrypted" and outer["Subject"] == "[...]"
    assert b"boats" not in text and b"harbour" not in text
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
    opened(ring, taken(host, 2))
    assert len(host.keys.asked) == 1  # it is known now
    [known] = mia.nestbox.ask("key", "peers", mia.address)
    assert known["address"] == f"bob@{host.domain}" and known["fingerprint"] == ring.fingerprint()
    mia.nestbox.cli("account", "set", mia.address, "encrypt_outgoing=no")
    assert mia.nestbox.ask("key", "peers", mia.address) == []
    send(mia, f"bob@{host.domain}")
    assert b"boats are in" in taken(host, 3).text


def test_off_by_default(person, far):
    zoe, host = person("zoe", password=PASSWORD), far()
    host.add("bob")
    send(zoe, f"bob@{host.domain}")
    assert b"boats are in" in taken(host).text and host.keys.asked == []


def test_who_is_signed_in_switches_it_on_and_off(twin, far):
    ida, host = twin().start().account("ida@twin.test"), far()
    ring, to, page = host.add("bob"), f"bob@{host.domain}", signed_in(ida, bytes.decode)

    def says():
        [shown] = ida.nestbox.ask("account", "show", ida.address)
        return shown["encrypt_outgoing"]

    def press(words):
        """The button as the page has it: its name, its value."""
        assert page.get("/keys") == 200
        name, value = re.search(rf'<button name="(\w+)" value="(\w+)">{words}<', page.html).groups()
        assert page.post("/keys", **{name: value}) == 303 and page.status == 200

    send(ida, to)
    assert b"boats are in" in taken(host).text and says() == "no"
    press("Encrypt it when possible")
    assert "The server encrypts what you write" in page.html and says() == "when_possible"
    send(ida, to)
    opened(ring, taken(host, 2))
    press("Encrypt it no more")
    assert "leaves as your program wrote it" in page.html and says() == "no"
    send(ida, to)
    assert b"boats are in" in taken(host, 3).text
    assert page.post("/keys", encrypt_outgoing="always") == 422 and "no or when_possible" in page.html
    page.get("/keys")
    assert page.ask("POST", "/keys", encrypt_outgoing="when_possible") == 403  # a form of another site
    assert Browser(ida.nestbox).ask("POST", "/keys", encrypt_outgoing="when_possible") == 303  # of nobody
    assert says() == "no"


def test_one_without_a_key_and_nobody_gets_it_encrypted(mia, far):
    first, second = far(), far("direct")
    first.add("bob"), second.add("carol")
    nobody = f"nobody@{second.domain}"
    send(mia, [f"bob@{first.domain}", nobody])
    for host in (first, second):
        assert b"boats are in" in taken(host).text
    send(mia, [f"bob@{first.domain}", f"carol@{second.domain}"], subject="harbour again")
    for host in (first, second):
        got = taken(host, 2)
        assert b"multipart/encrypted" in got.text and len(got.recipients) == 1  # a copy of their own


def of_another_address(host):
    host.add("bob", of="eve@evil.test")


def not_a_key(host):
    host.keys.pages[host.keys.advanced(host.domain, "bob")] = b"\x99\x01\x0dhello"


def too_much(host):
    host.keys.pages[host.keys.advanced(host.domain, "bob")] = b"x" * 70_000


def in_trouble(host):
    host.keys.pages[host.keys.advanced(host.domain, "bob")] = (503, b"later")


def at_a_private_address(host):
    host.keys.pages[host.keys.advanced(host.domain, "bob")] = (302, "https://127.0.0.1/key")


def at_a_private_name(host):
    host.dns.add(f"inside.{host.domain} A 10.0.0.9")
    host.keys.pages[host.keys.advanced(host.domain, "bob")] = (302, f"https://inside.{host.domain}/key")


def without_tls(host):
    host.keys.pages[host.keys.advanced(host.domain, "bob")] = (302, f"http://{host.domain}/key")


def expired(host):
    ring = host.add("bob", encrypts=None)
    ring.add_expired("cv25519")
    host.keys.pages[host.keys.advanced(host.domain, "bob")] = ring.export()


@pytest.mark.parametrize("wrong", [of_another_address, not_a_key, too_much, in_trouble, at_a_private_address,
                                   at_a_private_name, without_tls, expired], ids=lambda wrong: wrong.__name__)
def test_no_fit_key(mia, far, wrong):
    host = far()
    wrong(host)
    send(mia, f"bob@{host.domain}")
    assert b"boats are in" in taken(host).text
    assert len(host.keys.asked) == 1
    assert mia.nestbox.ask("key", "peers", mia.address) == []


def test_a_redirection_is_followed(mia, far):
    host = far()
    ring = host.add("bob")
    page = host.keys.advanced(host.domain, "bob")
    host.keys.pages[f"{host.domain}/moved"] = host.keys.pages[page]
    host.keys.pages[page] = (302, f"https://{host.domain}/moved")
    send(mia, f"bob@{host.domain}")
    opened(ring, taken(host))


def test_what_its_author_encrypted_leaves_as_it_is(mia, far, tmp_path):
    host = far()
    host.add("bob")
    armor = Gpg(tmp_path / "other", "bob@elsewhere.test", encrypts=CURVE).encrypt(b"Subject: x\r\n\r\nsecret").decode()
    raw = (f"From: {mia.address}\r\nTo: bob@{host.domain}\r\nSubject: harbour\r\nMessage-ID: <own{next(SERIAL)}@client.test>\r\n"
           'MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\r\n\r\n'
           "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n"
           + armor.replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n--b--\r\n").encode()
    send(mia, f"bob@{host.domain}", raw=raw)
    assert armor.split("\n")[3].encode() in taken(host).text and host.keys.asked == []


def test_a_relay_that_takes_encrypted_mail_only(person, far):
    """As chatmail does: what is in clear is refused there once, and from then on here."""
    host = far(None, script={"DOT": lambda line: "523 5.7.1 Encryption Needed: Invalid Unencrypted Mail"})
    zoe = person("zoe", password=PASSWORD)
    for count in (1, 2):
        send(zoe, f"bob@{host.domain}")
        until(lambda count=count: len(zoe.mails("INBOX")) == count, "a report")
    for mail in zoe.mails("INBOX"):
        words = zoe.show(mail)
        assert b"Their server takes encrypted mail only" in words and b"523 5.7" in words
    assert len(host.talks.entries) == 1


def sealing_account(house, ring):
    account = house.account(f"bob@{house.domains[0]}")
    house.cli("key", "add", account.address, ring.certificate())
    return account


def test_to_another_nestbox_and_back(mia, house, dns, tmp_path):
    """It serves the keys of its people; and what they send tells them."""
    name = house.domains[0]
    dns.add(f"openpgpkey.{name} A 20.0.0.11", f'_dmarc.{name} TXT "v=DMARC1; p=reject; adkim=s"')
    ring = Gpg(tmp_path / "bob", f"bob@{name}", encrypts=CURVE)
    bob = sealing_account(house, ring)
    send(mia, bob.address)
    got = bob.wait_for_mail()
    inner, _ = opened_text(ring, bob.show(got))
    assert inner.get_content().replace("\r\n", "\n") == TEXT
    assert got["subject"] == "[...]"

    other = Gpg(tmp_path / "anew", f"bob@{name}", encrypts=CURVE)
    field = f"addr={bob.address}; prefer-encrypt=mutual; keydata={base64.b64encode(other.export()).decode()}"
    send(bob, mia.address, subject="my key", Autocrypt=field)
    until(lambda: [key["fingerprint"] for key in mia.nestbox.ask("key", "peers", mia.address)
                   if key["learnt"] == "autocrypt"] == [other.fingerprint()], "the key that Bob told")
    send(mia, bob.address, subject="again")
    again = bob.wait_for_mail(lambda mail: mail["id"] != got["id"] and mia.address in mail["from"])
    assert opened_text(other, bob.show(again))[0]["Subject"] == "again"


def test_what_is_not_proved_tells_no_key(mia, dns, tmp_path):
    dns.add("unproved.unsigned.test A 20.1.0.5", 'unproved.unsigned.test TXT "v=spf1 ip4:20.1.0.5 -all"',
            '_dmarc.unproved.unsigned.test TXT "v=DMARC1; p=none"')
    ring = Gpg(tmp_path / "eve", "eve@unproved.unsigned.test", encrypts=CURVE)
    field = f"addr={ring.address}; keydata={base64.b64encode(ring.export()).decode()}"
    mail = compose(ring.address, mia.address, "hello", "my key\n", headers={"Autocrypt": field})
    mia.nestbox.cli("contact", "welcome", mia.address, ring.address)
    assert from_outside(mia.nestbox, ring.address, [mia.address], mail)[0] == 250
    mia.wait_for_mail()
    assert mia.nestbox.ask("key", "peers", mia.address) == []


def test_nothing_to_be_read_in_the_queue(twin, far):
    """While keys are looked for, and while it waits encrypted."""
    host = far(script={"GREETING": ["421 later"] * 50})
    host.add("bob")
    server = twin().start()
    mia = server.account("mia@twin.test", PASSWORD)
    server.cli("account", "set", mia.address, "encrypt_outgoing=when_possible")
    word = new_word()
    send(mia, f"bob@{host.domain}", subject=word, text=word + "\n" + FILLER)
    until(lambda: server.ask("queue", "list")[0].get("last_reply"), "a first try")
    assert server.ask("key", "peers", mia.address)
    server.kill()
    files = [path for path in server.folder.rglob("*") if path.is_file()]
    assert any(path.name == "nestbox.db" for path in files)
    assert [line for path in files for line in find_in_file(path, word)] == []
