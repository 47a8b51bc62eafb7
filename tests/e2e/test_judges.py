"""What is sealed opens in GnuPG, Sequoia and RNP, octet for octet; what was altered opens in none of them."""
import concurrent.futures
import itertools
import os
import random

import pytest

from laboratory.gpg import Gpg
from laboratory.nestbox import BINARY, ROOT
from laboratory.openpgp import JUDGES, Sealer, dearmored, packets, spoiled

EACH = int(os.environ.get("NESTBOX_SEALED", 3))  # messages for each kind of key
SPOILED = max(1, EACH // 10)  # of them are altered too
SEED = int(os.environ.get("NESTBOX_SEED", 20261122))
OLD = ("--cert-digest-algo", "SHA1")  # which librnp does not take: GnuPG seals then
KINDS = {
    "rsa2048": [("rsa2048", "rsa2048")], "rsa3072": [("rsa3072", "rsa3072")], "rsa4096": [("rsa2048", "rsa4096")],
    "curve25519": [("ed25519", "cv25519")], "p256": [("nistp256", "nistp256")], "p384": [("nistp384", "nistp384")],
    "p521": [("nistp521", "nistp521")], "sha1": [("rsa2048", "rsa2048", OLD)],
    "one part expired": [("ed25519", "cv25519", (), "cv25519")],
    "three owners": [("ed25519", "cv25519"), ("rsa2048", "rsa2048"), ("nistp256", "nistp384")],
}
SERIAL = itertools.count(1)


@pytest.fixture(scope="module")
def sealer():
    one = Sealer(ROOT / "build" / "dev" / "tests" / "e2e" / "sealer", BINARY)
    yield one
    one.end()


class Owner:
    """A key, and each judge with it."""

    def __init__(self, folder, signs, encrypts, options=(), expired=None):
        self.ring = Gpg(folder, f"owner{next(SERIAL)}@nest.test", encrypts=(signs, encrypts), options=options)
        if expired:
            self.ring.add_expired(expired)
        self.certificate = self.ring.certificate()
        judges = {name: judge for name, judge in JUDGES.items() if options != OLD or name != "sqop"}  # it takes no such key
        self.judges = {name: judge(folder / name, self.ring) for name, judge in judges.items()}


@pytest.fixture
def owners(tmp_path):
    made = []

    def make(kinds):
        made.extend(Owner(tmp_path / f"owner{number}", *kind) for number, kind in enumerate(kinds))
        return made
    yield make
    for one in made:
        one.ring.end()


def some_mail(chance):
    """Of any size, and of anything: words in lines, or noise."""
    size = int(2 ** chance.uniform(0, 17)) - 1
    if chance.random() < 0.5:
        return chance.randbytes(size)
    return b"".join(chance.choice([b"So it goes.\r\n", b".\r\n", b"\r\n", b"From me\r\n", b"=20\n", b"\xc3\xa9 "])
                    for _ in range(size // 8))


def problems_with(owner, plain, message, chance):
    """What any judge says otherwise."""
    found = [f"{name} gives other octets" for name, judge in owner.judges.items() if judge.open(message) != plain]
    if chance is None:
        return found
    tags = {}
    for packet in packets(message):
        tags.setdefault(packet[0], []).append(packet)
    changed = message
    for packet in tags[1]:  # that of this owner is among them
        changed = spoiled(changed, packet, chance)
    for what, bad in (("session key", changed), ("data", spoiled(message, tags[18][0], chance))):
        found += [f"{name} opens an altered {what}" for name, judge in owner.judges.items() if judge.open(bad) is not None]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_three_programs_open_what_is_sealed_and_nothing_altered(kind, sealer, owners, tmp_path):
    chance, all_of = random.Random(f"{SEED} {kind}"), owners(KINDS[kind])
    certificates = [owner.certificate for owner in all_of]
    plain_path, sealed_path = tmp_path / "plain", tmp_path / "sealed"
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = []
        for number in range(EACH):
            plain = some_mail(chance)
            plain_path.write_bytes(plain)
            message = dearmored(sealer.seal(plain_path, sealed_path, certificates))
            assert [tag for tag, _, _ in packets(message)] == [1] * len(all_of) + [18]
            spoils = random.Random(f"{SEED} {kind} {number}") if number < SPOILED else None
            waiting.append((number, pool.submit(problems_with, all_of[number % len(all_of)], plain, message, spoils)))
        problems = [(number, one.result()) for number, one in waiting if one.result()]
    assert problems == []
