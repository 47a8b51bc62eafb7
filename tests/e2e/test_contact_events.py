"""What an owner's devices hear of contact requests, and how they answer: events by HTTP, notes by IMAP."""
import http.client
import json
import socket

from laboratory.mailing import compose, from_outside
from laboratory.wait import until
from test_contact import asking, contact, imap_of  # noqa: F401  a fixture
from test_signed_in import COOKIE, knock, sign_in

OURS = "/private/vendor/nestbox"
ANSWERS = 40


def notes(imap, name, options=b""):
    """{name: value} of one GETMETADATA."""
    tag = imap._new_tag()
    imap.send(tag + b' GETMETADATA ' + options + b'"" ' + name.encode() + b"\r\n")
    data = b""
    while not data.splitlines() or not data.splitlines()[-1].startswith(tag):
        data += imap.readline()
    assert tag + b" OK" in data, data
    words = data.split(b"(", 1)[1].rsplit(b")", 1)[0].decode().split() if b"* METADATA" in data else []
    return {name: None if value == "NIL" else value.strip('"') for name, value in zip(words[::2], words[1::2])}


def note(imap, name, value):
    tag = imap._new_tag()
    imap.send(tag + b' SETMETADATA "" (' + name.encode() + b" " + (b"NIL" if value is None else b'"%s"' % value.encode()) +
              b")\r\n")
    line = imap.readline()
    while not line.startswith(tag):
        line = imap.readline()
    return line[len(tag) + 1:].decode()


def token_of(account):
    imap = imap_of(account)
    said = notes(imap, OURS, b"(DEPTH 1) ")
    imap.logout()
    assert said[f"{OURS}/stream"] == "https://twin.test/contacts/stream"
    return said[f"{OURS}/token"]


class Narrow(http.client.HTTPSConnection):
    """What it does not read waits at the server."""

    def _create_connection(self, address, timeout, source):
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        narrow.settimeout(timeout)
        narrow.connect(address)
        return narrow


class Stream:
    """The events as they come."""

    def __init__(self, account, last=None, connection=http.client.HTTPSConnection, **headers):
        self.http = connection("twin.test", context=account.nestbox.trust, timeout=60)
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        self.http.request("GET", "/contacts/stream", headers=headers)
        self.answer = self.http.getresponse()
        self.status, self.last = self.answer.status, None

    def next(self):
        """(event, data); what has no data moves `last` alone, as in a browser."""
        event, data = "message", None
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream has ended"
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "id":
                self.last = value
            elif name == "event":
                event = value
            elif name == "data":
                data = json.loads(value)
            elif not name and data is not None:
                return event, data

    def ended(self):
        try:
            while self.answer.readline():
                pass
        except http.client.IncompleteRead:
            pass  # that is how a stream ends
        return True

    def close(self):
        self.http.close()


def bearer(account):
    return {"Authorization": f"Bearer {token_of(account)}"}


def test_events_of_one_person(asking):  # noqa: F811
    tom = asking()
    stream = Stream(tom, **bearer(tom))
    assert stream.status == 200 and stream.answer.headers["Content-Type"] == "text/event-stream"
    mail = knock(tom)
    event, data = stream.next()
    assert event == "asked" and data["person"] == "cara@other.test" and data["state"] == "asked"
    assert "Nothing confirms" in data["sure"] and data["tries"] == 1
    from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)  # a try more is no event
    tom.nestbox.cli("contact", "welcome", tom.address, "cara@other.test")
    event, data = stream.next()
    assert event == "answered" and data["state"] == "welcome" and data["tries"] == 2 and "arrived" not in data
    assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == 250
    event, data = stream.next()
    assert event == "arrived" and data["arrived"]
    stream.close()


def test_what_was_missed_is_told_again(asking):  # noqa: F811
    tom = asking()
    knock(tom)
    who = bearer(tom)
    stream = Stream(tom, **who)
    assert stream.next()[1]["person"] == "cara@other.test", "who waits already is told at first"
    knock(tom, "kim@other.test")
    assert stream.next()[1]["person"] == "kim@other.test"
    last = stream.last
    stream.close()
    tom.nestbox.cli("contact", "refuse", tom.address, "cara@other.test")
    knock(tom, "sue@other.test")
    again = Stream(tom, last=last, **who)
    heard = [again.next() for _ in range(2)]
    assert [(event, data["person"]) for event, data in heard] == [("answered", "cara@other.test"), ("asked", "sue@other.test")]
    assert heard[0][1]["state"] == "refused" and int(again.last) > int(last)
    again.close()
    other = Stream(tom, last=10 ** 9, **who)  # of before a restored backup
    assert {other.next()[1]["person"] for _ in range(2)} == {"kim@other.test", "sue@other.test"}
    other.close()


def test_only_the_owner_hears_and_only_while_signed_in(asking):  # noqa: F811
    tom = asking()
    kim = tom.nestbox.account("kim@twin.test")
    word = token_of(tom)
    wrong = word[:-1] + ("0" if word[-1] != "0" else "1")
    of_kim = word.split("-")[0] + "-" + token_of(kim).split("-")[1]
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": f"Bearer {wrong}"}, {"Cookie": f"{COOKIE}={word}"},
                    {"Authorization": f"Bearer {of_kim}"}):
        stream = Stream(tom, **headers)
        assert stream.status == 401 and stream.answer.headers["WWW-Authenticate"] == "Bearer"
    one = sign_in(tom)
    browser = Stream(tom, Cookie=f"{COOKIE}={one.cookie}")
    device, hers = Stream(tom, **bearer(tom)), Stream(kim, **bearer(kim))
    knock(tom)
    knock(kim, "sue@other.test")
    assert browser.next()[1]["person"] == device.next()[1]["person"] == "cara@other.test"
    assert hers.next()[1]["person"] == "sue@other.test"
    tom.nestbox.cli("account", "password", tom.address, "--password-stdin", input="another good one\n")
    knock(tom, "ann@other.test")  # a nudge: now each is asked who it is
    assert browser.ended() and device.ended()
    assert Stream(tom, Authorization=f"Bearer {word}").status == 401
    hers.close()


def answer_often(tom, person, times):
    """Welcome and refused by turns, in long words; refused at last, and then welcome."""
    imap = imap_of(tom)
    for number in range(times):
        value = "refuse: " + "not now and not soon " * 9 + str(number) if number % 2 == 0 else "welcome"
        assert note(imap, f"{OURS}/contact/{person}", value).startswith("OK")
    imap.logout()


def test_who_does_not_read_holds_up_nobody_and_hears_the_last(asking):  # noqa: F811
    """That no more than 64 KiB wait for it is shown where the driver is tested (tests/unit/net/test_driver.c)."""
    tom = asking()
    knock(tom)
    who = bearer(tom)
    slow, quick = Stream(tom, connection=Narrow, **who), Stream(tom, **who)
    assert quick.next()[0] == "asked" and slow.next()[0] == "asked"
    answer_often(tom, "cara@other.test", ANSWERS)
    last = 1 + ANSWERS  # the number of an event counts them
    while int(quick.last or 0) < last:
        event, data = quick.next()
    assert data["state"] == "welcome"
    while int(slow.last or 0) < last:
        event, data = slow.next()
    assert data["state"] == "welcome"
    quick.close()
    slow.close()


def test_few_streams_for_one_account(asking):  # noqa: F811
    tom = asking()
    who = bearer(tom)
    streams = [Stream(tom, **who) for _ in range(8)]
    assert {stream.status for stream in streams} == {200}
    assert Stream(tom, **who).status == 429
    streams.pop().close()
    until(lambda: Stream(tom, **who).status == 200, "room for another stream", 30)
    for stream in streams:
        stream.close()


def test_notes_name_who_waits_and_answer(asking):  # noqa: F811
    tom = asking()
    mail = knock(tom)
    imap = imap_of(tom)
    people, cara = f"{OURS}/contact", f"{OURS}/contact/cara@other.test"
    assert notes(imap, people, b"(DEPTH infinity) ") == {cara: "asked"}
    for value, state, code in (("welcome", "welcome", 250), ("refuse: not now", "refused", 550), ("Ignorieren", "ignored", 450),
                               (None, "asked", 450)):
        assert note(imap, cara, value).startswith("OK")
        assert contact(tom, "cara@other.test")["state"] == state
        assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == code
    assert note(imap, f"{people}/@bad.test", "refuse: not from there").startswith("OK")
    knock(tom, "eve@bad.test", 550)
    assert notes(imap, f"{people}/nobody@other.test") == {f"{people}/nobody@other.test": None}
    for name, value in ((cara, "perhaps"), (f"{people}/not-a-person", "welcome"), (f"{OURS}/token", "mine"),
                        (f"{people}/nobody@other.test", None)):
        assert note(imap, name, value).startswith("NO"), name
    assert contact(tom, "cara@other.test")["state"] == "asked"
    imap.logout()
