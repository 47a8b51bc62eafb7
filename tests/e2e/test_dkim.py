"""Signatures of mail: ours, judged by others."""
import itertools

import pytest

from laboratory import dkim_judge
from laboratory.mailhost import mail_hosts
from laboratory.mailing import compose, submit
from laboratory.nestbox import Nestbox
from laboratory.wait import until
from test_subscribers import Visitor, publish, subscribe

PASSWORD = "a good password"
SERIAL = itertools.count(1)


@pytest.fixture
def mia(nest, person, dns):
    """Somebody whose domain's keys are published."""
    account = person("mia", password=PASSWORD)
    dkim_judge.publish(nest, dns)
    return account


@pytest.fixture
def house(lab, ca, dns):
    """A server with a domain of its own, whose keys are published."""
    domain = f"house{next(SERIAL)}.test"
    dns.add_signed(f"{domain} A 20.0.0.11", f"mx.{domain} A 20.0.0.11")
    server = Nestbox(lab / domain, ca, dns, (domain,), "20.0.0.11")
    server.start()
    dkim_judge.publish(server, dns)
    yield server
    server.end()


@pytest.fixture
def far(dns):
    """A mail server of somebody else's."""
    yield from mail_hosts(dns, "signed", "20.1.4")


def sent(account, host, mail):
    mail.replace_header("To", f"bob@{host.domain}") if not isinstance(mail, bytes) else None
    code, words = submit(account, mail, [f"bob@{host.domain}"])
    assert code == 250, words
    return host.mails.wait_for(lambda mail: True).text


def check(text, domain):
    """Both signatures fit, for every judge."""
    rsa, edwards = dkim_judge.signatures(text)
    assert (rsa["a"], edwards["a"]) == ("rsa-sha256", "ed25519-sha256")
    assert (rsa["s"][0], edwards["s"][0], rsa["d"], edwards["d"]) == ("r", "e", domain, domain)
    assert "l" not in rsa and int(rsa["x"]) - int(rsa["t"]) == 7 * 86400
    assert dkim_judge.verify(text, 0) and dkim_judge.verify(text, 1)
    assert dkim_judge.opendkim(text) == (0, "")
    return rsa


def test_mail_is_signed_by_both_keys(mia, far):
    host = far()
    text = sent(mia, host, compose(mia.address, "x@y.test", "hello", "How are you?\n"))
    check(text, mia.domain)


BODIES = {
    "nothing at all": b"",
    "empty lines at the end": b"a\r\n\r\n\r\n\r\n",
    "no line end at the end": b"a",
    "white space": b" a \t b  \r\n\t\r\nc   \r\n",
    "lines that begin with dots": b".\r\n..\r\n.a\r\n...b\r\n",
    "eight bits": "Grüße\r\n".encode(),
    "a long line": b"x" * 900 + b"\r\n",
    "much": b"0123456789abcdef\r\n" * 200000,
}


@pytest.mark.parametrize("name", BODIES)
def test_any_body_is_signed_as_it_arrives(mia, far, name):
    host = far(offers=("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 10000000"))
    head = (f"From: {mia.address}\r\nTo: bob@{host.domain}\r\nSubject: {name}\r\nDate: Sun, 22 Nov 2026 08:30:00 +0000"
            f"\r\nMessage-ID: <{next(SERIAL)}@client.test>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n").encode()
    check(sent(mia, host, head + BODIES[name]), mia.domain)


def test_fields_that_programs_fold(mia, far):
    host = far()
    head = (f"from:  =?utf-8?q?Mia?= =?utf-8?q?_M=C3=BCller?=\r\n\t<{mia.address}> (at home, \"with @ signs\")\r\n"
            f"TO:bob@{host.domain}\r\nSubject:\r\n one \t two\r\n   three \r\nMessage-Id: <{next(SERIAL)}@client.test>"
            "\r\nDate: Sun, 22 Nov 2026 08:30:00 +0000\r\nX-Empty:\r\n\r\n").encode()
    check(sent(mia, host, head + b"a\r\n"), mia.domain)


@pytest.mark.parametrize("field", ["From", "To", "Cc", "Subject", "Date", "Reply-To", "In-Reply-To", "References",
                                   "Message-ID", "Content-Type", "MIME-Version", "Autocrypt"])
def test_nothing_that_people_see_can_be_added(mia, far, field):
    host = far()
    text = sent(mia, host, compose(mia.address, "x@y.test", "hello", "How are you?\n"))
    assert dkim_judge.verify(text, 0)
    assert not dkim_judge.verify(f"{field}: eve@evil.test\r\n".encode() + text, 0)
    head, body = text.split(b"\r\n\r\n", 1)
    assert not dkim_judge.verify(head + f"\r\n{field}: eve@evil.test\r\n\r\n".encode() + body, 1)


def test_a_list_may_say_who_it_is_without_breaking_anything(mia, far):
    host = far()
    text = sent(mia, host, compose(mia.address, "x@y.test", "hello", "How are you?\n"))
    passed_on = b"List-Id: <talk.lists.test>\r\nSender: talk@lists.test\r\nReceived: from a by b; now\r\n" + text
    assert dkim_judge.verify(passed_on, 0) and dkim_judge.verify(passed_on, 1)


def test_each_domain_signs_its_own(nest, person, dns, far):
    gus = person("gus", "garden.test", password=PASSWORD)
    dkim_judge.publish(nest, dns)
    host = far()
    check(sent(gus, host, compose(gus.address, "x@y.test", "hello", "from the garden\n")), "garden.test")


def test_mail_for_subscribers_is_signed(house, far):
    alice = house.account(f"alice@{house.domains[0]}", password=PASSWORD)
    host = far()
    subscribe(Visitor(house), alice, host, f"carol@{host.domain}")
    question = host.mails.wait_for(lambda mail: b"/subscribe/" in mail.text)
    check(question.text, house.domains[0])
    publish(alice, "Good morning", "The harbour lies quiet.\n")
    copy = host.mails.wait_for(lambda mail: b"harbour" in mail.text)
    signed = check(copy.text, house.domains[0])["h"].lower().split(":")
    for field in ("list-id", "list-unsubscribe", "list-unsubscribe-post"):  # RFC 8058 4
        assert signed.count(field) == 2


def test_keys_outlive_a_restart(nest, mia, far):
    before = dkim_judge.records(nest)
    nest.stop()
    nest.start()
    assert dkim_judge.records(nest) == before
    host = far()
    check(sent(mia, host, compose(mia.address, "x@y.test", "hello", "again\n")), mia.domain)


def test_a_rotation_leaves_no_mail_unproven(house, dns, far):
    alice = house.account(f"alice@{house.domains[0]}", password=PASSWORD)
    before = sent(alice, far(), compose(alice.address, "x@y.test", "hello", "one\n"))
    old = {tags["s"] for tags in dkim_judge.signatures(before)}
    assert "Publish its two records" in house.cli("dns", "--rotate")
    refused = house.run("dns", "--rotate")  # they cannot be seen yet
    assert refused.returncode == 1 and b"Not rotated" in refused.stderr
    dkim_judge.publish(house, dns)
    between = sent(alice, far(), compose(alice.address, "x@y.test", "hello", "two\n"))
    assert {tags["s"] for tags in dkim_judge.signatures(between)} == old
    until(lambda: house.run("dns", "--rotate").returncode == 0, "the new records seen, and the switch")
    after = sent(alice, far(), compose(alice.address, "x@y.test", "hello", "three\n"))
    new = {tags["s"] for tags in dkim_judge.signatures(after)}
    assert len(new) == 2 and not new & old
    for text in (before, between, after):
        check(text, house.domains[0])
    assert len(dkim_judge.records(house)) == 4  # the old ones stay for a while
