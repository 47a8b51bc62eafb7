"""The life of a key with the real server: given on the web, changed by mail, asked about, refused; the state outlives a restart."""
import base64
import email
import email.policy
import email.utils
import re
import sqlite3

import pytest
from selenium.webdriver.common.by import By

from laboratory.gpg import Gpg
from laboratory.key_desk import claim, desk_key
from laboratory.mailing import compose, from_outside, submit
from laboratory.wait import until
from test_pages import browser as chromium  # noqa: F401  a fixture
from test_signed_in import Browser, look, signed_in

CURVE = ("ed25519", "cv25519")


@pytest.fixture
def owner(twin, tmp_path):
    """Somebody on a server of their own, with three key rings."""
    account = twin().start().account("una@twin.test")
    account.rings = [Gpg(tmp_path / f"ring{number}", account.address, encrypts=CURVE) for number in range(3)]
    yield account
    for ring in account.rings:
        ring.end()


def uses(account):
    return {key["fingerprint"]: key["use"] for key in account.nestbox.ask("key", "list", account.address)}


def tell(account, ring):
    """A mail of a program that has this key."""
    field = f"addr={account.address}; prefer-encrypt=mutual; keydata={base64.b64encode(ring.export()).decode()}"
    assert submit(account, compose(account.address, account.address, "Hello", "with a key\n",
                                   headers={"Autocrypt": field}))[0] == 250


def letter(account, subject, ring=None):
    """The newest mail with that subject: outside, or inside where `ring` opens it."""
    for listed in reversed(account.mails("INBOX")):
        mail = email.message_from_bytes(account.show(listed), policy=email.policy.default)
        if ring and mail.get_content_type() == "multipart/encrypted":
            armor = list(mail.iter_parts())[1].get_content()
            mail = email.message_from_bytes(ring.decrypt(armor), policy=email.policy.default)
        if mail["Subject"] == subject:
            return mail
    raise AssertionError(f"no mail says {subject}")


def give(browser, ring):
    assert browser.get("/keys") == 200
    assert browser.post("/keys", key=ring.certificate().read_text()) == 200
    return browser.html


def test_a_key_given_on_the_web_and_another_that_the_old_ones_letter_takes(owner):
    first, second, _ = owner.rings
    browser = signed_in(owner, lambda mail: mail.decode())
    assert "in use now" in give(browser, first)
    assert "waits for seven days" in give(browser, second)
    assert uses(owner) == {first.fingerprint(): "encrypts", second.fingerprint(): "waiting"}
    assert owner.nestbox.ask("key", "list", owner.address)[0]["learnt"] == "web"
    owner.nestbox.stop()
    owner.nestbox.start()
    asked = letter(owner, "Is this your new key?", first).get_content()
    assert second.fingerprint() in asked
    page = re.search(r"https://twin\.test(/keys/\w+)", asked)[1]
    anybody = Browser(owner.nestbox)
    assert anybody.get(page[:-1] + ("0" if page[-1] != "0" else "1")) == 404
    assert anybody.get(page) == 200 and second.fingerprint() in anybody.html
    assert uses(owner)[second.fingerprint()] == "waiting"  # scanners of mail open links too
    assert anybody.post(page, answer="yes") == 200
    assert uses(owner) == {first.fingerprint(): "encrypts", second.fingerprint(): "encrypts"}
    assert from_outside(owner.nestbox, "carol@mail.test", [owner.address],
                        compose("carol@mail.test", owner.address, "For both", "both can read it\n"))[0] == 250
    for ring in (first, second):
        assert "both can read it" in letter(owner, "For both", ring).get_content()
    for nonsense in ("", "hello", first.secret().decode()):
        browser.get("/keys")
        assert browser.post("/keys", key=nonsense) != 200, nonsense
    assert len(uses(owner)) == 2


@pytest.mark.parametrize("armored", [False, True])
def test_a_key_is_given_as_a_file_without_a_script(owner, chromium, armored, tmp_path):  # noqa: F811
    """From the list of contacts, by the menu, as a browser sends a file."""
    ring, file = owner.rings[0], tmp_path / "my key.asc"
    file.write_bytes(ring.certificate().read_bytes() if armored else ring.export())
    signed = signed_in(owner, lambda mail: mail.decode())
    assert '<a href="/keys"' in signed.html and signed.get("/contacts") == 200
    chromium.get("https://twin.test/sign-in")
    chromium.add_cookie({"name": "__Host-owner", "value": signed.cookie, "path": "/", "secure": True})
    chromium.get("https://twin.test/contacts")
    chromium.find_element(By.LINK_TEXT, "Keys").click()
    if armored:
        look(chromium, "keys")
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    chromium.find_element(By.ID, "file").send_keys(str(file))
    chromium.find_element(By.CSS_SELECTOR, "form[enctype] button").click()
    until(lambda: uses(owner) == {ring.fingerprint(): "encrypts"}, "the key in use")
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "This key is in use now." in chromium.page_source
    if armored:
        look(chromium, "keys-given")


def test_any_answer_refuses_it_and_the_command_line_has_the_last_word(owner):
    first, second, third = owner.rings
    server = owner.nestbox
    tell(owner, first)
    tell(owner, second)
    server.stop()
    server.start()
    asked = letter(owner, "Is this your new key?", first)
    robot = email.utils.parseaddr(asked["From"])[1]
    assert robot.endswith("+refuse@twin.test")
    assert submit(owner, compose(owner.address, robot, "Re: Is this your new key?", "What?\n"))[0] == 250
    assert uses(owner)[second.fingerprint()] == "refused"
    tell(owner, second)
    assert uses(owner)[second.fingerprint()] == "refused"
    server.cli("key", "accept", owner.address, second.fingerprint())
    assert uses(owner)[second.fingerprint()] == "encrypts"
    tell(owner, third)
    assert uses(owner)[third.fingerprint()] == "waiting"
    server.cli("key", "refuse", owner.address, third.fingerprint())
    assert uses(owner)[third.fingerprint()] == "refused"
    server.cli("key", "remove", owner.address, third.fingerprint())
    assert third.fingerprint() not in uses(owner)


def test_a_key_that_no_engine_takes_is_told_of_and_left_out(owner):
    first, second, _ = owner.rings
    server = owner.nestbox
    server.cli("key", "add", owner.address, first.certificate())
    server.stop()
    with sqlite3.connect(server.data_dir / "nestbox.db") as database:
        database.execute("UPDATE account_key SET certificate = x'c600'")
    server.start()

    def deliver(subject):
        assert from_outside(server, "carol@mail.test", [owner.address],
                            compose("carol@mail.test", owner.address, subject, "hello\n"))[0] == 250
    deliver("Unsealed")
    assert letter(owner, "Unsealed").get_content() == "hello\r\n"
    told = until(lambda: [row for row in owner.mails("INBOX") if row["subject"] == "Your key cannot be used"], "the letter", 30)
    deliver("Again")
    assert len([row for row in owner.mails("INBOX") if row["subject"] == told[0]["subject"]]) == 1
    server.cli("key", "add", owner.address, second.certificate())  # it goes on without the other one
    deliver("Sealed")
    assert letter(owner, "Sealed", second) and owner.mails("INBOX")[-1]["subject"] == "[...]"
    server.cli("key", "add", owner.address, first.certificate())  # the cause has ended
    deliver("To both")
    assert letter(owner, "To both", first) and letter(owner, "To both", second)


# the key desk


def told_by_the_desk(account, answer):
    """With its key, by which the next mail to it can be encrypted."""
    assert email.utils.parseaddr(answer["From"])[1] == "claim@twin.test"
    field = dict(part.strip().split("=", 1) for part in answer["Autocrypt"].split(";"))
    assert field["addr"] == "claim@twin.test"
    assert base64.b64decode("".join(field["keydata"].split())) == desk_key(account)


def test_the_key_desk_takes_a_key_that_signed_for_itself(owner):
    first, second, third = owner.rings
    assert claim(owner, first, first)[0] == 250
    assert uses(owner) == {first.fingerprint(): "encrypts"}
    assert owner.nestbox.ask("key", "list", owner.address)[0]["learnt"] == "claim"
    told_by_the_desk(owner, letter(owner, "Your mail is encrypted to your key from now on", first))
    assert owner.mails("INBOX")[-1]["subject"] == "[...]"  # sealed to the key that it tells of
    assert claim(owner, second, second)[0] == 250  # who has it is proven, and no more
    assert uses(owner)[second.fingerprint()] == "waiting"
    assert letter(owner, "Is this your new key?", first)
    assert claim(owner, first, third)[0] == 250  # the old key's word
    assert uses(owner)[third.fingerprint()] == "encrypts"
    before = len(owner.mails("INBOX"))
    assert claim(owner, third, third)[0] == 250
    answer = letter(owner, "Your key is as it was", first)
    assert "says nothing new" in answer.get_content()
    told_by_the_desk(owner, answer)
    assert len(owner.mails("INBOX")) == before + 1
    code, words = claim(owner, second, Gpg(owner.rings[0].folder.parent / "fourth", owner.address, encrypts=CURVE))
    assert code == 550 and "sign the mail" in words


def test_the_key_desk_refuses_in_words_and_answers_nobody_else(owner):
    first = owner.rings[0]
    code, words = submit(owner, compose(owner.address, "claim@twin.test", "Hello", "no key\n"), ["claim@twin.test"])
    assert code == 550 and "no key in it" in words
    code, words = from_outside(owner.nestbox, "carol@mail.test", ["claim@twin.test"],
                               compose("carol@mail.test", "claim@twin.test", "Hello", "from outside\n"))
    assert code == 550 and "through an account here" in words
    for _ in range(6):
        assert claim(owner, first, first)[0] == 250
    code, words = claim(owner, first, first)
    assert code == 550 and "a day are enough" in words
    assert len(owner.mails("INBOX")) == 6
