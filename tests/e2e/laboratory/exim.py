"""Exim 4.96, of Debian 12."""
from .mail_server import MailServer, Waiting

CONF = """primary_hostname = mx.exim.test
domainlist local_domains = exim.test
local_interfaces = <; 20.0.0.3
dns_dnssec_ok = 1
tls_advertise_hosts = *
tls_certificate = /lab/mx.pem
tls_privatekey = /lab/mx.key
log_file_path = /var/log/exim4/%slog
log_selector = +tls_cipher +tls_certificate_verified +dnssec +smtp_confirmation +received_recipients
message_size_limit = 100M
accept_8bitmime
dsn_advertise_hosts = *
chunking_advertise_hosts = *
never_users =
keep_environment =
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
rcpt:
  accept domains = +local_domains
         control = dkim_disable_verify
  accept hosts = : 20.0.0.3
  deny message = relay not permitted
begin routers
local:
  driver = accept
  domains = +local_domains
  transport = mbox
mx:
  driver = dnslookup
  dnssec_request_domains = *
  self = send
  transport = out
begin transports
mbox:
  driver = appendfile
  directory = /var/mail/in
  maildir_format
  create_directory
  user = mail
out:
  driver = smtp
  interface = 20.0.0.3
  dnssec_request_domains = *
  {dane}
  tls_verify_certificates = /lab/ca.pem
  {verify} = *
begin retry
* * F,4d,2s
"""


class Exim(MailServer):
    """begin(dane=True): hosts_try_dane; verify=True: the certificate of others must be right, else a wrong one is
    only logged (CV=no)."""

    NAME, DOMAIN, HOSTNAME, ADDRESS = "exim", "exim.test", "mx.exim.test", "20.0.0.3"
    INBOX, LOG = "var/mail/in", "var/log/exim4/mainlog"

    def __init__(self, folder, ca):
        super().__init__(folder, ca)
        self._daemon = None

    def configure(self, dane=False, verify=False):
        path = self.root / "etc/exim4/exim4.conf"
        path.write_text(CONF.format(dane=f"hosts_try_dane = {'*' if dane else ''}",
                                    verify="tls_verify_hosts" if verify else "tls_try_verify_hosts"))
        self.root.run("sh", "-c", "chown root:Debian-exim /etc/exim4/exim4.conf /lab/mx.key; "
                                  "chmod 640 /etc/exim4/exim4.conf /lab/mx.key")

    def start(self):
        self._daemon = self.root.begin("exim", "exim4", "-bdf", "-q2s")

    def runs(self):
        return self._daemon is not None and self._daemon.runs()

    def stop(self):
        if self._daemon:
            self._daemon.stop()
        self._daemon = None

    def empty_queue(self):
        """And what it remembers of hosts that did not answer."""
        super().empty_queue()
        self.root.run("sh", "-c", "rm -f /var/spool/exim4/db/retry*")

    def remove(self, serials):
        self.root.run("exim4", "-Mrm", *serials, may_fail=True)

    def queue(self):
        rows, serial = [], None
        for line in self.root.run("exim4", "-bpr").splitlines():
            words = line.split()
            if len(words) >= 4 and words[3].startswith("<"):
                serial = words[2]
            elif words and words[0] != "D":  # "D": delivered to that one
                rows.append(Waiting(serial, words[0]))
        return rows

    def retry(self):
        self.root.run("exim4", "-qff")
