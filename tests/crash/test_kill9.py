"""kill -9 under load, again and again, and every promise was kept, once."""
import os

from laboratory.bodies import check_database
from laboratory.load import Crowd, Killer
from laboratory.wait import until

KILLS = int(os.environ.get("NESTBOX_KILLS", 100))
RETRY = ", ".join(["1 s"] * 12)


def test_every_promise_outlives_kills(twin, judge, capsys):
    server = twin({"network": {"retry": RETRY}}).start()
    crowd = Crowd(server, judge, authors=-(-KILLS // 8)).start()
    killer = Killer(server, crowd, seed=20261122)
    for _ in range(KILLS):
        killer.strike()
    crowd.stop()
    killer.check()
    until(lambda: server.ask("queue", "list") == [], "every delivery being done", 180)
    totals = crowd.count(killer.blows)
    with capsys.disabled():
        print(f"\n{KILLS} kills, {killer.struck} of them with an answer outstanding; promised and kept: {totals}")
    server.end()
    check_database(server.data_dir)
    assert killer.struck >= 0.75 * KILLS
