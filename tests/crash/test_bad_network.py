"""Mail on its way out over a bad network while the server is killed: each was taken, or waits, or came back, once."""
import collections
import os
import pathlib
import random
import re
import ssl
import threading
import time

import pytest

from laboratory.badsink import BadSink
from laboratory.load import BROKEN
from laboratory.mailing import compose, connect, transact
from laboratory.root import Root
from laboratory.wait import until

MAILS = int(os.environ.get("NESTBOX_BAD_MAILS", 150))
KILLS = int(os.environ.get("NESTBOX_BAD_KILLS", 3))
SEED = int(os.environ.get("NESTBOX_SEED", 20261122))
AUTHORS, DOMAINS, PATIENCE = 4, 6, 30 + MAILS // 10
RETRY = ", ".join(["300 ms"] * 16)


class Author(threading.Thread):
    """Submits mails, one to each token, again and again until it is promised that they go."""

    def __init__(self, account, tokens, domain_of):
        super().__init__(daemon=True)
        self.account, self.tokens, self.domain_of, self.ids = account, tokens, domain_of, {}
        self.smtp = None

    def run(self):
        for token in self.tokens:
            mail = compose(self.account.address, f"{token}@{self.domain_of(token)}", f"token {token}",
                           f"Mail {token}.\n" + "A line of text, as there are many.\n" * (len(token) * 3))
            self.ids[token] = mail["Message-ID"]
            until(lambda: self._give(mail), f"mail {token} being taken", PATIENCE)  # noqa: B023

    def _give(self, mail):
        """Whether it was taken; if not, it is given again, by a new connection where this one broke."""
        try:
            self.smtp = self.smtp or self._open()
            code, words = transact(self.smtp, self.account.address, [mail["To"]], mail)
        except BROKEN:
            self.smtp = None
            return False
        assert code == 250 or code // 100 == 4, words
        return code == 250

    def _open(self):
        smtp = connect(self.account.nestbox, 587)
        smtp.login(self.account.address, self.account.password)
        return smtp


class Traffic:
    """A server, its authors, and the one who kills it while they write."""

    def __init__(self, server, domains, prefix):
        self.server, self.domains = server, domains
        tokens = [f"{prefix}{number}" for number in range(MAILS)]
        self.accounts = [server.account(f"author{number}@{server.domains[0]}") for number in range(AUTHORS)]
        self.authors = [Author(account, tokens[number::AUTHORS], self.domain_of)
                        for number, account in enumerate(self.accounts)]
        self.tokens, self.luck = tokens, random.Random(SEED)

    def domain_of(self, token):
        return self.domains[int(re.sub(r"\D", "", token)) % len(self.domains)]

    def play(self, progress):
        """Kills the server at random moments, spread over all that leaves; `progress` is how many have."""
        for author in self.authors:
            author.start()
        for number in range(KILLS):
            mark = MAILS * (number + self.luck.random()) / (KILLS + 1)
            until(lambda: progress() >= mark or self.is_idle(), "mails leaving", PATIENCE)  # noqa: B023
            self.server.kill()
            self.server.start()
        for author in self.authors:
            author.join(PATIENCE)
            assert not author.is_alive(), "an author never got its promise"

    def is_idle(self):
        return not any(author.is_alive() for author in self.authors) and not self.waiting()

    def waiting(self):
        return {row["target"].split("@")[0] for row in self.server.ask("queue", "list")}

    def came_back(self):
        return collections.Counter(
            mail["subject"].split("@")[0] for account in self.accounts for mail in account.mails("INBOX")
            if "did not get your message" in mail["subject"])

    @property
    def ids(self):
        return {token: name for author in self.authors for token, name in author.ids.items()}


@pytest.fixture
def domains(dns):
    """Makes domains of one mail host at that address."""
    def make(prefix, address):
        names = [f"{prefix}{number}.unsigned.test" for number in range(DOMAINS)]
        dns.add(f"mx.{names[0]} A {address}", *[f"{name} MX 10 mx.{names[0]}." for name in names])
        return names
    return make


def test_each_mail_is_taken_or_waits_or_comes_back_once(twin, domains, ca, capsys):
    pem, key = ca.issue("bad.test")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem, key)
    sink = BadSink("20.1.8.1", SEED, tls)
    server = twin({"network": {"retry": RETRY}}).start()
    traffic = Traffic(server, domains("bad", "20.1.8.1"), "b")
    traffic.play(lambda: len(sink.takes))
    sink.bad = False
    until(lambda: not traffic.waiting() or not server.runs(), "the queue running dry", PATIENCE)
    taken, waiting, back = sink.taken(), traffic.waiting(), traffic.came_back()
    repeats = check(traffic, taken, waiting, back)
    with capsys.disabled():
        print(f"\n{MAILS} mails, {KILLS} kills: {len(taken)} taken ({repeats} repeats), {len(waiting)} wait, "
              f"{len(back)} came back; {sum(sink.mishaps.values())} mishaps of {len(sink.mishaps)} kinds")
    sink.stop()


def check(traffic, taken, waiting, back):
    """Nobody's mail is lost, and none is repeated without need; gives how many were repeated."""
    lost = [token for token in traffic.tokens if token not in taken and token not in waiting and not back[token]]
    assert not lost, f"{len(lost)} are lost: {lost[:10]}"
    assert set(back.values()) <= {1}, f"told twice: {back.most_common(3)}"
    repeats = 0
    for token, takes in taken.items():
        assert {take.message_id for take in takes} == {traffic.ids[token]}
        known = [take for take in takes if take.settled]
        assert not known or known[0] is takes[-1], f"{token} went again although its end was known"
        assert not known or (not back[token] and token not in waiting), f"{token} was taken, and {back[token]}"
        repeats += len(takes) - 1
    return repeats


def test_a_fast_sink_gets_each_mail(twin, domains, lab, capsys):
    root = Root.over("postfix", lab / "sink")
    (root / "lab/mails").mkdir(mode=0o777)
    (root / "lab/mails").chmod(0o777)
    sink = root.begin("smtp-sink", "smtp-sink", "-u", "nobody", "-d", "/lab/mails/m.", "20.1.8.2:25", "200")
    server = twin({"network": {"retry": RETRY}}).start()
    traffic = Traffic(server, domains("fast", "20.1.8.2"), "f")
    folder = pathlib.Path(root / "lab/mails")
    began = time.monotonic()
    traffic.play(lambda: sum(1 for _ in folder.iterdir()))
    until(lambda: not traffic.waiting(), "the queue running dry", PATIENCE)
    took = time.monotonic() - began
    found = collections.Counter()
    for file in folder.iterdir():
        text = file.read_bytes()
        if name := re.search(rb"(?im)^Message-ID: *(\S+)", text):
            found[name[1].decode()] += 1
    assert set(found) == set(traffic.ids.values()), "a mail is missing, or one nobody wrote"
    assert not traffic.came_back()
    repeats = sum(found.values()) - len(found)
    assert repeats <= KILLS * 2 * DOMAINS  # what was under way when it died: two conversations a domain
    with capsys.disabled():
        print(f"\n{MAILS} mails, {KILLS} kills, in {took:.1f} s; {repeats} repeats")
    sink.kill()
