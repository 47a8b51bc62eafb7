"""Postfix 3.7, of Debian 12."""
import json

from .mail_server import MailServer, Waiting
from .wait import until

MAIN_CF = {
    "compatibility_level": "3.6", "myhostname": "mx.postfix.test", "mydestination": "",
    "inet_interfaces": "20.0.0.2", "inet_protocols": "ipv4", "smtp_bind_address": "20.0.0.2",
    "mynetworks": "20.0.0.2/32", "maillog_file": "/var/log/mail.log", "message_size_limit": "104857600",
    "virtual_mailbox_domains": "postfix.test", "virtual_mailbox_base": "/var/mail", "virtual_mailbox_limit": "0",
    "virtual_mailbox_maps": "static:all/", "virtual_uid_maps": "static:5000", "virtual_gid_maps": "static:5000",
    "smtpd_tls_chain_files": "/lab/mx.key, /lab/mx.pem", "smtpd_tls_security_level": "may",
    "smtpd_tls_loglevel": "1", "smtp_tls_loglevel": "1", "smtp_tls_CAfile": "/lab/ca.pem",
    "smtp_dns_support_level": "dnssec", "smtp_host_lookup": "dns", "dnssec_probe": "",
    # Debian's steps are for the Internet: here an attempt is repeated every two seconds.
    "minimal_backoff_time": "2s", "maximal_backoff_time": "10s", "queue_run_delay": "2s",
    "smtp_destination_concurrency_failed_cohort_limit": "0",
}
RESOLVER = "host: 127.0.0.1\nport: 8461\ncache: {type: internal, options: {cache_size: 100}}\n" \
           "default_zone: {strict_testing: false, timeout: 4}\n"


class Postfix(MailServer):
    """begin(tls=…): smtp_tls_security_level towards others: may, encrypt, verify, dane, dane-only; `sts`: policies of
    MTA-STS are asked for and kept; any other keyword is a line of main.cf."""

    NAME, DOMAIN, HOSTNAME, ADDRESS = "postfix", "postfix.test", "mx.postfix.test", "20.0.0.2"
    INBOX, LOG = "var/mail/all", "var/log/mail.log"

    def __init__(self, folder, ca):
        super().__init__(folder, ca)
        self._master = self._resolver = None
        self._services = (self.root / "etc/postfix/master.cf").read_text()
        self.root.run("sh", "-c", "chown 5000:5000 /var/mail; newaliases")

    def configure(self, tls="may", sts=False, **main_cf):
        settings = {**MAIN_CF, "smtp_tls_security_level": tls, **main_cf}
        if sts:
            settings["smtp_tls_policy_maps"] = "socketmap:inet:127.0.0.1:8461:postfix"
            (self.root.lab / "sts.yml").write_text(RESOLVER)
        self._wants_resolver = sts
        (self.root / "etc/postfix/main.cf").write_text(
            "".join(f"{name} = {value}\n" for name, value in settings.items()))
        (self.root / "etc/postfix/master.cf").write_text(self._services)
        self.root.run("postconf", "-F", "*/*/chroot=n")  # Debian's jail has no resolv.conf of ours

    def start(self):
        if self._wants_resolver:
            self._resolver = self.root.begin("mta-sts", "mta-sts-daemon", "-c", "/lab/sts.yml",
                                             env={"SSL_CERT_FILE": "/lab/ca.pem"})
        self._master = self.root.begin("postfix", "postfix", "start-fg")
        until(lambda: (self.root / "var/spool/postfix/public/pickup").exists() or not self.runs(), "Postfix starting")

    def runs(self):
        return self._master is not None and self._master.runs()

    def stop(self):
        if self.runs():
            self.root.run("postfix", "stop")
        if self._master:
            self._master.finish()
        if self._resolver:
            self._resolver.stop()
        self._master = self._resolver = None

    def remove(self, serials):
        self.root.run("postsuper", "-d", "ALL")

    def queue(self):
        rows = [json.loads(line) for line in self.root.run("postqueue", "-j").splitlines()]
        return [Waiting(row["queue_id"], recipient["address"], recipient.get("delay_reason", ""))
                for row in rows for recipient in row["recipients"]]

    def retry(self):
        """Tries all of its queue now."""
        self.root.run("postqueue", "-f")


