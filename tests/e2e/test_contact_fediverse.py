"""Strangers of the Fediverse knock: Fedify follows and writes, and another server of ours; all three answers to each."""
import pytest

from laboratory.mailing import compose, submit
from laboratory.wait import until

BOB = "@bob@social.test"


@pytest.fixture
def asking(twin):
    """Somebody who is asked about strangers and about followers."""
    def make(**policy):
        nest = twin({"policy": {"contact": "ask", "follow": "ask", **policy}}).start()
        return nest.account("tom@twin.test", name="Tom")
    return make


def requests(account, folder="Contacts/New"):
    return [mail["subject"] for mail in account.mails(folder)]


def answer(account, word, person=BOB, *more):
    account.nestbox.cli("contact", word, account.address, person, *more)


def state(account, person=BOB):
    rows = [row for row in account.nestbox.ask("contact", "list", account.address) if row["person"] == person]
    return rows[0]["state"] if rows else None


def direct(social, account, text, person="bob"):
    return social.note(f"<p>{text}</p>", [account.actor], person, to=[account.actor],
                       mentions=[{"href": account.actor, "name": account.handle}])


def said_to_bob(social, words):
    return social.wait_for_activity("Create", lambda create: words in create["object"]["content"])["activity"]


def nothing_said(social, account):
    """Dan's note is answered, so whatever was to be said to Bob before would have been heard."""
    direct(social, account, "From Dan.", "dan")
    until(lambda: state(account, "@dan@social.test") == "asked", "Dan being asked about")
    answer(account, "refuse", "@dan@social.test", "--say", "not you")
    said_to_bob(social, "not you")
    to_bob = [event["activity"] for event in social.activities.seen if event["recipient"] in ("bob", None)]
    return [activity for activity in to_bob if activity["type"] in ("Accept", "Reject")] == []


def test_a_note_waits_and_a_welcome_brings_it(asking, social):
    tom = asking()
    direct(social, tom, "First words.")
    until(lambda: requests(tom) == ["Bob (@bob@social.test) wants to write to you"], "the request")
    direct(social, tom, "Second words.")
    until(lambda: tom.nestbox.ask("contact", "list", tom.address)[0]["tries"] == 2, "the second note")
    assert tom.mails("INBOX") == [] and len(requests(tom)) == 1
    answer(tom, "welcome")
    assert [mail["subject"] for mail in tom.mails("INBOX")] == ["First words.", "Second words."]
    direct(social, tom, "Third words.")
    tom.wait_for_mail(lambda mail: mail["subject"] == "Third words.")
    assert requests(tom) == [] and len(requests(tom, "Contacts/Welcome")) == 1


def test_a_refused_note_is_answered_in_words(asking, social):
    tom = asking()
    direct(social, tom, "Will you buy it?")
    until(lambda: requests(tom), "the request")
    answer(tom, "refuse", BOB, "--say", "please write to my office")
    words = said_to_bob(social, "please write to my office")
    assert words["to"] == social.actor() or words["to"] == [social.actor()]
    assert "cc" not in words
    assert tom.mails("INBOX") == [] and len(requests(tom, "Contacts/Refused")) == 1


def test_an_ignored_note_is_answered_by_silence(asking, social):
    tom = asking()
    direct(social, tom, "Hello?")
    until(lambda: requests(tom), "the request")
    answer(tom, "ignore")
    direct(social, tom, "Are you there?")
    assert nothing_said(social, tom)
    assert tom.mails("INBOX") == [] and len(requests(tom, "Contacts/Ignored")) == 1


@pytest.mark.parametrize("word, heard", [("welcome", "Accept"), ("refuse", "Reject")])
def test_a_follow_waits_for_its_answer(asking, social, word, heard):
    tom = asking()
    follow = social.follow(tom.handle)
    until(lambda: requests(tom) == ["Bob (@bob@social.test) wants to follow you"], "the request")
    assert [follower["state"] for follower in tom.followers()] in ([], ["waiting"])
    answer(tom, word, BOB, *(["--say", "not here, please"] if word == "refuse" else []))
    social.wait_for_activity(heard, lambda activity: activity["object"]["id"] == follow)
    if word == "refuse":
        said_to_bob(social, "not here, please")
    else:
        until(lambda: [follower["state"] for follower in tom.followers()] == ["following"], "Bob following")


def test_an_ignored_follow_waits_for_ever(asking, social):
    tom = asking()
    social.follow(tom.handle)
    until(lambda: requests(tom), "the request")
    answer(tom, "ignore")
    social.follow(tom.handle)
    assert nothing_said(social, tom)
    assert len(requests(tom, "Contacts/Ignored")) == 1 and not requests(tom)


def test_an_undone_follow_and_a_deleted_note_ask_nothing(asking, social):
    tom = asking()
    follow = social.follow(tom.handle)
    until(lambda: requests(tom), "the request")
    social.do("undo", **{"from": "bob", "activity": follow, "recipients": [tom.actor]})
    until(lambda: not requests(tom) and state(tom) is None, "the end of the request")
    note = direct(social, tom, "Said too soon.")["note"]
    until(lambda: requests(tom), "the request about the note")
    social.do("delete", **{"from": "bob", "note": note, "recipients": [tom.actor]})
    until(lambda: not requests(tom) and state(tom) is None, "the end of that")


def test_the_actor_says_whether_follows_wait(asking, social):
    tom = asking()
    assert social.do("lookup", what=tom.handle)["as:manuallyApprovesFollowers" if False else "manuallyApprovesFollowers"]


def test_two_of_ours(asking, person):
    tom, ines = asking(), person("ines", name="Ines")
    ines.nestbox.cli("follow", ines.address, tom.handle)
    until(lambda: len(requests(tom)) == 1, "the request")
    code, words = submit(ines, compose(ines.address, "tom=twin.test@nest.test", "Hello", "May I?\n"))
    assert code == 250, words
    until(lambda: tom.nestbox.ask("contact", "list", tom.address)[0]["tries"] == 2, "the note")
    assert len(requests(tom)) == 1 and not tom.mails("INBOX")
    answer(tom, "welcome", ines.handle)
    assert len(tom.mails("INBOX")) == 1
    until(lambda: [follower["state"] for follower in tom.followers()] == ["following"], "Ines following Tom")
