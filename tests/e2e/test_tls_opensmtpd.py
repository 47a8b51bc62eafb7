"""Debian's OpenSMTPD offers TLS and fails each handshake.  Without policy our mail goes in clear (test_mail_servers.py);
where DANE or MTA-STS asks for TLS it waits."""
import pytest

from laboratory.mailing import compose, submit
from laboratory.policies import PolicyServer, policy
from laboratory.wait import until

STS_ADDRESS = "20.1.9.1"


@pytest.fixture
def domains(dns, ca):
    web = PolicyServer(STS_ADDRESS, ca.issue("mta-sts.sts-smtpd.test"))
    web.policies["sts-smtpd.test"] = policy("enforce", "mx.sts-smtpd.test")
    dns.add_signed(
        "mx.dane-smtpd.test A 20.0.0.4", "dane-smtpd.test MX 10 mx.dane-smtpd.test.",
        f"_25._tcp.mx.dane-smtpd.test TLSA 3 1 1 {'ab' * 32}",
        "mx.sts-smtpd.test A 20.0.0.4", "sts-smtpd.test MX 10 mx.sts-smtpd.test.",
        f"mta-sts.sts-smtpd.test A {STS_ADDRESS}", '_mta-sts.sts-smtpd.test TXT "v=STSv1; id=1"')
    yield ["dane-smtpd.test", "sts-smtpd.test"]
    web.stop()


def test_what_a_policy_guards_does_not_go_in_clear(domains, opensmtpd, twin, ca):
    opensmtpd.begin(tls=True, certificate=ca.issue(*(f"mx.{domain}" for domain in domains)))
    nest = twin().start()
    tom = nest.account("tom@twin.test")
    for domain in domains:
        assert submit(tom, compose(tom.address, f"bob@{domain}", "hello", "you\n"))[0] == 250
    for domain in domains:
        until(lambda: [row for row in nest.ask("queue", "list") if row["host"] == domain and row["tries"] > 1],  # noqa: B023
              f"two tries at {domain}")
    assert "smtp connected address=20.0.0.11" in opensmtpd.log()
    assert "MAIL FROM" not in opensmtpd.log() and not opensmtpd.inbox()
    assert {(row["domain"], row["policy"], row["result"]) for row in nest.ask("queue", "tls")} == {
        ("dane-smtpd.test", "tlsa", "validation-failure"), ("sts-smtpd.test", "sts", "validation-failure")}
