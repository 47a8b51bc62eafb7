"""What goes through all that rests, mail after mail, may be interrupted at any moment, by a kill or by the end of the power:
every mail is there once, readable, and nothing of it lies on the disk as it came."""
import email.policy
import os
import random
import sqlite3
import subprocess
import threading

import pytest

from laboratory.bodies import check_database, check_files
from laboratory.canary import find_in_file, new_word
from laboratory.disk import Disk
from laboratory.gpg import Gpg
from laboratory.mailing import compose, connect, transact
from laboratory.wait import until

BLOWS = int(os.environ.get("NESTBOX_INTERRUPTIONS", 1))
MAILS = 200 + 150 * BLOWS  # enough that the last blow finds something left, as fast as they are sealed
LARGE = "So it goes, line by line.\r\n" * 4000
SEALED = 1  # enum pgp_form
BEHIND = ["nice", "-n", "10"]  # whoever strikes: else, on a busy machine, all may be done before they look


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path, 32 + 8 * BLOWS)
    yield disk
    disk.detach()


class House:
    """A server on that disk, with mails that rest under its key, each with the word in it."""

    def __init__(self, server, disk, by_power, folder):
        self.server, self.disk, self.by_power = server, disk, by_power
        self.random, self.word = random.Random(20261122), new_word()
        server.start()
        self.reader = server.account("una@twin.test")
        with connect(server, 25) as smtp:
            for number in range(MAILS):
                mail = compose("carol@mail.test", self.reader.address, f"{self.word} {number}",
                               self.word + "\n" + (LARGE if number % 20 == 0 else ""))
                answer = transact(smtp, "carol@mail.test", [self.reader.address], mail.as_bytes(policy=email.policy.SMTP))
                assert answer[0] == 250, answer
        self.before = self.names()
        assert len(set(self.before)) == MAILS
        self.ring = Gpg(folder, self.reader.address, encrypts=("ed25519", "cv25519"))

    def names(self):
        return [mail["message_id"] for mail in self.reader.mails("INBOX")]

    def begin(self, *words):
        return subprocess.Popen([str(self.server.binary), *words, "--config", str(self.server.config)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def strike(self, begins, most):
        """At some moment after it has begun; then all starts again."""
        begins()
        threading.Event().wait(self.random.uniform(0, most))  # the moment is the input of this test
        if self.by_power:
            self.server.freeze()
            self.disk.cut()
        self.server.kill()
        if self.by_power:
            self.disk.detach()
            self.disk.attach()
        struck = self.is_under_way()
        self.server.start()
        check_files(self.server.data_dir)
        assert self.names() == self.before
        return struck

    def is_under_way(self):
        raise NotImplementedError

    def end(self):
        """Nothing of it is on the disk, in no block that was ever used."""
        self.server.end()
        check_database(self.server.data_dir)
        self.disk.detach()
        found = find_in_file(self.disk.image, self.word)
        self.disk.attach()
        assert found == []


class Sealing(House):
    """nestbox seal"""

    def __init__(self, *words):
        super().__init__(*words)
        self.server.cli("key", "add", self.reader.address, self.ring.certificate())

    def forms(self):
        return self.server.ask("status")["mail"]

    def is_under_way(self):
        return True  # asked of the server when it runs again

    def strike_once(self):
        before = self.forms()["sealed"]
        asked = []

        def begins():
            asked.append(self.begin("seal", self.reader.address))
            until(lambda: asked[0].poll() is not None or self.sealed_bodies() > before, "one more mail sealed", pause=0.001)
        self.strike(begins, 0.02)
        asked[0].wait(30)
        return self.forms()["server_key"] > 0

    def sealed_bodies(self):
        """Asked of the store itself: by a command they might all be sealed before the answer is there."""
        store = sqlite3.connect(f"file:{self.server.data_dir}/nestbox.db?mode=ro", uri=True, timeout=30)
        try:
            return store.execute("SELECT count(*) FROM copy WHERE form = ?", [SEALED]).fetchone()[0]
        finally:
            store.close()

    def check(self):
        assert "nothing rests unsealed" in self.server.cli("seal", self.reader.address)
        assert self.forms() == {"sealed": MAILS, "came_encrypted": 0, "server_key": 0, "clear": 0}
        assert self.names() == self.before
        listed = self.reader.mails("INBOX")
        for number in (0, 1, MAILS // 2, MAILS - 1):
            assert f"Subject: {self.word} {number}".encode() in self.ring.decrypt(self.reader.show(listed[number]))


class Rotation(House):
    """nestbox key rotate-server"""

    def key(self):
        return (self.server.data_dir / "keys" / "server.key").read_text()

    def is_under_way(self):
        return "nestbox-old-server-key-1" in self.key()

    def strike_once(self):
        def begins():
            asked = self.begin("key", "rotate-server")
            until(lambda: asked.poll() is not None or self.is_under_way(), "two keys in the file", pause=0.001)
        if self.is_under_way():  # the server, which has just started, goes on with it by itself
            return self.strike(lambda: None, 0.03)
        return self.strike(begins, 0.1)

    def check(self):
        until(lambda: not self.is_under_way(), "the old key forgotten", 60)
        listed = self.reader.mails("INBOX")
        assert self.names() == self.before
        for number, mail in enumerate(listed):
            if number % 20 < 2:
                assert f"Subject: {self.word} {number}\r\n".encode() in self.reader.show(mail)


WAYS = [(Sealing, False), (Rotation, True), (Sealing, True), (Rotation, False)]


@pytest.mark.parametrize(("kind", "by_power"), WAYS if BLOWS > 1 else WAYS[:2])
def test_interrupted_again_and_again_it_ends_well(kind, by_power, disk, twin, tmp_path, capsys):
    server = twin(data_dir=disk.place)
    server.around = [*server.around, *BEHIND]
    house = kind(server, disk, by_power, tmp_path / "ring")
    try:
        struck = 0
        for _ in range(4 * BLOWS):
            struck += house.strike_once()
            if struck == BLOWS:
                break
        house.check()
        with capsys.disabled():
            print(f"\n{kind.__doc__}: {struck} {'power cuts' if by_power else 'kills'} before it was done")
        assert struck == BLOWS
        house.end()
    finally:
        house.ring.end()
