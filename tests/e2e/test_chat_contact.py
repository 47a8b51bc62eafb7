"""Contact requests for who reads with Delta Chat: each is a chat, and a word in it is the answer."""
import itertools
import urllib.request

import pytest

from laboratory.deltachat import DeltaChat
from laboratory.fedify import FACES
from laboratory.mailing import compose, from_outside
from laboratory.nestbox import Account, Nestbox
from laboratory.wait import TookTooLong, until
from test_chat import WITHIN
from test_contact import contact
from test_contact_fediverse import direct

NAME = "_ask.test"
# words in the chat: what the next try hears, the state, the folder of the request, what is said in the chat
ANSWERS = {
    "welcome": (250, "welcome", "Contacts/Welcome", "arrives with their server's next try"),
    "undo": (450, "asked", "INBOX", "the request is open again"),
    "Ablehnen: bitte ins Büro": (550, "refused", "Contacts/Refused", "Refused, in your words"),
    "nie": (550, "refused", "Contacts/Refused", "Refused, without a word of yours"),
    "ignorer": (450, "ignored", "Contacts/Ignored", "they hear nothing of it"),
}
ORDER = ("welcome", "undo", "Ablehnen: bitte ins Büro", "undo", "ignorer", "undo", "nie", "ignorer", "welcome")


@pytest.fixture(scope="module")
def asking(lab, ca, dns):
    dns.add_signed(f"{NAME} A 20.0.0.14", f"{NAME} MX 10 {NAME}.")
    server = Nestbox(lab / NAME, ca, dns, (NAME,), "20.0.0.14", hostname=NAME,
                     settings={"policy": {"registration": "open", "contact": "ask", "hold": "defer"}}).start()
    yield server
    server.end()


@pytest.fixture(scope="module")
def tom(lab, asking):
    """He has said something by his app once, so his key is known; nothing else is set."""
    chat = DeltaChat(lab / "deltachat-ask")
    tom = chat.profile("Tom").join(f"DCACCOUNT:{NAME}")
    with urllib.request.urlopen(f"https://{NAME}/contacts.vcf", context=asking.trust) as answer:
        robots = tom.call("import_vcard_contents", answer.read().decode())
    tom.say(tom.call("create_chat_by_contact_id", robots[0]), "Good morning")
    until(lambda: asking.ask("post", "list", tom.address), "his first words", WITHIN)
    yield tom
    chat.kill()


def knock(asking, tom, person):
    mail = compose(f"Somebody <{person}>", tom.address, "Meeting on Friday", "Shall we?\n")
    return lambda: from_outside(asking, person, [tom.address], mail)


def request_of(tom, person):
    """The message that asks about somebody, in a chat that was opened as its owner would."""
    heard, event = tom.hears(lambda said: f"({person}) wants to write to you" in said["text"], WITHIN)
    tom.call("accept_chat", heard["chatId"])
    return heard, event


def says(tom, chat, words, seconds=WITHIN):
    """His words there, and what stands there then."""
    seen = len(tom.call("get_message_ids", chat, False, False))
    tom.say(chat, words)

    def answered():
        numbers = tom.call("get_message_ids", chat, False, False)
        return len(numbers) >= seen + 2 and tom.message(numbers[-1])
    return until(answered, f"an answer to {words!r}", seconds)


def test_a_request_is_a_chat_of_its_own(asking, tom):
    said = {}
    for person in ("cara@other.test", "dora@other.test"):
        assert knock(asking, tom, person)()[0] == 450
        heard, event = request_of(tom, person)
        said[person] = heard
        assert heard["showPadlock"] and heard["sender"]["isKeyContact"]
        assert heard["sender"]["displayName"] == f"Contact request: Somebody ({person})"
        assert heard["sender"]["address"].endswith(f"+contact@{NAME}")
        assert "Nothing confirms the address" in heard["text"] and "Shall we" not in heard["text"]
    assert said["cara@other.test"]["chatId"] != said["dora@other.test"]["chatId"]
    answer = says(tom, said["cara@other.test"]["chatId"], "welcome")
    assert answer["showPadlock"] and answer["sender"]["address"] == said["cara@other.test"]["sender"]["address"]
    states = {person: contact(Account(asking, tom.address, tom.password), person)["state"] for person in said}
    assert states == {"cara@other.test": "welcome", "dora@other.test": "asked"}
    assert knock(asking, tom, "cara@other.test")()[0] == 250
    heard, _ = tom.hears(lambda said: "Shall we?" in said["text"], WITHIN)
    assert heard["sender"]["address"] == f"cara=other.test+mail@{NAME}"


def face_of(tom, stranger):
    """What the app shows them by; None if their picture was not there in time: nobody is told later for its sake."""
    heard, _ = request_of(tom, stranger)
    assert heard["viewType"] == "Text", "and no picture in the chat itself"
    try:
        path = until(lambda: tom.call("get_contact", heard["sender"]["id"])["profileImage"], "a face", 5)
    except TookTooLong:
        return None
    with open(path, "rb") as face:
        return face.read()


def test_who_asks_from_the_fediverse_has_a_face(asking, tom, request):
    """One of six: a picture has 600 ms to come, which a busy machine may not keep once."""
    for person, peer in itertools.product(FACES, ("social", "second")):
        direct(request.getfixturevalue(peer), Account(asking, tom.address, tom.password), "See my face.", person)
        face = face_of(tom, f"@{person}@{peer}.test")
        if face:
            break
    assert face and face.startswith(b"\x89PNG") and b"where it was made" not in face


def test_each_answer_in_the_chat_and_its_undo(asking, tom):
    """The same state as by every other way (test_contact_ways.py)."""
    tom.call("set_config", "bcc_self", "1")  # as with a second device: else the app expunges what it has shown
    account = Account(asking, tom.address, tom.password)
    again = knock(asking, tom, "ela@other.test")
    assert again()[0] == 450
    asked, _ = request_of(tom, "ela@other.test")
    for words in ORDER:
        code, state, folder, told = ANSWERS[words]
        answer = says(tom, asked["chatId"], words)
        assert told in answer["text"] and answer["showPadlock"], words
        assert contact(account, "ela@other.test")["state"] == state, words
        assert [mail["mailbox"] for mail in account.mails()
                if mail["message_id"] == tom.call("get_message_info_object", asked["id"])["rfc724Mid"]] == [folder], words
        heard = again()
        assert heard[0] == code, words
        assert "Büro" not in words or "bitte ins Buero" in heard[1]


def test_what_is_no_answer_is_refused_in_the_chat(asking, tom):
    assert knock(asking, tom, "finn@other.test")()[0] == 450
    asked, _ = request_of(tom, "finn@other.test")
    number = tom.say(asked["chatId"], "perhaps")
    tom.wait_for("MsgFailed", lambda event: event["msgId"] == number, WITHIN)
    assert "the first word must be welcome, refuse or ignore" in tom.message(number)["error"]
