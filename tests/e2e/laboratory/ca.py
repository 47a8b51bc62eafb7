"""A private certification authority."""
import hashlib
import os
import ssl
import subprocess


def _openssl(*arguments, **options):
    return subprocess.run(["openssl", *[str(word) for word in arguments]], check=True, capture_output=True, **options)


_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Ca:
    def __init__(self, folder):
        self.folder = folder
        self.pem = folder / "ca.pem"
        self._key = folder / "ca.key"
        _openssl("req", "-x509", *_EC, "-keyout", self._key, "-out", self.pem, "-days", "30",
                 "-subj", "/CN=Laboratory CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, *names, addresses=(), expired=False, chain=False):
        """A certificate for these names; gives the paths of certificate and key.  `chain`: the authority's own stands
        behind it."""
        stem = self.folder / hashlib.sha256(os.urandom(8)).hexdigest()[:12]
        pem, key = stem.with_suffix(".pem"), stem.with_suffix(".key")
        alternatives = ",".join([f"DNS:{name}" for name in names] + [f"IP:{address}" for address in addresses])
        _openssl("req", "-x509", *_EC, "-CA", self.pem, "-CAkey", self._key, "-keyout", key, "-out", pem,
                 "-days", "20", "-subj", f"/CN={names[0][:60]}", "-addext", f"subjectAltName={alternatives}",
                 "-addext", "basicConstraints=critical,CA:FALSE")
        if expired:
            self._expire(pem, key)
        if chain:
            pem.write_text(pem.read_text() + self.pem.read_text())
        return pem, key

    def _expire(self, pem, key):
        """The same, with an end that lies behind us."""
        request = pem.with_suffix(".csr")
        _openssl("x509", "-x509toreq", "-in", pem, "-signkey", key, "-out", request, "-copy_extensions", "copy")
        _openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self._key, "-out", pem, "-days", "-1",
                 "-copy_extensions", "copy")

    @staticmethod
    def key_digest(pem):
        """SHA-256 of the public key, as in TLSA records with selector 1 and matching type 1."""
        key = _openssl("x509", "-in", pem, "-noout", "-pubkey").stdout
        return hashlib.sha256(_openssl("pkey", "-pubin", "-outform", "DER", input=key).stdout).hexdigest()

    @staticmethod
    def other_digest(digest):
        """Whatever its letters are, another."""
        return ("1" if digest[0] == "0" else "0") + digest[1:]

    def context(self):
        """For a client that trusts this authority alone and checks names."""
        context = ssl.create_default_context(cafile=str(self.pem))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context
