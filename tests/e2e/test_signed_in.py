"""An owner signs in by a link in their own mail, and decides about people on one page; screenshots in build/screenshots."""
import email
import email.policy
import http.client
import re
import urllib.parse

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from laboratory.mailing import compose, from_outside
from laboratory.wait import until
from test_contact import asking, contact, requests  # noqa: F401  a fixture
from test_pages import WIDTHS, save
from test_pages import browser as chromium  # noqa: F401  a fixture

FORM = "application/x-www-form-urlencoded"
COOKIE = "__Host-owner"
TWO = (("phone", "dark"), ("desk", "light"))


class Browser:
    """One that knows forms and cookies, and no more."""

    def __init__(self, nest):
        self.nest, self.cookie, self.status, self.headers, self.body, self.html = nest, None, None, None, b"", ""

    def ask(self, method, path, headers=(), **fields):
        connection = http.client.HTTPSConnection("twin.test", context=self.nest.trust, timeout=60)
        headers = dict(headers)
        if self.cookie:
            headers["Cookie"] = f"other=1; {COOKIE}={self.cookie}"
        body = None
        if method == "POST":
            body, headers["Content-Type"] = urllib.parse.urlencode(fields), FORM
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()
        self.html = self.body.decode(errors="replace")
        connection.close()
        found = re.match(rf"{COOKIE}=(\w*)", self.headers.get("Set-Cookie", ""))
        if found:
            self.cookie = found[1] or None
        return self.status

    def get(self, path):
        return self.ask("GET", path)

    def bytes(self, path):
        assert self.get(path) == 200
        return self.body

    def post(self, path, **fields):
        """As a button of the page that is open does, and then goes where it is sent."""
        word = re.search(r'name="form" value="(\w+)"', self.html)
        self.ask("POST", path, **({"form": word[1]} if word else {}), **fields)
        status = self.status
        if status == 303:
            self.get(self.headers["Location"])
        return status


def link_for(account, before=0):
    """The newest link that came by mail."""
    def look():
        mails = [row for row in account.mails("INBOX") if row["subject"] == "Your link to sign in"]
        return mails if len(mails) > before else None
    row = until(look, "the link in the mail", 30)[-1]
    text = email.message_from_bytes(account.show(row), policy=email.policy.default).get_content()
    return re.search(r"https://twin\.test(/sign-in/\w+)", text)[1]


def signed_in(account, reads):
    """The same for somebody whose mail `reads` opens."""
    one, before = Browser(account.nestbox), len(account.mails("INBOX"))
    one.get("/sign-in")
    one.post("/sign-in", address=account.address)
    row = until(lambda: account.mails("INBOX")[before:], "the link in the mail", 30)[-1]
    one.post(re.search(rf"https://{account.domain}(/sign-in/\w+)", reads(account.show(row)))[1], answer="yes")
    assert one.status == 200 and one.cookie
    return one


def sign_in(account):
    one = Browser(account.nestbox)
    assert one.get("/sign-in") == 200
    assert one.post("/sign-in", address=account.address) == 200
    path = link_for(account)
    assert one.get(path) == 200 and "Sign in as" in one.html
    assert one.post(path, answer="yes") == 303
    assert one.status == 200 and "Who may write to" in one.html
    return one


def knock(account, author="cara@other.test", code=450):
    mail = compose(author, account.address, "Hello", "Hello\n")
    assert from_outside(account.nestbox, author, [account.address], mail)[0] == code
    return mail


def test_the_link_is_good_once_and_opening_it_does_nothing(asking):  # noqa: F811
    tom = asking()
    one = Browser(tom.nestbox)
    one.post("/sign-in", address="nobody@twin.test")
    nobody = one.html
    one.post("/sign-in", address=tom.address.upper())
    assert one.html == nobody, "who has an account is not told"
    path = link_for(tom)
    for _ in range(3):  # as scanners do
        assert one.get(path) == 200 and one.cookie is None
    assert one.post(path) == 303 and one.status == 200
    word = one.cookie
    assert word not in one.html and "no-store" in one.headers["Cache-Control"]
    other = Browser(tom.nestbox)
    assert other.get(path) == 404 and other.post(path) == 404 and other.cookie is None
    assert other.get("/contacts") == 303 and other.headers["Location"] == "/sign-in"
    other.cookie = word[:-1] + ("0" if word[-1] != "0" else "1")
    assert other.get("/contacts") == 303
    assert one.get("/contacts") == 200
    tom.nestbox.cli("account", "password", tom.address, "--password-stdin", input="another good one\n")
    assert one.get("/contacts") == 303, "a new password ends all sessions"
    two = Browser(tom.nestbox)
    two.post("/sign-in", address=tom.address)
    path = link_for(tom, before=1)
    two.get(path)
    two.post(path)
    assert two.get("/contacts") == 200
    tom.nestbox.cli("account", "remove", tom.address, "--yes")
    assert two.get("/contacts") == 303
    tom.nestbox.cli("account", "add", tom.address, "--password-stdin", input="another good one\n")
    assert two.get("/contacts") == 303, "a session outlives the account"


def test_the_cookie_is_for_this_host_and_for_no_script(asking):  # noqa: F811
    tom = asking()
    one = Browser(tom.nestbox)
    one.post("/sign-in", address=tom.address)
    one.ask("POST", link_for(tom))
    said = one.headers["Set-Cookie"]
    for term in ("Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=2592000"):
        assert term in said
    assert "Domain" not in said
    one.get("/contacts")
    assert one.post("/sign-out") == 303 and one.cookie is None
    one.cookie = re.match(rf"{COOKIE}=(\w+)", said)[1]
    assert one.get("/contacts") == 303, "the word is worth nothing after signing out"


def test_few_links_are_sent(asking):  # noqa: F811
    tom = asking()
    one = Browser(tom.nestbox)
    said = {(one.post("/sign-in", address=tom.address), one.html) for _ in range(5)}
    assert len(said) == 1
    assert len([row for row in tom.mails("INBOX") if row["subject"] == "Your link to sign in"]) == 3


def test_everything_is_decided_on_the_page(asking):  # noqa: F811
    tom = asking()
    mail = knock(tom)
    one = sign_in(tom)
    assert "cara@other.test" in one.html and "Waiting (1)" in one.html
    number = contact(tom, "cara@other.test")["id"]
    page = f"/contacts/person/{number}"
    for answer, fields, state, code in (("welcome", {}, "welcome", 250), ("refuse", {"words": "not now"}, "refused", 550),
                                        ("ignore", {}, "ignored", 450), ("undo", {}, "asked", 450)):
        assert one.get(page) == 200
        assert one.post(page, answer=answer, **fields) == 303 and one.status == 200
        assert contact(tom, "cara@other.test")["state"] == state
        assert from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)[0] == code
    assert requests(tom), "the request is open again"
    one.get("/contacts")
    assert one.post("/contacts", person="@bad.test", answer="refuse") == 303 and "Everybody at bad.test" in one.html
    knock(tom, "eve@bad.test", 550)
    assert one.post("/contacts", person="kim@other.test", answer="welcome") == 303 and "kim@other.test" in one.html
    assert contact(tom, "kim@other.test")["state"] == "welcome"
    assert one.post("/contacts", person="not a person", answer="welcome") == 422 and "is no person" in one.html
    one.get("/contacts")
    assert one.post("/contacts", answer="expect") == 303 and "without a question until" in one.html
    knock(tom, "sue@other.test", 250)
    assert one.post("/contacts", answer="close") == 303
    knock(tom, "ann@other.test", 450)


def test_no_other_page_can_press_the_buttons(asking):  # noqa: F811
    tom = asking()
    knock(tom)
    one = sign_in(tom)
    number = contact(tom, "cara@other.test")["id"]
    for word in ({}, {"form": ""}, {"form": "0" * 26}):
        assert one.ask("POST", f"/contacts/person/{number}", answer="welcome", **word) == 403
        assert one.ask("POST", "/contacts", answer="expect", **word) == 403
        assert one.ask("POST", "/sign-out", **word) == 403
    assert contact(tom, "cara@other.test")["state"] == "asked" and one.get("/contacts") == 200
    one.get(f"/contacts/person/{number}?answer=welcome")
    assert contact(tom, "cara@other.test")["state"] == "asked"


def test_nobody_sees_another_ones_people(asking):  # noqa: F811
    tom = asking()
    knock(tom)
    number = contact(tom, "cara@other.test")["id"]
    kim = tom.nestbox.account("kim@twin.test")
    one = sign_in(kim)
    assert "cara@" not in one.html
    assert one.get(f"/contacts/person/{number}") == 404 and "cara@" not in one.html
    one.get("/contacts")
    assert one.post(f"/contacts/person/{number}", answer="welcome") == 422
    assert contact(tom, "cara@other.test")["state"] == "asked"


def look(browser, name, looks=tuple((width, scheme) for width in WIDTHS for scheme in ("light", "dark"))):
    """Light and dark, on a phone and at a desk: it fits, it loads nothing, and a screenshot is made."""
    for width, scheme in looks:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": WIDTHS[width], "height": 900, "deviceScaleFactor": 1, "mobile": width == "phone"})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        assert browser.execute_script("return document.documentElement.scrollWidth") <= WIDTHS[width]
        save(browser, f"{name}-{WIDTHS[width]}-{scheme}.png")
    assert not browser.execute_script("return performance.getEntriesByType('resource').length")
    assert browser.execute_script(
        "return [...document.querySelectorAll('input:not([type=hidden])')].every(i => i.labels.length)")
    assert browser.execute_script("return document.querySelectorAll('h1').length") == 1
    assert browser.execute_script("return document.documentElement.lang") == "en" and not browser.execute_script(
        "return document.scripts.length")


def press(browser, selector, seen):
    browser.find_element(By.CSS_SELECTOR, selector).click()
    until(lambda: seen in browser.page_source, seen)


def test_the_pages_can_be_read_and_used(chromium, asking):  # noqa: F811
    tom = asking()
    knock(tom)
    knock(tom, '"Somebody with an exceedingly long name, as strangers have them" '
               "<a-very-long-local-part-that-must-not-break-the-page@other.test>")
    [row] = [row for row in requests(tom) if "cara" in row["subject"]]
    text = email.message_from_bytes(tom.show(row), policy=email.policy.default).get_body(("plain",)).get_content()
    chromium.get(re.search(r"https://twin\.test/contacts/\w+", text)[0])
    look(chromium, "contact")
    chromium.find_element(By.ID, "words").send_keys("please write to my office; I read nothing here before the summer is over")
    for answer, seen in (("refuse", "Refused."), ("ignore", "Ignored."), ("welcome", "Welcome."), ("undo", "They wait")):
        press(chromium, f"button[value={answer}]", seen)
        look(chromium, f"contact-{answer}", TWO)
    chromium.get("https://twin.test/contacts/" + "0" * 30)
    look(chromium, "contact-over", TWO)
    chromium.get("https://twin.test/sign-in/" + "0" * 26)
    look(chromium, "sign-in-spent", TWO)
    chromium.get("https://twin.test/sign-in")
    look(chromium, "sign-in")
    chromium.find_element(By.ID, "address").send_keys(tom.address + Keys.ENTER)
    until(lambda: "Look into your mail" in chromium.page_source, "the answer to the form")
    look(chromium, "sign-in-sent", TWO)
    chromium.get("https://twin.test" + link_for(tom))
    look(chromium, "sign-in-link")
    press(chromium, "button[value=yes]", "Who may write to")
    look(chromium, "contacts")
    press(chromium, ".people button[value=welcome]", "arrives with the next try")
    look(chromium, "contacts-person")
    press(chromium, "button[value=undo]", "They wait for your answer")
    assert contact(tom, "a-very-long-local-part-that-must-not-break-the-page@other.test")["state"] == "asked"
    chromium.get("https://twin.test/contacts")
    chromium.find_element(By.ID, "person").send_keys("nobody in particular")
    press(chromium, "form[action='/contacts'] button[value=ignore]", "Not done")
    look(chromium, "contacts-mistake", TWO)
    chromium.get("https://twin.test/contacts")
    chromium.find_element(By.ID, "person").send_keys("@bad.test")
    press(chromium, "form[action='/contacts'] button[value=refuse]", "Everybody at bad.test")
    look(chromium, "contacts-refused", TWO)
    press(chromium, "button[value=expect]", "without a question until")
    look(chromium, "contacts-expecting", TWO)
    chromium.get("https://twin.test/contacts/person/999999")
    look(chromium, "contacts-nobody", TWO)
