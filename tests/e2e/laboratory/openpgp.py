"""Three programs that open OpenPGP messages and share no code; and the packets of a message, to spoil one."""
import base64
import os
import subprocess


def dearmored(sealed):
    """The packets in a sealed mail, or in bare armor."""
    armor = sealed[sealed.index(b"-----BEGIN PGP MESSAGE"):sealed.index(b"-----END PGP MESSAGE")]
    lines = armor.replace(b"\r", b"").split(b"\n\n", 1)[1].split(b"\n")
    return base64.b64decode(b"".join(line for line in lines if not (line.startswith(b"=") and len(line) == 5)))


def packets(message):
    """(tag, where its body begins, where it ends); the last takes all that is left, whatever its lengths are."""
    at, found = 0, []
    while at < len(message):
        assert message[at] & 0xC0 == 0xC0, "a head of the old format"
        tag, first = message[at] & 0x3F, message[at + 1]
        if tag == 18:
            width, end = (1 if first < 192 or 224 <= first < 255 else 5 if first == 255 else 2), len(message)
        elif first < 192:
            width, end = 1, at + 2 + first
        else:
            assert first < 224
            width, end = 2, at + 3 + ((first - 192) << 8) + message[at + 2] + 192
        found.append((tag, at + 1 + width, end))
        at = end
    return found


ECDH = 18


def secret_part(message, begin):
    """Where the encrypted session key begins in its packet.  In front of it stand version, key, algorithm and a length in
    bits, which programs need not take at its word, and with ECDH a point, of whose bits Curve25519 itself ignores one."""
    bits = int.from_bytes(message[begin + 10:begin + 12], "big")
    return begin + 12 + ((bits + 7) // 8 + 1 if message[begin + 9] == ECDH else 0)


def spoiled(message, packet, chance):
    """The message with one bit of that packet turned over."""
    tag, begin, end = packet
    bit = chance.randrange((secret_part(message, begin) if tag == 1 else begin) * 8, end * 8)
    changed = bytearray(message)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


class ByGnuPG:
    def __init__(self, folder, ring):
        self.ring = ring

    def open(self, message):
        """What was sealed; None: refused."""
        done = subprocess.run(["gpg", "--batch", "--quiet", "--homedir", str(self.ring.folder), "--decrypt"], input=message,
                              capture_output=True)
        return done.stdout if done.returncode == 0 else None


class BySequoia:
    def __init__(self, folder, ring):
        folder.mkdir()
        self.secret = folder / "secret.asc"
        self.secret.write_bytes(ring.secret())

    def open(self, message):
        done = subprocess.run(["sqop", "decrypt", self.secret], input=message, capture_output=True)
        return done.stdout if done.returncode == 0 else None


class ByRnp:
    def __init__(self, folder, ring):
        folder.mkdir(mode=0o700)
        self.folder = folder
        subprocess.run(["rnpkeys", "--homedir", folder, "--import-keys", "-"], input=ring.secret(), check=True,
                       capture_output=True)

    def open(self, message):
        done = subprocess.run(["rnp", "--homedir", self.folder, "--password", "", "--decrypt", "-", "--output", "-"],
                              input=message, capture_output=True)
        return done.stdout if done.returncode == 0 else None


JUDGES = {"gpg": ByGnuPG, "sqop": BySequoia, "rnp": ByRnp}


class Sealer:
    """The server's own sealing, without a server: tests/e2e/sealer.c."""

    def __init__(self, binary, nestbox):
        self._process = subprocess.Popen([str(binary), str(nestbox)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1:exitcode=99"})

    def seal(self, plain, into, certificates):
        self._process.stdin.write(" ".join(map(str, [plain, into, *certificates])).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().decode().strip()
        assert answer == "sealed", answer
        return into.read_bytes()

    def end(self):
        self._process.stdin.close()
        assert self._process.wait(60) == 0
