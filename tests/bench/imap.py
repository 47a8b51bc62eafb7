"""IMAP beside Dovecot 2.3: log-in and SELECT, headers of 10,000, APPEND; and what those who wait cost in memory.

Dovecot's limits are raised, or it stops near a thousand.  It is measured as shipped, where each connection has two processes, and
hibernating, where those that wait give one of them back; the count of its processes shows that they did.
"""
import pathlib
import re
import shutil
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "load"))

from idlers import Idlers  # noqa: E402
from laboratory.imap import Scram, Wire  # noqa: E402
from laboratory.mailing import compose  # noqa: E402
from laboratory.wait import until  # noqa: E402

LOGINS, HEADERS, APPENDS, MAILS, PER_ACCOUNT = 50, 10000, 500, 1000, 90
CROWDS, DOVECOT_GIB = (1000, 5000), 14  # 5,000 that Dovecot serves want 10 GiB; with less memory there are 1,000
REST_S = 30
ACCOUNTS = max(CROWDS) // PER_ACCOUNT + 1


class Dovecot:
    """In a root of its own; `hibernate`: those that wait give their process back."""

    PORT, PASSWORD, hostname = 1993, "secret", "127.0.0.1"

    def __init__(self, root, ca):
        self.root, self.trust, self._process = root, ca.context(), None
        certificate, key = ca.issue("dovecot.test", addresses=[self.hostname])
        shutil.copy(certificate, root.lab / "certificate.pem")
        shutil.copy(key, root.lab / "key.pem")
        self.settings = (root / "etc/dovecot/dovecot.conf")
        (root.lab / "users").write_text("".join(
            f"{name}:{self.PASSWORD}:{name}:8::/srv/mail/{name}\n" for name in map(self.name, range(1000))))
        root.run("mkdir", "-p", "-m", "1777", "/srv/mail")

    def start(self, hibernate=False):
        text = (pathlib.Path(__file__).parent / "dovecot.conf").read_text()
        self.settings.write_text(text + ("imap_hibernate_timeout = 2s\n" if hibernate else ""))
        self._process = self.root.begin("dovecot", "dovecot", "-F")
        until((self.root / "run/dovecot/master.pid").exists, "Dovecot starting")
        return self

    def stop(self):
        if self._process:
            self._process.stop()
        self._process = None

    def name(self, number):
        """It is the user's number too: the kernel lets one user watch 128 folders, and without that nothing hibernates."""
        return str(2000 + number)

    def people(self):
        """The first one's mails, for all."""
        for number in range(1, ACCOUNTS):
            name = self.name(number)
            if not (self.root / f"srv/mail/{name}").exists():
                self.root.run("sh", "-c", f"cp -a /srv/mail/{self.name(0)} /srv/mail/{name}; chown -R {name} /srv/mail/{name}")

    def processes(self):
        """Its own, and those that it started."""
        parents = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(") ")[2].split()[1])
            except OSError:
                pass
        found, line = [], [self._process.pid]
        while line:
            found.append(line.pop())
            line += [pid for pid, parent in parents.items() if parent == found[-1]]
        return found


class Ours:
    PORT, PASSWORD = 993, "a good password"

    def __init__(self, server):
        self.server, self.trust, self.hostname = server, server.trust, server.hostname

    def name(self, number):
        return f"reader{number}@nest.test"

    def people(self):
        for number in range(1, ACCOUNTS):
            self.server.account(self.name(number), self.PASSWORD)
            fill(log_in(self, number), MAILS, 200)

    def processes(self):
        return [self.server.pid]


def log_in(server, number=0):
    """A connection that has logged in by SCRAM, so that what a password costs is not what is measured."""
    wire = Wire(server, "127.0.0.1", server.PORT)
    scram = Scram(server.name(number), server.PASSWORD)
    tag = wire.begin(f"AUTHENTICATE SCRAM-SHA-256 {scram.first}")
    for answer in (scram.final, lambda _: ""):
        wire.socket.sendall(answer(wire.answer()[2:]).encode() + b"\r\n")
    done(wire, tag)
    return wire


def done(wire, tag):
    kind, words = wire.end(tag, lambda line: None)
    if kind != "OK":
        raise AssertionError(words)


def ask(wire, command):
    done(wire, wire.begin(command))


def fill(wire, mails, octets):
    text = compose("carol@mail.test", "reader@nest.test", "One of many", "x" * 60 + "\n" * 2 + "y" * octets).as_bytes().decode()
    for _ in range(mails // 50):
        ask(wire, "APPEND INBOX " + " ".join([f"{{{len(text)}+}}\r\n{text}"] * 50))
    wire.close()


def logins(server):
    began = time.monotonic()
    for _ in range(LOGINS):
        wire = log_in(server)
        ask(wire, "SELECT INBOX")
        wire.close()
    return LOGINS / (time.monotonic() - began)


def headers(server):
    wire = log_in(server, 999)
    ask(wire, "SELECT INBOX")
    began, count = time.monotonic(), 0
    tag = wire.begin("FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[HEADER])")
    seen = []
    kind, words = wire.end(tag, seen.append)
    count = sum(b" FETCH (" in line for line in seen)
    if kind != "OK" or count != HEADERS:
        raise AssertionError(f"{count} of {HEADERS}: {words}")
    return count / (time.monotonic() - began)


def appends(server):
    wire = log_in(server)
    text = compose("carol@mail.test", "reader@nest.test", "Appended", "x" * 76 + "\n").as_bytes().decode()
    text += ("x" * 76 + "\r\n") * 50
    began = time.monotonic()
    for _ in range(APPENDS):
        ask(wire, f"APPEND Archive {{{len(text)}+}}\r\n{text}")
    wire.close()
    return APPENDS / (time.monotonic() - began)


def pss_kib(pids):
    total = 0
    for pid in pids:
        try:
            total += int(re.search(r"^Pss: +(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])
        except OSError:  # it has ended since
            pass
    return total


def idle_cost(server, ca, crowds, say):
    """{connections: (KiB each, processes)}"""
    people = [(server.name(number), server.PASSWORD, "INBOX") for number in range(ACCOUNTS)]
    idlers = Idlers(server.hostname, server.PORT, ca.pem, people, networks=None)
    before, there, found = pss_kib(server.processes()), 0, {}
    for crowd in crowds:
        took = idlers.more(crowd - there)
        there = crowd
        time.sleep(REST_S)
        processes = server.processes()
        found[crowd] = (pss_kib(processes) - before) / crowd, len(processes)
        say(f"{crowd} wait: {found[crowd][0]:.1f} KiB each, {len(processes)} processes; they came in {took:.0f} s")
    idlers.stop()
    return found


def dovecot_crowds():
    available_kib = int(re.search(r"^MemAvailable: +(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M)[1])
    return CROWDS if available_kib >= DOVECOT_GIB << 20 else CROWDS[:1]


def measure_imap(server, root, ca, rounds, table, say):
    ours, theirs = Ours(server), Dovecot(root, ca).start()
    server.account(ours.name(999), ours.PASSWORD)
    server.account(ours.name(0), ours.PASSWORD)
    for each in (ours, theirs):
        fill(log_in(each, 999), HEADERS, 700)
        fill(log_in(each), MAILS, 200)
        wire = log_in(each)
        try:
            ask(wire, "CREATE Archive")
        except AssertionError:  # ours has one
            pass
        wire.close()
    for what, unit, measure in (("IMAP: log-in and SELECT of 1,000", "/s", logins), ("IMAP: headers of 10,000", "/s", headers),
                                ("IMAP: APPEND 4 KiB, one connection", "/s", appends)):
        found = {ours: [], theirs: []}
        for turn in range(rounds):
            for each in (theirs, ours):
                found[each].append(measure(each))
            say(f"{what}, round {turn + 1}: {found[ours][-1]:.0f}/s; Dovecot {found[theirs][-1]:.0f}/s")
        table.add(what, found[ours], unit, "Dovecot", found[theirs])
    ours.people()
    theirs.people()
    theirs.stop()
    cost = {"Nestbox": idle_cost(ours, ca, CROWDS, say)}
    for how in ("as shipped", "hibernating"):
        theirs.start(hibernate=how == "hibernating")
        cost[how] = idle_cost(theirs, ca, dovecot_crowds(), say)
        theirs.stop()
    for crowd, (each, _) in cost["Nestbox"].items():
        table.add(f"IMAP: {crowd:,} wait, each", [each], "KiB", aim=32, least=False)
    for how in ("as shipped", "hibernating"):
        for crowd, (each, processes) in cost[how].items():
            table.add(f"Dovecot {how} ({processes:,} processes): {crowd:,} wait, each", [each], "KiB")
