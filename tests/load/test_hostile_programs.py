"""Thousands of sessions of IMAP that mean no good: whoever means well waits for nothing, and memory stays what it was."""
import os
import pathlib
import re

from hostile import Hostile
from idlers import Idlers
from test_idlers import fill, house  # noqa: F401 (a fixture)
from visitors import part_of, promised

SESSIONS = int(os.environ.get("NESTBOX_HOSTILE", "600"))
NOOP_S, GROWTH_MIB = promised(0.100), 64


def rss_mib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def test_hostile_sessions_keep_nobody_waiting(house, ca, record_property):  # noqa: F811
    reader, mallory = house.account("reader@twin.test"), house.account("mallory@twin.test")
    fill(reader, 200)
    fill(mallory, 1000)
    calm = Idlers(house.hostname, 993, ca.pem, [(reader.address, reader.password, "INBOX")])
    alone = part_of(calm.noops(500), 0.99)
    pid, before = house.pid, rss_mib(house.pid)
    hostile, times, highest = Hostile(house.hostname, mallory, "reader@twin.test", SESSIONS), [], before
    while hostile.runs():
        times += calm.noops(25)
        highest = max(highest, rss_mib(house.pid))
    told = hostile.end()
    p99 = part_of(times, 0.99)
    print(f"\n   {SESSIONS} sessions: {len(times)} NOOPs, p99 {p99 * 1000:.1f} ms, worst {max(times) * 1000:.0f} ms, "
          f"p99 before them {alone * 1000:.1f} ms; "
          f"{before:.0f} MiB, {highest - before:.0f} more; they heard {told}")
    record_property("noop_p99_ms", round(p99 * 1000, 1))
    calm.stop()
    assert house.runs() and house.pid == pid
    assert told.get("hung up", 0) > SESSIONS / 4 and told.get("took nothing", 0) > 0
    assert p99 < NOOP_S
    assert highest - before < GROWTH_MIB
