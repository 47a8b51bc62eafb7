"""The yardsticks, in a root of their own: Postfix with its load generator, which both servers are given, and nginx."""
import os
import shutil
import subprocess
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from laboratory.wait import until  # noqa: E402


class Postfix:
    ADDRESS, MAILBOX = "20.0.0.2", "reader@postfix.test"

    def __init__(self, root):
        self.root = root
        self.inbox = root / "var/mail/all/new"
        root.run("sh", "-c", "postconf -F '*/*/chroot=n'; mkdir -p /var/mail; chown 5000:5000 /var/mail; newaliases")

    def start(self):
        self.root.run("postfix", "start")
        until(lambda: (self.root / "var/spool/postfix/public/pickup").exists(), "Postfix starting")
        return self

    def stop(self):
        self.root.run("postfix", "stop", may_fail=True)

    def arrived(self):
        return len(os.listdir(self.inbox)) if self.inbox.exists() else 0

    def queued(self):
        return sum(path.is_file() for path in (self.root / "var/spool/postfix/deferred").rglob("*"))

    def source(self, address, mailbox, sessions, messages, octets=4096):
        """Postfix's own generator: a connection a mail, none like another."""
        self.root.run("/usr/sbin/smtp-source", "-s", sessions, "-m", messages, "-l", octets, "-f", "sender@mail.test",
                      "-t", mailbox, f"inet:{address}:25", seconds=600)


class Nginx:
    """Gives files; `core` is the one it is pinned to."""
    ADDRESS, HOST = "20.0.0.2", "nginx.test"

    def __init__(self, root, ca, core):
        self.root, self._process = root, None
        self.command = ["taskset", "-c", str(core), "chroot", str(root.path), "nginx", "-g", "daemon off;"]
        certificate, key = ca.issue(self.HOST, addresses=[self.ADDRESS])
        shutil.copy(certificate, root / "etc/nginx/certificate.pem")
        shutil.copy(key, root / "etc/nginx/key.pem")

    def give(self, name, body):
        (self.root / "srv" / name).write_bytes(body)

    def start(self):
        self._process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        until((self.root / "run/nginx.pid").exists, "nginx starting")
        return self

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait()
