"""A certificate authority that speaks ACME: Pebble, of Let's Encrypt's own makers."""
import json
import os
import socket
import ssl
import subprocess
import urllib.request

from .process import Process
from .wait import until

NAME, ADDRESS = "acme.test", "20.1.60.2"
DIRECTORY = f"https://{NAME}/dir"
# Whose certificates it issues: names at that place, one at which nobody answers, and others that are not in DNS.
DOMAIN, PLACE = "own.test", "20.1.60.1"
NAMES, ELSEWHERE = [f"mx.{DOMAIN}", DOMAIN, f"mta-sts.{DOMAIN}"], f"autoconfig.{DOMAIN}"


def shown(port=443):
    """The certificate that is shown at PLACE to who checks nothing."""
    blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((PLACE, port), timeout=30) as raw, blind.wrap_socket(raw, server_hostname=DOMAIN) as tls:
        return ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))


def key_of(pem):
    return subprocess.run(["openssl", "x509", "-noout", "-pubkey"], input=pem.encode(), check=True,
                          capture_output=True).stdout


class Pebble:
    """At https://acme.test; each start makes a new authority, which knows nobody.  The seconds that certificates live are
    `life_s`; of a hundred requests it refuses `nonces_refused` for their nonce, whatever that is."""

    def __init__(self, folder, ca, dns):
        self.folder = folder
        folder.mkdir(parents=True)
        self._pem, self._key = ca.issue(NAME, addresses=[ADDRESS])
        self._process = None
        dns.add_signed(f"{NAME} A {ADDRESS}", *(f"{name} A {PLACE}" for name in NAMES), f"{ELSEWHERE} A 20.1.60.3")

    def start(self, life_s=90 * 86400, nonces_refused=5):
        settings = {"listenAddress": f"{ADDRESS}:443", "managementListenAddress": f"{ADDRESS}:15000",
                    "certificate": str(self._pem), "privateKey": str(self._key), "httpPort": 80, "tlsPort": 443,
                    "certificateValidityPeriod": life_s}
        path = self.folder / "pebble.json"
        path.write_text(json.dumps({"pebble": settings}))
        self._process = Process("pebble", ["pebble", "-config", path], self.folder / "pebble.log",
                                env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": str(nonces_refused),
                                     "PEBBLE_AUTHZREUSE": "100"})
        until(self._root, "Pebble answering")
        return self

    def stop(self):
        if self._process:
            self._process.kill()
        self._process = None

    def _root(self):
        blind = ssl._create_unverified_context()
        try:
            with urllib.request.urlopen(f"https://{ADDRESS}:15000/roots/0", context=blind, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def context(self):
        """For a client that trusts this authority alone and checks names."""
        return ssl.create_default_context(cadata=self._root())

    def orders(self):
        """How many it had since it was started first."""
        return (self.folder / "pebble.log").read_text().count('Added order "')
