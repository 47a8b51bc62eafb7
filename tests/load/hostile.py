"""Sessions of IMAP that mean no good, in a process of their own: each does one bad thing, from a network that many share.

Orders come as one line of JSON.  At the end one line tells how many of each kind there were, and what was said to them.
"""
import asyncio
import collections
import json
import os
import pathlib
import ssl
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from laboratory.imap import Scram  # noqa: E402

AT_ONCE, PATIENCE_S, NETWORKS = 300, 2, 100
FLOOD_BYTES = 256 * 1024


class Hostile:
    """The test's end: `sessions` of them, against `host`; `mallory` has an account there, and mails."""

    def __init__(self, host, mallory, victim, sessions):
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._process.stdin.write(json.dumps({"host": host, "user": mallory.address, "password": mallory.password,
                                              "victim": victim, "sessions": sessions}) + "\n")
        self._process.stdin.flush()

    def runs(self):
        return self._process.poll() is None

    def end(self):
        told = json.loads(self._process.stdout.read())
        assert self._process.wait(10) == 0
        return told


class Attack:
    def __init__(self, orders):
        self.orders, self.told = orders, collections.Counter()
        self.trust = ssl.create_default_context()
        self.trust.check_hostname, self.trust.verify_mode = False, ssl.CERT_NONE
        self.places = asyncio.Semaphore(AT_ONCE)

    async def open(self, number, port, tls=True):
        source = (f"20.1.{130 + number % NETWORKS}.{number // NETWORKS % 250 + 1}", 0)
        reader, writer = await asyncio.open_connection(self.orders["host"], port, local_addr=source,
                                                       ssl=self.trust if tls and port == 993 else None)
        return reader, writer

    async def hear(self, reader):
        """Whatever is said, until it ends or there is patience no more."""
        async def listen():
            while line := await reader.readline():
                words = line.split()
                self.told[words[1].decode("latin-1") if len(words) > 1 else "?"] += 1
            self.told["hung up"] += 1
        try:
            await asyncio.wait_for(listen(), PATIENCE_S)
        except TimeoutError:
            self.told["still open"] += 1

    # what they do

    async def silent(self, number):
        reader, _ = await self.open(number, 993)
        await self.hear(reader)

    async def no_handshake(self, number):
        reader, writer = await self.open(number, 993, tls=False)
        writer.write(os.urandom(2000))
        await self.hear(reader)

    async def dribbling(self, number):
        reader, writer = await self.open(number, 993)
        for byte in b"a LOGIN x":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.2)
        await self.hear(reader)

    async def endless_line(self, number):
        reader, writer = await self.open(number, 143)
        writer.write(b"a " + b"x" * FLOOD_BYTES)
        await self.hear(reader)

    async def huge_literal(self, number):
        reader, writer = await self.open(number, 143)
        writer.write(b"a LOGIN {4294967290+}\r\n" + b"x" * FLOOD_BYTES)
        await self.hear(reader)

    async def many_commands(self, number):
        reader, writer = await self.open(number, 993)
        writer.write(b"a CAPABILITY\r\n" * 3000 + b"b FLY\r\n" * 100)
        await self.hear(reader)

    async def guessing(self, number):
        reader, writer = await self.open(number, 993)
        writer.write(f"a LOGIN {self.orders['victim']} guess{number}\r\n".encode() * 3)
        await self.hear(reader)

    async def early_bytes(self, number):
        reader, writer = await self.open(number, 143)
        writer.write(b"a STARTTLS\r\nb LOGIN x y\r\n")
        await self.hear(reader)

    async def greedy(self, number):
        """Logged in: asks for all there is, again and again, and takes nothing."""
        reader, writer = await self.open(number, 993)
        scram = Scram(self.orders["user"], self.orders["password"])
        await reader.readline()
        for words in (f"a AUTHENTICATE SCRAM-SHA-256 {scram.first}".encode(), scram.final, b""):
            writer.write((words(answer[2:]).encode() if callable(words) else words) + b"\r\n")
            answer = await reader.readline()
        writer.write(b"b SELECT INBOX\r\n" + b"c FETCH 1:* (FLAGS ENVELOPE BODY.PEEK[])\r\nd SEARCH TEXT needle\r\n" * 50)
        await asyncio.sleep(PATIENCE_S)
        self.told["took nothing"] += 1
        writer.transport.abort()

    async def visit(self, kind, number):
        async with self.places:
            try:
                await kind(number)
            except (OSError, ssl.SSLError, asyncio.IncompleteReadError, ValueError) as problem:
                self.told[type(problem).__name__] += 1

    async def run(self):
        kinds = (self.silent, self.no_handshake, self.dribbling, self.endless_line, self.huge_literal,
                 self.many_commands, self.guessing, self.early_bytes, self.greedy)
        await asyncio.gather(*[self.visit(kinds[n % len(kinds)], n) for n in range(self.orders["sessions"])])
        print(json.dumps(self.told), flush=True)


if __name__ == "__main__":
    os.nice(5)  # what is measured shall wait for the server, not for their own work
    asyncio.run(Attack(json.loads(sys.stdin.readline())).run())
