"""A foreign program that runs for as long as a test needs it."""
import signal
import subprocess
import threading

from .wait import Log


class Process:
    """Runs `command`; its output, line by line, goes to a file and to whoever waits for a line."""

    def __init__(self, name, command, log_path, env=None, stdin=None):
        self.name = name
        self.lines = Log(name)
        self.log_path = log_path
        self._file = open(log_path, "ab", buffering=0)
        self.popen = subprocess.Popen(
            [str(word) for word in command], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.popen.stdout:
            self._file.write(line)
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
