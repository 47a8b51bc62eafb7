"""Nothing is lost to cryptography: what the sender hears, what rests, and that all goes on by itself when the cause ends
(the table of docs/at-rest.md).  Keys that are missing, expired or revoked: tests/e2e/test_sealed.py."""
import base64
import os
import pathlib
import signal
import smtplib
import subprocess
import threading

import pytest

from lane import spread
from laboratory.crashpoint import DIE_BEFORE, DIE_HALF_WAY, FULL, LET_PASS, Crashpoint
from laboratory.gpg import Gpg
from laboratory.mailing import compose, from_outside
from laboratory.nestbox import ROOT
from test_full_disk import SmallDisk

MODERN, OLD = ("ed25519", "cv25519"), ("rsa2048", "rsa2048")
BY_GNUPG = ("--cert-digest-algo", "SHA1")  # librnp takes no such key
LARGE = "So it goes, line by line.\n" * 4000
AT_ALL = os.environ.get("NESTBOX_POINTS", "60") != "60"  # writes of a mail; else at some


@pytest.fixture
def owner(tmp_path):
    """Makes people with a key that encrypts."""
    rings = []

    def make(server, name, kind=MODERN, options=()):
        account = server.account(f"{name}@twin.test")
        account.ring = Gpg(tmp_path / name, account.address, encrypts=kind, options=options)
        rings.append(account.ring)
        server.cli("key", "add", account.address, account.ring.certificate())
        return account
    yield make
    for ring in rings:
        ring.end()


def letter(to, text="A few words.\n"):
    return compose("carol@mail.test", to.address, "A letter", text)


def send(to, mail):
    return from_outside(to.nestbox, "carol@mail.test", [to.address], mail)


def check_opens(to, count):
    mails = to.mails("INBOX")
    assert len(mails) == count
    for mail in mails:
        assert b"Subject: A letter" in to.ring.decrypt(to.show(mail))


class Reaper(threading.Thread):
    """Kills each child of the server as soon as it is there."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.children = pathlib.Path(f"/proc/{server.pid}/task")
        self.enough, self.killed = threading.Event(), 0
        self.start()

    def run(self):
        while not self.enough.wait(0.001):
            for task in self.children.iterdir():
                for child in self._children_of(task):
                    self._kill(int(child))

    def _kill(self, child):
        try:
            os.kill(child, signal.SIGKILL)
            self.killed += 1
        except ProcessLookupError:
            pass  # it was dead already, and has been waited for by now

    @staticmethod
    def _children_of(task):
        try:
            return (task / "children").read_text().split()
        except OSError:
            return []

    def end(self):
        self.enough.set()
        self.join()


def test_a_judge_that_is_killed_again_and_again(twin, owner):
    server = twin()
    server.around = [*server.around, "nice", "-n", "10"]  # behind who kills, so that no judge is done before it is seen
    server.start()
    old, alice = owner(server, "old", OLD, BY_GNUPG), owner(server, "alice")
    mail = letter(old)
    reaper = Reaper(server)
    try:
        codes = [send(old, mail)[0] for _ in range(3)]
        assert send(alice, letter(alice))[0] == 250  # who needs no judge has no trouble
    finally:
        reaper.end()
    assert codes == [451] * 3 and reaper.killed >= 3
    assert old.mails() == []
    assert send(old, mail)[0] == 250
    check_opens(old, 1)
    check_opens(alice, 1)


def test_librnp_cannot_encrypt(twin, owner, tmp_path):
    server, trouble = twin(), tmp_path / "trouble"
    server.environment = {"LD_PRELOAD": str(ROOT / "build" / "dev" / "tests" / "crash" / "librnpfail.so"),
                          "RNPFAIL_FILE": str(trouble)}
    server.start()
    alice, bob = owner(server, "alice"), server.account("bob@twin.test")
    mail = letter(alice)
    trouble.touch()
    assert [send(alice, mail)[0] for _ in range(2)] == [451] * 2
    assert alice.mails() == []
    assert send(bob, letter(bob))[0] == 250
    trouble.unlink()
    assert send(alice, mail)[0] == 250
    check_opens(alice, 1)


def test_a_full_disk(twin, owner, tmp_path):
    disk = SmallDisk(tmp_path / "data")
    server = twin(data_dir=disk.place).start()
    try:
        alice = owner(server, "alice")
        small, large = letter(alice), letter(alice, LARGE)
        disk.fill()
        code, words = send(alice, large)
        assert code == 452 and words.startswith("4.3.1")
        taken = 0
        while taken < 400 and send(alice, letter(alice))[0] == 250:  # room in files that are there
            taken += 1
        assert send(alice, small)[0] == 452
        assert len(alice.mails()) == taken
        disk.clear()
        assert [send(alice, mail)[0] for mail in (small, large)] == [250] * 2
        check_opens(alice, taken + 2)
    finally:
        server.end()
        disk.close()


@pytest.fixture
def fragile(twin, tmp_path):
    """A server that fails at its n-th write, as ordered."""
    server = twin()
    server.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    crashpoint = Crashpoint(tmp_path / "orders", server.data_dir)
    crashpoint.begin()
    server.environment = crashpoint.environment
    return server.start(), crashpoint


def writes_of(crashpoint, to, text):
    """How many calls one mail takes that change the disk; what chores write besides makes it more."""
    before = crashpoint.calls
    assert send(to, letter(to, text))[0] == 250
    return crashpoint.calls - before


def test_a_disk_that_is_full_at_any_write(fragile, owner):
    server, crashpoint = fragile
    alice, taken, refused = owner(server, "alice"), 0, 0
    for text in ("A few words.\n", LARGE):
        total = writes_of(crashpoint, alice, text)
        taken += 1
        for number in spread(total if AT_ALL else 4, 1, total):
            mail = letter(alice, text)
            crashpoint.order(FULL, number)  # and every one after it
            code, words = send(alice, mail)
            crashpoint.order(LET_PASS)
            if code != 250:
                assert code in (451, 452), f"{code} {words} at write {number} of {total}"
                refused += 1
                assert len(alice.mails("INBOX")) == taken
                assert send(alice, mail)[0] == 250  # the sender's next try
            taken += 1
    assert refused >= 3
    check_opens(alice, taken)


def test_a_server_that_dies_at_any_write(fragile, owner):
    """No answer, so the sender tries again: the mail is there once, sealed, and nothing lies beside it."""
    server, crashpoint = fragile
    alice, taken = owner(server, "alice"), 0
    for text in ("A few words.\n", LARGE):
        total = writes_of(crashpoint, alice, text)
        taken += 1
        for number in spread(total if AT_ALL else 2, 1, total):
            for deed in (DIE_BEFORE, DIE_HALF_WAY):
                mail = letter(alice, text)
                crashpoint.order(deed, number)
                try:
                    answer = send(alice, mail)[0]
                except (smtplib.SMTPException, OSError):
                    answer = None
                if crashpoint.death:
                    assert server.died() == -signal.SIGKILL
                    crashpoint.begin()
                    server.start()
                crashpoint.order(LET_PASS)
                assert answer in (None, 250)
                assert send(alice, mail)[0] == 250
                taken += 1
    check_opens(alice, taken)


def packet(tag, body):
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4, "big") + body


def test_a_bomb_of_packets_is_sealed_as_any_text(twin, owner):
    """What claims to be encrypted, with 4,000 session keys."""
    server = twin().start()
    alice = owner(server, "alice")
    session_key = packet(1, b"\x03" + bytes(8) + b"\x01\x00\x08\xff")
    bomb = base64.encodebytes(session_key * 4000 + packet(18, b"\x01" + os.urandom(100))).replace(b"\n", b"\r\n")
    mail = (b"From: carol@mail.test\r\nTo: a@twin.test\r\nSubject: A letter\r\nMessage-ID: <bomb@c.test>\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n'
            b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n"
            b"-----BEGIN PGP MESSAGE-----\r\n\r\n" + bomb + b"-----END PGP MESSAGE-----\r\n--b--\r\n")
    assert send(alice, mail)[0] == 250
    assert server.ask("status")["mail"]["sealed"] == 1
    check_opens(alice, 1)


def packets_of(certificate):
    """(tag, whole packet) of what GnuPG exports: heads of the old format."""
    at, found = 0, []
    while at < len(certificate):
        width = 1 << (certificate[at] & 3)
        end = at + 1 + width + int.from_bytes(certificate[at + 1:at + 1 + width], "big")
        found.append((certificate[at] >> 2 & 15, certificate[at:end]))
        at = end
    return found


def test_a_key_with_500_signatures_is_refused_in_words(twin, owner, tmp_path):
    server = twin().start()
    alice = owner(server, "alice")
    before = server.ask("key", "list", alice.address)
    for times in (500, 4000):
        packets = packets_of(alice.ring.export())
        first = next(number for number, (tag, _) in enumerate(packets) if tag == 2)
        packets[first:first + 1] = [packets[first]] * times
        grown = tmp_path / "grown.pgp"
        grown.write_bytes(b"".join(whole for _, whole in packets))
        told = server.run("key", "add", alice.address, grown)
        assert told.returncode == 1 and b"nestbox: " in told.stderr and len(told.stderr) > 20, told.stderr
    assert server.ask("key", "list", alice.address) == before
    assert send(alice, letter(alice))[0] == 250
    check_opens(alice, 1)
