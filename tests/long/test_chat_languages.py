"""Answers in a Delta Chat chat, in each of the eight languages; and people of the Fediverse who knock there."""
import pytest

from laboratory.nestbox import Account
from test_chat import WITHIN, write_directly
from test_chat_contact import NAME, asking, knock, request_of, says, tom  # noqa: F401  fixtures
from test_contact import contact
from test_contact_ways import ENDS, LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language(asking, tom, language):  # noqa: F811
    domain = ("other.test", "known.test")[list(LANGUAGES).index(language) % 2]  # of one, five a day are asked about
    person = f"{language}@{domain}"
    account, again = Account(asking, tom.address, tom.password), knock(asking, tom, person)
    assert again()[0] == 450
    asked, _ = request_of(tom, person)
    for what in ("welcome", "refuse", "ignore"):
        for answer in (what, "undo"):
            says(tom, asked["chatId"], LANGUAGES[language].get(answer, answer))
            state, _, code = ENDS[answer]
            assert contact(account, person)["state"] == state, answer
            assert again()[0] == code, answer


def test_the_fediverse_knocks_in_a_chat_too(asking, tom, social):  # noqa: F811
    write_directly(social, tom, "Hello from bob")
    asked, _ = tom.hears(lambda said: "(@bob@social.test) wants to write to you" in said["text"], WITHIN)
    tom.call("accept_chat", asked["chatId"])
    assert "waits no longer" in says(tom, asked["chatId"], "witaj")["text"]
    heard, _ = tom.hears(lambda said: "Hello from bob" in said["text"], WITHIN)
    assert heard["sender"]["address"] == f"bob=social.test@{NAME}" and heard["showPadlock"]
