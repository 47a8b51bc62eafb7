"""Strangers of the Fediverse knock: Fedify follows and writes, and another server of ours; all three answers to each."""
import email
import email.policy
import itertools
import json
import re

import pytest

from laboratory.fedify import FACES
from laboratory.mailing import compose, submit
from laboratory.wait import until
from test_signed_in import Browser, sign_in

BOB = "@bob@social.test"


@pytest.fixture
def asking(twin):
    """People who are asked about strangers and about followers."""
    def make(*names):
        nest = twin({"policy": {"contact": "ask", "follow": "ask"}}).start()
        return [nest.account(f"{name}@twin.test", name=name.title()) for name in names]
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


def said_to(social, words):
    return social.wait_for_activity("Create", lambda create: words in create["object"]["content"])["activity"]


def all_said_to_bob(social, account, began):
    """Dan's note is answered, so whatever was to be said to Bob before that would have been heard."""
    mark = f"not you, {began}"
    direct(social, account, "From Dan.", "dan")
    until(lambda: state(account, "@dan@social.test") == "asked", "Dan being asked about")
    answer(account, "refuse", "@dan@social.test", "--say", mark)
    said_to(social, mark)
    said = [event["activity"] for event in social.activities.all()[began:]]
    return [it["type"] for it in said if it["actor"].startswith(f"https://{account.domain}/")  # others have their own affairs
            and (it["type"] != "Create" or mark not in it["object"]["content"])]


def test_a_note_is_welcomed_refused_or_ignored(asking, social):
    tom, una, kim = asking("tom", "una", "kim")
    began = len(social.activities.all())
    for one in (tom, una, kim):
        direct(social, one, "First words.")
    for one in (tom, una, kim):
        until(lambda one=one: requests(one) == ["Bob (@bob@social.test) wants to write to you"], "the request")
    direct(social, tom, "Second words.")
    until(lambda: tom.nestbox.ask("contact", "list", tom.address)[0]["tries"] == 2, "the second note")
    assert tom.mails("INBOX") == [] and len(requests(tom)) == 1

    answer(tom, "welcome")
    assert [mail["subject"] for mail in tom.mails("INBOX")] == ["First words.", "Second words."]
    direct(social, tom, "Third words.")
    tom.wait_for_mail(lambda mail: mail["subject"] == "Third words.")
    assert requests(tom) == [] and len(requests(tom, "Contacts/Welcome")) == 1

    answer(kim, "ignore")
    direct(social, kim, "Are you there?")
    assert all_said_to_bob(social, kim, began) == []
    assert kim.mails("INBOX") == [] and len(requests(kim, "Contacts/Ignored")) == 1

    answer(una, "refuse", BOB, "--say", "please write to my office")
    words = said_to(social, "please write to my office")
    assert words["to"] in (social.actor(), [social.actor()]) and "cc" not in words
    assert una.mails("INBOX") == [] and len(requests(una, "Contacts/Refused")) == 1


def test_a_follow_is_welcomed_refused_or_ignored(asking, social):
    tom, una, kim = asking("tom", "una", "kim")
    began = len(social.activities.all())
    assert social.do("lookup", what=tom.handle)["manuallyApprovesFollowers"] is True
    follows = {one: social.follow(one.handle) for one in (tom, una, kim)}
    for one in (tom, una, kim):
        until(lambda one=one: requests(one) == ["Bob (@bob@social.test) wants to follow you"], "the request")

    answer(kim, "ignore")
    social.follow(kim.handle)
    assert all_said_to_bob(social, kim, began) == []
    assert len(requests(kim, "Contacts/Ignored")) == 1 and not requests(kim)

    answer(tom, "welcome")
    social.wait_for_activity("Accept", lambda accept: accept["object"]["id"] == follows[tom])
    until(lambda: [follower["state"] for follower in tom.followers()] == ["following"], "Bob following")

    answer(una, "refuse", BOB, "--say", "not here, please")
    social.wait_for_activity("Reject", lambda reject: reject["object"]["id"] == follows[una])
    said_to(social, "not here, please")


def faces_fetched(peer, person="eve"):
    """By whatever server: others ask as well while the peer lives."""
    return [event for event in peer.requests.all() if event["path"] == f"/faces/{person}.png"]


def request_with_a_face(tom, request):
    """A picture that is not there in 600 ms is missing, and is not asked for again that day: then somebody else's is seen."""
    for count, (person, name) in enumerate(itertools.product(FACES, ("social", "second")), 1):
        peer = request.getfixturevalue(name)
        before = len(faces_fetched(peer, person))
        direct(peer, tom, "See my face.", person)
        until(lambda: len(requests(tom)) == count, "the request")
        newest = max(tom.mails("Contacts/New"), key=lambda mail: mail["id"])
        mail = email.message_from_bytes(tom.show(newest), policy=email.policy.default)
        pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
        if pictures:
            return peer, person, mail, pictures[0], before + 1
    raise AssertionError("nobody has a face")


def test_the_request_shows_who_asks_and_loads_nothing(asking, request):
    tom, kim = asking("tom", "kim")
    for name in ("social", "second"):  # everybody there: nobody asks her, and nobody can tell
        answer(kim, "ignore", f"@{name}.test")
    peer, person, mail, picture, fetched = request_with_a_face(tom, request)
    html = mail.get_body(("html",)).get_content()
    assert picture["Content-ID"].strip("<>") in html and f"https://{peer.host}" not in html
    assert picture.get_content_disposition() == "inline" and b"where it was made" not in picture.get_content()
    assert len(faces_fetched(peer, person)) == fetched
    direct(peer, tom, "Once more.", person)

    def row():
        return next(row for row in tom.nestbox.ask("contact", "list", tom.address) if f"{person}@{peer.host}" in json.dumps(row))
    until(lambda: row()["tries"] == 2, "the second note")
    assert len(faces_fetched(peer, person)) == fetched, "once a day"

    page = re.search(r"https://twin\.test(/contacts/\w+)", mail.get_body(("plain",)).get_content())[1]
    one = Browser(tom.nestbox)
    assert one.get(page) == 200 and f'src="{page}/picture"' in one.html
    assert one.bytes(f"{page}/picture") == picture.get_content() and one.headers["Cache-Control"] == "no-store"
    assert one.get(page[:-1] + "/picture") == 404
    number = row()["id"]
    assert one.get(f"/contacts/person/{number}/picture") == 404, "nobody is signed in"
    one = sign_in(tom)
    assert one.bytes(f"/contacts/person/{number}/picture") == picture.get_content()
    assert sign_in(kim).get(f"/contacts/person/{number}/picture") == 404, "not hers"
    assert len(faces_fetched(peer, person)) == fetched, "looking at it asks nobody"


def test_the_picture_of_who_is_ignored_is_fetched_as_that_of_who_waits(asking, social):
    [kim] = asking("kim")
    answer(kim, "ignore", "@social.test")
    before = len(faces_fetched(social))
    direct(social, kim, "See my face.", "eve")
    until(lambda: len(faces_fetched(social)) > before, "the picture")
    assert requests(kim) == []


def test_what_is_taken_back_asks_nothing(asking, person, social):
    [tom] = asking("tom")
    follow = social.follow(tom.handle)
    until(lambda: requests(tom), "the request")
    social.do("undo", **{"from": "bob", "activity": follow, "recipients": [tom.actor]})
    until(lambda: not requests(tom) and state(tom) is None, "the end of the request")
    note = direct(social, tom, "Said too soon.")["note"]
    until(lambda: requests(tom), "the request about the note")
    social.do("delete", **{"from": "bob", "note": note, "recipients": [tom.actor]})
    until(lambda: not requests(tom) and state(tom) is None, "the end of that")

    ines = person("ines", name="Ines")  # another server of ours
    ines.nestbox.cli("follow", ines.address, tom.handle)
    until(lambda: len(requests(tom)) == 1, "the request")
    code, words = submit(ines, compose(ines.address, "tom=twin.test@nest.test", "Hello", "May I?\n"))
    assert code == 250, words
    until(lambda: tom.nestbox.ask("contact", "list", tom.address)[0]["tries"] == 2, "the note")
    assert len(requests(tom)) == 1 and not tom.mails("INBOX")
    answer(tom, "welcome", ines.handle)
    assert len(tom.mails("INBOX")) == 1
    until(lambda: [follower["state"] for follower in tom.followers()] == ["following"], "Ines following Tom")
