"""Strangers who knock, in a process of its own, each with a name of their own.

Orders come as one line of JSON.  `way` says how they come: "knock": so many a second, each by a connection of its own, from a
network of its own; "flood": as fast as they are answered, over a few connections; "letters": one person, on one connection, so
many a second until standard input ends.  At the end one line tells what came of it.
"""
import asyncio
import collections
import json
import os
import ssl
import subprocess
import sys
import time

DOMAIN = "knock.test"
NAMES = (f"*.{DOMAIN} A 20.1.0.5", f'*.{DOMAIN} TXT "v=spf1 ip4:20.1.0.0/16 -all"')
NETWORKS, FIRST_NETWORK = 100, 150
ORDERS_MAX = 16 * 1024 * 1024
FLOODERS, IN_ONE_CONNECTION = 24, 300  # who brings nothing that is taken may say 1,000 commands


def name_of(number, domains):
    """Each domain of theirs confirms its addresses."""
    return f"stranger{number}@d{number % domains}.{DOMAIN}"


class Knockers:
    """The test's end."""

    def __init__(self, server, way, **orders):
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)
        self._process.stdin.write(json.dumps({"host": server.hostname, "way": way, **orders}) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n"

    def runs(self):
        return self._process.poll() is None

    def end(self):
        """Ends the letters; waits for the others."""
        self._process.stdin.close()
        told = json.loads(self._process.stdout.read())
        assert self._process.wait(10) == 0
        return told


class Talk:
    """One connection."""

    def __init__(self, house, network):
        self.house, self.network = house, network

    async def begin(self):
        self.reader, self.writer = await asyncio.open_connection(
            self.house.orders["host"], 25, local_addr=(f"20.1.{FIRST_NETWORK + self.network % NETWORKS}.1", 0))
        await self.hear()
        await self.ask(b"EHLO client.test\r\n")
        await self.ask(b"STARTTLS\r\n")
        await self.writer.start_tls(self.house.trust)
        await self.ask(b"EHLO client.test\r\n")

    async def hear(self):
        line = await self.reader.readline()
        while line[3:4] == b"-":
            line = await self.reader.readline()
        return line.decode().rstrip()

    async def ask(self, command):
        self.writer.write(command)
        answer = await self.hear()
        if answer[:1] not in ("2", "3"):
            raise ConnectionError(f"{command}: {answer}")

    async def send(self, sender, recipient, number):
        """One transaction; gives the moment of the final dot, and the answer."""
        self.writer.write(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
        for _ in range(3):
            answer = await self.hear()
            if answer[:1] not in ("2", "3"):
                raise ConnectionError(answer)
        text = (f"From: {sender}\r\nTo: {recipient}\r\nSubject: Number {number}\r\n"
                f"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\nMessage-ID: <{number}.{os.getpid()}@{DOMAIN}>\r\n\r\n"
                + "Shall we meet on Friday?\r\n" * 20 + ".\r\n")
        dot = time.monotonic()
        self.writer.write(text.encode())
        return dot, await self.hear()


class House:
    def __init__(self, orders):
        self.orders = orders
        self.trust = ssl.create_default_context()
        self.trust.check_hostname, self.trust.verify_mode = False, ssl.CERT_NONE

    async def knock_once(self, number, sender, recipient):
        talk = Talk(self, number)
        try:
            await talk.begin()
            dot, answer = await talk.send(sender, recipient, number)
            return number, dot, time.monotonic() - dot, answer
        except (OSError, ssl.SSLError) as problem:
            return number, 0, 0, f"{type(problem).__name__} {problem}"
        finally:
            talk.writer.close()

    async def knock(self, _):
        """[number, final dot, seconds to the answer, the answer] of each."""
        tasks, due = [], time.monotonic() + 0.1
        for number, (sender, recipient) in enumerate(self.orders["pairs"]):
            await asyncio.sleep(max(0, due - time.monotonic()))
            tasks.append(asyncio.create_task(self.knock_once(number, sender, recipient)))
            due += 1 / self.orders["rate"]
        return await asyncio.gather(*tasks)

    async def flood_some(self, part, told):
        numbers = range(self.orders["first"] + part, self.orders["first"] + self.orders["count"], FLOODERS)
        for at, number in enumerate(numbers):
            if at % IN_ONE_CONNECTION == 0:
                talk = Talk(self, part)
                await talk.begin()
            _, answer = await talk.send(name_of(number, self.orders["domains"]), self.orders["recipient"], number)
            told[answer] += 1
            if at % IN_ONE_CONNECTION == IN_ONE_CONNECTION - 1:
                talk.writer.close()

    async def flood(self, _):
        """How often each answer came."""
        told = collections.Counter()
        await asyncio.gather(*[self.flood_some(part, told) for part in range(FLOODERS)])
        return told

    async def letters(self, stdin):
        """Seconds for each, from when it was due to its 250."""
        over = asyncio.ensure_future(stdin.read())
        talk, times, due = Talk(self, NETWORKS), [], time.monotonic() + 0.1
        await talk.begin()
        while not over.done():
            await asyncio.sleep(max(0, due - time.monotonic()))
            _, answer = await talk.send(self.orders["sender"], self.orders["recipient"], len(times))
            if not answer.startswith("250"):
                raise ConnectionError(answer)
            times.append(time.monotonic() - due)
            due += 1 / self.orders["rate"]
        return times


async def main():
    stdin = asyncio.StreamReader(limit=ORDERS_MAX)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    orders = json.loads(await stdin.readline())
    os.nice(5 if orders["way"] == "flood" else -10)  # what is measured shall wait for the server alone
    print("ready", flush=True)
    print(json.dumps(await getattr(House(orders), orders["way"])(stdin)))


if __name__ == "__main__":
    asyncio.run(main())
