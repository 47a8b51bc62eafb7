"""Everything of one account as files, read back by programs that are not ours."""
import csv
import imaplib
import json
import mailbox
import os
import pathlib
import time

import pytest

from laboratory.mailing import compose, submit

LARGE = "A long winter, told at length. " * 8000  # lies in a file beside the database
PICTURE = pathlib.Path(__file__).resolve().parents[1] / "unit/mime/pictures/odd.jpg"


@pytest.fixture
def lived(twin):
    server = twin({"policy": {"contact": "ask", "undo": "0"}}).start()
    account = server.account("tom@twin.test", name="Tom")
    for number in range(4):
        code, words = submit(account, compose(account.address, account.address, f"mail {number}",
                                              LARGE if number == 2 else "short\n"))
        assert code == 250, words
    imap = imaplib.IMAP4_SSL(server.hostname, 993, ssl_context=server.trust, timeout=60)
    imap.login(account.address, account.password)
    imap.select("INBOX")
    imap.store("1", "+FLAGS", r"(\Seen \Flagged)")
    imap.store("2", "+FLAGS", r"(\Answered \Seen)")
    imap.create('"Reisen/S&APw-den 2.1"')
    imap.append('"Reisen/S&APw-den 2.1"', r"(\Seen)", imaplib.Time2Internaldate(1700000000), b"Subject: old\r\n\r\nLong ago.\r\n")
    imap.create("Empty")
    imap.logout()
    post = compose(account.address, account.word("public"), "", "A picture.\n")
    post.add_attachment(PICTURE.read_bytes(), maintype="image", subtype="jpeg", filename="x.jpg")
    for mail in (post, compose(account.address, account.word("followers"), "", "For those who follow.\n")):
        code, words = submit(account, mail)
        assert code == 250, words
    server.cli("follow", account.address, "@bob@social.example")
    server.cli("contact", "refuse", account.address, "@mallory@social.example", "--say", "no thanks")
    server.cli("list", "add", account.address, "carol@mail.example", "--confirmed")
    return account


def rows(path):
    return list(csv.reader(path.open()))


def check_people(folder):
    assert rows(folder / "following_accounts.csv") == [
        ["Account address", "Show boosts", "Notify on new posts", "Languages"], ["bob@social.example", "true", "false", ""]]
    assert rows(folder / "followers.csv") == [["Account address"]]
    assert (folder / "subscribers.txt").read_text() == "carol@mail.example\n"
    assert (folder / "blocked_accounts.csv").read_text() == "mallory@social.example\n"
    assert "refused\t@mallory@social.example\t" in (folder / "contacts.txt").read_text()


def check_posts(account, folder):
    assert json.loads((folder / "actor.json").read_text())["preferredUsername"] == "tom"
    outbox = json.loads((folder / "outbox.json").read_text())
    assert outbox["type"] == "OrderedCollection" and outbox["totalItems"] == len(outbox["orderedItems"]) == 3
    refusal, newest, oldest = (item["object"] for item in outbox["orderedItems"])
    assert "no thanks" in refusal["content"]  # she heard it as a direct message
    assert newest["to"] == [f"{account.actor}/followers"] and "For those who follow." in newest["content"]
    file, = (part["url"] for part in oldest["attachment"])
    assert (folder / file).read_bytes()[:2] == b"\xff\xd8"


def check_mail(account, folder):
    box = mailbox.Maildir(folder / "mail", create=False)
    folders = set(box.list_folders())
    assert {"Reisen.S&APw-den 2_1", "Empty", "Posts", "Sent"} <= folders
    assert len(box.get_folder("Empty")) == 0
    kept = {mail["Subject"]: mail for mail in box}
    assert sorted(kept) == [f"mail {number}" for number in range(4)]
    flags = {mail["Subject"]: (mail.get_subdir(), mail.get_flags()) for mail in box}
    assert flags["mail 0"] == ("cur", "FS") and flags["mail 1"] == ("cur", "RS") and flags["mail 3"] == ("new", "")
    ours = sorted(account.show(mail).replace(b"\r\n", b"\n") for mail in account.mails("INBOX"))
    assert sorted(box.get_bytes(key) for key in box.keys()) == ours
    far = box.get_folder("Reisen.S&APw-den 2_1")
    old, = far
    assert old["Subject"] == "old" and old.get_flags() == "S" and old.get_date() == 1700000000
    total = len(box) + sum(len(box.get_folder(name)) for name in folders)
    assert total == len(account.mails())


def check_import(server, folder, before):
    """The same in another account, and nothing twice."""
    account = server.account("ann@twin.test")
    (folder / "contacts.txt").open("a").write("nonsense\n")
    done = server.run("import", account.address, folder)
    count = len(before.mails())
    assert done.stdout == (f"{count} mails taken over, 0 were here; 1 followed, 1 decisions; "
                           "1 left out.\n").encode(), done.stderr
    assert done.returncode == 3 and done.stderr.startswith(b"nestbox: contacts.txt line 2: ")
    assert len(account.mails()) == count and len(account.mails("Reisen/S\u00fcden 2_1")) == 1
    assert sorted(account.show(mail) for mail in account.mails("INBOX")) == \
        sorted(before.show(mail) for mail in before.mails("INBOX"))
    assert server.ask("contact", "list", account.address)[0]["state"] == "refused"
    box = mailbox.mbox(folder / "old.mbox")
    for number in range(3):
        mail = mailbox.mboxMessage(f"Subject: old {number}\n\nFrom here on, number {number}.\n")
        mail.set_from("me", time.gmtime(1600000000 + number))
        mail.set_flags("RA" if number else "")
        box.add(mail)
    box.close()
    said = server.cli("import", account.address, folder / "old.mbox", "--mailbox", "Archive/2020")
    assert said.startswith("3 mails taken over, 0 were here;")
    assert server.cli("import", account.address, folder / "old.mbox", "--mailbox", "Archive/2020").startswith(
        "0 mails taken over, 3 were here;")
    imap = imaplib.IMAP4_SSL(server.hostname, 993, ssl_context=server.trust, timeout=60)
    imap.login(account.address, account.password)
    imap.select('"Archive/2020"', readonly=True)
    rows = [row.decode() for row in imap.fetch("1:*", "(FLAGS INTERNALDATE)")[1]]
    assert [r"\Answered" in row and r"\Seen" in row for row in rows] == [False, True, True]
    assert all("13-Sep-2020 12:26:4" in row for row in rows)
    _, ((_, text), *_) = imap.fetch("2", "(BODY[TEXT])")
    imap.logout()
    assert text == b"From here on, number 1.\r\n"
    assert server.cli("import", account.address, folder / "mail").startswith(f"0 mails taken over, {count} were here;")
    kept = b"".join(path.read_bytes() for path in server.data_dir.rglob("*") if path.is_file())
    assert b"ann" in kept and b"From here on" not in kept and b"Long ago." not in kept  # it rests as all mail does
    (folder / "what").write_text("carol@mail.example\n")
    done = server.run("import", account.address, folder / "what")
    assert done.returncode == 1 and b"nestbox list add --stdin" in done.stderr


def test_other_programs_read_what_was_exported(lived, tmp_path):
    folder = tmp_path / "tom"
    done = lived.nestbox.run("export", lived.address, folder)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert f"nestbox: {len(lived.mails())} mails, 3 posts\n".encode() == done.stderr
    check_people(folder)
    check_posts(lived, folder)
    check_mail(lived, folder)
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert not (tmp_path / "tom.part").exists()

    check_import(lived.nestbox, folder, lived)
    again = lived.nestbox.run("export", lived.address, folder)
    assert again.returncode == 1 and b"is not empty; name a new folder" in again.stderr
    lived.nestbox.stop()
    second = tmp_path / "empty"
    second.mkdir()
    lived.nestbox.cli("export", lived.address, f"{second}/")  # without a server, into a folder that is there
    assert len(list((second / "mail" / "new").iterdir()) + list((second / "mail" / "cur").iterdir())) == 4


def lose(path):
    path.unlink()


def cut(path):
    os.truncate(path, path.stat().st_size - 1)


def spoil(path):
    """Far behind what one read brings, where something was written already."""
    with path.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("damage, serving", [(lose, True), (cut, False), (spoil, True)])
def test_a_damaged_mail_is_named_and_the_others_are_exported(twin, tmp_path, damage, serving):
    server, folder = twin().start(), tmp_path / "tom"
    account = server.account("tom@twin.test")
    for subject in ("first", "large", "last"):
        code, words = submit(account, compose(account.address, account.address, subject, LARGE if subject == "large" else "x\n"))
        assert code == 250, words
    body, = (server.data_dir / "bodies").glob("??/*")
    damage(body)
    if not serving:
        server.stop()
    done = server.run("export", account.address, folder)
    left, count, summary = done.stderr.decode().splitlines()
    assert left.startswith("nestbox: mail/") and " is left out: it cannot be read (" in left, left
    assert "A backup from before may hold it" in left
    assert count.endswith(" mails, 0 posts") and "whole but for 1 files" in summary
    assert done.returncode == 3
    assert sorted({mail["Subject"] for mail in mailbox.Maildir(folder / "mail", create=False)}) == ["first", "last"]
    assert not (folder / left.split()[1]).exists() and not (tmp_path / "tom.part").exists()
    assert (folder / "followers.csv").exists() and (folder / "README.txt").exists()


def test_an_export_that_breaks_off_leaves_nothing(twin, tmp_path):
    server, folder = twin().start(), tmp_path / "tom"
    account = server.account("tom@twin.test")
    done = server.run("export", "nobody@twin.test", folder)
    assert done.returncode == 1 and b"There is no account nobody@twin.test" in done.stderr
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "tom").symlink_to(tmp_path)
    done = server.run("export", account.address, folder)
    assert done.returncode == 1 and b"tom is a link; name a new folder" in done.stderr
    (tmp_path / "tom").unlink()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "tom.part").mkdir()
    done = server.run("export", account.address, folder)
    assert done.returncode == 1 and b"tom.part is there" in done.stderr


def lay_traps(maildir, secret):
    """What the owner of a folder may lay into it, for a root who imports it."""
    (maildir / "new" / "2.link").symlink_to(secret)
    (maildir / "new" / "3.gone").symlink_to("/nonexistent")
    (maildir / "new" / "4.folder").mkdir()
    os.mkfifo(maildir / "new" / "5.pipe")
    (maildir / ".Far").symlink_to(secret.parent)
    (maildir / ".Near").mkdir()
    (maildir / ".Near" / "cur").symlink_to(secret.parent)


def test_an_import_takes_what_is_there_and_follows_no_link(twin, tmp_path):
    server = twin()
    account = server.account("ann@twin.test")
    secret, maildir = tmp_path / "private" / "secret", tmp_path / "Maildir"
    box = mailbox.Maildir(maildir)
    box.add("Subject: first\n\nx\n")
    secret.parent.mkdir()
    secret.write_text("Subject: for root alone\n\nx\n")
    lay_traps(maildir, secret)
    done = server.run("import", account.address, maildir)
    assert done.stdout == b"1 mails taken over, 0 were here; 0 followed, 0 decisions; 6 left out.\n", done.stderr
    assert done.returncode == 3 and done.stderr.count(b"It is a link; those are not followed") == 4
    assert b"new/4.folder: It is no file" in done.stderr and b"new/5.pipe: It is no file" in done.stderr
    assert [mail["subject"] for mail in account.mails()] == ["first"]
    assert b"--mailbox is for an mbox" in server.run("import", account.address, maildir, "--mailbox", "X").stderr

    (tmp_path / "box").write_text("From a@b Mon Jan  2 15:04:05 2023\nSubject: 1\n\nx\n\nFrom a@b Mon Jan  2 15:04:05 2023\n\n")
    done = server.run("import", account.address, tmp_path / "box", "--mailbox", "Archive.2020")
    assert done.returncode == 3 and done.stderr == b"nestbox: mail 2: It is empty\n"
    assert len(account.mails("Archive.2020")) == 1
    (tmp_path / "box").write_bytes(b"From a@b Mon Jan  2 15:04:05 2023\r\nSubject: cr\r\n\r\na\rb\r\n" + b"x" * 49151 + b"\r\n")
    server.cli("import", account.address, tmp_path / "box", "--mailbox", "Cr")
    server.cli("export", account.address, tmp_path / "out")
    kept, = (tmp_path / "out" / "mail" / ".Cr" / "new").iterdir()
    assert kept.read_bytes() == b"Subject: cr\n\na\rb\n" + b"x" * 49151 + b"\n"
    (tmp_path / "muted.csv").write_text("Account address,Hide notifications\nmallory@social.example,true\n")
    done = server.run("import", account.address, tmp_path / "muted.csv")
    assert done.returncode == 1 and b"Mastodon's list of who is followed" in done.stderr
