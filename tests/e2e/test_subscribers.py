"""Readers by mail: from the form on a page to the last mail."""
import email
import email.policy
import html
import http.client
import itertools
import re
import sqlite3
import ssl
import urllib.parse

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from laboratory.mailhost import mail_hosts
from laboratory.mailing import compose, from_outside, submit
from laboratory.wait import clear_of, until
from test_pages import browser as chromium  # noqa: F401  a fixture
from test_pages import save

SERIAL = itertools.count(1)
NETWORKS = itertools.count(1)


@pytest.fixture
def tls(ca):
    pem, key = ca.issue("readers.unsigned.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context


@pytest.fixture
def readers(dns):
    """Makes mail hosts, each with a domain of its own where anybody can be written to."""
    yield from mail_hosts(dns, "readers", "20.1.3")


@pytest.fixture
def alice(twin):
    """Each test has a server of its own: what it may ask in an hour is limited."""
    return twin().start().account("alice@twin.test", name="Alice Example")


class Visitor:
    """Somebody with a browser, in a network of their own."""

    def __init__(self, server):
        self.server, self.source = server, f"20.1.{100 + next(NETWORKS)}.1"

    def get(self, url):
        return self.exchange("GET", url)

    def post(self, url, form, headers=()):
        body = urllib.parse.urlencode(form).encode()
        return self.exchange("POST", url, [("Content-Type", "application/x-www-form-urlencoded"), *headers], body)

    def exchange(self, method, url, headers=(), body=b""):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(parts.netloc, context=self.server.trust, timeout=60,
                                                 source_address=(self.source, 0))
        try:
            connection.request(method, parts.path, body or None, dict(headers))
            response = connection.getresponse()
            return response.status, response.headers, html.unescape(response.read().decode())
        finally:
            connection.close()


@pytest.fixture
def browser(nest):
    return lambda: Visitor(nest)


def ask(browser, account, address, headers=()):
    return browser.post(f"https://{account.domain}/@{account.user}/subscribe", {"address": address}, headers)


def read(got):
    return email.message_from_bytes(got.text, policy=email.policy.default)


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def mails_to(host, address):
    return [mail for mail in host.mails.all() if mail.recipients == [address]]


def question_for(host, address):
    got = host.mails.wait_for(lambda mail: mail.recipients == [address] and b"/subscribe/" in mail.text)
    return got, re.search(r"https://\S+/subscribe/[0-9a-z]{20}(?=\s)", text_of(read(got)))[0]


def subscribe(browser, account, host, address):
    assert ask(browser, account, address)[0] == 200
    _, link = question_for(host, address)
    status, _, page = browser.post(link, {"answer": "yes"})
    assert status == 200, page
    return re.search(r"/unsubscribe/[0-9a-z]{20}", page)[0]


def publish(account, subject, text, word="public"):
    code, words = submit(account, compose(account.address, account.word(word), subject, text))
    assert code == 250, words


def state(account, address):
    return next((row["state"] for row in account.followers() if row["person"] == address), None)


def test_a_reader_comes_reads_and_leaves_by_one_click(alice, readers, browser):
    host, visitor = readers(), browser()
    carol = f"carol@{host.domain}"
    status, _, profile = visitor.get("https://twin.test/@alice")
    assert status == 200 and 'action="/@alice/subscribe"' in profile
    status, _, page = ask(visitor, alice, carol)
    assert status == 200 and "Look into your mail" in page

    got, link = question_for(host, carol)
    assert got.sender.startswith("MAIL FROM:<>")
    question = read(got)
    assert question["Subject"] == "Do you want Alice Example's posts by mail?"
    assert question["Auto-Submitted"] == "auto-replied"
    assert question["From"].addresses[0].addr_spec.startswith("alice+subscribe-")
    assert text_of(question).startswith("Somebody, perhaps you, asked that alice@twin.test send posts to this address.")
    assert state(alice, carol) == "confirming"

    status, headers, page = visitor.get(link)  # as a scanner does
    assert status == 200 and "Yes, send them" in page
    assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
    assert "src=" not in page and "<link" not in page
    assert state(alice, carol) == "confirming"
    status, _, page = visitor.post(link, {"answer": "yes"})
    assert status == 200 and "You get Alice Example's posts by mail now" in page
    assert state(alice, carol) == "following"
    assert visitor.post(link, {"answer": "yes"})[0] == 404

    publish(alice, "Good morning", "The harbour lies quiet.\n\nhttps://example.org/a?b=1&c=2\n\n-- \nAlice, phone 123\n")
    got = host.mails.wait_for(lambda mail: b"harbour" in mail.text)
    mail = read(got)
    assert got.recipients == [carol]
    assert re.match(r"MAIL FROM:<alice\+bounces-[0-9a-z]{20}@twin\.test>", got.sender)
    assert mail["From"] == "Alice Example <alice@twin.test>"
    assert mail["To"].addresses[0].display_name == "Alice Example's posts"
    assert "<alice.twin.test>" in mail["List-Id"]
    assert mail["List-Post"] == "NO" and mail["Precedence"] == "list"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop, by_mail = re.fullmatch(r"<(https://twin\.test/unsubscribe/\S+)>,\s+<mailto:(\S+)>",
                                 mail["List-Unsubscribe"]).groups()
    assert urllib.parse.unquote(by_mail) == f"alice+unsubscribe-{stop[-20:]}@twin.test"
    assert mail["Archived-At"] == f"<{alice.posts()[0]['url']}>"
    assert mail["Subject"] == "Good morning"
    assert mail["Message-ID"].endswith("@twin.test>")
    text = text_of(mail)
    assert "The harbour lies quiet." in text and "phone 123" not in text
    assert "Your answer goes to Alice Example alone." in text and stop in text
    assert "The harbour lies quiet." in mail.get_body(("html",)).get_content()
    assert b"Received:" not in got.text and carol.encode() not in got.text

    status, _, page = visitor.get(stop)
    assert status == 200 and "Stop these mails" in page
    assert state(alice, carol) == "following"
    status, _, _ = visitor.exchange("POST", stop, [("Content-Type", "application/x-www-form-urlencoded")],
                                    b"List-Unsubscribe=One-Click")
    assert status == 200
    assert state(alice, carol) is None
    got = host.mails.wait_for(lambda mail: b"no more posts" in mail.text)
    assert text_of(read(got)).startswith("Done.")
    assert visitor.post(stop, {})[0] == 200  # pressed again: done, as before

    witness = f"dora@{host.domain}"
    subscribe(browser(), alice, host, witness)
    publish(alice, "", "A second post.\n")
    host.mails.wait_for(lambda mail: b"A second post" in mail.text and mail.recipients == [witness])
    assert not [mail for mail in mails_to(host, carol) if b"A second post" in mail.text]
    alice.nestbox.stop()
    kept = (alice.nestbox.data_dir / "nestbox.db").read_bytes()
    assert witness.encode() in kept and carol.encode() not in kept


def test_a_reader_leaves_by_mail(alice, readers, browser, nest):
    host = readers()
    carol = f"carol@{host.domain}"
    word = subscribe(browser(), alice, host, carol)[-20:]
    mail = compose(carol, "alice@twin.test", "unsubscribe", "stop\n")
    code, words = from_outside(alice.nestbox, carol, ["alice+unsubscribe@twin.test"], mail)
    assert (code, words) == (550, "5.7.1 Please use the unsubscribe link in any mail you got.")
    code, words = from_outside(alice.nestbox, carol, [f"alice+unsubscribe-{word.upper()}@twin.test"], mail)
    assert code == 250, words
    assert state(alice, carol) is None
    host.mails.wait_for(lambda mail: b"no more posts" in mail.text)


def test_a_mail_from_outside_subscribes_nobody(alice, readers, browser):
    host = readers()
    carol = f"carol@{host.domain}"
    mail = compose(carol, "alice+subscribe@twin.test", "subscribe", "please\n")
    code, words = from_outside(alice.nestbox, carol, ["alice+subscribe@twin.test"], mail)
    assert (code, words) == (550, f"5.7.1 Could not verify that this mail is from {carol}. "
                                  "Subscribe on https://twin.test/@alice instead.")
    ask(browser(), alice, carol)
    got, link = question_for(host, carol)
    answer = compose(carol, read(got)["From"].addresses[0].addr_spec, "Re: posts", "no, who are you?\n")
    code, words = from_outside(alice.nestbox, carol, [read(got)["From"].addresses[0].addr_spec], answer)
    assert code == 550 and link in words
    assert state(alice, carol) == "confirming"


def test_an_address_is_asked_once_a_day_and_the_page_never_tells(alice, readers, browser):
    host = readers()
    carol, visitor = f"carol@{host.domain}", browser()
    pages = [ask(visitor, alice, carol)[::2], ask(visitor, alice, f"Carol+again@{host.domain}")[::2]]
    question_for(host, carol)
    bob = alice.nestbox.account("bob@twin.test")
    pages.append(ask(browser(), bob, carol)[::2])
    ask(browser(), alice, f"dora@{host.domain}")  # asked after them, so it comes after them
    question_for(host, f"dora@{host.domain}")
    assert pages[0] == pages[1] == pages[2]
    assert len(host.mails.all()) == 2


def test_a_network_may_ask_for_five_an_hour(alice, readers, browser):
    host, visitor = readers(), browser()
    for number in range(7):
        assert ask(visitor, alice, f"reader{number}@{host.domain}")[0] == 200
    ask(browser(), alice, f"elsewhere@{host.domain}")
    question_for(host, f"elsewhere@{host.domain}")
    asked = {mail.recipients[0].split("@")[0] for mail in host.mails.wait_for(lambda mail: True, count=6)}
    assert asked == {"reader0", "reader1", "reader2", "reader3", "reader4", "elsewhere"}


def test_never_ask_me_again_holds_for_all_accounts(alice, readers, browser):
    host, visitor = readers(), browser()
    carol = f"carol@{host.domain}"
    ask(visitor, alice, carol)
    _, link = question_for(host, carol)
    status, _, page = visitor.post(link, {"answer": "never"})
    assert status == 200 and "You will not be asked again" in page
    assert state(alice, carol) is None
    assert visitor.post(link, {"answer": "yes"})[0] == 404


def test_what_is_no_address_is_told(alice, browser):
    for address in ("carol", "carol@", "@mail.test", "a b@mail.test", "carol@mail.test\r\nBcc: x@y.test", "c@[20.1.1.1]", ""):
        assert ask(browser(), alice, address)[0] == 422, address
    assert ask(browser(), alice, "someone@twin.test")[0] == 422
    assert ask(browser(), alice, "a@b.test", [("Sec-Fetch-Site", "cross-site")])[0] == 403


def test_answers_edits_and_deletes_make_no_mail(alice, readers, browser):
    host = readers()
    carol = f"carol@{host.domain}"
    subscribe(browser(), alice, host, carol)
    publish(alice, "", "First words.\n")
    host.mails.wait_for(lambda mail: b"First words" in mail.text)
    ref = alice.posts()[0]["ref"]
    code, words = submit(alice, compose(alice.address, f"{ref}+edit@twin.test", "", "Changed words.\n"))
    assert code == 250, words
    code, words = submit(alice, compose(alice.address, f"{ref}+delete@twin.test", "", ""))
    assert code == 250, words
    publish(alice, "", "Last words.\n")
    host.mails.wait_for(lambda mail: b"Last words" in mail.text)
    assert len([mail for mail in mails_to(host, carol) if b"List-Id" in mail.text]) == 2


def test_what_is_said_beyond_the_fifth_time_a_day_comes_as_one_mail(alice, readers, browser):
    clear_of(18)  # a day of posts by mail ends then
    server, host = alice.nestbox, readers()
    carol = f"carol@{host.domain}"
    stop = subscribe(browser(), alice, host, carol)
    for number in range(1, 6):
        publish(alice, f"News {number}", "Short.\n")
    first = host.mails.wait_for(lambda mail: b"Archived-At" in mail.text, count=5)
    until(lambda: server.ask("queue", "list") == [], "nothing being left of them")
    for number in range(6, 9):
        publish(alice, f"News {number}", "Short.\n")
    evening = server.ask("queue", "list")
    assert len(evening) == 1
    server.kill()
    server.start()
    until(lambda: len(alice.posts()) == 8, "the posts being there")
    server.cli("queue", "retry", evening[0]["id"])  # the evening comes
    got = host.mails.wait_for(lambda mail: b"more posts" in mail.text)
    mail = read(got)
    assert got.recipients == [carol] and got.sender.split()[1] == first[0].sender.split()[1]
    assert mail["Subject"] == "3 more posts from Alice Example today"
    assert [f"News {number}" in text_of(mail) for number in range(5, 9)] == [False, True, True, True]
    assert text_of(mail).count("On the web: https://twin.test/@alice/") == 3
    assert stop in mail["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    until(lambda: server.ask("queue", "list") == [], "nothing being left")
    assert len(mails_to(host, carol)) == 1 + 5 + 1


def test_a_followers_post_waits_for_tls(alice, readers, browser, tls):
    clear, secured = readers(), readers(tls=tls)
    subscribe(browser(), alice, clear, f"carol@{clear.domain}")
    subscribe(browser(), alice, secured, f"dora@{secured.domain}")
    publish(alice, "", "For you alone.\n", word="followers")
    got = secured.mails.wait_for(lambda mail: b"For you alone" in mail.text)
    assert got.talk.tls
    until(lambda: any("TLS" in str(row) for row in alice.nestbox.ask("queue", "list")), "a copy that waits for TLS")
    assert not [mail for mail in clear.mails.all() if b"For you alone" in mail.text]


def test_the_author_hears_how_many_read(alice, readers, browser):
    host = readers()
    subscribe(browser(), alice, host, f"carol@{host.domain}")
    publish(alice, "", "Who reads this?\n")
    mail = alice.wait_for_mail(lambda mail: "Who reads" in mail["subject"], "Posts")
    assert b"Goes to 1 mail reader." in alice.show(mail)


def test_with_follow_ask_a_reader_waits(twin, readers, browser):
    alice = twin({"policy": {"follow": "ask"}}).start().account("alice@twin.test")
    host, visitor = readers(), browser()
    carol = f"carol@{host.domain}"
    ask(visitor, alice, carol)
    _, link = question_for(host, carol)
    status, _, page = visitor.post(link, {"answer": "yes"})
    assert status == 200 and "decides now" in page
    assert state(alice, carol) == "waiting"


def test_with_follow_closed_there_is_no_form(twin, browser):
    alice = twin({"policy": {"follow": "closed"}}).start().account("alice@twin.test")
    assert "/subscribe" not in browser().get("https://twin.test/@alice")[2]
    assert ask(browser(), alice, "carol@mail.test")[0] == 404


def test_the_sender_of_copies_takes_reports_alone(alice, readers, browser):
    host = readers()
    subscribe(browser(), alice, host, f"carol@{host.domain}")
    publish(alice, "", "Something.\n")
    got = host.mails.wait_for(lambda mail: b"Something." in mail.text)
    sender = re.search(r"<(\S+)>", got.sender)[1]
    report = compose("mailer-daemon@mail.test", sender, "Undelivered", "550\n")
    assert from_outside(alice.nestbox, "", [sender], report)[0] == 250
    assert from_outside(alice.nestbox, "x@mail.test", [sender], report)[0] == 550
    code, words = from_outside(alice.nestbox, "", ["alice+bounces-00000000000000000000@twin.test"], report)
    assert code == 550 and words.startswith("5.1.1")
    assert not alice.mails("INBOX")


def test_the_pages_can_be_read_and_used(chromium, alice, readers, browser):
    host = readers()
    stop = subscribe(browser(), alice, host, f"dora@{host.domain}")
    look(chromium, "https://twin.test/@alice", "form")
    chromium.find_element(By.ID, "address").send_keys(f"carol@{host.domain}" + Keys.ENTER)
    until(lambda: "Look into your mail" in chromium.page_source, "the answer to the form")
    look(chromium, None, "asked")
    _, link = question_for(host, f"carol@{host.domain}")
    look(chromium, f"{link}#never", "question")
    assert not chromium.execute_script("return performance.getEntriesByType('resource').length")
    chromium.find_element(By.CSS_SELECTOR, "button[value=yes]").click()
    until(lambda: "posts by mail now" in chromium.page_source, "the answer to the button")
    look(chromium, None, "subscribed")
    assert state(alice, f"carol@{host.domain}") == "following"
    look(chromium, f"https://twin.test{stop}", "stop")


def look(chromium, url, name):
    if url:
        chromium.get(url)
    for width, scheme in ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")):
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        assert chromium.execute_script("return document.documentElement.scrollWidth") <= width
        save(chromium, f"list-{name}-{width}-{scheme}.png")


def comes_back(server, word, status, host):
    """A report that the copy with that sender failed; gives the answer to it."""
    report = (f"From: MAILER-DAEMON@{host.domain}\r\nTo: {word}\r\nMessage-ID: <{next(SERIAL)}@{host.domain}>\r\n"
              "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
              "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
              f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.{host.domain}\r\n\r\n"
              f"Final-Recipient: rfc822; x@{host.domain}\r\nAction: failed\r\nStatus: {status}\r\n"
              f"Diagnostic-Code: smtp; 550 {status} nobody of that name\r\n--b--\r\n")
    return from_outside(server, "", [word], report.encode())


def test_copies_that_come_back_on_two_days_end_the_subscription(alice, readers, browser):
    server, host = alice.nestbox, readers()
    carol = f"carol@{host.domain}"
    subscribe(browser(), alice, host, carol)
    publish(alice, "Tide", "High at nine.\n")
    copy = host.mails.wait_for(lambda mail: b"Subject: Tide" in mail.text)
    word = re.search(r"<(alice\+bounces-[0-9a-z]{20}@twin\.test)>", copy.sender)[1]
    forged = word.replace("bounces-", "bounces-0000")[:len("alice+bounces-") + 20] + "@twin.test"
    assert comes_back(server, forged, "5.1.1", host)[0] == 550
    assert from_outside(server, carol, [word], compose(carol, word, "hello", "I am a person.\n"))[0] == 550
    assert comes_back(server, word, "5.1.1", host)[0] == 250
    assert state(alice, carol) == "following"
    server.stop()
    with sqlite3.connect(server.data_dir / "nestbox.db") as database:  # as if that had been the day before
        database.execute("UPDATE follow SET reported_ms = reported_ms - 24 * 3600 * 1000 WHERE reported_ms > 0")
    server.start()
    assert comes_back(server, word, "5.7.1", host)[0] == 250  # about the text
    assert state(alice, carol) == "following"
    assert comes_back(server, word, "5.1.1", host)[0] == 250
    assert state(alice, carol) == "suspended"
    told = alice.wait_for_mail(lambda mail: mail["subject"] == f"{carol} gets your posts no more")
    assert b"550 5.1.1 nobody of that name" in alice.show(told)


def test_the_owner_adds_and_removes_readers(alice, readers, browser):
    host = readers()
    carol, dora, erik = (f"{name}@{host.domain}" for name in ("carol", "dora", "erik"))
    nestbox = alice.nestbox
    said = nestbox.cli("list", "add", alice.address, carol)
    assert f"{carol} gets a mail with a question" in said
    _, link = question_for(host, carol)
    assert state(alice, carol) == "confirming"
    refused = nestbox.run("list", "add", alice.address, "--stdin", "--confirmed",
                          input=f"{dora}\n\ndora@\r\n {erik}\r\n{dora}\n")
    assert (refused.returncode, refused.stderr) == (1, b"nestbox: Line 3: This is no mail address\n")
    assert refused.stdout == b"2 read now, 1 read already, 1 not.\n"
    rows = nestbox.ask("list", "list", alice.address)
    assert {row["person"]: row["state"] for row in rows} == {carol: "confirming", dora: "following", erik: "following"}
    publish(alice, "", "High water at nine.\n")
    host.mails.wait_for(lambda mail: b"High water" in mail.text and mail.recipients == [dora])
    got = host.mails.wait_for(lambda mail: b"High water" in mail.text and mail.recipients == [erik])
    stop = re.search(r"https://\S+/unsubscribe/[0-9a-z]{20}", text_of(read(got)))[0]
    assert browser().post(stop, {})[0] == 200
    assert b"left this list" in nestbox.run("list", "add", alice.address, erik, "--confirmed").stderr
    assert "is not told" in nestbox.cli("list", "remove", alice.address, dora)
    assert browser().post(link, {"answer": "yes"})[0] == 200
    publish(alice, "", "Low water at three.\n")
    host.mails.wait_for(lambda mail: b"Low water" in mail.text and mail.recipients == [carol])
    assert [row["person"] for row in nestbox.ask("list", "list", alice.address)] == [carol]
    assert len(mails_to(host, dora)) == 1
