"""A Fediverse server in Python: the second judge, and the peer that misbehaves on purpose."""
import http.client
import http.server
import json
import socket
import ssl
import threading
import time
import urllib.parse

from . import signatures
from .wait import DEADLINE, Log

ACTIVITY_JSON = "application/activity+json"
ACCEPT = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


class Delivery:
    """One POST to an inbox: what came, what the judge said, what was answered."""

    def __init__(self, request):
        self.request, self.path, self.body = request, request.target, request.body
        self.scheme = signatures.scheme_of(request)
        self.key_id = self.refused = self.status = None
        self.came = time.monotonic()
        try:
            self.activity = json.loads(request.body)
        except ValueError:
            self.activity = {}

    @property
    def verified(self):
        return self.refused is None

    def __repr__(self):
        verdict = "verified" if self.verified else f"refused: {self.refused}"
        return f"<{self.activity.get('type')} {self.activity.get('id')} {self.scheme} {verdict} -> {self.status}>"


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    peer = None

    def handle_error(self, request, client_address):
        pass  # a peer that hangs up, or fails the handshake, is seen by the test at the other end


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def setup(self):
        self.request.settimeout(self.timeout)
        self.request.do_handshake()  # here, in this connection's thread: a slow one holds up nobody
        super().setup()

    def log_message(self, *_):
        pass

    def _request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = f"https://{self.server.peer.host}{self.path}"
        return signatures.Request(self.command, url, self.headers.items(), body)

    def _answer(self, status, document=None, kind=ACTIVITY_JSON):
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # noqa: N802 (the name is given by http.server)
        request = self._request()
        self.server.peer.fetches.add(request)
        self._answer(*self.server.peer.document(request))

    def do_POST(self):  # noqa: N802
        self._answer(self.server.peer.receive(self._request()))


class PythonPeer:
    """People on `host`, made as they are asked for.  `deliveries` holds each POST with the judge's verdict."""

    def __init__(self, ca, host, address="127.0.0.1", port=443, resolve=None):
        self.host, self.address = host, address
        self.people, self.documents = {}, {}
        self.begin()
        self._resolve = resolve or {}  # (host, port) -> (address, port), instead of asking DNS
        self._lock, self._serial = threading.Lock(), 0
        self._trust = ca.context()
        self._start(ca, port)

    def _start(self, ca, port):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*[str(path) for path in ca.issue(self.host)])
        self._server = _Server((self.address, port), _Handler)
        self._server.peer = self
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def begin(self):
        """Forgets what came, for the next test; people keep their keys, and ids go on, as others remember them."""
        self.deliveries, self.fetches = Log(f"deliveries to {self.host}"), Log(f"fetches from {self.host}")
        self._keys, self.names = {}, {}
        self.on_delivery = lambda delivery: 202  # what a verified delivery is answered; a test may put its own
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    # what it serves

    def actor(self, name="bob"):
        return f"https://{self.host}/users/{name}"

    def handle(self, name="bob"):
        return f"@{name}@{self.host}"

    def key(self, name="bob"):
        with self._lock:
            if name not in self.people:
                self.people[name] = signatures.Key()
            return self.people[name]

    def rotate_key(self, name="bob"):
        with self._lock:
            self.people[name] = signatures.Key()

    def actor_document(self, name):
        actor = self.actor(name)
        return {
            "@context": CONTEXT, "id": actor, "type": "Person", "preferredUsername": name, "name": self.names.get(name, name.capitalize()),
            "inbox": f"{actor}/inbox", "outbox": f"{actor}/outbox", "followers": f"{actor}/followers",
            "endpoints": {"sharedInbox": f"https://{self.host}/inbox"},
            "publicKey": {"id": f"{actor}#main-key", "owner": actor, "publicKeyPem": self.key(name).public_pem}}

    def document(self, request):
        """(status, document, content type) for a GET."""
        parts = urllib.parse.urlsplit(request.url)
        if parts.path in self.documents:
            return 200, self.documents[parts.path]
        words = parts.path.strip("/").split("/")
        if parts.path == "/.well-known/webfinger":
            return self._webfinger(urllib.parse.parse_qs(parts.query).get("resource", [""])[0])
        if len(words) == 2 and words[0] == "users":
            return 200, self.actor_document(words[1])
        if len(words) == 3 and words[0] == "users" and words[2] in ("outbox", "followers"):
            return 200, {"@context": CONTEXT, "id": request.url, "type": "OrderedCollection", "totalItems": 0}
        return 404, None

    def _webfinger(self, resource):
        name = resource.removeprefix("acct:").split("@")[0].rsplit("/", 1)[-1]
        link = {"rel": "self", "type": ACTIVITY_JSON, "href": self.actor(name)}
        return 200, {"subject": f"acct:{name}@{self.host}", "links": [link]}, "application/jrd+json"

    # what it receives

    def receive(self, request):
        delivery = Delivery(request)
        try:
            delivery.scheme, delivery.key_id = signatures.judge(request, self._key_of)
            if delivery.key_id.split("#")[0] != delivery.activity.get("actor"):
                raise signatures.Refused("signed by somebody else than the actor")
            delivery.status = self.on_delivery(delivery)
        except signatures.Refused as refused:
            delivery.refused, delivery.status = str(refused), 401
        self.deliveries.add(delivery)
        return delivery.status

    def _key_of(self, key_id):
        if key_id not in self._keys:
            status, document = self.get(key_id.split("#")[0])
            key = document.get("publicKey", {}) if status == 200 else {}
            if key.get("id") != key_id or key.get("owner") != document.get("id"):
                raise signatures.Refused(f"{key_id} is not a key of the actor it names (answer {status})")
            self._keys[key_id] = key["publicKeyPem"]
        return self._keys[key_id]

    def wait_for(self, kind, wanted=lambda activity: True, seconds=DEADLINE):
        """The first verified and accepted delivery of this type for which `wanted` holds."""
        return self.deliveries.wait_for(
            lambda delivery: (delivery.verified and delivery.status < 300 and delivery.activity.get("type") == kind
                              and wanted(delivery.activity)), seconds, f"a verified {kind}")

    # what it sends

    def _connect(self, host):
        name, _, port = host.partition(":")
        where = self._resolve.get((name, int(port or 443)), (name, int(port or 443)))
        raw = socket.create_connection(where, timeout=DEADLINE, source_address=(self.address, 0))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = http.client.HTTPSConnection(host, timeout=DEADLINE)
        connection.sock = self._trust.wrap_socket(raw, server_hostname=name)
        return connection

    def exchange(self, method, url, headers=(), body=b"", on_sent=None):
        """(status, headers, body) of one request, sent as it stands; `on_sent` is called before the answer is read."""
        parts = urllib.parse.urlsplit(url)
        connection = self._connect(parts.netloc)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            names = {name.lower() for name, _ in headers}
            if "host" not in names:
                connection.putheader("Host", parts.netloc)
            for name, value in headers:
                connection.putheader(name, value)
            if body and "content-length" not in names:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            if on_sent:
                on_sent()
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def get(self, url, accept=ACCEPT, sign_as="bob"):
        """(status, parsed JSON), signed as servers in secure mode demand."""
        request = signatures.Request("GET", url, [])
        signed = signatures.sign_cavage(request, self.key(sign_as), f"{self.actor(sign_as)}#main-key")
        status, _, body = self.exchange("GET", url, [*signed, ("Accept", accept)])
        return status, json.loads(body) if status == 200 and body else {}

    def next_id(self, kind):
        with self._lock:
            self._serial += 1
            return f"https://{self.host}/{kind}/{self._serial}"

    def post(self, inbox, activity, name="bob", scheme=signatures.CAVAGE, now=None, key=None, key_id=None, change=None,
             on_sent=None):
        """Signs and sends; gives (status, answer).  `change` may spoil the signed headers and the body."""
        body = json.dumps({"@context": CONTEXT, **activity}).encode()
        request = signatures.Request("POST", inbox, [], body)
        headers = signatures.SIGN[scheme](
            request, key or self.key(name), key_id or f"{self.actor(name)}#main-key", now)
        headers.append(("Content-Type", ACTIVITY_JSON))
        if change:
            headers, body = change(headers, body)
        status, _, answer = self.exchange("POST", inbox, headers, body, on_sent)
        return status, answer.decode("utf-8", "replace")

    def activity(self, kind, thing, name="bob", **more):
        return {"id": self.next_id(kind.lower()), "type": kind, "actor": self.actor(name), "object": thing, **more}

    def make_note(self, content, name="bob", to=(PUBLIC,), cc=(), **more):
        """A note that can also be fetched from here."""
        note = {"id": self.next_id("notes"), "type": "Note", "attributedTo": self.actor(name), "content": content,
                "to": list(to), "cc": list(cc), "published": "2026-11-22T09:00:00Z", **more}
        self.documents[urllib.parse.urlsplit(note["id"]).path] = {"@context": CONTEXT, **note}
        return note

    def create(self, note, name="bob"):
        return self.activity("Create", note, name, to=note["to"], cc=note["cc"], published=note["published"])

    def look_up(self, handle):
        """The actor document behind @name@host, found as a stranger would: by WebFinger."""
        host = handle.rsplit("@", 1)[1]
        resource = urllib.parse.quote(f"acct:{handle.lstrip('@')}", safe="")
        url = f"https://{host}/.well-known/webfinger?resource={resource}"
        status, _, body = self.exchange("GET", url, [("Accept", "application/jrd+json")])
        assert status == 200, f"WebFinger for {handle} says {status}"
        links = [link for link in json.loads(body)["links"]
                 if link["rel"] == "self" and link["type"] in (ACTIVITY_JSON, ACCEPT.replace("; ", ";"), ACCEPT)]
        status, document = self.get(links[0]["href"])
        assert status == 200, f"the actor of {handle} says {status}"
        return document

    def follow(self, handle, name="bob", scheme=signatures.CAVAGE):
        """Follows and waits for the Accept; gives the actor document."""
        document = self.look_up(handle)
        follow = self.activity("Follow", document["id"], name)
        status, answer = self.post(document["inbox"], follow, name, scheme)
        assert status == 202, f"Follow: {status} {answer}"
        self.wait_for("Accept", lambda accept: (accept["object"] == follow["id"]
                                                or accept["object"].get("id") == follow["id"]))
        return document
