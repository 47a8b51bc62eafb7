"""What a stranger finds: WebFinger, host-meta, NodeInfo, actors, collections, pages (activitypub.md 8)."""
import json

import pytest

from laboratory.mailing import compose, submit
from laboratory.wait import until

AS_JSON = "application/activity+json"


@pytest.fixture
def alice(person):
    return person("dora", name="Dora")


def fetch(judge, url, accept="*/*"):
    status, headers, body = judge.exchange("GET", url, [("Accept", accept)])
    return status, headers, body


def fetch_json(judge, url, accept=AS_JSON, kind=AS_JSON):
    status, headers, body = fetch(judge, url, accept)
    assert status == 200, (url, status)
    assert headers["Content-Type"].split(";")[0] == kind, headers["Content-Type"]
    return json.loads(body)


def webfinger(judge, resource, host="nest.test"):
    return fetch(judge, f"https://{host}/.well-known/webfinger?resource={resource}")


def test_webfinger_finds_the_actor_and_loops_back(judge, alice):
    for resource in (f"acct:{alice.address}", f"acct%3A{alice.user}%40NEST.test", alice.actor):
        status, headers, body = webfinger(judge, resource)
        assert status == 200 and headers["Content-Type"].startswith("application/jrd+json")
        found = json.loads(body)
        assert found["subject"] == f"acct:{alice.address}"
        assert [link["href"] for link in found["links"] if link["rel"] == "self" and link["type"] == AS_JSON] == [
            alice.actor]


@pytest.mark.parametrize("resource, status", [
    ("acct:nobody@nest.test", 404), ("acct:dora@elsewhere.test", 404), ("", 400), ("acct:bob=social.test@nest.test", 404),
])
def test_webfinger_knows_nobody_else(judge, nest, resource, status):
    assert webfinger(judge, resource)[0] == status


def test_webfinger_of_one_domain_does_not_tell_of_the_other(judge, person):
    gina = person("greta", "garden.test")
    assert webfinger(judge, f"acct:{gina.address}", "garden.test")[0] == 200
    assert webfinger(judge, f"acct:{gina.user}@nest.test")[0] == 404


def test_the_actor_is_complete(judge, alice):
    actor = fetch_json(judge, alice.actor)
    assert actor["id"] == alice.actor and actor["type"] == "Person"
    assert actor["preferredUsername"] == alice.user and actor["name"] == "Dora"
    assert actor["publicKey"]["owner"] == alice.actor and actor["publicKey"]["id"].startswith(f"{alice.actor}#")
    assert actor["publicKey"]["publicKeyPem"].startswith("-----BEGIN PUBLIC KEY-----\n")
    assert actor["endpoints"]["sharedInbox"] == "https://nest.test/inbox"
    for name in ("inbox", "outbox", "followers", "following"):
        assert actor[name] == f"{alice.actor}/{name}"
    for name in ("outbox", "followers", "following", "featured"):
        assert fetch_json(judge, f"{alice.actor}/{name}")["type"] == "OrderedCollection"


def test_the_actor_is_negotiated(judge, alice):
    profile = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
    for accept in (AS_JSON, profile, f"{AS_JSON}, text/html;q=0.1"):
        assert fetch(judge, alice.actor, accept)[1]["Content-Type"].split(";")[0] in (AS_JSON, "application/ld+json")
    status, headers, _ = fetch(judge, alice.actor, "text/html")
    assert status in (200, 302, 303) and (status != 200 or headers["Content-Type"].startswith("text/html"))


def test_the_instance_actor_is_an_application_that_anybody_may_read(judge, nest):
    actor = fetch_json(judge, "https://nest.test/actor")
    assert actor["id"] == "https://nest.test/actor" and actor["type"] == "Application"
    found = json.loads(webfinger(judge, "acct:nest.test@nest.test")[2])
    assert "https://nest.test/actor" in [link["href"] for link in found["links"] if link["rel"] == "self"]


def test_nodeinfo_counts_accounts(judge, alice):
    index = json.loads(fetch(judge, "https://nest.test/.well-known/nodeinfo")[2])
    versions = {link["rel"].rsplit("/", 1)[1]: link["href"] for link in index["links"]}
    for version in ("2.0", "2.1"):
        info = json.loads(fetch(judge, versions[version])[2])
        assert info["version"] == version and info["software"]["name"] == "nestbox"
        assert info["protocols"] == ["activitypub"] and info["usage"]["users"]["total"] >= 1


def test_host_meta_points_to_webfinger(judge, nest):
    status, headers, body = fetch(judge, "https://nest.test/.well-known/host-meta")
    assert status == 200 and headers["Content-Type"].startswith("application/xrd+xml")
    assert b"/.well-known/webfinger?resource={uri}" in body


def test_fedify_finds_the_actor_by_handle(social, alice):
    found = social.do("lookup", what=alice.handle)
    assert found["id"] == alice.actor and found["name"] == "Dora"


def test_a_post_is_found_by_its_url(judge, social, alice):
    code, words = submit(alice, compose(alice.address, alice.word("public"), "Findable", "Here I am.\n"))
    assert code == 250, words
    post = until(lambda: [post for post in alice.posts() if post["state"] == "sent"], "the post")[0]
    assert fetch_json(judge, post["id"])["id"] == post["id"]
    status, headers, body = fetch(judge, post["url"], "text/html")
    assert status == 200 and headers["Content-Type"].startswith("text/html")
    assert b"Here I am." in body and post["id"].encode() in body
    assert social.do("lookup", what=post["id"])["id"] == post["id"]
    outbox = fetch_json(judge, f"{alice.actor}/outbox")
    assert outbox["totalItems"] == 1


def test_http_on_port_80_leads_to_https(nest):
    import http.client
    connection = http.client.HTTPConnection("nest.test", 80, timeout=10)
    connection.request("GET", "/@dora")
    answer = connection.getresponse()
    assert answer.status in (301, 308) and answer.headers["Location"] == "https://nest.test/@dora"


def test_an_absolute_request_line_is_understood(judge, alice):
    parts = f"https://nest.test/users/{alice.user}"
    connection = judge._connect("nest.test")
    connection.putrequest("GET", parts, skip_host=True)
    connection.putheader("Host", "nest.test")
    connection.putheader("Accept", AS_JSON)
    connection.endheaders()
    assert connection.getresponse().status == 200
    connection.close()
