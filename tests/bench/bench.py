#!/usr/bin/python3
"""bench.py FOLDER — first figures of the release build, each beside its yardstick, three alternating rounds.

Prints one table with aims.  A figure that misses its aim is printed as missed; the exit status says only whether
everything could be measured.
"""
import asyncio
import pathlib
import re
import smtplib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from laboratory.ca import Ca  # noqa: E402
from laboratory.dns import Dns  # noqa: E402
from laboratory.mailing import compose, connect, submit  # noqa: E402
from laboratory.nestbox import Nestbox  # noqa: E402
from laboratory.wait import until  # noqa: E402
from postfix import Postfix, ingest_rate  # noqa: E402
from swarm import Swarm  # noqa: E402
from table import Table  # noqa: E402

ROUNDS = 3
MESSAGES = {1: 600, 16: 3000, 64: 3000}
FOLLOWERS, HOSTS, ACTIVITIES, CONNECTIONS = 600, 60, 1500, 16
LARGE_MIB = 100
# Mail is listened for on loopback: from there the number of connections of one network is not limited.
SETTINGS = {"policy": {"require_tls": "no", "message_max": "200 MiB", "quota": "100 GiB"},
            "listen": {name: f"127.0.0.1:{port}"
                       for name, port in (("smtp", 25), ("submission", 587), ("submissions", 465))}}


class Ingest(Nestbox):
    """Nestbox as ingest_rate() wants a server: a 250 means that the mail is in the mailbox."""

    ADDRESS, MAILBOX = "127.0.0.1", "reader@nest.test"

    def arrived(self):
        return len(self.ask("mail", "list", self.MAILBOX))


def say(text):
    print(f"   {text}", flush=True)


def memory_of(pid):
    """KiB of each kind, from the kernel's own sum."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(kib) for name, kib in re.findall(r"^(\w+): +(\d+) kB", text, re.M)}


def peak_of(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def openssl_speed():
    """(signatures, verifications) a second of one core with RSA-2048."""
    done = subprocess.run(["openssl", "speed", "-seconds", "1", "rsa2048"], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.split("\n") if line.startswith("rsa 2048"))
    return float(line.split()[-2]), float(line.split()[-1])


def measure_idle(server, table):
    kinds = memory_of(server.pid)
    table.add("idle: resident memory", [kinds["Rss"] / 1024], "MiB", aim=24, least=False)
    table.add("idle: private memory", [(kinds["Private_Dirty"] + kinds["Private_Clean"]) / 1024], "MiB")
    table.add("idle: private dirty memory", [kinds["Private_Dirty"] / 1024], "MiB", aim=6, least=False)


def measure_ingest(server, postfix, table):
    for sessions, messages in MESSAGES.items():
        ours, theirs = [], []
        for turn in range(ROUNDS):
            theirs.append(ingest_rate(postfix, postfix, sessions, messages))
            ours.append(ingest_rate(postfix, server, sessions, messages))
            say(f"ingest, {sessions} sessions, round {turn + 1}: {ours[-1]:.0f}/s, Postfix {theirs[-1]:.0f}/s")
        table.add(f"ingest 4 KiB, {sessions} sessions", ours, "/s", theirs, 2 if sessions == 1 else 4)


def measure_growth(server, reader, table):
    """How much the server grows for one large mail."""
    line = b"x" * 76 + b"\r\n"
    head = compose("carol@mail.test", reader.address, "Large", "").as_bytes()
    before = peak_of(server.pid)
    with connect(server, 25, tls=False) as smtp:
        smtp.sock.settimeout(300)
        smtp.mail("carol@mail.test")
        smtp.rcpt(reader.address)
        if smtp.docmd("DATA")[0] != 354:
            raise smtplib.SMTPException("no 354")
        smtp.send(head)
        for _ in range(LARGE_MIB):
            smtp.send(line * (1024 * 1024 // len(line)))
        smtp.send(b".\r\n")
        code, words = smtp.getreply()
        if code != 250:
            raise smtplib.SMTPException(f"{code} {words}")
    table.add(f"growth for a mail of {LARGE_MIB} MiB", [(peak_of(server.pid) - before) / 1024], "MiB", aim=16,
              least=False)


async def measure_federation(server, swarm, table):
    listener = await swarm.serve()
    author = await asyncio.to_thread(server.account, "author@nest.test")
    inbox = f"{author.actor}/inbox"
    follows = [swarm.request(n, inbox, {"type": "Follow", "id": f"{swarm.actor(n)}/f", "object": author.actor})
               for n in range(FOLLOWERS)]
    swarm.expect(FOLLOWERS)
    took = await swarm.send("nest.test", follows, CONNECTIONS)
    say(f"{FOLLOWERS} followers, each with a key to be fetched: {FOLLOWERS / took:.0f} Follows/s")
    await asyncio.wait_for(swarm.wanted.wait(), 300)
    speeds, deliveries, activities = [], [], []
    for turn in range(ROUNDS):
        speeds.append(await asyncio.to_thread(openssl_speed))
        deliveries.append(await delivery_rate(server, swarm, author, turn))
        activities.append(await inbox_rate(swarm, author, turn))
        say(f"round {turn + 1}: {deliveries[-1]:.0f} deliveries/s, {activities[-1]:.0f} activities/s, "
            f"openssl {speeds[-1][0]:.0f} signatures/s")
    table.add("deliveries, each signed", deliveries, "/s", [sign for sign, _ in speeds], 0.25)
    table.add("inbox, each verified and kept", activities, "/s", [verify for _, verify in speeds], 0.02)
    listener.close()


async def delivery_rate(server, swarm, author, turn):
    mail = compose(author.address, author.word("public"), f"Post {turn}", "To everybody.\n")
    swarm.expect(FOLLOWERS)
    code, words = await asyncio.to_thread(submit, author, mail)
    if code != 250:
        raise smtplib.SMTPException(f"{code} {words}")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.wait_for(swarm.wanted.wait(), 300)
    return FOLLOWERS / (loop.time() - began)


async def inbox_rate(swarm, author, turn):
    def note(number):
        name = f"{swarm.actor(number % HOSTS)}/notes/{turn}-{number}"
        return {"type": "Create", "id": f"{name}/create", "to": [author.actor], "object": {
            "id": name, "type": "Note", "attributedTo": swarm.actor(number % HOSTS), "to": [author.actor],
            "content": "<p>" + "Some words to be read. " * 20 + "</p>",
            "tag": [{"type": "Mention", "href": author.actor, "name": author.handle}]}}

    requests = [swarm.request(n % HOSTS, f"{author.actor}/inbox", note(n)) for n in range(ACTIVITIES)]
    return ACTIVITIES / await swarm.send("nest.test", requests, CONNECTIONS)


def main(place):
    ca = Ca(place)
    dns = Dns(place / "dns").start()
    swarm = Swarm(ca, HOSTS, ca.context())
    dns.add("nest.test A 20.0.0.10", "mx.nest.test A 127.0.0.1", *swarm.records())
    postfix = Postfix(place / "postfix").start()
    server = Ingest(place / "nest", ca, dns, settings=SETTINGS)
    table = Table()
    try:
        server.start()
        reader = server.account(Ingest.MAILBOX)
        until(lambda: server.ask("queue", "list") == [], "the server at rest")
        measure_idle(server, table)
        measure_ingest(server, postfix, table)
        measure_growth(server, reader, table)
        asyncio.run(measure_federation(server, swarm, table))
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
    sys.exit(main(pathlib.Path(sys.argv[1])))
