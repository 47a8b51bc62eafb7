"""What a person with a browser sees; the screenshots lie in build/screenshots."""
import pathlib
import subprocess

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from laboratory.deltachat import FOLDER
from laboratory.fedify import NODE
from laboratory.mailing import compose, submit
from laboratory.nestbox import ROOT
from laboratory.wait import until

SCREENSHOTS = ROOT / "build" / "screenshots"
WIDTHS = {"phone": 390, "desk": 1280}


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                 "--ignore-certificate-errors", "--no-proxy-server"):
        options.add_argument(word)
    browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    browser.set_page_load_timeout(60)
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def story(request, _nest, ca, dns):
    """Alice Example with three posts; gives (profile URL, URL of the first post)."""
    alice = _nest.account("alice@nest.test", name="Alice Example")
    _nest.cli("account", "set", alice.address, "summary=Boats, bread and a little poetry.", "language=en")
    texts = (("Good morning", "The harbour lies quiet, and the first boat is out.\n\nI will write again tonight. #harbour\n"),
             ("", "Coffee at nine, where the road bends. https://example.org/a/rather/long/address/that/must/not/break"
                  "/the/page/on/a/phone?with=some&more=words\n"),
             ("CW: food", "I made soup.\n\n" + "It had everything in it that the garden gave this week. " * 8 + "\n"))
    for subject, text in texts:
        code, words = submit(alice, compose(alice.address, alice.word("public"), subject, text))
        assert code == 250, words
    posts = until(lambda: (lambda found: len(found) == 3 and found)(
        [post for post in alice.posts() if post["state"] == "sent"]), "three posts")
    first = next(post for post in posts if "harbour" in post["text"])
    return {"profile": "https://nest.test/@alice", "post": first["url"]}


def show(browser, width, scheme):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": WIDTHS[width], "height": 900, "deviceScaleFactor": 1, "mobile": width == "phone"})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})


@pytest.mark.parametrize("page", ["profile", "post"])
@pytest.mark.parametrize("width", list(WIDTHS))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read(browser, story, page, width, scheme):
    show(browser, width, scheme)
    browser.get(story[page])
    text = browser.find_element(By.TAG_NAME, "body").text
    assert "Alice Example" in text and "@alice@nest.test" in text
    assert "The harbour lies quiet" in text
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= WIDTHS[width], "the page must not scroll sideways"
    light = browser.execute_script(
        "const c = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);"
        "const h = getComputedStyle(document.documentElement).backgroundColor.match(/[\\d.]+/g).map(Number);"
        "const see = c.length > 3 && c[3] === 0 ? h : c;"
        "return see.length > 3 && see[3] === 0 ? 255 : (see[0] + see[1] + see[2]) / 3")
    assert light > 128 if scheme == "light" else light < 128
    save(browser, f"{page}-{WIDTHS[width]}-{scheme}.png")


@pytest.fixture(scope="module")
def moved(_nest):
    """Carl, who went on as Dora."""
    carl, dora = (_nest.account(f"{name}@nest.test", name=name.title()) for name in ("carl", "dora"))
    _nest.cli("account", "alias", dora.address, carl.handle)
    _nest.cli("account", "move", carl.address, dora.handle)
    return carl, dora


@pytest.mark.parametrize("width", list(WIDTHS))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_who_moved_leads_there(browser, moved, width, scheme):
    carl, dora = moved
    show(browser, width, scheme)
    browser.get("https://nest.test/@carl")
    head = browser.find_element(By.TAG_NAME, "header")
    assert f"Carl now posts as {dora.handle}" in head.text and f"Mail to {carl.address} arrives as before" in head.text
    assert f"search there for {dora.handle}" in head.text and carl.handle not in head.find_element(By.CLASS_NAME, "follow").text
    link = head.find_element(By.LINK_TEXT, dora.handle)
    assert link.get_attribute("href") == "https://nest.test/@dora"
    assert set(link.get_attribute("rel").split()) == {"me", "nofollow", "noopener", "noreferrer"}
    assert not head.find_elements(By.TAG_NAME, "form"), "who wants to read, reads there"
    assert browser.execute_script("return document.documentElement.scrollWidth") <= WIDTHS[width]
    save(browser, f"moved-{WIDTHS[width]}-{scheme}.png")


def test_an_account_says_where_its_owner_went(moved):
    carl, dora = moved
    [shown] = carl.nestbox.ask("account", "show", carl.address)
    assert shown["moved_to"] == dora.handle and shown["moved"].startswith("20")
    assert carl.nestbox.cli("account", "show", carl.address).splitlines()[-1].endswith(f" to {dora.handle}")
    by_address = {row["address"]: row for row in carl.nestbox.ask("account", "list")}
    assert by_address[carl.address]["moved_to"] == dora.handle and "moved_to" not in by_address[dora.address]


def save(browser, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    height = browser.execute_script("return document.documentElement.scrollHeight")
    width = browser.execute_script("return window.innerWidth")
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": max(600, min(height, 4000)), "deviceScaleFactor": 1, "mobile": width < 600})
    assert browser.save_screenshot(str(pathlib.Path(SCREENSHOTS) / name))


def test_pages_load_nothing_from_elsewhere_and_say_their_language(browser, story):
    browser.get(story["post"])
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang")
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(entry => new URL(entry.name).host)")
    assert set(loaded) <= {"nest.test"}
    assert browser.find_element(By.CSS_SELECTOR, "link[rel=alternate][type='application/activity+json']")


def test_a_page_that_is_not_there_is_404(nest, judge):
    for path in ("/@nobody-at-all", "/users/alice/posts/nothing", "/nothing/here", "/..", "/@alice/../../etc/passwd"):
        status, headers, _ = judge.exchange("GET", f"https://nest.test{path}", [("Accept", "text/html")])
        assert status in (400, 404), path


def test_pages_carry_the_headers_that_protect_their_readers(story, judge):
    _, headers, _ = judge.exchange("GET", story["profile"], [("Accept", "text/html")])
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("no-referrer", "same-origin", "strict-origin-when-cross-origin")


def test_the_page_with_the_code(browser, twin):
    server = twin({"policy": {"registration": "open"}}).start()
    word = server.cli("token", "add", "guests").split()[0].rsplit("=", 1)[1]
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            show(browser, width, scheme)
            browser.get(f"https://twin.test/new?t={word}")
            code = browser.find_element(By.CSS_SELECTOR, "svg.qr")
            assert 200 <= code.size["width"] <= 400 and code.size["width"] == code.size["height"]
            assert browser.execute_script("return document.documentElement.scrollWidth") <= WIDTHS[width]
            save(browser, f"new-{WIDTHS[width]}-{scheme}.png")
            with open(SCREENSHOTS / f"new-{WIDTHS[width]}-{scheme}.png", "rb") as picture:
                read = subprocess.run([NODE, FOLDER / "read_qr.mjs"], stdin=picture, capture_output=True, check=True)
            assert read.stdout.decode() == f"DCACCOUNT:https://twin.test/new?t={word}"
    link = browser.find_element(By.CSS_SELECTOR, "a.button")
    assert link.get_attribute("href") == f"dcaccount:https://twin.test/new?t={word}"
    assert f"DCACCOUNT:https://twin.test/new?t={word}" in browser.find_element(By.TAG_NAME, "main").text
    read = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {(node["role"]["value"], node.get("name", {}).get("value")) for node in read if "role" in node}
    assert ("image", "QR code for Delta Chat; the link below does the same") in named
    assert ("heading", "An account at twin.test") in named and ("link", "Open in Delta Chat") in named
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    browser.get("https://twin.test/new?t=12345678901234567890")
    assert "used up" in browser.find_element(By.TAG_NAME, "main").text
    save(browser, "new-refused.png")
