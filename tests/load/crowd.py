"""Fifty servers of the Fediverse in a process of their own, each at an address of its own.

Some of them fall silent when told: they take a connection, finish TLS and never answer.  All people share one key,
since making keys is not what is tested.  Each has an inbox of their own, so that a post to n followers is n requests.
"""
import asyncio
import json
import pathlib
import ssl
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from laboratory import signatures  # noqa: E402
from laboratory.peer import ACTIVITY_JSON, CONTEXT  # noqa: E402


def host_of(number):
    return f"h{number}.crowd.test"


def address_of(number):
    return f"20.1.60.{number + 1}"


def actor_of(number, name):
    return f"https://{host_of(number)}/users/{name}"


class Crowd:
    """The test's end: starts the process, sends what its people send, hears what they were sent."""

    def __init__(self, ca, dns, hosts):
        self.hosts, self.key, self.trust = hosts, signatures.Key(), ca.context()
        dns.add(*[f"{host_of(number)} A {address_of(number)}" for number in range(hosts)])
        pem, key = ca.issue("*.crowd.test")
        (pem.parent / "crowd.pem").write_text(self.key.public_pem)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(hosts), str(pem), str(key), str(pem.parent / "crowd.pem")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "ready\n"

    def stop(self):
        self._process.stdin.close()
        self._process.wait(10)

    def ask(self, *words):
        """One order to the process; gives its answer."""
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def silence(self, numbers):
        self.ask("silence", list(numbers))

    def heard(self, activity_id):
        """For each host: how many of its people have it, and when the last of them had it (monotonic time)."""
        return {int(number): tuple(facts) for number, facts in self.ask("heard", activity_id).items()}

    def in_vain(self):
        """How often each of the silent hosts was asked."""
        return self.ask("in vain")

    def created(self):
        """The ids of the Creates that came so far."""
        return self.ask("created")

    def follow(self, number, account):
        """p0 of that host follows; the bytes of the signed request."""
        actor, inbox = actor_of(number, "p0"), f"{account.actor}/inbox"
        body = json.dumps({"@context": CONTEXT, "id": f"{actor}/follows/{account.user}", "type": "Follow",
                           "actor": actor, "object": account.actor}).encode()
        request = signatures.Request("POST", inbox, [], body)
        headers = signatures.sign_cavage(request, self.key, f"{actor}#main-key")
        lines = [f"POST {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers),
                 f"Content-Type: {ACTIVITY_JSON}", f"Content-Length: {len(body)}", "Connection: close"]
        return "\r\n".join([*lines, "", ""]).encode() + body


class Host:
    """One server, in the process of the crowd."""

    def __init__(self, crowd, number):
        self.crowd, self.number, self.silent, self.in_vain = crowd, number, False, 0

    async def connection(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(line[15:]) for line in head.lower().split("\r\n")
                               if line.startswith("content-length:")), 0)
                body = await reader.readexactly(length)
                if self.silent:
                    self.in_vain += 1
                    await reader.read()  # until they give up
                    return
                method, target = head.split(" ", 2)[:2]
                writer.write(self.post(target, body) if method == "POST" else self.get(target))
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    def post(self, target, body):
        activity = json.loads(body)
        if activity["type"] == "Create":
            readers = self.crowd.heard.setdefault(activity["id"], {}).setdefault(self.number, {})
            readers.setdefault(target, time.monotonic())
        return b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

    def get(self, target):
        parts = urllib.parse.urlsplit(target)
        kind = ACTIVITY_JSON
        if parts.path == "/.well-known/webfinger":
            resource = urllib.parse.parse_qs(parts.query)["resource"][0]
            name = resource.removeprefix("acct:").split("@")[0].rsplit("/", 1)[-1]
            kind = "application/jrd+json"
            document = {"subject": f"acct:{name}@{host_of(self.number)}", "links": [
                {"rel": "self", "type": ACTIVITY_JSON, "href": actor_of(self.number, name)}]}
        else:
            name = parts.path.rsplit("/", 1)[-1]
            actor = actor_of(self.number, name)
            document = {"@context": CONTEXT, "id": actor, "type": "Person", "preferredUsername": name, "name": name,
                        "inbox": f"{actor}/inbox", "outbox": f"{actor}/outbox",
                        "publicKey": {"id": f"{actor}#main-key", "owner": actor, "publicKeyPem": self.crowd.pem}}
        body = json.dumps(document).encode()
        return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Servers:
    def __init__(self, hosts, pem):
        self.hosts, self.pem, self.heard = [Host(self, number) for number in range(hosts)], pem, {}

    async def listen(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        for host in self.hosts:
            await asyncio.start_server(host.connection, address_of(host.number), 443, ssl=context, backlog=512)

    def obey(self, what, argument=None):
        if what == "silence":
            for host in self.hosts:
                host.silent = host.number in argument
        elif what == "heard":
            return {number: (len(readers), max(readers.values()))
                    for number, readers in self.heard.get(argument, {}).items()}
        elif what == "in vain":
            return [host.in_vain for host in self.hosts if host.silent]
        elif what == "created":
            return list(self.heard)
        return True


async def serve(hosts, certificate, key, pem):
    servers = Servers(int(hosts), pathlib.Path(pem).read_text())
    await servers.listen(certificate, key)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print("ready", flush=True)
    while line := await orders.readline():
        print(json.dumps(servers.obey(*json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
