"""Mail that people here send to people elsewhere, by SMTP.  Names are made as they are needed, so they lie in the
unsigned zone: of a signed one a resolver knows what is not there."""
import email
import email.policy
import itertools
import ssl
import threading

import pytest

from laboratory.mailhost import MailHost
from laboratory.mailing import compose, submit
from laboratory.wait import until

PASSWORD = "a good password"
SERIAL = itertools.count(1)


@pytest.fixture
def mia(person):
    return person("mia", password=PASSWORD)


@pytest.fixture
def far(dns):
    """Makes mail servers of others, each with a domain and an address of its own.  `mx`: a preference, or None: no
    MX record, the domain's own address."""
    made = []

    def make(mx=10, domain=None, name=None, **options):
        number = next(SERIAL)
        domain = domain or f"far{number}.unsigned.test"
        address = f"20.1.1.{number}"
        host = domain if mx is None else name or f"mx{number}.{domain}"
        dns.add(f"{host} A {address}", *([] if mx is None else [f"{domain} MX {mx} {host}."]))
        made.append(MailHost(address, **options))
        made[-1].domain, made[-1].name = domain, host
        return made[-1]

    yield make
    for host in made:
        host.stop()


@pytest.fixture
def tls(ca):
    pem, key = ca.issue("somebody-else.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context


def send(account, to, subject="hello", text="How are you?\n.a dot\n..two\n", **headers):
    mail = compose(account.address, to, subject, text, headers=headers)
    code, words = submit(account, mail)
    assert code == 250, words
    return mail


def queue(nest, domain):
    return [row for row in nest.ask("queue", "list") if domain in str(row)]


def test_a_mail_goes_to_the_mx(nest, mia, far):
    host = far()
    mail = send(mia, f"bob@{host.domain}")
    got = host.mails.wait_for(lambda mail: True)
    assert got.recipients == [f"bob@{host.domain}"]
    assert got.sender.startswith(f"MAIL FROM:<{mia.address}>")
    assert got.talk.lines[0] == "EHLO mx.nest.test"
    assert got.text.endswith(b"\r\nHow are you?\r\n.a dot\r\n..two\r\n")
    assert mail["Message-ID"].encode() in got.text
    assert got.talk.peer == nest.address
    until(lambda: not queue(nest, host.domain), "an empty queue")


def test_without_mx_the_domain_itself_is_asked(nest, mia, far):
    host = far(mx=None)
    send(mia, f"bob@{host.domain}")
    host.mails.wait_for(lambda mail: True)


def test_tls_is_used_when_offered_whatever_the_certificate(nest, mia, far, tls):
    host = far(tls=tls)
    send(mia, f"bob@{host.domain}")
    got = host.mails.wait_for(lambda mail: True)
    assert got.talk.tls in ("TLSv1.2", "TLSv1.3")
    assert [line.split()[0] for line in got.talk.lines[:4]] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]


def test_when_the_handshake_fails_it_goes_in_clear(nest, mia, far):
    host = far(tls="broken")
    send(mia, f"bob@{host.domain}")
    got = host.mails.wait_for(lambda mail: True)
    assert got.talk.tls is None
    assert "STARTTLS" not in got.talk.lines
    assert len(host.talks.all()) == 2


def test_the_envelope_is_pipelined(nest, mia, far):
    host = far()
    send(mia, f"bob@{host.domain}")
    got = host.mails.wait_for(lambda mail: True)
    assert any(b"MAIL FROM" in group and b"RCPT TO" in group for group in got.talk.groups)


def test_a_temporary_refusal_is_tried_again(nest, mia, far):
    host = far(script={"RCPT": ["450 4.2.0 greylisted"], "DOT": ["451 4.3.0 later"]})
    mail = send(mia, f"bob@{host.domain}")
    first, second = host.mails.wait_for(lambda mail: True, count=2)
    assert (first.reply[:3], second.reply[:3]) == ("451", "250")
    assert mail["Message-ID"].encode() in second.text
    until(lambda: not queue(nest, host.domain), "an empty queue")


def report_to(account, address):
    """The report of delivery that came about mail to that address, with the fields of its two groups."""
    row = account.wait_for_mail(lambda mail: mail["subject"] == f"{address} did not get your message")
    report = email.message_from_bytes(account.show(row), policy=email.policy.default)
    assert report.get_content_type() == "multipart/report"
    assert report["Content-Type"].params["report-type"] == "delivery-status"
    text, status, header = report.iter_parts()
    assert (text.get_content_type(), status.get_content_type(), header.get_content_type()) == (
        "text/plain", "message/delivery-status", "text/rfc822-headers")
    return report, text.get_content(), status.get_payload(), header.get_content()


def test_who_wrote_a_mail_hears_that_it_is_refused(nest, mia, far):
    host = far(script={"RCPT": lambda line: "550 5.1.1 No such user here" if "bob" in line else None})
    mail = compose(mia.address, [f"bob@{host.domain}", f"eve@{host.domain}"], "dinner", "Soup at eight\n")
    assert submit(mia, mail)[0] == 250
    report, text, (about, recipient), header = report_to(mia, f"bob@{host.domain}")
    assert report["Return-Path"] == "<>"
    assert report["From"].addresses[0].addr_spec == f"MAILER-DAEMON@{mia.domain}"
    assert report["To"] == mia.address
    assert report["Auto-Submitted"] == "auto-replied"
    assert report["In-Reply-To"] == mail["Message-ID"]
    assert "550 5.1.1 No such user here" in text
    assert about["Reporting-MTA"] == f"dns; {nest.hostname}"
    assert recipient["Final-Recipient"] == f"rfc822; bob@{host.domain}"
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.1.1")
    assert recipient["Diagnostic-Code"] == "smtp; 550 5.1.1 No such user here"
    assert "Subject: dinner" in header and "Soup at eight" not in header
    host.mails.wait_for(lambda mail: mail.recipients == [f"eve@{host.domain}"])
    until(lambda: not queue(nest, host.domain), "an empty queue")
    assert len([mail for mail in mia.mails("INBOX") if "did not get" in mail["subject"]]) == 1


def test_the_queue_shows_their_last_words(nest, mia, far):
    host = far(script={"RCPT": lambda line: "450 4.2.0 come back\ttomorrow"})
    send(mia, f"bob@{host.domain}")
    until(lambda: any("450 4.2.0 come back?tomorrow" in str(row) for row in queue(nest, host.domain)), "their words")


def test_a_dead_first_mx_does_not_stop_mail(nest, mia, far, dns):
    host = far(mx=20)
    dns.add(f"dead.{host.domain} A 20.1.250.1", f"{host.domain} MX 10 dead.{host.domain}.")
    send(mia, f"bob@{host.domain}")
    host.mails.wait_for(lambda mail: True)


def test_an_mx_that_turns_us_away_is_followed_by_the_next(nest, mia, far):
    first = far(mx=10, script={"GREETING": lambda line: "554 5.3.2 not here"})
    second = far(mx=20, domain=first.domain)
    send(mia, f"bob@{first.domain}")
    second.mails.wait_for(lambda mail: True)
    assert first.talks.all()


def test_a_null_mx_is_believed(nest, mia, dns):
    dns.add("nomail.unsigned.test MX 0 .")
    send(mia, "bob@nomail.unsigned.test")
    until(lambda: "556 5.1.10" in nest.log.read_text(), "the refusal in the log")


def test_a_large_mail_arrives_whole(nest, mia, far):
    host = far(offers=["PIPELINING", "8BITMIME", "SIZE 50000000"])
    text = "".join(f".line {number} of many, with some text behind it\n" for number in range(60000))
    mail = send(mia, f"bob@{host.domain}", text=text)
    got = host.mails.wait_for(lambda mail: True)
    body = mail.as_bytes(policy=email.policy.SMTP).split(b"\r\n\r\n", 1)[1]
    assert got.text.split(b"\r\n\r\n", 1)[1] == body
    size = int(got.sender.split("SIZE=")[1].split()[0])
    assert size >= len(got.text)


def test_eight_bits_are_said_when_they_are_there(nest, mia, far):
    host = far()
    mail = compose(mia.address, f"bob@{host.domain}", "bits", "")
    mail.set_content("Grüße\n", cte="8bit")
    assert submit(mia, mail)[0] == 250
    got = host.mails.wait_for(lambda mail: True)
    assert " BODY=8BITMIME" in got.sender
    assert "Grüße\r\n".encode() in got.text


def test_a_smarthost_takes_everything_with_a_login(twin, dns, ca, tmp_path):
    pem, key = ca.issue("relay.unsigned.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    dns.add("relay.unsigned.test A 20.1.2.1")
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    relay = MailHost("20.1.2.1", port=587, offers=["AUTH LOGIN PLAIN"], tls=context,
                     script={"AUTH": lambda line: "235 2.7.0 welcome"})
    server = twin({"relay": {"host": "relay.unsigned.test", "user": "nest", "password_file": password}}).start()
    account = server.account("tom@twin.test", password=PASSWORD)
    send(account, "bob@nowhere-else.test")
    got = relay.mails.wait_for(lambda mail: True)
    assert got.talk.tls
    assert "AUTH PLAIN AG5lc3QAb3BlbiBzZXNhbWU=" in got.talk.lines
    relay.stop()


def test_no_password_goes_to_a_relay_that_proves_nothing(twin, dns, tls, tmp_path):
    dns.add("relay2.unsigned.test A 20.1.2.2")
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    relay = MailHost("20.1.2.2", port=587, offers=["AUTH PLAIN"], tls=tls,
                     script={"AUTH": lambda line: "235 2.7.0 welcome"})
    server = twin({"relay": {"host": "relay2.unsigned.test", "user": "nest", "password_file": password}}).start()
    account = server.account("tom@twin.test", password=PASSWORD)
    send(account, "bob@nowhere-else.test")
    relay.talks.wait_for(lambda talk: True, count=2)  # the second is the retry
    assert not [line for talk in relay.talks.all() for line in talk.lines if "AUTH" in line]
    assert not relay.mails.all()
    relay.stop()


def test_a_login_that_the_relay_refuses_holds_the_mail(twin, dns, ca, tmp_path):
    pem, key = ca.issue("relay3.unsigned.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    dns.add("relay3.unsigned.test A 20.1.2.6")
    password = tmp_path / "password"
    password.write_text("wrong\n")
    relay = MailHost("20.1.2.6", port=587, offers=["AUTH PLAIN"], tls=context, script={
        "AUTH": lambda line: "235 2.7.0 welcome" if line.endswith("AG5lc3QAb3BlbiBzZXNhbWU=") else
        "535 5.7.8 not like this"})
    server = twin({"relay": {"host": "relay3.unsigned.test", "user": "nest", "password_file": password}}).start()
    account = server.account("tom@twin.test", password=PASSWORD)
    send(account, "bob@nowhere-else.test")
    until(lambda: [row for row in queue(server, "nowhere-else.test") if "535" in str(row)], "the refusal")
    assert "does not take our login" in server.log.read_text()
    password.write_text("open sesame\n")
    server.cli("queue", "retry")
    relay.mails.wait_for(lambda mail: True)
    assert not account.mails("INBOX")  # nothing came back
    relay.stop()


def test_what_waits_survives_the_death_of_the_server(twin, dns):
    dns.add("asleep.unsigned.test A 20.1.2.3")
    server = twin().start()
    account = server.account("tom@twin.test", password=PASSWORD)
    mail = send(account, "bob@asleep.unsigned.test")
    until(lambda: any("no connection" in str(row) for row in server.ask("queue", "list")), "a first try")
    server.kill()
    host = MailHost("20.1.2.3")
    server.start()
    got = host.mails.wait_for(lambda mail: True)
    assert mail["Message-ID"].encode() in got.text
    until(lambda: not server.ask("queue", "list"), "an empty queue")
    assert len(host.mails.all()) == 1
    host.stop()


def test_a_stopping_server_waits_for_the_answer_to_a_text(twin, dns):
    dns.add("slow.unsigned.test A 20.1.2.4")
    server = twin().start()
    account = server.account("tom@twin.test", password=PASSWORD)
    reached, go_on = threading.Event(), threading.Event()

    def slowly(line):
        reached.set()
        go_on.wait(20)
        return "250 2.0.0 at last"

    host = MailHost("20.1.2.4", script={"DOT": slowly})
    send(account, "bob@slow.unsigned.test")
    assert reached.wait(20)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    until(lambda: "stops on signal" in server.log.read_text(), "the server stopping")
    go_on.set()
    stopping.join()
    host.mails.wait_for(lambda mail: True)
    server.start()
    assert not server.ask("queue", "list")
    host.stop()


def test_connect_to_says_the_way(twin):
    host = MailHost("20.1.2.5", port=2525)
    server = twin({"network": {"connect_to": "hidden.unsigned.test:25=20.1.2.5:2525"}}).start()
    account = server.account("tom@twin.test", password=PASSWORD)
    send(account, "bob@hidden.unsigned.test")
    host.mails.wait_for(lambda mail: True)
    host.stop()


def test_two_people_of_one_host_both_get_it(nest, mia, far):
    host = far()
    mail = compose(mia.address, [f"bob@{host.domain}", f"eve@{host.domain}"], "both", "hello\n")
    assert submit(mia, mail)[0] == 250
    host.mails.wait_for(lambda mail: f"bob@{host.domain}" in mail.recipients)
    host.mails.wait_for(lambda mail: f"eve@{host.domain}" in mail.recipients)
