"""OpenSMTPD 6.8, of Debian 12."""
from .mail_server import MailServer, Waiting

CONF = """{pki}
table users {{ "@" = mail }}
table self {{ 20.0.0.4 }}
smtp max-message-size 100M
listen on 20.0.0.4 port 25 {tls} hostname mx.smtpd.test
listen on socket
action "in" maildir "/var/mail/in" virtual <users>
action "out" relay helo mx.smtpd.test src 20.0.0.4
match from any for domain "smtpd.test" action "in"
match from local for any action "out"
match from src <self> for any action "out"
"""
PKI = 'pki mx.smtpd.test cert "/lab/mx.pem"\npki mx.smtpd.test key "/lab/mx.key"'


class OpenSmtpd(MailServer):
    """begin(tls=True): STARTTLS is offered, and every handshake fails (a fault of Debian's package, which is useful
    here).  Without it all mail to it goes in clear.  It sends by STARTTLS, whatever the certificate."""

    NAME, DOMAIN, HOSTNAME, ADDRESS = "opensmtpd", "smtpd.test", "mx.smtpd.test", "20.0.0.4"
    INBOX, LOG = "var/mail/in", "lab/opensmtpd.log"

    def __init__(self, folder, ca):
        super().__init__(folder, ca)
        self._daemon = None

    def configure(self, tls=False):
        (self.root / "etc/smtpd.conf").write_text(
            CONF.format(pki=PKI if tls else "", tls="tls pki mx.smtpd.test" if tls else ""))

    def begin(self, **settings):
        """Anew each time: it remembers for minutes which hosts ended a connection, and does not go there."""
        self.stop()
        return super().begin(**settings)

    def start(self):
        self._daemon = self.root.begin("opensmtpd", "smtpd", "-d", "-f", "/etc/smtpd.conf")

    def runs(self):
        return self._daemon is not None and self._daemon.runs()

    def stop(self):
        if self._daemon:
            self._daemon.stop()
        self._daemon = None

    def remove(self, serials):
        for serial in serials:
            self.root.run("smtpctl", "remove", serial, may_fail=True)

    def queue(self):
        """Rows of `smtpctl show queue`: serial|inet4|mta|auth|sender|rcpt|rcpt|…|reason."""
        rows = [line.split("|") for line in self.root.run("smtpctl", "show", "queue").splitlines()]
        return [Waiting(row[0], row[5], row[-1]) for row in rows]

    def retry(self):
        """It waits 400 s after a 450, and no setting says otherwise: this stands for its clock."""
        self.root.run("smtpctl", "schedule", "all")
