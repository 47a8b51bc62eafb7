"""The server has its certificate from an authority, by itself: docs/certificates.md."""
import smtplib
import socket
import ssl

import pytest

from laboratory.nestbox import Nestbox
from laboratory.pebble import ADDRESS as AUTHORITY
from laboratory.pebble import DIRECTORY, DOMAIN, ELSEWHERE, NAMES, PLACE, Pebble, key_of, shown
from laboratory.wait import until


@pytest.fixture(scope="module")
def pebble(lab, ca, dns):
    pebble = Pebble(lab / "pebble", ca, dns)
    yield pebble
    pebble.stop()


@pytest.fixture
def nest(lab, ca, dns, pebble, request):
    made = Nestbox(lab / request.node.name[:40], ca, dns, (DOMAIN,), PLACE, {
        "tls": {"certificate": None, "key": None, "acme": DIRECTORY}})
    yield made
    made.end()


def certificate(nest):
    return nest.ask("status")["certificate"]


def words(nest):
    return nest.log.read_text()


def test_a_certificate_is_fetched_used_at_once_and_kept(nest, pebble):
    pebble.start(nonces_refused=20)
    nest.start()
    own = shown()
    until(lambda: shown() != own, "the certificate being shown", 60)
    pem, trusted = shown(), pebble.context()
    assert key_of(pem) == key_of(own)  # what a TLSA record names
    told = until(lambda: certificate(nest).get("trouble") and certificate(nest), "the name that lacks being told")
    assert sorted(told["names"]) == sorted(NAMES) and told["authority"] == DIRECTORY
    assert f"could not reach http://{ELSEWHERE}/: is port 80 open" in told["trouble"]
    for name in NAMES:
        with socket.create_connection((PLACE, 443), timeout=30) as raw:
            trusted.wrap_socket(raw, server_hostname=name).close()
    with smtplib.SMTP(PLACE, 25, "client.test", timeout=30, source_address=("20.1.0.5", 0)) as smtp:
        smtp._host = f"mx.{DOMAIN}"
        smtp.starttls(context=trusted)
    nest.stop()

    orders = pebble.orders()
    nest.start()
    until(lambda: words(nest).count("acme asks") == nest.starts, "its decision")
    assert shown() == pem
    nest.stop()
    assert pebble.orders() == orders
    assert (nest.data_dir / "tls" / "key.pem").stat().st_mode & 0o777 == 0o600

    other = DIRECTORY.replace("/dir", ":443/dir")  # by its words another authority
    nest.write_settings({"tls": {"certificate": None, "key": None, "acme": other}})
    nest.start()
    until(lambda: shown() != pem, "another certificate", 60)
    assert key_of(shown()) == key_of(own)
    nest.stop()
    pebble.stop()


def test_an_authority_that_is_away_hinders_nothing(nest):
    with pytest.raises(OSError):
        socket.create_connection((AUTHORITY, 443), timeout=5)
    nest.start()
    until(lambda: certificate(nest).get("trouble"), "the trouble being told")
    told = certificate(nest)
    assert told["self_signed"] and "does not answer" in told["trouble"] and DOMAIN in told["names"]
    assert words(nest).count("acme no new certificate") == 1
    with pytest.raises(ssl.SSLCertVerificationError), socket.create_connection((PLACE, 443), timeout=30) as raw:
        ssl.create_default_context().wrap_socket(raw, server_hostname=DOMAIN)
