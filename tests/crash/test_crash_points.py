"""Every call that writes to the disk is a crash point: the server dies there, starts again, and has kept its word."""
import collections
import os

from lane import spread, strike_all
from laboratory.bodies import check_database
from laboratory.crashpoint import DIE_BEFORE, DIE_HALF_WAY, LET_PASS

POINTS = os.environ.get("NESTBOX_POINTS", "60")  # or "all"


def strike_everywhere(lanes, total, share=1, **options):
    """At calls spread over all, before each and after half of it; gives what the report says of it."""
    numbers = spread(total if POINTS == "all" else int(POINTS) // share, 1, total)
    orders = [(deed, number) for number in numbers for deed in (DIE_BEFORE, DIE_HALF_WAY)]
    deaths, problems = strike_all(lanes, orders, **options)
    assert problems == []
    assert len(deaths) >= 0.95 * len(orders)
    kinds = collections.Counter(death.split(" ")[0] for death in deaths)
    return (f"{total} crash points; {len(orders)} times played, {len(deaths)} times died there: "
            + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))


def test_every_promise_outlives_death_at_any_call(lanes, calls, capsys):
    told = strike_everywhere(lanes, calls[1])
    with capsys.disabled():
        print(f"\nthe script: {told}")


def first_start(lane, deed=LET_PASS, number=0):
    """In an empty folder: keys, database and tables are made."""
    lane.crashpoint.begin(deed, number)
    lane.fresh(empty=True)
    lane.start()
    made = lane.crashpoint.calls
    lane.crashpoint.order(LET_PASS)
    lane.server.account(f"alice@{lane.domain}")
    lane.server.stop()
    check_database(lane.server.data_dir)
    return made if deed == LET_PASS else lane.deaths[0] if lane.deaths else None


def test_the_first_start_may_die_anywhere(lanes, capsys):
    told = strike_everywhere(lanes, first_start(lanes[0]), share=4, strike=first_start)
    with capsys.disabled():
        print(f"\nthe first start: {told}")
