"""What others on the Fediverse do, and what becomes of it here."""
import email
import email.policy
import imaplib

import pytest

from laboratory.fedify import PUBLIC
from laboratory.mailing import compose, from_outside, submit
from laboratory.wait import until


@pytest.fixture
def alice(person):
    return person("anna", name="Anna")


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def bodies(account):
    return [parse(account.show(mail)).get_body(("plain",)).get_content() for mail in account.mails("INBOX")]


def mention(account):
    return [{"href": account.actor, "name": account.handle}]


def direct(social, account, text, **more):
    return social.note(f"<p>{text}</p>", [account.actor], to=[account.actor], mentions=mention(account), **more)


def a_post(account, subject="A post", word="public"):
    code, words = submit(account, compose(account.address, account.word(word), subject, "With some text.\n"))
    assert code == 250, words
    return until(lambda: account.posts(), "the post in the list")[0]


def settle(social, alice):
    """After this everything sent to alice before has been dealt with."""
    mark = f"mark {social.do('follow', **{'from': 'eve', 'handle': alice.handle})['id']}"
    direct(social, alice, mark)
    alice.wait_for_mail(lambda mail: mark in parse(alice.show(mail)).get_body(("plain",)).get_content())


def test_an_undone_follow_is_no_follower(alice, social):
    follow = social.follow(alice.handle)
    social.wait_for_activity("Accept", lambda accept: accept["object"]["id"] == follow)
    assert len(alice.followers()) == 1
    social.do("undo", **{"from": "bob", "activity": follow, "recipients": [alice.actor]})
    until(lambda: alice.followers() == [], "the end of the follow")


def test_following_twice_is_following_once(alice, social):
    for _ in range(2):
        follow = social.follow(alice.handle)
        social.wait_for_activity("Accept", lambda accept, follow=follow: accept["object"]["id"] == follow)
    assert len(alice.followers()) == 1


def test_a_direct_message_is_a_mail_to_its_reader_alone(alice, social):
    direct(social, alice, "Only for you.")
    mail = parse(alice.show(alice.wait_for_mail()))
    assert mail["From"].addresses[0].addr_spec == "bob=social.test@nest.test"
    assert [address.addr_spec for address in mail["To"].addresses] == [alice.address]
    assert mail["Cc"] is None
    assert "Only for you." in mail.get_body(("plain",)).get_content()


def test_a_public_mention_shows_its_audience_in_cc(alice, social):
    social.note("<p>Have you heard?</p>", [alice.actor], to=["public"], cc=[alice.actor, "followers"],
                mentions=mention(alice))
    mail = parse(alice.show(alice.wait_for_mail()))
    assert "unlisted@nest.test" in [address.addr_spec for address in mail["Cc"].addresses]


def test_html_from_outside_is_clean_in_the_mail(alice, social, judge):
    judge.follow(alice.handle)
    note = judge.make_note('<p onclick="steal()">Hi <script>alert(1)</script><a href="javascript:x">x</a>'
                           '<img src="https://judge.test/track.gif"><b>bold</b></p>', to=[alice.actor],
                           tag=[{"type": "Mention", "href": alice.actor, "name": alice.handle}])
    assert judge.post(f"{alice.actor}/inbox", judge.create(note))[0] == 202
    mail = parse(alice.show(alice.wait_for_mail()))
    html = mail.get_body(("html",)).get_content()
    assert "Hi" in html
    for bad in ("script", "onclick", "javascript:", "<img"):
        assert bad not in html


def test_the_same_activity_twice_is_one_mail(alice, social, judge):
    note = judge.make_note("<p>Once.</p>", to=[alice.actor],
                           tag=[{"type": "Mention", "href": alice.actor, "name": alice.handle}])
    create = judge.create(note)
    for inbox in (f"{alice.actor}/inbox", "https://nest.test/inbox", f"{alice.actor}/inbox"):
        assert judge.post(inbox, create)[0] == 202
    again = judge.create(note)  # another Create of the same note
    assert judge.post("https://nest.test/inbox", again)[0] == 202
    settle(social, alice)
    assert len([text for text in bodies(alice) if "Once." in text]) == 1


def test_an_edited_note_and_a_deleted_one_change_what_alice_has(alice, social):
    sent = direct(social, alice, "First words.")
    alice.wait_for_mail()
    social.do("update", **{"from": "bob", "note": sent["note"], "content": "<p>Better words.</p>",
                           "to": [alice.actor], "mentions": mention(alice), "recipients": [alice.actor]})
    until(lambda: any("Better words." in text for text in bodies(alice)), "the edited text as mail")
    assert not any("First words." in text for text in bodies(alice)) and len(alice.mails("Trash")) == 1
    social.do("delete", **{"from": "bob", "note": sent["note"], "recipients": [alice.actor]})
    until(lambda: not any("Better words." in text for text in bodies(alice)), "the mail leaving INBOX")
    assert len(alice.mails("Trash")) == 2


def test_likes_and_boosts_are_taken_and_undone(alice, social):
    social.follow(alice.handle)
    post = a_post(alice)
    for kind in ("like", "announce"):
        sent = social.do(kind, **{"from": "bob", "object": post["id"], "recipients": [alice.actor]})
        social.do("undo", **{"from": "bob", "activity": sent["id"], "recipients": [alice.actor]})
    settle(social, alice)


def test_unknown_kinds_of_activity_are_taken_and_dropped(alice, judge):
    for kind in ("Listen", "Travel", "https://example.test/ns#Strange"):
        status, answer = judge.post(f"{alice.actor}/inbox", judge.activity(kind, alice.actor, to=[alice.actor]))
        assert status == 202, (kind, answer)
    assert alice.mails() == []


@pytest.mark.parametrize("change", [
    lambda judge, note: {**note, "attributedTo": judge.actor("eve")},
    lambda judge, note: {**note, "id": "https://other.test/notes/1"},
    lambda judge, note: {**note, "id": 7},
    lambda judge, note: {**note, "attributedTo": 1},
], ids=["of another author", "of another host", "with a number as id", "with a number as author"])
def test_a_note_that_is_not_its_senders_is_not_shown(alice, social, judge, change):
    note = judge.make_note("<p>Forged.</p>", to=[alice.actor],
                           tag=[{"type": "Mention", "href": alice.actor, "name": alice.handle}])
    create = judge.create(note)
    create["object"] = change(judge, note)
    judge.post(f"{alice.actor}/inbox", create)
    settle(social, alice)
    assert not [text for text in bodies(alice) if "Forged." in text]


def test_a_delete_by_somebody_else_deletes_nothing(alice, social, judge):
    sent = direct(social, alice, "Still here.")
    alice.wait_for_mail()
    forged = judge.activity("Delete", sent["note"])
    assert judge.post(f"{alice.actor}/inbox", forged)[0] in (202, 401, 403)
    settle(social, alice)
    assert any("Still here." in text for text in bodies(alice))


@pytest.mark.parametrize("body, status", [
    (b"not json at all", 400), (b"[]", 400), (b"{}", 400), (b'{"type": "Follow"}', 400), (b"[" * 5000, 400),
    (b'{"type":"Follow","actor":"https://judge.test/users/bob","id":"https://judge.test/x","a":"' + b"x" * 1100000
     + b'"}', 413),
], ids=["no JSON", "a list", "nothing in it", "too little", "deep", "large"])  # a name of a megabyte stops every program begun
def test_nonsense_in_the_inbox_is_refused_and_hurts_nobody(nest, judge, body, status):
    from laboratory import signatures
    request = signatures.Request("POST", "https://nest.test/inbox", [], body)
    headers = signatures.sign_cavage(request, judge.key(), f"{judge.actor()}#main-key")
    answer = judge.exchange("POST", "https://nest.test/inbox",
                            [*headers, ("Content-Type", "application/activity+json")], body)
    assert answer[0] == status
    assert nest.runs()


def test_alice_follows_bob_and_reads_his_posts(nest, alice, social):
    nest.cli("follow", alice.address, "@bob@social.test")
    social.wait_for_activity("Follow", lambda activity: activity["actor"] == alice.actor)
    social.note("<p>To all my followers.</p>", [alice.actor], to=["public"], cc=["followers"])
    mail = parse(alice.show(alice.wait_for_mail(mailbox="Fediverse/Home")))
    assert mail["From"].addresses[0].addr_spec == "bob=social.test@nest.test"
    assert mail["Subject"] == "To all my followers." and mail["Precedence"] == "list"
    assert mail["List-Post"] is None and mail["Reply-To"] is None
    nest.cli("unfollow", alice.address, "bob=social.test@nest.test")
    social.wait_for_activity("Undo", lambda activity: activity["actor"] == alice.actor)


def test_followers_only_words_of_alice_reach_followers_alone(alice, social, judge, second):
    social.follow(alice.handle)
    until(lambda: alice.followers(), "the follower")
    post = a_post(alice, "Among us", "followers")
    heard = social.wait_for_activity("Create", lambda activity: activity["actor"] == alice.actor)["activity"]
    assert PUBLIC not in str(heard) and "as:Public" not in str(heard)
    assert heard["object"]["to"] == f"{alice.actor}/followers"
    assert judge.get(post["id"])[0] in (401, 403, 404)


def test_reply_all_in_a_public_thread_is_asked_about_once(alice, social):
    social.follow(alice.handle)
    post = a_post(alice, "Ask me")
    sent = social.note("<p>What about this?</p>", [alice.actor], to=["public"], cc=[alice.actor],
                       inReplyTo=post["id"], mentions=mention(alice))
    mail = parse(alice.show(alice.wait_for_mail(lambda mail: "Ask me" in mail["subject"])))
    answer = compose(alice.address, mail["From"].addresses[0].addr_spec, mail["Subject"], "Like that.\n",
                     cc=[address.addr_spec for address in mail["Cc"].addresses if "unlisted" in address.addr_spec],
                     headers={"In-Reply-To": mail["Message-ID"], "References": mail["Message-ID"]})
    code, words = submit(alice, answer)
    assert code == 250, words
    asked = alice.wait_for_mail(lambda mail: mail["subject"].startswith("Publish your answer to Bob"))
    question = parse(alice.show(asked))
    assert "I will not ask again." in question.get_body(("plain",)).get_content()
    yes = compose(alice.address, question["From"].addresses[0].addr_spec, f"Re: {question['Subject']}", "yes\n",
                  headers={"In-Reply-To": question["Message-ID"], "References": question["Message-ID"]})
    code, words = submit(alice, yes)
    assert code == 250, words
    heard = social.wait_for_activity(
        "Create", lambda activity: activity["actor"] == alice.actor
        and activity["object"].get("inReplyTo") == sent["note"])["activity"]
    assert PUBLIC in str(heard["cc"]) or "as:Public" in str(heard["cc"])
    assert social.actor() in str(heard["to"]) + str(heard["cc"])


# The doors that stay shut

def test_nobody_outside_can_write_to_a_fediverse_person_through_us(nest):
    mail = compose("carol@mail.test", "bob=social.test@nest.test", "Hi", "Hello Bob.\n")
    assert from_outside(nest, "carol@mail.test", ["bob=social.test@nest.test"], mail) == (
        550, "5.7.1 bob=social.test@nest.test can be written to only by people with an account here.")


@pytest.mark.parametrize("sender", ["{}", "bob=social.test@nest.test", "public@nest.test"])
def test_nobody_outside_can_write_with_a_from_of_ours(nest, alice, sender):
    mail = compose(sender.format(alice.address), alice.address, "Hi", "It is me.\n")
    assert from_outside(nest, "carol@mail.test", [alice.address], mail) == (
        550, "5.7.1 Only nest.test itself sends mail with this From address.")


def test_mail_from_outside_arrives(nest, alice):
    mail = compose("Carol <carol@mail.test>", alice.address, "From afar", "Hello Anna.\n")
    assert from_outside(nest, "carol@mail.test", [alice.address], mail)[0] == 250
    assert "Hello Anna." in parse(alice.show(alice.wait_for_mail())).get_content()


def test_an_unknown_address_is_nobodys(nest):
    mail = compose("carol@mail.test", "nobody@nest.test", "Hi", "Hello.\n")
    assert from_outside(nest, "carol@mail.test", ["nobody@nest.test"], mail) == (
        550, "5.1.1 There is no nobody@nest.test here.")


def test_what_is_expunged_leaves_the_mailbox_and_nothing_else(nest, alice, social):
    social.follow(alice.handle)
    until(lambda: alice.followers(), "the follower")
    post = a_post(alice, "To stay")
    note = social.wait_for_activity("Create", lambda create: create["actor"] == alice.actor)["activity"]["object"]
    social.note("<p>An answer.</p>", [alice.actor], cc=[alice.actor], inReplyTo=note["id"], mentions=mention(alice))
    alice.wait_for_mail(lambda mail: "To stay" in mail["subject"])
    with imaplib.IMAP4_SSL(nest.hostname, 993, ssl_context=nest.trust, timeout=60) as imap:
        imap.login(alice.address, alice.password)
        for mailbox in ("Posts", "INBOX"):
            assert imap.select(mailbox)[0] == "OK"
            assert imap.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")[0] == imap.expunge()[0] == "OK"
    assert alice.mails("Posts") == [] and alice.mails("INBOX") == [] and alice.mails("Trash") == []
    assert social.do("lookup", what=note["id"])["type"] == "Note", "it stays published"
    assert [left["ref"] for left in alice.posts()] == [post["ref"]]
    social.note("<p>Another answer.</p>", [alice.actor], cc=[alice.actor], inReplyTo=note["id"], mentions=mention(alice))
    assert parse(alice.show(alice.wait_for_mail()))["Subject"] == "Re: To stay"
    nest.cli("post", "delete", alice.address, post["ref"])
    social.wait_for_activity("Delete", lambda gone: gone["actor"] == alice.actor)


def test_a_new_follower_and_a_like_are_told_among_the_notifications(alice, social):
    social.follow(alice.handle)
    mail = parse(alice.show(alice.wait_for_mail(mailbox="Fediverse/Notifications")))
    assert mail["From"].addresses[0].addr_spec == "bob=social.test@nest.test" and mail["Auto-Submitted"] == "auto-generated"
    a_post(alice, "Liked")
    note = social.wait_for_activity("Create", lambda create: create["actor"] == alice.actor)["activity"]["object"]
    social.do("like", **{"from": "bob", "object": note["id"], "recipients": [alice.actor]})
    alice.wait_for_mail(lambda mail: "Liked" in mail["subject"], "Fediverse/Notifications")
    assert alice.mails("INBOX") == []


def test_a_page_shows_what_others_answer_until_they_delete_it(alice, social, judge):
    note = a_post(alice)

    def page():
        status, _, body = judge.exchange("GET", note["url"], [("Accept", "text/html")])
        return body.decode() if status == 200 else ""

    sent = social.note("<p>I <em>made</em> soup<img src=x onerror=alert(1)></p>", [alice.actor], cc=[alice.actor],
                       inReplyTo=note["id"], summary="food & drink", mentions=mention(alice))
    until(lambda: "soup" in page(), "the answer on the page")
    shown = page().split("Answers</h2>")[1]
    assert "@bob@social.test</span>" in shown and "<p>I <em>made</em> soup</p>" in shown
    assert "Content warning:</span> food &amp; drink</summary>" in shown, "and folded, as Bob wants it"
    social.do("delete", **{"from": "bob", "note": sent["note"], "recipients": [alice.actor]})
    until(lambda: "soup" not in page(), "the page without it")
    assert "Answers</h2>" not in page()
