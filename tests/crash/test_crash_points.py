"""Every call that writes to the disk is a crash point: the server dies there, starts again, and has kept its word."""
import collections
import concurrent.futures
import os
import queue

import pytest

from lane import Lane
from laboratory.crashpoint import DIE_BEFORE, DIE_HALF_WAY, LET_PASS

POINTS = int(os.environ.get("NESTBOX_POINTS", 60))
LANES = 2


@pytest.fixture(scope="module")
def lanes(lab, ca, dns):
    made = [Lane(number + 1, lab / f"lane{number + 1}", ca, dns) for number in range(LANES)]
    yield made
    for lane in made:
        lane.close()


@pytest.fixture(scope="module")
def calls(lanes):
    """How many crash points the script has, after it was played without one."""
    lane = lanes[0]
    lane.crashpoint.begin(LET_PASS)
    lane.fresh()
    lane.play()
    lane.judge()
    return lane.crashpoint.calls


def spread(count, last):
    """Numbers from 1 to `last`, as evenly as can be, the ends included."""
    count = min(count, last)
    return sorted({round(1 + step * (last - 1) / max(count - 1, 1)) for step in range(count)})


def strike(lane, deed, number):
    """Plays with a death at one call; gives that call, or nothing if the script had fewer this time."""
    lane.crashpoint.begin(deed, number)
    lane.fresh()
    lane.play()
    lane.judge()
    return lane.deaths


def run_all(lanes, orders):
    """Gives {order: deaths} and what failed, all lanes at work."""
    idle = queue.SimpleQueue()
    for lane in lanes:
        idle.put(lane)

    def run(order):
        lane = idle.get()
        try:
            return strike(lane, *order), None
        except Exception as problem:  # noqa: BLE001 (told with all others)
            told = f"{type(problem).__name__}: {problem}"
            return [lane.crashpoint.death], f"{order} at {lane.crashpoint.death}: {told}"
        finally:
            if lane.server.runs():
                lane.server.kill()
            idle.put(lane)

    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        results = list(pool.map(run, orders))
    return [deaths for deaths, _ in results], [problem for _, problem in results if problem]


def test_every_promise_outlives_death_at_any_call(lanes, calls, capsys):
    orders = [(deed, number) for number in spread(POINTS, calls) for deed in (DIE_BEFORE, DIE_HALF_WAY)]
    deaths, problems = run_all(lanes, orders)
    struck = [death[0] for death in deaths if death]
    kinds = collections.Counter(death.split(" ")[0] for death in struck)
    with capsys.disabled():
        print(f"\n{calls} crash points in the script; {len(orders)} times played, {len(struck)} times died there: "
              + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    assert problems == []
    assert len(struck) >= 0.95 * len(orders)
