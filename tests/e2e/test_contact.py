"""Strangers knock with real mail servers: the owner is asked once, and the same queued mail is what arrives."""
import email
import email.policy
import http.client as http_client
import imaplib
import re

import pytest

from laboratory.mailing import compose, connect, from_outside, submit, transact
from laboratory.wait import until

SERVERS = ["postfix", "exim", "opensmtpd"]
LATER = ("decides first whether to take mail from new people. Nothing to do: your server tries again by itself. "
         "https://twin.test/about/first-mail")


@pytest.fixture
def asking(twin):
    """Somebody who is asked about strangers, on a server that lets them wait outside."""
    def make(**policy):
        nest = twin({"policy": {"contact": "ask", "hold": "defer", **policy}}).start()
        return nest.account("tom@twin.test", name="Tom")
    return make


def knock(server, tom, subject="Meeting on Friday"):
    author = f"ann@{server.DOMAIN}"
    mail = compose(author, tom.address, subject, "Shall we?\n")
    server.send(author, tom.address, mail)
    return mail


def contact(tom, person):
    rows = [row for row in tom.nestbox.ask("contact", "list", tom.address) if row["person"] == person]
    return rows[0] if rows else None


def tries(tom, person, least, server):
    """Waits until they have come that often."""
    def enough():
        server.retry()
        row = contact(tom, person)
        return row if row and row["tries"] >= least else None
    return until(enough, f"{least} tries of {person}", 60)


def requests(tom, folder="Contacts/New"):
    return tom.mails(folder)


def text_of(tom, notice):
    return email.message_from_bytes(tom.show(notice), policy=email.policy.default).get_body(("plain",)).get_content()


@pytest.mark.parametrize("name", SERVERS)
def test_asked_once_and_the_same_mail_arrives(request, asking, name):
    server, tom = request.getfixturevalue(name).begin(), asking()
    ann = f"ann@{server.DOMAIN}"
    mail = knock(server, tom)
    tries(tom, ann, 4, server)
    [notice] = requests(tom)
    assert notice["subject"].endswith("wants to write to you")
    assert "decides first" in " ".join(row.reason for row in server.queue()) or name == "exim"
    assert not tom.mails("INBOX")
    tom.nestbox.cli("contact", "welcome", tom.address, ann)
    server.retry()
    arrived = tom.wait_for_mail(lambda row: row["subject"] == "Meeting on Friday", seconds=60)
    assert arrived["message_id"] == mail["Message-ID"].strip("<>")
    server.wait_for_empty_queue()
    assert len(requests(tom, "Contacts/Welcome")) == 1 and not requests(tom)
    assert contact(tom, ann)["arrived"]


@pytest.mark.parametrize("name", SERVERS)
def test_refused_with_words_in_the_bounce(request, asking, name):
    server, tom = request.getfixturevalue(name).begin(), asking()
    ann = f"ann@{server.DOMAIN}"
    knock(server, tom)
    tries(tom, ann, 1, server)
    tom.nestbox.cli("contact", "refuse", tom.address, ann, "--say", "please write to my office")
    server.retry()
    bounce = server.wait_for_mail(seconds=60)
    assert b"please write to my office" in b" ".join(bounce.raw.split())
    server.wait_for_empty_queue()
    assert len(requests(tom, "Contacts/Refused")) == 1


def test_ignored_is_answered_as_waiting(asking):
    tom = asking()
    replies = {"waits": set(), "ignored": set()}
    for round_ in range(20):
        for who in replies:
            mail = compose(f"{who}@other.test", tom.address, "Hello", f"{round_}\n")
            replies[who].add(from_outside(tom.nestbox, f"{who}@other.test", [tom.address], mail))
        if round_ == 0:
            tom.nestbox.cli("contact", "ignore", tom.address, "ignored@other.test")
    assert replies["waits"] == replies["ignored"] == {(450, f"4.7.1 {tom.address} {LATER}")}
    assert {row["tries"] for row in tom.nestbox.ask("contact", "list", tom.address)} == {20}
    assert len(requests(tom)) == 1 and not tom.mails("INBOX")


def test_known_by_their_envelope(asking):
    tom = asking()
    mail = compose("ann@known.test", tom.address, "Hello", "Hello\n")
    said = {}
    for answer in (None, "ignore", "refuse"):
        if answer:
            tom.nestbox.cli("contact", answer, tom.address, "ann@known.test")
        else:
            said["after DATA"] = from_outside(tom.nestbox, "ann@known.test", [tom.address], mail)
        smtp = connect(tom.nestbox, 25)
        assert smtp.mail("ann@known.test")[0] == 250
        code, words = smtp.rcpt(tom.address)
        said[answer] = code, words.decode()
        smtp.close()
    assert said["after DATA"] == said[None] == said["ignore"] == (450, f"4.7.1 {tom.address} {LATER}")
    assert said["refuse"] == (550, f"5.7.1 {tom.address} does not take mail from you. Nothing to do.")
    assert contact(tom, "ann@known.test")["tries"] == 4
    tom.nestbox.cli("contact", "welcome", tom.address, "ann@known.test")
    assert from_outside(tom.nestbox, "ann@known.test", [tom.address], mail)[0] == 250


def test_held_and_released(asking):
    tom = asking(hold="accept")
    mail = compose("cara@other.test", tom.address, "Held", "words of a stranger\n")
    assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == 250
    assert not tom.mails("INBOX") and len(requests(tom)) == 1
    tom.nestbox.cli("contact", "welcome", tom.address, "cara@other.test")
    [row] = tom.mails("INBOX")
    assert row["subject"] == "Held" and b"words of a stranger" in tom.show(row)


def test_one_mail_for_owners_who_think_differently(asking):
    """Architecture: who welcomes them gets it, for who is asked it is held, for the others it is dropped; one 250 for all."""
    tom = asking()
    others = zip(("asked", "refuse", "ignore"), ("kim", "una", "dan"))
    owners = {"welcome": tom, **{answer: tom.nestbox.account(f"{name}@twin.test") for answer, name in others}}
    for answer in ("welcome", "refuse", "ignore"):
        tom.nestbox.cli("contact", answer, owners[answer].address, "cara@known.test")
    to = [owner.address for owner in owners.values()]
    assert from_outside(tom.nestbox, "cara@known.test", to, compose("cara@known.test", to, "All", "Hello\n"))[0] == 250
    assert [mail["subject"] for mail in tom.mails("INBOX")] == ["All"]
    assert len(requests(owners["asked"])) == 1
    for name in ("asked", "refuse", "ignore"):
        assert not owners[name].mails("INBOX")
        tom.nestbox.cli("contact", "welcome", owners[name].address, "cara@known.test")
    assert [mail["subject"] for mail in owners["asked"].mails("INBOX")] == ["All"]
    assert not owners["refuse"].mails() and not owners["ignore"].mails()


@pytest.mark.parametrize("hold, code", [("defer", 450), ("accept", 250)])
def test_a_forger_does_not_use_a_welcome(asking, hold, code):
    tom = asking(hold=hold)
    tom.nestbox.cli("contact", "welcome", tom.address, "ann@known.test")
    for subject in ("From Ann", "Again"):
        mail = compose("ann@known.test", tom.address, subject, "Hello\n")
        assert from_outside(tom.nestbox, "ann@known.test", [tom.address], mail)[0] == 250
    forged = compose("ann@known.test", tom.address, "Forged", "Send me money.\n")
    for sender, source in (("someone@evil.test", "20.1.0.6"), ("ann@known.test", "20.1.0.6"), ("", "20.1.0.5")):
        with connect(tom.nestbox, 25, source=(source, 0)) as smtp:
            assert transact(smtp, sender, [tom.address], forged)[0] in (code, 550)
    assert [mail["subject"] for mail in tom.mails("INBOX")] == ["From Ann", "Again"]
    [notice] = requests(tom)
    assert "You welcomed this address when it was confirmed better than now" in text_of(tom, notice)
    assert sorted(row["state"] for row in tom.nestbox.ask("contact", "list", tom.address)) == ["asked", "welcome"]
    assert from_outside(tom.nestbox, "ann@known.test", [tom.address],
                        compose("ann@known.test", tom.address, "Third", "Hello\n"))[0] == 250


def imap_of(account):
    imap = imaplib.IMAP4_SSL(account.nestbox.address, 993, ssl_context=unchecked(account))
    imap.login(account.address, account.password)
    return imap


def unchecked(account):
    """The name is that of the address here, which the certificate has too."""
    return account.nestbox.trust


def test_told_by_idle_and_answered_by_a_move(asking):
    tom = asking()
    imap = imap_of(tom)
    imap.select("Contacts/New")
    tag = imap._new_tag()
    imap.send(tag + b" IDLE\r\n")
    assert imap.readline().startswith(b"+")
    mail = compose("cara@other.test", tom.address, "Hello", "Hello\n")
    assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == 450
    assert b"1 EXISTS" in imap.readline()
    imap.send(b"DONE\r\n")
    while not imap.readline().startswith(tag):
        pass
    for folder, state, code in (("Contacts/Refused", "refused", 550), ("Contacts/Ignored", "ignored", 450),
                                ("Contacts/Welcome", "welcome", 250)):
        assert imap.uid("MOVE", imap.uid("SEARCH", "ALL")[1][0], folder)[0] == "OK"
        imap.select(folder)
        assert contact(tom, "cara@other.test")["state"] == state
        assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == code
    imap.logout()


@pytest.mark.parametrize("words, state", [("welcome", "welcome"), ("nein: jetzt nicht", "refused"),
                                          ("ignorer", "ignored")])
def test_answered_by_reply(asking, words, state):
    tom = asking()
    mail = compose("cara@other.test", tom.address, "Hello", "Hello\n")
    assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == 450
    [notice] = requests(tom)
    robot = notice["from"].split("<")[1].rstrip(">")
    code, said = submit(tom, compose(tom.address, robot, "Re: " + notice["subject"], words + "\n\n> quoted\n"))
    assert code == 250, said
    assert contact(tom, "cara@other.test")["state"] == state
    code, said = submit(tom, compose(tom.address, robot, "Re: " + notice["subject"], "undo\n"))
    assert code == 250, said
    assert contact(tom, "cara@other.test")["state"] == "asked"


def test_watched(asking, tmp_path):
    from laboratory.process import Process
    tom = asking()
    out = tmp_path / "watch"
    watch = Process("nestbox contact watch", [tom.nestbox.binary, "contact", "watch", tom.address, "--json", "--config",
                                              tom.nestbox.config], out)
    from_outside(tom.nestbox, "cara@other.test", [tom.address], compose("cara@other.test", tom.address, "Hello", "Hi\n"))
    until(lambda: "cara@other.test" in out.read_text(), "the request in what is watched")
    watch.kill()


def test_decisions_are_carried_over(asking):
    tom = asking()
    said = {"cara@other.test": "welcome", "dora@other.test": "refuse", "emil@other.test": "ignore"}
    mails = {who: compose(who, tom.address, "Hello", "Hello\n") for who in said}
    for who, answer in said.items():  # asked about, so that it is known how well they are confirmed
        assert from_outside(tom.nestbox, who, [tom.address], mails[who])[0] == 450
        tom.nestbox.cli("contact", answer, tom.address, who, *(["--say", "not now"] if answer == "refuse" else []))
    tom.nestbox.cli("contact", "refuse", tom.address, "@bad.test", "--say", "not from there")
    tom.nestbox.cli("contact", "ignore", tom.address, "@bob@social.test")
    kept = tom.nestbox.cli("contact", "export", tom.address)
    assert "refused\t@bad.test\tS4\tnot from there\n" in kept and "@bob@social.test" in kept and kept.count("\n") == 5
    kim = tom.nestbox.account("kim@twin.test")
    for _ in range(2):  # once more changes nothing
        tom.nestbox.cli("contact", "import", kim.address, input=kept)
        assert sorted(tom.nestbox.cli("contact", "export", kim.address).splitlines()) == sorted(kept.splitlines())
    for who, code in (("cara", 250), ("dora", 550), ("emil", 450)):
        mail = compose(f"{who}@other.test", kim.address, "Hello", "Hello\n")
        heard, words = from_outside(tom.nestbox, f"{who}@other.test", [kim.address], mail)
        assert heard == code and (code != 550 or words.endswith("not now"))
    assert not requests(kim) and len(kim.mails("INBOX")) == 1


def test_answered_on_the_page(asking):
    tom = asking()
    mail = compose("cara@other.test", tom.address, "Hello", "Hello\n")
    assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == 450
    [notice] = requests(tom)
    path = re.search(r"https://twin\.test(/contacts/\w+)", text_of(tom, notice))[1]

    def page(method="GET", body=None, at=path):
        http = http_client.HTTPSConnection("twin.test", context=tom.nestbox.trust, timeout=60)
        http.request(method, at, body, {"Content-Type": "application/x-www-form-urlencoded"} if body else {})
        response = http.getresponse()
        return response.status, response.read().decode(), response.headers

    for _ in range(2):  # as scanners do
        status, html, headers = page()
        assert status == 200 and "cara@other.test" in html and "They wait for your answer" in html
        assert headers["Referrer-Policy"] == "no-referrer" and "<script" not in html
    assert contact(tom, "cara@other.test")["state"] == "asked"
    for answer, state, code in (("welcome", "welcome", 250), ("refuse&words=not%20now", "refused", 550),
                                ("ignore", "ignored", 450), ("undo", "asked", 450)):
        status, html, _ = page("POST", f"answer={answer}")
        assert status == 200 and contact(tom, "cara@other.test")["state"] == state
        assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == code
    assert page(at=path[:-1] + ("0" if path[-1] != "0" else "1"))[0] == 404
    assert page("POST", "answer=anything")[0] == 200 and contact(tom, "cara@other.test")["state"] == "asked"
