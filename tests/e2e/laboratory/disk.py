"""A disk of its own, whose power can be cut and whose every block can be read."""
import fcntl
import os
import struct
import subprocess

from .wait import until

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
