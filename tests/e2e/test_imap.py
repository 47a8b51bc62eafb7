"""Mail programs read the store: IMAP by Python's imaplib, which takes every answer literally."""
import email
import imaplib
import re
import time
import zlib

import pytest

from laboratory.mailing import compose, connect, from_outside

PLAIN = "A quiet harbour, and the first boat is out.\r\n"


@pytest.fixture
def box(nest, person):
    """An account of the test's own, with three mails in INBOX."""
    owner = person("ida")
    for subject in ("One", "Two", "Three"):
        mail = compose("carol@mail.test", owner.address, subject, PLAIN, headers={"X-Mark": subject.lower()})
        assert from_outside(nest, "carol@mail.test", [owner.address], mail)[0] == 250
    return owner


def log_in(owner, port=993):
    if port == 993:
        imap = imaplib.IMAP4_SSL(owner.nestbox.hostname, 993, ssl_context=owner.nestbox.trust, timeout=60)
    else:
        imap = imaplib.IMAP4(owner.nestbox.hostname, 143, timeout=60)
        assert "LOGINDISABLED" in imap.capabilities
        imap.starttls(owner.nestbox.trust)
    assert good(imap.login(owner.address, owner.password))
    return imap


def good(answer):
    kind, data = answer
    assert kind == "OK", data
    return data or True


def numbers(answer):
    return [int(number) for number in good(answer)[0].split()]


@pytest.mark.parametrize("port", [993, 143])
def test_mails_are_listed_and_read(box, port):
    imap = log_in(box, port)
    assert good(imap.select("INBOX")) == [b"3"]
    whole = good(imap.fetch("2", "(RFC822.SIZE BODY.PEEK[])"))[0]
    mail = email.message_from_bytes(whole[1])
    assert mail["Subject"] == "Two" and mail["X-Mark"] == "two" and "harbour" in mail.get_payload()
    assert int(re.search(rb"RFC822.SIZE (\d+)", whole[0])[1]) == len(whole[1])
    assert b"\\Seen" not in b"".join(good(imap.fetch("2", "FLAGS")))
    text = good(imap.fetch("2", "(BODY[TEXT])"))[0][1]
    assert text.decode().strip() == PLAIN.strip()
    assert b"\\Seen" in b"".join(good(imap.fetch("2", "FLAGS"))), "reading without PEEK marks it"
    fields = good(imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT X-MARK)])"))
    assert [part[1] for part in fields if isinstance(part, tuple)] == [
        f"Subject: {name}\r\nX-Mark: {name.lower()}\r\n\r\n".encode() for name in ("One", "Two", "Three")]
    part = good(imap.fetch("1", "(BODY.PEEK[1]<2.5>)"))[0]
    assert part[1] == PLAIN[2:7].encode() and b"BODY[1]<2>" in part[0]
    shape = b"".join(good(imap.fetch("3", "(ENVELOPE BODYSTRUCTURE BODY INTERNALDATE)")))
    assert b'"Three" ((NIL NIL "carol" "mail.test"))' in shape and b'"text" "plain"' in shape
    imap.logout()


def test_flags_moves_and_expunges_are_seen_by_another_program(box):
    one, two = log_in(box), log_in(box)
    one.select("INBOX")
    two.select("INBOX")
    good(one.store("1", "+FLAGS", r"(\Flagged $Work)"))
    two.noop()
    assert b"\\Flagged $Work" in b"".join(good(two.fetch("1", "FLAGS")))
    good(one.create("Keep/Harbour"))
    assert good(one.uid("MOVE", "2", "Keep/Harbour"))
    two.noop()
    assert two.response("EXPUNGE")[1] == [b"2"]
    good(two.select("Keep/Harbour"))
    assert numbers(two.search(None, "SUBJECT", "Two")) == [1]
    good(one.store("1:*", "+FLAGS.SILENT", r"\Deleted"))
    good(one.expunge())
    assert good(one.select("INBOX")) == [b"0"]
    names = [line.decode() for line in good(one.list())]
    assert any(r'\Sent' in name and name.endswith('"Sent"') for name in names), names
    assert any(r"\HasChildren" in name and '"Keep"' in name for name in names), names
    assert box.nestbox.ask("mail", "list", box.address)[0]["mailbox"] == "Keep/Harbour"


def test_appended_copied_and_searched(box):
    imap = log_in(box)
    draft = compose(box.address, "dan@mail.test", "Entwürfe", "Noch nicht fertig.\n", headers={"X-A": "b"}).as_bytes()
    answer = good(imap.append("Drafts", r"(\Draft \Seen)", imaplib.Time2Internaldate(time.time()), draft))
    assert b"APPENDUID" in answer[0]
    assert good(imap.select("Drafts")) == [b"1"]
    assert good(imap.fetch("1", "BODY.PEEK[]"))[0][1] == draft
    imap.select("INBOX")
    assert b"COPYUID" in good(imap.copy("1,3", "Archive"))[0]
    assert good(imap.select("Archive")) == [b"2"]
    imap.select("INBOX")
    assert numbers(imap.search(None, "UNSEEN")) == [1, 2, 3]
    assert numbers(imap.search(None, "TEXT", "harbour", "NOT", "SUBJECT", "Two")) == [1, 3]
    assert numbers(imap.search(None, "(OR SUBJECT One SUBJECT Three) SINCE 1-Jan-2020")) == [1, 3]
    assert numbers(imap.search(None, "HEADER", "X-Mark", "two")) == [2]
    assert imap.append("Nowhere", "", None, draft)[0] == "NO"
    assert imap.copy("1", "Nowhere")[1][0].startswith(b"[TRYCREATE]")


def test_a_search_of_many_texts_finds_the_last(box):
    imap = log_in(box)
    for number in range(120):
        word = "needle" if number in (3, 119) else "straw"
        good(imap.append("Archive", "", None, compose(box.address, box.address, "Hay", word).as_bytes()))
    assert good(imap.select("Archive")) == [b"120"]
    assert numbers(imap.search(None, "TEXT", "needle")) == [4, 120]
    assert numbers(imap.search(None, "SUBJECT", "hay", "BODY", "needle", "120")) == [120]


def test_a_mail_that_comes_is_told_to_who_waits(box):
    imap = log_in(box)
    imap.select("INBOX")
    imap.send(b"x IDLE\r\n")
    assert imap.readline().startswith(b"+ ")
    mail = compose("carol@mail.test", box.address, "Four", PLAIN)
    assert from_outside(box.nestbox, "carol@mail.test", [box.address], mail)[0] == 250
    assert imap.readline() == b"* 4 EXISTS\r\n"
    imap.send(b"DONE\r\n")
    assert imap.readline().startswith(b"x OK")


def test_a_wrong_password_and_a_foreign_mailbox_are_refused(box):
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imaplib.IMAP4_SSL(box.nestbox.hostname, 993, ssl_context=box.nestbox.trust).login(box.address, "wrong")
    imap = log_in(box)
    assert imap.select("Nothing")[0] == "NO"
    assert imap.delete("INBOX")[0] == "NO"
    assert imap.create('"A*B"')[0] == "NO"
    good(imap.create("Grüße".encode("utf-7").replace(b"+", b"&").decode()))
    assert any("&APwA3w-" in line.decode() for line in good(imap.list()))


def test_notes_of_programs_stay_with_their_mailbox(box):
    imap = log_in(box)
    ask = lambda name, *arguments: good(imap.xatom(name, *arguments)) and imap.response("METADATA")[1]
    good(imap.create("Keep"))
    ask("SETMETADATA", "Keep", '(/private/comment "of the harbour")')
    assert ask("GETMETADATA", '""', "(/shared/vendor/deltachat/maxsmtprecipients)") == [
        b'"" (/shared/vendor/deltachat/maxsmtprecipients "100")']
    good(imap.rename("Keep", "Kept"))
    assert ask("GETMETADATA", "Kept", "/private/comment") == [b'"Kept" (/private/comment "of the harbour")']
    good(imap.delete("Kept"))
    assert good(imap.lsub('""', "Kept")) == [b'(\\Noselect) "/" "Kept"']  # deleted, and still subscribed (RFC 9051 6.3.7)
    assert imap.list('""', "Kept") == ("OK", [None]) and imap.select("Kept")[0] == "NO"
    good(imap.create("Kept"))
    assert good(imap.lsub('""', "Kept")) == [b'() "/" "Kept"']
    assert ask("GETMETADATA", "Kept", "(/private/comment)") == [b'"Kept" (/private/comment NIL)']
    imap.logout()


class Squeezed:
    """Under DEFLATE both ways: what imaplib needs of a socket and of its file."""

    def __init__(self, sock):
        self.sock, self.out, self.come = sock, zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
        self.text = b""

    def sendall(self, data):
        self.sock.sendall(self.out.compress(data) + self.out.flush(zlib.Z_SYNC_FLUSH))

    def fill(self):
        data = self.sock.recv(65536)
        assert data, "the connection ended"
        self.text += self.come.decompress(data)

    def readline(self, limit=None):
        while b"\n" not in self.text:
            self.fill()
        line, _, self.text = self.text.partition(b"\n")
        return line + b"\n"

    def read(self, size):
        while len(self.text) < size:
            self.fill()
        data, self.text = self.text[:size], self.text[size:]
        return data


def test_everything_goes_under_deflate(box):
    imap = log_in(box)
    assert "COMPRESS=DEFLATE" in imap.capability()[1][0].decode()
    good(imap.xatom("COMPRESS", "DEFLATE"))
    squeezed = Squeezed(imap.sock)
    imap.send, imap.read, imap.readline = squeezed.sendall, squeezed.read, squeezed.readline
    draft = b"Subject: Long\r\n\r\n" + b"".join(b"line %d of many\r\n" % i for i in range(60000))
    good(imap.append("Drafts", "", None, draft))
    good(imap.select("Drafts"))
    assert good(imap.fetch("1", "BODY.PEEK[]"))[0][1] == draft
    # A bomb: 4 MB of NOOPs in a few KB; each is answered, and the session goes on.
    imap.sock.settimeout(60)
    bomb = zlib.compressobj(wbits=-15)
    squeezed.sock.sendall(squeezed.out.compress(b"x NOOP\r\n" * 50000) + squeezed.out.flush(zlib.Z_SYNC_FLUSH))
    for _ in range(50000):
        assert squeezed.readline().startswith(b"x OK")
    assert numbers(imap.search(None, "ALL")) == [1]
    squeezed.sock.sendall(bomb.compress(b"y" * 10_000_000) + bomb.flush(zlib.Z_SYNC_FLUSH))
    with pytest.raises((AssertionError, OSError, zlib.error)):
        while True:
            squeezed.readline()


def test_mails_are_sorted_and_threaded(box):
    imap = log_in(box)
    for number, (sender, subject, day, headers) in enumerate((
            ("zoe@mail.test", "Harbour", 3, {}), ("adam@mail.test", "=?utf-8?q?=C3=84pfel?=", 1, {}),
            ("mia@mail.test", "Re: harbour", 4, {"In-Reply-To": "<h0@mail.test>", "References": "<h0@mail.test>"}),
            ("bob@mail.test", "[list] Fwd: Else", 2, {"References": "<h0@mail.test> <h2@mail.test>"}))):
        fields = {"From": sender, "To": box.address, "Subject": subject, "Message-ID": f"<h{number}@mail.test>",
                  "Date": f"{day} Nov 2026 08:00:00 +0000", **headers}
        text = "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\nText\r\n" + "y" * number
        good(imap.append("Archive", "", None, text.encode()))
    good(imap.select("Archive"))
    order = lambda what: numbers(imap.sort(f"({what})", "UTF-8", "ALL"))
    assert order("DATE") == [2, 4, 1, 3] and order("REVERSE DATE") == [3, 1, 4, 2]
    assert order("FROM") == [2, 4, 3, 1] and order("SUBJECT REVERSE SIZE") == [4, 3, 1, 2]
    extended = lambda what, *how: (good(imap._simple_command("SORT", f"RETURN ({what})", *how, "UTF-8", "ALL")),
                                   imap.response("ESEARCH")[1][0].partition(b")")[2])[1]
    assert " ESORT " in imap.capability()[1][0].decode()
    assert extended("", "(REVERSE DATE)") == b" ALL 3,1,4,2" and extended("ALL", "(ARRIVAL)") == b" ALL 1:4"
    assert extended("MIN MAX COUNT", "(DATE)") == b" MIN 2 MAX 3 COUNT 4"
    assert extended("MIN SAVE", "(FROM)") == b" MIN 2"
    assert good(imap.fetch("$", "(UID)"))[0].startswith(b"2 (UID ")
    assert good(imap.thread("REFERENCES", "UTF-8", "ALL")) == [b"(2)(1 3 4)"]
    assert good(imap.thread("ORDEREDSUBJECT", "UTF-8", "NOT", "FROM", "adam")) == [b"(4)(1 3)"]


def test_a_move_within_one_mailbox_ends_and_is_told(box):
    """More than one slice of it, and with a set that takes in whatever comes behind."""
    imap = log_in(box)
    count = int(good(imap.select("INBOX"))[0])
    while count <= 500:
        good(imap.copy("1:*", "INBOX"))
        count *= 2
        assert int(imap.untagged_responses["EXISTS"][-1]) == count
    imap.untagged_responses.clear()
    good(imap.uid("MOVE", "1:4294967295", "INBOX"))
    gone, there = imap.untagged_responses["EXPUNGE"], imap.untagged_responses["EXISTS"]
    assert len(gone) == count and int(there[-1]) == count
    assert numbers(imap.search(None, "ALL")) == list(range(1, count + 1))


def test_binary_of_an_unknown_coding_is_refused(box):
    """RFC 3516 4.3; what can be decoded is told all the same."""
    imap = log_in(box)
    mail = b"From: a@mail.test\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nxx\r\n"
    good(imap.append("INBOX", None, None, mail))
    good(imap.select("INBOX"))
    for item in "BINARY.PEEK[1]", "BINARY.SIZE[1]":
        kind, data = imap.fetch("3:4", f"({item})")
        assert kind == "NO" and data[0].startswith(b"[UNKNOWN-CTE]"), data
        assert b"3 (BINARY" in str(imap.untagged_responses).encode()
        imap.untagged_responses.clear()
    assert b"xx" in good(imap.fetch("4", "(BODY.PEEK[1])"))[0][1]


def test_what_removal_would_free_is_told(box):
    """RFC 9208 5.2."""
    imap = log_in(box)
    good(imap.select("INBOX"))
    size = int(re.search(rb"RFC822.SIZE (\d+)", good(imap.fetch("2", "(RFC822.SIZE)"))[0])[1])
    assert b"DELETED-STORAGE 0)" in good(imap.status("INBOX", "(DELETED-STORAGE)"))[0]
    good(imap.store("2", "+FLAGS", r"(\Deleted)"))
    assert b"DELETED-STORAGE %d)" % size in good(imap.status("INBOX", "(DELETED-STORAGE)"))[0]


def end_of_sessions(nest, box, *command):
    """Who took the password sees and sends nothing more with it, whatever they are at; a mail on its way is finished."""
    idle, idler, rests = log_in(box), log_in(box), log_in(box)
    for imap in idle, idler:
        good(imap.select("INBOX"))
    tag = idler._new_tag()
    idler.send(tag + b" IDLE\r\n")
    assert idler.readline().startswith(b"+ ")
    resting, sending = connect(nest, 465), connect(nest, 465)
    for smtp in resting, sending:
        smtp.login(box.address, box.password)
    sending.mail(box.address)
    sending.rcpt(box.address)
    assert sending.docmd("DATA")[0] == 354
    nest.cli("account", *command, input="another good one\n")
    for imap in idle, idler, rests:
        assert imap.readline().startswith(b"* BYE "), "the session goes on"
    assert resting.getreply()[0] == 421, "the session goes on"
    sending.send(b"From: <" + box.address.encode() + b">\r\n\r\nThe last.\r\n.\r\n")
    last = sending.getreply()
    assert sending.getreply()[0] == 421, "the session takes a second mail"
    for smtp in resting, sending:
        smtp.close()
    with pytest.raises(imaplib.IMAP4.error):
        log_in(box)
    return last[0]


def test_a_new_password_ends_all_sessions(nest, box):
    assert end_of_sessions(nest, box, "password", box.address, "--password-stdin") == 250
    box.password = "another good one"
    log_in(box).logout()


def test_the_end_of_an_account_ends_all_sessions(nest, box):
    end_of_sessions(nest, box, "remove", box.address, "--yes")


@pytest.mark.parametrize("question", ["IDLE", "NOOP", "FETCH 1:* FLAGS", "SEARCH ALL", r"STORE 1 +FLAGS (\Seen)", "COPY 1 INBOX"])
def test_a_mailbox_deleted_while_it_is_open_is_told(box, question):
    asks, deletes = log_in(box), log_in(box)
    good(asks.create("Passing"))
    good(asks.select("INBOX"))
    good(asks.copy("1:2", "Passing"))
    good(asks.select("Passing"))
    if question == "IDLE":
        asks.send(b"x IDLE\r\n")
        assert asks.readline().startswith(b"+ ")
    good(deletes.delete("Passing"))
    good(deletes.create("Passing"))
    if question != "IDLE":
        asks.send(b"x " + question.encode() + b"\r\n")
    heard = []
    while not (heard and heard[-1].startswith(b"* BYE ")):
        heard.append(asks.readline())
        assert heard[-1], f"it ended without a word behind {heard}"
    for line in heard[:-1]:
        assert re.match(rb"\* [12] EXPUNGE|x (NO \[NONEXISTENT\]|OK Nothing done)", line), line
    assert asks.readline() == b""
    again = log_in(box)
    assert good(again.select("Passing")) == [b"0"]
    good(again.delete("Passing"))  # who does it himself goes on
    assert good(again.noop())
    good(again.select("INBOX"))
