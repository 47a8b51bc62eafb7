"""A push service (RFC 8030), and the device behind it, which decrypts (RFC 8291) and checks who sent it (RFC 8292)."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import queue
import ssl
import threading
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CURVE = ec.SECP256R1()


def text_of(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets_of(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point_of(key):
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def hkdf(salt, secret, info, length):
    first = hmac.digest(hmac.digest(salt, secret, hashlib.sha256), info + b"\1", hashlib.sha256)
    return first[:length]


class PushDevice:
    """Its keys, as it registers them, and what it reads."""

    def __init__(self, endpoint):
        self.endpoint, self.key, self.auth = endpoint, ec.generate_private_key(CURVE), os.urandom(16)

    def form(self):
        return {"endpoint": self.endpoint, "p256dh": text_of(point_of(self.key.public_key())), "auth": text_of(self.auth)}

    def read(self, body):
        salt, size, theirs = body[:16], int.from_bytes(body[16:20], "big"), body[21:21 + body[20]]
        sealed = body[21 + body[20]:]
        assert len(sealed) <= size
        secret = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
        info = b"WebPush: info\0" + point_of(self.key.public_key()) + theirs
        secret = hkdf(self.auth, secret, info, 32)
        key = hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert plain[-1:] == b"\2"
        return json.loads(plain[:-1])


def check_sender(headers, origin, key):
    """The signature and the claims; `key` is what the server says devices register with."""
    kind, rest = headers["Authorization"].split(" ", 1)
    said = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert kind == "vapid" and said["k"] == key
    head, claims, signature = said["t"].split(".")
    raw = octets_of(signature)
    numbers = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    ec.EllipticCurvePublicKey.from_encoded_point(CURVE, octets_of(key)).verify(
        numbers, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(octets_of(claims))
    assert json.loads(octets_of(head))["alg"] == "ES256"
    assert claims["aud"] == origin and 0 < claims["exp"] - time.time() <= 24 * 3600 and claims["sub"].startswith("mailto:")


class PushService:
    """`answers` maps a path to the status of its next answers, in order; 201 after them.  Whoever comes to /silent… hears
    nothing, until the connection ends when `speak` is set."""

    def __init__(self, address, certificate):
        self.answers, self.came, self.speak = {}, queue.Queue(), threading.Event()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.startswith("/silent"):
                    service.speak.wait(60)
                    return
                waiting = service.answers.get(self.path)
                self.send_response(waiting.pop(0) if waiting else 201)
                self.send_header("Content-Length", "0")
                self.end_headers()
                service.came.put((self.path, dict(self.headers), body))

            def log_message(self, *words):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self._server = http.server.ThreadingHTTPServer((address, 443), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def next(self, seconds=60):
        return self.came.get(timeout=seconds)

    def stop(self):
        self.speak.set()
        self._server.shutdown()
        self._server.server_close()
