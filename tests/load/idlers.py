"""Mail programs that wait, in a process of their own: each has logged in over TLS, opened a mailbox and said IDLE.

Orders come as lines of JSON, each is answered by one: ["idle", n] brings n more, ["heard", n] waits until n
lines were told, and gives who was told what, and when (monotonic time); ["noop", n] lets one more say NOOP so often, each
PERIOD_S, and gives the seconds that each took.  The end of standard input ends them all.
"""
import asyncio
import base64
import itertools
import json
import os
import pathlib
import ssl
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from laboratory.imap import Scram  # noqa: E402
from visitors import go_first  # noqa: E402

AT_ONCE = 24  # log-ins under way
PATIENCE_S = 20
PERIOD_S = 0.020
PER_NETWORK = 40  # of one /24 no more are let in than 50


class Idlers:
    """The test's end.  `people` are (address, password, mailbox); program n belongs to person n modulo their number.
    `networks` is the first of those that they come from, 20.1.`networks`.0/24; None: all from where we are."""

    def __init__(self, host, port, ca, people, scram=True, networks=100):
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)
        self.pid = self._process.pid
        self._ask({"host": host, "port": port, "ca": str(ca), "people": people, "scram": scram, "networks": networks})

    def _ask(self, order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def more(self, count):
        """`count` more wait; gives the seconds it took."""
        began = time.monotonic()
        assert self._ask(["idle", count]) == "done"
        return time.monotonic() - began

    def noops(self, count):
        return self._ask(["noop", count])

    def heard(self, count):
        """[(number, words, time), …], as soon as there are `count`."""
        return [tuple(entry) for entry in self._ask(["heard", count])]

    def stop(self):
        self._process.stdin.close()
        self._process.wait(60)


class Program:
    def __init__(self, house, number):
        self.house, self.number = house, number
        self.user, self.password, self.mailbox = house.orders["people"][number % len(house.orders["people"])]

    async def begin(self):
        orders = self.house.orders
        first = orders["networks"]
        source = first and (f"20.1.{first + self.number // PER_NETWORK}.{self.number % PER_NETWORK + 1}", 0)
        self.reader, self.writer = await asyncio.open_connection(
            orders["host"], orders["port"], ssl=self.house.trust, limit=8192,
            local_addr=source)
        await self.reader.readline()
        await (self.scram() if orders["scram"] else self.plain())
        await self.say(f"c SELECT {self.mailbox}".encode(), b"c OK")

    async def idle(self):
        await self.say(b"d IDLE", b"+ ")
        self.listener = asyncio.ensure_future(self.listen())

    async def noops(self, count):
        times, due = [], time.monotonic()
        for _ in range(count):
            await asyncio.sleep(max(0, due - time.monotonic()))
            await self.say(b"e NOOP", b"e OK")
            times.append(time.monotonic() - due)
            due += PERIOD_S
        return times

    async def say(self, line, wanted):
        self.writer.write(line + b"\r\n")
        while True:
            answer = await self.reader.readline()
            if answer.startswith(wanted):
                return answer
            if not answer.startswith(b"* "):
                raise ConnectionError(f"{self.number}: {line[:20]} was answered by {answer}")

    async def plain(self):
        word = base64.b64encode(f"\0{self.user}\0{self.password}".encode())
        await self.say(b"a AUTHENTICATE PLAIN " + word, b"a OK")

    async def scram(self):
        scram = Scram(self.user, self.password)
        answer = await self.say(f"a AUTHENTICATE SCRAM-SHA-256 {scram.first}".encode(), b"+ ")
        await self.say(scram.final(answer[2:]).encode(), b"+ ")
        await self.say(b"", b"a OK")

    async def listen(self):
        while line := await self.reader.readline():
            if line.startswith(b"* ") and not line.startswith(b"* OK"):
                self.house.hear(self.number, line.decode().strip())
        self.house.hear(self.number, "gone")


class House:
    def __init__(self, orders):
        self.orders, self.heard, self.programs, self.more = orders, [], [], asyncio.Event()
        self.restless = None
        self.trust = ssl.create_default_context(cafile=orders["ca"])
        self.trust.check_hostname = orders["networks"] is not None
        self.numbers, self.places = itertools.count(), asyncio.Semaphore(AT_ONCE)

    async def begin(self, program):
        async with self.places:
            await program.begin()
        await program.idle()
        self.programs.append(program)

    async def obey(self, order):
        if order[0] == "idle":
            await asyncio.gather(*[self.begin(Program(self, next(self.numbers))) for _ in range(order[1])])
            return "done"
        if order[0] == "noop":
            if not self.restless:
                self.restless = Program(self, next(self.numbers))
                await self.restless.begin()
            return await self.restless.noops(order[1])
        while len(self.heard) < order[1]:
            self.more.clear()
            await asyncio.wait_for(self.more.wait(), PATIENCE_S)
        heard, self.heard = self.heard, []
        return heard

    def hear(self, number, words):
        self.heard.append((number, words, time.monotonic()))
        self.more.set()

    async def run(self):
        orders = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        print(json.dumps("ready"), flush=True)
        while line := await orders.readline():
            print(json.dumps(await self.obey(json.loads(line))), flush=True)


async def main():
    go_first()
    await House(json.loads(sys.stdin.readline())).run()


if __name__ == "__main__":
    asyncio.run(main())
