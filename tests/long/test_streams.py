"""The stream of contact requests over a long time: it shows that it lives, and a device that does not read costs little."""
import pathlib
import re
import socket
import ssl
import time

from laboratory.wait import until
from test_contact import asking  # noqa: F401  a fixture
from test_contact_events import Stream, bearer

PEOPLE, STREAMS = 20_000, 8


def rss_mib(server):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{server.pid}/status").read_text())[1]) / 1024


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


def deaf(account, who):
    """A device that asks for all that ever happened, and reads none of it."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(60)
    plain.connect((account.nestbox.address, 443))
    link = account.nestbox.trust.wrap_socket(plain, server_hostname="twin.test")
    link.sendall(f"GET /contacts/stream HTTP/1.1\r\nHost: twin.test\r\nAuthorization: {who}\r\nLast-Event-ID: 0\r\n\r\n".encode())
    return link


def test_who_does_not_read_is_hung_up_and_costs_little(asking, tmp_path):  # noqa: F811
    tom = asking()
    server = tom.nestbox
    who = bearer(tom)["Authorization"]
    server.cli("contact", "import", tom.address,
               input="".join(f"welcome\tperson-{i}@elsewhere.test\tS2\t\n" for i in range(PEOPLE)))
    calm = rss_mib(server)
    streams = [deaf(tom, who) for _ in range(STREAMS)]
    assert Stream(tom, Authorization=who).status == 429
    began, most = time.monotonic(), 0

    def hung_up():
        nonlocal most
        most = max(most, rss_mib(server) - calm)
        return Stream(tom, Authorization=who).status == 200

    until(hung_up, "the end of those who do not read", 120)
    print(f"deaf streams were hung up after {time.monotonic() - began:.0f} s; they cost {most:.1f} MiB at most")
    assert most < 16
    for stream in streams:
        try:
            stream.close()
        except (OSError, ssl.SSLError):
            pass
