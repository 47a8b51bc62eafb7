"""Signatures of others, made by python3-dkim and judged by us; and mail that says it is our own."""
import base64
import email
import email.policy
import itertools

import dkim
import nacl.signing
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from laboratory import dkim_judge
from laboratory.mailhost import MailHost
from laboratory.mailing import compose, from_outside, submit

PASSWORD = "a good password"
SERIAL = itertools.count(1)


class Signer:
    """A domain whose mail python3-dkim signs; `record` is what DNS shows for its key."""

    def __init__(self, dns, domain, kind="rsa", bits=2048, record="{}"):
        self.domain, self.selector, self.kind = domain, f"s{next(SERIAL)}", kind
        if kind == "rsa":
            key = rsa.generate_private_key(65537, bits)
            self.key = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                                         serialization.NoEncryption())
            public = key.public_key().public_bytes(serialization.Encoding.DER,
                                                   serialization.PublicFormat.SubjectPublicKeyInfo)
        else:
            key = nacl.signing.SigningKey.generate()
            self.key, public = base64.b64encode(key.encode()), key.verify_key.encode()
        published = f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"
        if record:
            dns.add(dkim_judge.as_zone(f"{self.selector}._domainkey.{domain}", record.format(published)))

    def sign(self, mail, canonical=(b"relaxed", b"relaxed"), **options):
        signature = dkim.sign(mail, self.selector.encode(), self.domain.encode(), self.key,
                              canonicalize=canonical, signature_algorithm=f"{self.kind}-sha256".encode(), **options)
        return signature + mail

    def seal(self, mail, seen):
        """Another set of ARC, by who saw that."""
        seen = f"Authentication-Results: {self.domain}; {seen}\r\n".encode()
        parts = dkim.ARC(seen + mail).sign(self.selector.encode(), self.domain.encode(), self.key,
                                           self.domain.encode(), standardize=False)
        return b"".join(parts) + seen + mail


@pytest.fixture
def lea(person):
    return person("lea", password=PASSWORD)


@pytest.fixture
def name(dns):
    """Domains that could be answered."""
    def make():
        domain = f"from{next(SERIAL)}.unsigned.test"
        dns.add(f"{domain} A 20.1.6.1")
        return domain

    return make


def letter(sender, account, subject="hello", text="How are you?\r\n\r\n  Well.  \r\n\r\n"):
    mail = compose(sender, account.address, subject, "x\n")
    return mail.as_bytes().split(b"\r\n\r\n")[0] + b"\r\n\r\n" + text.encode()


def judged(account, sender, mail):
    """The results our server wrote above the mail, as {method: text}; with several of one method the first."""
    code, words = from_outside(account.nestbox, sender, [account.address], mail)
    assert code == 250, words
    wanted = email.message_from_bytes(mail)["Message-ID"].strip("<>")
    row = account.wait_for_mail(lambda mail: mail["message_id"] == wanted)
    shown = email.message_from_bytes(account.show(row), policy=email.policy.compat32)
    field, = [field for field in shown.get_all("Authentication-Results") if field.startswith("mx.")]
    results = [result.strip() for result in field.replace("\r\n", "").replace("\n", "").split(";")[1:]]
    return {result.split("=")[0]: result.replace("\t", " ") for result in reversed(results)}


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("canonical", ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"])
def test_what_others_sign_passes(lea, dns, name, kind, canonical):
    signer = Signer(dns, name(), kind)
    sender = f"joe@{signer.domain}"
    mail = signer.sign(letter(sender, lea), tuple(canonical.encode().split(b"/")))
    assert judged(lea, sender, mail)["dkim"].startswith(
        f"dkim=pass header.d={signer.domain} header.s={signer.selector} header.a={kind}-sha256")


@pytest.mark.parametrize("what, wanted", {
    "the body is another": "fail (the body was changed)",
    "the subject is another": "fail (the signature does not fit)",
    "a second From": "fail (the signature does not fit)",
    "a part of the body": "policy (l= leaves a part of the body unsigned)",
    "a short key": "policy (the key is too short)",
    "no key": "permerror (there is no key record)",
    "revoked": "permerror (the key was revoked)",
    "not for mail": "permerror (the key is not for this)",
    "on trial": "neutral (the signature does not fit)",
}.items())
def test_what_does_not_pass(lea, dns, name, what, wanted):
    records = {"no key": None, "revoked": "v=DKIM1; p=", "not for mail": "{}; s=tlsrpt", "on trial": "{}; t=y"}
    signer = Signer(dns, name(), bits=512 if what == "a short key" else 2048, record=records.get(what, "{}"))
    sender = f"joe@{signer.domain}"
    mail = signer.sign(letter(sender, lea), length=what == "a part of the body")
    if what in ("the body is another", "a part of the body"):
        mail += b"Buy this.\r\n"
    if what in ("the subject is another", "on trial"):
        mail = mail.replace(b"Subject: hello", b"Subject: hallo")
    if what == "a second From":
        mail = mail.replace(b"\r\nTo:", f"\r\nfrom: eve@{signer.domain}\r\nTo:".encode(), 1)
        code, words = from_outside(lea.nestbox, sender, [lea.address], mail)
        assert code == 550 or wanted in judged(lea, sender, mail)["dkim"]
        return
    assert judged(lea, sender, mail)["dkim"].startswith(f"dkim={wanted}")


def test_two_signatures_are_judged_each(lea, dns, name):
    domain = name()
    good, other = Signer(dns, domain), Signer(dns, domain, "ed25519", record=None)
    mail = other.sign(good.sign(letter(f"joe@{domain}", lea)))
    assert "dkim=permerror" in judged(lea, f"joe@{domain}", mail)["dkim"]
    shown = lea.show(lea.mails("INBOX")[0]).decode()
    assert "dkim=permerror" in shown and f"dkim=pass header.d={domain} header.s={good.selector}" in shown


def test_nobody_outside_writes_in_our_name(nest, lea, dns, name):
    dkim_judge.publish(nest, dns)
    sender = f"joe@{name()}"
    code, words = from_outside(nest, sender, [lea.address], letter(lea.address, lea))
    assert (code, words[:5]) == (550, "5.7.1")
    stranger = Signer(dns, sender.split("@")[1])
    code, words = from_outside(nest, sender, [lea.address], stranger.sign(letter(lea.address, lea)))
    assert (code, words[:5]) == (550, "5.7.1")


def test_our_own_mail_may_come_back(nest, lea, dns):
    """As from a list that passes it on untouched: our signature is its passport."""
    dkim_judge.publish(nest, dns)
    number = next(SERIAL)
    domain, address = f"back{number}.unsigned.test", f"20.1.5.{number}"
    dns.add(f"mx.{domain} A {address}", f"{domain} MX 10 mx.{domain}.")
    host = MailHost(address)
    try:
        mail = compose(lea.address, f"talk@{domain}", "to the list", "Hello all\n")
        assert submit(lea, mail)[0] == 250
        text = host.mails.wait_for(lambda mail: True).text
        result = judged(lea, f"talk-bounces@{domain}", b"List-Id: <talk.lists.test>\r\n" + text)
        assert result["dkim"].startswith("dkim=pass header.d=nest.test")
        code, words = from_outside(nest, f"talk@{domain}", [lea.address], text.replace(b"Hello all", b"Hello, all"))
        assert (code, words[:5]) == (550, "5.7.1")
    finally:
        host.stop()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_trusted_list_may_change_what_it_passes_on(twin, dns, name, trusted):
    author, forward = Signer(dns, name()), Signer(dns, name())
    dns.add(f'_dmarc.{author.domain} TXT "v=DMARC1; p=reject"')
    server = twin({"policy": {"trust_arc": forward.domain if trusted else "elsewhere.test"}}).start()
    alice = server.account("alice@twin.test")
    mail = author.sign(letter(f"joe@{author.domain}", alice)) + b"-- \r\na mailing list\r\n"
    mail = forward.seal(mail, f"dkim=pass header.d={author.domain}; dmarc=pass header.from={author.domain}")
    sender = f"talk-bounces@{forward.domain}"
    if trusted:
        results = judged(alice, sender, mail)
        assert results["arc"] == "arc=pass" and results["dmarc"].startswith("dmarc=fail")
        mail = mail.replace(b"Subject: hello", b"Subject: buy this")  # behind the seal
    code, words = from_outside(server, sender, [alice.address], mail)
    assert (code, words[:5]) == (550, "5.7.1")
