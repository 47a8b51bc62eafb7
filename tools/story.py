#!/usr/bin/python3
"""The story of a first post, told by running it: what `./dev run` shows.

A server for nest.test starts on loopback with data of its own; beside it stands social.test, a small Fediverse
server in Python that shares no code with ours.  Bob at social.test follows Alice, Alice sends a mail, and what Bob's
server received and verified is printed.  With --once it ends there: status 0 only if Bob had the post.
"""
import email.policy
import html.parser
import json
import os
import pathlib
import shutil
import signal
import smtplib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("NESTBOX_BINARY", str(ROOT / "build" / "release" / "nestbox"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
sys.dont_write_bytecode = True

from laboratory.ca import Ca  # noqa: E402
from laboratory.mailing import compose  # noqa: E402
from laboratory.nestbox import Nestbox  # noqa: E402
from laboratory.peer import PythonPeer  # noqa: E402

HOME, AWAY = "nest.test", "social.test"
TEXT = """The harbour lies quiet, and the first boat is out.

I will write again tonight.

-- 
Alice, from her mail program
"""


def show(title, text):
    print(f"\n── {title} " + "─" * max(0, 76 - len(title)))
    print("\n".join(f"  {line}" for line in text.rstrip().split("\n")), flush=True)


class PageText(html.parser.HTMLParser):
    """A page as somebody would hear it read."""

    BLOCKS = {"p", "div", "li", "h1", "h2", "h3", "article", "header", "footer", "main", "nav", "br", "dt", "dd"}

    def __init__(self, page):
        super().__init__()
        self.text, self.hidden = "", 0
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in ("style", "script", "title")
        self.text += "\n" if tag in self.BLOCKS else ""

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script", "title")
        self.text += "\n" if tag in self.BLOCKS else ""

    def handle_data(self, data):
        self.text += "" if self.hidden else " ".join(data.split()) + " " * data.endswith((" ", "\n"))

    def lines(self):
        return "\n".join(line.strip() for line in self.text.split("\n") if line.strip())


def settings_for(peer):
    free = {name: "127.0.0.1:0" for name in ("smtp", "submission", "submissions", "https", "http")}
    return {"listen": free, "policy": {"undo": "0"},
            "network": {"dns_server": None, "source_address": None, "trust_anchor": "none", "allow_private": "yes", "retry": None,
                        "connect_to": f"{AWAY}:443=127.0.0.1:{peer.port}"}}


def submit(server, sender, password, mail):
    with smtplib.SMTP("127.0.0.1", server.ports["submission"], "laptop.test", timeout=30) as smtp:
        smtp.starttls(context=server.trust)
        smtp.login(sender, password)
        smtp.send_message(mail)


def tell(server, peer):
    """The story itself; true if the follower had the post."""
    alice = server.account(f"alice@{HOME}", name="Alice")
    peer._resolve[(HOME, 443)] = ("127.0.0.1", server.ports["https"])
    peer.follow(alice.handle)
    show("1. Bob follows", f"{peer.handle()} found {alice.handle} by its handle, followed it, and was accepted.")

    mail = compose(f"Alice <{alice.address}>", f"public@{HOME}", "Good morning", TEXT)
    submit(server, alice.address, alice.password, mail)
    show("2. Alice sends a mail", mail.as_string(policy=email.policy.default))

    delivery = peer.wait_for("Create", seconds=30)
    show(f"3. What {AWAY} received and verified",
         f"signature: {delivery.scheme}, by {delivery.key_id}: good\n"
         + json.dumps(delivery.activity, indent=2, ensure_ascii=False))

    status, _, page = peer.exchange("GET", delivery.activity["object"]["url"], [("Accept", "text/html")])
    show(f"4. Its page, {delivery.activity['object']['url']}", PageText(page.decode()).lines())
    return status == 200 and "The harbour lies quiet" in delivery.activity["object"]["content"]


def stay(server, peer):
    """Leaves both running until Ctrl-C."""
    web, mail = server.ports["https"], server.ports["submission"]
    show("The server runs; Ctrl-C ends it and removes its data", "\n".join((
        f"command line:  {server.binary} status --config {server.config}",
        f"send a mail:   127.0.0.1:{mail} (STARTTLS), alice@{HOME}, password 'a good password'",
        f"see the page:  curl --cacert {server.folder}/ca.pem --connect-to ::127.0.0.1:{web} https://{HOME}/@alice",
        f"followers:     {server.binary} followers alice@{HOME} --config {server.config}")))
    while True:
        delivery = peer.deliveries.wait_for(lambda delivery: delivery not in stay.told, 10**6)
        stay.told.append(delivery)
        show(f"{AWAY} received", f"{delivery!r}\n{json.dumps(delivery.activity.get('object'), indent=2)}")


stay.told = []


def main(arguments):
    if set(arguments) - {"--once"}:
        print("usage: ./dev run [--once]", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nestbox-run-"))
    ca = Ca(folder)
    peer = PythonPeer(ca, AWAY, port=0)
    server = Nestbox(folder, ca, domains=(HOME,), address="127.0.0.1", settings=settings_for(peer))
    try:
        server.start()
        had_it = tell(server, peer)
        if "--once" not in arguments:
            stay.told = peer.deliveries.all()
            stay(server, peer)
        server.stop()
        show("Done", "The follower had the post." if had_it else "The follower did not get the post.")
        return 0 if had_it else 1
    except KeyboardInterrupt:
        return 0
    finally:
        server.end()
        peer.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
