"""A certificate authority that speaks ACME: Pebble, of Let's Encrypt's own makers."""
import json
import os
import ssl
import urllib.request

from .process import Process
from .wait import until

NAME = "acme.test"
DIRECTORY = f"https://{NAME}/dir"


class Pebble:
    """At https://acme.test; each start makes a new authority, which knows nobody.  The seconds that certificates live are
    `life_s`; of a hundred requests it refuses `nonces_refused` for their nonce, whatever that is."""

    def __init__(self, folder, ca, address):
        self.folder, self.address = folder, address
        folder.mkdir(parents=True)
        self._pem, self._key = ca.issue(NAME, addresses=[address])
        self._process = None

    def start(self, life_s=90 * 86400, nonces_refused=20):
        settings = {"listenAddress": f"{self.address}:443", "managementListenAddress": f"{self.address}:15000",
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
            with urllib.request.urlopen(f"https://{self.address}:15000/roots/0", context=blind, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def context(self):
        """For a client that trusts this authority alone and checks names."""
        return ssl.create_default_context(cadata=self._root())

    def log(self):
        return (self.folder / "pebble.log").read_text()
