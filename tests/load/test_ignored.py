"""Who is ignored cannot tell it from waiting: the same answer, after the same time (docs/contact-requests.md)."""
import os
import statistics
import time

import pytest

from knockers import DOMAIN, NAMES
from laboratory.mailing import compose, connect
from laboratory.ranks import rank_test, told_apart
from visitors import AHEAD

PAIRS = int(os.environ.get("NESTBOX_TRIES", 18))  # of tries: one of somebody who waits, one of somebody who is ignored
APART, APART_S = 0.05, 0.001
SEPARATED = 3.3 if PAIRS >= 500 else 4.5
OF_ONE = 18  # letters; 20 of one person are kept
OF_ONE_OWNER, OF_ONE_HOST = 5, 2  # pairs of people that one is asked about in a day
ON_ONE_CONNECTION = 50


@pytest.fixture
def asking(twin, dns):
    """People who are asked about strangers, at a server of their own each time."""
    def make(count, hold):
        dns.add(*NAMES)
        house = twin({"policy": {"contact": "ask", "hold": hold}})
        house.around = AHEAD  # of whatever else this machine does
        house.start()
        return [house.account(f"owner{number}@twin.test") for number in range(count)]
    return make


class Stranger:
    """Writes to one owner; `sender` is whoever their domain confirms, or nobody does."""

    def __init__(self, owner, sender):
        self.owner, self.sender, self.smtp, self.number = owner, sender, None, 0

    def open(self):
        if self.number % ON_ONE_CONNECTION == 0:
            self.hang_up()
            self.smtp = connect(self.owner.nestbox, 25)
        self.number += 1

    def hang_up(self):
        if self.smtp:
            self.smtp.close()

    def timed(self, words):
        began = time.perf_counter()
        self.smtp.send(words)
        answer = self.smtp.getreply()
        return time.perf_counter() - began, answer

    def at_recipient(self):
        self.open()
        assert self.smtp.mail(self.sender)[0] == 250
        took = self.timed(f"RCPT TO:<{self.owner.address}>\r\n")
        self.smtp.rset()
        return took

    def after_data(self):
        self.open()
        mail = compose(self.sender, self.owner.address, "Hello", "Hello?\n").as_bytes()
        assert self.smtp.mail(self.sender)[0] == 250 and self.smtp.rcpt(self.owner.address)[0] == 250
        assert self.smtp.docmd("DATA")[0] == 354
        return self.timed(mail + b".\r\n")


class Writer:
    """The same on the Fediverse."""

    def __init__(self, owner, judge, name):
        self.owner, self.judge, self.sender = owner, judge, judge.handle(name)
        self.name, self.began = name, 0

    def hang_up(self):
        pass

    def sent(self):
        self.began = time.perf_counter()

    def by_note(self):
        note = self.judge.make_note("<p>Hello?</p>", self.name, to=[self.owner.actor])
        answer = self.judge.post(f"{self.owner.actor}/inbox", self.judge.create(note, self.name), self.name,
                                 on_sent=self.sent)
        return time.perf_counter() - self.began, answer


def compare(pairs, deed, each):
    """[(who waits, who is ignored)]: each does it `each` times, in turn; gives the seconds, and all answers."""
    times, answers = ([], []), (set(), set())
    for pair in pairs:
        for one in pair:
            deed(one)
        owner = pair[1].owner
        owner.nestbox.cli("contact", "ignore", owner.address, pair[1].sender)
        for number in range(each + 1):
            for which in (0, 1) if number % 2 else (1, 0):
                took, answer = deed(pair[which])
                if number:  # the first one after the answer finds colder memory
                    times[which].append(took)
                answers[which].add(answer)
        for one in pair:
            one.hang_up()
    return times, answers


def judged(way, times, answers, record_property):
    """z, of which the caller judges."""
    waits, ignored = (statistics.median(some) for some in times)
    z = rank_test(*times)
    print(f"\n   {way}: {len(times[0])} pairs; waits {waits * 1000:.3f} ms, ignored {ignored * 1000:.3f} ms (medians), z {z:.2f}")
    record_property(f"{way}_z", round(z, 2))
    assert answers[0] == answers[1] and len(answers[0]) == 1, answers
    assert PAIRS < 500 or abs(waits - ignored) <= max(APART * waits, APART_S)
    return z


def people(owners, each, count, make):
    """[(who waits, who is ignored)]: `each` pairs of them at each owner."""
    return [[make(owner, who, number) for who in ("waits", "ignored")] for owner in owners for number in range(each)][:count]


# after DATA nothing is confirmed, so that the text is read each time
MAILS = {"after DATA": (Stranger.after_data, "other.test"), "at RCPT": (Stranger.at_recipient, f"the.{DOMAIN}")}


@pytest.mark.parametrize("way", MAILS)
def test_waiting_outside(way, asking, record_property):
    deed, domain = MAILS[way]

    def measure():
        owners = asking(1, "defer")
        pairs = people(owners, 1, 1, lambda owner, who, _: Stranger(owner, f"{who}@{domain}"))
        for one in pairs[0]:
            one.after_data()
        z = judged(way, *compare(pairs, deed, PAIRS), record_property)
        owners[0].nestbox.end()
        return z
    assert not told_apart(measure, SEPARATED)


def test_waiting_with_a_note(asking, judge, record_property):
    def measure():
        owners = asking(-(-PAIRS // OF_ONE // OF_ONE_HOST), "defer")
        writers = people(owners, OF_ONE_HOST, -(-PAIRS // OF_ONE), lambda owner, who, number: Writer(owner, judge, f"{who}{number}"))
        z = judged("notes", *compare(writers, Writer.by_note, min(PAIRS // 2, OF_ONE)), record_property)
        owners[0].nestbox.end()
        return z
    assert not told_apart(measure, SEPARATED)


def test_taken_in(asking, record_property):
    """Their letters are answered 250; of one it is kept, of the other not."""
    def measure():
        owners = asking(-(-PAIRS // OF_ONE // OF_ONE_OWNER), "accept")
        pairs = people(owners, OF_ONE_OWNER, -(-PAIRS // OF_ONE),
                       lambda owner, who, number: Stranger(owner, f"{who}@{who}{number}.{DOMAIN}"))
        times, answers = compare(pairs, Stranger.after_data, OF_ONE)
        assert {code for some in answers for code, _ in some} == {250}
        z = judged("taken in", times, answers, record_property)
        owners[0].nestbox.end()
        return z
    assert not told_apart(measure, SEPARATED)
