"""The Fediverse's part: the server has one core, all its peers the other; TLS, connections kept, 50 hosts."""
import asyncio
import os
import subprocess
import time

from laboratory.mailing import compose, submit
from machine import PEER_CORE, SERVER_CORE, cpu_of, openssl_signs, pin
from swarm import ADDRESS, Swarm
from yardsticks import Nginx

PEER = os.environ.get("BENCH_PEER", "")
HOSTS, FOLLOWERS, ACTIVITIES, CONNECTIONS, GETS = 50, 3000, 5000, 16, 15000
NEST_ADDRESS = "20.0.0.10"


class Taker:
    """bench_peer take: the swarm's hosts, which answer 202 and count."""

    def __init__(self, swarm):
        self.popen = subprocess.Popen([PEER, "take", ADDRESS, str(swarm.certificate), str(swarm.private_key)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.popen.stdout.readline() == "ready\n"

    def expect(self, count):
        self.popen.stdin.write(f"{count}\n")
        self.popen.stdin.flush()

    def when(self):
        """The second at which the last expected one had come."""
        return float(self.popen.stdout.readline())

    def stop(self):
        self.popen.kill()
        self.popen.wait()


class Sender:
    """bench_peer send: requests made beforehand."""

    def __init__(self, ca, folder):
        self.ca, self.file = ca.pem, folder / "requests"

    def send(self, host, address, requests, times=1):
        """Answers a second; every one must be 2xx."""
        with open(self.file, "wb") as file:
            for request in requests:
                file.write(b"%d\n%b" % (len(request), request))
        done = subprocess.run([PEER, "send", host, address, str(self.ca), str(CONNECTIONS), str(times), str(self.file)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"bench_peer: {done.stderr}")
        seconds, good, other = done.stdout.split()
        if int(other) or int(good) != len(requests) * times:
            raise RuntimeError(f"{other} of the answers were not 2xx")
        return int(good) / float(seconds)


def get(host, target):
    return (f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: application/activity+json\r\n\r\n").encode()


class Federation:
    def __init__(self, server, ca, root, rounds, say):
        self.server, self.rounds, self.say = server, rounds, say
        self.sender = Sender(ca, server.folder)
        self.nginx = Nginx(root, ca, SERVER_CORE)
        self.swarm = Swarm(ca, HOSTS)

    def measure(self, dns, table):
        dns.add(*self.swarm.records())
        os.sched_setaffinity(0, {PEER_CORE})
        for pid in dns.pids:
            pin(pid, PEER_CORE)
        author = self.server.account("author@nest.test")
        asyncio.run(self._gather_followers(author))
        taker = Taker(self.swarm)
        signs, deliveries, notes, costs = [], [], [], {"delivery": [], "note": []}
        try:
            self._deliver(author, taker, "to make the connections")
            for turn in range(self.rounds):
                signs.append(openssl_signs())
                deliveries.append(self._deliver(author, taker, f"round {turn}", costs["delivery"]))
                requests = [self.swarm.note(n % FOLLOWERS, f"{turn}-{n}", author) for n in range(ACTIVITIES)]
                before = cpu_of(self.server.pid)
                notes.append(self.sender.send("nest.test", NEST_ADDRESS, requests))
                costs["note"].append((cpu_of(self.server.pid) - before) * 1000 / ACTIVITIES)
                self.say(f"round {turn + 1}: {deliveries[-1]:.0f} deliveries/s at {costs['delivery'][-1]:.3f} ms, "
                         f"{notes[-1]:.0f} notes/s at {costs['note'][-1]:.3f} ms, "
                         f"openssl {signs[-1]:.0f} signatures/s")
        finally:
            taker.stop()
        table.add(f"deliveries, signed, {HOSTS} hosts, one core", deliveries, "/s", "openssl speed rsa2048", signs, 0.7)
        table.add("our processor time a delivery", costs["delivery"], "ms", "one signature",
                  [1000 / speed for speed in signs], 1 / 0.7, least=False)
        table.add("inbox, verified and kept, one core", notes, "/s", aim=2000)
        table.add("our processor time a note", costs["note"], "ms", aim=0.5, least=False)
        self._measure_shown(table)

    async def _gather_followers(self, author):
        await self.swarm.serve()
        self.swarm.expect(FOLLOWERS)
        follows = [self.swarm.follow(n, f"{author.actor}/inbox", author.actor) for n in range(FOLLOWERS)]
        speed = await asyncio.to_thread(self.sender.send, "nest.test", NEST_ADDRESS, follows)
        self.say(f"{FOLLOWERS} followers, each with a key to be fetched: {speed:.0f} Follows/s")
        await asyncio.wait_for(self.swarm.wanted.wait(), 300)
        await self.swarm.stop()

    def _deliver(self, author, taker, name, costs=None):
        """One post to everybody: deliveries a second, from the answer to the mail until the last inbox has it."""
        mail = compose(author.address, author.word("public"), f"Post {name}", "To everybody.\n")
        taker.expect(FOLLOWERS)
        code, words = submit(author, mail)
        if code != 250:
            raise RuntimeError(f"{code} {words}")
        began, before = time.monotonic(), cpu_of(self.server.pid)
        ended = taker.when()
        if costs is not None:
            costs.append((cpu_of(self.server.pid) - before) * 1000 / FOLLOWERS)
        return FOLLOWERS / (ended - began)

    def _measure_shown(self, table):
        targets = {"WebFinger": "/.well-known/webfinger?resource=acct:author@nest.test", "actor": "/users/author"}
        self.nginx.start()
        try:
            for name, target in targets.items():
                ours, theirs = [], []
                body = self.server.fetch(target)
                self.nginx.give(name, body)
                for _ in range(self.rounds):
                    theirs.append(self.sender.send(Nginx.HOST, Nginx.ADDRESS, [get(Nginx.HOST, f"/{name}")], GETS))
                    ours.append(self.sender.send("nest.test", NEST_ADDRESS, [get("nest.test", target)], GETS))
                self.say(f"{name}: {ours[-1]:.0f}/s, nginx {theirs[-1]:.0f}/s")
                table.add(f"{name}, {len(body)} bytes, one core", ours, "/s", "nginx, the same from a file",
                          theirs)
        finally:
            self.nginx.stop()
