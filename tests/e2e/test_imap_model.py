"""Two mail programs and a stream of deliveries on one mailbox, beside a model.  Each program believes untagged responses
alone; whatever they and the world do, each knows the same as the model once it has asked "anything new?"."""
import os
import random

import pytest

from laboratory.imap import Client, Refused, set_of, uids_in
from laboratory.mailing import compose, connect, transact
from laboratory.wait import DEADLINE

SEEDS = 20
STEPS = int(os.environ.get("NESTBOX_IMAP_STEPS", "400")) // SEEDS
FLAGS = (r"\Seen", r"\Flagged", r"\Answered", r"\Deleted", r"\Draft", "$Work", "$Junk")
KINDS = ("plain", "condstore", "qresync")
CROWDED = 40  # messages; then more is thrown away than comes


class Model:
    """What lies in the mailbox: {UID: flags}."""

    def __init__(self, uid_next):
        self.entries, self.uid_next = {}, uid_next

    def add(self, flags=()):
        self.entries[self.uid_next] = frozenset(flags)
        self.uid_next += 1
        return self.uid_next - 1

    def store(self, uids, how, flags):
        for uid in uids:
            if uid in self.entries:
                self.entries[uid] = changed(self.entries[uid], how, flags)

    def remove(self, uids):
        for uid in uids:
            self.entries.pop(uid, None)

    def deleted(self):
        return [uid for uid, flags in self.entries.items() if r"\Deleted" in flags]


def changed(flags, how, given):
    return {"+": flags | given, "-": flags - given, "": given}[how]


class Walk:
    """One seed: programs, the delivery source, the model; step() does one thing and compares."""

    def __init__(self, owner, seed):
        self.random, self.owner = random.Random(seed), owner
        kinds = [self.random.choice(KINDS), KINDS[seed % 3]]
        self.clients = [Client(owner, kind) for kind in kinds]
        self.patient = bool(seed % 2)  # programs that do not look behind every step
        first = self.clients[0]
        if first.uids:
            first.command("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
            first.command("EXPUNGE")
        words = first.command(f"APPEND INBOX () {{{len(self.mail())}+}}\r\n{self.mail()}")
        first.command("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
        first.command("EXPUNGE")
        self.model = Model(int(words.split()[2].rstrip("]")) + 1)
        self.smtp = connect(owner.nestbox, 25)
        self.done = []  # for whoever reads a failure
        self.deeds = [(self.deliver, 4), (self.append, 2), (self.store, 8), (self.expunge, 2), (self.uid_expunge, 1),
                      (self.copy, 1), (self.move, 2), (self.search, 1), (self.reconnect, 1), (self.close, 1),
                      (self.unselect, 1), (self.idle, 1)]

    def end(self):
        for client in self.clients:
            client.close()
        self.smtp.close()

    def mail(self):
        return f"From: <a@mail.test>\r\nSubject: {self.random.randrange(10**6)}\r\n\r\nHello.\r\n"

    # one step

    def step(self):
        deeds, weights = zip(*self.deeds)
        deed = self.random.choices(deeds, weights)[0]
        client = self.random.choice(self.clients)
        self.done.append((deed.__name__, self.clients.index(client)))
        deed(client)
        for client in self.clients:
            if not self.patient or self.random.random() < 0.4:
                self.compare(client)
        if not self.patient:
            self.same_modseqs()

    def compare(self, client):
        client.noop()
        self.same(client)

    def same(self, client):
        assert client.view() == self.model.entries, self.told(client)

    def same_modseqs(self):
        """Both have looked just now."""
        if all(client.kind != "plain" for client in self.clients):
            assert self.clients[0].modseqs == self.clients[1].modseqs, self.told(self.clients[0])

    def told(self, client):
        return f"{client.kind} {self.clients.index(client)} after {self.done[-40:]}"

    # what is done

    def some(self, client):
        """Messages that the program has in view, as it names them: ("UID " or "", the set, their UIDs)."""
        known = [uid for uid in client.uids if uid]
        uids = self.random.sample(known, min(len(known), self.random.randint(1, 5)))
        if not uids:
            return None
        if self.random.random() < 0.5:
            return "UID ", set_of(uids), uids
        return "", set_of(client.uids.index(uid) + 1 for uid in uids), uids

    def flags_of_chance(self):
        return frozenset(self.random.sample(FLAGS, self.random.randint(1, 3)))

    def try_command(self, client, command, no_expunge=False):
        """Words, or None where the server said NO: what the program named may be gone."""
        client.no_expunge = no_expunge
        try:
            return client.command(command)
        except Refused as refused:
            assert ": NO" in str(refused), refused
            return None
        finally:
            client.no_expunge = False

    def deliver(self, _):
        mail = compose("carol@mail.test", self.owner.address, "Came", "Hello.\n")
        assert transact(self.smtp, "carol@mail.test", [self.owner.address], mail)[0] == 250
        self.model.add()

    def append(self, client):
        flags = self.flags_of_chance()
        mail = self.mail()
        words = client.command(f"APPEND INBOX ({' '.join(flags)}) {{{len(mail)}+}}\r\n{mail}")
        assert int(words.split()[2].rstrip("]")) == self.model.add(flags)

    def store(self, client):
        if not (some := self.some(client)):
            return
        uid, named, uids = some
        how, flags = self.random.choice(("+", "-", "")), self.flags_of_chance()
        silent = self.random.random() < 0.5
        condition = ""
        if client.kind != "plain" and self.random.random() < 0.3:
            condition = f"(UNCHANGEDSINCE {client.highest}) "
        words = self.try_command(
            client, f"{uid}STORE {named} {condition}{how}FLAGS{'.SILENT' if silent else ''} ({' '.join(flags)})",
            no_expunge=not uid)
        if words is None:
            assert not set(uids) & set(self.model.entries), self.told(client)
            return
        if "[MODIFIED" in words:
            assert condition
            numbers = uids_in(words.split("]")[0].split()[1])
            modified = numbers if uid else [client.uids[number - 1] for number in numbers]
            uids = [one for one in uids if one not in modified]
        self.model.store(uids, how, flags)
        if silent:
            for one in uids:
                if one in client.flags:
                    client.flags[one] = changed(client.flags[one], how, flags)

    def expunge(self, client):
        client.command("EXPUNGE")
        self.model.remove(self.model.deleted())

    def uid_expunge(self, client):
        known = [uid for uid in client.uids if uid]
        if known:
            chosen = self.random.sample(known, (len(known) + 1) // 2)
            client.command(f"UID EXPUNGE {set_of(chosen)}")
            self.model.remove(set(chosen) & set(self.model.deleted()))

    def copy(self, client):
        if len(self.model.entries) < CROWDED and (some := self.some(client)):
            uid, named, uids = some
            self.copied(uids, self.try_command(client, f"{uid}COPY {named} INBOX"))

    def copied(self, uids, words):
        there = sorted(set(uids) & set(self.model.entries))
        if words is None or "COPYUID" not in words:
            assert not there
            return
        _, _, source, to = words.split("]")[0].split()
        assert uids_in(source) == there
        assert uids_in(to) == [self.model.add(self.model.entries[uid]) for uid in there]

    def move(self, client):
        if some := self.some(client):
            uid, named, uids = some
            self.try_command(client, f"{uid}MOVE {named} Archive")
            self.model.remove(uids)

    def search(self, client):
        """UIDs that a search finds are those of now, even where the program has not looked yet."""
        word = self.random.choice(("SEEN", "FLAGGED", "KEYWORD $Work", "UNDELETED"))
        client.command(f"UID SEARCH {word}")
        if not self.patient:
            flag = {"SEEN": r"\Seen", "FLAGGED": r"\Flagged", "KEYWORD $Work": "$Work", "UNDELETED": r"\Deleted"}[word]
            assert client.searched == [uid for uid, flags in self.model.entries.items()
                                       if (flag in flags) != (word == "UNDELETED")]

    def reconnect(self, client):
        """The connection is gone, the world goes on, the program comes back with what it knew."""
        client.cut()
        for _ in range(self.random.randint(0, 3)):
            deed = self.random.choice((self.deliver, self.store, self.expunge, self.append, self.copy, self.move))
            deed(next(other for other in self.clients if other is not client))
        client.connect()
        self.same(client)

    def close(self, client):
        client.command("CLOSE")
        self.model.remove(self.model.deleted())
        client.select(known_uids=self.random.random() < 0.5)
        self.same(client)

    def unselect(self, client):
        client.command("UNSELECT")
        client.select(known_uids=self.random.random() < 0.5)
        self.same(client)

    def idle(self, client):
        """What happens during IDLE is told without a question."""
        tag = client.wire.begin("IDLE")
        assert client.wire.line().startswith(b"+ ")
        other = next(other for other in self.clients if other is not client)
        for deed in self.random.choices((self.deliver, self.store, self.expunge, self.append), k=self.random.randint(1, 3)):
            deed(other)
        client.wire.socket.settimeout(DEADLINE)
        while not self.looks_same(client):
            client.untagged(client.wire.answer())
        client.wire.socket.sendall(b"DONE\r\n")
        assert client.wire.end(tag, client.untagged)[0] == "OK"

    def looks_same(self, client):
        """As far as it can know without asking: UIDs and flags of what is new come with FETCH."""
        known = {uid: flags for uid, flags in client.view().items() if uid}
        return len(client.uids) == len(self.model.entries) and known.items() <= self.model.entries.items()


@pytest.fixture(scope="module")
def owner(_nest):
    return _nest.account("model@nest.test")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_two_programs_know_what_the_model_knows(owner, seed):
    walk = Walk(owner, seed)
    for _ in range(STEPS):
        walk.step()
    for client in walk.clients:
        walk.compare(client)
    walk.end()
