"""Postfix and Exim send to us under every policy: the last table of docs/tls.md, cell by cell."""
import re
import shutil
import smtplib
import ssl

import pytest

from laboratory.mailhost import MailHost
from laboratory.mailing import compose
from laboratory.nestbox import Nestbox
from laboratory.policies import PolicyServer, policy
from laboratory.wait import until
from test_tls_matrix import table

ADDRESS, BARE_ADDRESS, STS_ADDRESS = "20.0.0.11", "20.1.8.1", "20.1.8.2"
ZONES = {"no policy": "plain-in.test", "DANE-EE": "ee-in.test", "DANE-TA": "ta-in.test",
         "MTA-STS enforce": "enforce-in.test", "MTA-STS testing": "testing-in.test",
         "TLSA of another key": "wrong-in.test", "TLSA of another key without DNSSEC": "wrong-in.unsigned.test",
         "a zone that DNSSEC proves false": "false.test"}
BARE = "bare-in.test"
SENDERS = {"Postfix, dane and MTA-STS": ("postfix", {"tls": "dane", "sts": True}),
           "Postfix, dane-only": ("postfix", {"tls": "dane-only"}), "Exim": ("exim", {"dane": True})}
TABLE = table("our zone and certificate")
CELLS = {(sender, row[0]): fate for row in TABLE[1:] for sender, fate in zip(TABLE[0][1:], row[1:])}


def domain_of(row):
    certificate, zone = row.split(", ", 1)
    return BARE if certificate == "no STARTTLS" else ZONES[zone]


class World:
    def __init__(self, folder, ca, dns):
        hosts = [f"mx.{domain}" for domain in ZONES.values()]
        self.certificates = {"right certificate": ca.issue(*hosts, chain=True),
                             "expired certificate": ca.issue(*hosts, chain=True, expired=True),
                             "certificate of another name": ca.issue("somebody-else.test", chain=True)}
        keys = [ca.key_digest(pem) for pem, _ in self.certificates.values()]
        tlsa = {"DANE-EE": [f"3 1 1 {key}" for key in keys], "DANE-TA": [f"2 1 1 {ca.key_digest(ca.pem)}"],
                "TLSA of another key": [f"3 1 1 {ca.other_digest(keys[0])}"],
                "TLSA of another key without DNSSEC": [f"3 1 1 {ca.other_digest(keys[0])}"]}
        records = []
        for zone, domain in ZONES.items():
            records += [f"mx.{domain} A {ADDRESS}", f"{domain} MX 10 mx.{domain}."]
            records += [f"_25._tcp.mx.{domain} TLSA {record}" for record in tlsa.get(zone, [])]
        records += [f"mx.{BARE} A {BARE_ADDRESS}", f"{BARE} MX 10 mx.{BARE}.", f"_25._tcp.mx.{BARE} TLSA 3 1 1 {keys[0]}"]
        self.web = PolicyServer(STS_ADDRESS, ca.issue("mta-sts.enforce-in.test", "mta-sts.testing-in.test"))
        for mode in ("enforce", "testing"):
            domain = f"{mode}-in.test"
            self.web.policies[domain] = policy(mode, f"mx.{domain}")
            records += [f'_mta-sts.{domain} TXT "v=STSv1; id=1"', f"mta-sts.{domain} A {STS_ADDRESS}"]
        dns.add(*records)
        for record in records:
            if "false.test" not in record.split()[0]:
                until(lambda: dns.ask(*record.split()[:2]), f"{record} being known")  # noqa: B023
        self.bare = MailHost(BARE_ADDRESS)
        self.nest = Nestbox(folder, ca, dns, tuple(ZONES.values()), ADDRESS, hostname="mx.plain-in.test")
        self.use("right certificate")
        self.nest.start()
        self.postmaster = self.nest.account("first@plain-in.test")
        self.fates = {}

    def use(self, name):
        """The server reads its certificate anew by itself."""
        pem, key = self.certificates[name]
        shutil.copyfile(key, self.nest.key)
        shutil.copyfile(pem, self.nest.certificate)
        if self.nest.runs():
            wanted = ssl.PEM_cert_to_DER_cert(pem.read_text().split("-----END")[0] + "-----END CERTIFICATE-----\n")
            until(lambda: self.shown() == wanted, f"the {name} being shown")

    def shown(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with smtplib.SMTP(ADDRESS, 25, "client.test", timeout=60, source_address=("20.1.0.5", 0)) as smtp:
            smtp.starttls(context=context)
            return smtp.sock.getpeercert(True)

    def send_all(self, sender, server):
        """Every cell of this sender, one certificate after the other."""
        for certificate in [*self.certificates, "no STARTTLS"]:
            rows = [row for name, row in CELLS if name == sender and row.startswith(certificate + ", ")]
            if certificate in self.certificates:
                self.use(certificate)
            self.log_from = len(server.log())
            for row in rows:
                to, author = f"postmaster@{domain_of(row)}", f"ann@{server.DOMAIN}"
                server.send(author, to, compose(author, to, f"{sender}: {row}", "hello\n"))
            for row in rows:
                self.fates[sender, row] = until(lambda: self.look(sender, row, server),  # noqa: B023
                                                f"the end of {sender}: {row}", 60)
            server.empty_queue()

    def look(self, sender, row, server):
        to = re.escape(f"postmaster@{domain_of(row)}")
        if any(mail["subject"] == f"{sender}: {row}" for mail in self.postmaster.mails("INBOX")):
            return "delivered"
        if self.bare.mails.all():
            return "delivered in clear"
        waits = any(re.fullmatch(to, waiting.recipient) for waiting in server.queue())
        tries = re.findall(rf"to=<{to}>.*status=deferred|== {to} .*defer", server.log()[self.log_from:])
        return "deferred" if waits and len(tries) > 1 else None  # one try may fail by chance

    def close(self):
        self.nest.end()
        self.web.stop()
        self.bare.stop()


@pytest.fixture(scope="module")
def world(lab, ca, dns):
    world = World(lab / "inbound", ca, dns)
    yield world
    world.close()


@pytest.fixture(scope="module")
def sent(world, request):
    """The fates of all mails of one sender, which sends them when it is first asked for."""
    def fates(sender):
        name, settings = SENDERS[sender]
        if not any(sender == known for known, _ in world.fates):
            world.send_all(sender, request.getfixturevalue(name).begin(**settings))
        return world.fates
    return fates


@pytest.mark.parametrize("cell", CELLS, ids=": ".join)
def test_they_send_to_us(sent, cell):
    assert sent(cell[0])[cell] == CELLS[cell]
