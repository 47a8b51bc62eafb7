"""The laboratory itself: if one of these fails, no other end-to-end test means anything."""
import pytest

from laboratory import signatures
from laboratory.fedify import CAVAGE, RFC9421
from laboratory.mailing import compose


def test_names_are_validly_signed_and_unsigned_test_is_not(dns):
    assert dns.ask("social.test", "A") == ["20.0.0.20"]
    assert dns.is_secure("social.test")
    assert dns.is_secure("no-such-name.test")
    assert dns.ask("plain.unsigned.test", "A") == ["20.0.0.13"]
    assert not dns.is_secure("plain.unsigned.test")


@pytest.mark.parametrize("peer, scheme", [("social", RFC9421), ("second", CAVAGE)])
def test_the_second_judge_verifies_what_fedify_signs(request, judge, peer, scheme):
    fedify = request.getfixturevalue(peer)
    follow = fedify.follow("@bob@judge.test")
    delivery = judge.wait_for("Follow", lambda activity: activity["id"] == follow)
    assert delivery.scheme == scheme
    assert delivery.activity["actor"] == fedify.actor()


@pytest.mark.parametrize("scheme", [CAVAGE, RFC9421])
def test_fedify_verifies_what_the_second_judge_signs(judge, social, scheme):
    actor = judge.look_up("@bob@social.test")
    like = judge.activity("Like", actor["id"])
    status, answer = judge.post(actor["inbox"], like, scheme=scheme)
    assert status == 202, answer
    heard = social.wait_for_activity("Like", lambda activity: activity["id"] == like["id"])
    assert heard["scheme"] == scheme


def test_fedify_follows_fedify_and_is_accepted(social, second):
    follow = second.follow("@dan@social.test")
    assert social.wait_for_activity("Follow", lambda activity: activity["id"] == follow)
    assert second.wait_for_activity("Accept", lambda activity: activity["object"]["id"] == follow)


def test_fedify_knocks_a_second_time_with_the_other_scheme(judge, social):
    judge.on_delivery = lambda delivery: 401 if delivery.scheme == RFC9421 else 202
    sent = social.note("<p>Hello</p>", [judge.actor()], to=[judge.actor()])
    delivery = judge.wait_for("Create", lambda activity: activity["id"] == sent["id"])
    assert delivery.scheme == CAVAGE
    assert delivery.activity["object"]["content"] == "<p>Hello</p>"


def spoil_body(headers, body):
    return headers, body.replace(b"Like", b"Love")


def spoil_date(headers, body):
    return [(name, "Sun, 22 Nov 2026 00:00:00 GMT" if name == "Date" else value) for name, value in headers], body


@pytest.mark.parametrize("change", [spoil_body, spoil_date])
def test_the_second_judge_refuses_what_was_changed_on_the_way(judge, change):
    status, _ = judge.post("https://judge.test/inbox", judge.activity("Like", judge.actor()), change=change)
    assert status == 401


def test_the_second_judge_refuses_a_signature_of_somebody_else(judge):
    like = judge.activity("Like", judge.actor(), "eve")
    status, _ = judge.post("https://judge.test/inbox", like, "bob")
    assert status == 401
    status, _ = judge.post("https://judge.test/inbox", like, "eve", key=signatures.Key())
    assert status == 401


@pytest.mark.parametrize("sender", ["postfix", "exim", "opensmtpd"])
def test_mail_servers_deliver_to_one_another(request, sender):
    there = [request.getfixturevalue(name).begin() for name in ("postfix", "exim", "opensmtpd")]
    here = request.getfixturevalue(sender)
    readers = [server for server in there if server is not here]
    author = f"ann@{here.DOMAIN}"
    here.send(author, [f"bob@{server.DOMAIN}" for server in readers],
              compose(author, "bob@somewhere.test", "to all", "Good morning.\n.\n"))
    for server in readers:
        mail = server.wait_for_mail()
        assert (mail["Subject"], mail.body) == ("to all", b"Good morning.\n.\n")
        assert (" with esmtps" in mail["Received"].lower()) == (server.NAME != "opensmtpd")
    here.wait_for_empty_queue()


def test_postfix_asks_for_policies_of_mta_sts(dns, postfix, exim):
    exim.begin()
    postfix.begin(tls="dane", sts=True)
    postfix.send("ann@postfix.test", "bob@exim.test", compose("ann@postfix.test", "bob@exim.test", "hello", "Hello.\n"))
    exim.wait_for_mail()
    postfix.wait_for_log(r"TLS connection established to mx\.exim\.test")
    assert postfix.root.run("postmap", "-q", "exim.test", "socketmap:inet:127.0.0.1:8461:postfix", may_fail=True) == ""
