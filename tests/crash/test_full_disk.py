"""A full disk, and one that fails: what is new is refused with the protocol's own words, what is there is shown, and
all works again when there is room, without a restart."""
import collections
import itertools
import os
import subprocess
import time
import urllib.parse

import pytest

from lane import LARGE, spread, strike_all, tokens
from laboratory.crashpoint import ALL, BROKEN, FULL
from laboratory.mailing import compose, connect, from_outside, submit
from laboratory.wait import until

PACE_S = 0.5
RETRY = ", ".join([f"{PACE_S * 1000:.0f} ms"] * 16)
POINTS = int(os.environ.get("NESTBOX_FAULTS", 10))
REPEATS = 5  # how often a peer may hear the same while nothing can be written down
SERIAL = itertools.count(1)
MIB = 1024 * 1024


class SmallDisk:
    """A file system in memory that holds 24 MiB."""

    def __init__(self, place):
        self.place, self._filler = place, place / "filler"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], check=True)

    def fill(self):
        with open(self._filler, "wb", buffering=0) as filler:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        filler.write(b"\xff" * size)
                except OSError:
                    pass

    def clear(self):
        self._filler.unlink()

    def close(self):
        subprocess.run(["umount", "-l", str(self.place)], check=True)


@pytest.fixture
def disk(tmp_path):
    disk = SmallDisk(tmp_path / "data")
    yield disk
    disk.close()


@pytest.fixture
def house(disk, twin, judge):
    server = twin({"network": {"retry": RETRY}}, data_dir=disk.place).start()
    server.alice = server.account("alice@twin.test")
    judge.follow(server.alice.handle)
    yield server
    server.end()


class Arrivals:
    """What was sent, and what of it was promised."""

    def __init__(self, house, judge):
        self.house, self.judge, self.alice = house, judge, house.alice
        self.promised, self.refused = [], []

    def _note_down(self, answer, item):
        (self.promised if answer in (202, 250) else self.refused).append(item)
        return answer

    def letter(self, text="A few words.\n"):
        token = f"mail{next(SERIAL)}"
        mail = compose("carol@mail.test", self.alice.address, f"token {token}", text)
        return self.send_letter((token, mail))

    def send_letter(self, item):
        code, words = from_outside(self.house, "carol@mail.test", [self.alice.address], item[1])
        assert code == 250 or (code == 452 and words.startswith("4.3.1 ")), f"{code} {words}"
        return self._note_down(code, item)

    def note(self):
        token = f"note{next(SERIAL)}"
        note = self.judge.make_note(f"<p>token {token}</p>", to=[self.alice.actor], tag=[
            {"type": "Mention", "href": self.alice.actor, "name": self.alice.handle}])
        return self.send_note((token, self.judge.create(note)))

    def send_note(self, item):
        status, answer = self.judge.post(f"{self.alice.actor}/inbox", item[1])
        assert status in (202, 503), answer
        return self._note_down(status, item)

    def send_again(self):
        """As their senders would; all must be taken now."""
        again, self.refused = self.refused, []
        for item in again:
            (self.send_note if isinstance(item[1], dict) else self.send_letter)(item)
        assert self.refused == []

    def check(self):
        there = tokens(mail["subject"] for mail in self.alice.mails("INBOX"))
        assert there == collections.Counter(token for token, _ in self.promised)


def refuses(send, refusal):
    """Space may be left in files that are there; but soon it ends."""
    return any(send() == refusal for _ in range(400))


def page(judge, url, accept="text/html"):
    status, _, body = judge.exchange("GET", url, [("Accept", accept)])
    return status, body.decode()


def check_pages(house, judge, words):
    handle = urllib.parse.quote(f"acct:{house.alice.address}", safe="")
    status, text = page(judge, f"https://twin.test/@{house.alice.user}")
    assert status == 200
    assert words in text
    assert page(judge, f"https://twin.test/.well-known/webfinger?resource={handle}", "application/jrd+json")[0] == 200
    assert judge.get(house.alice.actor)[0] == 200


def post(house, words):
    alice = house.alice
    return submit(alice, compose(alice.address, alice.word("public"), "", words + "\n"))


def test_a_full_disk_refuses_what_is_new_and_serves_what_is_there(disk, house, judge):
    assert post(house, "Before the flood")[0] == 250
    judge.wait_for("Create")
    until(lambda: house.ask("queue", "list") == [], "the delivery being noted down")
    arrivals, pid = Arrivals(house, judge), house.pid
    assert arrivals.letter() == 250
    disk.fill()
    assert arrivals.letter(LARGE) == 452
    assert refuses(arrivals.letter, 452)
    assert refuses(arrivals.note, 503)
    code, words = post(house, "During the flood")
    assert (code, words[:5]) == (452, "4.3.1")
    check_pages(house, judge, "Before the flood")
    assert house.ask("queue", "list") == []
    arrivals.check()
    disk.clear()
    arrivals.send_again()
    assert arrivals.letter(LARGE) == 250
    assert post(house, "After the flood")[0] == 250
    judge.wait_for("Create", lambda create: "After" in create["object"]["content"])
    arrivals.check()
    assert house.pid == pid


def test_strangers_leave_the_owner_some_of_the_disk(house):
    """Fifteen mails of 1 MiB that never end are more than strangers may have, and the owner's 3 MiB have room beside them."""
    strangers = []
    for _ in range(15):
        stranger = connect(house, 25)
        assert stranger.mail("carol@mail.test")[0] == 250
        assert stranger.rcpt(house.alice.address)[0] == 250
        assert stranger.docmd("DATA")[0] == 354
        stranger.sock.sendall((b"So it goes, line by line." + b"\r\n") * (MIB // 27))
        strangers.append(stranger)
    incoming = house.data_dir / "bodies" / "incoming"
    until(lambda: sum(file.stat().st_size for file in incoming.iterdir()) > 9 * MIB, "what strangers send being filed")
    own = compose(house.alice.address, house.alice.address, "Mine", "So it goes, line by line.\n" * (3 * MIB // 27))
    assert submit(house.alice, own)[0] == 250
    answers = collections.Counter()
    for stranger in strangers:
        stranger.sock.sendall(b".\r\n")
        answers[stranger.getreply()[0]] += 1
        stranger.close()
    assert answers[452] > 0, answers


def test_a_delivery_that_cannot_be_noted_down_is_not_made_again_and_again(disk, house, judge):
    """The peer took it, and we cannot write that down: it may hear it again, with the same id, but at our pace."""
    def fill_and_take(delivery):
        judge.on_delivery = lambda delivery: 202
        disk.fill()
        return 202

    judge.on_delivery = fill_and_take
    began = time.monotonic()
    assert post(house, "Said once")[0] == 250
    judge.wait_for("Create")
    arrivals = Arrivals(house, judge)
    assert refuses(arrivals.letter, 452)
    for _ in range(40):
        arrivals.letter()
    creates = [delivery.activity["id"] for delivery in judge.deliveries.all() if delivery.activity["type"] == "Create"]
    assert len(set(creates)) == 1
    assert len(creates) <= 3 + (time.monotonic() - began) / PACE_S
    disk.clear()
    arrivals.send_again()
    assert post(house, "Said thereafter")[0] == 250
    until(lambda: house.ask("queue", "list") == [], "both deliveries being noted down", 60)
    arrivals.check()


# the same by faults that the preloaded library injects, at any call of the script


@pytest.mark.parametrize(("fault", "length"), [(FULL, ALL), (BROKEN, 1), (BROKEN, ALL)], ids=["full", "one", "many"])
def test_faults_of_the_disk_break_no_promise(lanes, calls, fault, length):
    """The n-th call fails, and those after it for half a second.  No promise without its row, and it goes on."""
    began, total = calls[0] + 3, calls[1]  # the start itself may fail, and says so
    orders = [(fault, first, first + length - 1, REPEATS) for first in spread(POINTS, began, total - 20)]
    deaths, problems = strike_all(lanes, orders)
    assert problems == []
    assert deaths == []
