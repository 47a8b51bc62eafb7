"""What we send is one mail to Postfix, Exim and OpenSMTPD, whatever stands in it.

Our entrances refuse most false ends of data, so those are put on the wire by out_wire, which is smtp/out/out_text.c alone; what
passes an entrance goes the whole way."""
import smtplib
import subprocess

import pytest

from laboratory.ends import FALSE_ENDS
from laboratory.mailing import connect
from laboratory.nestbox import ROOT
from laboratory.wait import until

PROGRAM = ROOT / "build" / "dev" / "tests" / "unit" / "smtp" / "out_wire"
PASSWORD = "a good password"
BODIES = [b"Hello" + end + b"MAIL FROM:<evil@evil.test>\r\nRCPT TO:<evil@%s>\r\nDATA\r\nFrom: evil@evil.test\r\n"
          b"Subject: smuggled\r\n\r\nHello" for end in [b"\r\n.\r\n", *FALSE_ENDS]]
BODIES += [b".\r\n", b"..\r\n.a\r\n. \r\n", b"no end", b"\r", b"\n", b"\0", b".", b"a\r\n.", b"a\r\n.\r", b"\r\n\r\n\r\n",
           b"8 bits: \xc3\xa4\r\n", b"x" * 990 + b"\r\n", b"." * 900 + b"\r\n", b"y" * 1200 + b"\r\n.", b"z" * 5000]


def mail(number, sender, to, body):
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: outer {number}\r\nMIME-Version: 1.0\r\n" \
           "Content-Transfer-Encoding: 8bit\r\n\r\n"
    return head.encode() + (body % to.split("@")[1].encode() if b"%s" in body else body)


def lines_of(body):
    """As the other side must have it: a bare LF ends a line, a bare CR and a NUL are a space."""
    text = body.replace(b"\r\n", b"\n").replace(b"\r", b" ").replace(b"\0", b" ")
    return text if text.endswith(b"\n") or not text else text + b"\n"


def expect(server, wanted):
    """Exactly these mails are there: {subject: body}."""
    until(lambda: len(server.inbox()) >= len(wanted), f"{len(wanted)} mails at {server.NAME}", 60)
    server.wait_for_empty_queue()
    got = {mail["Subject"]: mail.body for mail in server.inbox()}
    assert len(server.inbox()) == len(wanted) and got.keys() == wanted.keys()
    for subject, body in wanted.items():
        assert got[subject] == body, subject


@pytest.mark.parametrize("name", ["postfix", "exim", "opensmtpd"])
def test_no_text_of_ours_is_read_as_two_mails(request, name):
    server = request.getfixturevalue(name).begin()
    to, wanted = f"bob@{server.DOMAIN}", {}
    with smtplib.SMTP(server.HOSTNAME, 25, "client.test", timeout=30, source_address=("20.1.0.8", 0)) as smtp:
        smtp.ehlo()
        for number, body in enumerate(BODIES):
            text = mail(number, "carol@mail.test", to, body)
            wire = subprocess.run([PROGRAM], input=text, capture_output=True, check=True).stdout
            assert smtp.mail("carol@mail.test", ["BODY=8BITMIME"])[0] == 250
            assert smtp.rcpt(to)[0] in (250, 251)
            assert smtp.docmd("DATA")[0] == 354
            smtp.send(wire)
            assert smtp.getreply()[0] == 250, body
            wanted[f"outer {number}"] = lines_of(text.split(b"\r\n\r\n", 1)[1])
        assert smtp.quit()[0] == 221
    expect(server, wanted)


def test_what_we_took_arrives_as_one_mail(nest, person, postfix, exim, opensmtpd):
    servers = [server.begin() for server in (postfix, exim, opensmtpd)]
    mia, recipients = person("mia", password=PASSWORD), [f"bob@{server.DOMAIN}" for server in servers]
    wanted, refused = {}, 0
    for number, body in enumerate(BODIES):
        text = mail(number, mia.address, recipients[0], body)
        with connect(nest, 587) as smtp:  # a refusal ends the connection
            smtp.login(mia.address, PASSWORD)
            assert smtp.mail(mia.address, ["BODY=8BITMIME"])[0] == 250
            assert [smtp.rcpt(to)[0] for to in recipients] == [250] * 3
            smtp.send(b"BDAT %d LAST\r\n" % len(text) + text)
            code, _ = smtp.getreply()
        assert code in (250, 550), body
        if code == 250:
            wanted[f"outer {number}"] = lines_of(text.split(b"\r\n\r\n", 1)[1])
        refused += code == 550
    assert refused and len(wanted) >= 20
    for server in servers:
        expect(server, wanted)
