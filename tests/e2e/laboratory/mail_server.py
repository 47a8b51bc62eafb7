"""What Postfix, Exim and OpenSMTPD have in common as peers of the laboratory."""
import email
import email.policy
import re
import shutil
import socket

from .root import Root
from .wait import DEADLINE, TookTooLong, until


class Received:
    """A mail as it lies in the Maildir there: bytes as that server wrote them, lines ending with LF."""

    def __init__(self, raw):
        self.raw = raw
        self.head, _, self.body = raw.partition(b"\n\n")

    def __repr__(self):
        return f"<mail {self['Subject']!r}, {len(self.raw)} bytes>"

    @property
    def parsed(self):
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    def __getitem__(self, name):
        return self.parsed[name]


class Waiting:
    """One recipient in their queue, and why it is still there as far as the queue tells."""

    def __init__(self, serial, recipient, reason=""):
        self.serial, self.recipient, self.reason = serial, recipient, reason

    def __repr__(self):
        return f"<{self.serial} to {self.recipient}: {self.reason}>"


class MailServer:
    """A mail server of somebody else: takes everything for DOMAIN into one Maildir, sends what is submitted there.

    begin() lets it run with the settings given and nothing in inbox, queue and log; each test begins it."""

    NAME = DOMAIN = HOSTNAME = ADDRESS = INBOX = LOG = None

    def __init__(self, folder, ca):
        self._ca, self._settings, self._log_from = ca, None, 0
        self.certificate = ca.issue(self.HOSTNAME)
        self.root = Root.over(self.NAME, folder / self.NAME)

    # its life

    def begin(self, certificate=None, **settings):
        """`certificate`: (pem, key) other than the right one.  What else there is to choose, each server tells."""
        wanted = {"certificate": certificate or self.certificate, **settings}
        if wanted != self._settings or not self.runs():
            self.stop()
            self._certify(*wanted["certificate"])
            self.configure(**settings)
            self.start()
            until(self.listens, f"{self.NAME} listening")
            self._settings = wanted
        self.empty_queue()
        shutil.rmtree(self.root / self.INBOX, ignore_errors=True)
        self._log_from = len(self._whole_log())
        return self

    def listens(self):
        if not self.runs():
            raise AssertionError(f"{self.NAME} did not start:\n{self.log()[-3000:]}")
        with socket.socket() as probe:
            return probe.connect_ex((self.ADDRESS, 25)) == 0

    def _certify(self, pem, key):
        for source, name in ((pem, "mx.pem"), (key, "mx.key"), (self._ca.pem, "ca.pem")):
            shutil.copyfile(source, self.root.lab / name)
            (self.root.lab / name).chmod(0o600 if name == "mx.key" else 0o644)

    # what it did

    def log(self):
        """Its words since begin()."""
        return self._whole_log()[self._log_from:].decode("utf-8", "replace")

    def _whole_log(self):
        path = self.root / self.LOG
        return path.read_bytes() if path.exists() else b""

    def wait_for_log(self, pattern, seconds=DEADLINE):
        """The first match of the regular expression in a line of the log."""
        try:
            return until(lambda: re.search(pattern, self.log()), f"{pattern!r} in the log of {self.NAME}", seconds)
        except TookTooLong as late:
            raise TookTooLong(f"{late}; it says:\n{self.log()[-4000:]}") from None

    def inbox(self):
        """All that arrived since begin(), oldest first."""
        files = sorted((self.root / self.INBOX / "new").glob("*"), key=lambda path: path.stat().st_mtime_ns)
        return [Received(path.read_bytes()) for path in files]

    def wait_for_mail(self, wanted=lambda mail: True, seconds=DEADLINE):
        try:
            return until(lambda: next(filter(wanted, self.inbox()), None), f"a mail at {self.NAME}", seconds)
        except TookTooLong as late:
            raise TookTooLong(f"{late}; there is {self.inbox()}, and it says:\n{self.log()[-3000:]}") from None

    def wait_for_empty_queue(self, seconds=DEADLINE):
        try:
            until(lambda: not self.queue(), f"an empty queue at {self.NAME}", seconds)
        except TookTooLong as late:
            raise TookTooLong(f"{late}; {self.queue()}, and it says:\n{self.log()[-3000:]}") from None

    # what it is told

    def empty_queue(self):
        """Of what is just being tried nothing can be removed, or it is gone by then: asked again until nothing is left."""
        def is_empty():
            serials = {row.serial for row in self.queue()}
            if serials:
                self.remove(serials)
            return not serials
        until(is_empty, f"an empty queue at {self.NAME}", 60)

    def retry(self):
        """What waits is tried at once, where its own clock is too slow for a test."""

    def send(self, sender, recipients, mail, options=()):
        """Submits `mail` (bytes or a message; lines end with LF there) as sendmail does on that machine."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=email.policy.SMTP)
        recipients = [recipients] if isinstance(recipients, str) else recipients
        self.root.run("/usr/sbin/sendmail", "-i", "-f", sender, *options, "--", *recipients,
                      input=raw.replace(b"\r\n", b"\n"))
