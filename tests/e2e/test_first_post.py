"""The story from end to end: a person sends a mail, followers elsewhere have it; one answers, the answer is mail."""
import email
import email.policy
import time

import pytest

from laboratory.fedify import CAVAGE, PUBLIC, RFC9421
from laboratory.mailing import compose, from_outside, submit
from laboratory.wait import until

GOOD_MORNING = """The harbour lies quiet, and the first boat is out.

I will write again tonight.

-- 
Alice
Sent from a boat
"""
PAGE = ("<p><strong>Good morning</strong></p><p>The harbour lies quiet, and the first boat is out.</p>"
        "<p>I will write again tonight.</p>")


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def published(account, subject="Good morning", text=GOOD_MORNING, word="public", **options):
    """Sends a post by submission and expects it to be taken; gives the mail."""
    mail = compose(account.address, account.word(word), subject, text, **options)
    code, words = submit(account, mail)
    assert code == 250, words
    return mail


def is_by(account):
    return lambda activity: activity["actor"] == account.actor


def the_post(fedify, account):
    return fedify.wait_for_activity("Create", is_by(account))["activity"]["object"]


@pytest.fixture
def alice(person):
    return person("alice", name="Alice")


@pytest.fixture
def followed(alice, social, second, judge):
    """Alice, with followers at both Fedify servers and at the second judge's."""
    for peer in (social, second):
        follow = peer.follow(alice.handle)
        peer.wait_for_activity("Accept", lambda accept, follow=follow: accept["object"]["id"] == follow)
    judge.follow(alice.handle)
    return alice


def test_a_follow_from_fedify_by_handle_is_accepted(alice, social):
    follow = social.follow(alice.handle)
    accept = social.wait_for_activity("Accept", is_by(alice))["activity"]
    assert accept["object"]["id"] == follow
    assert accept["object"]["actor"] == social.actor()
    assert [social.actor()] == [follower["actor"] for follower in alice.followers()]


@pytest.mark.parametrize("scheme", [CAVAGE, RFC9421])
def test_a_mail_to_public_is_a_create_that_both_judges_verify(followed, social, second, judge, scheme):
    other = {CAVAGE: RFC9421, RFC9421: CAVAGE}[scheme]
    judge.on_delivery = lambda delivery: 401 if delivery.scheme == other else 202
    for peer in (social, second):
        peer.do("refuse", scheme=other)
    try:
        published(followed)
        heard = social.wait_for_activity("Create", is_by(followed))
        second.wait_for_activity("Create", is_by(followed))
        delivery = judge.wait_for("Create", is_by(followed))
    finally:
        for peer in (social, second):
            peer.do("refuse", scheme=None)

    assert heard["scheme"] == scheme and delivery.scheme == scheme
    note = delivery.activity["object"]
    assert note["content"] == PAGE
    assert heard["activity"]["object"]["content"] == PAGE
    assert delivery.activity["to"] == [PUBLIC] and f"{followed.actor}/followers" in delivery.activity["cc"]
    assert note["attributedTo"] == followed.actor and note["type"] == "Note"
    assert social.do("lookup", what=note["id"])["content"] == PAGE


def test_a_post_deleted_on_the_command_line_is_deleted_at_the_follower(nest, followed, social):
    published(followed)
    note = the_post(social, followed)
    [post] = followed.posts()
    nest.cli("post", "delete", followed.address, post["ref"])
    gone = social.wait_for_activity("Delete", is_by(followed))["activity"]
    assert (gone["object"] if isinstance(gone["object"], str) else gone["object"]["id"]) == note["id"]
    assert social.do("lookup", what=note["id"]) is None or social.do("lookup", what=note["id"])["type"] == "Tombstone"


def reply_from_bob(followed, social):
    """Alice posts, Bob answers her post; gives (the post, his answer, the mail it became)."""
    published(followed)
    note = the_post(social, followed)
    reply = social.note(
        f'<p><a href="{followed.actor}" class="u-url mention">@{followed.user}</a> Which boat?</p>', [followed.actor],
        cc=[followed.actor], inReplyTo=note["id"], mentions=[{"href": followed.actor, "name": followed.handle}])
    mail = followed.wait_for_mail(lambda mail: "Good morning" in mail["subject"])
    return note, reply, parse(followed.show(mail))


def test_a_reply_comes_back_as_mail_in_the_thread(followed, social):
    _, _, mail = reply_from_bob(followed, social)
    copy = parse(followed.show(followed.wait_for_mail(mailbox="Posts")))
    assert mail["From"].addresses[0].addr_spec == "bob=social.test@nest.test"
    assert mail["From"].addresses[0].display_name == "Bob (@bob@social.test)"
    assert mail["Subject"] == "Re: Good morning"
    assert mail["In-Reply-To"].strip() == copy["Message-ID"].strip()
    assert "Which boat?" in mail.get_body(("plain",)).get_content()
    assert "Which boat?" in mail.get_body(("html",)).get_content()
    assert mail["Reply-To"] is None and mail["List-Post"] is None


def test_her_answer_goes_out_as_a_direct_note_with_a_mention(followed, social, judge):
    _, reply, mail = reply_from_bob(followed, social)
    answer = compose(followed.address, mail["From"].addresses[0].addr_spec, "Re: Good morning",
                     "The red one.\n\nOn Sunday Bob wrote:\n> Which boat?\n",
                     headers={"In-Reply-To": mail["Message-ID"], "References": mail["Message-ID"]})
    code, words = submit(followed, answer)
    assert code == 250, words
    heard = social.wait_for_activity(
        "Create", lambda activity: activity["actor"] == followed.actor
        and activity["object"].get("inReplyTo") == reply["note"])
    note = heard["activity"]["object"]
    assert "The red one." in note["content"] and "Which boat" not in note["content"]
    assert one_or_more(note["to"]) == [social.actor()] and "cc" not in note
    assert social.actor() in [tag["href"] for tag in one_or_more(note["tag"]) if tag["type"] == "Mention"]
    assert not judge.deliveries.all(lambda delivery: delivery.activity.get("object", {}) == note["id"])
    assert "The red one." not in str([delivery.body for delivery in judge.deliveries.all()])


def one_or_more(value):
    return value if isinstance(value, list) else [value]


# Posting by signature, through port 25

UNPROVEN = ("5.7.1 Not posted: this could not be proven to come from {}. Send it through your account (submission, "
            "with password) or sign it with your OpenPGP key.")


@pytest.fixture
def signer(nest, alice, gpg):
    """Alice with a key of hers known to the server."""
    ring = gpg(alice.address)
    nest.cli("key", "add", alice.address, ring.certificate())
    return ring


def post_outside(nest, alice, raw, recipient="public@nest.test"):
    return from_outside(nest, "someone@else.test", [recipient], raw)


def test_signed_mail_through_port_25_is_posted_once(nest, alice, signer, judge):
    judge.follow(alice.handle)
    raw = signer.sign_mail("public@nest.test", "Good morning", GOOD_MORNING)
    assert post_outside(nest, alice, raw)[0] == 250
    assert judge.wait_for("Create", is_by(alice)).activity["object"]["content"] == PAGE
    assert post_outside(nest, alice, raw)[0] == 250, "the same bytes again"
    assert post_outside(nest, alice, raw.replace(b"Message-ID: <", b"Message-ID: <again."))[0] == 250
    published(alice, "A mark", "Behind this nothing of the above can come any more.\n")
    judge.wait_for("Create", lambda activity: "A mark" in activity["object"]["content"])
    assert len(alice.posts()) == 2
    assert len(judge.deliveries.all(lambda delivery: delivery.activity["type"] == "Create")) == 2


def unsigned(alice, ring, other):
    return compose(alice.address, "public@nest.test", "Hello", "Nobody signed this.\n").as_bytes(
        policy=email.policy.SMTP)


def tampered(alice, ring, other):
    return ring.sign_mail("public@nest.test", "Hello", "I owe you 10 coins.\n").replace(b"10 coins", b"99 coins")


def wrong_key(alice, ring, other):
    return other.sign_mail("public@nest.test", "Hello", "Signed by somebody else.\n", sender=alice.address)


@pytest.mark.parametrize("make", [unsigned, tampered, wrong_key])
def test_mail_that_nothing_proves_is_not_posted(nest, alice, signer, gpg, make):
    answer = post_outside(nest, alice, make(alice, signer, gpg("mallory@else.test")))
    assert answer == (550, UNPROVEN.format(alice.address))
    assert alice.posts() == []


def test_stale_mail_is_not_posted(nest, alice, signer):
    raw = signer.sign_mail("public@nest.test", "Hello", "Old news.\n", when=time.time() - 3 * 86400 - 600)
    assert post_outside(nest, alice, raw) == (
        550, "5.7.1 Not posted: signed 3 days ago; a signature is good for 24 hours. Sign and send again.")
    assert alice.posts() == []


def test_mail_signed_for_carol_and_resent_to_public_is_not_posted(nest, alice, signer):
    raw = signer.sign_mail("carol@mail.test", "For you", "Only for you.\n")
    assert post_outside(nest, alice, raw) == (
        550, "5.7.1 Nothing was sent: a public address must stand in To or Cc, not in Bcc.")
    raw = raw.replace(b"\r\nTo: carol@mail.test", b"\r\nTo: public@nest.test", 1)
    code, _ = post_outside(nest, alice, raw)
    assert code == 550
    assert alice.posts() == []


# Two accounts on two domains

def test_neither_of_two_domains_posts_for_the_other(alice, person, judge):
    gina = person("gina", "garden.test")
    judge.follow(alice.handle)
    judge.follow(gina.handle)
    code, words = submit(alice, compose(alice.address, gina.word("public"), "Hello", "Where am I?\n"))
    assert (code, words) == (
        550, f"5.7.1 Not posted: you write as {alice.address}, so use public@nest.test.")
    for sender in (alice.address, gina.address):
        code, words = submit(alice, compose(gina.address, gina.word("public"), "Hello", "I am Gina.\n"), sender=sender)
        assert 500 <= code < 600, words
    assert alice.posts() == gina.posts() == []
    published(gina, "Roses", "They bloom.\n")
    delivery = judge.wait_for("Create")
    assert delivery.activity["actor"] == gina.actor and delivery.key_id.startswith(gina.actor)
    assert alice.posts() == []


def test_neither_of_two_domains_signs_for_the_other(nest, alice, signer, person):
    gina = person("gina", "garden.test")
    raw = signer.sign_mail("public@garden.test", "Hello", "I am Gina.\n", sender=gina.address)
    assert post_outside(nest, gina, raw, "public@garden.test") == (550, UNPROVEN.format(gina.address))
    assert gina.posts() == alice.posts() == []


def test_neither_of_two_domains_sees_the_others_mail(alice, person, social):
    gina = person("gina", "garden.test")
    social.note(f"<p>@{gina.user} psst</p>", [gina.actor], to=[gina.actor],
                mentions=[{"href": gina.actor, "name": gina.handle}])
    until(lambda: gina.mails("INBOX"), "the direct message in gina's mailbox")
    assert alice.mails() == []
    assert "bob=social.test@garden.test" in gina.mails("INBOX")[0]["from"]
    mail = gina.mails("INBOX")[0]
    assert alice.nestbox.run("mail", "show", alice.address, mail["id"]).returncode == 1
