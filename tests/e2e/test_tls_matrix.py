"""How much TLS mail needs on its way: the tables of docs/tls.md, cell by cell."""
import pathlib
import ssl

import pytest

from laboratory.ca import Ca
from laboratory.mailhost import MailHost
from laboratory.mailing import compose, connect, transact
from laboratory.nestbox import Nestbox
from laboratory.policies import PolicyServer, policy
from laboratory.wait import until

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "tls.md"
STS_ADDRESS, WRONG_STS_ADDRESS = "20.1.5.1", "20.1.5.2"
CERTIFICATES = {"right certificate": {}, "expired certificate": {"expired": True},
                "certificate of another name": {"other": True}, "certificate of no authority": {"stranger": True},
                "STARTTLS not offered": None, "handshake always fails": "broken"}


def tables():
    """Each table of the page: rows of cells, the first row its head."""
    found, rows = [], []
    for line in [*PAGE.read_text().split("\n"), ""]:
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if set(cells[0]) != {"-"}:
                rows.append(cells)
        elif rows:
            found.append(rows)
            rows = []
    return found


def table(head):
    return next(rows for rows in tables() if rows[0][0] == head)


def expected(cell):
    fate, _, result = cell.partition(", ")
    assert fate in ("delivered", "deferred"), cell
    return fate, {result} if result else set()


SERVERS = {(row[0], policy_name): expected(cell) for head in [table("their server")[0]]
           for row in table("their server")[1:] for policy_name, cell in zip(head[1:], row[1:])}
ZONES = {row[0]: expected(row[1]) for row in table("their zone")[1:]}


class World:
    """A mail server of its own for each cell, and a Nestbox that sends one mail to each of them."""

    def __init__(self, folder, ca, dns):
        self.ca, self.dns, self.folder = ca, dns, folder
        (folder / "strangers").mkdir()
        self.strangers = Ca(folder / "strangers")
        self.cells, self.records, self.hosts = {}, [], {}
        self.policies = {}

    def context(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        return context

    def certificate(self, name, other=False, stranger=False, **options):
        return (self.strangers if stranger else self.ca).issue("somebody-else.test" if other else name, chain=True,
                                                               **options)

    def add(self, cell, domain=None, host=None, tls=None, tlsa=None, sts=None, sts_address=STS_ADDRESS, mx=10):
        """`tls`: options of the certificate, or what MailHost takes; `tlsa`: a function of the certificate's path."""
        number = len(self.cells) + 1
        domain = domain or f"cell{number}.test"
        host, address = host or f"mx.{domain}", f"20.1.14.{number}"
        certificate = self.certificate(host, **(tls if isinstance(tls, dict) else {}))
        self.cells[cell] = domain
        self.records += [f"{host} A {address}", f"{domain} MX {mx} {host}."]
        self.records += [f"_25._tcp.{host} TLSA {record}" for record in (tlsa(certificate[0]) if tlsa else [])]
        if sts:
            self.records += [f"_mta-sts.{domain} TXT \"v=STSv1; id=1;\"", f"mta-sts.{domain} A {sts_address}"]
            self.policies[domain] = sts(host)
        self.hosts[cell] = MailHost(address, tls=self.context(certificate) if isinstance(tls, dict) else tls)

    def end_entity(self, pem):
        return [f"3 1 1 {self.ca.key_digest(pem)}"]

    def anchor(self, _):
        return [f"2 1 1 {self.ca.key_digest(self.ca.pem)}"]

    def wrong(self, pem):
        return [f"3 1 1 {self.ca.other_digest(self.ca.key_digest(pem))}"]

    def authority(self, pem):
        return [f"1 1 1 {self.ca.key_digest(pem)}"]

    def fill(self):
        columns = {"no policy": {}, "DANE-EE": {"tlsa": self.end_entity}, "DANE-TA": {"tlsa": self.anchor},
                   "MTA-STS enforce": {"sts": lambda host: policy("enforce", host)},
                   "MTA-STS testing": {"sts": lambda host: policy("testing", host)}}
        for row, column in SERVERS:
            self.add((row, column), tls=CERTIFICATES[row], **columns[column])
        enforced = {"sts": lambda host: policy("enforce", host)}
        zones = {
            "TLSA 3 1 1 of another key": {"tlsa": self.wrong},
            "TLSA records that DNSSEC proves false": {"host": "falsified.test", "tlsa": self.end_entity},
            "a zone that DNSSEC proves false": {"domain": "false.test"},
            "TLSA of another key in a zone without DNSSEC": {"domain": "cell.unsigned.test", "tlsa": self.wrong},
            "TLSA of usage 1 alone": {"tlsa": self.authority},
            "TLSA lookup that nobody answers": {"host": "mute.test"},
            "a first host with a wrong TLSA, a second with the right one": {"mx": 20, "tlsa": self.end_entity},
            "MTA-STS enforce that names another host": {"sts": lambda host: policy("enforce", "mx.else.test")},
            "MTA-STS announced, and nobody serves it": {**enforced, "sts_address": "20.1.5.9"},
            "MTA-STS behind a redirect": {"sts": lambda host: (301, "text/plain", "https://cell1.test/")},
            "MTA-STS behind a wrong certificate": {**enforced, "sts_address": WRONG_STS_ADDRESS},
            "MTA-STS that is no policy": {"sts": lambda host: "hello\r\n"},
        }
        for row in ZONES:
            self.add(row, tls={}, **zones[row])
        # beside it, the wrong one of another cell, which would be better
        wrong = self.cells["TLSA 3 1 1 of another key"]
        domain = self.cells["a first host with a wrong TLSA, a second with the right one"]
        self.records.append(f"{domain} MX 10 mx.{wrong}.")

    def open(self):
        self.fill()
        names = [f"mta-sts.{domain}" for domain in self.policies]
        self.web = [PolicyServer(STS_ADDRESS, self.ca.issue(*names)),
                    PolicyServer(WRONG_STS_ADDRESS, self.ca.issue("somebody-else.test"))]
        for web in self.web:
            web.policies.update(self.policies)
        self.dns.add(*self.records)  # before the server asks for the first time
        self.nest = Nestbox(self.folder / "nest", self.ca, self.dns, ("twin.test",), "20.0.0.11").start()
        author = self.nest.account("tom@twin.test")
        with connect(self.nest, 587) as smtp:
            smtp.login(author.address, author.password)
            for domain in self.cells.values():
                to = f"bob@{domain}"
                assert transact(smtp, author.address, [to], compose(author.address, to, "hello", "you\n"))[0] == 250

    def close(self):
        for part in [*self.hosts.values(), *self.web]:
            part.stop()
        self.nest.end()

    def fate(self, cell):
        """Waits until it is known."""
        def look():
            if self.hosts[cell].mails.all():
                return "delivered"
            waits = [row for row in self.nest.ask("queue", "list") if row["host"] == self.cells[cell]]
            return "deferred" if waits and waits[0]["tries"] > 0 else None
        return until(look, f"the end of a delivery to {cell}", 40)

    def failures(self, cell):
        return {row["result"] for row in self.nest.ask("queue", "tls")
                if row["domain"] == self.cells[cell] and row["result"] != "good"}


@pytest.fixture(scope="module")
def world(lab, ca, dns):
    folder = lab / "matrix"
    folder.mkdir()
    world = World(folder, ca, dns)
    world.open()
    yield world
    world.close()


def check(world, cell, fate, results):
    assert world.fate(cell) == fate
    until(lambda: world.failures(cell) == results or None if results else True, f"{results} counted for {cell}, not "
          f"{world.failures(cell)}")
    assert world.failures(cell) == results
    assert bool(world.hosts[cell].mails.all()) == (fate == "delivered")


@pytest.mark.parametrize("cell", SERVERS, ids=", ".join)
def test_their_server(world, cell):
    check(world, cell, *SERVERS[cell])
    has_tls = isinstance(CERTIFICATES[cell[0]], dict)
    assert all((mail.talk.tls is not None) == has_tls for mail in world.hosts[cell].mails.all())


@pytest.mark.parametrize("cell", ZONES)
def test_their_zone(world, cell):
    check(world, cell, *ZONES[cell])


def test_success_is_counted_by_the_policy_that_was_applied(world):
    def policies(cell):
        return {row["policy"] for row in world.nest.ask("queue", "tls")
                if row["domain"] == world.cells[cell] and row["result"] == "good"}
    for column, name in (("no policy", "no-policy-found"), ("DANE-EE", "tlsa"), ("MTA-STS enforce", "sts")):
        cell = ("right certificate", column)
        world.fate(cell)
        until(lambda: policies(cell) == {name}, f"{name} counted as good")  # noqa: B023
