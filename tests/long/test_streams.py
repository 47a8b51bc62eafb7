"""The stream of contact requests over a while: it shows that it lives."""
import time

from test_contact import asking  # noqa: F401  a fixture
from test_contact_events import Stream, bearer


def test_a_stream_shows_that_it_lives(asking):  # noqa: F811
    tom = asking()
    stream = Stream(tom, **bearer(tom))
    began = time.monotonic()
    while stream.answer.readline() != b":\n":
        pass
    first = time.monotonic()
    while stream.answer.readline() != b":\n":
        pass
    assert first - began < 10 and 20 < time.monotonic() - first < 35, "a line at least every 25 seconds, and no flood of them"
    stream.close()
