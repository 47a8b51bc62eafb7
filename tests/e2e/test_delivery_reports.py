"""Reports of delivery (RFC 3461, 3464): what an author asks goes on to other servers, and is honoured by ours."""
import email
import email.policy
import sqlite3

import pytest

from laboratory.mailhost import mail_hosts
from laboratory.mailing import compose, connect
from laboratory.wait import until


@pytest.fixture
def mia(person):
    return person("mia")


@pytest.fixture
def far(dns):
    yield from mail_hosts(dns, "reports", "20.1.12")


def ask(account, to, notify=None, ret=None, envid=None, orcpt=None, sender=None, text="Soup at eight.\n"):
    """Submits a mail with these parameters; gives it."""
    mail = compose(account.address, to, "dinner", text)
    with connect(account.nestbox, 587) as smtp:
        smtp.login(account.address, account.password)
        assert smtp.has_extn("dsn")
        options = [f"RET={ret}"] * bool(ret) + [f"ENVID={envid}"] * bool(envid)
        code, words = smtp.mail(account.address if sender is None else sender, options)
        assert code == 250, words
        options = [f"NOTIFY={notify}"] * bool(notify) + [f"ORCPT={orcpt}"] * bool(orcpt)
        code, words = smtp.rcpt(to, options)
        assert code == 250, words
        code, words = smtp.data(mail.as_bytes(policy=email.policy.SMTP))
        assert code == 250, words
    return mail


class Report:
    def __init__(self, raw):
        self.mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert self.mail.get_content_type() == "multipart/report"
        assert self.mail["Content-Type"].params["report-type"] == "delivery-status"
        self.text, status, self.about = self.mail.iter_parts()
        assert status.get_content_type() == "message/delivery-status"
        self.whole, *self.recipients = status.get_payload()

    def __getitem__(self, name):
        assert len(self.recipients) == 1
        return self.recipients[0][name]


def report(account, words):
    row = account.wait_for_mail(lambda mail: words in mail["subject"])
    return Report(account.show(row))


def test_parameters_go_on_to_who_offers_dsn(nest, mia, far):
    host = far(offers=["PIPELINING", "DSN"])
    to = f"bob@{host.domain}"
    ask(mia, to, "SUCCESS,DELAY", "HDRS", "Q+2B7", f"rfc822;Bob@{host.domain}")
    got = host.mails.wait_for(lambda mail: True)
    assert got.sender.endswith(" RET=HDRS ENVID=Q+2B7")
    assert [line for line in got.talk.lines if line.startswith("RCPT")] == [
        f"RCPT TO:<{to}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob@{host.domain}"]
    until(lambda: not any(host.domain in str(row) for row in nest.ask("queue", "list")), "nothing left for them")
    assert not mia.mails("INBOX")  # now it is they who report


def test_postfix_takes_them_and_reports_what_was_asked(nest, mia, postfix):
    postfix.begin()
    ask(mia, "bob@postfix.test", "SUCCESS", "HDRS", "envelope+2B1", "rfc822;Bobby@postfix.test")
    row = mia.wait_for_mail(lambda mail: "MAILER-DAEMON" in mail["from"], seconds=60)
    told = Report(mia.show(row))
    assert told.whole["Original-Envelope-Id"] == "envelope+1"
    assert told["Original-Recipient"] == "rfc822;Bobby@postfix.test"
    assert told["Action"] == "delivered"


def test_who_asks_hears_that_a_server_without_dsn_took_it(mia, far):
    host = far()
    to = f"bob@{host.domain}"
    mail = ask(mia, to, "SUCCESS,FAILURE", envid="E1", orcpt=f"rfc822;{to}")
    told = report(mia, f"took your message to {to}")
    assert (told["Action"], told["Final-Recipient"]) == ("relayed", f"rfc822; {to}")
    assert told["Status"].startswith("2.") and told.whole["Original-Envelope-Id"] == "E1"
    assert told["Original-Recipient"] == f"rfc822; {to}"
    assert told.mail["In-Reply-To"] == mail["Message-ID"]


def test_who_asks_hears_of_mailboxes_here(mia, person):
    eve = person("eve")
    ask(mia, eve.address, "SUCCESS")
    told = report(mia, f"to {eve.address} has arrived")
    assert (told["Action"], told["Final-Recipient"]) == ("delivered", f"rfc822; {eve.address}")
    assert len(eve.mails("INBOX")) == 1


@pytest.mark.parametrize("notify, told", [("NEVER", False), ("SUCCESS", False), ("FAILURE", True), (None, True)])
def test_a_refusal_is_told_as_asked(nest, mia, far, notify, told):
    host = far(script={"RCPT": lambda line: "550 5.1.1 nobody"})
    ask(mia, f"bob@{host.domain}", notify)
    until(lambda: "550 5.1.1" in nest.log.read_text() and not any(
        host.domain in str(row) for row in nest.ask("queue", "list")), "the refusal")
    assert bool(mia.mails("INBOX")) == told


@pytest.mark.parametrize("ret, kind", [("FULL", "message/rfc822"), ("HDRS", "text/rfc822-headers"),
                                       (None, "text/rfc822-headers")])
def test_the_mail_comes_back_as_asked(mia, far, ret, kind):
    host = far(script={"RCPT": lambda line: "550 5.1.1 nobody"})
    ask(mia, f"bob@{host.domain}", ret=ret, text="Soup at eight, für alle.\n")
    told = report(mia, "did not get")
    assert told.about.get_content_type() == kind
    assert (b"Soup at eight" in told.about.as_bytes()) == (ret == "FULL")


def test_a_mail_without_a_sender_makes_no_report(nest, mia, far):
    host = far(script={"RCPT": lambda line: "550 5.1.1 nobody"})
    ask(mia, f"bob@{host.domain}", "SUCCESS,FAILURE", sender="")
    until(lambda: host.talks.all() and not any(
        host.domain in str(row) for row in nest.ask("queue", "list")), "the refusal")
    assert not mia.mails("INBOX")


def test_a_delay_is_told_after_a_day(twin, dns, far):
    host = far(script={"RCPT": lambda line: "450 4.2.0 not today"})
    server = twin().start()
    tom = server.account("tom@twin.test")
    to = f"bob@{host.domain}"
    ask(tom, to, "DELAY", orcpt=f"rfc822;{to}")
    until(lambda: any("4.2.0" in str(row) for row in server.ask("queue", "list")), "a first try")
    server.stop()
    with sqlite3.connect(server.data_dir / "nestbox.db") as database:  # as if it had been yesterday
        database.execute("UPDATE delivery SET first_ms = first_ms - 25 * 3600 * 1000")
    server.start()
    told = report(tom, "has not got your message yet")
    assert (told["Action"], told["Status"], told["Final-Recipient"]) == ("delayed", "4.2.0", f"rfc822; {to}")
    assert told["Will-Retry-Until"] and told["Diagnostic-Code"] == "smtp; 450 4.2.0 not today"
    assert len([mail for mail in tom.mails("INBOX")]) == 1


def test_the_outside_is_offered_no_reports(nest):
    with connect(nest, 25) as smtp:
        assert not smtp.has_extn("dsn")
