"""SIGTERM: whoever is served meanwhile is told, nothing that was promised is lost, and it ends in time."""
import collections
import json
import signal
import socket
import threading
import time

import pytest

from laboratory import signatures
from laboratory.load import BROKEN
from laboratory.mailhost import MailHost
from laboratory.mailing import compose, connect, from_outside, submit
from laboratory.peer import ACTIVITY_JSON, CONTEXT
from laboratory.wait import until

IN_TIME = 40  # seconds


class Goodbye:
    """SIGTERM from now on; `took` is known at the end."""

    def __init__(self, server):
        self.server, self.begun = server, time.monotonic()
        self._process = server._process.popen
        self._process.send_signal(signal.SIGTERM)

    def wait(self):
        status = self._process.wait(IN_TIME + 20)
        self.took = time.monotonic() - self.begun
        assert status == 0
        assert self.took <= IN_TIME
        self.server.end()


@pytest.fixture
def house(twin, judge):
    server = twin().start()
    server.alice = server.account("alice@twin.test")
    judge.key("bob")
    return server


def letter(house, token):
    return compose("carol@mail.test", house.alice.address, f"token {token}", "Half a mail.\n" * 20)


def subjects(house):
    return collections.Counter(mail["subject"] for mail in house.alice.mails("INBOX"))


def begin_data(house, mail):
    smtp = connect(house, 25)
    smtp.mail("carol@mail.test")
    smtp.rcpt(house.alice.address)
    assert smtp.docmd("DATA")[0] == 354
    text = mail.as_bytes()
    smtp.send(text[:len(text) // 2])
    return smtp


def test_a_client_amid_data_hears_421(house):
    mail = letter(house, "half")
    smtp = begin_data(house, mail)
    goodbye = Goodbye(house)
    code, words = smtp.getreply()
    assert code == 421, words
    assert smtp.sock.recv(1) == b""
    goodbye.wait()
    house.start()
    assert subjects(house) == {}
    assert from_outside(house, "carol@mail.test", [house.alice.address], mail)[0] == 250
    assert subjects(house) == {"token half": 1}


def open_post(judge, house, body_sent):
    """A signed Create, of which head and that part of the body have been sent; gives socket, rest and activity."""
    inbox = f"{house.alice.actor}/inbox"
    note = judge.make_note("<p>token note</p>", to=[house.alice.actor], tag=[
        {"type": "Mention", "href": house.alice.actor, "name": house.alice.handle}])
    create = judge.create(note)
    body = json.dumps({"@context": CONTEXT, **create}).encode()
    request = signatures.Request("POST", inbox, [], body)
    headers = signatures.SIGN[signatures.CAVAGE](request, judge.key("bob"), f"{judge.actor('bob')}#main-key", None)
    headers += [("Content-Type", ACTIVITY_JSON), ("Content-Length", str(len(body)))]
    head = f"POST {request.target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    raw = socket.create_connection(("twin.test", 443), source_address=(judge.address, 0), timeout=IN_TIME + 20)
    tls = house.trust.wrap_socket(raw, server_hostname="twin.test")
    cut = int(len(body) * body_sent)
    tls.sendall(head.encode() + body[:cut])
    return tls, body[cut:], create


def answer(tls):
    """All until the end of the connection; gives (status, head)."""
    heard = b""
    while chunk := tls.recv(65536):
        heard += chunk
    head = heard.split(b"\r\n\r\n")[0].decode()
    return int(head.split(" ")[1]), head.lower()


def until_closed(house):
    """Waits for the moment when SIGTERM has arrived: the door is shut."""
    while True:
        try:
            socket.create_connection(("twin.test", 80), timeout=5).close()
        except OSError:
            return


def test_a_client_amid_a_post_is_still_answered(house, judge):
    tls, rest, _ = open_post(judge, house, 0.5)
    goodbye = Goodbye(house)
    until_closed(house)
    tls.sendall(rest)
    status, head = answer(tls)
    assert status == 202
    assert "connection: close" in head
    goodbye.wait()
    house.start()
    assert len(house.alice.mails("INBOX")) == 1


def test_a_client_that_never_ends_its_post_is_told_too(house, judge):
    tls, rest, create = open_post(judge, house, 0.5)
    goodbye = Goodbye(house)
    status, head = answer(tls)
    assert status in (408, 503)
    assert "connection: close" in head
    goodbye.wait()
    house.start()
    assert house.alice.mails("INBOX") == []
    assert judge.post(f"{house.alice.actor}/inbox", create)[0] == 202
    assert len(house.alice.mails("INBOX")) == 1


class Talker(threading.Thread):
    """Sends one mail after another on one connection until it is told to go."""

    def __init__(self, house, number):
        super().__init__(daemon=True)
        self.house, self.number, self.kept, self.last = house, number, [], None
        self.smtp = connect(house, 25, source=(f"20.1.8.{number}", 0))
        self.busy = threading.Event()

    def run(self):
        try:
            while self.last is None:
                self.send(f"{self.number}-{len(self.kept)}")
        except BROKEN as problem:
            self.last = problem

    def send(self, token):
        steps = (lambda: self.smtp.mail("carol@mail.test"), lambda: self.smtp.rcpt(self.house.alice.address),
                 lambda: self.smtp.docmd("DATA"), lambda: self.finish(letter(self.house, token)))
        for step in steps:
            code, _ = step()
            if code not in (250, 354):
                self.last = code
                return
        self.kept.append(f"token {token}")
        self.busy.set()

    def finish(self, mail):
        self.smtp.send(mail.as_bytes() + b".\r\n")
        return self.smtp.getreply()


def test_under_load_everybody_hears_250_or_421_and_both_are_true(house):
    talkers = [Talker(house, number) for number in range(1, 9)]
    for talker in talkers:
        talker.start()
    for talker in talkers:
        assert talker.busy.wait(30)
    Goodbye(house).wait()
    for talker in talkers:
        talker.join(30)
    assert [talker.last for talker in talkers] == [421] * len(talkers)
    house.start()
    there = subjects(house)
    promised = [subject for talker in talkers for subject in talker.kept]
    assert {subject: there[subject] for subject in promised} == dict.fromkeys(promised, 1)
    assert sum(there.values()) == len(promised)


def test_deliveries_that_nobody_answers_hold_up_no_end_and_are_made_later(twin, judge, dns):
    dns.add("silent.unsigned.test A 20.1.9.1")
    answering = threading.Event()
    host = MailHost("20.1.9.1", script={"DATA": lambda line: answering.wait(IN_TIME * 2) and None})
    server = twin({"network": {"retry": ", ".join(["1 s"] * 9)}}).start()
    alice = server.account("alice@twin.test")
    judge.follow(alice.handle)
    judge.on_delivery = lambda delivery: answering.wait(IN_TIME * 2) and 202
    assert submit(alice, compose(alice.address, alice.word("public"), "", "Is anybody there?\n"))[0] == 250
    assert submit(alice, compose(alice.address, "pat@silent.unsigned.test", "Hello", "Is anybody there?\n"))[0] == 250
    until(lambda: "DATA" in [line for talk in host.talks.all() for line in talk.lines], "the mail being under way")
    Goodbye(server).wait()
    answering.set()
    server.start()
    until(lambda: server.ask("queue", "list") == [], "both being delivered", 60)
    judge.wait_for("Create")
    assert len({delivery.activity["id"] for delivery in judge.deliveries.all()
                if delivery.activity["type"] == "Create"}) == 1
    assert host.mails.all()
    host.stop()
