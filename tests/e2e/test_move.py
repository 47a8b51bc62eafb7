"""People move to another account: Fedify to Fedify, known here; and from one server of ours to another."""
import email
import email.policy

import pytest

from laboratory.wait import until

OLD, NEW = "@max@social.test", "@max@second.test"


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


@pytest.fixture
def asking(twin):
    """People who are asked about strangers."""
    def make(*names):
        nest = twin({"policy": {"contact": "ask"}}).start()
        return [nest.account(f"{name}@twin.test", name=name.title()) for name in names]
    return make


def decisions(account):
    return {row["person"]: row["state"] for row in account.nestbox.ask("contact", "list", account.address)}


def notices(account):
    return [parse(account.show(mail)) for mail in account.mails("Fediverse/Notifications")
            if "moved" in mail["subject"]]


def direct(social, account, text, **more):
    return social.note(f"<p>{text}</p>", [account.actor], "max", to=[account.actor],
                       mentions=[{"href": account.actor, "name": account.handle}], **more)


def say_alias(second, *ids):
    second.do("alias", person="max", ids=list(ids))


def move(social, second, account):
    social.do("move", **{"from": "max", "target": second.actor("max"), "recipients": [account.actor]})


def test_welcome_and_follow_go_over_and_a_refusal_too(asking, social, second):
    mia, noa, pia = asking("mia", "noa", "pia")
    since = len(social.activities.all())
    mia.nestbox.cli("follow", mia.address, OLD)
    noa.nestbox.cli("contact", "welcome", noa.address, OLD)
    pia.nestbox.cli("contact", "ignore", pia.address, OLD)
    social.wait_for_activity("Follow", lambda follow: follow["actor"] == mia.actor)
    say_alias(second, social.actor("max"))
    move(social, second, mia)

    second.wait_for_activity("Follow", lambda follow: follow["actor"] == mia.actor)
    social.wait_for_activity("Undo", lambda undo: undo["actor"] == mia.actor)
    until(lambda: decisions(noa) == {NEW: "welcome"}, "the welcome going over")
    until(lambda: decisions(pia) == {OLD: "ignored", NEW: "ignored"}, "the silence going along")
    for account in (mia, noa):
        [told] = until(lambda account=account: notices(account), "a notice")
        assert told["From"].addresses[0].addr_spec == "max=second.test@twin.test"
        assert NEW in told.get_body(("plain",)).get_content()
    assert notices(pia) == []

    direct(second, noa, "Here I am.")
    noa.wait_for_mail(lambda mail: mail["subject"].startswith("Here I am."))
    assert len(social.activities.all()) > since


def test_who_only_says_so_takes_nothing_along(asking, social, second):
    [kai] = asking("kai")
    kai.nestbox.cli("contact", "welcome", kai.address, OLD)
    say_alias(second)
    move(social, second, kai)
    direct(second, kai, "It is me, from elsewhere.")
    until(lambda: decisions(kai).get(NEW) == "asked", "a stranger's question")
    assert decisions(kai)[OLD] == "welcome"
    assert kai.mails("INBOX") == [] and notices(kai) == []
