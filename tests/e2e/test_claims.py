"""An address by signed mail, with GnuPG and Sequoia: asked for, confirmed by mail and by the page, paid, used; and what is refused."""
import base64
import datetime
import email
import email.policy
import http.client
import imaplib
import re
import sqlite3
import time
import urllib.parse

import pytest

from laboratory.gpg import Gpg
from laboratory.mailhost import mail_hosts
from laboratory.mailing import CLIENT, compose, from_outside, submit
from laboratory.openpgp import BySequoia
from laboratory.wait import until
from test_pages import browser as chromium  # noqa: F401  a fixture
from test_signed_in import look

DESK = "claim@twin.test"
OPEN = {"policy": {"registration": "open"}}
FEE = {"policy": {"registration": "fee", "fee": "12 \u20ac a year", "fee_pay": "https://pay.example/?a=1&b=2"}}
WORD = re.compile(r"confirm ([0-9a-z]{26}) twin\.test")


@pytest.fixture
def server(twin):
    """Each test has one of its own: what is asked in an hour is limited."""
    return lambda settings=OPEN: twin(settings).start()


@pytest.fixture
def host(dns):
    """Makes mail hosts whose domains say (SPF) that this laboratory's clients may send for them."""
    made = mail_hosts(dns, "claims", "20.1.9")
    make = next(made)

    def with_spf(who=CLIENT[0]):
        host = make()
        dns.add(f'{host.domain} TXT "v=spf1 ip4:{who} -all"')
        return host

    yield with_spf
    next(made, None)


@pytest.fixture
def ring(tmp_path):
    """Makes key rings."""
    made = []

    def make(address):
        made.append(Gpg(tmp_path / f"ring{len(made)}", address, encrypts=("ed25519", "cv25519")))
        return made[-1]

    yield make
    for one in made:
        one.end()


def field(ring, of=None):
    return f"Autocrypt: addr={ring.address}; keydata={base64.b64encode((of or ring).export()).decode()}\r\n".encode()


def mime(ring, text, of=None, **options):
    """PGP/MIME, with the key in an Autocrypt field (or that of another ring)."""
    return field(ring, of) + ring.sign_mail(DESK, "An address", text, **options)


def clear(ring, text, before="", behind=""):
    """Clear-signed in the text, with the key attached."""
    signed = ring._gpg("--armor", "--clear-sign", "--digest-algo", "SHA256", input=text.encode()).decode()
    mail = compose(ring.address, DESK, "An address", before + signed + behind)
    mail.add_attachment(ring.certificate().read_text(), subtype="plain", filename="key.asc")
    part = list(mail.iter_attachments())[0]
    part.replace_header("Content-Type", "application/pgp-keys")
    return mail


def send(server, ring, mail, sender=None):
    return from_outside(server, sender or ring.address, [DESK], mail)


def answers(host, address):
    return [mail for mail in host.mails.all() if mail.recipients == [address]]


def answer(host, ring, count=1):
    """The mail so far as anybody may read it, and what the holder of the key reads in it."""
    found = host.mails.wait_for(lambda mail: mail.recipients == [ring.address], count=count)
    got = found if count == 1 else found[-1]
    outside = email.message_from_bytes(got.text, policy=email.policy.default)
    assert got.sender.startswith("MAIL FROM:<>")
    assert outside.get_content_type() == "multipart/encrypted" and outside["Subject"] == "[...]"
    assert outside["Auto-Submitted"] == "auto-replied" and outside["From"].addresses[0].addr_spec == DESK
    armor = list(outside.iter_parts())[1].get_content()
    return got.text, email.message_from_bytes(ring.decrypt(armor), policy=email.policy.default), armor


def claim(server, host, ring, name):
    """A claim that is taken; gives the word and the link."""
    assert send(server, ring, mime(ring, f"claim {name}@twin.test\n"))[0] == 250
    _, inside, _ = answer(host, ring)
    text = inside.get_content()
    return WORD.search(text)[1], re.search(r"https://twin\.test/claim/[0-9a-z]{26}(?=\s)", text)[0]


def https(server, link, form=None):
    there = http.client.HTTPSConnection("twin.test", context=server.trust, timeout=60, source_address=CLIENT)
    _, _, path, query, _ = urllib.parse.urlsplit(link)
    there.request("POST" if form else "GET", f"{path}?{query}" if query else path, urllib.parse.urlencode(form or {}) or None,
                  {"Content-Type": "application/x-www-form-urlencoded"} if form else {})
    got = there.getresponse()
    return got.status, got.read().decode()


def password_of(host, ring, name, letters=2):
    raw, inside, _ = answer(host, ring, count=letters)
    text = inside.get_content()
    assert inside["Subject"] == "Your account" and f"The address {name}@twin.test is yours." in text
    word = re.search(r"Password +(\S+)", text)[1]
    assert word.encode() not in raw
    return word


def accounts(server):
    return [row["address"] for row in server.ask("account", "list")]


class User:
    """What submit() asks of an account."""

    def __init__(self, server, address, password):
        self.nestbox, self.address, self.password = server, address, password


def uses(server, host, ring, name, letters=2):
    """Logs in, sends to the world, and gets a mail that is encrypted to the key."""
    password = password_of(host, ring, name, letters)
    user = User(server, f"{name}@twin.test", password)
    other = f"other@{host.domain}"
    assert submit(user, compose(user.address, other, "Out", "from the new address\n"))[0] == 250
    out = host.mails.wait_for(lambda mail: mail.recipients == [other])
    assert b"from the new address" in out.text
    assert from_outside(server, other, [user.address], compose(other, user.address, "In", "to the new address\n"))[0] == 250
    with imaplib.IMAP4_SSL(server.hostname, 993, ssl_context=server.trust) as imap:
        imap.login(user.address, password)
        imap.select("INBOX")
        mail = email.message_from_bytes(imap.fetch("1", "(RFC822)")[1][0][1], policy=email.policy.default)
    assert mail.get_content_type() == "multipart/encrypted"
    assert b"to the new address" in ring.decrypt(list(mail.iter_parts())[1].get_content())
    assert password not in server.log.read_text()
    return password


def test_a_claim_is_confirmed_by_mail_and_the_account_is_used(server, host, ring, tmp_path):
    nest, there = server(), host()
    una = ring(f"una@{there.domain}")
    asked = mime(una, "Good morning,\n\nclaim una@twin.test\n\nUna\n")
    assert send(nest, una, asked)[0] == 250
    raw, inside, armor = answer(there, una)
    word = WORD.search(inside.get_content())[1]
    assert inside["Subject"] == "Your claim" and una.fingerprint() in inside.get_content()
    assert word.encode() not in raw and b"una@twin.test" not in raw
    assert word.encode() in BySequoia(tmp_path / "sequoia", una).open(armor)
    assert "addr=claim@twin.test" in inside["Autocrypt"]
    # nobody's yet
    code, words = from_outside(nest, f"bob@{there.domain}", ["una@twin.test"], compose("b@b.test", "una@twin.test", "x", "x"))
    assert (code, words) == (550, "5.1.1 There is no una@twin.test here.")
    assert https(nest, "https://twin.test/.well-known/webfinger?resource=acct:una@twin.test")[0] == 404
    assert "una@twin.test" not in accounts(nest)

    assert send(nest, una, asked) == (250, "2.0.0 Taken already")  # a server that did not hear our 250
    assert len(answers(there, una.address)) == 1

    yes = mime(una, f"confirm {word} twin.test\n")
    assert send(nest, una, yes)[0] == 250
    assert "una@twin.test" in accounts(nest)
    uses(nest, there, una, "una")
    assert [key["learnt"] for key in nest.ask("key", "list", "una@twin.test")] == ["claim"]
    assert send(nest, una, yes) == (250, "2.0.0 Taken already")  # the same once more
    code, words = send(nest, una, mime(una, f"confirm {word} twin.test\n"))
    assert code == 550 and "nobody waits for this word" in words
    assert len(answers(there, una.address)) == 2
    assert word not in nest.log.read_text()


def test_a_clear_signed_claim_is_confirmed_by_the_page(server, host, ring):
    nest, there = server(), host()
    vera = ring(f"vera@{there.domain}")
    assert send(nest, vera, clear(vera, f"claim Vera@Twin.TEST key {vera.fingerprint()}\n- and a dash\n", "Hello,\n\n",
                                  "\n-- \nsent by a list of words\n"))[0] == 250
    _, inside, _ = answer(there, vera)
    link = re.search(r"https://twin\.test/claim/[0-9a-z]{26}(?=\s)", inside.get_content())[0]
    status, page = https(nest, link)  # as a scanner does
    assert status == 200 and "vera@twin.test" in page and vera.fingerprint() in page and "<script" not in page
    assert accounts(nest) == []
    status, page = https(nest, link, {"answer": "yes"})
    assert status == 200 and "vera@twin.test is yours" in page
    assert accounts(nest) == ["vera@twin.test"]
    password = uses(nest, there, vera, "vera")
    assert password not in page
    assert https(nest, link)[0] == https(nest, link, {"answer": "yes"})[0] == 404
    assert len([mail for mail in answers(there, vera.address)]) == 2


def test_an_invitation_is_shown_used_and_comes_back_when_the_claim_lapses(server, host, ring):
    nest, there = server({"policy": {"registration": "invite"}}), host()
    word = nest.cli("token", "add", "family", "--uses=1").split()[0].rsplit("=", 1)[1]
    una, vera = (ring(f"{name}@{there.domain}") for name in ("una", "vera"))
    code, words = send(nest, una, mime(una, "claim una@twin.test\n"))
    assert code == 550 and "only people who were invited" in words
    assert send(nest, una, mime(una, f"claim una@twin.test\ninvite {word}\n"))[0] == 250
    answer(there, una)
    refused = send(nest, vera, mime(vera, f"claim vera@twin.test\ninvite {word}\n"))
    assert refused[0] == 550 and "was used up" in refused[1]
    # the same person asks once more, and the first word is void
    first = WORD.search(answer(there, una)[1].get_content())[1]
    assert send(nest, una, mime(una, "claim una@twin.test\n"))[0] == 250
    second = WORD.search(answer(there, una, count=2)[1].get_content())[1]
    assert first != second
    assert "nobody waits" in send(nest, una, mime(una, f"confirm {first} twin.test\n"))[1]
    # a week later
    nest.stop()
    with sqlite3.connect(nest.data_dir / "nestbox.db") as store:
        store.execute("UPDATE claim SET expires_ms = 1")
    nest.start()
    assert "nobody waits" in send(nest, una, mime(una, f"confirm {second} twin.test\n"))[1]
    until(lambda: nest.ask("token", "list")[0]["uses"] == 0, "the invitation coming back")
    # the name is not free for others before 30 days have passed, and no address either
    code, words = send(nest, vera, mime(vera, f"claim una@twin.test\ninvite {word}\n"))
    assert code == 550 and "somebody else has asked for una@twin.test" in words
    assert accounts(nest) == []


def unpaid(server):
    return {row["address"]: row for row in server.ask("account", "list") if row["state"] == "unpaid"}


def is_no_address(server, there, words):
    code, said = from_outside(server, f"bob@{there.domain}", ["una@twin.test"], compose("b@b.test", "una@twin.test", "x", "x"))
    assert (code, said) == (550, words)
    assert https(server, "https://twin.test/.well-known/webfinger?resource=acct:una@twin.test")[0] == 404
    assert https(server, "https://twin.test/users/una")[0] == 404
    with imaplib.IMAP4_SSL(server.hostname, 993, ssl_context=server.trust) as imap:
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            imap.login("una@twin.test", "any password at all")
    assert server.run("mail", "list", "una@twin.test").returncode == 1


def test_a_claim_for_a_fee_is_an_account_once_it_is_paid(server, host, ring):
    nest, there = server(FEE), host()
    una = ring(f"una@{there.domain}")
    word, link = claim(nest, there, una, "una")
    assert "12 \u20ac a year" in answer(there, una)[1].get_content()
    status, page = https(nest, link)
    assert status == 200 and "It costs 12 \u20ac a year." in page and "in which it is to be paid" in page
    is_no_address(nest, there, "5.1.1 There is no una@twin.test here.")
    assert unpaid(nest) == {} and nest.run("account", "set", "una@twin.test", "paid=yes").returncode == 1

    assert https(nest, link, {"answer": "yes"})[0] == 303
    price = answer(there, una, count=2)[1]
    reference = re.search(r"Reference +([0-9a-z]{10})\s", price.get_content())[1]
    assert price["Subject"] == "To be paid" and "https://pay.example/?a=1&b=2" in price.get_content()
    status, page = https(nest, link)
    assert status == 200 and "una@twin.test waits to be paid for" in page and f"<dd>{reference}</dd>" in page
    assert 'href="https://pay.example/?a=1&amp;b=2">https://pay.example/?a=1&amp;b=2</a></dd>' in page and "<button" not in page
    assert https(nest, link, {"answer": "yes"})[0] == 200  # once more: nothing
    is_no_address(nest, there, "5.2.1 una@twin.test is no address yet: it waits to be paid for.")
    row = unpaid(nest)["una@twin.test"]
    assert row["reference"] == reference and row["asked_from"] == una.address and row["chat"] == "unknown"
    waits = datetime.datetime.fromisoformat(row["pay_until"].replace("Z", "+00:00")).timestamp() - time.time()
    assert 6.9 < waits / 86400 <= 7
    listed = nest.cli("account", "list")
    assert listed.startswith(f"una@twin.test\tunpaid\treference {reference}, until {row['pay_until']}, asked from {una.address}")
    assert nest.ask("status")["unpaid"] == 1 and nest.ask("status")["accounts"] == 0
    assert "to be paid  1, see: nestbox account list" in nest.cli("status")

    assert '"openRegistrations":false' in https(nest, "https://twin.test/nodeinfo/2.1")[1].replace(" ", "")

    wrong = nest.run("account", "set", "0123456789", "paid=yes")
    assert wrong.returncode == 1 and b"Nobody waits to pay for 0123456789" in wrong.stderr
    assert nest.run("account", "set", reference, "paid=no").returncode == 1
    said = nest.cli("account", "set", reference.upper(), "paid=yes")
    assert said == f"una@twin.test is paid, and an account. The password is on its way to {una.address}.\n"
    uses(nest, there, una, "una", letters=3)
    assert https(nest, "https://twin.test/.well-known/webfinger?resource=acct:una@twin.test")[0] == 200
    for once_more in (reference, "Una@twin.test"):
        assert nest.cli("account", "set", once_more, "paid=yes") == "una@twin.test was paid before; nothing is changed.\n"
    assert [(row["address"], row["state"], "reference" in row) for row in nest.ask("account", "list")] == [
        ("una@twin.test", "active", False)]
    assert nest.ask("status")["unpaid"] == 0 and https(nest, link)[0] == 404
    assert len([mail for mail in answers(there, una.address)]) == 3
    assert word not in nest.log.read_text()


def test_the_pages_are_looked_at_and_work_without_a_script(server, host, ring, chromium):  # noqa: F811
    nest, there = server(FEE), host()
    uma = ring(f"uma@{there.domain}")
    _, link = claim(nest, there, uma, "uma")
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.get(link)
    look(chromium, "claim-asked")
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    chromium.find_element("css selector", "form button").click()
    until(lambda: "uma@twin.test waits to be paid for" in chromium.page_source, "the page that tells how to pay")
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.get(link)
    look(chromium, "claim-unpaid")


def test_what_is_not_paid_is_dropped_and_the_same_key_has_it_anew(server, host, ring):
    nest, there = server(FEE), host()
    una, eve = ring(f"una@{there.domain}"), ring(f"eve@{there.domain}")
    word, _ = claim(nest, there, una, "una")
    yes = mime(una, f"confirm {word} twin.test\n")
    assert send(nest, una, yes)[0] == 250
    reference = re.search(r"Reference +([0-9a-z]{10})\s", answer(there, una, count=2)[1].get_content())[1]
    assert send(nest, una, yes) == (250, "2.0.0 Taken already")
    code, words = send(nest, una, mime(una, "claim una@twin.test\n\nonce more\n"))
    assert code == 550 and "una@twin.test waits to be paid for. The mail that came when it was confirmed says how." in words
    # a week later
    nest.stop()
    with sqlite3.connect(nest.data_dir / "nestbox.db") as store:
        store.execute("UPDATE claim SET expires_ms = 1")
    nest.start()
    is_no_address(nest, there, "5.2.1 una@twin.test is no address: it was never paid for.")
    late = nest.run("account", "set", reference, "paid=yes")
    assert late.returncode == 1 and b"may claim it again with the same key until 2" in late.stderr
    code, words = send(nest, eve, mime(eve, "claim una@twin.test\n"))
    assert code == 550 and "somebody else has asked for una@twin.test" in words
    assert nest.ask("account", "list") == []
    assert send(nest, una, mime(una, "claim una@twin.test\n\nfor the third time\n"))[0] == 250
    word = WORD.search(answer(there, una, count=3)[1].get_content())[1]
    assert send(nest, una, mime(una, f"confirm {word} twin.test\n"))[0] == 250
    assert f"Reference  {reference}" in answer(there, una, count=4)[1].get_content()
    nest.cli("account", "set", reference, "paid=yes", "name=Una")  # what follows is the account's
    assert [row["name"] for row in nest.ask("account", "list")] == ["Una"]
    uses(nest, there, una, "una", letters=5)


def test_who_was_invited_pays_no_fee(server, host, ring):
    nest, there = server(FEE), host()
    word = nest.cli("token", "add", "family").split()[0].rsplit("=", 1)[1]
    vera = ring(f"vera@{there.domain}")
    assert send(nest, vera, mime(vera, f"claim vera@twin.test\ninvite {word}\n"))[0] == 250
    text = answer(there, vera)[1].get_content()
    assert "It costs" not in text
    assert send(nest, vera, mime(vera, f"confirm {WORD.search(text)[1]} twin.test\n"))[0] == 250
    uses(nest, there, vera, "vera")


def test_what_is_refused_and_nobody_is_answered(server, host, ring, dns):
    nest, there = server(), host()
    nest.account("alice@twin.test")
    una, eve = ring(f"una@{there.domain}"), ring(f"eve@{there.domain}")
    ghost = ring(f"ghost@{host(who='20.1.77.77').domain}")
    other = una.sign_mail("claim@else.test", "x", "claim una@twin.test\n")
    once = mime(una, "claim una@twin.test\n")
    cases = {
        "taken": (mime(una, "claim alice@twin.test\n"), "alice@twin.test is taken"),
        "a word of ours": (mime(una, "claim public@twin.test\n"), "this name has a meaning here already"),
        "no name": (mime(una, "claim una.@twin.test\n"), "cannot be an account"),
        "the desk itself": (mime(una, "claim claim@twin.test\n"), "this name has a meaning here already"),
        "of another domain": (mime(una, "claim una@else.test\n"), "gives addresses at twin.test alone"),
        "by another key": (mime(eve, "claim una@twin.test\n", of=una), "sign the mail with the key that it brings"),
        "by no key": (field(una) + compose(una.address, DESK, "x", "claim una@twin.test\n").as_bytes(
            policy=email.policy.SMTP), "sign the mail, with the line"),
        "without key": (una.sign_mail(DESK, "x", "claim una@twin.test\n"), "there is no key in it"),
        "an hour old": (mime(una, "claim una@twin.test\n", when=time.time() - 3600), "was not made now"),
        "changed": (once.replace(b"claim una@", b"claim ada@"), "sign the mail with the key that it brings"),
        "encrypted": (f"From: {una.address}\r\nTo: {DESK}\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/encrypted; "
                      "protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\n"
                      "Version: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b--\r\n".encode(),
                      "send it signed, but not encrypted"),
        "in other letters": (mime(una, "claim una@tw\u00ecn.test\n"), "with the letters a to z: claim NAME@twin.test"),
        "without a line": (mime(una, "I want an address\n"), "has no line"),
        "two": (mime(una, "claim una@twin.test\nclaim ada@twin.test\n"), "must have one line"),
        "quoted": (mime(una, "> claim una@twin.test\n"), "has no line"),
        "another key named": (mime(una, f"claim una@twin.test key {eve.fingerprint()}\n"), "another key than the line names"),
        "signed for somebody else": (field(una) + other.replace(b"To: claim@else.test", b"To: claim@twin.test", 1),
                                     "write to claim@twin.test alone"),
        "of a list": (b"List-Id: <all.twin.test>\r\n" + mime(una, "claim una@twin.test\n"), "write to claim@twin.test alone"),
        "by a program": (b"Auto-Submitted: auto-generated\r\n" + mime(una, "claim una@twin.test\n"), "written by a program"),
        "a word nobody gave": (mime(una, f"confirm {'0' * 26} twin.test\n"), "nobody waits for this word"),
    }
    said = {}
    for what, (mail, words) in cases.items():
        code, answered = send(nest, una, mail, eve.address if what == "by another key" else None)
        said[what] = (code, words in answered or answered)
    assert said == {what: (550, True) for what in cases}
    code, words = send(nest, ghost, mime(ghost, "claim ghost@twin.test\n"))
    assert code == 550 and f"could not be proven to come from {ghost.address}" in words
    # from a domain of one's own, in the name of one that is not
    strict = host(who="20.1.77.77").domain
    dns.add(f'_dmarc.{strict} TXT "v=DMARC1; p=reject"')
    posed = ring(f"posed@{strict}")
    code, words = send(nest, posed, mime(posed, "claim posed@twin.test\n"), una.address)
    assert code == 550 and f"{strict} asks (DMARC) to refuse" in words
    assert there.mails.all() == [] and accounts(nest) == ["alice@twin.test"]


def test_three_times_a_day_and_a_name_that_waits_for_somebody(server, host, ring):
    nest, there = server(), host()
    una, eve = ring(f"una@{there.domain}"), ring(f"eve@{there.domain}")
    word, _ = claim(nest, there, una, "una")
    code, words = send(nest, eve, mime(eve, "claim una@twin.test\n"))
    assert code == 550 and "somebody else has asked for una@twin.test" in words
    # who signs it with another key confirms nothing
    code, words = send(nest, eve, mime(eve, f"confirm {word} twin.test\n"))
    assert code == 550 and "nobody waits" in words
    for name in ("ada", "ida"):
        assert send(nest, una, mime(una, f"claim {name}@twin.test\n"))[0] == 250
    code, words = send(nest, una, mime(una, "claim eda@twin.test\n"))
    assert code == 550 and "too many claims" in words
    answer(there, una, count=3)
    nest.cli("account", "add", "una@twin.test")
    assert "nobody waits" in send(nest, una, mime(una, f"confirm {word} twin.test\n"))[1]


def test_a_closed_server_refuses_at_rcpt(server, host, ring):
    nest, there = server({}), host()
    una = ring(f"una@{there.domain}")
    code, words = send(nest, una, mime(una, "claim una@twin.test\n"))
    assert code == 550 and words.endswith("through an account here. This server takes nobody new.")


def test_what_was_claimed_before_the_policy_changed_is_not_confirmed(server, host, ring):
    nest, there = server(), host()
    una = ring(f"una@{there.domain}")
    word, link = claim(nest, there, una, "una")
    for policy, words in (("invite", "only people who were invited"), ("closed", "takes nobody new")):
        nest.stop()
        nest.write_settings({"policy": {"registration": policy}})
        nest.start()
        for form in (None, {"answer": "yes"}):
            status, page = https(nest, link, form)
            assert status == 403 and words in page and "<form" not in page
        code, said = send(nest, una, mime(una, f"confirm {word} twin.test\n"))
        assert code == 550 and words in said
    assert accounts(nest) == []
