"""Many Fediverse people in one process: followers to be delivered to, and senders of signed activities.

One asyncio server answers for all hosts HOST.bench.test; all people share one key, since making keys is not what
is measured.  Requests are made and signed beforehand, so that the generator costs little while the clock runs.
"""
import asyncio
import json
import ssl
import time
import urllib.parse

from laboratory import signatures
from laboratory.peer import ACTIVITY_JSON, CONTEXT

ADDRESS = "20.1.0.1"


class Swarm:
    def __init__(self, ca, hosts, trust):
        self.hosts = [f"h{number}.bench.test" for number in range(hosts)]
        self.key, self.trust, self.posts, self.wanted = signatures.Key(), trust, 0, asyncio.Event()
        self.target = self.connections = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*[str(path) for path in ca.issue("*.bench.test")])

    def records(self):
        return [f"{host} A {ADDRESS}" for host in self.hosts]

    def actor(self, number):
        return f"https://{self.hosts[number % len(self.hosts)]}/users/p{number}"

    async def serve(self):
        return await asyncio.start_server(self._connection, ADDRESS, 443, ssl=self.context, backlog=1024)

    async def _connection(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, target = head.split(" ", 2)[:2]
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                await reader.readexactly(int(fields.get("content-length", 0)))
                writer.write(self._answer(method, target, fields["host"]))
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    def _answer(self, method, target, host):
        if method == "POST":
            self.posts += 1
            if self.posts >= self.target:
                self.wanted.set()
            return b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
        parts = urllib.parse.urlsplit(target)
        if parts.path == "/.well-known/webfinger":
            account = urllib.parse.parse_qs(parts.query)["resource"][0].removeprefix("acct:")
            href = f"https://{host}/users/{account.split('@')[0]}"
            document = {"subject": account and f"acct:{account}",
                        "links": [{"rel": "self", "type": ACTIVITY_JSON, "href": href}]}
        else:
            document = self._document(f"https://{host}{parts.path}", parts.path.rsplit("/", 1)[-1])
        body = json.dumps(document).encode()
        return (f"HTTP/1.1 200 OK\r\nContent-Type: {ACTIVITY_JSON}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body

    def _document(self, actor, name):
        return {"@context": CONTEXT, "id": actor, "type": "Person", "preferredUsername": name, "name": name,
                "inbox": f"{actor}/inbox", "outbox": f"{actor}/outbox",
                "publicKey": {"id": f"{actor}#main-key", "owner": actor, "publicKeyPem": self.key.public_pem}}

    def expect(self, posts):
        """The next `posts` POSTs set the event `wanted`."""
        self.posts, self.target = 0, posts
        self.wanted.clear()

    # sending

    def request(self, number, inbox, activity):
        """The bytes of one signed POST."""
        actor = self.actor(number)
        body = json.dumps({"@context": CONTEXT, "actor": actor, **activity}).encode()
        unsigned = signatures.Request("POST", inbox, [], body)
        headers = signatures.sign_cavage(unsigned, self.key, f"{actor}#main-key")
        lines = [f"POST {unsigned.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers),
                 f"Content-Type: {ACTIVITY_JSON}", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def send(self, host, requests, connections):
        """Sends all over kept connections; gives the seconds it took.  Every answer must be 202."""
        queue = list(reversed(requests))
        began = time.monotonic()
        await asyncio.gather(*(self._send_some(host, queue) for _ in range(connections)))
        return time.monotonic() - began

    async def _send_some(self, host, queue):
        reader = writer = None
        while queue:
            if writer is None:
                self.connections += 1  # each from a network of its own, as the limit is per network
                source = f"20.1.{self.connections % 250 + 2}.{self.connections // 250 + 1}"
                reader, writer = await asyncio.open_connection(host, 443, ssl=self.trust, local_addr=(source, 0))
            request = queue.pop()
            try:
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(line.split(":")[1]) for line in head.lower().split("\r\n")
                               if line.startswith("content-length:")), 0)
                await reader.readexactly(length)
                closes = "connection: close" in head.lower()
            except (asyncio.IncompleteReadError, ConnectionError):
                queue.append(request)  # the server ended a kept connection: once more, on a new one
                head, closes = "HTTP/1.1 202", True
            if closes:
                writer.close()
                writer = None
            if not head.startswith("HTTP/1.1 202"):
                raise AssertionError(head)
        if writer:
            writer.close()
