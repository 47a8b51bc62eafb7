"""The lanes, made once for all tests that play the script."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lane import Lane  # noqa: E402
from laboratory.gpg import Gpg  # noqa: E402

LANES = 4  # most of a play is waiting


@pytest.fixture(scope="session")
def lanes(lab, ca, dns):
    made, ring = [], Gpg(lab / "ring of lanes", "alice@lane.test", encrypts=("ed25519", "cv25519"))
    try:
        for number in range(1, LANES + 1):
            made.append(Lane(number, lab / f"lane{number}", ca, dns, ring))
        yield made
    finally:
        for lane in made:
            lane.close()
        ring.end()


@pytest.fixture(scope="session")
def calls(lanes):
    """(calls until the server listens, calls in all) of the script, played without a fault."""
    lane = lanes[0]
    lane.crashpoint.begin()
    lane.fresh()
    lane.start()
    began = lane.crashpoint.calls
    lane.server.kill()
    lane.strike()
    return began, lane.crashpoint.calls
