"""OpenPGP mail, made and opened with gpg."""
import email.utils
import os
import subprocess
import time

from .mailing import _serial


class Gpg:
    """A key ring of its own with one key for `address`; `encrypts` names the kinds of its two parts, if it has two."""

    def __init__(self, folder, address, encrypts=None, options=()):
        self.folder, self.address = folder, address
        folder.mkdir(mode=0o700, parents=True)
        month_ago = time.time() - 30 * 86400
        self._gpg(*options, "--quick-generate-key", f"Somebody <{address}>", encrypts[0] if encrypts else "ed25519", "sign",
                  "1y", faked=month_ago)
        if encrypts:
            self._gpg(*options, "--quick-add-key", self.fingerprint(), encrypts[1], "encr", "1y", faked=month_ago)

    def add_expired(self, kind):
        """One more part that encrypts, newer than the others, which ended a week ago."""
        self._gpg("--quick-add-key", self.fingerprint(), kind, "encr", "1w", faked=time.time() - 14 * 86400)

    def extend(self, until):
        """The end of the key and of all its parts."""
        self._gpg("--quick-set-expire", self.fingerprint(), until)
        self._gpg("--quick-set-expire", self.fingerprint(), until, "*")

    def _gpg(self, *words, input=None, faked=None):
        options = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
        if faked is not None:
            options += ["--faked-system-time", f"{int(faked)}!", "--ignore-time-conflict", "--ignore-valid-from"]
        return subprocess.run(["gpg", *options, *words], input=input, check=True, capture_output=True,
                              env={**os.environ, "GNUPGHOME": str(self.folder)}).stdout

    def certificate(self):
        """Path of the public key, armored."""
        path = self.folder / "certificate.asc"
        path.write_bytes(self._gpg("--armor", "--export", self.address))
        return path

    def export(self):
        return self._gpg("--export", "--export-options", "export-minimal", self.address)

    def secret(self):
        return self._gpg("--armor", "--export-secret-keys", self.address)

    def decrypt(self, armor):
        return self._gpg("--skip-verify", "--decrypt", input=armor)  # by whom it is signed is not asked

    def encrypt(self, text):
        return self._gpg("--armor", "--trust-model", "always", "-r", self.address, "--encrypt", input=text)

    def store(self, text):
        """Armor around nothing but a literal packet."""
        return self._gpg("--armor", "--compress-algo", "none", "--store", input=text)

    def fingerprint(self):
        lines = self._gpg("--with-colons", "--list-keys").decode().split("\n")
        return next(line.split(":")[9] for line in lines if line.startswith("fpr:"))

    def sign_mail(self, to, subject, text, signed_to=None, when=None, sender=None):
        """PGP/MIME with protected headers (RFC 9788's older form, as mail programs write it today).  `signed_to` is
        the To that is signed, if it is not that of the envelope; "" signs none."""
        sender = sender or self.address
        protected = to if signed_to is None else signed_to
        head = f"From: {sender}\r\n" + (f"To: {protected}\r\n" if protected else "")
        part = (f'Content-Type: text/plain; charset=utf-8; protected-headers="v1"\r\n{head}Subject: {subject}\r\n'
                f"Content-Transfer-Encoding: 8bit\r\n\r\n").encode() + text.replace("\n", "\r\n").encode()
        signature = self._gpg("--armor", "--detach-sign", "--digest-algo", "SHA512", input=part, faked=when)
        number, mark = next(_serial), os.urandom(6).hex()
        outer = (f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {email.utils.formatdate(when)}\r\n"
                 f"Message-ID: <{number}.{mark}@client.test>\r\nMIME-Version: 1.0\r\n"
                 f'Content-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; '
                 f'boundary="{mark}"\r\n\r\n')
        tail = (b'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\n'
                + signature.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        line = f"--{mark}".encode()
        return b"\r\n".join([outer.encode() + line, part, line, tail + line + b"--", b""])

    def end(self):
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(self.folder)},
                       capture_output=True)
