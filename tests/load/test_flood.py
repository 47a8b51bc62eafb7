"""A flood: 500 connections that dribble and 1,000 that come again and again, from one address and from 1,500.  A server of
good standing elsewhere delivers meanwhile as if nothing were, and memory comes back."""
import pathlib
import re
import time

import pytest

from flood import Flood
from laboratory.mailing import compose, connect, transact
from laboratory.wait import until
from visitors import part_of, promised

SLOW, FAST, MAILS = 500, 1000, 100
MAIL_S = promised(1)
GROWTH_MIB, BACK = 64, 1.10
DELIVERER = ("20.1.90.1", 0)


def rss_mib(server):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{server.pid}/status").read_text())[1]) / 1024


def deliver(server, reader, number):
    """One mail over STARTTLS on a connection of its own; gives the seconds it took."""
    mail = compose("carol@mail.test", reader.address, f"Number {number}", "Hello.\n")
    began = time.monotonic()
    with connect(server, 25, source=DELIVERER) as smtp:
        assert transact(smtp, "carol@mail.test", [reader.address], mail)[0] == 250
    return time.monotonic() - began


@pytest.mark.parametrize("spread", [False, True], ids=["from one address", "each from its own"])
def test_a_flood_keeps_nobody_waiting(twin, spread, record_property):
    server = twin().start()
    reader = server.account("reader@twin.test")
    for number in range(MAILS):  # what a server at work has in memory
        deliver(server, reader, number)
    calm = rss_mib(server)
    flood = Flood(server.hostname, reader.address, SLOW, FAST, spread)
    try:
        times = [deliver(server, reader, MAILS + number) for number in range(MAILS // 2)]
        flood.begin_fast()
        highest = rss_mib(server)
        for number in range(MAILS // 2, MAILS):
            times.append(deliver(server, reader, number))
            highest = max(highest, rss_mib(server))
    finally:
        told = flood.stop()
    ended = time.monotonic()
    until(lambda: rss_mib(server) <= calm * BACK, f"memory back at {calm:.0f} MiB", 60)
    p99 = part_of(times, 0.99)
    print(f"\n   {MAILS} mails, p99 {p99:.3f} s; {calm:.0f} MiB, {highest - calm:.0f} more in the flood, back after "
          f"{time.monotonic() - ended:.0f} s; the flood heard {told}")
    record_property("p99_s", round(p99, 3))
    assert p99 < MAIL_S
    assert highest - calm < GROWTH_MIB
    assert len(reader.mails("INBOX")) == 2 * MAILS
    if not spread:
        assert told["421"] > 0, "one network had as many connections as it liked"
