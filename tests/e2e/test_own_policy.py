"""The MTA-STS policy of the domains here, as others fetch it (RFC 8461 3.3)."""
import http.client
import ssl
import subprocess

import pytest


def get(nest, host, path="/.well-known/mta-sts.txt"):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(nest.address, 443, timeout=60, context=context,
                                             source_address=("20.1.0.5", 0))
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader("Content-Type"), text


@pytest.mark.parametrize("domain", ["nest.test", "garden.test"])
def test_each_domain_has_one(nest, domain):
    assert get(nest, f"mta-sts.{domain}") == (
        200, "text/plain", "version: STSv1\r\nmode: testing\r\nmx: mx.nest.test\r\nmax_age: 86400\r\n")


def test_nothing_else_is_served_under_that_name(nest):
    assert get(nest, "mta-sts.nest.test", "/@alice")[0] in (404, 421)
    assert get(nest, "mta-sts.else.test")[0] in (404, 421)


def test_in_earnest_it_is_kept_for_a_week_and_the_first_certificate_has_its_name(twin):
    nest = twin({"policy": {"mta_sts": "enforce"}, "tls": {"certificate": None, "key": None}}).start()
    assert get(nest, "mta-sts.twin.test")[2] == (
        "version: STSv1\r\nmode: enforce\r\nmx: mx.twin.test\r\nmax_age: 604800\r\n")
    names = subprocess.run(["openssl", "x509", "-in", nest.data_dir / "tls/cert.pem", "-noout", "-ext",
                            "subjectAltName"], check=True, capture_output=True, text=True).stdout
    assert {"DNS:mx.twin.test", "DNS:twin.test", "DNS:mta-sts.twin.test"} <= set(names.replace(",", "").split())
