"""A day with three mail programs on one account: mbsync with a Maildir, mutt on a screen, Python's imaplib.  They flag, copy,
move, delete and search; a mail comes, the network goes and comes back, the server starts anew.  In the evening each of
them and the server list the same."""
import email
import imaplib
import os
import re
import subprocess
import time

import pytest

from laboratory.cable import Cable
from laboratory.imap import Client
from laboratory.mailing import compose, from_outside
from laboratory.terminal import Terminal
from laboratory.wait import TookTooLong

MAILS = int(os.environ.get("NESTBOX_DAY_MAILS", "300"))
OUTAGE_S = int(os.environ.get("NESTBOX_OUTAGE", "0"))  # of silence; 0: connections are cut
LETTERS = {"S": r"\Seen", "R": r"\Answered", "F": r"\Flagged"}  # of those flags that each of them keeps
PATIENCE_S = 120

MBSYNCRC = """
FSync no

IMAPAccount twin
Host mx.twin.test
Port 993
User {address}
Pass "{password}"
SSLType IMAPS
CertificateFile {ca}
Timeout 20

IMAPStore far
Account twin

MaildirStore near
Path {maildir}/
Inbox {maildir}/INBOX
SubFolders Verbatim

Channel day
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
"""

MUTTRC = """
set folder="imaps://mx.twin.test/" spoolfile="imaps://mx.twin.test/INBOX"
set imap_user="{address}" imap_pass="{password}" ssl_ca_certificates_file={ca}
set imap_idle=yes imap_condstore=yes imap_qresync=yes header_cache={cache} timeout=1 mail_check=1 imap_poll_timeout=20
set quit=yes delete=yes move=no copy=no confirmappend=no confirmcreate=no mark_old=no wait_key=no sleep_time=0 beep=no
set mbox_type=Maildir sort=mailbox-order index_format="%Z %s" status_format="%f has %m mails" help=no
"""


@pytest.fixture
def house(twin):
    """A server whose IMAP is reached over a cable."""
    server = twin({"listen": {"imaps": "{address}:1993"}}).start()
    server.cable = Cable((server.address, 993), (server.address, 1993))
    yield server
    server.cable.cut()


def mail_of(number):
    return (f"From: carol@mail.test\r\nTo: reader@twin.test\r\nSubject: M{number:04} of the day\r\n"
            f"Message-ID: <{number}@day.test>\r\nDate: Sun, 22 Nov 2026 08:00:00 +0000\r\n\r\nWords {number}.\r\n")


def fill(owner, mails):
    client = Client(owner)
    numbers = list(range(mails))
    while numbers:
        now, numbers = numbers[:50], numbers[50:]
        client.command("APPEND INBOX " + " ".join(f"{{{len(mail_of(n))}+}}\r\n{mail_of(n)}" for n in now))
    client.close()


def deliver(house, owner, subject):
    mail = compose("carol@mail.test", owner.address, subject, "Hello.\n")
    assert from_outside(house, "carol@mail.test", [owner.address], mail)[0] == 250


def triple(folder, head, flags):
    return folder, email.message_from_bytes(head)["Message-ID"], frozenset(flags) & frozenset(LETTERS.values())


class Mbsync:
    def __init__(self, owner, ca, folder):
        self.maildir, self.config = folder / "Maildir", folder / "mbsyncrc"
        self.maildir.mkdir(parents=True)
        self.config.write_text(MBSYNCRC.format(address=owner.address, password=owner.password, ca=ca, maildir=self.maildir))

    def begin(self):
        return subprocess.Popen(["mbsync", "-c", str(self.config), "day"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def sync(self):
        words = (process := self.begin()).communicate(timeout=PATIENCE_S)[0].decode()
        assert process.returncode == 0, words

    def mails(self, folder):
        return {file.name: file for part in ("cur", "new") for file in (self.maildir / folder / part).iterdir()}

    def find(self, folder, number):
        return next(file for file in self.mails(folder).values() if f"<{number}@day.test>" in file.read_text())

    def flag(self, file, letters):
        """As a mail program does: the name says it (S is seen, R answered, F flagged)."""
        name = re.sub(r":2,.*", "", file.name) + f":2,{letters}"
        return file.rename(file.parent.parent / "cur" / name)

    def triples(self):
        for folder in {path.parent for path in self.maildir.rglob("cur")}:
            name = str(folder.relative_to(self.maildir))
            for file in self.mails(name).values():
                letters = file.name.partition(":2,")[2]
                yield triple(name, file.read_bytes(), {LETTERS.get(letter) for letter in letters})


class Mutt:
    def __init__(self, owner, ca, folder):
        folder.mkdir()
        self.config, self.folder = folder / "muttrc", folder
        self.config.write_text(MUTTRC.format(address=owner.address, password=owner.password, ca=ca, cache=folder / "cache"))
        self.words = ["mutt", "-n", "-F", str(self.config)]

    def open(self):
        return Terminal(self.words)

    def triples(self, folders):
        """It copies each folder that has mails to a Maildir of its own; its names tell the flags."""
        for serial, folder in enumerate(folders):
            copy = self.folder / f"copy{time.monotonic_ns()}-{serial}"
            keys = f"<tag-pattern>~A<enter><tag-prefix><copy-message>^U{copy}<enter><quit>"
            screen = Terminal([*self.words, "-f", f"={folder}", "-e", f'push "{keys}"'])
            assert screen.finish(PATIENCE_S) == 0
            for part in ("cur", "new"):
                for file in (copy / part).iterdir():
                    letters = file.name.partition(":2,")[2]
                    yield triple(folder, file.read_bytes(), {LETTERS.get(letter) for letter in letters})


class Imaplib:
    def __init__(self, owner):
        self.imap = imaplib.IMAP4_SSL(owner.nestbox.hostname, 993, ssl_context=owner.nestbox.trust, timeout=PATIENCE_S)
        self.ok("login", owner.address, owner.password)

    def ok(self, command, *arguments):
        kind, data = getattr(self.imap, command)(*arguments)
        assert kind == "OK", data
        return data

    def folders(self):
        found = [re.match(rb'\(([^)]*)\) "/" "?([^"]+)"?$', line) for line in self.ok("list")]
        return [match[2].decode() for match in found if rb"\Noselect" not in match[1]]

    def triples(self):
        for folder in self.folders():
            if self.ok("select", f'"{folder}"', True) == [b"0"]:
                continue
            fetched = self.ok("fetch", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
            for part in fetched:
                if isinstance(part, tuple):
                    flags = re.search(rb"FLAGS \(([^)]*)\)", part[0])[1].decode().split()
                    yield triple(folder, part[1], flags)


def morning(house, owner, imap):
    """imaplib flags, searches, copies, moves and deletes."""
    imap.ok("create", "Projects/Boat")
    imap.ok("select", "INBOX")
    assert imap.ok("search", None, "SUBJECT", "M0007") == [b"8"]
    imap.ok("store", "1:10", "+FLAGS", r"(\Flagged \Seen)")
    imap.ok("store", "3,5", "-FLAGS", r"(\Flagged)")
    imap.ok("copy", "2:6", "Archive")
    imap.ok("uid", "MOVE", "20:29", "Projects/Boat")
    imap.ok("store", "30:34", "+FLAGS.SILENT", r"(\Deleted)")
    imap.ok("expunge")


def noon(mbsync):
    """mbsync's Maildir is changed by another program: flags, a move, a removal."""
    mbsync.flag(mbsync.find("INBOX", 100), "FS")
    mbsync.flag(mbsync.find("INBOX", 101), "RS")
    file = mbsync.find("INBOX", 102)
    file.rename(mbsync.maildir / "Archive" / "new" / re.sub(r",U=\d+|:2,.*", "", file.name))
    mbsync.find("INBOX", 103).unlink()
    mbsync.sync()


def afternoon(house, owner, mutt):
    """mutt is open, and a mail that comes is on the screen without a key being touched.  Then somebody works with it."""
    screen = mutt.open()
    screen.wait_for(" mails", PATIENCE_S)
    deliver(house, owner, "Zebras have come")
    screen.wait_for("New mail in this mailbox")
    screen.type("/Zebras\n")
    screen.wait_for("Zebras have come")
    screen.type("F")
    screen.type("C\x15=Projects/Boat\n")
    screen.wait_for(" to Projects/Boat...")
    screen.type("/M0200\ns\x15=Archive\n")
    screen.wait_for(" to Archive...")
    screen.type("D\x15~s M021\n")
    screen.type("$")
    screen.wait_for("11 deleted.")
    return screen


def open_again(screen, subject):
    """Whatever mutt says of its lost connection, and however many keys it swallows meanwhile."""
    for _ in range(6):
        screen.type(f"\x07c\x15=INBOX\n/{subject}\n")
        try:
            return screen.wait_for(subject + " " * 8, 5)  # not what was typed: the line of the index
        except TookTooLong:
            pass
    raise AssertionError(f"{subject} is not seen")


def storm(house, owner, mutt, mbsync, screen):
    """The network goes while mutt waits and mbsync works; meanwhile the world goes on."""
    other = mbsync.begin()
    if OUTAGE_S:
        house.cable.silence()
        time.sleep(OUTAGE_S)
    house.cable.cut()
    other.communicate(timeout=PATIENCE_S)
    deliver(house, owner, "Came in the storm")
    house.cable.mend()
    open_again(screen, "Came in the storm")
    screen.type("q")
    assert screen.finish() == 0


def evening(house, owner, mutt):
    """The server starts anew under mutt and imaplib."""
    screen = mutt.open()
    screen.wait_for(" mails", PATIENCE_S)
    house.stop()
    house.start()
    deliver(house, owner, "Last of the day")
    open_again(screen, "Last of the day")
    screen.type("F$q")
    assert screen.finish() == 0


def test_a_day_with_three_programs(house, ca, tmp_path):
    owner = house.account("reader@twin.test")
    fill(owner, MAILS)
    mbsync, mutt = Mbsync(owner, ca.pem, tmp_path / "mbsync"), Mutt(owner, ca.pem, tmp_path / "mutt")
    mbsync.sync()
    assert len(mbsync.mails("INBOX")) == MAILS
    morning(house, owner, Imaplib(owner))
    mbsync.sync()
    noon(mbsync)
    screen = afternoon(house, owner, mutt)
    storm(house, owner, mutt, mbsync, screen)
    evening(house, owner, mutt)
    mbsync.sync()
    imap = Imaplib(owner)
    listed = sorted(imap.triples(), key=repr)
    print(f"\n   {len(listed)} mails in {len({folder for folder, _, _ in listed})} folders")
    assert sorted(mbsync.triples(), key=repr) == listed
    assert sorted(mutt.triples(sorted({folder for folder, _, _ in listed})), key=repr) == listed
    assert len(listed) == len(house.ask("mail", "list", owner.address))


def test_mutt_answers_a_request_by_a_move(twin, ca, tmp_path):
    house = twin({"policy": {"contact": "ask", "hold": "defer"}}).start()
    owner = house.account("reader@twin.test")
    mail = compose("cara@other.test", owner.address, "Hello", "Hello.\n")
    assert from_outside(house, "cara@other.test", [owner.address], mail)[0] == 450
    mutt, folder = Mutt(owner, ca.pem, tmp_path / "mutt"), "Contacts/New"
    for to, state, code in (("Contacts/Refused", "refused", 550), ("Contacts/Ignored", "ignored", 450),
                            ("Contacts/Welcome", "welcome", 250)):
        screen = Terminal([*mutt.words, "-f", f"={folder}", "-e", f'push "s^U={to}<enter>$<quit>"'])
        assert screen.finish(PATIENCE_S) == 0
        assert house.ask("contact", "list", owner.address)[0]["state"] == state
        assert from_outside(house, "cara@other.test", [owner.address], mail)[0] == code
        folder = to
    owner.wait_for_mail(lambda row: row["subject"] == "Hello")
