"""HTTP signatures, both ways, judged by two programs that share no code with ours."""
import email.utils
import json
import time

import pytest

from laboratory import signatures
from laboratory.mailing import compose, submit
from laboratory.peer import ACTIVITY_JSON
from laboratory.signatures import CAVAGE, RFC9421


@pytest.fixture
def alice(person):
    return person("sally")


def follow_of(judge, alice, **more):
    """An activity that certainly concerns somebody, so it cannot be dropped unverified."""
    return judge.activity("Follow", alice.actor, **more)


@pytest.mark.parametrize("scheme", [CAVAGE, RFC9421])
@pytest.mark.parametrize("inbox", ["https://nest.test/inbox", "{actor}/inbox", "{actor}/inbox?some=query"])
def test_a_rightly_signed_activity_is_taken(judge, alice, scheme, inbox):
    status, answer = judge.post(inbox.format(actor=alice.actor), follow_of(judge, alice), scheme=scheme)
    assert status == 202, answer


def other_body(headers, body):
    return headers, body.replace(b'"Follow"', b'"Fellow"')


def without(*names):
    return lambda headers, body: ([pair for pair in headers if pair[0].lower() not in names], body)


def twice(name):
    return lambda headers, body: (headers + [pair for pair in headers if pair[0].lower() == name], body)


def cover_less(word):
    """Takes a header out of what the signature says it covers."""
    def change(headers, body):
        return [(name, value.replace(word, "", 1) if name.startswith("Signature") else value)
                for name, value in headers], body
    return change


SPOILT = {
    "the body was changed": other_body,
    "there is no signature": without("signature", "signature-input"),
    "there is no digest": without("digest", "content-digest"),
    "the signature stands twice": twice("signature"),
    "the digest stands twice": twice("digest"),
}


@pytest.mark.parametrize("scheme", [CAVAGE, RFC9421])
@pytest.mark.parametrize("why", [why for why in SPOILT if why != "the digest stands twice"])
def test_a_spoilt_request_is_refused(judge, alice, scheme, why):
    status, _ = judge.post("https://nest.test/inbox", follow_of(judge, alice), scheme=scheme, change=SPOILT[why])
    assert status in (400, 401), why
    assert alice.followers() == []


def test_a_digest_that_stands_twice_is_refused(judge, alice):
    status, _ = judge.post("https://nest.test/inbox", follow_of(judge, alice), change=SPOILT["the digest stands twice"])
    assert status in (400, 401)


@pytest.mark.parametrize("scheme", [CAVAGE, RFC9421])
@pytest.mark.parametrize("hours, status", [(-13, 401), (-0.5, 202), (0.5, 202), (2, 401)])
def test_a_signature_is_good_for_about_an_hour(judge, alice, scheme, hours, status):
    answer = judge.post("https://nest.test/inbox", follow_of(judge, alice), scheme=scheme, now=time.time() + hours * 3600)
    assert answer[0] == status, answer


@pytest.mark.parametrize("scheme", [CAVAGE, RFC9421])
def test_an_activity_of_somebody_else_than_the_signer_changes_nothing(judge, alice, scheme):
    follow = follow_of(judge, alice, name="eve")
    assert judge.post("https://nest.test/inbox", follow, "eve", scheme, key=judge.key("bob"))[0] == 401
    status, _ = judge.post("https://nest.test/inbox", follow, "bob", scheme)
    assert status in (202, 401), "a forwarded activity may be taken, but nothing in it counts"
    assert alice.followers() == []


def test_a_cavage_signature_that_leaves_out_the_date_is_refused(judge, alice):
    body = json.dumps(follow_of(judge, alice)).encode()
    request = signatures.Request("POST", "https://nest.test/inbox", [
        ("Host", "nest.test"), ("Digest", f"SHA-256={signatures.sha256(body)}")], body)
    names = ["(request-target)", "host", "digest"]
    proof = judge.key().sign(signatures._cavage_text(request, names))
    headers = [("Host", "nest.test"), ("Digest", f"SHA-256={signatures.sha256(body)}"),
               ("Date", email.utils.formatdate(usegmt=True)), ("Content-Type", ACTIVITY_JSON),
               ("Signature", f'keyId="{judge.actor()}#main-key",algorithm="rsa-sha256",'
                             f'headers="{" ".join(names)}",signature="{proof}"')]
    assert judge.exchange("POST", "https://nest.test/inbox", headers, body)[0] == 401


def test_a_rotated_key_is_fetched_anew(judge, alice):
    inbox = f"{alice.actor}/inbox"
    name = f"rotating-{alice.user}"
    assert judge.post(inbox, follow_of(judge, alice, name=name), name)[0] == 202
    judge.rotate_key(name)
    assert judge.post(inbox, follow_of(judge, alice, name=name), name)[0] == 202


def test_a_key_is_fetched_once_and_then_remembered(judge, alice):
    name = f"steady-{alice.user}"
    for _ in range(3):
        assert judge.post("https://nest.test/inbox", follow_of(judge, alice, name=name), name)[0] == 202
    assert len(judge.fetches.all(lambda request: request.target == f"/users/{name}")) == 1


def test_our_fetches_are_signed_by_the_instance_actor(judge, alice):
    name = f"fetched-{alice.user}"
    assert judge.post("https://nest.test/inbox", follow_of(judge, alice, name=name), name)[0] == 202
    fetch = judge.fetches.wait_for(lambda request: request.target == f"/users/{name}")
    _, key_id = signatures.judge(fetch, judge._key_of)
    assert key_id.split("#")[0] == "https://nest.test/actor"
    assert "activity+json" in fetch.only("accept") or "ld+json" in fetch.only("accept")


def test_an_unknown_persons_delete_costs_no_fetch(judge, alice):
    gone = judge.actor("gone")
    delete = {"id": judge.next_id("deletes"), "type": "Delete", "actor": gone, "object": gone}
    status, _ = judge.post("https://nest.test/inbox", delete, "gone")
    assert status == 202
    assert judge.post("https://nest.test/inbox", follow_of(judge, alice))[0] == 202
    assert not judge.fetches.all(lambda request: request.target == "/users/gone")


def test_the_scheme_that_worked_is_remembered_for_the_host(judge, alice):
    judge.follow(alice.handle)
    judge.on_delivery = lambda delivery: 401 if delivery.scheme == CAVAGE else 202
    for number in (1, 2):
        assert submit(alice, compose(alice.address, alice.word("public"), f"Post {number}", "Text.\n"))[0] == 250
        delivery = judge.wait_for("Create", lambda activity: f"Post {number}" in activity["object"]["content"])
        assert delivery.scheme == RFC9421
    knocks = [delivery.scheme for delivery in judge.deliveries.all(
        lambda delivery: delivery.activity["type"] == "Create" and "Post 2" in delivery.activity["object"]["content"])]
    assert knocks == [RFC9421]


def test_a_follow_whose_key_cannot_be_fetched_is_not_taken(judge, alice):
    nowhere = "https://no-such-host.test/users/x"
    follow = {"id": f"{nowhere}/follows/1", "type": "Follow", "actor": nowhere, "object": alice.actor}
    status, _ = judge.post("https://nest.test/inbox", follow, key_id=f"{nowhere}#main-key")
    assert status in (401, 503)
    assert alice.followers() == []
