"""The yardstick of ingest: Postfix in a root of its own, and its load generator, which both servers are given."""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from laboratory.wait import until  # noqa: E402


class Postfix:
    ADDRESS, MAILBOX = "20.0.0.2", "reader@postfix.test"

    def __init__(self, root):
        self.root = root
        self.inbox = root / "var" / "mail" / "all" / "new"
        subprocess.run(["mount", "--bind", root, root], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
        subprocess.run(["mount", "--rbind", "/dev", root / "dev"], check=True)
        self.chroot("sh", "-c", "postconf -F '*/*/chroot=n'; mkdir -p /var/mail; chown 5000:5000 /var/mail; newaliases")

    def chroot(self, *words):
        done = subprocess.run(["chroot", str(self.root), *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-500:]}")
        return done

    def start(self):
        self.chroot("postfix", "start")
        until(lambda: (self.root / "var/spool/postfix/public/pickup").exists(), "Postfix starting")
        return self

    def stop(self):
        subprocess.run(["chroot", str(self.root), "postfix", "stop"], capture_output=True)

    def arrived(self):
        return len(os.listdir(self.inbox)) if self.inbox.exists() else 0

    def source(self, address, mailbox, sessions, messages):
        """Postfix's own generator; gives the seconds it took."""
        began = time.monotonic()
        self.chroot("/usr/sbin/smtp-source", "-s", sessions, "-m", messages, "-l", 4096, "-f", "sender@mail.test",
                    "-t", mailbox, f"inet:{address}:25")
        return time.monotonic() - began


def ingest_rate(generator, server, sessions, messages):
    """Messages a second, until the last one is in the mailbox."""
    before = server.arrived()
    began = time.monotonic()
    generator.source(server.ADDRESS, server.MAILBOX, sessions, messages)
    until(lambda: server.arrived() >= before + messages, "the last message in the mailbox", 300)
    return messages / (time.monotonic() - began)
