"""The ways to other mail servers: both families of addresses, hosts that are dead, names that lead elsewhere; and how a
silent one delays what is for it."""
import itertools

import pytest

from laboratory.mailhost import MailHost
from laboratory.mailing import compose, connect, submit
from laboratory.wait import until

SERIAL = itertools.count(1)


PATIENT = {"network": {"retry": "1 s, 1 s, 10 min"}}  # whoever was asked three times rests for longer than a test takes


@pytest.fixture
def server(twin):
    """With no address of its own to connect from, so that it may use both families."""
    return twin({"network": {"source_address": None}}).start()


@pytest.fixture
def patient(twin):
    return twin(PATIENT).start()


@pytest.fixture
def tom(server):
    return server.account("tom@twin.test")


@pytest.fixture
def place(dns):
    """Makes a domain and a mail host for it, and says what else stands in DNS: {0} is the domain."""
    made = []

    def make(address, *records, **options):
        domain = f"way{next(SERIAL)}.unsigned.test"
        dns.add(*[record.format(domain) for record in records])
        made.append(MailHost(address, **options))
        made[-1].domain = domain
        return made[-1]

    yield make
    for host in made:
        host.stop()


def send(account, *recipients, subject="hello"):
    mail = compose(account.address, list(recipients), subject, "How are you?\n")
    code, words = submit(account, mail)
    assert code == 250, words


def arrives(tom, host):
    send(tom, f"bob@{host.domain}")
    return host.mails.wait_for(lambda mail: True)


def test_a_host_with_ipv6_alone(tom, place):
    host = place("2a10:20:1::1", "mx.{0} AAAA 2a10:20:1::1", "{0} MX 10 mx.{0}.")
    assert ":" in arrives(tom, host).talk.peer


def test_a_host_with_ipv4_alone(tom, place):
    host = place("20.1.11.1", "mx.{0} A 20.1.11.1", "{0} MX 10 mx.{0}.")
    assert ":" not in arrives(tom, host).talk.peer


def test_where_one_family_is_dead_the_other_is_asked(tom, place):
    host = place("2a10:20:1::2", "mx.{0} A 20.1.250.2", "mx.{0} AAAA 2a10:20:1::2", "{0} MX 10 mx.{0}.")
    arrives(tom, host)


def test_a_domain_without_mx_and_with_ipv6_alone(tom, place):
    arrives(tom, place("2a10:20:1::3", "{0} AAAA 2a10:20:1::3"))


def test_five_hosts_of_which_the_first_two_are_dead(tom, place):
    host = place("20.1.11.4", "a.{0} A 20.1.250.4", "b.{0} AAAA 2a10:20:1::dead", "c.{0} A 20.1.11.4",
                 "d.{0} A 20.1.250.5", "e.{0} A 20.1.250.6",
                 "{0} MX 10 a.{0}.", "{0} MX 20 b.{0}.", "{0} MX 30 c.{0}.", "{0} MX 40 d.{0}.", "{0} MX 50 e.{0}.")
    arrives(tom, host)


def test_a_domain_that_is_an_alias(tom, place):
    host = place("20.1.11.5", "there.{0} MX 10 mx.{0}.", "mx.{0} A 20.1.11.5", "{0} CNAME there.{0}.")
    assert arrives(tom, host).recipients == [f"bob@{host.domain}"]


def test_a_host_that_is_an_alias(tom, place):
    arrives(tom, place("20.1.11.6", "real.{0} A 20.1.11.6", "mx.{0} CNAME real.{0}.", "{0} MX 10 mx.{0}."))


def test_several_mails_go_over_one_connection(tom, server, place):
    waiting = []
    host = place("20.1.11.7", "mx.{0} A 20.1.11.7", "{0} MX 10 mx.{0}.",
                 script={"GREETING": lambda line: None if waiting else "421 4.3.2 not yet"})
    for number in range(6):
        send(tom, f"bob{number}@{host.domain}", subject=f"mail {number}")
    waiting += until(lambda: (rows := server.ask("queue", "list")) and len(rows) == 6 and rows, "six in the queue")
    server.cli("queue", "retry")
    got = host.mails.wait_for(lambda mail: True, count=6)
    assert sorted(mail.recipients[0] for mail in got) == [f"bob{number}@{host.domain}" for number in range(6)]
    talks = {id(mail.talk): mail.talk for mail in got}.values()
    assert len(talks) < 6, "each mail had a connection of its own"
    for talk in talks:
        assert [line.split()[0] for line in talk.lines].count("EHLO") == 1
        assert "RSET" not in talk.lines


def test_a_silent_host_delays_all_its_mail_and_a_refusal_one(patient, place, dns):
    server, tom = patient, patient.account("tom@twin.test")
    host = place("20.1.11.8", "mx.{0} A 20.1.11.8", "{0} MX 10 mx.{0}.",
                 script={"RCPT": lambda line: "450 4.2.0 later" if "grey" in line else None})
    dns.add(f"silent.{host.domain} A 20.1.250.8")
    send(tom, f"grey@{host.domain}")
    until(lambda: any("4.2.0" in str(row) for row in server.ask("queue", "list")), "a mail that is deferred")
    send(tom, f"bob@{host.domain}")  # at once, although the other waits
    host.mails.wait_for(lambda mail: mail.recipients == [f"bob@{host.domain}"])
    send(tom, f"one@silent.{host.domain}", subject="first")
    first = until(lambda: [row for row in server.ask("queue", "list") if row["host"].startswith("silent")
                           and row["tries"] > 2], "tries at the silent host")
    send(tom, f"two@silent.{host.domain}", subject="second")
    rows = until(lambda: {row["target"].split("@")[0]: row for row in server.ask("queue", "list")
                          if row["host"].startswith("silent")}, "both in the queue")
    second = rows["two"]
    assert second["tries"] == 0 and second["due"] >= first[0]["due"], "it was tried although its host rests"
    assert "no connection" in second["last_reply"] and second["since"] < second["due"]
    assert "two@silent" in server.cli("queue", "show", second["id"])


def test_limits_of_a_host_are_kept(tom, server, place):
    """RFC 9422: two recipients a mail, two mails a connection."""
    host = place("20.1.11.9", "mx.{0} A 20.1.11.9", "{0} MX 10 mx.{0}.",
                 offers=["PIPELINING", "LIMITS RCPTMAX=2 MAILMAX=2"])
    everybody = [f"bob{number}@{host.domain}" for number in range(5)]
    send(tom, *everybody)
    got = host.mails.wait_for(lambda mail: True, count=3)
    assert sorted(sum((mail.recipients for mail in got), [])) == everybody
    assert max(len(mail.recipients) for mail in got) == 2
    assert len({mail.text for mail in got}) == 1
    for talk in host.talks.all():
        assert [line.split()[0] for line in talk.lines].count("MAIL") <= 2
    until(lambda: not server.ask("queue", "list"), "an empty queue")


def test_limits_from_one_nestbox_to_the_next(tom, server, person):
    """Ours says how many recipients it takes; forty of one mail all arrive, and nobody hears that they are too many."""
    someone = person("vera")
    with connect(someone.nestbox, 25) as smtp:
        assert smtp.esmtp_features["limits"] == "RCPTMAX=100"
    send(tom, *[f"{someone.user}+{number}@nest.test" for number in range(40)])
    until(lambda: not server.ask("queue", "list"), "an empty queue")
    ends = [line for line in server.log.read_text().splitlines() if "delivery=" in line and "domain=nest.test" in line]
    assert len(ends) == 40 and all(" done reply=" in line for line in ends), ends
    someone.wait_for_mail(lambda mail: mail["subject"] == "hello")


def test_who_is_too_many_comes_in_the_next_transaction(tom, server, place):
    """A host that says nothing of limits and has one: RFC 5321 4.5.3.1.10."""
    named = []
    host = place("20.1.11.10", "mx.{0} A 20.1.11.10", "{0} MX 10 mx.{0}.", script={
        "MAIL": lambda line: named.clear(),
        "RCPT": lambda line: named.append(line) or ("452 4.5.3 two are enough" if len(named) > 2 else None)})
    everybody = [f"bob{number}@{host.domain}" for number in range(5)]
    send(tom, *everybody)
    got = host.mails.wait_for(lambda mail: True, count=3)
    assert sorted(sum((mail.recipients for mail in got), [])) == everybody
    assert len({id(mail.talk) for mail in got}) == 1, "each part had a connection of its own"
    until(lambda: not server.ask("queue", "list"), "an empty queue")
    assert not tom.mails("INBOX")


def test_a_dead_smarthost_is_asked_by_one_mail_for_all_domains(twin, dns):
    dns.add("relay9.unsigned.test A 20.1.11.11")
    server = twin({"relay": {"host": "relay9.unsigned.test"}, **PATIENT}).start()
    author = server.account("tom@twin.test")
    send(author, "bob@one.unsigned.test")
    [first] = until(lambda: [row for row in server.ask("queue", "list") if row["tries"] > 2], "tries at the smarthost")
    send(author, "bob@two.unsigned.test", "carol@three.unsigned.test")
    rows = until(lambda: len(rows := server.ask("queue", "list")) == 3 and rows, "three in the queue")
    for row in rows[1:]:
        assert row["tries"] == 0 and row["due"] >= first["due"], "it was tried although the smarthost rests"
        assert "no connection" in row["last_reply"]
    relay = MailHost("20.1.11.11", port=587, offers=["LIMITS RCPTDOMAINMAX=1"])
    server.cli("queue", "retry")
    got = relay.mails.wait_for(lambda mail: True, count=3)
    assert sorted(mail.recipients for mail in got) == [["bob@one.unsigned.test"], ["bob@two.unsigned.test"],
                                                       ["carol@three.unsigned.test"]]
    for talk in relay.talks.all():
        assert len({line.split("@")[1] for line in talk.lines if line.startswith("RCPT")}) <= 1
    until(lambda: not server.ask("queue", "list"), "an empty queue")
    relay.stop()
