"""Real mail servers knock, with each setting of `hold`: their own words in their own logs say what they were answered, and the
letter that arrives is the one that waited.  In each test other people write, since a queue may keep what the last one left."""
import itertools
import re
import sqlite3

import pytest

from laboratory.mailing import compose
from laboratory.wait import until
from test_contact import SERVERS, asking, contact, requests  # noqa: F401  a fixture

RETRIES, TWO_DAYS_MS = 20, 2 * 24 * 3600 * 1000
ANSWER = re.compile(r"[245]50[ -][245]\.\d\.\d [^\n\"]*twin\.test/about/first-mail")
SERIAL = itertools.count(1)


class Writer:
    """Somebody with an account at that server."""

    def __init__(self, server, tom):
        self.server, self.tom, self.ids = server, tom, []
        self.address = f"ann{next(SERIAL)}@{server.DOMAIN}"

    def write(self):
        mail = compose(self.address, self.tom.address, "Meeting on Friday", "Shall we?\n")
        self.server.send(self.address, self.tom.address, mail)
        self.ids.append(mail["Message-ID"].strip("<>"))

    def row(self):
        return contact(self.tom, self.address) or {"tries": 0, "held": 0}

    def came(self, least, what="tries"):
        def enough():
            self.server.retry()
            return self.row()[what] >= least
        until(enough, f"{least} {what} of {self.address}", 300)

    def requests(self, folder="Contacts/New"):
        return len([mail for mail in requests(self.tom, folder) if mail["subject"].startswith(self.address)])

    def arrived(self):
        return [mail["message_id"] for mail in self.tom.mails("INBOX") if mail["message_id"] in self.ids]

    def is_told(self, answer, *more):
        self.tom.nestbox.cli("contact", answer, self.tom.address, self.address, *more)

    def waits_for_arrival(self):
        def all_are_there():
            self.server.retry()
            return sorted(self.arrived()) == sorted(self.ids)
        until(all_are_there, f"the letters of {self.address}", 120)

    def waits_for_bounce(self, words):
        self.server.retry()
        self.server.wait_for_mail(lambda mail: words in b" ".join(mail.raw.split()) and self.address.encode() in mail.raw, 120)


@pytest.fixture
def meet(request, asking):  # noqa: F811
    def make(name, hold, count):
        tom, server = asking(hold=hold), request.getfixturevalue(name).begin()
        request.addfinalizer(server.stop)
        writers = [Writer(server, tom) for _ in range(count)]
        for one in writers:
            one.write()
        return tom, server, writers
    return make


@pytest.mark.parametrize("hold", ["defer", "auto"])
@pytest.mark.parametrize("name", SERVERS)
def test_they_wait_there(meet, name, hold):
    """Three of them, twenty tries each, one of whom is ignored: one question each, and one answer to all, byte for byte."""
    tom, server, writers = meet(name, hold, 3)
    for one in writers:
        one.came(4)
        assert one.requests() == 1
    welcome, ignored, refused = writers
    ignored.is_told("ignore")
    before = ignored.row()["tries"]
    for one in writers:
        one.came(before + RETRIES)
        assert not one.arrived()
    answers = ANSWER.findall(server.log())
    assert len(answers) >= 3 * RETRIES and len(set(answers)) == 1
    assert [one.requests() for one in writers] == [1, 0, 1]
    welcome.is_told("welcome")
    welcome.waits_for_arrival()
    refused.is_told("refuse", "--say", "please write to my office")
    refused.waits_for_bounce(b"please write to my office")
    assert not ignored.arrived() and not refused.arrived()


def age(tom, ms):
    """The clock is moved by moving what stands in the database."""
    tom.nestbox.stop()
    with sqlite3.connect(tom.nestbox.data_dir / "nestbox.db") as base:
        base.execute(f"UPDATE contact SET first_ms = first_ms - {ms}, last_ms = last_ms - {ms}")
    base.close()
    tom.nestbox.start()


@pytest.mark.parametrize("name", SERVERS)
def test_they_are_taken_in_before_they_give_up(meet, name):
    tom, server, writers = meet(name, "auto", 2)
    welcome, ignored = writers
    for one in writers:
        one.came(2)
    ignored.is_told("ignore")
    age(tom, TWO_DAYS_MS)
    for one in writers:  # who is ignored hears the same
        one.came(1, "held")
        assert not one.arrived()
    assert [one.requests() for one in writers] == [1, 0]
    welcome.is_told("welcome")
    welcome.waits_for_arrival()


@pytest.mark.parametrize("name", SERVERS)
def test_they_are_taken_in_at_once(meet, name):
    tom, server, writers = meet(name, "accept", 3)
    welcome, ignored, refused = writers
    for one in writers:
        one.came(1, "held")
        assert one.requests() == 1 and not one.arrived()
    welcome.is_told("welcome")
    ignored.is_told("ignore")
    refused.is_told("refuse", "--say", "please write to my office")
    for one in writers:
        one.write()
    welcome.waits_for_arrival()
    ignored.came(2, "held")
    refused.waits_for_bounce(b"please write to my office")
    assert not ignored.arrived() and not refused.arrived()
