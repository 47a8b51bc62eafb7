"""Strangers in crowds (docs/contact-requests.md): the owners are told at once, each knocker is answered soon; and a hundred
thousand of them leave nothing behind."""
import concurrent.futures
import os
import pathlib
import re
import sqlite3
import time

import pytest

from idlers import Idlers
from knockers import DOMAIN, NAMES, Knockers, name_of
from laboratory.wait import until
from visitors import AHEAD, part_of

LONG = "NESTBOX_STRANGERS" in os.environ
KNOCKS, RATE, EACH = (6000, 100, 10) if LONG else (200, 50, 20)  # in all, a second, at each account
DOMAINS = 500  # of theirs; one owner is asked about five people of one
IDLE_IN = 6  # of so many accounts one waits in IDLE
TOLD_S, ANSWERED_S = (1, 0.5) if LONG else (5, 5)
STRANGERS, CALM = int(os.environ.get("NESTBOX_STRANGERS", 1500)), 1000
QUESTIONS, OCTETS_EACH, GROWTH_MIB, WELCOME_S = 20, 300, 32, 0.2 if LONG else 5
OF_MAILS = ("message", "copy", "body", "entry", "mailbox")
DAYS_15_MS = 15 * 24 * 3600 * 1000


@pytest.fixture
def house(twin, dns):
    dns.add(*NAMES)
    server = twin({"policy": {"contact": "ask"}})
    server.around = AHEAD  # of whatever else this machine does
    return server.start()


def cpu_ms(server):
    """Processor time of ours, all threads."""
    words = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) * 1000 / os.sysconf("SC_CLK_TCK")


# ---- a hundred a second

def move_in(house, count):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda number: house.account(f"owner{number}@twin.test"), range(count)))


def told_after(heard, dots):
    """Seconds from each final dot to the first line that counts its request; both of one account, in any order."""
    counts = sorted((int(words.split()[1]), moment) for words, moment in heard)
    return [next(moment for count, moment in counts if count >= place) - dot for place, dot in enumerate(sorted(dots), 1)]


def test_a_hundred_knocks_a_second(house, ca, record_property):
    owners = move_in(house, KNOCKS // EACH)
    waiting = owners[::IDLE_IN]
    idlers = Idlers(house.hostname, 993, ca.pem, [(one.address, one.password, "Contacts/New") for one in waiting])
    idlers.more(len(waiting))
    pairs = [(name_of(number % len(owners) * EACH + number // len(owners), DOMAINS), owners[number % len(owners)].address)
             for number in range(KNOCKS)]
    spent = cpu_ms(house)
    knocks = Knockers(house, "knock", pairs=pairs, rate=RATE).end()
    spent = (cpu_ms(house) - spent) / KNOCKS
    assert [answer for _, _, _, answer in knocks if not answer.startswith("450 4.7.1 ")] == []
    heard = {number: [] for number in range(len(waiting))}
    while any(not lines or lines[-1][0] != f"* {EACH} EXISTS" for lines in heard.values()):
        for number, words, moment in idlers.heard(1):
            if words.endswith(" EXISTS"):
                heard[number].append((words, moment))
    idlers.stop()
    told = []
    for number, lines in heard.items():
        mine = number * IDLE_IN
        told += told_after(lines, [knock[1] for knock in knocks if knock[0] % len(owners) == mine])
    assert len(told) == EACH * len(waiting)
    answered = [seconds for _, _, seconds, _ in knocks]
    spread = knocks[-1][1] - knocks[0][1]
    print(f"\n   {KNOCKS} knocks in {spread:.1f} s: answered within {part_of(answered, 0.5) * 1000:.1f} ms (median), "
          f"{part_of(answered, 0.99) * 1000:.1f} (p99); {len(told)} requests told within {part_of(told, 0.5) * 1000:.1f} "
          f"and {part_of(told, 0.99) * 1000:.1f} ms; {spent:.2f} ms of ours each")
    record_property("answered_p99_ms", round(part_of(answered, 0.99) * 1000, 1))
    record_property("told_p99_ms", round(part_of(told, 0.99) * 1000, 1))
    assert part_of(answered, 0.99) < ANSWERED_S
    assert part_of(told, 0.99) < TOLD_S


# ---- a flood

def rss_mib(server):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{server.pid}/status").read_text())[1]) / 1024


def ask_store(server, question):
    store = sqlite3.connect(f"file:{server.data_dir}/nestbox.db?mode=ro", uri=True, timeout=30)
    try:
        return store.execute(question).fetchall()
    finally:
        store.close()


def octets_of(server):
    """What the tables and their indexes take, without those of kept mail."""
    tables = dict(ask_store(server, "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) "
                                    "WHERE aggregate = TRUE GROUP BY tbl_name"))
    return sum(size for table, size in tables.items() if table not in OF_MAILS)


def count(server, *tables):
    return [ask_store(server, f"SELECT count(*) FROM {table}")[0][0] for table in tables]


def expire(server):
    """The clock is moved by moving what stands in the database."""
    server.stop()
    with sqlite3.connect(server.data_dir / "nestbox.db") as base:
        base.execute(f"UPDATE contact SET expires_ms = expires_ms - {DAYS_15_MS} WHERE expires_ms > 0")
    base.close()
    server.start()


def test_a_flood_of_strangers(house, record_property):
    owner = house.account("owner@twin.test")
    friend = f"friend@d0.{DOMAIN}"
    house.cli("contact", "welcome", owner.address, friend)
    [people] = count(house, "person")

    def flood(first, count):
        return Knockers(house, "flood", recipient=owner.address, first=first, count=count, domains=STRANGERS // 4)
    letters = Knockers(house, "letters", sender=friend, recipient=owner.address, rate=5)
    flood(0, CALM).end()  # what a server at work has in memory
    calm, before, began, spent = rss_mib(house), octets_of(house), time.monotonic(), cpu_ms(house)
    crowd, highest = flood(CALM, STRANGERS - CALM), 0
    while crowd.runs():
        highest = max(highest, rss_mib(house))
        time.sleep(0.2)
    told, took, spent = crowd.end(), time.monotonic() - began, (cpu_ms(house) - spent) / (STRANGERS - CALM)
    each = (octets_of(house) - before) / (STRANGERS - CALM)
    times = letters.end()
    print(f"\n   {STRANGERS - CALM} strangers in {took:.0f} s: {each:.0f} octets of database each, {highest - calm:.1f} MiB "
          f"of memory together; a friend's {len(times)} mails meanwhile within {part_of(times, 0.5) * 1000:.1f} ms (median), "
          f"{part_of(times, 0.99) * 1000:.1f} (p99); {spent:.2f} ms of ours each")
    record_property("stranger_octets", round(each))
    record_property("friend_p99_ms", round(part_of(times, 0.99) * 1000, 1))
    [(answer, answers)] = told.items()
    assert answer.startswith("450 4.7.1 ") and answers == STRANGERS - CALM
    assert len(owner.mails("Contacts/New")) == QUESTIONS
    assert count(house, "contact", "message") == [STRANGERS + 1, QUESTIONS + len(times)]
    assert highest - calm < GROWTH_MIB
    assert each <= OCTETS_EACH
    expire(house)
    began = time.monotonic()
    until(lambda: count(house, "contact", "person") == [1, people], "all of them forgotten", 600)
    print(f"   forgotten within {time.monotonic() - began:.0f} s")
    assert not owner.mails("Contacts/New")
    assert part_of(times, 0.99) < WELCOME_S
