"""Delta Chat, by its own core, with its settings and its certificate checks as shipped.

It trusts no laboratory's CA, but does not check the certificate of a host whose name begins with '_': so these two have
such names.  The times printed are those from the call that sends to the event at the other end.
"""
import email
import email.policy
import os
import re
import time
import urllib.request

import pytest

from laboratory.canary import find_in_file, new_word
from laboratory.deltachat import DeltaChat, Refused
from laboratory.mailhost import mail_hosts
from laboratory.mailing import compose, from_outside, submit
from laboratory.nestbox import Account, Nestbox
from laboratory.wait import until

WITHIN = 60  # seconds, of a machine that does much else
PROMISED = float(os.environ.get("NESTBOX_CHAT_S", WITHIN))  # for each that is timed; ./dev test long asks for 5
OPEN = {"policy": {"registration": "open", "registration_rate": "100"}}


@pytest.fixture(scope="module")
def houses(lab, ca, dns):
    """_a.test and _b.test, with registration = open."""
    dns.add_signed(*(f"{name} {record}" for name, address in (("_a.test", "20.0.0.14"), ("_b.test", "20.0.0.15"))
                     for record in (f"A {address}", f"MX 10 {name}.")))
    servers = [Nestbox(lab / name, ca, dns, (name,), address, OPEN, hostname=name).start()
               for name, address in (("_a.test", "20.0.0.14"), ("_b.test", "20.0.0.15"))]
    yield servers
    for server in servers:
        server.end()


@pytest.fixture(scope="module")
def app(lab):
    chat = DeltaChat(lab / "deltachat")
    yield chat
    chat.kill()


@pytest.fixture(scope="module")
def alice(app, houses):
    return app.profile("Alice").join("DCACCOUNT:https://_a.test/new")


@pytest.fixture(scope="module")
def bob(app, houses):
    """His account comes of a log-in."""
    return app.profile("Bob").join("DCACCOUNT:_a.test")


@pytest.fixture(scope="module")
def carol(app, houses):
    return app.profile("Carol").join("DCACCOUNT:https://_b.test/new")


def tell(what, since, moment):
    print(f"{what}: {moment - since:.2f} s")
    assert moment - since <= PROMISED, what


def meet(one, other):
    """A chat between two, after a first word each way; gives it as each of them sees it."""
    there = one.chat_with(other)
    sent = time.monotonic()
    knock = f"knock {sent}"
    one.say(there, knock)
    heard, event = other.hears(lambda said: said["text"] == knock and said["sender"]["address"] == one.address, WITHIN)
    tell(f"{one.name} to {other.name}", sent, event["at"])
    assert heard["showPadlock"]
    here = heard["chatId"]
    other.call("accept_chat", here)
    other.say(here, "who is there")
    one.hears(lambda said: said["text"] == "who is there" and said["chatId"] == there, WITHIN)
    return there, here


@pytest.fixture(scope="module", params=["one server", "two servers"])
def pair(request, alice, bob, carol):
    """Two people and their chat, as each sees it."""
    other = bob if request.param == "one server" else carol
    return (alice, other, *meet(alice, other))


@pytest.mark.parametrize(("number", "code", "asked"), [
    (0, "DCACCOUNT:https://_a.test/new", 1), (0, "DCACCOUNT:_a.test", 0), (1, "DCACCOUNT:https://_b.test/new", 1)],
    ids=["code", "log-in", "code of another server"])
def test_one_account_is_made_by_a_code_or_by_a_log_in(houses, app, number, code, asked):
    """Who logs in does it by IMAP and SMTP at the same instant; `asked`: how often over HTTPS."""
    server = houses[number]
    before, said = {account["address"] for account in server.ask("account", "list")}, len(server.log.read_text())
    profile = app.profile("Newcomer").join(code)
    [made] = [account for account in server.ask("account", "list") if account["address"] not in before]
    assert made["address"] == profile.address and made["self_made"] and made["chat"] == "yes"
    assert server.log.read_text()[said:].count("made an account") == asked
    profile.call("stop_io")


def test_text_goes_both_ways(pair):
    one, other, there, here = pair
    for author, chat, reader, where in ((one, there, other, here), (other, here, one, there)):
        sent = time.monotonic()
        author.say(chat, f"Grüße von {author.name} 🐦")
        heard, event = reader.hears(lambda said: said["text"] == f"Grüße von {author.name} 🐦", WITHIN)  # noqa: B023
        tell("text", sent, event["at"])
        assert heard["chatId"] == where and heard["showPadlock"] and heard["sender"]["displayName"] == author.name


def test_a_file_of_ten_megabytes(pair, tmp_path):
    one, other, there, here = pair
    file, content = tmp_path / "noise.bin", os.urandom(10_000_000)
    file.write_bytes(content)
    sent = time.monotonic()
    one.say(there, "noise", file, "noise.bin")
    heard, _ = other.hears(lambda said: said["text"].startswith("noise"), WITHIN * 4)  # first a word that it comes
    whole = until(lambda: (said := other.message(heard["id"]))["downloadState"] == "Done" and said["file"] and said,
                  "the whole file", WITHIN * 4)
    tell("10 MB", sent, time.monotonic())
    with open(whole["file"], "rb") as came:
        assert came.read() == content


def test_edit_reaction_receipt_and_delete(pair):
    one, other, there, here = pair
    number = one.say(there, "tpyo")
    heard, _ = other.hears(lambda said: said["text"] == "tpyo", WITHIN)

    sent = time.monotonic()
    one.call("send_edit_request", number, "typo")
    event = other.wait_for("MsgsChanged", lambda event: event["msgId"] == heard["id"]
                           and other.message(heard["id"])["text"] == "typo", WITHIN)
    tell("edit", sent, event["at"])
    assert other.message(heard["id"])["isEdited"]

    sent = time.monotonic()
    other.call("send_reaction", heard["id"], ["👍"])
    event = one.wait_for("IncomingReaction", lambda event: event["msgId"] == number, WITHIN)
    tell("reaction", sent, event["at"])
    assert one.call("get_message_reactions", number)["reactions"][0]["emoji"] == "👍"

    sent = time.monotonic()
    other.call("markseen_msgs", [heard["id"]])
    event = one.wait_for("MsgRead", lambda event: event["msgId"] == number, WITHIN)
    tell("read receipt", sent, event["at"])

    sent = time.monotonic()
    one.call("delete_messages_for_all", [number])
    event = other.wait_for("MsgDeleted", lambda event: event["msgId"] == heard["id"], WITHIN)
    tell("delete", sent, event["at"])


def test_a_group_of_three(alice, bob, carol):
    group = alice.call("create_group_chat", "Birds", False)
    for other in (bob, carol):
        alice.call("add_contact_to_chat", group, alice.knows(other))
    sent = time.monotonic()
    alice.say(group, "all of us")
    chats = {}
    for other in (bob, carol):
        heard, event = other.hears(lambda said: said["text"] == "all of us", WITHIN)
        tell(f"group, {other.name}", sent, event["at"])
        chats[other] = heard["chatId"]
        other.call("accept_chat", heard["chatId"])
        assert len(other.call("get_chat_contacts", heard["chatId"])) == 3
        assert other.call("get_basic_chat_info", heard["chatId"])["name"] == "Birds"
    carol.say(chats[carol], "heard")
    for other in (alice, bob):
        other.hears(lambda said: said["text"] == "heard" and said["sender"]["displayName"] == "Carol", WITHIN)


@pytest.mark.parametrize("copies", ["0", "1"])
def test_nothing_of_the_posts_is_lost_whatever_the_app_expunges(houses, app, copies):
    """With bcc_self 0 the app expunges what it has read; the store keeps what was published."""
    server = houses[0]
    poet = app.profile("Poet").join("DCACCOUNT:https://_a.test/new")
    poet.call("set_config", "bcc_self", copies)
    friend = app.profile("Friend").join("DCACCOUNT:https://_a.test/new")
    server.cli("account", "set", poet.address, f"summary=with bcc_self {copies}")
    code, words = publish(server, poet, "A poem.\n")
    assert code == 250, words
    until(lambda: server.ask("post", "list", poet.address), "the post")
    meet(poet, friend)
    if copies == "0":
        until(lambda: not any("@_a.test" in (mail["from"] or "") and mail["mailbox"] == "INBOX" and
                              friend.address in mail["from"] for mail in server.ask("mail", "list", poet.address)),
              "the app expunging what it has read", WITHIN)
    [post] = server.ask("post", "list", poet.address)
    assert post["state"] == "sent"


def publish(server, profile, text):
    author = Account(server, profile.address, profile.password)
    return submit(author, compose(profile.address, "public@_a.test", "", text))


def texts_of(profile, chat):
    said = (profile.message_or_none(number) for number in profile.call("get_message_ids", chat, False, False))
    return [message["text"] for message in said if message]


def test_a_second_device_sees_the_same_chats(app, alice, bob, tmp_path):
    there, _ = meet(alice, bob)
    alice.say(there, "before the backup")
    bob.hears(lambda said: said["text"] == "before the backup", WITHIN)
    alice.call("stop_io")
    alice.call("export_backup", str(tmp_path), None)
    [backup] = tmp_path.glob("*.tar")
    second = app.profile("Alice again")
    second.call("import_backup", str(backup), None, seconds=120)
    for device in (alice, second):
        device.call("set_config", "bcc_self", "1")  # else who reads first expunges, and the other may find nothing
        device.call("start_io")
    assert second.address == alice.address
    chat = second.chat_with(bob)
    assert "before the backup" in texts_of(second, chat)

    alice.say(there, "to both of me")
    heard, _ = bob.hears(lambda said: said["text"] == "to both of me", WITHIN)
    until(lambda: "to both of me" in texts_of(second, chat), "the second device showing it", WITHIN)
    bob.say(heard["chatId"], "to all your devices")
    for device in (alice, second):
        device.hears(lambda said: said["text"] == "to all your devices", WITHIN)
    second.call("stop_io")  # others meet one device


# ---- beyond chats: the Fediverse and ordinary mail (docs/at-rest.md, docs/accounts.md) ----

@pytest.fixture(scope="module")
def robots(houses, alice):
    """The contacts that the page gives, as Alice's program has them: {name: chat}."""
    with urllib.request.urlopen("https://_a.test/contacts.vcf", context=houses[0].trust) as answer:
        contacts = alice.call("import_vcard_contents", answer.read().decode())
    known = alice.call("get_contacts_by_ids", contacts)
    return {contact["displayName"]: alice.call("create_chat_by_contact_id", contact["id"]) for contact in known.values()}


def last_of(profile, chat, words):
    """The last message of that chat, once it has these words."""
    def look():
        said = profile.message(profile.call("get_message_ids", chat, False, False)[-1])
        return words in said["text"] and said
    return until(look, f"{words!r} in the chat", WITHIN)


def test_a_post_by_chat(houses, alice, robots):
    """The words are encrypted on the way to the server; its copy, signed by the same key, says what everybody sees."""
    alice.say(robots["PUBLIC post"], "Coffee at nine")
    [post] = until(lambda: houses[0].ask("post", "list", alice.address), "the post", WITHIN)
    assert post["visibility"] == "public" and post["text"] == "Coffee at nine"
    copy = last_of(alice, robots["PUBLIC post"], "This is what everybody will see")
    assert copy["showPadlock"] and copy["sender"]["address"] == "public@_a.test"


def test_the_key_desk_is_a_chat(alice, robots):
    """Its answer is encrypted and signed by the key that its contact has, so it is of that chat."""
    for said, heard in (("take it", "key"), ("and again", "says nothing new")):  # the first may be of a first key
        alice.say(robots["Key desk"], said)
        answer = last_of(alice, robots["Key desk"], heard)
        assert answer["showPadlock"] and answer["sender"]["isKeyContact"] and answer["sender"]["address"] == "claim@_a.test"


def test_a_second_program_with_a_key_of_its_own_waits_for_the_first_ones_word(houses, app):
    """Logged in by the password alone, as somebody does who has lost a phone, or has found one."""
    server, dora = houses[0], app.profile("Dora").join("DCACCOUNT:https://_a.test/new")
    other = app.profile("Dora, elsewhere")
    other.call("add_or_update_transport", {"addr": dora.address, "password": dora.password}, seconds=90)
    other.call("start_io")
    other.wait_for("ImapInboxIdle")
    for profile in (dora, other):
        profile.call("set_config", "bcc_self", "1")  # else who reads first expunges, and the other may find nothing

    def keys():
        return [key["use"] for key in server.ask("key", "list", dora.address)]

    def hand_over(profile):
        with urllib.request.urlopen("https://_a.test/contacts.vcf", context=server.trust) as answer:
            [desk] = [contact for contact in profile.call("import_vcard_contents", answer.read().decode())
                      if profile.call("get_contact", contact)["displayName"] == "Key desk"]
        profile.say(profile.call("create_chat_by_contact_id", desk), "take it")

    hand_over(dora)
    until(lambda: keys() == ["encrypts"], "the first key in use", WITHIN)
    hand_over(other)
    until(lambda: keys() == ["encrypts", "waiting"], "the second key, waiting", WITHIN)
    asked, _ = dora.hears(lambda said: "https://_a.test/keys/" in said["text"], WITHIN)
    assert asked["showPadlock"] and asked["sender"]["address"].endswith("+refuse@_a.test")  # any answer is a no
    link = re.search(r"https://_a\.test/keys/\w+", asked["text"])[0]
    with urllib.request.urlopen(link, data=b"answer=yes", context=server.trust) as answer:
        assert answer.status == 200
    assert keys() == ["encrypts", "encrypts"]
    word = new_word()
    assert from_outside(server, "carol@mail.test", [dora.address], compose("carol@mail.test", dora.address, "Both", word))[0] == 250
    for profile in (dora, other):
        profile.hears(lambda said: word in said["text"], WITHIN)


def write_directly(peer, profile, text, person="bob", **more):
    user, host = profile.address.split("@")
    actor = f"https://{host}/users/{user}"
    return peer.note(f"<p>{text}</p>", [actor], person, to=[actor],
                     mentions=[{"href": actor, "name": f"@{profile.address}"}], **more)


def test_fediverse_people_are_chats_of_their_own(houses, alice, robots, social):
    chats = {}
    for person in ("bob", "dan"):
        write_directly(social, alice, f"Hello from {person}", person)
        heard, _ = alice.hears(lambda said: f"Hello from {person}" in said["text"], WITHIN)  # noqa: B023
        assert heard["showPadlock"] and "Not end-to-end encrypted" in heard["text"]
        assert heard["sender"]["address"] == f"{person}=social.test@_a.test" and heard["sender"]["isKeyContact"]
        alice.call("accept_chat", heard["chatId"])
        chats[person] = heard["chatId"]
    assert chats["bob"] != chats["dan"]

    alice.say(chats["bob"], "Hello Bob, from a chat")
    create = social.wait_for_activity("Create", lambda it: "Hello Bob, from a chat" in it["object"]["content"])
    assert create["activity"]["to"] == social.actor("bob")
    write_directly(social, alice, "and in the same chat", inReplyTo=create["activity"]["object"]["id"])
    heard, _ = alice.hears(lambda said: "and in the same chat" in said["text"], WITHIN)
    assert heard["chatId"] == chats["bob"] and heard["showPadlock"]


def test_a_message_to_the_fediverse_is_edited_and_deleted_and_no_reaction_becomes_one(houses, alice, robots, social):
    """The core's own requests: the note at the peer changes and goes, a reaction is a like, and nothing else comes there."""
    asked = write_directly(social, alice, "Shall we meet?", "dan")["note"]
    heard, _ = alice.hears(lambda said: "Shall we meet?" in said["text"], WITHIN)
    alice.call("accept_chat", heard["chatId"])
    number = alice.say(heard["chatId"], "At nin")
    create = social.wait_for_activity("Create", lambda it: "At nin" in it["object"]["content"])
    note = create["activity"]["object"]["id"]

    alice.call("send_edit_request", number, "At nine")
    update = social.wait_for_activity("Update", lambda it: it["object"]["id"] == note)
    assert update["activity"]["object"]["content"] == "<p>At nine</p>"
    assert update["activity"]["to"] == social.actor("dan")

    alice.call("send_reaction", heard["id"], ["👍"])
    like = social.wait_for_activity("Like", lambda it: it["object"] == asked)["activity"]
    alice.call("send_reaction", heard["id"], [])
    social.wait_for_activity("Undo", lambda it: it["object"]["id"] == like["id"])
    alice.call("delete_messages_for_all", [number])
    social.wait_for_activity("Delete", lambda it: note in str(it["object"]))
    alice.say(heard["chatId"], "See you")
    social.wait_for_activity("Create", lambda it: "See you" in it["object"]["content"])
    assert not [seen for seen in social.activities.all() if "👍" in str(seen) or "✏" in str(seen)]


def test_a_group_with_a_public_address_reaches_nobody(houses, alice, bob, robots, social):
    """All or nothing, and red in the chat with the reason (behaviour.md 3.3, row 24)."""
    group = alice.call("create_group_chat", "All of us", False)
    alice.call("add_contact_to_chat", group, alice.knows(bob))
    [post] = [contact for contact in alice.call("get_chat_contacts", robots["PUBLIC post"]) if contact > 9]
    alice.call("add_contact_to_chat", group, post)
    number = alice.say(group, "to the group")
    alice.wait_for("MsgFailed", lambda event: event["msgId"] == number, WITHIN)
    assert "Nothing was sent: public@_a.test is public and" in alice.call("get_message_info", number)
    assert not [post for post in houses[0].ask("post", "list", alice.address) if "to the group" in post["text"]]


@pytest.fixture
def elsewhere(dns):
    """Makes mail hosts, each with a domain of its own where anybody can be written to."""
    yield from mail_hosts(dns, "ordinary", "20.1.15")


def test_ordinary_mail_is_a_chat_that_says_what_it_is(houses, alice, robots, elsewhere):
    """It is called not encrypted, and comes from an address of ours: no key stands for carol's own."""
    host = elsewhere()
    carol, word = f"carol@{host.domain}", new_word()
    mail = compose(f"Carol Example <{carol}>", alice.address, word, f"On Friday? {word}\n")
    assert from_outside(houses[0], carol, [alice.address], mail)[0] == 250
    heard, _ = alice.hears(lambda said: f"On Friday? {word}" in said["text"], WITHIN)
    rests = [path for path in (houses[0].log, *houses[0].data_dir.rglob("*")) if path.is_file()]
    assert [line for path in rests for line in find_in_file(path, word)] == []
    assert heard["sender"]["address"] == f"carol={host.domain}+mail@_a.test"
    assert heard["sender"]["displayName"] == f"Carol Example ({carol}, not encrypted)"
    alice.call("accept_chat", heard["chatId"])

    alice.say(heard["chatId"], "Friday it is")
    came = host.mails.wait_for(lambda mail: True, WITHIN)
    answer = email.message_from_bytes(came.text, policy=email.policy.default)
    assert came.recipients == [carol] and answer["To"] == carol and alice.address in answer["From"]
    assert "Friday it is" in answer.get_body(("plain",)).get_content()
    assert mail["Message-ID"] in answer["In-Reply-To"] and answer["Chat-Version"] is None


def test_nothing_is_shown_as_end_to_end_encrypted_that_is_not(houses, alice, social):
    """Of all that was shown with a padlock: the marks of docs/at-rest.md tell what the server itself encrypted."""
    write_directly(social, alice, "A word by the Fediverse")
    mail = compose("carol@mail.test", alice.address, "By mail", "A word by mail\n")
    assert from_outside(houses[0], "carol@mail.test", [alice.address], mail)[0] == 250
    for words in ("by the Fediverse", "by mail"):
        alice.hears(lambda said: f"A word {words}" in said["text"], WITHIN)  # noqa: B023
    assert alice.call("get_config", "force_encryption") in (None, "1")
    seen = {}
    for number in alice.call("get_chatlist_entries", None, None, None):
        for message in alice.call("get_message_ids", number, False, False):
            said = alice.message(message)
            if said["showPadlock"] and said["fromId"] > 9:
                seen.setdefault(said["sender"]["address"], []).append(said)
    assert any("=social.test@" in address for address in seen) and any("+mail@" in address for address in seen)
    for address, heard in seen.items():
        local, domain = address.split("@")
        assert domain in ("_a.test", "_b.test"), "no key stands for an address of anybody else"
        if "+mail" in local:
            assert all("not encrypted)" in said["sender"]["displayName"] for said in heard)
        elif "=" in local:
            assert all("Not end-to-end encrypted" in said["text"] for said in heard), heard
        if "=" in local:
            assert not any(said["sender"]["isVerified"] for said in heard)


def refusal(app, code):
    """What the app shows to who scanned that code."""
    profile = app.profile("Nobody")
    with pytest.raises(Refused) as refused:
        profile.join(code)
    return str(refused.value)


@pytest.fixture
def shut(lab, ca, dns):
    """_c.test, where nobody may make an account: the others stay open for whoever comes after."""
    dns.add_signed("_c.test A 20.1.17.1", "_c.test MX 10 _c.test.")
    server = Nestbox(lab / "_c.test", ca, dns, ("_c.test",), "20.1.17.1", {"policy": {"registration": "closed"}},
                     hostname="_c.test")
    yield server.start()
    server.end()


def test_who_is_not_let_in_reads_why(app, shut):
    assert "This server takes nobody new" in refusal(app, "DCACCOUNT:https://_c.test/new")
    shut.stop()
    shut.write_settings({"policy": {"registration": "invite"}})
    shut.start()
    assert "This server takes only people who were invited" in refusal(app, "DCACCOUNT:https://_c.test/new")
    link = shut.cli("token", "add", "one").split()[0]
    dora = app.profile("Dora").join(f"DCACCOUNT:{link}")
    assert dora.address.endswith("@_c.test")
    dora.call("stop_io")
    assert "This invitation was used up" in refusal(app, f"DCACCOUNT:{link}")
