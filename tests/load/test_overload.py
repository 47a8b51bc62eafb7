"""Too much at once: what is begun is finished, what is new is told to come later, and whoever wants little waits little."""
import base64
import socket
import subprocess
import sys
import time

import pytest

from laboratory.mailing import compose, connect, from_outside
from laboratory.wait import until
from visitors import AHEAD, Visitors, part_of, promised

PAGE_S, MAIL_S = promised(0.050), promised(1)
LARGE, LARGE_MIB = 20, 30
CROWD, CROWD_BYTES = 320, 900 * 1024  # more than wait in one lane, each just small enough for it
LOGINS = 60  # more than one works on and 32 wait for


@pytest.fixture
def house(twin):
    server = twin()
    server.around = AHEAD  # of whatever else this machine does
    server.start()
    server.reader = server.account("reader@twin.test")
    return server


def source(number, block=100):
    return (f"20.1.{block + number // 40}.{number % 40 + 1}", 0)


def test_large_mails_slow_no_page(house, ca, record_property):
    visitors = Visitors(house, ca, ["/@reader", "/"], account=house.reader)
    senders = subprocess.run(
        [sys.executable, f"{__file__.rsplit('/', 1)[0]}/senders.py", house.hostname, ca.pem, house.reader.address,
         str(LARGE), str(LARGE_MIB)], capture_output=True, text=True)
    found = visitors.stop()
    assert senders.returncode == 0, senders.stderr
    answers = senders.stdout.split("\n")[:-1]
    pages, mails = part_of(found["pages"], 0.99), part_of(found["mails"], 0.99)
    print(f"\n   {len(answers)} mails of {LARGE_MIB} MiB; {len(found['pages'])} pages, p99 {pages * 1000:.1f} ms; "
          f"{len(found['mails'])} small mails, p99 {mails * 1000:.0f} ms")
    record_property("page_p99_ms", round(pages * 1000, 1))
    assert [answer[:3] for answer in answers] == ["250"] * LARGE
    assert found["refused"] == []
    assert len(found["pages"]) > 200 and pages < PAGE_S
    assert mails < MAIL_S
    assert len([mail for mail in house.reader.mails("INBOX") if mail["subject"] == "Large"]) == LARGE


def begin_data(house, number):
    """Everything but the final dot."""
    smtp = connect(house, 25, source=source(number))
    smtp.mail("carol@mail.test")
    smtp.rcpt(house.reader.address)
    assert smtp.docmd("DATA")[0] == 354
    head = compose("carol@mail.test", house.reader.address, f"Crowd {number}", "").as_bytes()
    smtp.send(head + (b"x" * 76 + b"\r\n") * (CROWD_BYTES // 78))
    return smtp


class Browser:
    """One kept connection."""

    def __init__(self, house):
        raw = socket.create_connection((house.domains[0], 443), 30, ("20.1.99.1", 0))
        self.tls = house.trust.wrap_socket(raw, server_hostname=house.domains[0])
        self.host = house.domains[0]

    def get(self):
        self.tls.sendall(f"GET /@reader HTTP/1.1\r\nHost: {self.host}\r\nAccept: text/html\r\n\r\n".encode())
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += self.tls.recv(65536)
        head, body = heard.split(b"\r\n\r\n", 1)
        length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self.tls.recv(65536)
        return head.decode()


def test_past_its_length_a_lane_refuses_what_is_new_and_finishes_what_is_begun(house):
    crowd = [begin_data(house, number) for number in range(CROWD)]
    new, browser = connect(house, 25, source=("20.1.98.1", 0)), Browser(house)
    assert browser.get().startswith("HTTP/1.1 200")
    house.freeze()  # so that all come at once, however slow we are
    for smtp in crowd:
        smtp.send(b".\r\n")
    house.thaw()
    later = told = None

    def refused():
        nonlocal later, told
        answer = new.mail("dave@mail.test")
        if answer[0] == 250:
            new.rset()
        else:
            later = later or answer
        page = browser.get()
        told = told or (page if page.startswith("HTTP/1.1 503") else None)
        return later and told

    until(refused, "451 and 503 while the lane is full")
    assert later[0] == 451 and later[1].startswith(b"4.3.2 Too much is going on here.")
    assert "retry-after: 30" in told.lower()
    assert {smtp.getreply()[0] for smtp in crowd} == {250}
    assert new.mail("dave@mail.test")[0] == 250
    assert browser.get().startswith("HTTP/1.1 200")
    assert len(house.reader.mails("INBOX")) == CROWD
    for smtp in crowd:
        smtp.close()


def test_a_crowd_of_passwords_has_one_worker_and_the_rest_hear_454(house):
    people = [house.account(f"person{number}@twin.test") for number in range(LOGINS // 10)]  # one may not have many
    words = [base64.b64encode(f"\0{person.address}\0{person.password}".encode()).decode() for person in people] * 10
    waiting = [connect(house, 465, source=source(number)) for number in range(LOGINS)]
    house.freeze()  # so that all come at once, however slow we are
    for smtp, word in zip(waiting, words):
        smtp.send(f"AUTH PLAIN {word}\r\n".encode())
    house.thaw()
    began = time.monotonic()
    assert from_outside(house, "carol@mail.test", [house.reader.address],
                        compose("carol@mail.test", house.reader.address, "Between", "Hello.\n"))[0] == 250
    mail_took = time.monotonic() - began
    answers = [smtp.getreply() for smtp in waiting]
    all_took = time.monotonic() - began
    codes = [code for code, _ in answers]
    print(f"\n   {codes.count(235)} in, {codes.count(454)} told to come later, in {all_took:.2f} s; "
          f"a mail meanwhile took {mail_took:.3f} s")
    assert set(codes) == {235, 454} and codes.count(235) >= 32
    assert mail_took < all_took / 2
    late = codes.index(454)
    assert waiting[late].docmd("AUTH", f"PLAIN {words[late]}")[0] == 235
    for smtp in waiting:
        smtp.close()
