"""A word that nobody can know, sent by every way there is, and the search for it in what lies on a disk."""
import base64
import binascii
import email.policy
import imaplib
import re
import secrets
import string
import zlib

from .key_desk import claim, claim_in_clear
from .mailing import compose, connect, from_outside, submit

# Too long for the memory of a body that arrives, so that it is written to disk at once.
FILLER = "So it goes, line by line.\r\n" * 4000
ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
INFLATED_MAX, FOUND_MAX = 1 << 20, 12


def new_word():
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32))


def forms(word):
    """How the word may look."""
    raw = word.encode()
    yield "as it is", raw
    for shift in range(3):  # only what does not depend on what stands before and behind
        text = base64.b64encode(b"\0" * shift + raw)
        yield f"base64, {shift} behind", text[(8 * shift + 5) // 6:len(text) // 4 * 4 - 4]
    yield "hex", binascii.hexlify(raw)
    yield "HEX", binascii.hexlify(raw).upper()
    yield "quoted-printable", quoted(raw)
    yield "UTF-16", word.encode("utf-16-le")
    yield "UTF-16 too", word.encode("utf-16-be")


def quoted(raw):
    return b"".join(b"=%02X" % octet for octet in raw)


def find(data, word):
    """What was found, in words: the form, the place, what stands behind it; what stands there often is told once."""
    found = {}
    for name, form in forms(word):
        at, most = data.find(form), len(found) + FOUND_MAX
        while at >= 0 and len(found) < most:
            found.setdefault((name, bytes(data[at + len(form):at + len(form) + 24])), at)
            at = data.find(form, at + 1)
    return [f"{name} at {at}, before {behind!r}" for (name, behind), at in found.items()]


def find_in_file(path, word):
    """Nothing in one that is gone by now: a server that runs removes what it needs no longer."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    found = find(data, word)
    for start in ZLIB.finditer(data):
        found += [f"inflated from {start.start()}: {line}" for line in find(inflate(data, start.start()), word)]
    return [f"{path.name}: {line}" for line in found]


def inflate(data, at):
    out = b""
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        while len(out) < INFLATED_MAX and not unzip.eof and at < len(data):
            out += unzip.decompress(data[at:at + 4096], INFLATED_MAX)
            at += 4096
    except zlib.error:
        pass
    return out


class Canary:
    """Sends the word to `people` of the server in every way; each place has a mark of its own behind the word."""

    def __init__(self, server, people, judge):
        self.server, self.people, self.judge, self.word = server, people, judge, new_word()
        self.ways = []

    def mark(self, way, place):
        return f"{self.word}.{way}.{place}"

    def mail(self, way, sender, to, filler=""):
        mail = compose(sender, to, self.mark(way, "subject"), self.mark(way, "text") + "\r\n" + filler)
        # A picture by its name alone: a post takes no other attachment.
        mail.add_attachment(self.mark(way, "base64").encode(), "application", "x-canary",
                            filename=self.mark(way, "name.bin"))
        mail.add_attachment(self.mark(way, "printable") + " é\n", subtype="x-canary", charset="utf-8",
                            cte="quoted-printable")
        raw = mail.as_bytes(policy=email.policy.SMTP)
        coded = self.mark(way, "printable")[:32].encode()
        return raw.replace(coded + b".%s.printable" % way.encode(), quoted(coded))

    def fly(self):
        for one in self.people:
            for size, filler in self.sizes(one):
                self._at_the_desk(one, size, filler)
                self._by_mail(one, size, filler)
            self._by_imap(one)
            self._by_activities(one)
            self._write_away(one)
        return self

    def sizes(self, one):
        """Of the mails to them; what is on its way to disk lies there in one form for all."""
        return (("small", ""), ("large", FILLER))[:2 if one in self.people[:2] else 1]

    def _took(self, way, code, wanted=250):
        assert code == wanted, (way, code)
        self.ways.append(way)

    def _by_mail(self, one, size, filler):
        stranger, address = "carol@judge.test", one.address

        def send(way, sender, to):
            return from_outside(self.server, sender, [to], self.mail(f"{way}-{size}", stranger, to, filler))[0]

        self._took("relayed", send("relayed", stranger, address))
        self._took("bounce", send("bounce", "<>", address))
        self._took("refused", send("refused", stranger, one.word("public")), 550)
        for way, to in (("submitted", address), ("outgoing", stranger)):
            raw = self.mail(f"{way}-{size}", address, to, filler)
            self._took(way, submit(one, raw, [to])[0])
        self._in_chunks(self.mail(f"chunks-{size}", stranger, address, filler), stranger, address)
        self._cut_off(self.mail(f"cut-{size}", stranger, address, filler), stranger, address)

    def _at_the_desk(self, one, size, filler):
        """What brings no key is refused; a key comes in clear, and in what the desk itself must open, six times a day."""
        desk = f"claim@{one.domain}"
        self._took("desk, no key", submit(one, self.mail(f"desk-{size}", one.address, desk, filler), [desk])[0], 550)
        if not one.ring:
            return
        words, wanted = self.mark(f"claim-{size}", "text"), 250 if next(one.claims) < 6 else 550
        if filler:
            code, _ = claim(one, one.ring, one.ring, f"{words}\r\n{filler}")
        else:
            code, _ = claim_in_clear(one, one.ring, self.mark(f"claim-{size}", "subject"), f"{words}\n")
        self._took("desk", code, wanted)

    def _in_chunks(self, raw, sender, to):
        with connect(self.server, 25) as smtp:
            smtp.mail(sender)
            smtp.rcpt(to)
            half = len(raw) // 2
            for chunk, last in ((raw[:half], ""), (raw[half:], " LAST")):
                smtp.send(f"BDAT {len(chunk)}{last}\r\n".encode() + chunk)
                code, _ = smtp.getreply()
        self._took("chunks", code)

    def _cut_off(self, raw, sender, to):
        """In the middle of DATA, when what came is with the server for sure: it has answered a NOOP since."""
        smtp = connect(self.server, 25)
        smtp.mail(sender)
        smtp.rcpt(to)
        smtp.docmd("DATA")
        smtp.send(raw)
        smtp.close()
        with connect(self.server, 25) as other:
            assert other.noop()[0] == 250
        self.ways.append("cut off")

    def _by_imap(self, one):
        imap = imaplib.IMAP4_SSL(self.server.hostname, 993, ssl_context=self.server.trust)
        imap.login(one.address, one.password)
        for size, filler in self.sizes(one):
            raw = self.mail(f"append-{size}", one.address, "carol@judge.test", filler)
            assert imap.append("Drafts", None, None, raw)[0] == "OK"
        assert imap.xatom("SETMETADATA", "Drafts", f'(/private/comment "{self.mark("metadata", "value")}")')[0] == "OK"
        imap.logout()
        self.ways += ["append", "metadata"]

    def knock(self, browser, device):
        """As strangers, where the owner is asked first; they are refused in words, by every way of answering.  `browser`
        makes one that knows forms, signed in if it is given an account; `device` registers one of theirs that is to be
        told, at an address which is a secret of its owner's, and answers nobody."""
        ways = self._by_command, self._by_reply, self._by_page, self._by_list, None, None, None  # the last wait unseen
        for one in self.people:
            self._took("push", device(one, f"https://push.test/{self.mark('push', 'path')}?{self.mark('push', 'query')}"), 200)
            for way in ways if one is self.people[0] else ways[:2]:
                stranger = f"knock{len(self.ways)}@mail.test"
                mail = self.mail("knock", stranger, one.address)
                self._took("knock", from_outside(self.server, stranger, [one.address], mail)[0] in (250, 450), True)
                if way:
                    way(one, stranger, browser)
            self._by_notes(one)
            self._at_forms(one, browser)
        return self

    def _notice(self, one):
        """Where their mail program looks: in INBOX, if that is a chat program."""
        row = next(row for mailbox in ("Contacts/New", "INBOX") for row in reversed(one.mails(mailbox))
                   if "+contact@" in row["from"])
        return row["from"].split("<")[-1].rstrip(">"), one.reads(one.show(row))

    def _by_command(self, one, stranger, _):
        self.server.cli("contact", "refuse", one.address, stranger, "--say", self.mark("command", "words"))
        self.server.cli("contact", "import", one.address, input=self.server.cli("contact", "export", one.address))
        self.ways.append("command line")

    def _by_reply(self, one, _stranger, _browser):
        robot, _ = self._notice(one)
        answer = compose(one.address, robot, self.mark("reply", "subject"), f"refuse: {self.mark('reply', 'words')}\n")
        self._took("reply", submit(one, answer)[0])

    def _by_page(self, one, _, browser):
        path = re.search(rf"https://{one.domain}(/contacts/\w+)", self._notice(one)[1])[1]
        visitor = browser(None)
        assert visitor.get(path) == 200 and visitor.post(path, answer="refuse", words=self.mark("page", "words")) == 200
        self.ways.append("page of a request")

    def _by_list(self, one, stranger, browser):
        owner = browser(one)
        [number] = [row["id"] for row in self.server.ask("contact", "list", one.address) if row["person"] == stranger]
        path = f"/contacts/person/{number}"
        assert owner.get(path) == 200 and owner.post(path, answer="refuse", words=self.mark("list", "words")) == 303
        assert owner.get("/keys") == 200
        owner.post("/keys", key=self.mark("list", "key"))
        assert "Give this key" in owner.html or owner.status >= 400
        self.ways += ["page of an owner", "form for a key"]

    def _by_notes(self, one):
        """Held unseen; one is welcomed then, one refused in words."""
        for number, answer in enumerate((None, ["welcome"], ["refuse", "--say", self.mark("note", "words")])):
            name, actor = f"knock{len(self.ways)}x{number}", one.actor
            self.judge.names[name] = self.mark("knock", "name")
            note = self.judge.make_note(f"<p>{self.mark('knock', 'note')}</p>", name, to=[actor],
                                        summary=self.mark("knock", "warning"))
            self._took("knocking note", self.judge.post(f"{actor}/inbox", self.judge.create(note, name), name)[0], 202)
            if answer:
                self.server.cli("contact", answer[0], one.address, f"@{name}@{self.judge.host}", *answer[1:])

    def _at_forms(self, one, browser):
        """Where anybody may type, and what a device tells of itself."""
        visitor = browser(None)
        assert visitor.get("/sign-in") == 200 and visitor.post("/sign-in", address=self.mark("form", "address")) == 200
        visitor.get(f"/@{one.user}")
        assert visitor.post(f"/@{one.user}/subscribe", address=self.mark("form", "no address")) >= 400
        assert visitor.get(f"/{self.mark('form', 'path')}?{self.mark('form', 'query')}") == 404
        self.ways += ["form", "path"]

    def _write_away(self, one):
        """Posts and notes of one's own that are not public: on their way, and kept as text."""
        friend = f"carol={self.judge.host}@{one.domain}"
        for way, to in (("followers", one.word("followers")), ("direct out", friend)):
            post = compose(one.address, to, f"CW: {self.mark(way, 'warning')}", self.mark(way, "text"))
            self._took(way, submit(one, post)[0])

    def _by_activities(self, one):
        judge, actor = self.judge, one.actor
        name, notes = f"canary{len(self.ways)}", {}
        judge.names[name] = self.mark("actor", "name")
        for way, to, more in (
                ("note", ["https://www.w3.org/ns/activitystreams#Public"], {}), ("direct", [actor], {}),
                ("poll", [actor], {"type": "Question", "oneOf": [
                    {"type": "Note", "name": self.mark("poll", "answer"), "replies": {"totalItems": 1}}]})):
            note = notes[way] = judge.make_note(
                f"<p>{self.mark(way, 'text')}</p>", name, to=to, cc=[actor], summary=self.mark(way, "warning"),
                tag=[{"type": "Mention", "href": actor, "name": one.handle}],
                attachment=[{"type": "Document", "mediaType": "image/png", "url": f"https://judge.test/{name}.png",
                             "name": self.mark(way, "alt")}], **more)
            status, words = judge.post(f"{actor}/inbox", judge.create(note, name), name)
            assert status == 202, (way, status, words)
            self.ways.append(way)
        edited = {**notes["direct"], "content": f"<p>{self.mark('edit', 'text')}</p>", "updated": "2026-11-22T09:30:00Z"}
        judge.names[name] = self.mark("actor", "later name")
        for thing in (edited, judge.actor_document(name)):
            self._took("update", judge.post(f"{actor}/inbox", judge.activity("Update", thing, name, to=[actor]), name)[0], 202)
