"""Certificates that live for seconds are renewed while the server runs."""
import pytest

from laboratory.nestbox import Nestbox
from laboratory.pebble import DIRECTORY, DOMAIN, PLACE, Pebble, key_of, shown
from laboratory.wait import until

LIFE_S, RENEWALS = 15, 3


@pytest.fixture
def pebble(lab, ca, dns):
    pebble = Pebble(lab / "renewing", ca, dns)
    yield pebble.start(life_s=LIFE_S)
    pebble.stop()


def test_it_is_renewed_in_time_with_the_same_key(lab, ca, dns, pebble):
    nest = Nestbox(lab / "renewed", ca, dns, (DOMAIN,), PLACE, {
        "tls": {"certificate": None, "key": None, "acme": DIRECTORY}})
    nest.start()
    key, seen = key_of(shown()), {shown()}
    for _ in range(1 + RENEWALS):
        until(lambda: shown() not in seen, "another certificate", 60)
        assert key_of(shown()) == key
        seen.add(shown())
    assert "acme no new certificate" not in nest.log.read_text()
    nest.end()
