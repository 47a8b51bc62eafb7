"""What rests is sealed to its owner: by every way in, opened by gpg, sqop, rnp and mutt; and what happens without a key."""
import base64
import email
import email.policy
import imaplib
import os
import pathlib
import signal
import sqlite3
import subprocess

import pytest

from laboratory.canary import find_in_file
from laboratory.gpg import Gpg
from laboratory.mailing import compose, connect, from_outside, submit, transact
from laboratory.nestbox import Refused
from laboratory.terminal import Terminal
from laboratory.wait import until

CURVE, RSA, NIST = ("ed25519", "cv25519"), ("rsa2048", "rsa2048"), ("nistp256", "nistp384")


@pytest.fixture
def ring(tmp_path):
    """Makes key rings whose key can encrypt."""
    made = []

    def make(address, kind=CURVE, **options):
        made.append(Gpg(tmp_path / f"ring{len(made)}", address, encrypts=kind, **options))
        return made[-1]
    yield make
    for one in made:
        one.end()


@pytest.fixture
def alice(person, ring):
    """Somebody with a key."""
    account = person("seal")
    account.ring = ring(account.address)
    account.said = account.nestbox.cli("key", "add", account.address, account.ring.certificate())
    return account


def word():
    return "canary" + os.urandom(12).hex()


def letter(to, subject, text, **options):
    return compose("carol@mail.test", to, subject, text, **options)


def deliver(account, mail):
    assert from_outside(account.nestbox, "carol@mail.test", [account.address], mail) == (250, "2.0.0 Taken")


def newest(account, mailbox="INBOX"):
    return account.show(account.mails(mailbox)[-1])


def payload(sealed):
    """The armored message in a sealed mail."""
    mail = email.message_from_bytes(sealed, policy=email.policy.default)
    assert mail.get_content_type() == "multipart/encrypted"
    first, second = mail.iter_parts()
    assert first.get_content_type() == "application/pgp-encrypted"
    return mail, second.get_content()


def opened(account, sealed):
    """The mail outside, and the one inside."""
    outside, armor = payload(sealed)
    inside = email.message_from_bytes(account.ring.decrypt(armor), policy=email.policy.default)
    assert inside.get_param("hp", header="content-type") == "cipher"
    return outside, inside


def rests(nestbox, canary):
    """Does the word lie anywhere below data_dir?"""
    return any(find_in_file(path, canary) for path in nestbox.data_dir.rglob("*") if path.is_file())


def test_mail_from_outside_is_sealed_and_opens(alice):
    assert "is encrypted to " + alice.ring.fingerprint() in alice.said
    subject, text = word(), word()
    deliver(alice, letter(alice.address, subject, text + "\n"))
    listed = alice.mails("INBOX")[-1]
    assert listed["subject"] == "[...]" and "carol@mail.test" in listed["from"]
    outside, inside = opened(alice, newest(alice))
    assert outside["Subject"] == "[...]" and outside["From"] == "carol@mail.test"
    assert inside["Subject"] == subject and inside.get_content() == text + "\r\n"
    assert inside.get_all("HP-Outer")[-1] == "Subject: [...]"
    assert outside["Message-ID"] == inside["Message-ID"] == f"<{listed['message_id']}>"
    assert not rests(alice.nestbox, subject) and not rests(alice.nestbox, text)


@pytest.mark.parametrize("kind", [RSA, NIST], ids=lambda kind: kind[1])
def test_other_kinds_of_keys_and_several_at_once(person, ring, kind):
    reader = person("seal")
    rings = [ring(reader.address, kind), ring(reader.address)]
    for one in rings:
        reader.nestbox.cli("key", "add", reader.address, one.certificate())
    deliver(reader, letter(reader.address, "Two", "for both\n"))
    _, armor = payload(newest(reader))
    assert [b"for both" in one.decrypt(armor) for one in rings] == [True, True]


def test_sqop_and_rnp_open_it_too(alice, tmp_path):
    deliver(alice, letter(alice.address, "Three", "for three programs\n"))
    _, armor = payload(newest(alice))
    secret = tmp_path / "secret.asc"
    secret.write_bytes(alice.ring.secret())
    plain = alice.ring.decrypt(armor)
    by_sqop = subprocess.run(["sqop", "decrypt", secret], input=armor, capture_output=True, check=True).stdout
    assert by_sqop == plain
    home = tmp_path / "rnp"
    home.mkdir(mode=0o700)
    subprocess.run(["rnpkeys", "--homedir", home, "--import-keys", secret], check=True, capture_output=True)
    message = tmp_path / "message.asc"
    message.write_bytes(armor)
    subprocess.run(["rnp", "--homedir", home, "--password", "", "--decrypt", message, "--output", tmp_path / "plain"],
                   check=True, capture_output=True)
    assert (tmp_path / "plain").read_bytes() == plain


def test_imap_shows_the_sealed_form(alice):
    canary = word()
    deliver(alice, letter(alice.address, canary, canary, headers={"In-Reply-To": "<before@mail.test>"}))
    imap = imaplib.IMAP4_SSL(alice.nestbox.hostname, 993, ssl_context=alice.nestbox.trust)
    imap.login(alice.address, alice.password)
    imap.append("Sent", r"(\Seen)", None, letter("dan@mail.test", canary, canary).as_bytes())
    for mailbox in "INBOX", "Sent":
        assert imap.select(mailbox)[1] == [b"1"]
        answer = b"".join(part if isinstance(part, bytes) else b"".join(part)
                          for part in imap.fetch("1", "(ENVELOPE BODYSTRUCTURE BODY.PEEK[])")[1])
        assert b'"[...]"' in answer and b'"encrypted"' in answer.lower() and canary.encode() not in answer
        assert imap.search(None, "SUBJECT", canary)[1] == [b""] and imap.search(None, "TEXT", canary)[1] == [b""]
    imap.select("INBOX")
    assert imap.search(None, "HEADER", "In-Reply-To", "before@mail.test")[1] == [b"1"]
    assert imap.search(None, "FROM", "carol")[1] == [b"1"]
    imap.logout()
    assert opened(alice, newest(alice, "Sent"))[1]["Subject"] == canary
    assert not rests(alice.nestbox, canary)


def test_what_the_server_writes_and_what_the_fediverse_sends_is_sealed(alice, judge):
    canary = word()
    note = judge.make_note(f"<p>{canary}</p>", to=[alice.actor])
    assert judge.post(f"{alice.actor}/inbox", judge.create(note))[0] == 202
    until(lambda: alice.mails("INBOX"), "the note")
    assert canary in opened(alice, newest(alice))[1].get_body(("plain",)).get_content()
    posted = word()
    assert submit(alice, compose(alice.address, "public@nest.test", posted, "Hello.\n"))[0] == 250
    assert opened(alice, newest(alice, "Posts"))[1]["Subject"].endswith(posted)
    assert not rests(alice.nestbox, canary)


def encrypted(ring, text):
    """A mail as a program that encrypts makes it."""
    armor = ring.encrypt(text)
    return (b"From: carol@mail.test\r\nTo: x@nest.test\r\nSubject: ...\r\nMessage-ID: <" + word().encode() + b"@c.test>\r\n"
            b'MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n'
            b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"
            b"--b\r\nContent-Type: application/octet-stream\r\n\r\n" + armor.replace(b"\n", b"\r\n") + b"\r\n--b--\r\n")


def test_what_came_encrypted_rests_as_it_came(alice):
    mail = encrypted(alice.ring, b"Content-Type: text/plain\r\n\r\nhello\r\n")
    deliver(alice, mail)
    assert newest(alice).endswith(mail.split(b"\r\n\r\n", 1)[1])


@pytest.mark.parametrize("options", [["-aes-256-cbc", "-stream"], ["-aes-256-gcm"]], ids=" ".join)
def test_smime_rests_as_it_came_if_it_is_encrypted(alice, options, tmp_path):
    """By OpenSSL, in pieces, and in lengths that are known, with an integrity check; what it only signs is sealed."""
    canary, plain, key, certificate = word(), tmp_path / "plain", tmp_path / "key", tmp_path / "certificate"

    def openssl(*words):
        done = subprocess.run(["openssl", *words], check=True, capture_output=True)
        return done.stdout.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=una", "-keyout", key, "-out", certificate)
    plain.write_bytes(b"Content-Type: text/plain\r\n\r\n" + canary.encode() * 2000 + b"\r\n")
    fields = ["-from", "carol@mail.test", "-to", alice.address, "-subject", "hello"]
    secret = openssl("cms", "-encrypt", "-in", plain, *options, *fields, certificate)
    deliver(alice, secret)
    rested = tmp_path / "rested"
    rested.write_bytes(newest(alice))
    assert rested.read_bytes().endswith(secret.split(b"\r\n\r\n", 1)[1])
    assert openssl("cms", "-decrypt", "-in", rested, "-recip", certificate, "-inkey", key) == plain.read_bytes()
    deliver(alice, openssl("cms", "-sign", "-nodetach", "-in", plain, *fields, "-signer", certificate, "-inkey", key))
    payload(newest(alice))
    assert not rests(alice.nestbox, canary)


def test_what_only_looks_encrypted_is_sealed(alice):
    canary = word()
    real = encrypted(alice.ring, b"hello")
    literal = encrypted(alice.ring, b"hello")
    begin, end = literal.index(b"-----BEGIN"), literal.index(b"--b--")
    stored = alice.ring.store(canary.encode())
    for fake in (literal[:begin] + stored.replace(b"\n", b"\r\n") + b"\r\n" + literal[end:],
                 real.replace(b"--b--\r\n", b"--b--\r\n" + canary.encode() + b"\r\n"),
                 letter(alice.address, "armor", f"-----BEGIN PGP MESSAGE-----\n\n{canary}\n-----END PGP MESSAGE-----\n")):
        deliver(alice, fake)
        _, armor = payload(newest(alice))
        inside = alice.ring.decrypt(armor)
        assert b'hp="cipher"' in inside and (canary.encode() in inside or stored.split()[4] in inside)
    assert not rests(alice.nestbox, canary)


# without a key


def test_without_a_key_mail_rests_under_the_servers(person):
    reader, canary = person("bare"), word()
    deliver(reader, letter(reader.address, canary, canary + "\n"))
    assert reader.mails("INBOX")[-1]["subject"] == canary
    assert canary.encode() in newest(reader)
    imap = imaplib.IMAP4_SSL(reader.nestbox.hostname, 993, ssl_context=reader.nestbox.trust)
    imap.login(reader.address, reader.password)
    imap.select("INBOX")
    assert imap.search(None, "TEXT", canary)[1] == [b"1"]
    assert canary.encode() in imap.fetch("1", "ENVELOPE")[1][0]
    imap.logout()
    assert not rests(reader.nestbox, canary)


def test_clear_and_defer_do_as_they_say(twin):
    canary = word()
    server = twin({"policy": {"seal_without_key": "clear"}}).start()
    reader = server.account("una@twin.test")
    deliver(reader, letter(reader.address, "clear", canary))
    assert rests(server, canary)
    server.stop()
    server.write_settings({"policy": {"seal_without_key": "defer"}})
    server.start()
    code, words = from_outside(server, "carol@mail.test", [reader.address], letter(reader.address, "later", "later"))
    assert code == 450 and "no key" in words
    assert len(reader.mails("INBOX")) == 1


def change_key(server, column, value):
    """As if time had gone by."""
    server.stop()
    with sqlite3.connect(server.data_dir / "nestbox.db") as database:
        database.execute(f"UPDATE account_key SET {column} = ?", (value,))
    server.start()


def test_what_is_appended_rests_in_clear_if_the_settings_say_so(twin, ring):
    server = twin({"policy": {"seal_appended": "no"}}).start()
    reader, came, draft = server.account("una@twin.test"), word(), word()
    reader.ring = ring(reader.address)
    server.cli("key", "add", reader.address, reader.ring.certificate())
    imap = imaplib.IMAP4_SSL(server.hostname, 993, ssl_context=server.trust)
    imap.login(reader.address, reader.password)
    assert imap.append("Drafts", None, None, letter("dan@mail.test", draft, draft).as_bytes())[0] == "OK"
    imap.logout()
    deliver(reader, letter(reader.address, came, came))
    assert draft.encode() in newest(reader, "Drafts") and rests(server, draft)
    assert opened(reader, newest(reader))[1]["Subject"] == came and not rests(server, came)


@pytest.mark.parametrize("column, value, without", [("encrypts_until_ms", 1000, "server"), ("state", 3, "clear")])
def test_an_expired_or_revoked_key_is_not_sealed_to_and_nothing_lies_in_clear(twin, ring, column, value, without):
    server = twin({"policy": {"seal_without_key": without}}).start()
    reader, canary = server.account("una@twin.test"), word()
    old = ring(reader.address)
    server.cli("key", "add", reader.address, old.certificate())
    change_key(server, column, value)
    deliver(reader, letter(reader.address, canary, canary))
    # The owner is told of the end of their key by a mail too, which may come first or last.
    assert any(canary.encode() in reader.show(mail) for mail in reader.mails("INBOX"))
    assert not rests(server, canary)
    listed = server.ask("key", "list", reader.address)[0]
    assert listed["encrypts"] is False
    # The cause ends: their program extends the key and tells it; or, of one that is revoked, they have another.
    reader.ring = old if without == "server" else ring(reader.address)
    if reader.ring is old:
        old.extend("3y")
        assert submit(reader, compose(reader.address, "carol@mail.test", "Hello", "with the key\n",
                                      headers=autocrypt(old, reader.address)))[0] == 250
    else:
        server.cli("key", "add", reader.address, reader.ring.certificate())
    deliver(reader, letter(reader.address, "Sealed again", "for her eyes\n"))
    assert opened(reader, newest(reader))[1]["Subject"] == "Sealed again"


def kill_children(pid):
    """And waits till they have let go of all they held: what is asked of one that is dying hears 451."""
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    for child in children:
        until(lambda: state_of(child) in ("Z", None), f"the end of {child}")


def state_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def test_the_judge_is_killed_and_comes_back(alice, ring, person):
    """A key of old self-signatures: GnuPG alone can use it."""
    reader = person("old")
    old = ring(reader.address, RSA, options=["--cert-digest-algo", "SHA1"])
    reader.nestbox.cli("key", "add", reader.address, old.certificate())
    for number in range(3):
        kill_children(reader.nestbox.pid)
        deliver(reader, letter(reader.address, f"Mail {number}", "by GnuPG\n"))
        _, armor = payload(newest(reader))
        assert b"by GnuPG" in old.decrypt(armor)


def test_a_large_mail_is_sealed_in_pieces(alice):
    canary = word()
    mail = letter(alice.address, canary, "see the file\n")
    content = os.urandom(3_000_000)
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=canary)
    deliver(alice, mail)
    _, inside = opened(alice, newest(alice))
    assert [part.get_content() for part in inside.iter_attachments()] == [content]
    assert not rests(alice.nestbox, canary)


def autocrypt(ring, address):
    return {"Autocrypt": f"addr={address}; prefer-encrypt=mutual; keydata={base64.b64encode(ring.export()).decode()}"}


def test_the_first_key_is_learnt_from_what_its_owner_submits(person, ring):
    reader, other = person("learns"), person("other")
    server, first, second = reader.nestbox, ring(reader.address), ring(reader.address)
    deliver(reader, letter(reader.address, "Inbound", "teaches nothing\n", headers=autocrypt(second, reader.address)))
    assert submit(other, compose(other.address, reader.address, "Of another", "likewise\n",
                                 headers=autocrypt(second, reader.address)))[0] == 250
    assert server.ask("key", "list", reader.address) == []
    for key in (first, second):  # the second waits
        assert submit(reader, compose(reader.address, other.address, "Hello", "with a key\n",
                                      headers=autocrypt(key, reader.address)))[0] == 250
    listed = server.ask("key", "list", reader.address)
    assert [(key["fingerprint"], key["use"], key["learnt"]) for key in listed] == [
        (first.fingerprint(), "encrypts", "autocrypt"), (second.fingerprint(), "waiting", "autocrypt")]
    by_signature = from_outside(server, reader.address, ["public@nest.test"],
                                first.sign_mail("public@nest.test", "No post", "a learnt key only encrypts\n"))
    assert by_signature[0] == 550, by_signature
    notice = reader.show(reader.mails("INBOX")[-2])
    assert b"Your mail is encrypted to your key from now on" in notice and first.fingerprint().encode() in notice
    deliver(reader, letter(reader.address, "Secret", "for her eyes\n"))
    _, armor = payload(newest(reader))
    assert b"for her eyes" in first.decrypt(armor)


def test_delta_chat_is_not_given_what_it_would_drop(person, ring):
    """It drops what is sealed and not signed: a key of the server's own, named in the mail, signs."""
    canary = word()
    reader = person("chats")
    server, keys = reader.nestbox, ring(reader.address)
    server.cli("key", "add", reader.address, keys.certificate())
    server.cli("account", "set", reader.address, "chat=yes")
    deliver(reader, letter(reader.address, canary, "hello\n"))
    _, armor = payload(newest(reader))
    inside = keys.decrypt(armor)
    assert canary.encode() in inside and b"Autocrypt: addr=carol=mail.test+mail@nest.test;" in inside
    assert not rests(server, canary)
    with pytest.raises(Refused, match="would drop what the server sealed"):
        server.cli("seal", reader.address)


# what rests already


def test_what_rests_already_is_sealed_once_however_often_it_is_interrupted(twin, ring):
    server = twin().start()
    reader, canary = server.account("una@twin.test"), word()
    with connect(server, 25) as smtp:
        for number in range(140):
            mail = letter(reader.address, f"{canary} {number}", f"{canary}\n")
            assert transact(smtp, "carol@mail.test", [reader.address], mail)[0] == 250
    assert "no key" in server.run("seal", reader.address).stderr.decode()
    reader.ring = ring(reader.address)
    server.cli("key", "add", reader.address, reader.ring.certificate())
    before = reader.mails("INBOX")
    for sealed in (100, 101, 102):
        asked = subprocess.Popen([str(server.binary), "seal", reader.address, "--config", str(server.config)],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if sealed == 100:
            assert asked.stdout.readline() == b"100 of 140 mails\n"  # as it goes on
        until(lambda: asked.poll() is not None or server.ask("status")["mail"]["sealed"] >= sealed, "more sealed")  # noqa: B023
        server.kill()
        asked.wait(30)
        asked.stdout.close()
        server.start()
    said = server.cli("seal", reader.address)
    assert "nothing rests unsealed" in said
    assert server.ask("status")["mail"] == {"sealed": 140, "came_encrypted": 0, "server_key": 0, "clear": 0}
    after = reader.mails("INBOX")
    assert [mail["message_id"] for mail in after] == [mail["message_id"] for mail in before]
    assert {mail["subject"] for mail in after} == {"[...]"}
    subjects = [opened(reader, reader.show(mail))[1]["Subject"] for mail in (after[0], after[-1])]
    assert subjects == [f"{canary} 0", f"{canary} 139"]
    server.stop()
    assert not rests(server, canary)


def test_a_damaged_mail_is_named_and_the_others_are_sealed(person, ring):
    reader = person("damaged")
    bodies = reader.nestbox.data_dir / "bodies"
    before = set(bodies.glob("??/*"))
    for number in range(3):
        deliver(reader, letter(reader.address, f"{number}", "A long line.\n" * (10000 if number == 1 else 1)))
    body, = set(bodies.glob("??/*")) - before
    body.unlink()
    reader.nestbox.cli("key", "add", reader.address, ring(reader.address).certificate())
    broken = reader.mails("INBOX")[1]["id"]
    done = reader.nestbox.run("seal", reader.address)
    assert done.returncode == 1 and done.stdout.startswith(b"2 of 3 mails were sealed; the others could not be"), done
    assert done.stderr.count(b"\n") == 1 and done.stderr.startswith(f"nestbox: mail {broken} stays as it is: ".encode())
    assert [mail["subject"] for mail in reader.mails("INBOX") if mail["id"] == broken] == ["1"]


def test_mutt_opens_it_and_shows_the_subject_from_inside(alice, tmp_path):
    canary = word()
    deliver(alice, letter(alice.address, canary, f"text of {canary}\n"))
    box = tmp_path / "mail.mbox"
    box.write_bytes(b"From carol@mail.test Sun Nov 22 12:00:00 2026\n" + newest(alice).replace(b"\r\n", b"\n") + b"\n")
    settings = tmp_path / "muttrc"
    settings.write_text(f"set folder={tmp_path}\nset quit=yes\nset wait_key=no\nset crypt_use_gpgme=yes\n"
                        "set crypt_protected_headers_read=yes\nset pager_index_lines=0\n")
    screen = Terminal(["mutt", "-n", "-F", str(settings), "-f", str(box), "-e", 'push "<display-message>"'],
                      {"GNUPGHOME": str(alice.ring.folder)})
    screen.wait_for(f"text of {canary}")
    screen.type("i")
    screen.wait_for(canary)  # the index, which said [...] before
    screen.type("q")
    assert screen.finish() == 0
