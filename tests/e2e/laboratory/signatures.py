"""The second judge of HTTP signatures: draft-cavage-12 and RFC 9421, with RSA and SHA-256.

Written from the two documents alone and strict: what is not plainly right is refused, with the reason.
"""
import base64
import email.utils
import hashlib
import re
import time
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CAVAGE, RFC9421 = "cavage", "rfc9421"
WINDOW = 300  # seconds: the narrowest that a known peer uses (Misskey)


class Refused(Exception):
    """Why a signature does not count."""


class Key:
    """An RSA key of an actor."""

    def __init__(self):
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public_pem = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, text):
        return base64.b64encode(self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify_bytes(public_pem, text, signature):
    public = serialization.load_pem_public_key(public_pem.encode())
    try:
        public.verify(base64.b64decode(signature, validate=True), text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        raise Refused("the signature does not fit the key and the signed text") from None


def sha256(body):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


class Request:
    """What was sent: method, absolute URL, headers as (name, value) pairs in their order, body."""

    def __init__(self, method, url, headers, body=b""):
        self.method, self.url, self.body = method, url, body
        self.headers = [(name.lower(), value.strip()) for name, value in headers]

    @property
    def target(self):
        parts = urllib.parse.urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def values(self, name):
        return [value for known, value in self.headers if known == name]

    def only(self, name):
        values = self.values(name)
        if len(values) != 1:
            raise Refused(f"{len(values)} headers {name}, there must be one")
        return values[0]


def _check_time(seconds, now):
    if abs(now - seconds) > WINDOW:
        raise Refused(f"signed {round(now - seconds)} s ago")


# draft-cavage-http-signatures-12

_PARAMETER = re.compile(r'\s*([A-Za-z]+)=(?:"([^"]*)"|(\d+))\s*(?:,|$)')


def _cavage_parameters(value):
    found, position = {}, 0
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if not match or match[1] in found:
            raise Refused(f"malformed Signature header at {value[position:position + 20]!r}")
        found[match[1]] = match[2] if match[2] is not None else match[3]
        position = match.end()
    return found


def _cavage_text(request, names):
    lines = []
    for name in names:
        if name == "(request-target)":
            value = f"{request.method.lower()} {request.target}"
        else:
            value = ", ".join(request.values(name))
            if not request.values(name):
                raise Refused(f"{name} is signed but was not sent")
        lines.append(f"{name}: {value}")
    return "\n".join(lines).encode()


def _check_cavage_cover(request, names):
    wanted = {"(request-target)", "host", "date"} | ({"digest"} if request.method == "POST" else set())
    if wanted - set(names):
        raise Refused(f"not signed: {' '.join(sorted(wanted - set(names)))}")
    if request.only("host") != urllib.parse.urlsplit(request.url).netloc:
        raise Refused("Host is not the host that was asked")
    if request.method == "POST" and request.only("digest") != f"SHA-256={sha256(request.body)}":
        raise Refused("Digest does not fit the body")


def judge_cavage(request, key_of, now):
    parameters = _cavage_parameters(request.only("signature"))
    for name in ("keyId", "headers", "signature"):
        if name not in parameters:
            raise Refused(f"{name} is missing")
    if parameters.get("algorithm", "rsa-sha256") not in ("rsa-sha256", "hs2019"):
        raise Refused(f"algorithm {parameters['algorithm']}")
    names = parameters["headers"].split(" ")
    _check_cavage_cover(request, names)
    date = email.utils.parsedate_to_datetime(request.only("date"))
    if email.utils.format_datetime(date, usegmt=True) != request.only("date"):
        raise Refused("Date is not in the form of RFC 9110")
    _check_time(date.timestamp(), now)
    verify_bytes(key_of(parameters["keyId"]), _cavage_text(request, names), parameters["signature"])
    return parameters["keyId"]


def sign_cavage(request, key, key_id, now=None):
    """Headers that make `request` a signed one."""
    headers = [("Host", urllib.parse.urlsplit(request.url).netloc),
               ("Date", email.utils.formatdate(now or time.time(), usegmt=True))]
    names = ["(request-target)", "host", "date"]
    if request.method == "POST":
        headers.append(("Digest", f"SHA-256={sha256(request.body)}"))
        names.append("digest")
    signed = Request(request.method, request.url, request.headers + headers, request.body)
    signature = key.sign(_cavage_text(signed, names))
    headers.append(("Signature", f'keyId="{key_id}",algorithm="rsa-sha256",headers="{" ".join(names)}",'
                                 f'signature="{signature}"'))
    return headers


# RFC 9421, the part of it that ActivityPub servers use

_INPUT = re.compile(r'([a-z][a-z0-9_.*-]*)=(\(((?:"[a-z0-9@_-]+"\s?)*)\)((?:;[a-z]+=(?:"[^"]*"|\d+))*))$')


def _rfc9421_value(request, name):
    parts = urllib.parse.urlsplit(request.url)
    derived = {"@method": request.method, "@target-uri": request.url, "@authority": parts.netloc.lower(),
               "@path": parts.path or "/", "@query": f"?{parts.query}", "@scheme": parts.scheme,
               "@request-target": request.target}
    if name in derived:
        return derived[name]
    if name.startswith("@") or not request.values(name):
        raise Refused(f"{name} is signed but unknown")
    return ", ".join(request.values(name))


def _rfc9421_text(request, names, parameters):
    lines = [f'"{name}": {_rfc9421_value(request, name)}' for name in names]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def _check_rfc9421_cover(request, names):
    wanted = {"@method", "@target-uri"} | ({"content-digest"} if request.method == "POST" else set())
    if wanted - set(names):
        raise Refused(f"not signed: {' '.join(sorted(wanted - set(names)))}")
    if len(set(names)) != len(names):
        raise Refused("a component stands twice")
    if request.method == "POST" and request.only("content-digest") != f"sha-256=:{sha256(request.body)}:":
        raise Refused("Content-Digest does not fit the body")


def judge_rfc9421(request, key_of, now):
    match = _INPUT.match(request.only("signature-input"))
    if not match:
        raise Refused("malformed Signature-Input, or more than one signature")
    label, parameters, inner, tail = match.groups()
    names = re.findall(r'"([^"]+)"', inner)
    facts = dict(re.findall(r';([a-z]+)="?([^";]*)"?', tail))
    for name in ("created", "keyid"):
        if name not in facts:
            raise Refused(f"{name} is missing")
    if facts.get("alg", "rsa-v1_5-sha256") != "rsa-v1_5-sha256":
        raise Refused(f"alg {facts['alg']}")
    _check_rfc9421_cover(request, names)
    _check_time(int(facts["created"]), now)
    signature = re.fullmatch(re.escape(label) + r"=:([A-Za-z0-9+/=]+):", request.only("signature"))
    if not signature:
        raise Refused(f"Signature has no value for {label}")
    verify_bytes(key_of(facts["keyid"]), _rfc9421_text(request, names, parameters), signature[1])
    return facts["keyid"]


def sign_rfc9421(request, key, key_id, now=None):
    headers, names = [("Host", urllib.parse.urlsplit(request.url).netloc)], ["@method", "@target-uri"]
    if request.method == "POST":
        headers.append(("Content-Digest", f"sha-256=:{sha256(request.body)}:"))
        names.append("content-digest")
    parameters = "({});created={};keyid=\"{}\"".format(
        " ".join(f'"{name}"' for name in names), int(now or time.time()), key_id)
    signed = Request(request.method, request.url, request.headers + headers, request.body)
    return [*headers, ("Signature-Input", f"sig1={parameters}"),
            ("Signature", f"sig1=:{key.sign(_rfc9421_text(signed, names, parameters))}:")]


SIGN = {CAVAGE: sign_cavage, RFC9421: sign_rfc9421}


def scheme_of(request):
    if request.values("signature-input"):
        return RFC9421
    return CAVAGE if request.values("signature") else None


def judge(request, key_of, now=None):
    """(scheme, keyId) of a rightly signed request; `key_of` gives the PEM for a keyId, or raises Refused."""
    scheme = scheme_of(request)
    if scheme is None:
        raise Refused("not signed")
    check = judge_rfc9421 if scheme == RFC9421 else judge_cavage
    return scheme, check(request, key_of, time.time() if now is None else now)
