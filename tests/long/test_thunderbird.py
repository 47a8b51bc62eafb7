"""Thunderbird, led by its own modules: it finds its settings by our autoconfig alone, has a day on an account beside mbsync,
mutt and imaplib, and answers those who want to write by moving a request."""
import os
import time

import pytest

from laboratory.cable import Cable
from laboratory.mailing import compose, from_outside
from laboratory.thunderbird import Thunderbird
from laboratory.wait import TookTooLong, until
from test_imap_day import MAILS, OUTAGE_S, Imaplib, Mbsync, Mutt, deliver, fill, triple

TLS = 3  # nsMsgSocketType.SSL: from the first byte
BEHIND = "20.1.0.200"  # where IMAP listens; the name leads to the cable


@pytest.fixture(params=["open"])
def house(request, twin):
    """A server whose IMAP is reached over a cable, at the port that autoconfig names."""
    server = twin({"listen": {"imaps": f"{BEHIND}:993"}, "policy": {"contact": request.param, "hold": "defer"}}).start()
    server.cable = Cable((server.address, 993), (BEHIND, 993))
    yield server
    server.cable.cut()


@pytest.fixture
def thunderbird(ca, dns, tmp_path):
    program = Thunderbird(tmp_path / "thunderbird", ca).start()
    yield program
    program.kill()


def ids(*numbers):
    return [f"{number}@day.test" for number in numbers]


def triples(thunderbird):
    for folder in thunderbird.folders():
        thunderbird.look(folder)
        for message_id, *held in thunderbird.mails(folder):
            flags = {flag for flag, on in zip((r"\Seen", r"\Flagged", r"\Answered"), held) if on}
            yield triple(folder, f"Message-ID: <{message_id}>\r\n\r\n".encode(), flags)


def click_until_shown(thunderbird, count):
    """After a loss of the network it connects again when somebody clicks."""
    for _ in range(10):
        try:
            thunderbird.look("INBOX")
        except AssertionError:
            pass  # it says so in a small window, and goes on
        try:
            return until(lambda: thunderbird.shown() == count, f"{count} mails", 10)
        except TookTooLong:
            pass
    raise AssertionError(f"{count} mails were never shown but {thunderbird.shown()}")


def test_settings_are_found_by_autoconfig_alone(house, thunderbird):
    owner = house.account("reader@twin.test")
    source, incoming, outgoing = thunderbird.set_up("Reader", owner.address, owner.password)
    assert source == "xml-from-isp-https"
    assert incoming == ["imap", "mx.twin.test", 993, owner.address, TLS]
    assert outgoing == ["smtp", "mx.twin.test", 465, owner.address, TLS]
    until(lambda: {"INBOX", "Sent", "Drafts", "Trash", "Junk", "Archive"} <= set(thunderbird.folders()), "its folders")


def work(thunderbird, house, owner):
    """Flags, a copy, a move, a removal, a search at the server."""
    thunderbird.mark("INBOX", ids(*range(10)), read=True, flagged=True)
    thunderbird.mark("INBOX", ids(3, 5), flagged=False)
    thunderbird.mark("INBOX", ids(11), read=True, answered=True)
    assert thunderbird.search("INBOX", "M0007") == ids(7)
    # It shows at once what it tells the server a little later; so, as whoever watches, one thing after the other.
    for folder, there, deed in (
            ("Archive", ids(2, 3, 4), lambda there: thunderbird.take("INBOX", there, "Archive", move=False)),
            ("Junk", ids(*range(20, 30)), lambda there: thunderbird.take("INBOX", there, "Junk", move=True)),
            ("Trash", ids(*range(30, 35)), lambda there: thunderbird.delete("INBOX", there))):
        deed(there)
        until(lambda: {row["message_id"] for row in owner.mails(folder)} == set(there), f"all of it in {folder}")


def test_a_day_with_thunderbird(house, thunderbird, ca, tmp_path):
    owner = house.account("reader@twin.test")
    fill(owner, MAILS)
    thunderbird.set_up("Reader", owner.address, owner.password)
    until(lambda: "INBOX" in thunderbird.folders(), "INBOX")
    thunderbird.open("INBOX")
    thunderbird.wait_until_shown(MAILS)
    work(thunderbird, house, owner)
    left = MAILS - 15
    thunderbird.wait_until_shown(left)
    deliver(house, owner, "Zebras have come")  # and nobody clicks
    thunderbird.wait_until_shown(left + 1)

    if OUTAGE_S:
        house.cable.silence()
        time.sleep(OUTAGE_S)
    house.cable.cut()
    deliver(house, owner, "Came in the storm")
    house.cable.mend()
    click_until_shown(thunderbird, left + 2)

    house.stop()
    house.start()
    deliver(house, owner, "Last of the day")
    click_until_shown(thunderbird, left + 3)
    thunderbird.mark("INBOX", ids(200), flagged=True)

    mbsync, mutt, imap = Mbsync(owner, ca.pem, tmp_path / "mbsync"), Mutt(owner, ca.pem, tmp_path / "mutt"), Imaplib(owner)
    until(lambda: next(row for row in imap.triples() if row[1] == "<200@day.test>")[2], "the last flag at the server")
    mbsync.sync()
    listed = sorted(imap.triples(), key=repr)
    assert sorted(triples(thunderbird), key=repr) == listed
    assert sorted(mbsync.triples(), key=repr) == listed
    assert sorted(mutt.triples(sorted({folder for folder, _, _ in listed})), key=repr) == listed
    assert len(listed) == len(house.ask("mail", "list", owner.address)) == MAILS + 6


def ask_whether_cara_may_write(house, tom):
    mail = compose("cara@other.test", tom.address, "Hello", "Hello\n")
    return from_outside(house, "cara@other.test", [tom.address], mail)[0]


@pytest.mark.parametrize("house", ["ask"], indirect=True)
def test_a_request_is_answered_by_a_move(house, thunderbird):
    tom = house.account("tom@twin.test")
    assert ask_whether_cara_may_write(house, tom) == 450
    [request] = tom.mails("Contacts/New")
    thunderbird.set_up("Tom", tom.address, tom.password)
    until(lambda: "Contacts/Ignored" in thunderbird.folders(), "the folders of requests")
    folder = "Contacts/New"
    for to, state, code in (("Contacts/Refused", "refused", 550), ("Contacts/Ignored", "ignored", 450),
                            ("Contacts/Welcome", "welcome", 250)):
        thunderbird.open(folder)
        thunderbird.wait_until_shown(1)
        thunderbird.take(folder, [request["message_id"]], to, move=True)
        until(lambda: house.ask("contact", "list", tom.address)[0]["state"] == state, f"the state {state}")
        assert ask_whether_cara_may_write(house, tom) == code
        folder = to
    thunderbird.open("INBOX")
    thunderbird.wait_until_shown(1)
