"""Many Fediverse people in one process: they are looked up, follow, and write.

One asyncio server answers for all hosts h0.bench.test, h1… while people are being learnt; while the clock runs, peer.c
stands in its place.  Those of a host share its key: making thousands is not what is measured.  Requests are signed
beforehand.
"""
import asyncio
import json
import ssl
import urllib.parse

from laboratory import signatures
from laboratory.peer import ACTIVITY_JSON, CONTEXT

ADDRESS = "20.1.0.1"


class Swarm:
    def __init__(self, ca, hosts):
        self.hosts = [f"h{number}.bench.test" for number in range(hosts)]
        self.keys = [signatures.Key() for _ in self.hosts]
        self.posts, self.target, self.wanted = 0, 0, asyncio.Event()
        self.certificate, self.private_key = ca.issue("*.bench.test")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(str(self.certificate), str(self.private_key))
        self._listener, self._writers = None, set()

    def _key(self, number):
        return self.keys[number % len(self.keys)]

    def records(self):
        return [f"{host} A {ADDRESS}" for host in self.hosts]

    def actor(self, number):
        return f"https://{self.hosts[number % len(self.hosts)]}/users/p{number}"

    # while people are learnt

    async def serve(self):
        self._listener = await asyncio.start_server(self._connection, ADDRESS, 443, ssl=self.context, backlog=1024)

    async def stop(self):
        self._listener.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._listener.wait_closed()

    async def _connection(self, reader, writer):
        self._writers.add(writer)
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
            self._writers.discard(writer)
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
                "publicKey": {"id": f"{actor}#main-key", "owner": actor, "publicKeyPem": self._key(int(name[1:])).public_pem}}

    def expect(self, posts):
        """The next `posts` POSTs set the event `wanted`."""
        self.posts, self.target = 0, posts
        self.wanted.clear()

    # what they say

    def request(self, number, inbox, activity):
        """The bytes of one signed POST."""
        actor = self.actor(number)
        body = json.dumps({"@context": CONTEXT, "actor": actor, **activity}).encode()
        unsigned = signatures.Request("POST", inbox, [], body)
        headers = signatures.sign_cavage(unsigned, self._key(number), f"{actor}#main-key")
        lines = [f"POST {unsigned.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers),
                 f"Content-Type: {ACTIVITY_JSON}", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def follow(self, number, inbox, followed):
        return self.request(number, inbox, {"type": "Follow", "id": f"{self.actor(number)}/f", "object": followed})

    def note(self, number, name, account):
        """A Create of a note to the account alone."""
        actor, id_ = self.actor(number), f"{self.actor(number)}/notes/{name}"
        note = {"id": id_, "type": "Note", "attributedTo": actor, "to": [account.actor],
                "content": "<p>" + "Some words to be read. " * 20 + "</p>",
                "tag": [{"type": "Mention", "href": account.actor, "name": account.handle}]}
        return self.request(number, f"{account.actor}/inbox",
                            {"type": "Create", "id": f"{id_}/create", "to": [account.actor], "object": note})
