"""Every call that writes to the disk is a crash point: the server dies there, starts again, and has kept its word."""
import collections
import os

from lane import spread, strike_all
from laboratory.crashpoint import DIE_BEFORE, DIE_HALF_WAY

POINTS = os.environ.get("NESTBOX_POINTS", "60")  # or "all"


def test_every_promise_outlives_death_at_any_call(lanes, calls, capsys):
    _, total = calls
    numbers = spread(total if POINTS == "all" else int(POINTS), 1, total)
    orders = [(deed, number) for number in numbers for deed in (DIE_BEFORE, DIE_HALF_WAY)]
    deaths, problems = strike_all(lanes, orders)
    kinds = collections.Counter(death.split(" ")[0] for death in deaths)
    with capsys.disabled():
        print(f"\n{total} crash points in the script; {len(orders)} times played, {len(deaths)} times died there: "
              + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    assert problems == []
    assert len(deaths) >= 0.95 * len(orders)
