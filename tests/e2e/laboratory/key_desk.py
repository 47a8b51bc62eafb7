"""Mail to the key desk, claim@D, as programs write it that have a key."""
import base64
import http.client
import itertools
import subprocess

from .mailing import submit

SERIAL = itertools.count()


def desk_key(account):
    """The desk's own, as the key directory has it."""
    done = subprocess.run(["/usr/lib/gnupg/gpg-wks-client", "--print-wkd-hash", f"claim@{account.domain}"], check=True,
                          capture_output=True, text=True)
    connection = http.client.HTTPSConnection(account.domain, context=account.nestbox.trust, timeout=60)
    connection.request("GET", f"/.well-known/openpgpkey/hu/{done.stdout.split()[0]}?l=claim")
    return connection.getresponse().read()


def autocrypt(account, ring):
    return f"Autocrypt: addr={account.address}; keydata={base64.b64encode(ring.export()).decode()}\r\n"


def claim(account, signer, brings, words="my key"):
    """One message, signed and encrypted, with the key in the field inside; gives (code, words)."""
    desk, mark = f"claim@{account.domain}", f"claim{next(SERIAL)}"
    signer._gpg("--import", input=desk_key(account))
    inside = (f"Content-Type: text/plain\r\nFrom: {account.address}\r\nTo: {desk}\r\n{autocrypt(account, brings)}\r\n"
              f"{words}\r\n").encode()
    armor = signer._gpg("--armor", "--trust-model", "always", "-u", signer.fingerprint(), "-r", desk, "--sign",
                        "--encrypt", input=inside)
    return submit(account, (f"From: {account.address}\r\nTo: {desk}\r\nSubject: ...\r\nMessage-ID: <{mark}@here>\r\n"
                            f'MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; boundary={mark}; '
                            f'protocol="application/pgp-encrypted"\r\n\r\n--{mark}\r\n'
                            f"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--{mark}\r\n"
                            f"Content-Type: application/octet-stream\r\n\r\n").encode()
                  + armor.replace(b"\n", b"\r\n") + f"\r\n--{mark}--\r\n".encode(), [desk])


def claim_in_clear(account, ring, subject, words):
    """Signed by the key that it brings."""
    desk = f"claim@{account.domain}"
    return submit(account, autocrypt(account, ring).encode() + ring.sign_mail(desk, subject, words), [desk])
