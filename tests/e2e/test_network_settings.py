"""The settings by which a laboratory is made, each by itself; everywhere else they are off."""
import pytest

from laboratory.peer import PythonPeer
from laboratory.wait import until


@pytest.fixture
def inside(ca, dns):
    """A peer on a private address, in the DNS under its own name."""
    dns.add("inside.test A 127.0.0.7")
    peer = PythonPeer(ca, "inside.test", "127.0.0.7")
    yield peer
    peer.stop()


def knock(peer, server, address="vera@twin.test"):
    """A Follow from `peer`; gives the status.  To judge it the server must fetch the peer's actor."""
    account = server.account(address)
    peer._resolve[("twin.test", 443)] = (server.address, 443)
    return peer.post(f"{account.actor}/inbox", peer.activity("Follow", account.actor))[0], account


def test_private_addresses_are_never_connected_to(twin, inside):
    server = twin().start()
    status, account = knock(inside, server)
    assert status in (401, 503)
    assert inside.fetches.all() == [] and account.followers() == []
    assert "allow_private" not in server.log.read_text()


def test_allow_private_lets_them_in_and_says_so_in_the_log(twin, inside):
    server = twin({"network": {"allow_private": "yes", "source_address": None}}).start()
    status, account = knock(inside, server)
    assert status == 202
    inside.wait_for("Accept")
    assert "allow_private" in server.log.read_text()


def test_connect_to_leads_elsewhere_and_keeps_name_and_certificate(twin, ca, dns):
    hidden = PythonPeer(ca, "hidden.test", "20.0.0.13", 4443)
    try:
        server = twin({"network": {"connect_to": "hidden.test:443=20.0.0.13:4443"}}).start()
        status, _ = knock(hidden, server)
        assert status == 202
        hidden.wait_for("Accept")
        assert hidden.fetches.all()[0].only("host") == "hidden.test"
        assert "connect_to" in server.log.read_text()
    finally:
        hidden.stop()


def test_connect_to_does_not_excuse_a_wrong_certificate(twin, ca, dns):
    wrong = PythonPeer(ca, "wrong.test", "20.0.0.13", 4443)
    try:
        server = twin({"network": {"connect_to": "right.test:443=20.0.0.13:4443"}}).start()
        account = server.account("vera@twin.test")
        actor = "https://right.test/users/bob"
        status, _ = wrong.post(f"{account.actor}/inbox", {
            "id": "https://right.test/follows/1", "type": "Follow", "actor": actor, "object": account.actor},
            key_id=f"{actor}#main-key")
        assert status in (401, 503) and wrong.fetches.all() == []
    finally:
        wrong.stop()


def test_a_bogus_answer_is_no_answer(twin, judge, tmp_path):
    """With the trust anchor of another key nothing under .test proves true."""
    other = tmp_path / "other.key"
    other.write_text("test. 3600 IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+"
                     "KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==\n")
    server = twin({"network": {"trust_anchor": str(other), "dns_server": "20.0.0.54"}}).start()
    status, account = knock(judge, server)
    assert status in (401, 503) and account.followers() == []


def test_validation_can_be_turned_off_and_the_log_says_so(twin, judge, tmp_path):
    server = twin({"network": {"trust_anchor": "none"}}).start()
    status, account = knock(judge, server)
    assert status == 202
    until(account.followers, "the follower")
    assert "trust_anchor" in server.log.read_text()
