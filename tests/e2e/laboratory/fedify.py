"""Fedify, an independent Fediverse server, as a peer."""
import json
import os
import pathlib
import platform
import subprocess

from .process import Process
from .wait import DEADLINE, Log

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fediverse"
MACHINE = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
NODE = FOLDER / "node_modules" / f"node-linux-{MACHINE}" / "bin" / "node"

RFC9421, CAVAGE = "rfc9421", "cavage"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
FACES = ("eve", "eva", "evi")


class FedifyPeer(Process):
    """People bob, dan, max, and eve, eva and evi, who have faces, on `host`.  `activities` holds what Fedify verified, `requests` every request."""

    def __init__(self, folder, ca, host, address, first_knock=RFC9421):
        self.host = host
        self.activities, self.requests = Log(f"activities at {host}"), Log(f"requests to {host}")
        self.problems, self._answers = Log(f"problems of {host}"), Log(f"answers of {host}")
        self._ready = Log(f"start of {host}")
        self._serial = 0
        knock = "rfc9421" if first_knock == RFC9421 else "draft-cavage-http-signatures-12"
        certificate, key = ca.issue(host)
        super().__init__(
            f"Fedify {host}", [NODE, FOLDER / "peer.mjs", host, address, certificate, key, knock],
            folder / f"{host}.log", env={**os.environ, "NODE_EXTRA_CA_CERTS": str(ca.pem)}, stdin=subprocess.PIPE)

    def heard(self, line):
        super().heard(line)
        try:
            said = json.loads(line)
        except ValueError:
            return
        logs = {"request": self.requests, "activity": self.activities, "problem": self.problems, "ready": self._ready}
        (self._answers if "answer" in said else logs[said["event"]]).add(said)

    def wait_until_ready(self):
        self._ready.wait_for(lambda said: True, 60, "the first line")
        return self

    def do(self, word, seconds=DEADLINE, **details):
        """One command; gives its result, or fails with what Fedify said."""
        self._serial += 1
        number = self._serial
        self.popen.stdin.write((json.dumps({"id": number, "do": word, **details}) + "\n").encode())
        self.popen.stdin.flush()
        said = self._answers.wait_for(lambda answer: answer["answer"] == number, seconds, f"an answer to {word}")
        if "error" in said:
            raise AssertionError(f"{self.host}: {word} failed: {said['error']}")
        return said["result"]

    def actor(self, person="bob"):
        return f"https://{self.host}/users/{person}"

    def follow(self, handle, person="bob"):
        return self.do("follow", **{"from": person, "handle": handle})["id"]

    def note(self, content, recipients, person="bob", to=("public",), cc=(), **details):
        return self.do("note", **{"from": person, "content": content, "recipients": list(recipients),
                                  "to": list(to), "cc": list(cc), **details})

    def wait_for_activity(self, kind, wanted=lambda activity: True, seconds=DEADLINE):
        """The event of the first verified activity of this type for which `wanted` holds."""
        return self.activities.wait_for(
            lambda event: event["activity"]["type"] == kind and wanted(event["activity"]), seconds, f"a verified {kind}")
