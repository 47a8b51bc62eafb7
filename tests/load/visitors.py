"""Visitors in a process of their own: they ask for pages, and submit mails, at fixed times whatever comes of it.

How long something took counts from the time at which it was due, so that a server that stops for a second is not
asked less meanwhile.  The process has a higher priority than what it measures: it must not wait for the processor itself.
"""
import asyncio
import base64
import itertools
import json
import os
import ssl
import subprocess
import sys
import time


AHEAD = ["nice", "-n", "-5"]  # peers and the rest of the machine are elsewhere, on the Internet
CALM = "NESTBOX_CALM" in os.environ
OTHERWISE = 20


def promised(seconds):
    """What is promised holds on a machine that does nothing else: `./dev test load` and `long` ask for it.  Wherever else this
    runs, it tells a server that keeps people waiting from one that has to share the processors."""
    return seconds if CALM else seconds * OTHERWISE


def go_first():
    """What is measured is the server, not whoever asks it."""
    try:
        os.nice(-10)
    except PermissionError:
        pass  # a container may take this from root


def part_of(times, part):
    """The time below which that part of them lies: part_of(times, 0.99)."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


class Visitors:
    """`pages` are asked for by `clients` clients, `rate` times a second in all; `account` submits `mails` a second to
    itself.  Each client comes from a network of its own."""

    def __init__(self, server, ca, pages, rate=100, clients=20, account=None, mails=5):
        orders = {"ca": str(ca.pem), "host": server.domains[0], "pages": pages, "rate": rate, "clients": clients,
                  "mails": mails if account else 0}
        if account:
            orders.update(user=account.address, password=account.password, mx=server.hostname)
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)
        self._process.stdin.write(json.dumps(orders) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n"

    def stop(self):
        """Gives {"pages": […], "mails": […], "refused": […]}: seconds, and what was not answered as it should be."""
        self._process.stdin.close()
        found = json.loads(self._process.stdout.read())
        self._process.wait(10)
        return found


class Measuring:
    def __init__(self, orders):
        self.orders, self.ended = orders, asyncio.Event()
        self.found = {"pages": [], "mails": [], "refused": []}
        self.trust = ssl.create_default_context(cafile=orders["ca"])

    async def every(self, period, first):
        """The times at which something is due, until the end."""
        due = first
        while not self.ended.is_set():
            await asyncio.sleep(max(0, due - time.monotonic()))
            yield due
            due += period

    async def ask_pages(self, number, pages):
        source = (f"20.1.{70 + number}.1", 0)
        reader, writer = await asyncio.open_connection(self.orders["host"], 443, ssl=self.trust, local_addr=source)
        period = self.orders["clients"] / self.orders["rate"]
        yield_ready = time.monotonic() + 0.2 + period * number / self.orders["clients"]
        async for due in self.every(period, yield_ready):
            page = next(pages)
            writer.write(f"GET {page} HTTP/1.1\r\nHost: {self.orders['host']}\r\nAccept: text/html\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.split("content-length: ", 1)[1].split("\r\n")[0]))
            if head.startswith("http/1.1 200"):
                self.found["pages"].append(time.monotonic() - due)
            else:
                self.found["refused"].append(f"{page}: {head[:40]}")
        writer.close()

    async def say(self, line, wanted):
        self.smtp[1].write(line)
        answer = await self.smtp[0].readline()
        while answer[3:4] == b"-":
            answer = await self.smtp[0].readline()
        if not answer.startswith(wanted):
            self.found["refused"].append(f"{line[:40]}: {answer}")
        return answer

    async def log_in(self):
        user, password = self.orders["user"], self.orders["password"]
        self.smtp = await asyncio.open_connection(self.orders["mx"], 465, ssl=self.trust,
                                                  local_addr=("20.1.69.1", 0))
        plain = base64.b64encode(f"\0{user}\0{password}".encode())
        await self.say(b"", b"220")
        await self.say(b"EHLO client.test\r\n", b"250")
        await self.say(b"AUTH PLAIN " + plain + b"\r\n", b"235")

    async def submit(self, due, number):
        user = self.orders["user"]
        mail = (f"From: {user}\r\nTo: {user}\r\nSubject: Mail {number}\r\nMessage-ID: <{number}.{os.getpid()}@client.test>"
                f"\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n\r\nA few words.\r\n.\r\n").encode()
        await self.say(f"MAIL FROM:<{user}>\r\n".encode(), b"250")
        await self.say(f"RCPT TO:<{user}>\r\n".encode(), b"250")
        await self.say(b"DATA\r\n", b"354")
        await self.say(mail, b"250")
        self.found["mails"].append(time.monotonic() - due)

    async def submit_all(self):
        await self.log_in()
        numbers = itertools.count(1)
        async for due in self.every(1 / self.orders["mails"], time.monotonic() + 0.2):
            await self.submit(due, next(numbers))
        self.smtp[1].close()

    async def run(self, stdin):
        pages = itertools.cycle(self.orders["pages"])
        tasks = [self.ask_pages(number, pages) for number in range(self.orders["clients"])]
        tasks += [self.submit_all()] if self.orders["mails"] else []
        work = asyncio.gather(*tasks)
        print("ready", flush=True)
        await stdin.read()
        self.ended.set()
        await work
        print(json.dumps(self.found))


async def main():
    go_first()
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    await Measuring(json.loads(await stdin.readline())).run(stdin)


if __name__ == "__main__":
    asyncio.run(main())
