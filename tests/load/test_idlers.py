"""A thousand mail programs that wait: what is committed is told to them within a tenth of a second, whichever way it came, and
each costs little memory."""
import collections
import pathlib
import re
import time

import pytest

from idlers import Idlers
from laboratory.imap import Client
from laboratory.mailing import compose, connect, submit, transact
from laboratory.wait import until
from visitors import AHEAD, part_of

IDLERS, PEOPLE, EVENTS = 1000, 25, 100
TOLD_S = 0.100
MAILS, EACH_KIB, PER_ACCOUNT = 1000, 32, 90


def pss_kib(pid):
    return int(re.search(r"^Pss: +(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])


def fill(owner, mails, mailbox="INBOX"):
    """So many short mails, by APPEND of 50 at a time."""
    client = Client(owner, source="20.1.0.8")
    text = compose("carol@mail.test", owner.address, "One of many", "A few words.\n").as_bytes().decode()
    for _ in range(mails // 50):
        client.command(f"APPEND {mailbox} " + " ".join([f"{{{len(text)}+}}\r\n{text}"] * 50))
    client.close()


@pytest.fixture
def house(twin):
    server = twin()
    server.around = AHEAD  # of whatever else this machine does
    return server.start()


def test_one_that_waits_costs_little_memory(house, ca, record_property):
    readers = [house.account(f"reader{number}@twin.test") for number in range(IDLERS // PER_ACCOUNT)]
    for reader in readers:
        fill(reader, MAILS)
    idlers = Idlers(house.hostname, 993, ca.pem, [(reader.address, reader.password, "INBOX") for reader in readers])
    idlers.more(50)  # what a server at work has in memory
    before = pss_kib(house.pid)
    took = idlers.more(IDLERS)
    each = (pss_kib(house.pid) - before) / IDLERS
    print(f"\n   {IDLERS} programs came in {took:.1f} s; {each:.1f} KiB each")
    record_property("idler_kib", round(each, 1))
    idlers.stop()
    assert each <= EACH_KIB
