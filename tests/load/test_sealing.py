"""A large mail is sealed in pieces, in little memory; an answer does not tell whose mail is sealed; and nobody waits for
GnuPG but those whose keys need it."""
import concurrent.futures
import os
import socket
import statistics
import time

import pytest

from laboratory.gpg import Gpg
from laboratory.mailing import compose, connect
from laboratory.ranks import rank_test, told_apart
from visitors import AHEAD, part_of

LARGE_MIB, GROWTH_MIB = 100, 8
PAIRS = int(os.environ.get("NESTBOX_PAIRS", 30))
SIZES = {"4 KiB": 80, "40 KiB": 800}  # in lines
LONG = PAIRS >= 300
# How many mails GnuPG seals, in how many sessions; how large the large one is; what others may wait then (99 of 100).
SLOW_MAILS, SLOW_SESSIONS, BESIDE_MIB, PATIENCE_MS = (200, 8, LARGE_MIB, 200) if LONG else (16, 8, 2, 2000)
MODERN, OLD = ("ed25519", "cv25519"), ("rsa2048", "rsa2048")
BY_GNUPG = ("--cert-digest-algo", "SHA1")  # librnp takes no such key
SETTINGS = {"policy": {"message_max": "200 MiB", "quota": "10 GiB"}}


@pytest.fixture
def house(twin):
    server = twin(SETTINGS)
    server.around = AHEAD  # of whatever else this machine does
    return server.start()


@pytest.fixture
def owner(house, tmp_path):
    """Makes people with a key that encrypts."""
    rings = []

    def make(name, kinds=MODERN, options=()):
        account = house.account(f"{name}@twin.test")
        account.ring = Gpg(tmp_path / name, account.address, encrypts=kinds, options=options)
        rings.append(account.ring)
        house.cli("key", "add", account.address, account.ring.certificate())
        return account
    yield make
    for ring in rings:
        ring.end()


def send_large(house, to, mib):
    piece = (b"x" * 76 + b"\r\n") * (1024 * 1024 // 78)
    with connect(house, 25) as smtp:
        smtp.sock.settimeout(300)
        smtp.mail("carol@mail.test")
        smtp.rcpt(to)
        assert smtp.docmd("DATA")[0] == 354
        smtp.send(compose("carol@mail.test", to, f"{mib} MiB", "").as_bytes())
        for _ in range(mib):
            smtp.send(piece)
        smtp.send(b".\r\n")
        assert smtp.getreply()[0] == 250


def peak_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def test_a_large_mail_is_sealed_without_being_held(house, owner):
    alice = owner("alice")
    send_large(house, alice.address, 1)
    small = peak_mib(house.pid)
    send_large(house, alice.address, LARGE_MIB)
    growth = peak_mib(house.pid) - small
    print(f"\n   {LARGE_MIB} MiB sealed: the peak grew by {growth:.2f} MiB")
    assert growth <= GROWTH_MIB
    assert house.ask("status")["mail"]["sealed"] == 2
    plain = alice.ring.decrypt(alice.show(alice.mails("INBOX")[-1]))
    assert len(plain) > LARGE_MIB * 1024 * 1000 and plain.endswith(b"x" * 76 + b"\r\n")


def at_once(house):
    smtp = connect(house, 25)
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def answer_time(smtp, to, mail):
    """From the final dot to its answer, in milliseconds."""
    smtp.mail("carol@mail.test")
    smtp.rcpt(to)
    smtp.docmd("DATA")
    smtp.send(mail)
    began = time.perf_counter()
    smtp.send(b"\r\n.\r\n")
    assert smtp.getreply()[0] == 250
    return (time.perf_counter() - began) * 1000


def sealed_and_not(size, house, people):
    """Mail to the first is sealed, to the second not; gives z."""
    before, times = house.ask("status")["mail"]["sealed"], {to: [] for to in people}
    with at_once(house) as smtp:
        for turn in range(-10, PAIRS):  # the first ones warm all up
            for to in sorted(times, reverse=turn % 2 == 0):
                mail = compose("carol@mail.test", to, "As any other", "A few words, and then some more of them.\n" * SIZES[size])
                took = answer_time(smtp, to, mail.as_bytes())
                if turn >= 0:
                    times[to].append(took)
    assert house.ask("status")["mail"]["sealed"] == before + PAIRS + 10
    sealed, other = times.values()
    medians, z = [statistics.median(each) for each in (sealed, other)], rank_test(sealed, other)
    print(f"\n   {size}, {PAIRS} pairs: medians {medians[0]:.2f} ms sealed, {medians[1]:.2f} not; z = {z:.1f}")
    return z


@pytest.mark.parametrize("size", SIZES)
def test_an_answer_does_not_tell_whose_mail_is_sealed(size, house, owner):
    people = owner("alice").address, house.account("bob@twin.test").address
    assert not told_apart(lambda: sealed_and_not(size, house, people), 3.3 if LONG else 4)


def some_mail(to):
    return compose("carol@mail.test", to, "As any other", "A few words, and then some more of them.\n" * 80).as_bytes()


def send_some(house, to, count):
    with at_once(house) as smtp:
        for _ in range(count):
            answer_time(smtp, to, some_mail(to))


def test_nobody_waits_for_gnupg_but_those_who_need_it(house, owner):
    alice, old, bob = owner("alice"), owner("old", OLD, BY_GNUPG), house.account("bob@twin.test")
    times = []
    with concurrent.futures.ThreadPoolExecutor(SLOW_SESSIONS + 1) as pool, at_once(house) as smtp:
        busy = [pool.submit(send_some, house, old.address, SLOW_MAILS // SLOW_SESSIONS) for _ in range(SLOW_SESSIONS)]
        busy.append(pool.submit(send_large, house, alice.address, BESIDE_MIB))
        while not all(one.done() for one in busy):
            times.append(answer_time(smtp, bob.address, some_mail(bob.address)))
        for one in busy:
            one.result()
    print(f"\n   {SLOW_MAILS} mails by GnuPG and {BESIDE_MIB} MiB: {len(times)} others, 99 of 100 within {part_of(times, 0.99):.0f} ms")
    assert part_of(times, 0.99) < PATIENCE_MS
    assert house.ask("status")["mail"]["sealed"] == SLOW_MAILS + 1
    assert b"Subject: As any other" in old.ring.decrypt(old.show(old.mails("INBOX")[-1]))
