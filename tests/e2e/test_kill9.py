"""Durability, first proof: a hundred times kill -9 under load, and every promise was kept, once."""
import collections
import os
import re
import threading

from laboratory.load import Follower, Killer, Mailer, Poster, Sender
from laboratory.wait import until

KILLS = int(os.environ.get("NESTBOX_KILLS", 100))
RETRY = "1 s, 1 s, 1 s, 1 s, 1 s, 1 s, 1 s, 1 s, 1 s, 1 s"


def counted(texts):
    """How often each token stands in these texts."""
    return collections.Counter(found[1] for found in (re.search(r"token ([\w-]+)", text or "") for text in texts)
                               if found)


def check(what, clients, times):
    """Each promised token is there once; none, promised or not, is there twice."""
    promised = [item[0] for client in clients for item in client.promised]
    assert promised, f"no {what} was ever promised"
    assert [token for token in promised if times[token] == 0] == [], f"{what}: promised and lost"
    assert [token for token, count in times.items() if count > 1] == [], f"{what}: there more than once"
    return len(promised)


def test_every_promise_outlives_a_hundred_kills(twin, judge, capsys):
    server = twin({"network": {"retry": RETRY}}).start()
    readers = [server.account(f"reader{number}@twin.test") for number in range(3)]
    authors = [server.account(f"author{number}@twin.test") for number in range(-(-KILLS // 8))]
    for author in authors:
        judge.follow(author.handle)
    up, stop = threading.Event(), threading.Event()
    up.set()
    mailers = [Mailer(f"mail{n}", up, stop, server, readers, f"20.1.2.{n}") for n in (1, 2)]
    posters = [Poster("post", up, stop, server, authors, "20.1.2.9")]
    senders = [Sender(f"note{n}", up, stop, judge, readers) for n in (1, 2)]
    followers = [Follower("fan", up, stop, judge, readers)]
    clients = [*mailers, *posters, *senders, *followers]
    for client in clients:
        client.start()
    killer = Killer(server, clients, up, seed=20261122)
    for _ in range(KILLS):
        killer.strike()
    stop.set()
    for client in clients:
        client.join(60)
    killer.check()
    until(lambda: server.ask("queue", "list") == [], "every delivery being done", 180)

    inbox = counted(mail["subject"] for reader in readers for mail in reader.mails("INBOX"))
    fans = collections.Counter(follower["actor"].rsplit("/", 1)[1]
                               for reader in readers for follower in reader.followers())
    ids = collections.defaultdict(set)
    for delivery in judge.deliveries.all(lambda delivery: delivery.verified and delivery.activity["type"] == "Create"):
        note = delivery.activity["object"]
        for token in counted([note["content"]]):
            ids[token].add(note["id"])
    totals = (check("mail", mailers, collections.Counter({t: n for t, n in inbox.items() if t.startswith("mail")})),
              check("note", senders, collections.Counter({t: n for t, n in inbox.items() if t.startswith("note")})),
              check("follow", followers, fans),
              check("post", posters, counted(post["text"] for author in authors for post in author.posts())),
              check("post at the peer", posters, collections.Counter({t: len(known) for t, known in ids.items()})))
    with capsys.disabled():
        print(f"\n{killer.kills} kills, {killer.struck} of them with an answer outstanding; promised and kept: "
              "{} mails, {} notes, {} follows, {} posts".format(*totals))
    assert killer.struck >= 0.75 * KILLS
