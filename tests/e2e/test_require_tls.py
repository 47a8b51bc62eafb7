"""REQUIRETLS and TLS-Required: what a mail itself asks of its way (RFC 8689)."""
import email
import email.policy
import ssl

import pytest

from laboratory.mailhost import MailHost
from laboratory.mailing import compose, connect, submit
from laboratory.wait import until

PROMISE = ("PIPELINING", "8BITMIME", "REQUIRETLS")
# domain: what its host offers, the name in its certificate (None: no TLS)
HOSTS = {
    "keeps.test": (PROMISE, "mx.keeps.test"),
    "promises-nothing.test": (PROMISE[:-1], "mx.promises-nothing.test"),
    "bare.test": (PROMISE, None),
    "impostor.test": (PROMISE, "somebody-else.test"),
    "unproved.unsigned.test": (PROMISE, "mx.unproved.unsigned.test"),
    "strict.test": (PROMISE[:-1], "mx.strict.test"),
    "second.two.test": (PROMISE, "mx.second.two.test"),
}


@pytest.fixture(scope="module")
def hosts(dns, ca):
    made, records = {}, ["two.test MX 10 mx.promises-nothing.test.", "two.test MX 20 mx.second.two.test.",
                         f"_25._tcp.mx.strict.test TLSA 3 1 1 {'cd' * 32}"]
    for number, (domain, (offers, name)) in enumerate(HOSTS.items(), 1):
        context = None
        if name:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*ca.issue(name))
        made[domain] = MailHost(f"20.1.7.{number}", offers=offers, tls=context)
        records += [f"mx.{domain} A 20.1.7.{number}", f"{domain} MX 10 mx.{domain}."]
    dns.add_signed(*records)
    yield made
    for host in made.values():
        host.stop()


@pytest.fixture
def tom(hosts, twin):
    """Younger than the names."""
    return twin().start().account("tom@twin.test")


def submit_required(account, to):
    mail = compose(account.address, to, "for you alone", "Nobody else may read this.\n")
    with connect(account.nestbox, 587) as smtp:
        smtp.login(account.address, account.password)
        assert smtp.has_extn("requiretls")
        assert smtp.mail(account.address, ["REQUIRETLS"])[0] == 250
        assert smtp.rcpt(to)[0] == 250
        code, words = smtp.data(mail.as_bytes(policy=email.policy.SMTP))
        assert code == 250, words
    return mail


def test_it_goes_from_one_nestbox_to_the_next(person, tom):
    mail = submit_required(tom, person("mia").address)
    until(lambda: "domain=nest.test host=mx.nest.test tls=TLSv1.3 verified done" in tom.nestbox.log.read_text(),
          "the delivery in the log")
    assert mail["Message-ID"]


def test_it_is_carried_on(hosts, tom):
    submit_required(tom, "bob@keeps.test")
    got = hosts["keeps.test"].mails.wait_for(lambda mail: True)
    assert got.talk.tls and " REQUIRETLS" in got.sender


def test_what_finds_no_such_way_comes_back(hosts, tom):
    ends = {"promises-nothing.test": "5.7.30", "bare.test": "5.7.10", "impostor.test": "5.7.10",
            "unproved.unsigned.test": "5.7.10"}
    for domain in ends:
        submit_required(tom, f"bob@{domain}")
    for domain, status in ends.items():
        row = tom.wait_for_mail(lambda mail: f"bob@{domain} did not get" in mail["subject"])  # noqa: B023
        report = tom.show(row).decode()
        assert f"Status: {status}" in report, report
        assert not hosts[domain].mails.all()


def test_a_second_host_may_promise_what_the_first_does_not(hosts, tom):
    submit_required(tom, "bob@two.test")
    got = hosts["second.two.test"].mails.wait_for(lambda mail: True)
    assert got.recipients == ["bob@two.test"]


def test_tls_required_no_goes_where_policies_forbid(hosts, tom):
    for headers in ({}, {"TLS-Required": "No"}):
        mail = compose(tom.address, "bob@strict.test", "about your TLS", "It fails.\n", headers=headers)
        assert submit(tom, mail)[0] == 250
    got = hosts["strict.test"].mails.wait_for(lambda mail: True)
    assert b"TLS-Required: No" in got.text
    until(lambda: [row for row in tom.nestbox.ask("queue", "list") if row["host"] == "strict.test" and row["tries"]],
          "the other one waiting")
    assert len(hosts["strict.test"].mails.all()) == 1
