"""Two judges of DKIM signatures that share no code with us: python3-dkim, and opendkim-testmsg for RSA."""
import subprocess

import dkim
import dns.resolver


def records(nestbox):
    """(name, value) of each key, as `nestbox dns` prints them."""
    return [(row["name"], row["value"]) for row in nestbox.ask("dns") if "._domainkey." in row["name"]]


def as_zone(name, value):
    """A TXT record as a zone file has it: in strings of at most 255 octets."""
    parts = [value[at:at + 255] for at in range(0, len(value), 255)]
    return f"{name} TXT " + " ".join(f'"{part}"' for part in parts)


def publish(nestbox, dns):
    """Nobody who asks from now on is told that a key is not there."""
    dns.add_signed(*(as_zone(name, value) for name, value in records(nestbox)
                     if not dns.ask(name, "TXT", dns.AUTHORITY)))


def signatures(text):
    """The tags of each DKIM-Signature, from the top."""
    fields = text.split(b"\r\n\r\n", 1)[0].replace(b"\r\n\t", b"").replace(b"\r\n ", b"").split(b"\r\n")
    found = [field.split(b":", 1)[1].decode() for field in fields if field.lower().startswith(b"dkim-signature:")]
    return [dict(tag.strip().split("=", 1) for tag in field.split(";") if tag.strip()) for field in found]


def ask(name, timeout=5):
    """What python3-dkim wants to know of the laboratory's DNS."""
    answers = dns.resolver.resolve(name.decode(), "TXT", lifetime=timeout, raise_on_no_answer=False)
    return next((b"".join(answer.strings) for answer in answers.rrset or ()), None)


def verify(text, index=0):
    """Does that signature fit, for python3-dkim?"""
    return dkim.DKIM(text, minkey=1024).verify(idx=index, dnsfunc=ask)


def opendkim(text):
    """What opendkim-testmsg has to say: nothing if it is content."""
    judged = subprocess.run(["opendkim-testmsg", "-C"], input=text, capture_output=True)
    return (judged.returncode, (judged.stdout + judged.stderr).decode())
