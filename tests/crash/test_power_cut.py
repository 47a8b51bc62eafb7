"""Power cuts: what was promised is on the disk, not only in the kernel's memory (which kill -9 leaves alone)."""
import fcntl
import os
import struct
import subprocess

import pytest

from laboratory.bodies import check_database
from laboratory.load import Crowd, Killer
from laboratory.wait import until

CUTS = int(os.environ.get("NESTBOX_CUTS", 20))
RETRY = ", ".join(["1 s"] * 12)
SHUTDOWN, WITHOUT_FLUSHING = 0x8004587D, struct.pack("I", 2)  # ext4's own switch: nothing more reaches the disk


class Disk:
    """A file system of its own, whose power can be cut."""

    def __init__(self, folder, size_mib=256):
        self.image, self.place = folder / "disk", folder / "data"
        self.place.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(size_mib * 1024 * 1024)
        self._run("mkfs.ext4", "-q", self.image)
        self.attach()

    def _run(self, *words):
        subprocess.run([str(word) for word in words], check=True, capture_output=True)

    def attach(self):
        self._run("mount", "-o", "loop,commit=600", self.image, self.place)

    def cut(self):
        place = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(place, SHUTDOWN, WITHOUT_FLUSHING)
        finally:
            os.close(place)

    def detach(self):
        until(lambda: subprocess.run(["umount", str(self.place)], capture_output=True).returncode == 0,
              "the file system being let go")


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
