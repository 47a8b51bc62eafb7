"""Programs that do what they like with one mailbox at the same moment, each in a thread of its own, and none waits for
another.  When all rest, each must come to know the truth by IDLE alone: a commit that nudged nobody would be missing."""
import os
import random
import threading

import pytest

from laboratory.imap import Client, Refused, set_of
from laboratory.mailing import compose, connect, transact
from laboratory.wait import DEADLINE

SEEDS = 3
STEPS = int(os.environ.get("NESTBOX_IMAP_STEPS", "400")) // 10
KINDS = ("plain", "condstore", "qresync", "qresync")
FLAGS = (r"\Seen", r"\Flagged", r"\Answered", r"\Deleted", "$Work")
CROWDED = 40  # messages; then more is thrown away than comes


class Racer(Client):
    """One program, in its thread."""

    def __init__(self, owner, kind, seed):
        super().__init__(owner, kind)
        self.random, self.trouble = random.Random(seed), None
        self.deeds = [(self.append, 3), (self.store, 6), (self.expunge, 2), (self.move, 1), (self.move_here, 1),
                      (self.copy_here, 1), (self.reselect, 3), (self.close_it, 1), (self.glance, 2), (self.look, 2),
                      (self.burst, 2)]

    def run(self, steps, gate):
        try:
            gate.wait()
            for _ in range(steps):
                self.random.choices(*zip(*self.deeds))[0]()
            self.random.choice((self.reselect, self.look, lambda: None))()
        except Exception as trouble:  # told by the thread that waits for this one
            self.trouble = trouble

    def may_be_refused(self, command, no_expunge=False):
        self.no_expunge = no_expunge
        try:
            self.command(command)
        except Refused as refused:
            assert ": NO" in str(refused), refused
        finally:
            self.no_expunge = False

    def mail(self):
        return f"From: <a@mail.test>\r\nSubject: {self.random.randrange(10**6)}\r\n\r\nHello.\r\n"

    def some(self, most=5):
        known = [uid for uid in self.uids if uid]
        return self.random.sample(known, min(len(known), self.random.randint(1, most)))

    def fetch_new(self):
        """What went away before it could be asked for is told behind NOOP."""
        while None in self.uids:
            super().fetch_new()
            self.command("NOOP")

    # what it does

    def append(self):
        if len(self.uids) < CROWDED:
            mail = self.mail()
            self.command(f"APPEND INBOX ({self.random.choice(FLAGS)}) {{{len(mail)}+}}\r\n{mail}")

    def store(self):
        if uids := self.some():
            how, flag = self.random.choice("+-"), self.random.choice(FLAGS)
            if self.random.random() < 0.5:
                self.may_be_refused(f"UID STORE {set_of(uids)} {how}FLAGS ({flag})")
            else:
                numbers = set_of(self.uids.index(uid) + 1 for uid in uids)
                self.may_be_refused(f"STORE {numbers} {how}FLAGS ({flag})", no_expunge=True)

    def expunge(self):
        self.command("EXPUNGE")

    def move(self):
        if uids := self.some():
            self.may_be_refused(f"UID MOVE {set_of(uids)} Archive")

    def move_here(self):
        if uids := self.some(3):
            self.may_be_refused(f"UID MOVE {set_of(uids)} INBOX")

    def copy_here(self):
        if len(self.uids) < CROWDED and (uids := self.some(3)):
            self.may_be_refused(f"UID COPY {set_of(uids)} INBOX")

    def reselect(self):
        self.select()

    def close_it(self):
        self.command("CLOSE")
        self.select()

    def glance(self):
        """IDLE, and DONE behind it at once."""
        tag = self.wire.begin("IDLE")
        assert self.wire.answer().startswith(b"+ ")
        self.wire.socket.sendall(b"DONE\r\n")
        assert self.wire.end(tag, self.untagged)[0] == "OK"

    def look(self):
        self.noop()

    def burst(self):
        """Several commands in one piece; UIDs, since numbers may move under them."""
        uids = self.some() or [1]
        tags = [self.wire.begin(command) for command in
                (f"UID STORE {set_of(uids)} +FLAGS (\\Seen)", "NOOP", f"UID FETCH {set_of(uids)} (FLAGS)", "CHECK",
                 f"UID SEARCH UID {set_of(uids)}")]
        for tag in tags:
            assert self.wire.end(tag, self.untagged)[0] == "OK"

    # when all rest

    def wait_for(self, truth):
        """By IDLE alone, as far as can be known without asking: UIDs and flags of what is new come with FETCH."""
        tag = self.wire.begin("IDLE")
        self.wire.socket.settimeout(DEADLINE)
        while not self.knows(truth):
            try:
                self.untagged(self.wire.answer())
            except TimeoutError:
                raise AssertionError(f"{self.kind} was told nothing more; it knows {self.view()}, there is {truth}, "
                                     f"its last words: {self.wire.heard[-60:]}") from None
        self.wire.socket.sendall(b"DONE\r\n")
        assert self.wire.end(tag, self.untagged)[0] == "OK"
        self.noop()
        assert self.view() == truth

    def knows(self, truth):
        known = {uid: flags for uid, flags in self.view().items() if uid}
        return len(self.uids) == len(truth) and known.items() <= truth.items()


@pytest.fixture(scope="module")
def owner(_nest):
    return _nest.account("race@nest.test")


def deliver(owner, count):
    smtp = connect(owner.nestbox, 25)
    for number in range(count):
        mail = compose("carol@mail.test", owner.address, f"Came {number}", "Hello.\n")
        assert transact(smtp, "carol@mail.test", [owner.address], mail)[0] == 250
    smtp.close()


def race(racers, owner):
    gate = threading.Barrier(len(racers) + 1)
    threads = [threading.Thread(target=racer.run, args=(STEPS, gate), daemon=True) for racer in racers]
    for thread in threads:
        thread.start()
    gate.wait()
    deliver(owner, STEPS // 5)
    for thread, racer in zip(threads, racers):
        thread.join(DEADLINE)
        assert not thread.is_alive(), f"{racer.kind} waits for an answer"
        if racer.trouble:
            raise racer.trouble


@pytest.mark.parametrize("seed", range(SEEDS))
def test_who_idles_comes_to_know_what_all_did_at_once(owner, seed):
    racers = [Racer(owner, kind, 100 * seed + number) for number, kind in enumerate(KINDS)]
    race(racers, owner)
    witness = Client(owner)
    truth = witness.view()
    for racer in racers:
        racer.wait_for(truth)
        racer.close()
    witness.close()
