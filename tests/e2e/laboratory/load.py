"""Load that remembers what it was promised: clients that go on, through every crash, until each thing is answered.

A client works on one item at a time and repeats the very same bytes until it has an answer, as mail servers and
Fediverse servers do.  While an answer is outstanding `waiting` is the number of the attempt, else None.
"""
import collections
import email.policy
import random
import re
import smtplib
import threading
import time

from .bodies import check_files
from .mailing import compose, connect
from .wait import until

ON_THE_WAY = 2  # seconds that may lie between a delivery and its being noted here
BROKEN = (OSError, smtplib.SMTPException, EOFError)  # what a connection to a killed server ends in


class Client(threading.Thread):
    def __init__(self, name, up, stop):
        super().__init__(name=name, daemon=True)
        self.up, self.stopping = up, stop
        self.promised, self.begun, self.lost = [], [], set()
        self.waiting, self.attempt, self.paused, self.problem = None, 0, False, None

    def run(self):
        try:
            for item in self.items():
                self.begun.append(item)
                while not self.stopping.is_set() and not self._try(item):
                    self._pause()
                if self.stopping.is_set():
                    return
        except Exception as problem:  # noqa: BLE001 (told to the test by check())
            self.problem = problem
            raise

    def _try(self, item):
        """One attempt; true if it was promised that the item is kept."""
        self.attempt += 1
        try:
            kept = self.send(item)
        except BROKEN:
            if self.waiting is not None:
                self.lost.add(self.waiting)
            kept = False
            self.hang_up()
        self.waiting = None
        if kept:
            self.promised.append(item)
        return kept or kept is None

    def _pause(self):
        self.paused = True
        while not self.stopping.is_set() and not self.up.wait(0.2):
            pass
        self.paused = False

    def now_waiting(self):
        self.waiting = self.attempt

    def hang_up(self):
        pass

    def items(self):
        raise NotImplementedError

    def send(self, item):
        """True: kept.  None: this item shall not be tried again.  BROKEN or false: try again."""
        raise NotImplementedError


class Mailer(Client):
    """Sends mails from outside to `readers`, each fifth so large that its body is a file."""

    def __init__(self, name, up, stop, nestbox, readers, source):
        super().__init__(name, up, stop)
        self.nestbox, self.readers, self.source, self.smtp = nestbox, readers, source, None

    def items(self):
        number = 0
        while True:
            number += 1
            token = f"{self.name}-{number}"
            reader = self.readers[number % len(self.readers)]
            lines = 1500 if number % 5 == 0 else 1
            text = f"Mail {token}.\n" + lines * ("x" * 70 + "\n")
            mail = compose("carol@mail.test", reader.address, f"token {token}", text)
            yield token, "carol@mail.test", reader.address, mail.as_bytes(policy=email.policy.SMTP)

    def open(self):
        return connect(self.nestbox, 25, True, (self.source, 0))

    def hang_up(self):
        if self.smtp:
            self.smtp.close()
        self.smtp = None

    def send(self, item):
        _, sender, recipient, raw = item
        self.smtp = self.smtp or self.open()
        for code, words in (self.smtp.mail(sender), self.smtp.rcpt(recipient)):
            if code != 250:
                return self.refused(code, words)
        if self.smtp.docmd("DATA")[0] != 354:
            raise smtplib.SMTPException("no 354")
        self.smtp.send(smtplib._quote_periods(raw))
        self.now_waiting()
        self.smtp.send(b".\r\n")
        code, words = self.smtp.getreply()
        return True if code == 250 else self.refused(code, words)

    def refused(self, code, words):
        if code == -1 or 400 <= code < 500:
            raise smtplib.SMTPException(words)
        raise AssertionError(f"{self.name} was refused: {code} {words}")


class Poster(Mailer):
    """Posts to public@, thirty times from each author (the limit of an hour)."""

    def __init__(self, name, up, stop, nestbox, authors, source, each=30):
        super().__init__(name, up, stop, nestbox, authors, source)
        self.each, self.logged_in = each, None

    def items(self):
        for author in self.readers:
            self.hang_up()
            for number in range(self.each):
                self.logged_in = author
                token = f"{self.name}-{author.user}-{number}"
                mail = compose(author.address, author.word("public"), "", f"Post token {token}.\n")
                yield token, author.address, author.word("public"), mail.as_bytes(policy=email.policy.SMTP)

    def open(self):
        smtp = connect(self.nestbox, 587, True, (self.source, 0))
        smtp.login(self.logged_in.address, self.logged_in.password)
        return smtp


class Sender(Client):
    """Puts direct notes into the inboxes of `readers`, signed as one person at `peer`."""

    def __init__(self, name, up, stop, peer, readers):
        super().__init__(name, up, stop)
        self.peer, self.readers = peer, readers

    def items(self):
        number = 0
        while True:
            number += 1
            token, reader = f"{self.name}-{number}", self.readers[number % len(self.readers)]
            note = self.peer.make_note(
                f"<p>token {token}</p>", to=[reader.actor],
                tag=[{"type": "Mention", "href": reader.actor, "name": reader.handle}])
            yield token, f"{reader.actor}/inbox", self.peer.create(note), "bob"

    def send(self, item):
        _, inbox, activity, person = item
        status, answer = self.peer.post(inbox, activity, person, on_sent=self.now_waiting)
        if status == 202:
            return True
        if status in (429, 500, 503):
            return False
        raise AssertionError(f"{self.name} was refused: {status} {answer}")


class Follower(Sender):
    """Follows `readers`, each time as somebody new."""

    def items(self):
        number, key = 0, self.peer.key()
        while True:
            number += 1
            reader = self.readers[number % len(self.readers)]
            person = f"{self.name}-{number}"
            self.peer.people[person] = key  # one key for all of them: making keys is not what is tested
            yield person, f"{reader.actor}/inbox", self.peer.activity("Follow", reader.actor, person), person


class Crowd:
    """Everybody at once: two mailers, two posters, two senders of notes and one of follows."""

    def __init__(self, nestbox, judge, authors):
        self.up, self.stopping = threading.Event(), threading.Event()
        self.up.set()
        self.judge = judge
        self.readers = [nestbox.account(f"reader{number}@twin.test") for number in range(3)]
        self.authors = [nestbox.account(f"author{number}@twin.test") for number in range(authors)]
        for author in self.authors:
            judge.follow(author.handle)
        both = self.up, self.stopping
        self.mailers = [Mailer(f"mail{n}", *both, nestbox, self.readers, f"20.1.2.{n}") for n in (1, 2)]
        half = len(self.authors) // 2
        self.posters = [Poster("post1", *both, nestbox, self.authors[:half], "20.1.2.8"),
                        Poster("post2", *both, nestbox, self.authors[half:], "20.1.2.9")]
        self.senders = [Sender(f"note{n}", *both, judge, self.readers) for n in (1, 2)]
        self.followers = [Follower("fan", *both, judge, self.readers)]
        self.clients = [*self.mailers, *self.posters, *self.senders, *self.followers]

    def start(self):
        for client in self.clients:
            client.start()
        return self

    def stop(self):
        self.stopping.set()
        for client in self.clients:
            client.join(60)

    def count(self, blows):
        """How many of each were promised, after checking that each promise was kept, and none twice.  `blows`: when
        the server died."""
        inbox = counted(mail["subject"] for reader in self.readers for mail in reader.mails("INBOX"))
        fans = collections.Counter(follower["actor"].rsplit("/", 1)[1]
                                   for reader in self.readers for follower in reader.followers())
        posts = counted(post["text"] for author in self.authors for post in author.posts())
        totals = {"mails": kept("mail", self.mailers, inbox), "notes": kept("note", self.senders, inbox),
                  "follows": kept("fan", self.followers, fans), "posts": kept("post", self.posters, posts)}
        kept("post", self.posters, self._at_the_peer())
        self._check_repeats(blows)
        return ", ".join(f"{number} {what}" for what, number in totals.items())

    def _check_repeats(self, blows):
        """The peer heard the same again at most once for each death that lay between."""
        came = collections.defaultdict(list)
        for delivery in self.judge.deliveries.all(lambda delivery: delivery.verified):
            came[delivery.activity["id"]].append(delivery.came)
        for activity, times in came.items():
            between = [blow for blow in blows if min(times) - ON_THE_WAY <= blow <= max(times)]
            assert len(times) <= 1 + len(between), f"{activity} came {len(times)} times, with {len(between)} deaths"

    def _at_the_peer(self):
        """Under how many ids the peer saw each post."""
        ids = collections.defaultdict(set)
        for delivery in self.judge.deliveries.all(
                lambda delivery: delivery.verified and delivery.activity["type"] == "Create"):
            note = delivery.activity["object"]
            for token in counted([note["content"]]):
                ids[token].add(note["id"])
        return collections.Counter({token: len(known) for token, known in ids.items()})


def counted(texts):
    """How often each token stands in these texts."""
    return collections.Counter(found[1] for found in (re.search(r"token ([\w-]+)", text or "") for text in texts)
                               if found)


def kept(what, clients, times):
    """Each promised token is there once; none, promised or not, is there twice."""
    promised = [item[0] for client in clients for item in client.promised]
    assert promised, f"no {what} was ever promised"
    assert [token for token in promised if times[token] == 0] == [], f"{what}: promised and lost"
    twice = [token for token, count in times.items() if count > 1 and token.startswith(what)]
    assert twice == [], f"{what}: there more than once"
    return len(promised)


class Killer:
    """Kills the server again and again while clients are at work, and counts the blows that struck."""

    def __init__(self, nestbox, crowd, seed):
        self.nestbox, self.clients, self.up = nestbox, crowd.clients, crowd.up
        self.random = random.Random(seed)
        self.struck, self.blows = 0, []

    def blow(self):
        self.nestbox.kill()

    def mend(self):
        """What must be done before the server can start again."""

    def strike(self):
        """One blow at a random moment, best while an answer is outstanding; then a new start."""
        threading.Event().wait(self.random.uniform(0.05, 1.0))  # the moment is the input of this test
        until(lambda: any(client.waiting is not None for client in self.clients), "an answer being outstanding", 60)
        outstanding = [(client, client.waiting) for client in self.clients if client.waiting is not None]
        self.blow()
        self.up.clear()
        self.blows.append(time.monotonic())
        until(lambda: all(client.paused or not client.is_alive() for client in self.clients),
              "every client noticing", 60)
        self.check()
        self.struck += any(attempt in client.lost for client, attempt in outstanding)
        self.mend()
        self.nestbox.start()
        check_files(self.nestbox.data_dir)
        self.up.set()

    def check(self):
        for client in self.clients:
            if client.problem:
                raise client.problem
