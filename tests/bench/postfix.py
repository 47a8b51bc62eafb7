"""The yardstick of ingest: Postfix in a root of its own, and its load generator, which both servers are given."""
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from laboratory.root import Root  # noqa: E402
from laboratory.wait import until  # noqa: E402


class Postfix:
    ADDRESS, MAILBOX = "20.0.0.2", "reader@postfix.test"

    def __init__(self, path):
        self.root = Root(path)
        self.inbox = self.root / "var/mail/all/new"
        self.root.run("sh", "-c",
                      "postconf -F '*/*/chroot=n'; mkdir -p /var/mail; chown 5000:5000 /var/mail; newaliases")

    def start(self):
        self.root.run("postfix", "start")
        until(lambda: (self.root / "var/spool/postfix/public/pickup").exists(), "Postfix starting")
        return self

    def stop(self):
        self.root.run("postfix", "stop")

    def arrived(self):
        return len(os.listdir(self.inbox)) if self.inbox.exists() else 0

    def source(self, address, mailbox, sessions, messages):
        """Postfix's own generator; gives the seconds it took."""
        began = time.monotonic()
        self.root.run("/usr/sbin/smtp-source", "-s", sessions, "-m", messages, "-l", 4096, "-f", "sender@mail.test",
                      "-t", mailbox, f"inet:{address}:25", seconds=600)
        return time.monotonic() - began


def ingest_rate(generator, server, sessions, messages):
    """Messages a second, until the last one is in the mailbox."""
    before = server.arrived()
    began = time.monotonic()
    generator.source(server.ADDRESS, server.MAILBOX, sessions, messages)
    until(lambda: server.arrived() >= before + messages, "the last message in the mailbox", 300)
    return messages / (time.monotonic() - began)
