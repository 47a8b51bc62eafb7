"""Power cuts: what was promised is on the disk, not only in the kernel's memory (which kill -9 leaves alone)."""
import os

import pytest

from laboratory.bodies import check_database
from laboratory.disk import Disk
from laboratory.load import Crowd, Killer
from laboratory.wait import until

CUTS = int(os.environ.get("NESTBOX_CUTS", 20))
RETRY = ", ".join(["1 s"] * 12)


class Outage(Killer):
    def __init__(self, nestbox, crowd, disk, seed):
        super().__init__(nestbox, crowd, seed)
        self.disk = disk

    def blow(self):
        """Without power nobody computes either.  A server that goes on for a moment may hear that its fsync, begun before
        the cut, went well (the journal was given up meanwhile, and nobody waits for it any more), and say 250."""
        self.nestbox.freeze()
        self.disk.cut()
        self.nestbox.kill()

    def mend(self):
        self.disk.detach()
        self.disk.attach()


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path)
    yield disk
    disk.detach()


def test_every_promise_outlives_power_cuts(disk, twin, judge, capsys):
    server = twin({"network": {"retry": RETRY}}, data_dir=disk.place)
    server.start()
    crowd = Crowd(server, judge, authors=3).start()
    outage = Outage(server, crowd, disk, seed=20261123)
    for _ in range(CUTS):
        outage.strike()
    crowd.stop()
    outage.check()
    until(lambda: server.ask("queue", "list") == [], "every delivery being done", 180)
    totals = crowd.count(outage.blows)
    with capsys.disabled():
        print(f"\n{CUTS} power cuts, {outage.struck} with an answer outstanding; promised and kept: {totals}")
    server.end()
    check_database(server.data_dir)
