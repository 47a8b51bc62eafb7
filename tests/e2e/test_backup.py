"""Backup and restore: one file, made while the server works; whole and put back as it was, or not at all."""
import hashlib
import imaplib
import re
import signal
import subprocess
import tarfile
import threading

import pytest

from laboratory.mailing import compose, from_outside, submit
from laboratory.wait import until

LARGE = "A long winter, told at length. " * 8000  # lies in a file beside the database


def program(account):
    imap = imaplib.IMAP4_SSL(account.nestbox.hostname, 993, ssl_context=account.nestbox.trust, timeout=60)
    imap.login(account.address, account.password)
    return imap


def numbering(account):
    """What programs remember of INBOX: UIDVALIDITY, UIDNEXT, and of each mail UID, MODSEQ and flags."""
    imap = program(account)
    imap.select("INBOX", readonly=True)
    validity, after = (int(imap.response(word)[1][0]) for word in ("UIDVALIDITY", "UIDNEXT"))
    rows = [row.decode() for row in imap.fetch("1:*", "(UID MODSEQ FLAGS)")[1]]
    imap.logout()
    found = {}
    for row in rows:
        uid, modseq = (int(re.search(rf"{word} \(?(\d+)", row)[1]) for word in ("UID", "MODSEQ"))
        found[uid] = modseq, " ".join(sorted(re.search(r"FLAGS \(([^)]*)\)", row)[1].split()))
    return validity, after, found


def texts(account):
    return {hashlib.sha256(account.show(mail)).hexdigest() for mail in account.mails("INBOX")}


@pytest.fixture
def lived(twin):
    """A server where something happened: mails, one of them large, flags, one that is gone, and one on its way."""
    server = twin({"policy": {"contact": "ask"}}).start()
    account = server.account("tom@twin.test", name="Tom")
    for number in range(5):
        code, words = submit(account, compose(account.address, account.address, f"mail {number}",
                                              LARGE if number == 2 else "short\n"))
        assert code == 250, words
    imap = program(account)
    imap.select("INBOX")
    imap.store("1,3", "+FLAGS", r"(\Seen \Flagged)")
    imap.store("4", "+FLAGS", r"(\Deleted)")
    imap.expunge()
    imap.logout()
    return account


def restored(twin, account, file, *options):
    """The same server in a folder of its own."""
    if account.nestbox.runs():
        account.nestbox.stop()
    server = twin({"policy": {"contact": "ask"}})
    server.cli("restore", file, *options)
    copy = type(account)(server.start(), account.address, account.password)
    return copy


def test_everything_comes_back_as_it_was(twin, lived, tmp_path):
    file = tmp_path / "nest.backup"
    stale = tmp_path / "nest.backup.part"  # of one that broke off, and open to everybody
    stale.touch()
    stale.chmod(0o666)
    had = len(lived.mails("INBOX"))
    submit(lived, compose(lived.address, "nobody@nowhere-at-all.test", "on its way", "it waits\n"))
    until(lambda: any(row["tries"] for row in lived.nestbox.ask("queue", "list")) or len(lived.mails("INBOX")) > had, "a try")
    before = numbering(lived), texts(lived)
    records = lived.nestbox.cli("dns", "--plain")
    lived.nestbox.cli("backup", file)
    assert file.stat().st_mode & 0o777 == 0o600 and not stale.exists()
    with tarfile.open(file) as archive:  # anybody can look into it
        names = archive.getnames()
        sums = archive.extractfile("SHA256SUMS").read().decode().splitlines()
        for line in sums:
            digest, name = line.split("  ")
            assert hashlib.sha256(archive.extractfile(name).read()).hexdigest() == digest
    assert names[0] == "nestbox-backup" and names[-1] == "SHA256SUMS" and "keys/server.key" in names
    assert any(name.startswith("bodies/") for name in names)

    copy = restored(twin, lived, file)
    after = numbering(copy), texts(copy)
    assert after[1] == before[1]
    (validity, following, mails), (validity_then, following_then, mails_then) = before[0], after[0]
    assert validity_then == validity and mails_then == mails
    assert following_then >= following + 2**20, "a UID given out since might be given again"
    # DKIM and the server's own keys are those of before
    assert [line for line in copy.nestbox.cli("dns", "--plain").splitlines() if "_domainkey" in line] == [
        line for line in records.splitlines() if "_domainkey" in line]
    code, words = submit(copy, compose(copy.address, copy.address, "goes on", "as before\n"))
    assert code == 250, words
    assert max(numbering(copy)[2]) >= following_then


def test_a_program_that_resynchronizes_hears_of_nothing_unless_it_shall(twin, lived, tmp_path):
    imap = program(lived)
    imap.select("INBOX")
    validity, highest = (int(imap.response(word)[1][0]) for word in ("UIDVALIDITY", "HIGHESTMODSEQ"))
    imap.logout()
    lived.nestbox.cli("backup", tmp_path / "b")
    copy = restored(twin, lived, tmp_path / "b")
    imap = program(copy)
    imap.enable("QRESYNC")
    tag = imap._new_tag()
    imap.send(tag + f" SELECT INBOX (QRESYNC ({validity} {highest}))\r\n".encode())
    lines = []
    while not lines or not lines[-1].startswith(tag):
        lines.append(imap.readline())
    imap.logout()
    assert b" OK " in lines[-1]
    assert not [line for line in lines if b"FETCH" in line or b"VANISHED" in line]
    assert numbering(restored(twin, copy, tmp_path / "b", "--renumber"))[0] > validity


def test_decisions_come_back(twin, lived, nest, tmp_path):
    """Who follows, and how far each was welcomed."""
    reader = nest.account("reads-backups@nest.test")
    nest.cli("follow", reader.address, lived.handle)
    until(lambda: [row for row in lived.followers()], "a follower")
    lived.nestbox.cli("backup", tmp_path / "b")
    known = lived.followers()
    copy = restored(twin, lived, tmp_path / "b")
    assert copy.followers() == known


def knock(account, who):
    address = f"{who}@other.test"
    return from_outside(account.nestbox, address, [account.address], compose(address, account.address, f"from {who}", "Hello\n"))


def test_decisions_about_strangers_come_back(twin, tmp_path):
    """Each answer with its words, who still waits, what waits, and the request that Contacts/New has."""
    server = twin({"policy": {"contact": "ask", "hold": "accept"}}).start()
    tom = server.account("tom@twin.test")
    answers = {"anna": "welcome", "bert": "refuse", "carl": "ignore", "dora": None}
    for who, answer in answers.items():
        assert knock(tom, who)[0] == 250
        if answer:
            server.cli("contact", answer, tom.address, f"{who}@other.test", *(["--say", "not now"] if who == "bert" else []))
    server.cli("contact", "refuse", tom.address, "@bad.test", "--say", "not from there")
    server.cli("contact", "ignore", tom.address, "@bob@social.test")

    def facts(account):
        return (account.nestbox.cli("contact", "export", account.address), account.nestbox.ask("contact", "list", account.address),
                sorted((mail["mailbox"], mail["subject"]) for mail in account.mails()))
    before = facts(tom)
    assert before[0].count("\n") == 5
    server.cli("backup", tmp_path / "b")
    copy = restored(twin, tom, tmp_path / "b")
    assert facts(copy) == before
    heard = {who: knock(copy, who) for who in answers}
    assert {who: code for who, (code, _) in heard.items()} == {"anna": 250, "bert": 550, "carl": 450, "dora": 450}
    assert heard["bert"][1].endswith("not now")
    copy.nestbox.cli("contact", "welcome", copy.address, "dora@other.test")
    assert sorted(mail["subject"] for mail in copy.mails("INBOX")) == ["from anna", "from anna", "from dora"]


def test_mail_that_was_taken_before_is_in_it_although_more_comes(twin, lived, tmp_path):
    """Under load: what was answered 250 before the backup began is there, and nothing is half there."""
    stop, taken, refused = threading.Event(), [], []

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            subject = f"load {threading.get_ident()} {number}"
            code, words = submit(lived, compose(lived.address, lived.address, subject,
                                                LARGE if number % 3 == 0 else "short\n"))
            (taken if code == 250 else refused).append(subject)

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        until(lambda: len(taken) > 10, "some mails")
        before = set(taken)
        lived.nestbox.cli("backup", tmp_path / "b")
        until(lambda: len(taken) > len(before) + 5, "mails going on")
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not refused
    copy = restored(twin, lived, tmp_path / "b")
    mails = copy.mails("INBOX")
    assert before <= {mail["subject"] for mail in mails}
    for mail in mails:
        assert b"Subject:" in copy.show(mail)


def test_a_damaged_backup_is_refused_and_leaves_nothing(twin, lived, tmp_path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    lived.nestbox.cli("backup", good)
    lived.nestbox.stop()
    content = good.read_bytes()
    server = twin()

    def restore(damaged):
        bad.write_bytes(damaged)
        done = server.run("restore", bad)
        assert done.returncode == 1
        assert not [path.name for path in server.data_dir.iterdir() if path.name != "lock"]
        return done.stderr.decode()

    for at in (600, 1024 + 400, len(content) // 4, len(content) // 2, len(content) - 1500, len(content) - 1025):
        assert "The backup is damaged; nothing was restored" in restore(
            content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]), at
    for length in (0, 100, 5000, len(content) // 2, len(content) - 1024):
        assert "damaged" in restore(content[:length])
    assert "This is no backup of Nestbox" in restore(b"x" * 4096)
    server.cli("restore", good)
    assert "is not empty" in server.run("restore", good).stderr.decode()
    server.start()


def test_a_restore_that_dies_leaves_no_half(twin, lived, tmp_path):
    lived.nestbox.stop()
    lived.nestbox.cli("backup", tmp_path / "b")  # without a server, too
    content, server = (tmp_path / "b").read_bytes(), twin()
    half = subprocess.Popen([server.binary, "restore", "-", "--config", server.config], stdin=subprocess.PIPE)
    half.stdin.write(content[:len(content) - 20000])
    half.stdin.flush()
    until(lambda: (server.data_dir / "nestbox.db").exists(), "half of it")
    half.send_signal(signal.SIGKILL)
    half.wait()
    done = server.run("account", "list")
    assert done.returncode == 1 and "A restore into" in done.stderr.decode() and "not finished" in done.stderr.decode()
    server.cli("restore", tmp_path / "b")
    assert [row["address"] for row in server.ask("account", "list")] == [lived.address]
    assert not (server.data_dir / "restoring").exists()


def test_a_backup_that_is_given_up_harms_nothing(lived, tmp_path):
    server = lived.nestbox
    given_up = subprocess.Popen([server.binary, "backup", "-", "--config", server.config], stdout=subprocess.PIPE)
    given_up.stdout.read(1000)
    given_up.kill()
    given_up.stdout.close()
    given_up.wait()
    until(lambda: server.run("backup", tmp_path / "b").returncode == 0, "another backup")
    assert not (tmp_path / "b.part").exists() and not (server.data_dir / "backup.db").exists()
    refused = server.run("backup", tmp_path / "missing" / "b")
    assert refused.returncode == 1 and "cannot be written" in refused.stderr.decode()


# where the server key lies


def test_the_server_key_may_lie_elsewhere_and_is_in_no_backup_then(twin, lived, tmp_path):
    server, folder = lived.nestbox, tmp_path / "keys"
    folder.mkdir(mode=0o700)
    key, own = folder / "server.key", server.data_dir / "keys" / "server.key"
    before, was = texts(lived), own.read_text()
    settings = {"server": {"server_key_file": key}, "policy": {"contact": "ask"}}
    server.stop()
    server.write_settings(settings)
    server.start()
    assert key.read_text() == was and not own.exists()
    assert "back the server key up" in server.cli("key", "rotate-server").lower()
    assert "nestbox-old-server-key-1" in key.read_text()
    assert texts(lived) == before
    said = server.run("backup", tmp_path / "b").stderr.decode()
    assert "the server key lies elsewhere" in said
    with tarfile.open(tmp_path / "b") as archive:
        assert "keys/server.key" not in archive.getnames()
    server.stop()
    there = twin(settings)
    there.cli("restore", tmp_path / "b")
    key.rename(folder / "away")
    missing = there.run("mail", "list", lived.address)
    assert missing.returncode == 1 and f"The server key {key} is missing" in missing.stderr.decode()
    (folder / "away").rename(key)
    assert texts(type(lived)(there.start(), lived.address, lived.password)) == before


def test_the_server_key_may_be_a_credential_of_systemd(lived, tmp_path):
    server, own = lived.nestbox, lived.nestbox.data_dir / "keys" / "server.key"
    server.stop()
    own.rename(tmp_path / "nestbox-server-key")
    (tmp_path / "nestbox-server-key").chmod(0o440)
    assert "keys/server.key is missing" in server.run("mail", "list", lived.address).stderr.decode()
    server.environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    server.start()
    assert len(lived.mails("INBOX")) == 4 and not own.exists()
    assert "is a credential of systemd" in server.run("key", "rotate-server").stderr.decode()
