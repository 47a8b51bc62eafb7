"""The life of a key with the real server: given on the web, changed by mail, asked about, refused; the state outlives a restart."""
import base64
import email
import email.policy
import email.utils
import re

import pytest

from laboratory.gpg import Gpg
from laboratory.mailing import compose, from_outside, submit
from test_signed_in import Browser

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
            outside, armor = mail["From"], list(mail.iter_parts())[1].get_content()
            mail = email.message_from_bytes(ring.decrypt(armor), policy=email.policy.default)
            assert mail["From"] == outside
        if mail["Subject"] == subject:
            return mail
    raise AssertionError(f"no mail says {subject}")


def signed_in(account, ring=None):
    browser = Browser(account.nestbox)
    browser.get("/sign-in")
    browser.post("/sign-in", address=account.address)
    link = re.search(r"https://twin\.test(/sign-in/\w+)", letter(account, "Your link to sign in", ring).get_content())[1]
    assert browser.post(link, answer="yes") == 303
    return browser


def give(browser, ring):
    assert browser.get("/keys") == 200
    assert browser.post("/keys", key=ring.certificate().read_text()) == 200
    return browser.html


def test_a_key_given_on_the_web_and_another_that_the_old_ones_letter_takes(owner):
    first, second, _ = owner.rings
    browser = signed_in(owner)
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
