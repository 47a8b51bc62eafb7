"""What is encrypted to an address of ours, in the forms that mail programs give it: opened, if its author signed it."""
import base64
import http.client
import itertools
import re

import pytest

from laboratory.gpg import Gpg
from laboratory.mailing import submit
from laboratory.wait import until

CURVE = ("ed25519", "cv25519")
SERIAL = itertools.count()


@pytest.fixture
def alice(person, tmp_path):
    """Somebody with a key, in whose ring are the keys of our own addresses."""
    account = person("seals")
    account.ring, account.other = (Gpg(tmp_path / f"ring{number}", account.address, encrypts=CURVE) for number in range(2))
    account.nestbox.cli("key", "add", account.address, account.ring.certificate())
    connection = http.client.HTTPSConnection("nest.test", context=account.nestbox.trust, timeout=60)
    connection.request("GET", "/contacts.vcf")
    account.keys = re.findall(r"base64\\?,([A-Za-z0-9+/=]+)", connection.getresponse().read().decode())
    assert account.keys
    yield account
    for ring in (account.ring, account.other):
        ring.end()


def encrypted(account, to, payload, signer=None, subject="..."):
    """PGP/MIME to the key of `to`; `signer` signs in one with it."""
    ring = signer or account.ring
    for key in account.keys:
        ring._gpg("--import", input=base64.b64decode(key))
    words = ["-u", signer.fingerprint(), "--sign"] if signer else []
    armor = ring._gpg("--armor", "--trust-model", "always", *words, "-r", to, "--encrypt", input=payload)
    mark = f"seal{next(SERIAL)}"
    return (f"From: {account.address}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{mark}@{account.user}>\r\n"
            f"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
            f'Content-Type: multipart/encrypted; boundary={mark}; protocol="application/pgp-encrypted"\r\n\r\n'
            f"--{mark}\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"
            f"--{mark}\r\nContent-Type: application/octet-stream\r\n\r\n").encode() + armor.replace(
                b"\n", b"\r\n") + f"\r\n--{mark}--\r\n".encode()


def signed(ring, to, subject, text, headers=True):
    """multipart/signed with nothing in front of its Content-Type."""
    if not headers:
        return beside_its_signature(
            ring, b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.replace("\n", "\r\n").encode())
    mail = ring.sign_mail(to, subject, text)
    return mail[mail.index(b"Content-Type: multipart/signed"):]


def beside_its_signature(ring, part):
    signature = ring._gpg("--armor", "--detach-sign", "--digest-algo", "SHA512", input=part).replace(b"\n", b"\r\n")
    return b"\r\n".join([b"Content-Type: multipart/signed; micalg=pgp-sha512; boundary=inside;"
                         b' protocol="application/pgp-signature"', b"", b"--inside", part, b"--inside",
                         b"Content-Type: application/pgp-signature", b"", signature + b"--inside--", b""])


def in_one(address, to, subject, text, headers=True):
    fields = f"From: {address}\r\nTo: {to}\r\nSubject: {subject}\r\n" if headers else ""
    protected = '; protected-headers="v1"' if headers else ""
    return f"{fields}Content-Type: text/plain; charset=utf-8{protected}\r\n\r\n".encode() + text.replace(
        "\n", "\r\n").encode()


FORMS = ["signed in one", "signed in one, no header inside", "signed beside", "signed beside, no header inside"]


def written(account, form, to, subject, text, ring=None):
    ring, headers = ring or account.ring, "no header" not in form
    outside = "..." if headers else subject
    if "in one" in form:
        return encrypted(account, to, in_one(account.address, to, subject, text, headers), ring, outside)
    return encrypted(account, to, signed(ring, to, subject, text, headers), None, outside)


def test_every_form_of_signing_is_opened_and_posted(alice):
    for form in FORMS:
        mail = written(alice, form, "public@nest.test", f"Harbour, {form}", f"Posted by a program that has {form}\n")
        assert submit(alice, mail, ["public@nest.test"]) == (250, "2.0.0 Taken"), form
        [post] = until(lambda: [post for post in alice.posts() if f"has {form}" in post["text"]], "the post")  # noqa: B023
        assert post["visibility"] == "public" and f"Harbour, {form}" in post["text"]


def test_a_signature_covers_all_or_nothing(alice):
    """Another key's, one of an altered part, of a part beside another, and nobody's are no posts."""
    whole = signed(alice.ring, "public@nest.test", "No", "No post.\n")
    beside = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + whole + b"\r\n--b\r\n\r\nMore.\r\n--b--\r\n"
    others = in_one(alice.address, "public@nest.test", "No", "No.\n"), signed(alice.other, "public@nest.test", "No", "No.\n")
    refused = [encrypted(alice, "public@nest.test", others[0], alice.other)]
    for payload in (*others, whole.replace(b"No post", b"Do post"), beside):
        refused.append(encrypted(alice, "public@nest.test", payload))
    for mail in refused:
        code, words = submit(alice, mail, ["public@nest.test"])
        assert code == 550 and "not signed by the key" in words
    assert alice.posts() == []


def test_the_key_desk_reads_them_too(alice):
    """The new key stands in what the old one signed."""
    ring = alice.other
    attached = (b"Content-Type: application/pgp-keys; name=key.asc\r\n\r\n"
                + ring.certificate().read_bytes().replace(b"\n", b"\r\n"))
    for fields in (f"From: {alice.address}\r\nTo: claim@nest.test\r\n".encode(), b""):
        part = b"".join([b'Content-Type: multipart/mixed; boundary=m; protected-headers="v1"\r\n', fields, b"\r\n--m\r\n",
                         attached, b"\r\n--m--\r\n"])
        payload = beside_its_signature(alice.ring, part)
        assert submit(alice, encrypted(alice, "claim@nest.test", payload), ["claim@nest.test"])[0] == 250
        uses = {key["fingerprint"]: key["use"] for key in alice.nestbox.ask("key", "list", alice.address)}
        assert uses[ring.fingerprint()] == "encrypts"
