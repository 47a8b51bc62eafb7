"""Nobody who takes the disk can read what lies there: a word that came in by every way is nowhere on it."""
import email
import email.policy
import itertools
import os
import pathlib
import signal
import tempfile

import pytest

from laboratory.canary import Canary, find_in_file
from laboratory.disk import Disk
from laboratory.gpg import Gpg
from laboratory.push_service import PushDevice
from laboratory.terminal import Terminal
from laboratory.wait import until
from test_contact_push import Registry
from test_signed_in import Browser, signed_in

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
        server.elsewhere, server.before = elsewhere, passing()
        return server.start()
    return make


@pytest.fixture
def people(tmp_path_factory):
    """One with a key, one without, one whom Delta Chat reads; each reads what is theirs."""
    made = []

    def make(server):
        alice, bob, eve = (server.account(f"{name}@twin.test") for name in ("alice", "bob", "eve"))
        bob.ring = None
        for one in (alice, eve):
            one.ring = Gpg(tmp_path_factory.mktemp("ring") / "home", one.address, encrypts=("ed25519", "cv25519"))
            one.claims = itertools.count()
            made.append(one.ring)
            server.cli("key", "add", one.address, one.ring.certificate())
        server.cli("account", "set", eve.address, "chat=yes")
        alice.reads, bob.reads, eve.reads = opener(alice.ring), as_text, opener(eve.ring)
        return alice, bob, eve
    yield make
    for ring in made:
        ring.end()


def as_text(mail):
    parsed = email.message_from_bytes(mail, policy=email.policy.default)
    return parsed["Subject"] + "\n" + parsed.get_body(("plain",)).get_content()


def opener(ring):
    def reads(mail):
        parsed = email.message_from_bytes(mail, policy=email.policy.default)
        if parsed.get_content_type() != "multipart/encrypted":
            return as_text(mail)
        return as_text(ring.decrypt(list(parsed.iter_parts())[1].get_content()))
    return reads


def arrived(canary):
    """All that was answered 202 or 250 is in the mailboxes, and its owner reads it."""
    def came(one):
        """But for answers of the key desk, which has nothing to say of what it read."""
        return [mail for mail in one.mails("INBOX") if "claim@" not in mail["from"]]

    for one in canary.people:
        until(lambda one=one: len(came(one)) >= (9 if len(canary.sizes(one)) > 1 else 6), f"the mails of {one.address}")
        read = [canary.word in one.reads(one.show(mail)) for mail in came(one)[-6:]]
        assert sum(read) == len(read), (one.address, read)
        until(lambda one=one: any(canary.mark("edit", "text") in one.reads(one.show(mail)) for mail in came(one)[-4:]),
              f"the edited note of {one.address}")


def register(one, endpoint):
    return Registry(one).register(**PushDevice(endpoint).form())


def mutt_shows(one, word, folder):
    """The newest mail, as one reads it."""
    box, settings = folder / "mail.mbox", folder / "muttrc"
    mail = one.show(one.mails("INBOX")[-1])
    box.write_bytes(b"From carol@mail.test Sun Nov 22 12:00:00 2026\n" + mail.replace(b"\r\n", b"\n") + b"\n")
    settings.write_text(f"set folder={folder}\nset quit=yes\nset wait_key=no\nset crypt_use_gpgme=yes\n"
                        "set crypt_protected_headers_read=yes\nset pager_index_lines=0\n")
    screen = Terminal(["mutt", "-n", "-F", str(settings), "-f", str(box), "-e", 'push "<display-message>"'],
                      {"GNUPGHOME": str(one.ring.folder)})
    screen.wait_for(word)
    screen.type("q")
    screen.type("q")
    assert screen.finish() == 0


def passing():
    """What lies in the places for passing things, apart from what this test itself has there."""
    return {path for place in ("/tmp", "/var/tmp", "/dev/shm", tempfile.gettempdir()) for path in pathlib.Path(place).iterdir()}


def search(server, disk, word):
    """In every block of the disk, the log, what lies in the folders for passing things."""
    found = []
    new = [path for path in passing() - server.before if path.is_file()]
    for path in [disk.image, server.log, *(path for path in server.elsewhere.rglob("*") if path.is_file()), *new]:
        found += find_in_file(pathlib.Path(path), word)
    return found


def cores():
    """Where a core dump would be."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    folder = pathlib.Path(pattern).parent if pattern.startswith("/") else pathlib.Path.cwd()
    return set(folder.glob("core*"))


def killed(server, disk):
    server.kill()


def without_power(server, disk):
    server.freeze()
    disk.cut()
    server.kill()


def broken(server, disk):
    """It reads where there is nothing: a core dump would hold all that it knows."""
    before = cores()
    os.kill(server.pid, signal.SIGSEGV)
    assert server.died() in (-signal.SIGSEGV, 99)  # 99: the sanitizer has seen it
    assert cores() == before


ENDS = [killed, without_power, broken]


def end_and_search(server, disk, word, end):
    end(server, disk)
    disk.detach()
    found = search(server, disk, word)
    disk.attach()
    return found


def test_a_word_that_came_by_every_way_is_nowhere_on_the_disk(house, disk, people, judge, tmp_path):
    server = house({})
    living = people(server)
    for flight in range(FLIGHTS):
        canary = Canary(server, living, judge).fly()
        arrived(canary)
        found = end_and_search(server, disk, canary.word, ENDS[flight % len(ENDS)])
        server.start()
        assert found == []
    mutt_shows(living[0], canary.word, tmp_path)


@pytest.mark.parametrize("end", ENDS if FLIGHTS > 1 else [without_power], ids=lambda end: end.__name__)
def test_a_word_of_strangers_and_of_their_refusal_is_nowhere_on_the_disk(house, disk, people, judge, end):
    """Each end on a disk of its own: who is refused and the day's questions are over after one flight."""
    server = house({"contact": "ask", "hold": "accept"})
    canary = Canary(server, people(server), judge).knock(lambda one: signed_in(one, one.reads) if one else Browser(server), register)
    assert end_and_search(server, disk, canary.word, end) == []


def test_the_search_finds_what_is_not_sealed(house, disk, people, judge):
    server = house({"seal": "no"})
    canary = Canary(server, people(server)[:1], judge).fly()
    arrived(canary)
    found = end_and_search(server, disk, canary.word, killed)
    assert {line.split(":")[1].split(" at")[0].strip() for line in found} >= {"as it is", "quoted-printable"}
    assert any("base64" in line for line in found)


def test_a_crash_leaves_no_core(house, disk):
    server = house({})
    limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
    assert "Max core file size        0                    0" in limits
    broken(server, disk)
