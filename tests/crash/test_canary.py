"""Nobody who takes the disk can read what lies there: a word that came in by every way is nowhere on it."""
import os
import pathlib
import signal
import subprocess

import pytest

from laboratory.canary import Canary, find_in_file
from laboratory.disk import Disk
from laboratory.wait import until

FLIGHTS = int(os.environ.get("NESTBOX_CANARIES", 1))


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path, 128)
    yield disk
    disk.detach()


@pytest.fixture
def house(disk, twin, tmp_path):
    """A server on that disk, with a folder for what it might leave elsewhere."""
    def make(policy):
        server = twin({"policy": policy}, data_dir=disk.place)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        server.environment = {"TMPDIR": str(elsewhere), "XDG_RUNTIME_DIR": str(elsewhere)}
        server.elsewhere = elsewhere
        return server.start()
    return make


def certificate(folder, address):
    """Of a key that can encrypt."""
    folder.mkdir(mode=0o700)
    gpg = ["gpg", "--batch", "--quiet", "--homedir", folder, "--pinentry-mode", "loopback", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-generate-key", address, "future-default", "default", "1y"], check=True,
                   capture_output=True)
    found = subprocess.run([*gpg, "--armor", "--export", address], check=True, capture_output=True).stdout
    subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=True, capture_output=True)
    return found


def people(server, tmp_path):
    """One with a key, one without."""
    alice, bob = server.account("alice@twin.test"), server.account("bob@twin.test")
    server.cli("key", "add", alice.address, input=certificate(tmp_path / "gnupg", alice.address))
    return alice, bob


def arrived(canary):
    """All that was answered 202 or 250 is in the mailboxes."""
    for one in canary.people:
        until(lambda one=one: len(one.mails()) >= 13, f"the mails of {one.address}")


def search(server, disk, word):
    """In every block of the disk, the log, what lies in the folders for passing things."""
    found = []
    for path in [disk.image, server.log, *(path for path in server.elsewhere.rglob("*") if path.is_file())]:
        found += find_in_file(pathlib.Path(path), word)
    return found


def cores():
    """Where a core dump would be."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    folder = pathlib.Path(pattern).parent if pattern.startswith("/") else pathlib.Path.cwd()
    return set(folder.glob("core*"))


def test_a_word_that_came_by_every_way_is_nowhere_on_the_disk(house, disk, judge, tmp_path):
    server = house({})
    living = people(server, tmp_path)
    for flight in range(FLIGHTS):
        canary = Canary(server, living, judge).fly()
        arrived(canary)
        if flight % 2 == 1:
            server.freeze()
            disk.cut()
        server.kill()
        disk.detach()
        found = search(server, disk, canary.word)
        disk.attach()
        server.start()
        assert found == []


def test_a_word_of_strangers_and_of_their_refusal_is_nowhere_on_the_disk(house, disk, judge, tmp_path):
    server = house({"contact": "ask", "hold": "accept"})
    living = people(server, tmp_path)
    canary = Canary(server, living, judge).knock()
    server.kill()
    disk.detach()
    found = search(server, disk, canary.word)
    disk.attach()
    assert found == []


def test_the_search_finds_what_is_not_sealed(house, disk, judge, tmp_path):
    server = house({"seal": "no"})
    canary = Canary(server, people(server, tmp_path), judge).fly()
    arrived(canary)
    server.kill()
    disk.detach()
    found = search(server, disk, canary.word)
    disk.attach()
    assert {line.split(":")[1].split(" at")[0].strip() for line in found} >= {"as it is", "quoted-printable"}
    assert any("base64" in line for line in found)


def test_a_crash_leaves_no_core(house, disk):
    server, before = house({}), cores()
    limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
    assert "Max core file size        0                    0" in limits
    os.kill(server.pid, signal.SIGSEGV)
    assert server.died() in (-signal.SIGSEGV, 99)  # 99: the sanitizer has seen it
    assert cores() == before
