"""Durability, first proof: a hundred times kill -9 under load, and every promise was kept, once."""
import os

from laboratory.load import Crowd, Killer
from laboratory.wait import until

KILLS = int(os.environ.get("NESTBOX_KILLS", 100))
RETRY = ", ".join(["1 s"] * 12)


def test_every_promise_outlives_a_hundred_kills(twin, judge, capsys):
    server = twin({"network": {"retry": RETRY}}).start()
    crowd = Crowd(server, judge, authors=-(-KILLS // 8)).start()
    killer = Killer(server, crowd, seed=20261122)
    for _ in range(KILLS):
        killer.strike()
    crowd.stop()
    killer.check()
    until(lambda: server.ask("queue", "list") == [], "every delivery being done", 180)
    totals = crowd.count()
    with capsys.disabled():
        print(f"\n{killer.kills} kills, {killer.struck} of them with an answer outstanding; promised and kept: {totals}")
    assert killer.struck >= 0.75 * KILLS
