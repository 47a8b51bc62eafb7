"""The server has its certificate from an authority, by itself: docs/certificates.md."""
import json
import smtplib
import socket
import ssl
import subprocess

import pytest

from laboratory.nestbox import Nestbox
from laboratory.pebble import DIRECTORY, Pebble
from laboratory.wait import until

DOMAIN, ADDRESS, AUTHORITY, NOBODY = "own.test", "20.1.60.1", "20.1.60.2", "20.1.60.3"
NAMES = [f"mx.{DOMAIN}", DOMAIN, f"mta-sts.{DOMAIN}"]
ABSENT, ELSEWHERE = f"openpgpkey.{DOMAIN}", f"autoconfig.{DOMAIN}"


@pytest.fixture(scope="module")
def pebble(lab, ca, dns):
    dns.add_signed(f"acme.test A {AUTHORITY}", *(f"{name} A {ADDRESS}" for name in NAMES), f"{ELSEWHERE} A {NOBODY}")
    pebble = Pebble(lab / "pebble", ca, AUTHORITY)
    yield pebble
    pebble.stop()


@pytest.fixture
def nest(lab, ca, dns, pebble, request):
    made = Nestbox(lab / request.node.name[:40], ca, dns, (DOMAIN,), ADDRESS, {
        "tls": {"certificate": None, "key": None, "acme": DIRECTORY}})
    yield made
    made.end()


def shown(port=443, name=DOMAIN):
    """The certificate that is shown to who checks nothing."""
    blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((ADDRESS, port), timeout=30) as raw, blind.wrap_socket(raw, server_hostname=name) as tls:
        return ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))


def key_of(pem):
    return subprocess.run(["openssl", "x509", "-noout", "-pubkey"], input=pem.encode(), check=True,
                          capture_output=True).stdout


def certificate(nest):
    return json.loads(nest.cli("status", "--json"))["certificate"]


def words(nest):
    return nest.log.read_text()


def test_a_certificate_is_fetched_used_at_once_renewed_and_kept(nest, pebble):
    pebble.start(life_s=6)
    nest.start()
    own = shown()
    until(lambda: shown() != own, "the first certificate being shown", 60)
    first = shown()
    until(lambda: shown() not in (own, first), "the second one being shown", 60)
    assert key_of(shown()) == key_of(own)  # what a TLSA record names
    nest.stop()
    pebble.stop()

    pebble.start()
    nest.start()
    trusted = pebble.context()
    until(lambda: certificate(nest)["until"] > "2026-12", "a certificate for long", 60)
    told = certificate(nest)
    assert sorted(told["names"]) == sorted(NAMES)
    assert told["authority"] == DIRECTORY and ELSEWHERE in told["trouble"] and "port 80" in told["trouble"]
    until(lambda: key_of(shown()) == key_of(own) and shown() == shown(465), "it being shown at every door")
    for name in NAMES:
        with socket.create_connection((ADDRESS, 443), timeout=30) as raw:
            trusted.wrap_socket(raw, server_hostname=name).close()
    with smtplib.SMTP(ADDRESS, 25, "client.test", timeout=30, source_address=("20.1.0.5", 0)) as smtp:
        smtp._host = f"mx.{DOMAIN}"
        smtp.starttls(context=trusted)
    pem, orders = shown(), pebble.log().count("new-order")
    nest.stop()

    nest.start()
    until(lambda: words(nest).count("acme asks") == nest.starts, "its decision")
    assert shown() == pem
    nest.stop()
    assert pebble.log().count("new-order") == orders
    assert (nest.data_dir / "tls" / "key.pem").stat().st_mode & 0o777 == 0o600
    pebble.stop()


def test_an_authority_that_is_away_hinders_nothing(nest):
    nest.start()
    until(lambda: certificate(nest).get("trouble"), "the trouble being told")
    told = certificate(nest)
    assert told["self_signed"] and "does not answer" in told["trouble"]
    assert "asks again from" in words(nest) and DOMAIN in told["names"]
    assert shown() and words(nest).count("acme no new certificate") == 1
