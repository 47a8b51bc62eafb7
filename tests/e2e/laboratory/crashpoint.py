"""Orders to the library that is preloaded into the server (tests/crash/crashpoint.c), and what it counted."""
import errno
import mmap
import os
import pathlib
import struct

from .nestbox import ROOT

LIBRARY = pathlib.Path(os.environ.get("NESTBOX_CRASHPOINT", ROOT / "build/dev/tests/crash/libcrashpoint.so"))
LET_PASS, DIE_BEFORE, DIE_HALF_WAY = 0, 1, 2
FULL, BROKEN = -errno.ENOSPC, -errno.EIO
ALL = 2**62

_NUMBERS, _SIZE = struct.Struct("@qqqq"), 256


class Crashpoint:
    """Calls of a server that write below `folder`, the first has number 1.  What befalls those from `first` to `last`
    is the deed; orders count from the moment they are given, also while the server runs."""

    def __init__(self, place, folder):
        assert LIBRARY.exists(), f"{LIBRARY} is not built"
        place.write_bytes(b"\0" * _SIZE)
        with open(place, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)
        self.environment = {"LD_PRELOAD": str(LIBRARY), "CRASHPOINT_DIR": str(folder), "CRASHPOINT_FILE": str(place)}

    def order(self, deed, first=1, last=ALL):
        _NUMBERS.pack_into(self._map, 0, self.calls, first, last, deed)

    def begin(self, deed=LET_PASS, first=1, last=ALL):
        """For a new process: nothing has been counted."""
        self._map[:] = _NUMBERS.pack(0, first, last, deed).ljust(_SIZE, b"\0")

    @property
    def calls(self):
        return _NUMBERS.unpack_from(self._map)[0]

    @property
    def has_failed_some(self):
        """Whether calls are failing by order."""
        calls, first, _, deed = _NUMBERS.unpack_from(self._map)
        return deed < 0 and calls >= first

    @property
    def death(self):
        """At which call the process died; empty if it did not."""
        return self._map[_NUMBERS.size:].split(b"\0", 1)[0].decode("utf-8", "replace")
