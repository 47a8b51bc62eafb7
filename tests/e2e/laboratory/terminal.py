"""A program that wants a screen and somebody who types."""
import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
import time

from .wait import DEADLINE, TookTooLong

CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]|[\x0e\x0f]")


class Terminal:
    """`words` run on a screen of 40 lines; what was drawn since the last wait can be waited for."""

    def __init__(self, words, env=None):
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "vt100", "LC_ALL": "C.UTF-8", **(env or {})})
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
            os.execvp(words[0], words)
        self.drawn, self.ended, self.changed = b"", False, threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                more = os.read(self.screen, 65536)
            except OSError:  # so a terminal says that the program has ended
                more = b""
            with self.changed:
                self.drawn += more
                self.ended = not more
                self.changed.notify_all()
            if not more:
                return

    def type(self, keys):
        os.write(self.screen, keys.encode())

    def wait_for(self, text, seconds=DEADLINE):
        """Until that was drawn; what stands before it is forgotten."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                plain = CONTROLS.sub(b"", self.drawn)
                if (at := plain.find(text.encode())) >= 0:
                    self.drawn = plain[at + len(text.encode()):]
                    return
                if self.ended or not self.changed.wait(max(0, end - time.monotonic())):
                    raise TookTooLong(f"{text!r} was not drawn in {seconds} s but {plain[-3000:]!r}")

    def finish(self, seconds=DEADLINE):
        """Waits for its end; gives its status."""
        self._reader.join(seconds)
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            raise TookTooLong(f"it did not end in {seconds} s; drawn was {CONTROLS.sub(b'', self.drawn)[-3000:]!r}")
        os.close(self.screen)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
