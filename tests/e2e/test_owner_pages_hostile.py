"""Somebody hostile at the pages of an owner: other sites, scanners, thieves of words, and who only wants to know."""
import email
import email.policy
import re

from laboratory.mailing import compose, from_outside
from test_contact import asking, contact, requests  # noqa: F401  a fixture
from test_contact_events import bearer
from test_signed_in import Browser, knock, link_for, sign_in

ELSEWHERE = {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site", "Referer": "https://evil.test/"}


def one_click(account):
    """The path of the request's page, with the word that authorises."""
    [row] = requests(account)
    text = email.message_from_bytes(account.show(row), policy=email.policy.default).get_body(("plain",)).get_content()
    return re.search(r"https://twin\.test(/contacts/\w+)", text)[1]


def test_another_site_presses_nothing_and_signs_nobody_in(asking):  # noqa: F811
    tom = asking()
    knock(tom)
    one = sign_in(tom)
    word = re.search(r'name="form" value="(\w+)"', one.html)[1]
    number = contact(tom, "cara@other.test")["id"]
    for site in ("cross-site", "same-site"):
        said = {**ELSEWHERE, "Sec-Fetch-Site": site}
        assert one.ask("POST", f"/contacts/person/{number}", said, answer="welcome", form=word) == 403
        assert one.ask("POST", "/contacts", said, answer="expect", form=word) == 403
        assert one.ask("POST", "/contacts/push", said, endpoint="https://evil.test/") == 401, "a cookie does not do"
    assert contact(tom, "cara@other.test")["state"] == "asked"

    victim = Browser(tom.nestbox)
    victim.post("/sign-in", address=tom.address)
    path = link_for(tom, before=1)
    assert victim.ask("POST", path, ELSEWHERE) == 403 and victim.cookie is None, "nobody is made to be Tom"
    assert victim.ask("POST", path, {"Sec-Fetch-Site": "same-origin"}) == 303 and victim.cookie


def test_looking_decides_nothing_however_it_is_done(asking):  # noqa: F811
    tom = asking()
    knock(tom)
    page, one = one_click(tom), Browser(tom.nestbox)
    for method in ("GET", "HEAD"):
        for more in ({}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}):
            assert one.ask(method, page, more) == 200
            assert one.ask(method, page + "?answer=welcome", more) == 200
    for method in ("OPTIONS", "PUT", "DELETE"):
        assert one.ask(method, page) in (405, 501)
    for nothing in ({}, {"answer": ""}, {"answer": "WELCOME"}, {"words": "refuse"}, {"answer": "welcome\0"}):
        assert one.ask("POST", page, **nothing) == 200
    for wrong in (page[:-1], page + "0", page[:-1] + ("0" if page[-1] != "0" else "1"), "/contacts/" + "0" * 30):
        assert one.ask("POST", wrong, answer="welcome") == 404, wrong
    assert contact(tom, "cara@other.test")["state"] == "asked"
    before = one.cookie
    assert one.ask("HEAD", "/contacts") == 303 and one.cookie is before


def test_the_word_of_one_request_is_for_that_one(asking):  # noqa: F811
    """It may be used again, since each answer can be changed; it never reaches another request or another's."""
    tom = asking()
    mail = knock(tom)
    page, one = one_click(tom), Browser(tom.nestbox)
    for answer, state in (("welcome", "welcome"), ("undo", "asked"), ("ignore", "ignored"), ("undo", "asked")):
        assert one.ask("POST", page, answer=answer) == 200
        assert contact(tom, "cara@other.test")["state"] == state
    assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == 450
    kim = tom.nestbox.account("kim@twin.test")
    knock(kim, "sue@other.test")
    hers = one_click(kim)
    half = len("/contacts/") + (len(page) - len("/contacts/")) // 2
    assert one.ask("POST", page[:half] + hers[half:], answer="welcome") == 404
    assert one.ask("POST", hers[:half] + page[half:], answer="welcome") == 404
    assert contact(kim, "sue@other.test")["state"] == "asked"


def test_a_session_is_made_new_and_leads_nowhere_else(asking):  # noqa: F811
    tom = asking()
    one = Browser(tom.nestbox)
    one.post("/sign-in", address=tom.address)
    one.cookie = planted = "0" * 26  # somebody else put it there
    path = link_for(tom)
    assert one.ask("POST", path + "?to=https://evil.test/", {"X-Forwarded-Host": "evil.test"}) == 303
    assert one.headers["Location"] == "/contacts" and one.cookie != planted
    thief = Browser(tom.nestbox)
    thief.cookie = planted
    assert thief.get("/contacts") == 303
    for path in ("//evil.test/", "/sign-in//evil.test", "/sign-in/%2F%2Fevil.test", "/sign-in?next=https://evil.test/"):
        thief.get(path)
        assert "evil.test" not in (thief.headers["Location"] or "")


def test_pages_keep_to_themselves_and_words_out_of_the_log(asking):  # noqa: F811
    tom = asking()
    mail = compose('"<img src=https://evil.test/x onerror=alert(1)>" <cara@other.test>', tom.address, "Hello", "Hello\n")
    assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == 450
    page, one = one_click(tom), sign_in(tom)
    number = contact(tom, "cara@other.test")["id"]
    link, session, device = link_for(tom), one.cookie, bearer(tom)["Authorization"].split()[1]
    for path in ("/contacts", f"/contacts/person/{number}", page, "/sign-in", "/keys", "/sign-in/" + "0" * 26,
                 "/contacts/" + "0" * 30):
        one.get(path)
        policy = one.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "form-action 'self'" in policy
        assert "<script" not in one.html and "http-equiv" not in one.html and "<img" not in one.html
        assert one.headers["Cache-Control"] == "no-store" and one.headers["Referrer-Policy"] == "no-referrer"
        assert one.headers["X-Content-Type-Options"] == "nosniff"
        assert ("onerror" in one.html) == ("cara@" in one.html), "the name is shown, and is words"
    assert one.ask("GET", "/contacts/push", {"Authorization": f"Bearer {device}"}) == 200
    assert one.ask("POST", page, answer="ignore") == 200
    log = tom.nestbox.log.read_text()
    assert "smtp mail code=450" in log
    for word in (page.rsplit("/", 1)[1], link.rsplit("/", 1)[1], session, device.split("-")[1]):
        assert word not in log


def test_nobody_is_drowned_in_links_and_nobody_learns_who_is_here(asking):  # noqa: F811
    tom = asking()
    one = Browser(tom.nestbox)
    answers = set()
    for address in [tom.address] * 5 + ["nobody@twin.test", "a@b@c", "", "tom@other.test", "x" * 300, "tom@twin.test\r\nBcc: x"]:
        answers.add((one.ask("POST", "/sign-in", address=address), one.html, str(sorted(
            (name, value) for name, value in one.headers.items() if name != "Date"))))
    assert len(answers) == 1
    assert len([row for row in tom.mails("INBOX") if row["subject"] == "Your link to sign in"]) == 3
