"""Mail servers of others, as they are: Postfix, Exim and OpenSMTPD, both ways."""
import re

import pytest

from laboratory.mailing import compose, connect, submit
from laboratory.wait import until

PASSWORD = "a good password"
TEXT = "Good morning.\n.a dot\n..two\n"


@pytest.fixture
def mia(person):
    return person("mia", password=PASSWORD)


def theirs(server, to, subject="from them", text=TEXT):
    author = f"ann@{server.DOMAIN}"
    mail = compose(author, to, subject, text)
    server.send(author, to, mail)
    return mail


def ours(account, server, subject="from us", text=TEXT):
    mail = compose(account.address, f"bob@{server.DOMAIN}", subject, text)
    code, words = submit(account, mail)
    assert code == 250, words
    return mail


@pytest.fixture
def our_log_of_delivery(nest):
    """What we wrote down about the delivery there that this test began."""
    before = len(nest.log.read_text())

    def look_for(server):
        wanted = rf"delivery=\d+ domain={server.DOMAIN} host={server.HOSTNAME} .*"
        return until(lambda: re.search(wanted, nest.log.read_text()[before:]),
                     f"a delivery to {server.DOMAIN} in our log").group()

    return look_for


# They deliver to us


def test_postfix_delivers_to_us_and_verifies_our_certificate(nest, mia, postfix):
    postfix.begin(tls="verify")
    theirs(postfix, mia.address)
    mia.wait_for_mail(lambda mail: mail["subject"] == "from them")
    postfix.wait_for_log(r"Verified TLS connection established to mx\.nest\.test\[20\.0\.0\.10\]:25: TLSv1\.3")
    postfix.wait_for_empty_queue()


def test_exim_delivers_to_us_and_verifies_our_certificate(nest, mia, exim):
    exim.begin(verify=True)
    theirs(exim, mia.address)
    mia.wait_for_mail(lambda mail: mail["subject"] == "from them")
    exim.wait_for_log(rf"=> {mia.address} .*H=mx\.nest\.test (DS )?\[20\.0\.0\.10\].* X=TLS1\.3:\S+ CV=yes")
    exim.wait_for_empty_queue()


def test_opensmtpd_delivers_to_us_by_tls(nest, mia, opensmtpd):
    opensmtpd.begin()
    theirs(opensmtpd, mia.address)
    mia.wait_for_mail(lambda mail: mail["subject"] == "from them")
    opensmtpd.wait_for_log(r"mta tls ciphers=TLSv1\.3")
    opensmtpd.wait_for_empty_queue()


# We deliver to them


def test_we_deliver_to_postfix_and_verify_its_certificate(mia, postfix, our_log_of_delivery):
    postfix.begin()
    mail = ours(mia, postfix)
    got = postfix.wait_for_mail()
    assert (got["Message-ID"], got.body.decode()) == (mail["Message-ID"], TEXT)
    assert got["Return-Path"] == f"<{mia.address}>"
    postfix.wait_for_log(r"TLS connection established from mx\.nest\.test\[20\.0\.0\.10\]: TLSv1\.3"
                         r"|TLS connection established from unknown\[20\.0\.0\.10\]: TLSv1\.3")
    assert "tls=TLSv1.3 verified" in our_log_of_delivery(postfix)


def test_we_deliver_to_exim_and_verify_its_certificate(mia, exim, our_log_of_delivery):
    exim.begin()
    mail = ours(mia, exim)
    got = exim.wait_for_mail()
    assert (got["Message-ID"], got.body.decode()) == (mail["Message-ID"], TEXT)
    exim.wait_for_log(rf"<= {mia.address} H=.*\[20\.0\.0\.10\].* P=esmtps X=TLS1\.3:")
    assert "tls=TLSv1.3 verified" in our_log_of_delivery(exim)


@pytest.mark.parametrize("tls", [False, True], ids=["no TLS", "TLS that always fails"])
def test_we_deliver_to_opensmtpd_in_clear(mia, opensmtpd, our_log_of_delivery, tls):
    opensmtpd.begin(tls=tls)
    mail = ours(mia, opensmtpd)
    got = opensmtpd.wait_for_mail()
    assert (got["Message-ID"], got.body.decode()) == (mail["Message-ID"], TEXT)
    assert "tls=none" in our_log_of_delivery(opensmtpd)
    connections = re.findall(r"smtp connected address=20\.0\.0\.10", opensmtpd.log())
    assert len(connections) == (2 if tls else 1)


# Later


@pytest.mark.parametrize("name", ["postfix", "exim"])
def test_what_we_defer_comes_again(request, twin, dns, name):
    server = request.getfixturevalue(name).begin()
    nest = twin({"policy": {"quota": "2 KiB"}}).start()
    tom = nest.account("tom@twin.test")
    theirs(server, tom.address, "small enough")
    tom.wait_for_mail(lambda mail: mail["subject"] == "small enough")
    theirs(server, tom.address, "too large for now", "a line\n" * 500)
    server.wait_for_log(r"452[ -]4\.2\.2")
    assert [row.recipient for row in server.queue()] == [tom.address] and len(tom.mails()) == 1
    nest.stop()
    nest.write_settings({"policy": {"quota": "1 GiB"}})
    nest.start()
    tom.wait_for_mail(lambda mail: mail["subject"] == "too large for now")
    server.wait_for_empty_queue()
    assert len(tom.mails("INBOX")) == 2


# Large

LARGE = "".join(f"{number:07d} {'x' * 60}\n" for number in range(310000))  # 20 MiB


@pytest.mark.parametrize("name", ["postfix", "exim", "opensmtpd"])
def test_a_large_mail_reaches_them_byte_for_byte(request, mia, name):
    server = request.getfixturevalue(name).begin()
    ours(mia, server, "Large", LARGE)
    got = server.wait_for_mail(lambda mail: mail["Subject"] == "Large", 60)
    assert got.body == LARGE.encode()


@pytest.mark.parametrize("name", ["postfix", "exim", "opensmtpd"])
def test_a_large_mail_reaches_us_byte_for_byte(request, mia, name):
    server = request.getfixturevalue(name).begin()
    theirs(server, mia.address, "Large", LARGE)
    row = mia.wait_for_mail(lambda mail: mail["subject"] == "Large", seconds=60)
    assert mia.show(row).replace(b"\r\n", b"\n").partition(b"\n\n")[2] == LARGE.encode()


# Extensions


def test_exim_brings_mail_in_chunks(nest, mia, exim):
    exim.begin()
    theirs(exim, mia.address, "in chunks", TEXT + ".\n")
    row = mia.wait_for_mail(lambda mail: mail["subject"] == "in chunks")
    exim.wait_for_log(rf"=> {mia.address} .* K ")  # its mark for CHUNKING
    assert mia.show(row).replace(b"\r\n", b"\n").partition(b"\n\n")[2].decode() == TEXT + ".\n"


@pytest.mark.parametrize("name", ["postfix", "exim", "opensmtpd"])
def test_eight_bits_go_both_ways(request, mia, name):
    server = request.getfixturevalue(name).begin()
    text = "Grüße aus Köln: ä ö ü ß €\n"
    head = "Subject: eight bits\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n" \
           "Content-Transfer-Encoding: 8bit\n\n"
    server.send(f"ann@{server.DOMAIN}", mia.address, (f"From: ann@{server.DOMAIN}\nTo: {mia.address}\n" + head + text).encode(),
                ["-B8BITMIME"] if name == "postfix" else [])
    row = mia.wait_for_mail(lambda mail: mail["subject"] == "eight bits")
    assert mia.show(row).replace(b"\r\n", b"\n").partition(b"\n\n")[2].decode() == text
    mail = (f"From: {mia.address}\nTo: bob@{server.DOMAIN}\n" + head + text).encode().replace(b"\n", b"\r\n")
    assert submit(mia, mail, [f"bob@{server.DOMAIN}"])[0] == 250
    assert server.wait_for_mail().body.decode() == text


@pytest.mark.parametrize("name", ["postfix", "exim"])
def test_addresses_beyond_ascii_go_out(request, mia, name):
    server = request.getfixturevalue(name).begin()
    mail = f"From: {mia.address}\r\nTo: jürgen@{server.DOMAIN}\r\nSubject: Grüße\r\n\r\nHello.\r\n".encode()
    with connect(mia.nestbox, 587) as smtp:
        smtp.login(mia.address, PASSWORD)
        assert smtp.mail(mia.address, ["SMTPUTF8", "BODY=8BITMIME"])[0] == 250
        smtp.send(f"RCPT TO:<jürgen@{server.DOMAIN}>\r\n".encode())
        assert smtp.getreply()[0] == 250
        assert smtp.data(mail)[0] == 250
    got = server.wait_for_mail()
    assert "Subject: Grüße".encode() in got.head and f"jürgen@{server.DOMAIN}".encode() in got.head


def test_postfix_brings_headers_beyond_ascii(nest, mia, postfix):
    postfix.begin()
    mail = f"From: Jürgen <ann@postfix.test>\nTo: {mia.address}\nSubject: Grüße\n\nHello.\n".encode()
    postfix.send("ann@postfix.test", mia.address, mail)
    mia.wait_for_mail(lambda mail: mail["subject"] == "Grüße")
    postfix.wait_for_empty_queue()
