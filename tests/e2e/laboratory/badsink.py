"""A mail server on a bad network: seeded, it delays, refuses or drops at every step, and remembers what it took."""
import asyncio
import random
import re
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

DELAY, LATER, NEVER, DROP = "delay", "later", "never", "drop"
ODDS = ((DELAY, 0.04), (LATER, 0.03), (NEVER, 0.01), (DROP, 0.03))


class Take:
    """One mail that was taken.  Settled: who sent it went on talking behind our 250, so they know."""

    def __init__(self, token, message_id):
        self.token, self.message_id, self.settled, self.at = token, message_id, False, time.monotonic()


class BadSink:
    """Takes mail for TOKEN@anything.  `tls`: a context, offered by STARTTLS."""

    def __init__(self, address, seed, tls=None):
        self.luck, self.tls, self.bad = random.Random(seed), tls, True
        self.takes, self.mishaps, self._lock = [], {}, threading.Lock()
        self._controller = Controller(_Handler(self), hostname=address, port=25, ready_timeout=30)
        self._controller.factory = lambda: _Talk(self)
        self._controller.start()

    def stop(self):
        self._controller.stop()

    def fate(self, step):
        """What happens at this step; None: nothing."""
        with self._lock:
            number = self.luck.random()
            for fate, share in ODDS:
                number -= share
                if number < 0 and self.bad:
                    self.mishaps[step, fate] = self.mishaps.get((step, fate), 0) + 1
                    return fate
        return None

    def take(self, envelope):
        name = re.search(rb"(?im)^Message-ID: *(\S+)", envelope.original_content)
        take = Take(envelope.rcpt_tos[0].split("@")[0], name[1].decode() if name else None)
        with self._lock:
            self.takes.append(take)
        return take

    def taken(self):
        """{token: its takes, in order}"""
        found = {}
        with self._lock:
            for take in self.takes:
                found.setdefault(take.token, []).append(take)
        return found


class _Handler:
    def __init__(self, sink):
        self.sink = sink

    async def handle_EHLO(self, talk, session, envelope, hostname, responses):
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", "250-DSN", *responses[1:]]

    async def handle_DATA(self, talk, session, envelope):
        fate = self.sink.fate("dot")
        if fate in (LATER, NEVER):
            return "452 4.3.1 no room" if fate == LATER else "554 5.6.0 not this text"
        talk.last = self.sink.take(envelope)
        if fate == DROP:
            talk.transport.abort()
            await asyncio.sleep(3600)  # until the connection's end cancels this
        if fate == DELAY:
            await asyncio.sleep(0.2)
        return "250 2.0.0 taken"


class _Talk(SMTP):
    """One connection."""

    def __init__(self, sink):
        self.sink, self.last, self.left, self.greeted = sink, None, None, False
        super().__init__(_Handler(sink), hostname="bad.test", ident="bad", tls_context=sink.tls, loop=asyncio.get_event_loop())

    def data_received(self, data):
        if self.left is None:
            super().data_received(data)
            return
        super().data_received(data[:self.left])
        self.left -= len(data)
        if self.left <= 0:
            self.transport.abort()

    async def push(self, status):
        if not self.greeted:
            self.greeted = True
            if await self._mishap("greeting"):
                self.transport.abort()
                return
        await super().push(status)

    async def _mishap(self, step):
        """True: the step is over."""
        fate = self.sink.fate(step)
        if fate == DELAY:
            await asyncio.sleep(0.1)
        elif fate == DROP:
            self.transport.abort()
        elif fate:
            await super().push("451 4.3.0 not now" if fate == LATER else "550 5.7.1 not you")
        return fate not in (None, DELAY)

    async def _say(self, step, go_on, arg):
        if self.last and step != "STARTTLS":
            self.last.settled = True
        if not await self._mishap(step):
            await go_on(arg)

    async def smtp_EHLO(self, arg):
        await self._say("EHLO", super().smtp_EHLO, arg)

    async def smtp_MAIL(self, arg):
        # DSN is what we offer; its parameters are not what aiosmtpd knows.
        arg = re.sub(r" (RET|ENVID)=\S+", "", arg or "")
        await self._say("MAIL", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg):
        arg = re.sub(r" (NOTIFY|ORCPT)=\S+", "", arg or "")
        await self._say("RCPT", super().smtp_RCPT, arg)

    async def smtp_RSET(self, arg):
        await self._say("RSET", super().smtp_RSET, arg)

    async def smtp_QUIT(self, arg):
        if self.last:
            self.last.settled = True
        await super().smtp_QUIT(arg)

    async def smtp_DATA(self, arg):
        if await self._mishap("DATA"):
            return
        if self.sink.fate("text") == DROP:
            self.left = self.sink.luck.randrange(1, 200)
        await super().smtp_DATA(arg)

    async def smtp_STARTTLS(self, arg):
        fate = self.sink.fate("STARTTLS")
        if fate == DROP:
            await super().push("220 go on")
            self.transport.abort()
        elif fate in (LATER, NEVER):
            await super().push("454 4.7.0 TLS is not there just now")
        else:
            await super().smtp_STARTTLS(arg)
