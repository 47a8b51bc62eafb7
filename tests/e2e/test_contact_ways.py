"""Every way of answering a request leads to the same: what the stranger hears, where the request lies, what the list says."""
import email
import email.policy
import re

import pytest

from laboratory.mailing import compose, from_outside, submit
from test_contact import asking, contact, imap_of  # noqa: F401  a fixture
from test_contact_events import OURS, note
from test_signed_in import Browser, knock, sign_in

CARA = "cara@other.test"
# answer: its state, the folder of the request, what the next try hears
ENDS = {
    "welcome": ("welcome", "Contacts/Welcome", 250),
    "refuse": ("refused", "Contacts/Refused", 550),
    "ignore": ("ignored", "Contacts/Ignored", 450),
    "undo": ("asked", "Contacts/New", 450),
}
ORDER = ("welcome", "undo", "refuse", "undo", "ignore", "undo", "refuse", "ignore", "welcome", "undo")


def where(tom):
    """The request, and in which folder it lies; one look at all folders costs as much as one at one."""
    [row] = [row for row in tom.mails() if row["mailbox"].startswith("Contacts/")]
    return row


def notice_of(tom):
    row = where(tom)
    return row, email.message_from_bytes(tom.show(row), policy=email.policy.default)


def by_reply(tom, words):
    row, _ = notice_of(tom)
    robot = row["from"].split("<")[1].rstrip(">")

    def answer(what):
        code, said = submit(tom, compose(tom.address, robot, "Re: " + row["subject"], words.get(what, what) + "\n\n> quoted\n"))
        assert code == 250, said
    return answer


LANGUAGES = {
    "english": {},
    "german": {"welcome": "Willkommen!", "refuse": "Ablehnen: jetzt nicht", "ignore": "ignorieren"},
    "french": {"welcome": "bienvenue", "refuse": "refuser", "ignore": "ignorer"},
    "spanish": {"welcome": "bienvenida", "refuse": "rechazar", "ignore": "ignorar"},
    "italian": {"welcome": "benvenuto", "refuse": "rifiuta", "ignore": "ignora"},
    "portuguese": {"welcome": "bem-vindo", "refuse": "recusar", "ignore": "ignorar"},
    "dutch": {"welcome": "welkom", "refuse": "weigeren", "ignore": "negeren"},
    "polish": {"welcome": "witaj", "refuse": "odrzuć", "ignore": "ignoruj"},
}


def by_link_mail(tom):
    _, mail = notice_of(tom)
    links = dict(re.findall(r"mailto:([^%]+)%2B(?:welcome|refuse|ignore)@(\S+)", mail.get_body(("plain",)).get_content()))
    [(ref, domain)] = links.items()
    undo = by_reply(tom, {})

    def answer(what):
        if what == "undo":
            return undo(what)  # there is no link for it: the word does it
        code, said = submit(tom, compose(tom.address, f"{ref}+{what}@{domain}", "", "\n"))
        assert code == 250, said
    return answer


def by_move(tom):
    def answer(what):
        imap = imap_of(tom)
        imap.select(where(tom)["mailbox"])
        assert imap.uid("MOVE", imap.uid("SEARCH", "ALL")[1][0], ENDS[what][1])[0] == "OK"
        imap.logout()
    return answer


def by_page(tom):
    _, mail = notice_of(tom)
    path = re.search(r"https://twin\.test(/contacts/\w+)", mail.get_body(("plain",)).get_content())[1]
    one = Browser(tom.nestbox)

    def answer(what):
        before = contact(tom, CARA)["state"]
        assert one.get(path) == 200 and contact(tom, CARA)["state"] == before, "a scanner decides nothing"
        assert one.post(path, answer=what) == 200
    return answer


def by_list(tom):
    one = sign_in(tom)
    path = f"/contacts/person/{contact(tom, CARA)['id']}"

    def answer(what):
        before = contact(tom, CARA)["state"]
        assert one.get(path) == 200 and contact(tom, CARA)["state"] == before
        assert one.post(path, answer=what) == 303
    return answer


def by_command(tom):
    words = {"undo": "ask"}
    return lambda what: tom.nestbox.cli("contact", words.get(what, what), tom.address, CARA)


def by_note(tom):
    def answer(what):
        imap = imap_of(tom)
        assert note(imap, f"{OURS}/contact/{CARA}", None if what == "undo" else what).startswith("OK")
        imap.logout()
    return answer


WAYS = {"link by mail": by_link_mail, "move": by_move, "page": by_page, "list": by_list, "command line": by_command,
        "note": by_note}
WAYS.update({f"reply in {name}": lambda tom, words=words: by_reply(tom, words) for name, words in LANGUAGES.items()})


def check(tom, mail, what, way):
    state, folder, code = ENDS[what]
    assert from_outside(tom.nestbox, CARA, [tom.address], mail)[0] == code, (way, what)
    assert contact(tom, CARA)["state"] == state, (way, what)
    assert where(tom)["mailbox"] == folder, (way, what)


@pytest.mark.parametrize("ways", [[way for way in WAYS if "reply" not in way], [way for way in WAYS if "reply" in way]],
                         ids=["others", "replies"])
def test_every_way_leads_to_the_same(asking, ways):  # noqa: F811
    tom = asking()
    mail = knock(tom)
    for number, way in enumerate(ways):
        answer = WAYS[way](tom)
        order = ORDER if number == 0 else ("welcome", "refuse", "ignore", "undo")[:4 if "reply" not in way else 3]
        for what in order:
            answer(what)
            check(tom, mail, what, way)


def test_each_way_takes_back_what_another_answered(asking):  # noqa: F811
    tom = asking()
    mail = knock(tom)
    ways = [(way, WAYS[way](tom)) for way in ("move", "page", "list", "command line", "note", "reply in english")]
    for number, (way, answer) in enumerate(ways):
        what = ("welcome", "refuse", "ignore")[number % 3]
        answer(what)
        other, undo = ways[(number + 1) % len(ways)]
        undo("undo")
        check(tom, mail, "undo", f"{way}, taken back by {other}")
