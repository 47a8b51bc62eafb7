"""Alice likes, boosts and takes back by mail, by the links in what she reads; others hear of it as what it is."""
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
