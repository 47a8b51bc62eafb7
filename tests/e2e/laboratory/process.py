"""A foreign program that runs for as long as a test needs it."""
import signal
import subprocess
import threading
import time
import weakref

from .wait import Log

_ALL = weakref.WeakSet()
TAIL_LINES, LINE_SHOWN = 40, 400


def heard_so_far():
    """How much each program has said until now: for words_since()."""
    return {process: len(process.times) for process in _ALL}


def words_since(before):
    """(name, its last lines and how long ago they were said) of each program that said something since then: what a
    report needs to tell why something did not happen."""
    now = time.monotonic()
    for process in sorted(_ALL, key=lambda process: process.name):
        said = list(zip(process.times, process.lines.entries))[before.get(process, 0):]
        if said:
            yield process.name, "\n".join(f"{at - now:8.2f} s  {line[:LINE_SHOWN]}" for at, line in said[-TAIL_LINES:])


class Process:
    """Runs `command`; its output, line by line, goes to a file and to whoever waits for a line."""

    def __init__(self, name, command, log_path, env=None, stdin=None):
        self.name = name
        self.lines, self.times = Log(name), []
        _ALL.add(self)
        self.log_path = log_path
        self._file = open(log_path, "ab", buffering=0)
        self.popen = subprocess.Popen(
            [str(word) for word in command], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.popen.stdout:
            self._file.write(line)
            self.times.append(time.monotonic())
            self.heard(line.decode("utf-8", "replace").rstrip("\n"))
        self.lines.add(None)

    def heard(self, line):
        self.lines.add(line)

    def wait_for_line(self, words, seconds=20):
        return self.lines.wait_for(lambda line: line is None or words in line, seconds, f"a line with {words!r}")

    @property
    def pid(self):
        return self.popen.pid

    def runs(self):
        return self.popen.poll() is None

    def kill(self):
        self.popen.kill()
        return self.finish()

    def stop(self, how=signal.SIGTERM, seconds=30):
        if self.runs():
            self.popen.send_signal(how)
        return self.finish(seconds)

    def finish(self, seconds=30):
        try:
            status = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"{self.name} did not end in {seconds} s; its words are in {self.log_path}") from None
        self._reader.join(5)
        self._file.close()
        return status

    def words(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()
