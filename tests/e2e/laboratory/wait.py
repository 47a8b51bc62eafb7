"""Waiting for events, always with a deadline."""
import threading
import time

DEADLINE = 60.0  # of a machine that does much else; who waits for what comes waits no longer for it


class TookTooLong(AssertionError):
    """What was waited for did not happen; says what did."""


class Log:
    """A list that grows from other threads; whoever waits is woken by each new entry."""

    def __init__(self, name):
        self.name = name
        self.entries = []
        self.changed = threading.Condition()

    def add(self, entry):
        with self.changed:
            self.entries.append(entry)
            self.changed.notify_all()

    def all(self, wanted=lambda entry: True):
        with self.changed:
            return [entry for entry in self.entries if wanted(entry)]

    def wait_for(self, wanted, seconds=DEADLINE, what="an entry", count=1):
        """The entries for which `wanted` holds, as soon as there are `count` of them (one: the entry itself)."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                found = [entry for entry in self.entries if wanted(entry)]
                if len(found) >= count:
                    return found[0] if count == 1 else found
                left = end - time.monotonic()
                if left <= 0:
                    raise TookTooLong(f"{self.name}: {what} did not come in {seconds} s; there is {self.entries[-12:]}")
                self.changed.wait(left)


def until(condition, what, seconds=DEADLINE, pause=0.05):
    """Asks `condition` again and again until it gives something true; gives that back.  For states of foreign
    programs that tell nobody when they change."""
    end = time.monotonic() + seconds
    nothing = threading.Event()
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TookTooLong(f"{what} did not happen in {seconds} s")
        nothing.wait(pause)


def clear_of(hour, seconds=60):
    """Returns at once, unless that hour (UTC) begins within so many seconds: then when it has begun.  For a test in the middle of
    which no day may end."""
    to_go = (hour * 3600 - time.time()) % 86400
    if to_go < seconds:
        until(lambda: (hour * 3600 - time.time()) % 86400 > seconds, f"{hour}:00 UTC", seconds + DEADLINE)
