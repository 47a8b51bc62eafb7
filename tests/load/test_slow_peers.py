"""Half of the hosts that are to be delivered to take the connection and then say nothing: nobody else notices."""
import os
import socket
import sqlite3
import time

import pytest

from crowd import Crowd, address_of
from laboratory.mailing import compose, submit
from laboratory.wait import until
from visitors import AHEAD, CALM, Visitors, part_of, promised

HOSTS, SILENT = 50, 25
FOLLOWERS = int(os.environ.get("NESTBOX_FOLLOWERS", "10000"))
SILENCE_S = 10  # after so many it is noticed
GOOD, BAD = range(SILENT, HOSTS), range(SILENT)
PAGE_S, MAIL_S = promised(0.050), promised(0.200)  # what 99 of 100 stay below


@pytest.fixture(scope="module")
def crowd(ca, dns):
    crowd = Crowd(ca, dns, HOSTS)
    yield crowd
    crowd.stop()


def send_follow(crowd, server, number, account):
    raw = socket.create_connection((server.domains[0], 443), 30, (address_of(number), 0))
    with server.trust.wrap_socket(raw, server_hostname=server.domains[0]) as tls:
        tls.sendall(crowd.follow(number, account))
        assert tls.recv(65536).startswith(b"HTTP/1.1 202")


def multiply(server, account):
    """One person of each host follows by a real Follow.  What the server wrote down for them is copied, with other
    names, until there are enough of them."""
    with sqlite3.connect(server.data_dir / "nestbox.db") as db:
        db.row_factory = sqlite3.Row
        followed = db.execute("SELECT person_id FROM account WHERE name = ?", [account.user]).fetchone()[0]
        follows = [dict(row) for row in db.execute("SELECT * FROM follow WHERE followed_id = ?", [followed])]
        for follow in follows:
            model = dict(db.execute("SELECT * FROM person WHERE id = ?", [follow["follower_id"]]).fetchone())
            for number in range(1, FOLLOWERS // HOSTS):
                other = renamed(model, f"p{number}")
                insert(db, "person", other)
                person = db.execute("SELECT id FROM person WHERE actor_id = ?", [other["actor_id"]]).fetchone()[0]
                insert(db, "follow", {**renamed(follow, f"p{number}"), "follower_id": person})


def renamed(row, name):
    return {field: value.replace("p0", name) if isinstance(value, str) else value for field, value in row.items()}


def insert(db, table, row):
    """Leaves alone who is there already, since they follow somebody else too."""
    fields = [field for field in row if field != "id"]
    db.execute(f"INSERT OR IGNORE INTO {table} ({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})",
               [row[field] for field in fields])


@pytest.fixture
def house(twin, crowd):
    """`some` is followed from the good hosts alone, `all` from all of them."""
    server = twin({"network": {"retry": None}})
    server.around = AHEAD  # of whatever else this machine does
    server.start()
    server.some, server.all = server.account("some@twin.test"), server.account("all@twin.test")
    server.writer = server.account("writer@twin.test")
    for account, numbers in ((server.some, GOOD), (server.all, range(HOSTS))):
        for number in numbers:
            send_follow(crowd, server, number, account)
    until(lambda: server.ask("queue", "list") == [], "each follow being accepted")
    server.stop()
    multiply(server, server.some)
    multiply(server, server.all)
    return server.start()


def publish(crowd, account):
    """Submits a post; gives (when it was taken, its id) as soon as the first follower has it."""
    known = set(crowd.created())
    mail = compose(account.address, account.word("public"), "News", "To everybody.\n")
    assert submit(account, mail)[0] == 250
    taken = time.monotonic()
    return taken, until(lambda: [name for name in crowd.created() if name not in known], "a first delivery")[0]


def good_have_it(crowd, post):
    """When the last of the good had it, once all of them have."""
    heard = crowd.heard(post)
    whole = all(heard.get(number, (0, 0))[0] == FOLLOWERS // HOSTS for number in GOOD)
    return max(heard[number][1] for number in GOOD) if whole else None


def measure(crowd, server, account, seconds):
    """Publishes while pages are asked and mails submitted, for `seconds` at least; gives (seconds until the good
    hosts had it, what the visitors found)."""
    visitors = Visitors(server, server._ca, ["/@all", "/@some", "/"], account=server.writer)
    began, post = publish(crowd, account)
    had = until(lambda: good_have_it(crowd, post), "everything at the good hosts", 120)
    until(lambda: time.monotonic() >= began + seconds, "the silence being noticed", seconds + 1)
    return had - began, visitors.stop()


def show(record_property, **figures):
    print("\n   " + ", ".join(f"{name} {value}" for name, value in figures.items()))
    for name, value in figures.items():
        record_property(name, value)


def test_silent_hosts_slow_neither_pages_nor_mail_nor_other_hosts(house, crowd, record_property):
    measure(crowd, house, house.some, 0)  # so that both begin with connections that stand
    alone, _ = measure(crowd, house, house.some, 0)
    crowd.silence(BAD)
    beside, found = measure(crowd, house, house.all, SILENCE_S + 2)
    pages, mails = part_of(found["pages"], 0.99), part_of(found["mails"], 0.99)
    show(record_property, followers=FOLLOWERS, good_alone_s=round(alone, 2), good_beside_silent_s=round(beside, 2),
         pages=len(found["pages"]), page_p99_ms=round(pages * 1000, 1), mails=len(found["mails"]),
         mail_p99_ms=round(mails * 1000, 1))
    assert found["refused"] == []
    assert len(found["pages"]) > 500 and len(found["mails"]) > 25
    assert pages < PAGE_S
    assert mails < MAIL_S
    assert beside < 2 * alone + (0 if CALM else SILENCE_S / 2)
    measure(crowd, house, house.all, 0)  # a second post, when silence is known
    assert max(crowd.in_vain()) <= 2, "a silent host is left alone for a minute"
    waiting = house.ask("queue", "list")
    assert len(waiting) == 2 * FOLLOWERS // HOSTS * SILENT, "what the silent hosts have not taken waits for them"
