"""Mail on its way out: how fast a full queue is emptied into Postfix's smtp-sink, which takes all and keeps nothing.

Both are filled while the sink is away; then it comes, and both are told to try again.
"""
import concurrent.futures
import re
import subprocess
import time

from laboratory.mailing import compose, connect
from laboratory.wait import until

SINK, HOST, MAILS, CLIENTS = "20.1.0.9", "sink.test", 600, 4


class Sink:
    """smtp-sink; counts what it took."""

    def __init__(self, root, folder):
        self.root, self.words = root, folder / "sink.log"

    def start(self):
        with open(self.words, "wb") as words:
            self._process = subprocess.Popen(
                ["chroot", str(self.root.path), "smtp-sink", "-u", "postfix", "-c", f"{SINK}:25", "512"],
                stdin=subprocess.DEVNULL, stdout=words, stderr=words)

    def taken(self):
        found = re.findall(rb"mesg=(\d+)", self.words.read_bytes()[-4000:])
        return int(found[-1]) if found else 0

    def stop(self):
        self._process.kill()
        self._process.wait()


def drain_rate(sink, retry):
    """Mails a second, from the word to try again until the last was taken."""
    sink.start()
    began = time.monotonic()
    again = began

    def all_taken():
        nonlocal again
        if time.monotonic() >= again:  # also later: what was in hand at the first word did not hear it
            retry()
            again = time.monotonic() + 5
        return sink.taken() >= MAILS

    try:
        until(all_taken, "the last mail in the sink", 120)
        return MAILS / (time.monotonic() - began)
    finally:
        sink.stop()


def fill_ours(author):
    def submit_some(first):
        with connect(author.nestbox, 587) as smtp:
            smtp.login(author.address, author.password)
            for number in range(first, MAILS, CLIENTS):
                mail = compose(author.address, f"p{number}@{HOST}", f"Mail {number}", "x" * 70 + "\n" * 50)
                smtp.send_message(mail)

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(submit_some, range(CLIENTS)))
    until(lambda: len(author.nestbox.ask("queue", "list")) == MAILS, "all of them in the queue", 120)


def fill_postfix(postfix):
    postfix.root.run("smtp-source", "-s", 8, "-m", MAILS, "-l", 4096, "-N", "-f", "sender@mail.test", "-t", f"p@{HOST}",
                     f"inet:{postfix.ADDRESS}:25", seconds=300)
    until(lambda: postfix.queued() >= MAILS, "all of them deferred", 120)


def measure_outbound(server, postfix, dns, root, rounds, table, say):
    dns.add(f"{HOST} MX 10 mx.{HOST}.", f"mx.{HOST} A {SINK}")
    sink = Sink(root, server.folder)
    ours, theirs = [], []
    for turn in range(rounds):
        fill_postfix(postfix)
        theirs.append(drain_rate(sink, lambda: postfix.root.run("postqueue", "-f")))
        fill_ours(server.account(f"writer{turn}@nest.test"))  # nobody may write to more than some within an hour
        ours.append(drain_rate(sink, lambda: server.cli("queue", "retry")))
        until(lambda: server.ask("queue", "list") == [], "our queue empty", 60)
        say(f"outbound, round {turn + 1}: {ours[-1]:.0f}/s, Postfix {theirs[-1]:.0f}/s")
    table.add(f"a queue of {MAILS:,} mails into smtp-sink, signed (DKIM)", ours, "/s", "Postfix, unsigned", theirs)
