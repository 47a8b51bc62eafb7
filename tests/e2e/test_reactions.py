"""Alice likes, boosts and takes back by mail, by the links in what she reads; others hear of it as what it is."""
import datetime
import email
import email.policy
import json
import re

import pytest

from laboratory.fedify import PUBLIC
from laboratory.mailing import compose, submit


@pytest.fixture
def alice(person):
    return person("alice", name="Alice")


def follow(peer, account):
    asked = peer.follow(account.handle)
    peer.wait_for_activity("Accept", lambda accept: accept["object"]["id"] == asked)


def words_of(account, mail):
    return email.message_from_bytes(account.show(mail), policy=email.policy.default).get_body(("plain",)).get_content()


def mention(social, account, text, **audience):
    """Bob writes a note that names her; gives its id, and her mail as text."""
    sent = social.note(f"<p>{text}</p>", [account.actor], mentions=[{"href": account.actor, "name": account.handle}],
                       **audience)
    mail = account.wait_for_mail(lambda mail: text in words_of(account, mail))
    return sent["note"], words_of(account, mail)


def link(text, word):
    """The address behind a link of the footer."""
    return re.search(rf"mailto:(\S+)%2B{word}@(\S+)", text).expand(rf"\1+{word}@\2")


def press(account, address):
    return submit(account, compose(account.address, address, "", ""))


def pressed(account, address):
    code, words = press(account, address)
    assert code == 250, words


def of(account, note):
    def fits(activity):
        done = activity["object"]
        return activity["actor"] == account.actor and note == (done if isinstance(done, str) else done["object"])
    return fits


def kept_of(nest, account, note, folder):
    """What an export holds of a like and a boost of that note."""
    nest.cli("export", account.address, str(folder))
    outbox, likes = (json.loads((folder / name).read_text()) for name in ("outbox.json", "likes.json"))
    assert likes["orderedItems"] == [note]
    assert outbox["totalItems"] == 1 and [(it["type"], it["object"]) for it in outbox["orderedItems"]] == [("Announce", note)]


def test_a_like_and_a_boost_reach_who_they_concern_and_are_taken_back(nest, alice, social, second, tmp_path):
    follow(second, alice)
    note, text = mention(social, alice, "Low tide", cc=[alice.actor])
    like, boost = link(text, "like"), link(text, "boost")
    pressed(alice, like)
    first = social.wait_for_activity("Like", of(alice, note))["activity"]
    assert first["to"] == social.actor()
    pressed(alice, like)
    pressed(alice, boost)
    boosts = [peer.wait_for_activity("Announce", of(alice, note))["activity"] for peer in (social, second)]
    assert boosts[0] == boosts[1]
    assert boosts[0]["to"] in (PUBLIC, "as:Public") and set(boosts[0]["cc"]) == {f"{alice.actor}/followers", social.actor()}
    kept_of(nest, alice, note, tmp_path / "kept")
    pressed(alice, like.replace("+like@", "+undo@"))
    for peer, done in ((social, first), (social, boosts[0]), (second, boosts[0])):
        peer.wait_for_activity("Undo", lambda it, done=done: it["object"]["id"] == done["id"])
    pressed(alice, like)
    social.wait_for_activity("Like", lambda it: of(alice, note)(it) and it["id"] != first["id"])
    code, words = press(alice, "0" + like)
    assert code == 550 and "is not a post that you can see." in words


def test_a_server_that_has_a_post_by_a_boost_alone_hears_of_its_edit_and_its_end(person, alice, social, second):
    """Its own followers are elsewhere: who boosted it here brought it there."""
    eve = person("eve", name="Eve")
    follow(social, alice)
    follow(second, eve)
    code, words = submit(alice, compose(alice.address, alice.word("public"), "", "Low tied at nine\n"))
    assert code == 250, words
    note = social.wait_for_activity("Create", lambda it: it["actor"] == alice.actor)["activity"]["object"]["id"]
    [post] = alice.posts()
    pressed(eve, f"{post['ref']}+boost@nest.test")
    second.wait_for_activity("Announce", of(eve, note))
    pressed(eve, f"{post['ref']}+undo@nest.test")
    second.wait_for_activity("Undo", lambda it: it["actor"] == eve.actor)
    code, words = submit(alice, compose(alice.address, f"{post['ref']}+edit@nest.test", "", "Low tide at nine\n"))
    assert code == 250, words
    edited = second.wait_for_activity("Update", lambda it: it["actor"] == alice.actor)["activity"]["object"]
    assert edited["id"] == note and "Low tide at nine" in edited["content"]
    pressed(alice, f"{post['ref']}+delete@nest.test")
    for peer in (social, second):
        peer.wait_for_activity("Delete", lambda it: it["actor"] == alice.actor and note in str(it["object"]))


# What Bob says, wherever it stands in a forward: nobody but he may be heard saying it.
CANARY = "Low tide CANARY"
FORWARDED = "\n\n-------- Forwarded Message --------\n"


def forward(account, mail, own, to, names_it=True):
    """As Thunderbird forwards what lies in a mailbox: below the words of its user, whole, under its Message-ID."""
    read = email.message_from_bytes(account.show(mail), policy=email.policy.default)
    block = "".join(f"{name}: {read[name]}\n" for name in ("Subject", "Date", "From", "To"))
    named = {"X-Forwarded-Message-Id": read["Message-ID"], "References": read["Message-ID"]} if names_it else {}
    text = own + FORWARDED + block + "\n" + read.get_body(("plain",)).get_content().replace("\r\n", "\n")
    return submit(account, compose(account.address, account.word(to), "Fwd: " + read["Subject"], text, headers=named))


def brought(social, account, to="public"):
    note, _ = mention(social, account, CANARY, to=[to], cc=[account.actor])
    return note, account.wait_for_mail(lambda mail: CANARY in words_of(account, mail))


@pytest.mark.parametrize("names_it", [True, False], ids=["by its Message-ID", "by the REF in its links"])
def test_a_forward_without_words_is_a_boost(alice, social, second, names_it):
    follow(second, alice)
    note, mail = brought(social, alice)
    for _ in range(2):
        assert forward(alice, mail, "", "public", names_it)[0] == 250
    boosts = [peer.wait_for_activity("Announce", of(alice, note))["activity"] for peer in (social, second)]
    assert boosts[0] == boosts[1]
    pressed(alice, link(words_of(alice, mail), "boost").replace("+boost@", "+undo@"))
    for peer in (social, second):
        peer.wait_for_activity("Undo", lambda it: it["object"]["id"] == boosts[0]["id"])
    assert len(second.activities.all(lambda it: it["activity"]["type"] == "Announce" and of(alice, note)(it["activity"]))) == 1


def test_a_forward_with_words_quotes_by_a_link_and_never_by_words(alice, social, second, judge):
    follow(second, alice)
    note, mail = brought(social, alice)
    code, words = forward(alice, mail, "So it is", "public", names_it=False)  # the REF in its links is too little
    assert code == 550 and "forwarded words are never published" in words
    code, words = forward(alice, mail, "So it is", "public")
    assert code == 250, words
    for peer in (second, social):  # a follower's server, and that of who is quoted
        said = peer.wait_for_activity("Create", lambda it: it["actor"] == alice.actor)["activity"]
        assert "CANARY" not in json.dumps(said)
        said = said["object"]
        assert note in (said["quoteUrl"], said.get("quoteUri")) and "inReplyTo" not in said
        assert said["content"].startswith("<p>So it is</p>") and 'class="quote-inline"' in said["content"]
        assert f'RE: <a href="{note}"' in said["content"]
    [post] = alice.posts()
    for place in (post["url"], f"https://nest.test/@{alice.user}", f"https://nest.test/@{alice.user}.atom"):
        status, _, page = judge.exchange("GET", place, [("Accept", "text/html")])
        assert status == 200 and "So it is" in page.decode() and note in page.decode() and "CANARY" not in page.decode()
    copy = alice.wait_for_mail(lambda mail: "So it is" in mail["subject"], "Posts")
    assert f"Quoting: {note}" in words_of(alice, copy) and "CANARY" not in words_of(alice, copy)
    code, words = submit(alice, compose(alice.address, f"{post['ref']}+edit@nest.test", "", "So it was\n"))
    assert code == 250, words
    edited = second.wait_for_activity("Update", lambda it: it["actor"] == alice.actor)["activity"]["object"]
    assert edited["content"].startswith("<p>So it was</p>") and note in edited["content"]
    assert edited["quoteUrl"] == said["quoteUrl"]


@pytest.mark.parametrize("own", ["", "So it is"], ids=["without words", "with words"])
@pytest.mark.parametrize("audience", ["followers", "alice"])
def test_what_is_not_public_is_not_forwarded_to_everybody(alice, social, audience, own):
    note, mail = brought(social, alice, alice.actor if audience == "alice" else audience)
    for names_it in (True, False):
        code, words = forward(alice, mail, own, "public", names_it)
        assert code == 550 and "forwarded words are never published" in words
    assert alice.posts() == []


def in_minutes(minutes):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)).isoformat()


def test_a_vote_reaches_the_poll_and_its_end_who_voted(alice, social):
    note, text = mention(social, alice, "Tea or coffee?", cc=[alice.actor], poll=[["Tea", 3], ["Coffee", 1]],
                         closes=in_minutes(60))
    coffee = link(text, "vote-2")
    for _ in range(2):
        pressed(alice, coffee)
    vote = social.wait_for_activity("Create", lambda it: it["object"].get("name") == "Coffee")["activity"]
    assert vote["actor"] == alice.actor and vote["to"] == social.actor()
    assert vote["object"]["inReplyTo"] == note and "content" not in vote["object"]
    code, words = press(alice, link(text, "vote-1"))
    assert code == 550 and words.endswith("has your vote already.")
    social.do("update", **{"from": "bob"}, note=note, content="<p>Tea or coffee?</p>", recipients=[alice.actor],
              to=["public"], cc=[alice.actor], poll=[["Tea", 3], ["Coffee", 2]], closes=in_minutes(-1), updated=False)
    ended = alice.wait_for_mail(lambda mail: mail["subject"] == "Poll ended: Tea or coffee?", "Fediverse/Notifications")
    assert "1. Tea: 3 votes\n2. Coffee: 2 votes (yours too)\n" in words_of(alice, ended).replace("\r\n", "\n")
    code, words = press(alice, link(text, "vote-2").replace("vote-2", "undo"))
    assert code == 550 and "a vote cannot be taken back" in words
