"""Mail programs of others: swaks, msmtp, mutt and Python's own; and what a client must not get away with."""
import base64
import concurrent.futures
import os
import pathlib
import pty
import subprocess

import pytest

from laboratory.mailing import CLIENT, compose, connect, end_point_of, from_outside, login_by_scram, transact
from laboratory.wait import until

PASSWORD = "a good password"


@pytest.fixture
def alice(person):
    return person("mia", name="Mia", password=PASSWORD)


def swaks(nest, *options):
    return subprocess.run(["swaks", "--server", nest.hostname, "--local-interface", "20.1.0.6", "--helo", "swaks.test",
                           "--tls-verify", "--tls-ca-path", str(nest._ca.pem), *options],
                          capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("options", [
    ["--port", "587", "--tls"], ["--port", "465", "--tls-on-connect"],
], ids=["STARTTLS on 587", "TLS on 465"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks_submits(nest, alice, options, mechanism):
    done = swaks(nest, *options, "--auth", mechanism, "--auth-user", alice.address, "--auth-password", PASSWORD,
                 "--from", alice.address, "--to", alice.address, "--header", "Subject: by swaks", "--body", "Hello.")
    assert done.returncode == 0, done.stdout + done.stderr
    alice.wait_for_mail(lambda mail: mail["subject"] == "by swaks")


def test_swaks_delivers_to_port_25_over_tls(nest, alice):
    done = swaks(nest, "--port", "25", "--tls", "--from", "carol@mail.test", "--to", alice.address,
                 "--header", "Subject: from a server", "--body", "Hello.")
    assert done.returncode == 0, done.stdout + done.stderr
    alice.wait_for_mail(lambda mail: mail["subject"] == "from a server")


@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-256"])
def test_msmtp_submits(nest, alice, tmp_path, mechanism):
    settings = tmp_path / "msmtprc"
    settings.write_text(f"account default\nhost {nest.hostname}\nport 587\ntls on\ntls_starttls on\n"
                        f"tls_trust_file {nest._ca.pem}\nauth {mechanism}\nuser {alice.address}\npassword {PASSWORD}\n"
                        f"from {alice.address}\ndomain msmtp.test\n")
    settings.chmod(0o600)
    mail = compose(alice.address, alice.address, "by msmtp", "Hello.\n")
    done = subprocess.run(["msmtp", "-C", str(settings), alice.address], input=mail.as_bytes(), capture_output=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    alice.wait_for_mail(lambda mail: mail["subject"] == "by msmtp")


def on_a_terminal(words):
    """Runs a program that wants a screen; gives its status and what it drew.  Nobody types."""
    pid, screen = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", COLUMNS="80", LINES="24")
        os.execvp(words[0], words)
    drawn = b""
    try:
        while more := os.read(screen, 65536):
            drawn += more
    except OSError:  # so a terminal says that the program has ended
        pass
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), drawn


def test_mutt_reads_the_maildir(nest, person, tmp_path):
    folder = tmp_path / "Maildir"
    reader = person("max", maildir=folder)
    for number in range(5):
        mail = compose("carol@mail.test", reader.address, f"Number {number}", f"Text {number}.\n.a line with a dot\n")
        assert from_outside(nest, "carol@mail.test", [reader.address], mail)[0] == 250
    until(lambda: len(list((folder / "new").glob("*"))) == 5, "five mails in the Maildir")
    assert not list((folder / "tmp").glob("*"))
    out = tmp_path / "out"
    settings = tmp_path / "muttrc"
    settings.write_text(f"set folder={tmp_path}\nset quit=yes\nset mark_old=no\nset pipe_decode=no\nset wait_key=no\n"
                        "set mbox_type=Maildir\nset sort=date-received\n")  # without `folder` it asks for one
    keys = f"<tag-pattern>~A<enter><tag-prefix><pipe-message>cat > {out}<enter><quit>"
    status, screen = on_a_terminal(["mutt", "-n", "-F", str(settings), "-f", str(folder), "-e", f'push "{keys}"'])
    assert status == 0, screen[-2000:]
    text = out.read_text()
    assert [f"Number {n}" in text and f"Text {n}." in text for n in range(5)] == [True] * 5
    assert "\n.a line with a dot" in text


def test_login_by_scram_works_and_proves_the_server(nest, alice):
    with connect(nest, 587) as smtp:
        assert "SCRAM-SHA-256" in smtp.esmtp_features["auth"].split()
        assert login_by_scram(smtp, alice.address, PASSWORD)[0] == 235
        mail = compose(alice.address, alice.address, "by SCRAM", "Hello.\n")
        assert transact(smtp, alice.address, [alice.address], mail)[0] == 250
    alice.wait_for_mail(lambda mail: mail["subject"] == "by SCRAM")


def test_a_login_is_bound_to_the_certificate(nest, alice):
    with connect(nest, 587) as smtp:
        assert "SCRAM-SHA-256-PLUS" in smtp.esmtp_features["auth"].split()
        assert login_by_scram(smtp, alice.address, PASSWORD, end_point_of(smtp))[0] == 235
    with connect(nest, 465) as smtp:
        name, seen = end_point_of(smtp)
        code, words = login_by_scram(smtp, alice.address, PASSWORD, (name, bytes(reversed(seen))))
        assert (code, words[:5]) == (535, "5.7.8"), words


class KeyedTalk:
    """SMTP through openssl s_client, which tells what Python does not: the exported key material (RFC 9266)."""

    def __init__(self, nest):
        words = ["openssl", "s_client", "-connect", f"{nest.hostname}:465", "-ign_eof", "-keymatexport",
                 "EXPORTER-Channel-Binding", "-keymatexportlen", "32", "-bind", "20.1.0.5:0"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.material = bytes.fromhex(self.until("Keying material: ").rsplit(" ", 1)[1])
        self.until("220 ")

    def until(self, mark):
        for line in self.process.stdout:
            if mark in line:
                return line.strip()
        raise AssertionError(f"openssl ended before {mark!r}")

    def docmd(self, verb, words=""):
        self.process.stdin.write(f"{verb} {words}".strip() + "\r\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().strip()
        while line[3:4] == "-":
            line = self.process.stdout.readline().strip()
        return int(line[:3]), line[4:].encode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def test_a_login_is_bound_to_the_keys_of_this_connection(nest, alice):
    with KeyedTalk(nest) as talk:
        assert talk.docmd("EHLO", "client.test")[0] == 250
        assert login_by_scram(talk, alice.address, PASSWORD, ("tls-exporter", talk.material))[0] == 235
    with KeyedTalk(nest) as talk, KeyedTalk(nest) as other:
        talk.docmd("EHLO", "client.test")
        assert login_by_scram(talk, alice.address, PASSWORD, ("tls-exporter", other.material))[0] == 535


def test_who_guesses_waits_and_the_owner_does_not(nest, alice, person):
    """From one network: twenty wrong passwords, then no more.  The owner, elsewhere, is not kept waiting."""
    neighbour = person("nora", password=PASSWORD)
    guesser, home = ("20.1.66.6", 0), ("20.1.77.7", 0)
    with connect(nest, 587, source=("20.1.66.9", 0)) as smtp:
        smtp.login(neighbour.address, PASSWORD)  # lives in the guesser's network
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: one_guess(nest, guesser, alice.address), range(24)))
    assert {code for code, _ in answers} <= {535, 421}
    code, words = one_guess(nest, guesser, alice.address)
    assert code == 421 and b"Too many wrong passwords came from your network" in words
    for source, owner in ((home, alice), (("20.1.66.9", 0), neighbour)):
        with connect(nest, 587, source=source) as smtp:
            assert smtp.login(owner.address, PASSWORD)[0] == 235


def one_guess(nest, source, user, password="wrong"):
    said = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    with connect(nest, 587, source=source) as smtp:
        return smtp.docmd("AUTH", f"PLAIN {said}")


@pytest.mark.parametrize("user, password", [("{}", "wrong"), ("nobody@nest.test", PASSWORD), ("{}", PASSWORD + " ")])
def test_a_wrong_password_is_refused_by_plain_and_by_scram(nest, alice, user, password):
    assert one_guess(nest, CLIENT, user.format(alice.address), password)[0] == 535
    with connect(nest, 587) as smtp:
        assert login_by_scram(smtp, user.format(alice.address), password)[0] == 535


def test_no_password_is_taken_in_clear(nest, alice):
    with connect(nest, 587, tls=False) as smtp:
        assert "auth" not in smtp.esmtp_features
        code, _ = smtp.docmd("AUTH", "PLAIN AGEAYg==")
        assert code in (530, 538, 503)


def test_submission_needs_a_login(nest, alice):
    with connect(nest, 587) as smtp:
        assert smtp.mail(alice.address)[0] == 530


def test_port_25_relays_nothing(nest, alice):
    with connect(nest, 25) as smtp:
        assert "auth" not in smtp.esmtp_features
        assert smtp.mail("carol@mail.test")[0] == 250
        assert smtp.rcpt("dan@elsewhere.test")[0] in (550, 554)


def test_port_25_wants_tls(nest):
    with connect(nest, 25, tls=False) as smtp:
        assert smtp.mail("carol@mail.test") == (530, b"5.7.0 Must issue a STARTTLS command first")


def test_a_mail_above_the_limit_is_refused(nest, alice):
    with connect(nest, 25) as smtp:
        limit = int(smtp.esmtp_features["size"])
        assert limit == 50 * 1024 * 1024
        assert smtp.docmd(f"MAIL FROM:<carol@mail.test> SIZE={limit + 1}")[0] == 552


def test_a_large_mail_arrives_byte_for_byte(nest, alice):
    lines = "".join(f"{number:07d} {'x' * 60}\n" for number in range(120000))
    mail = compose("carol@mail.test", alice.address, "Large", lines)
    assert from_outside(nest, "carol@mail.test", [alice.address], mail)[0] == 250
    raw = alice.show(alice.wait_for_mail(lambda mail: mail["subject"] == "Large")).replace(b"\r\n", b"\n")
    assert raw.endswith(mail.as_bytes().replace(b"\r\n", b"\n").split(b"\n\n", 1)[1])
    incoming = nest.data_dir / "bodies" / "incoming"
    until(lambda: not any(incoming.iterdir()), "what it arrived in being removed")
    with connect(nest, 25) as smtp:  # and what is given up in its middle
        assert smtp.mail("carol@mail.test")[0] == smtp.rcpt(alice.address)[0] == 250
        assert smtp.docmd("DATA")[0] == 354
        smtp.send(f"Subject: Half\n\n{lines}".replace("\n", "\r\n"))
        until(lambda: any(incoming.iterdir()), "half a mail being filed")
        smtp.close()
        until(lambda: not any(incoming.iterdir()), "half a mail being removed")


def test_one_mail_to_two_people_reaches_both(nest, alice, person):
    other = person("moritz")
    mail = compose("carol@mail.test", [alice.address, other.address], "For both", "Hello.\n")
    assert from_outside(nest, "carol@mail.test", [alice.address, other.address], mail)[0] == 250
    for reader in (alice, other):
        reader.wait_for_mail(lambda mail: mail["subject"] == "For both")


def test_a_certificate_that_changes_is_served_without_a_restart(nest, ca):
    def serial():
        with connect(nest, 465) as smtp:
            return smtp.sock.getpeercert()["serialNumber"]

    before = serial()
    pem, key = ca.issue("nest.test", "garden.test", nest.hostname)
    for new, old in ((key, nest.key), (pem, nest.certificate)):
        staged = pathlib.Path(f"{old}.new")
        staged.write_bytes(new.read_bytes())
        staged.rename(old)
    until(lambda: serial() != before, "the new certificate being served", 90)


def test_postmaster_is_read_by_the_first_account(twin):
    server = twin().start()
    first, second = server.account("zoe@twin.test"), server.account("abel@twin.test")
    mail = compose("carol@mail.test", "postmaster@twin.test", "To the postmaster", "Hello.\n")
    assert from_outside(server, "carol@mail.test", ["postmaster@twin.test"], mail)[0] == 250
    assert [mail["subject"] for mail in first.mails()] == ["To the postmaster"] and second.mails() == []
