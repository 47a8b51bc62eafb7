"""People move to another account: Fedify to Fedify, known here; and from one server of ours to another."""
import email
import email.policy
import html
import json
import re

import pytest

from laboratory.nestbox import Refused
from laboratory.wait import until
from test_subscribers import Visitor, read, subscribe, text_of
from test_subscribers import readers  # noqa: F401  a fixture

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


def actor_of(visitor, account):
    status, _, text = visitor.exchange("GET", account.actor, [("Accept", "application/activity+json")])
    assert status == 200
    return json.loads(text)


def profile_of(visitor, account):
    status, _, text = visitor.exchange("GET", f"https://twin.test/@{account.address.partition('@')[0]}",
                                       [("Accept", "text/html")])
    assert status == 200
    return html.unescape(re.sub(r"<[^>]*>", "", text))


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


def test_an_account_here_goes_on_elsewhere(twin, person, social, second, readers):  # noqa: F811
    jan = twin().start().account("jan@twin.test", name="Jan")
    ines, host, reader = person("ines", name="Ines"), readers(), Visitor(jan.nestbox)
    subscribe(reader, jan, host, f"carol@{host.domain}")
    ines.nestbox.cli("follow", ines.address, jan.handle)
    follow = social.follow(jan.handle, "dan")
    social.wait_for_activity("Accept", lambda accept: accept["object"]["id"] == follow)
    until(lambda: len(jan.followers()) == 3, "all three following")

    say_alias(second)
    with pytest.raises(Refused, match="does not say that it is jan@twin.test"):
        jan.nestbox.cli("account", "move", jan.address, NEW)
    say_alias(second, jan.actor)
    said = jan.nestbox.cli("account", "move", jan.address, NEW)
    assert said.startswith(f"jan@twin.test goes on as {NEW}.")
    moved = social.wait_for_activity("Move", lambda move: move["actor"] == jan.actor)["activity"]
    assert (moved["object"], moved["target"]) == (jan.actor, second.actor("max"))
    second.wait_for_activity("Follow", lambda follow: follow["actor"] == ines.actor)
    until(lambda: notices(ines), "a notice")
    mail = host.mails.wait_for(lambda mail: b"Jan has moved" in mail.text)
    assert NEW in text_of(read(mail)) and mail.recipients == [f"carol@{host.domain}"]
    assert actor_of(reader, jan)["movedTo"] == second.actor("max")
    assert f"Jan now posts as {NEW}" in profile_of(reader, jan)

    jan.nestbox.cli("account", "move", jan.address, "--undo")
    social.wait_for_activity("Update", lambda update: update["actor"] == jan.actor)
    assert "movedTo" not in actor_of(reader, jan)
    assert NEW not in profile_of(reader, jan)


def test_from_one_server_of_ours_to_another(twin, person):
    jon = twin().start().account("jon@twin.test", name="Jon")
    ines, ivo = person("ines", name="Ines"), person("ivo", name="Ivo")
    ines.nestbox.cli("follow", ines.address, jon.handle)
    until(jon.followers, "Ines following Jon")
    ivo.nestbox.cli("account", "alias", ivo.address, jon.handle)
    assert ivo.nestbox.ask("account", "alias", ivo.address) == [{"actor": jon.actor}]
    assert actor_of(Visitor(ivo.nestbox), ivo)["alsoKnownAs"] == [jon.actor]
    jon.nestbox.cli("account", "move", jon.address, ivo.handle)
    until(lambda: [follower["person"] for follower in ivo.followers()] == [ines.handle], "Ines going along")
    until(lambda: jon.followers() == [], "the end of the old follow")
    ivo.nestbox.cli("account", "alias", ivo.address, "--remove", jon.actor)
    assert ivo.nestbox.ask("account", "alias", ivo.address) == []
