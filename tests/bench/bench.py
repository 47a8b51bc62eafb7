#!/usr/bin/python3
"""bench.py FOLDER [PART] — the release build measured, each figure beside its yardstick, three alternating rounds.

Prints one table with aims.  A figure that misses its aim is printed as missed; the exit status says only whether
everything could be measured.  PART is memory, ingest, sealed, judging, outbound, imap or federation.
"""
import json
import pathlib
import smtplib
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from federation import Federation  # noqa: E402
from imap import measure_imap  # noqa: E402
from judging import measure_judging  # noqa: E402
from laboratory.ca import Ca  # noqa: E402
from laboratory.dns import Dns  # noqa: E402
from laboratory.mailing import compose, connect  # noqa: E402
from laboratory.nestbox import Nestbox  # noqa: E402
from laboratory.root import Root  # noqa: E402
from laboratory.wait import until  # noqa: E402
from machine import SERVER_CORE, cpu_of, memory_of, peak_of  # noqa: E402
from outbound import measure_outbound  # noqa: E402
from sealed import measure_sealed  # noqa: E402
from table import Table  # noqa: E402
from yardsticks import Postfix  # noqa: E402

ROUNDS = 3
MESSAGES = {1: 1500, 16: 6000, 64: 6000}
IDLE_SECONDS, LARGE_MIB = 10, 100
TTL = 300  # of names in DNS, as usual in the world
# Mail is listened for on loopback: from there the number of connections of one network is not limited.
SETTINGS = {"policy": {"require_tls": "no", "message_max": "200 MiB", "quota": "100 GiB"},
            "listen": {name: f"127.0.0.1:{port}"
                       for name, port in (("smtp", 25), ("submission", 587), ("submissions", 465), ("imaps", 993))}}


class Server(Nestbox):
    """Nestbox as the bench wants it: its log goes straight to a file, and no other program has a part in that."""

    ADDRESS, MAILBOX, core = "127.0.0.1", "reader@nest.test", None

    def start(self, seconds=60):
        ports = self.data_dir / "ports.json"
        ports.unlink(missing_ok=True)
        around = [] if self.core is None else ["taskset", "-c", str(self.core)]
        with open(self.log, "ab") as log:
            self._process = Popen([*around, str(self.binary), "serve", "--config", str(self.config)], log)
        until(lambda: ports.exists() or not self._process.runs(), "nestbox listening", seconds)
        self.ports = json.loads(ports.read_text())
        return self

    def arrived(self):
        store = sqlite3.connect(f"file:{self.data_dir}/nestbox.db?mode=ro", uri=True)
        count = store.execute("SELECT count(*) FROM entry").fetchone()[0]
        store.close()
        return count

    def fetch(self, target):
        context = ssl.create_default_context(cafile=str(self._ca.pem))
        request = urllib.request.Request(f"https://nest.test{target}", headers={"Accept": "application/activity+json"})
        with urllib.request.urlopen(request, context=context) as answer:
            return answer.read()


class Popen:
    """A process as Nestbox handles one, without a thread that reads its words."""

    def __init__(self, command, log):
        self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.popen.pid

    def runs(self):
        return self.popen.poll() is None

    def stop(self, how, seconds):
        self.popen.send_signal(how)
        return self.popen.wait(seconds)

    def kill(self):
        self.popen.kill()
        self.popen.wait()


def say(text):
    print(f"   {text}", flush=True)


# ---- memory

def send_large(server, mib, to=None):
    line = b"x" * 76 + b"\r\n"
    with connect(server, 25, tls=False) as smtp:
        smtp.sock.settimeout(300)
        smtp.mail("carol@mail.test")
        smtp.rcpt(to or Server.MAILBOX)
        if smtp.docmd("DATA")[0] != 354:
            raise smtplib.SMTPException("no 354")
        smtp.send(compose("carol@mail.test", Server.MAILBOX, f"{mib} MiB", "").as_bytes())
        for _ in range(mib):
            smtp.send(line * (1024 * 1024 // len(line)))
        smtp.send(b".\r\n")
        code, words = smtp.getreply()
        if code != 250:
            raise smtplib.SMTPException(f"{code} {words}")


def measure_memory(server, table):
    time.sleep(IDLE_SECONDS)  # the aim is for this moment
    kinds = memory_of(server.pid)
    table.add(f"idle {IDLE_SECONDS} s: resident memory", [kinds["Rss"]], "MiB", aim=28, least=False)
    table.add(f"idle {IDLE_SECONDS} s: private (dirty) memory", [kinds["Private_Dirty"]], "MiB", aim=7, least=False)
    send_large(server, 1)
    small = peak_of(server.pid)
    send_large(server, LARGE_MIB)
    table.add(f"peak, {LARGE_MIB} MiB mail over 1 MiB mail", [peak_of(server.pid) - small], "MiB", aim=8, least=False)


# ---- ingest

def ingest(postfix, server, sessions, messages, mailbox=None, octets=4096):
    """Messages a second, until the last one is in the mailbox.  With us its 250 says so, which is checked after."""
    before, began = server.arrived(), time.monotonic()
    postfix.source(server.ADDRESS, mailbox or server.MAILBOX, sessions, messages, octets)
    if server is postfix:
        until(lambda: server.arrived() >= before + messages, "the last message in the mailbox", 300)
    took = time.monotonic() - began
    if server.arrived() != before + messages:
        raise AssertionError(f"{server.arrived() - before} of {messages} messages are in the mailbox")
    return messages / took


def measure_ingest(server, postfix, table):
    ours, theirs, cost = {}, {}, {}
    for sessions in MESSAGES:
        ours[sessions], theirs[sessions], cost[sessions] = [], [], []
    for turn in range(ROUNDS):
        for sessions, messages in MESSAGES.items():
            theirs[sessions].append(ingest(postfix, postfix, sessions, messages))
            before = cpu_of(server.pid)
            ours[sessions].append(ingest(postfix, server, sessions, messages))
            cost[sessions].append((cpu_of(server.pid) - before) * 1000 / messages)
            say(f"ingest, {sessions} sessions, round {turn + 1}: {ours[sessions][-1]:.0f}/s, "
                f"{cost[sessions][-1]:.3f} ms of ours a message; Postfix {theirs[sessions][-1]:.0f}/s")
    for sessions in MESSAGES:
        table.add(f"ingest 4 KiB, {sessions} sessions", ours[sessions], "/s", "Postfix to a Maildir", theirs[sessions],
                  5 if sessions == 16 else None)
    table.add("our processor time a message, 16 sessions", cost[16], "ms", aim=0.30, least=False)
    table.add("ingest, 64 sessions beside 16", ours[64], "/s", "ours, 16 sessions", ours[16], 0.9)


# ---- all

def main(place, part="all"):
    ca = Ca(place)
    dns = Dns(place / "dns", TTL, TTL).start()
    dns.add("nest.test A 20.0.0.10", "mx.nest.test A 127.0.0.1")
    root = Root(place / "yardsticks")
    postfix = Postfix(root).start()
    server = Server(place / "nest", ca, dns, settings=SETTINGS)
    table = Table()
    try:
        server.start().account(Server.MAILBOX)
        if part in ("all", "memory"):
            server.stop()
            server.start()
            measure_memory(server, table)
        if part in ("all", "ingest"):
            measure_ingest(server, postfix, table)
        if part in ("all", "sealed"):
            measure_sealed(server, SETTINGS, lambda *run: ingest(postfix, *run), send_large, ROUNDS, table, place, say)
        if part in ("all", "judging"):
            measure_judging(server, postfix, dns, ROUNDS, table, say)
        if part in ("all", "outbound"):
            measure_outbound(server, postfix, dns, root, ROUNDS, table, say)
        postfix.stop()
        if part in ("all", "imap"):
            measure_imap(server, Root(place / "dovecot"), ca, ROUNDS, table, say)
        if part in ("all", "federation"):
            server.stop()
            server.core = SERVER_CORE
            server.start()
            Federation(server, ca, root, ROUNDS, say).measure(dns, table)
    finally:
        if table.rows:
            print("\nrelease build, durable defaults, one run with its yardsticks, "
                  f"{ROUNDS} alternating rounds, same file system\n")
            table.show()
        server.end()
        postfix.stop()
        dns.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), *sys.argv[2:3]))
