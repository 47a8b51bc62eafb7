"""A server with a peer and a mail host of its own, the script of everybody's life there, and the judge of what is
left."""
import collections
import concurrent.futures
import email.policy
import queue
import re
import shutil
import time
import urllib.parse

from laboratory.bodies import check_database, check_files
from laboratory.crashpoint import ALL, LET_PASS, Crashpoint
from laboratory.load import BROKEN
from laboratory.mailhost import MailHost
from laboratory.mailing import compose, connect, transact
from laboratory.nestbox import RELEASE, Nestbox
from laboratory.peer import PythonPeer
from laboratory.wait import Log, until

RETRY = ", ".join(["200 ms"] * 16)
LARGE = "So it goes, line by line.\n" * 4000  # 104,000 bytes: a body with a file of its own
PATIENCE, FAULT_SECONDS = 60, 0.5


class Lane:
    """Several can be at work at once; `number` makes names and addresses."""

    def __init__(self, number, folder, ca, dns, ring):
        self.number, self.ring = number, ring
        # In the unsigned zone: of a signed one a resolver knows for a while what was not there before.
        self.domain, self.elsewhere = f"lane{number}.unsigned.test", f"sink{number}.unsigned.test"
        people = f"crowd{number}.unsigned.test"
        address, crowd, sink = f"20.1.4.{number}", f"20.1.5.{number}", f"20.1.6.{number}"
        dns.add(f"{self.domain} A {address}", f"mx.{self.domain} A {address}", f"{people} A {crowd}",
                f"{self.elsewhere} A {sink}")
        self.server = Nestbox(folder / "server", ca, dns, (self.domain,), address, {"network": {"retry": RETRY}})
        self.server.binary = RELEASE
        self.peer = PythonPeer(ca, people, crowd)
        self.sink = MailHost(sink)
        self.template = folder / "template"
        self._prepare()
        self.crashpoint = Crashpoint(folder / "orders", self.server.data_dir)

    def _prepare(self):
        """What every play begins with: Alice, who has a key, whom Bob follows and Rita reads by mail; and Una, who has none."""
        self.server.start()
        self.alice, self.una = (self.server.account(f"{name}@{self.domain}") for name in ("alice", "una"))
        self.server.cli("key", "add", self.alice.address, self.ring.certificate())
        self.peer.follow(self.alice.handle, "bob")
        self.peer.people["fan"] = self.peer.key("bob")
        self._subscribe(f"rita@{self.elsewhere}")
        self.server.stop()
        shutil.copytree(self.server.data_dir, self.template)

    def _subscribe(self, address):
        form = urllib.parse.urlencode({"address": address}).encode()
        assert self._fill_in(f"https://{self.domain}/@alice/subscribe", form) == 200
        question = self.sink.mails.wait_for(lambda mail: b"/subscribe/" in mail.text)
        link = re.search(rb"https://\S+/subscribe/[0-9a-z]{20}(?=\s)", question.text)[0].decode()
        assert self._fill_in(link, b"") == 200

    def _fill_in(self, url, form):
        fields = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(form)))]
        return self.peer.exchange("POST", url, fields, form)[0]

    def close(self):
        self.server.end()
        self.peer.stop()
        self.sink.stop()

    # its life

    def fresh(self, empty=False):
        shutil.rmtree(self.server.data_dir)
        if empty:
            self.server.data_dir.mkdir(mode=0o700)
        else:
            shutil.copytree(self.template, self.server.data_dir)
        self.peer.begin()
        self.sink.mails = Log("mails")
        self.deaths, self._fault_ends = [], None

    def start(self):
        """Under orders: it may die at once."""
        self.server.environment = self.crashpoint.environment
        try:
            self.server.start()
        except AssertionError:
            if not self.crashpoint.death:
                raise
        if self.crashpoint.death:
            self.revive()

    def alive(self):
        if not self.server.runs():
            self.revive()
        self._mend()
        return True

    def _mend(self):
        """Faults of the disk pass, soon after the first call has failed."""
        if not self.crashpoint.has_failed_some:
            return
        self._fault_ends = self._fault_ends or time.monotonic() + FAULT_SECONDS
        if time.monotonic() > self._fault_ends:
            self.crashpoint.order(LET_PASS)

    def revive(self):
        """The server is dead or dying, by order; it must start without help."""
        status = self.server.died()
        assert status == -9 and self.crashpoint.death, f"ended with {status}: {self.server.log.read_text()[-3000:]}"
        self.deaths.append(self.crashpoint.death)
        self.server.environment = {}
        self.server.start()

    def stop(self):
        """A clean end, unless the orders say otherwise."""
        try:
            self.server.stop()
        except AssertionError:
            if not self.crashpoint.death or self.deaths:
                raise
            self.deaths.append(self.crashpoint.death)
            self.server.environment = {}
            self.server.start()
            self.settle()
            self.server.stop()

    def settle(self):
        until(lambda: self.server.ask("queue", "list") == [], "every delivery being done", PATIENCE)

    # asking again and again, as real peers do

    def insist(self, attempt):
        """Repeats the attempt, with the very same bytes, until the promise is given."""
        until(lambda: self._attempt(attempt) or not self.alive(), "a promise being given", PATIENCE)

    def _attempt(self, attempt):
        try:
            return attempt()
        except BROKEN:
            return False

    def mail(self, port, sender, recipients, mail):
        raw = mail.as_bytes(policy=email.policy.SMTP)

        def attempt():
            with connect(self.server, port, source=(f"20.1.7.{self.number}", 0)) as smtp:
                if port != 25:
                    smtp.login(self.alice.address, self.alice.password)
                code, words = transact(smtp, sender, recipients, raw)
            assert code < 500, f"{recipients} was refused: {code} {words}"
            return code == 250

        self.insist(attempt)

    def say(self, to, subject, text):
        """Alice says something; it is promised."""
        self.mail(587, self.alice.address, [to], compose(self.alice.address, to, subject, text))

    def tell(self, activity, person):
        """Somebody at the peer tells Alice; it is promised."""
        def attempt():
            status, answer = self.peer.post(f"{self.alice.actor}/inbox", activity, person)
            assert status in (202, 429, 500, 503), f"{activity['type']} was refused: {status} {answer}"
            return status == 202

        self.insist(attempt)

    def witness(self, kind, wanted=lambda activity: True):
        """The first activity of that kind that reached the peer."""
        seen = until(lambda: self.alive() and self.reached(kind, wanted), f"{kind} reaching the peer", PATIENCE)
        return seen[0].activity

    def witness_mail(self, token):
        until(lambda: self.alive() and token in self._mails_out(), f"the mail {token} reaching its host", PATIENCE)

    def _mails_out(self):
        """How often each reached the mail host."""
        return tokens(mail.text.decode("utf-8", "replace") for mail in self.sink.mails.all())

    def reached(self, kind, wanted=lambda activity: True):
        return self.peer.deliveries.all(
            lambda delivery: (delivery.verified and delivery.status == 202 and delivery.activity["type"] == kind
                              and wanted(delivery.activity)))

    # the script

    def play(self):
        """All of it, however often the server dies meanwhile; ends with the server stopped."""
        self.start()
        self.say(self.alice.word("public"), "", "Post token first.\n")
        first = self.witness("Create", lambda create: "token first" in create["object"]["content"])
        self.witness_mail("first")
        follow = self.peer.activity("Follow", self.alice.actor, "fan")
        self.tell(follow, "fan")
        self.witness("Accept")
        note = self.peer.make_note("<p>token note</p>", to=[self.alice.actor], tag=[
            {"type": "Mention", "href": self.alice.actor, "name": self.alice.handle}])
        self.tell(self.peer.create(note), "bob")
        self.mail(25, "carol@mail.test", [self.alice.address, self.una.address],
                  compose("carol@mail.test", self.alice.address, "token mail", LARGE + "the end\n"))
        self.say(f"pat@{self.elsewhere}", "token out", LARGE + "the end\n")
        self.witness_mail("out")
        self.say(self.alice.word("public"), "", "Post token second.\n")
        self.witness("Create", lambda create: "token second" in create["object"]["content"])
        self.witness_mail("second")
        ref = first["object"]["id"].rsplit("/", 1)[1]
        self.say(f"{ref}+delete@{self.domain}", "", "")
        self.witness("Delete")
        self.tell(self.peer.activity("Undo", follow, "fan"), "fan")
        if self.deaths:
            self.settle()
        self.stop()

    # the judge

    def judge(self, repeats=1):
        """Every promise of play() is kept, once; a death, or each of `repeats` - 1 faults, may have cost one more
        delivery of the same.  The server is stopped."""
        inbox = self.alice.mails("INBOX")
        assert {mail["subject"] for mail in inbox} == {"[...]"}, inbox
        opened = {self._subject(text): text for text in (self.ring.decrypt(self.alice.show(mail)) for mail in inbox)}
        assert len(inbox) == 2 and tokens(opened) == {"note": 1, "mail": 1}
        assert tokens(post["text"] for post in self.alice.posts()) == {"second": 1}
        followers = self.alice.followers()
        assert [follower["actor"] for follower in followers if "actor" in follower] == [self.peer.actor("bob")]
        assert len(followers) == 2
        [mail] = self.una.mails("INBOX")
        assert b"the end" in opened["token mail"] and b"the end" in self.una.show(mail)
        self._judge_what_left(repeats + len(self.deaths))
        check_database(self.server.data_dir)
        check_files(self.server.data_dir)

    @staticmethod
    def _subject(text):
        return re.search(rb"(?m)^Subject: (.*?)\r?$", text)[1].decode()

    def strike(self, deed=LET_PASS, first=1, last=ALL, repeats=1):
        """Plays with that deed on these calls, and judges; gives the call at which the server died, if it did."""
        self.crashpoint.begin(deed, first, last)
        self.fresh()
        self.play()
        self.judge(repeats)
        return self.deaths[0] if self.deaths else None

    def _judge_what_left(self, repeats):
        ids = collections.defaultdict(set)
        for delivery in self.reached("Create"):
            for token in tokens([delivery.activity["object"]["content"]]):
                ids[token].add((delivery.activity["object"]["id"], delivery.activity["id"]))
        assert {token: len(known) for token, known in ids.items()} == {"first": 1, "second": 1}, ids
        times = collections.Counter((delivery.activity["type"], delivery.activity["id"])
                                    for delivery in self.peer.deliveries.all())
        assert collections.Counter(kind for kind, _ in times) == {"Create": 2, "Accept": 1, "Delete": 1}, times
        assert max(times.values()) <= repeats, times
        mails = self._mails_out()
        assert mails.keys() == {"first", "second", "out"}
        assert max(mails.values()) <= repeats, mails
        names = {re.search(rb"(?im)^Message-ID: *(\S+)", mail.text)[1] for mail in self.sink.mails.all()}
        assert len(names) == len(mails)
        assert all(mail.text.endswith(b"the end\r\n") for mail in self.sink.mails.all() if b"token out" in mail.text)


def spread(count, first, last):
    """Numbers from `first` to `last`, as evenly as can be, the ends included."""
    count = min(count, last - first + 1)
    return sorted({first + round(step * (last - first) / max(count - 1, 1)) for step in range(count)})


def strike_all(lanes, orders, strike=Lane.strike):
    """Strikes with each order, all lanes at work; gives the deaths, and what went wrong."""
    idle = queue.SimpleQueue()
    for lane in lanes:
        idle.put(lane)

    def run(order):
        lane = idle.get()
        try:
            return strike(lane, *order), None
        except Exception as problem:  # noqa: BLE001 (told with all others)
            return None, f"{order} {lane.crashpoint.death}: {type(problem).__name__}: {problem}"
        finally:
            lane.server.kill()  # after a failure it may still run
            idle.put(lane)

    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        results = list(pool.map(run, orders))
    return [death for death, _ in results if death], [problem for _, problem in results if problem]


def tokens(texts):
    """How often each token stands in these texts."""
    return collections.Counter(found[1] for found in (re.search(r"token (\w+)", text or "") for text in texts) if found)
