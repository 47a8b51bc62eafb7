"""An IMAP client that believes what it is told and nothing else: it keeps a view of the selected mailbox by untagged
responses, as a mail program with a cache does (RFC 9051 7, RFC 7162)."""
import base64
import hashlib
import hmac
import itertools
import os
import re
import socket

TIMEOUT_S = 30
LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
FETCHED = re.compile(rb"^(\d+) FETCH \((.*)\)\r\n$", re.DOTALL)


class Refused(AssertionError):
    """A command was answered by NO or BAD."""


class Gone(AssertionError):
    """The server hung up."""


def uids_in(text):
    """"1:3,7" as a list."""
    found = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


def set_of(numbers):
    """A list of numbers as IMAP writes it."""
    return ",".join(str(number) for number in sorted(numbers))


def _mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


class Scram:
    """The words of SCRAM-SHA-256 (RFC 7677).  What a password and its salt make is kept, as mail programs do, so that
    many log-ins cost neither side much."""

    keys = {}

    def __init__(self, user, password):
        self.password = password
        self.bare = f"n={user},r={base64.b64encode(os.urandom(12)).decode()}"
        self.first = base64.b64encode(f"n,,{self.bare}".encode()).decode()

    def final(self, answer):
        """`answer` is what stood behind "+ "."""
        answer = base64.b64decode(answer).decode()
        facts = dict(part.split("=", 1) for part in answer.split(","))
        key = self.key(facts["s"], int(facts["i"]))
        final = f"c=biws,r={facts['r']}"
        signed = f"{self.bare},{answer},{final}".encode()
        proof = bytes(a ^ b for a, b in zip(key, _mac(hashlib.sha256(key).digest(), signed)))
        return base64.b64encode(f"{final},p={base64.b64encode(proof).decode()}".encode()).decode()

    def key(self, salt, rounds):
        secret = (self.password, salt, rounds)
        if secret not in self.keys:
            salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(salt), rounds)
            self.keys[secret] = _mac(salted, b"Client Key")
        return self.keys[secret]


class Wire:
    """One connection: whole answers, with their literals."""

    def __init__(self, nestbox, source="20.1.0.6", port=993):
        self.socket = socket.create_connection((nestbox.hostname, port), TIMEOUT_S, (source, 0))
        if port != 143:
            self.socket = nestbox.trust.wrap_socket(self.socket, server_hostname=nestbox.hostname)
        self.unread, self.tags = b"", itertools.count(1)
        self.heard = []  # for whoever reads a failure
        self.greeting = self.answer()

    def more(self):
        got = self.socket.recv(65536)
        if not got:
            raise Gone("the server hung up")
        self.unread += got

    def line(self):
        while b"\r\n" not in self.unread:
            self.more()
        line, _, self.unread = self.unread.partition(b"\r\n")
        return line + b"\r\n"

    def octets(self, count):
        while len(self.unread) < count:
            self.more()
        octets, self.unread = self.unread[:count], self.unread[count:]
        return octets

    def answer(self):
        """One response; a literal stands in it as it came."""
        whole = self.line()
        while found := LITERAL.search(whole):
            whole += self.octets(int(found[1])) + self.line()
        self.heard.append(whole)
        return whole

    def begin(self, command):
        tag = f"t{next(self.tags)}"
        self.heard.append(("C", tag, command))
        self.socket.sendall(f"{tag} {command}\r\n".encode())
        return tag.encode()

    def end(self, tag, untagged):
        """Hears until `tag` is answered; gives (OK, NO or BAD, the words)."""
        while True:
            line = self.answer()
            if line.startswith(tag + b" "):
                kind, _, words = line[len(tag) + 1:].decode().strip().partition(" ")
                return kind, words
            untagged(line)

    def close(self):
        self.socket.close()


class Client:
    """One session with a mailbox open.  `kind` is "plain", "condstore" or "qresync"; the view outlives connections."""

    def __init__(self, owner, kind="plain", mailbox="INBOX", source="20.1.0.6"):
        self.owner, self.kind, self.mailbox, self.source = owner, kind, mailbox, source
        self.uids, self.flags, self.modseqs = [], {}, {}  # number n is uids[n - 1]; None: not asked for yet
        self.validity = self.highest = None  # the highest of which all below is known
        self.heard_highest = 0
        self.searched = None
        self.resyncing = None  # what SELECT with QRESYNC told
        self.no_expunge = False  # a command runs during which none may come
        self.wire = None
        self.connect()

    # its connection

    def connect(self):
        self.wire = Wire(self.owner.nestbox, self.source)
        self.log_in()
        if self.kind == "qresync":
            self.command("ENABLE QRESYNC")
        self.select()

    def log_in(self):
        scram = Scram(self.owner.address, self.owner.password)
        tag = self.wire.begin(f"AUTHENTICATE SCRAM-SHA-256 {scram.first}")
        for answer in (scram.final, lambda _: ""):
            self.wire.socket.sendall(answer(self.wire.answer()[2:]).encode() + b"\r\n")
        assert self.wire.end(tag, self.untagged)[0] == "OK"

    def cut(self):
        """The network goes; nothing is said."""
        self.wire.close()

    def close(self):
        self.command("LOGOUT")
        self.wire.close()

    def command(self, command):
        """Gives the words behind OK."""
        kind, words = self.wire.end(self.wire.begin(command), self.untagged)
        if kind != "OK":
            raise Refused(f"{command}: {kind} {words}")
        return words

    # what it is told

    def untagged(self, line):
        if not line.startswith(b"* "):
            return
        line = line[2:]
        if found := FETCHED.match(line):
            self.on_fetch(int(found[1]), found[2].decode("latin-1"))
        elif found := re.match(rb"(\d+) EXISTS", line):
            self.on_exists(int(found[1]))
        elif found := re.match(rb"(\d+) EXPUNGE", line):
            self.on_expunge(int(found[1]))
        elif found := re.match(rb"VANISHED( \(EARLIER\))? (\S+)", line):
            self.on_vanished(uids_in(found[2].decode()), bool(found[1]))
        elif found := re.match(rb"OK \[HIGHESTMODSEQ (\d+)\]", line):
            self.heard_highest = max(self.heard_highest, int(found[1]))
        elif found := re.match(rb"OK \[UIDVALIDITY (\d+)\]", line):
            self.validity = int(found[1])
        elif found := re.match(rb"SEARCH\b([\d ]*)", line):
            self.searched = [int(word) for word in found[1].split()]

    def on_exists(self, count):
        if self.resyncing is not None:
            self.resyncing["exists"] = count
            return
        assert count >= len(self.uids), "EXISTS made the mailbox smaller"
        self.uids += [None] * (count - len(self.uids))

    def on_expunge(self, number):
        assert not self.no_expunge, "EXPUNGE during a command in which numbers must stay"
        assert self.kind != "qresync", "EXPUNGE where VANISHED was enabled"
        self.forget(self.uids.pop(number - 1))

    def on_vanished(self, uids, earlier):
        assert self.kind == "qresync"
        if self.resyncing is not None and earlier:
            self.resyncing["vanished"] += uids
            return
        assert not self.no_expunge and not earlier
        for uid in uids:
            self.uids.pop(self.place_of(uid))
            self.forget(uid)

    def place_of(self, uid):
        """Where it stands, or one of those that were told and not asked for yet, where it would stand."""
        if uid in self.uids:
            return self.uids.index(uid)
        below = max((place for place, other in enumerate(self.uids) if other and other < uid), default=-1)
        assert self.uids[below + 1:below + 2] == [None], f"{uid} vanished, which the client never had"
        return below + 1

    def forget(self, uid):
        self.flags.pop(uid, None)
        self.modseqs.pop(uid, None)

    def on_fetch(self, number, items):
        uid = re.search(r"\bUID (\d+)", items)
        flags = re.search(r"\bFLAGS \(([^)]*)\)", items)
        modseq = re.search(r"\bMODSEQ \((\d+)\)", items)
        if self.resyncing is not None:
            uid = int(uid[1])
            self.resyncing["fetched"].append((number, uid))
        else:
            assert number <= len(self.uids), f"FETCH of {number}, and there are {len(self.uids)}"
            known = self.uids[number - 1]
            assert not (known and uid) or known == int(uid[1]), f"{number} is {known}, and was told as {uid[1]}"
            uid = self.uids[number - 1] = int(uid[1]) if uid else known
        if flags and uid:
            self.flags[uid] = frozenset(flags[1].split())
        if modseq:
            self.heard_highest = max(self.heard_highest, int(modseq[1]))
            if uid:
                self.modseqs[uid] = int(modseq[1])

    # what it does

    def select(self, known_uids=True):
        """Opens the mailbox: with what it remembers, if it may (QRESYNC), else anew."""
        remembers = self.kind == "qresync" and self.highest is not None
        self.heard_highest = 0
        if not remembers:
            self.uids, self.flags, self.modseqs = [], {}, {}
            self.command(f"SELECT {self.mailbox}" + (" (CONDSTORE)" if self.kind != "plain" else ""))
        else:
            self.resync(known_uids)
        self.highest = self.heard_highest
        self.fetch_new()

    def resync(self, known_uids):
        """A cache is brought up to date by what SELECT tells: not one message is asked for."""
        known = [uid for uid in self.uids if uid]
        validity, self.resyncing = self.validity, {"exists": None, "vanished": [], "fetched": []}
        given = f" {set_of(known)}" if known_uids and known else ""
        self.command(f"SELECT {self.mailbox} (QRESYNC ({validity} {self.highest}{given}))")
        told, self.resyncing = self.resyncing, None
        assert self.validity == validity, "UIDVALIDITY changed"
        for uid in told["vanished"]:
            self.forget(uid)
        self.uids = sorted((set(known) - set(told["vanished"])) | {uid for _, uid in told["fetched"]})
        assert len(self.uids) == told["exists"], (known, told)
        for number, uid in told["fetched"]:
            assert self.uids[number - 1] == uid

    def fetch_new(self):
        if None in self.uids:
            first = self.uids.index(None) + 1
            self.no_expunge = True
            self.command(f"FETCH {first}:{len(self.uids)} (UID FLAGS{' MODSEQ' if self.kind != 'plain' else ''})")
            self.no_expunge = False

    def noop(self):
        """Afterwards it knows all that was committed before.  What a FETCH tells does not count for that: an EXPUNGE
        from before may still wait behind it."""
        self.command("NOOP")
        while None in self.uids:
            self.fetch_new()
            self.command("NOOP")
        self.highest = self.heard_highest

    def view(self):
        return {uid: self.flags.get(uid) for uid in self.uids}
