"""Accounts that people make themselves, and how mail programs find their settings."""
import concurrent.futures
import email
import email.policy
import http.client
import imaplib
import json
import plistlib
import re
import smtplib
import sqlite3
import subprocess
import xml.etree.ElementTree

import pytest

from laboratory.deltachat import FOLDER
from laboratory.fedify import NODE
from laboratory.mailing import CLIENT, compose, from_outside, submit
from laboratory.wait import until

SHORT = {"policy": {"registration": "open", "registration_rate": "5"}}
GOOD = "aPassword-of-22-letters"


def https(server, method, path, host=None, source=CLIENT):
    """(status, headers, body)"""
    there = http.client.HTTPSConnection(server.hostname, 443, context=server._ca.context(), source_address=source)
    there.request(method, path, headers={"Host": host or server.domains[0]})
    answer = there.getresponse()
    return answer.status, answer.headers, answer.read()


def make(server, word=None, source=CLIENT):
    """What Delta Chat does; gives (status, what it reads)."""
    status, headers, body = https(server, "POST", "/new" + (f"?t={word}" if word else ""), source=source)
    assert headers["Content-Type"] == "application/json" and headers["Cache-Control"] == "no-store"
    return status, json.loads(body)


def imap_login(server, user, password):
    with imaplib.IMAP4_SSL(server.hostname, 993, ssl_context=server.trust) as imap:
        return imap.login(user, password)[0]


def smtp_login(server, user, password):
    with smtplib.SMTP_SSL(server.hostname, 465, "client.test", context=server.trust, source_address=CLIENT) as smtp:
        return smtp.login(user, password)[0]


@pytest.fixture
def opened(twin):
    return twin(SHORT).start()


def invite(server, name, *options):
    link = server.cli("token", "add", name, *options).split()[0]
    assert link.startswith("https://twin.test/new?t=")
    return link.rsplit("=", 1)[1]


def test_an_account_is_made_and_works(opened):
    status, made = make(opened)
    assert status == 200 and set(made) == {"email", "password"}
    assert re.fullmatch(r"[0-9a-z]{9}@twin\.test", made["email"]) and len(made["password"]) >= 20
    assert imap_login(opened, made["email"], made["password"]) == "OK"
    assert smtp_login(opened, made["email"], made["password"]) == 235
    [account] = opened.ask("account", "list")
    assert account["self_made"] and account["chat"] == "yes" and account["address"] == made["email"]


def test_a_network_makes_so_many_in_an_hour(opened):
    assert [make(opened)[0] for _ in range(6)] == [200] * 5 + [429]
    status, said = make(opened, source=("20.1.0.77", 0))
    assert status == 429 and "network" in said["reason"]  # the same /24
    assert make(opened, source=("20.1.9.5", 0))[0] == 200


def test_closed_refuses_in_words_and_a_fee_needs_a_price(twin):
    server = twin().start()
    status, said = make(server)
    assert status == 403 and "takes nobody new" in said["reason"]
    status, _, page = https(server, "GET", "/new")
    assert status == 403 and b"takes nobody new" in page and b"<svg" not in page
    refused = server.run("token", "add", "x")
    assert refused.returncode == 1 and b"registration = invite" in refused.stderr
    server.stop()
    for price, lacks in (({}, b"fee = 12 EUR a year"), ({"fee": "1 EUR"}, b"fee_pay = ...")):
        server.write_settings({"policy": {"registration": "fee", **price}})
        refused = server.run("serve")
        assert refused.returncode == 1 and b"registration = fee needs words" in refused.stderr and lacks in refused.stderr


def test_for_a_fee_a_code_needs_an_invitation(twin):
    server = twin({"policy": {"registration": "fee", "fee": "12 <b>EUR</b> a year", "fee_pay": "in cash"}}).start()
    status, said = make(server)
    assert status == 403 and said["reason"].startswith("An account here is for a fee: ask for an address by a mail to claim@")
    status, _, page = https(server, "GET", "/new")
    assert status == 403 and b"It costs 12 &lt;b&gt;EUR&lt;/b&gt; a year." in page and b"claim NAME@twin.test" in page
    assert b"<svg" not in page
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap_login(server, "q7k2m9qd4@twin.test", GOOD)
    word = invite(server, "family")
    assert b"<svg" in https(server, "GET", f"/new?t={word}")[2]
    status, said = make(server, word)
    assert status == 200 and imap_login(server, said["email"], said["password"])
    assert server.run("qr").returncode == 1


def test_invitations_count_and_end(twin):
    server = twin({"policy": {"registration": "invite", "registration_rate": "1"}}).start()
    status, said = make(server)
    assert status == 403 and "invited" in said["reason"]
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap_login(server, "q7k2m9qd4@twin.test", GOOD)
    word = invite(server, "family", "--uses=2", "--account-days=7")
    assert b"<svg" in https(server, "GET", f"/new?t={word}")[2]
    (status, made), (second, _) = make(server, word), make(server, word)
    assert (status, second) == (200, 200) and made["ttl"] == 7 * 24 * 3600
    status, said = make(server, word)
    assert status == 403 and "used up" in said["reason"]
    status, _, page = https(server, "GET", f"/new?t={word}")
    assert status == 403 and b"used up" in page
    [listed] = server.ask("token", "list")
    assert (listed["name"], listed["uses"], listed["uses_max"]) == ("family", 2, 2) and word in listed["link"]
    server.cli("token", "remove", "family")
    assert server.ask("token", "list") == []
    assert server.run("token", "remove", "family").returncode == 1
    for broken in ("", "a", "x" * 20, "..%2f..%2f..%2f..%2fetc%2f", word.upper()):
        assert make(server, broken or "%00")[0] == 403, broken


def test_an_invitation_of_one_use_makes_one_account_for_many_who_come_at_once(opened):
    word = invite(opened, "one")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: make(opened, word)[0], range(4)))
    assert sorted(answers) == [200] + [403] * 3
    assert len(opened.ask("account", "list")) == 1


def test_first_log_ins_at_the_same_instant_make_one_account(opened):
    user, password = "q7k2m9qd4@twin.test", GOOD
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        logins = [pool.submit(login, opened, user, password) for login in [imap_login, smtp_login] * 4]
        assert {login.result() for login in logins} == {"OK", 235}
    [account] = opened.ask("account", "list")
    assert account["address"] == user and account["self_made"] and account["chat"] == "yes"
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap_login(opened, user, "another password of 22")


def test_what_nobody_invents_makes_no_account(opened):
    for user, password in (
            ("q7k2m9qd44@twin.test", GOOD), ("followers@twin.test", GOOD), ("q7k2m9qd4@else.test", GOOD),
            ("q7k2m9qd4@twin.test", "short")):
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            imap_login(opened, user, password)
    assert opened.ask("account", "list") == []


def test_too_many_first_log_ins_are_put_off(opened):
    for number in range(5):
        assert imap_login(opened, f"q7k2m9qd{number}@twin.test", GOOD) == "OK"
    with pytest.raises(imaplib.IMAP4.error, match="Too many accounts were made from your network"):
        imap_login(opened, "q7k2m9qd7@twin.test", GOOD)
    assert imap_login(opened, "q7k2m9qd0@twin.test", GOOD) == "OK"


def test_what_is_not_used_goes_to_sleep(opened):
    """The clock is moved by moving what stands in the database."""
    kept, never, unused, ended = [make(opened)[1]["email"] for _ in range(4)]
    opened.account("alice@twin.test")
    opened.stop()
    day = 24 * 3600 * 1000
    with sqlite3.connect(opened.data_dir / "nestbox.db") as base:
        for address, change in (
                (never, f"created_ms = created_ms - {8 * day}"),
                (unused, f"created_ms = created_ms - {95 * day}, used_ms = created_ms - {91 * day}"),
                (kept, f"created_ms = created_ms - {95 * day}, used_ms = created_ms - {80 * day}"),
                (ended, "ends_ms = created_ms + 1"), ("alice@twin.test", f"created_ms = created_ms - {900 * day}")):
            base.execute(f"UPDATE account SET {change} WHERE name = ?", (address.split("@")[0],))
    base.close()
    opened.start()

    def states():
        return {account["address"]: account["state"] for account in opened.ask("account", "list")}
    until(lambda: states() == {kept: "active", "alice@twin.test": "active", never: "asleep", unused: "asleep",
                               ended: "asleep"}, "three of them asleep")
    opened.cli("account", "add", never)  # the administrator wakes it, and it is no longer one of those
    [woken] = opened.ask("account", "show", never)
    assert woken["state"] == "active" and not woken["self_made"]
    gone_for_good(opened, unused, ended)


def gone_for_good(server, gone, sleeper):
    """A month after it fell asleep."""
    finger = f"/.well-known/webfinger?resource=acct:{gone}"
    assert https(server, "GET", finger)[0] == 200
    server.stop()
    with sqlite3.connect(server.data_dir / "nestbox.db") as base:
        base.execute(f"UPDATE account SET asleep_since_ms = asleep_since_ms - {31 * 24 * 3600 * 1000} WHERE name = ?",
                     (gone.split("@")[0],))
    base.close()
    server.start()
    until(lambda: https(server, "GET", finger)[0] == 410, "the account being removed")
    states = {account["address"]: account["state"] for account in server.ask("account", "list")}
    assert states[sleeper] == "asleep" and states.get(gone, "removed") == "removed"
    mail = compose("carol@mail.test", gone, "Hello?", "Are you there?\n")
    assert from_outside(server, "carol@mail.test", [gone], mail)[0] == 550
    assert server.run("account", "add", gone).returncode == 1  # its address is nobody else's


def test_the_code_in_the_terminal(opened):
    shown = opened.cli("qr")
    assert "DCACCOUNT:https://twin.test/new\n" in shown and shown.count("▀") > 50
    invite(opened, "friends", "--uses=0", "--days=0")
    assert "DCACCOUNT:https://twin.test/new?t=" in opened.cli("qr", "friends")
    assert opened.run("qr", "nobody").returncode == 1


def test_the_code_as_a_picture(nest):
    status, headers, picture = https(nest, "GET", "/new.png")
    assert status == 200 and headers["Content-Type"] == "image/png" and picture.startswith(b"\x89PNG\r\n\x1a\n")
    read = subprocess.run([NODE, FOLDER / "read_qr.mjs"], input=picture, capture_output=True, check=True)
    assert read.stdout == b"DCACCOUNT:https://nest.test/new"
    status, headers, picture = https(nest, "GET", "/new.svg")
    assert status == 200 and headers["Content-Type"] == "image/svg+xml"
    xml.etree.ElementTree.fromstring(picture)
    assert https(nest, "GET", "/new.png?t=%3Cscript%3E")[0] == 404


@pytest.mark.parametrize("path, host", [("/.well-known/autoconfig/mail/config-v1.1.xml", "nest.test"),
                                        ("/mail/config-v1.1.xml", "autoconfig.nest.test")])
def test_autoconfig_says_where_to_log_in(nest, path, host):
    status, headers, body = https(nest, "GET", path, host)
    assert status == 200 and headers["Content-Type"].startswith("text/xml")
    provider = xml.etree.ElementTree.fromstring(body).find("emailProvider")
    assert provider.find("domain").text == "nest.test"
    doors = [(server.get("type"), server.find("port").text, server.find("socketType").text)
             for server in provider if server.tag.endswith("Server")]
    assert doors == [("imap", "993", "SSL"), ("imap", "143", "STARTTLS"), ("imap", "443", "SSL"),
                     ("smtp", "465", "SSL"), ("smtp", "587", "STARTTLS"), ("smtp", "443", "SSL")]
    assert {server.find("hostname").text for server in provider if server.tag.endswith("Server")} == {"mx.nest.test"}
    assert https(nest, "GET", "/", "autoconfig.nest.test")[0] == 421


def test_apples_profile(nest):
    status, headers, body = https(nest, "GET", "/mail/apple.mobileconfig?address=alice%40nest.test")
    assert status == 200 and headers["Content-Type"] == "application/x-apple-aspen-config"
    profile = plistlib.loads(body)
    [mail] = profile["PayloadContent"]
    assert profile["PayloadType"] == "Configuration" and mail["PayloadType"] == "com.apple.mail.managed"
    assert (mail["EmailAddress"], mail["IncomingMailServerHostName"], mail["IncomingMailServerPortNumber"],
            mail["OutgoingMailServerPortNumber"]) == ("alice@nest.test", "mx.nest.test", 993, 465)
    assert mail["PayloadUUID"] != profile["PayloadUUID"]
    for strange in ("%3Cb%3E%40else.test", "x", "%ff%40nest.test"):
        body = https(nest, "GET", f"/mail/apple.mobileconfig?address={strange}")[2]
        assert "EmailAddress" not in plistlib.loads(body)["PayloadContent"][0]


def test_a_chat_account_has_everything_in_inbox_each_from_one_person(person, social):
    """Delta Chat reads INBOX alone, and would show a group whose every answer is public."""
    alice = person("anouk", name="Anouk")
    said = social.note("<p>Before.</p>", [alice.actor], mentions=[{"href": alice.actor, "name": alice.handle}])
    assert said
    before = parse(alice.show(alice.wait_for_mail()))
    assert "unlisted@nest.test" in str(before["Cc"]) and "-- " in before.get_body(("plain",)).get_content()
    code, words = submit(alice, compose(alice.address, alice.address, "", "Hello me.\n", headers={"Chat-Version": "1.0"}))
    assert code == 250, words
    assert alice.nestbox.ask("account", "show", alice.address)[0]["chat"] == "yes"  # her program said what it is

    alice.nestbox.cli("follow", alice.address, "@bob@social.test")
    social.wait_for_activity("Follow", lambda follow: follow["actor"] == alice.actor)
    social.note("<p>After.</p>", [alice.actor], to=["public"], cc=["followers"],
                mentions=[{"href": alice.actor, "name": alice.handle}])
    mail = parse(alice.show(alice.wait_for_mail(lambda mail: "After." in text_of(alice, mail))))
    assert mail["To"].addresses[0].addr_spec == alice.address and len(mail["To"].addresses) == 1 and mail["Cc"] is None
    assert mail["From"].addresses[0].addr_spec == "bob=social.test@nest.test"
    assert mail.get_body(("plain",)).get_content().strip() == "After." and mail["Precedence"] is None

    code, words = submit(alice, compose(alice.address, "public@nest.test", "", "From a chat.\n", headers={"Chat-Version": "1.0"}))
    assert code == 250, words
    own = parse(alice.show(alice.wait_for_mail(lambda mail: "From a chat." in text_of(alice, mail))))
    assert own["From"].addresses[0].addr_spec == "public@nest.test"
    assert own["From"].addresses[0].display_name == "PUBLIC post"
    assert {mail["mailbox"] for mail in alice.mails()} == {"INBOX"}

    alice.nestbox.cli("account", "set", alice.address, "chat=no")
    code, words = submit(alice, compose(alice.address, "public@nest.test", "", "From a desk.\n", headers={"Chat-Version": "1.0"}))
    assert code == 250, words
    alice.wait_for_mail(lambda mail: "From a desk." in text_of(alice, mail), "Posts")
    assert alice.nestbox.ask("account", "show", alice.address)[0]["chat"] == "no"  # her word counts, not the program's


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def text_of(account, mail):
    return parse(account.show(mail)).get_body(("plain",)).get_content()
