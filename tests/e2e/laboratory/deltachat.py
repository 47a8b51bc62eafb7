"""The core of Delta Chat, as its apps have it: one process, some profiles."""
import json
import os
import pathlib
import platform
import subprocess
import threading
import time

from .process import Process
from .wait import Log

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "chat"
MACHINE = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
BINARY = FOLDER / "node_modules" / "@deltachat" / f"stdio-rpc-server-linux-{MACHINE}" / "deltachat-rpc-server"


class Refused(AssertionError):
    """What the app shows to its user instead of a result."""


class DeltaChat(Process):
    def __init__(self, folder):
        self.events, self._answers = Log("events of Delta Chat"), Log("answers of Delta Chat")
        self._serial, self._lock = 0, threading.Lock()
        folder.mkdir(parents=True)
        super().__init__("Delta Chat", [BINARY], folder / "deltachat.log", stdin=subprocess.PIPE,
                         env={**os.environ, "DC_ACCOUNTS_PATH": str(folder / "accounts"), "RUST_LOG": "warn"})
        threading.Thread(target=self._fetch_events, daemon=True).start()

    def heard(self, line):
        super().heard(line)
        try:
            said = json.loads(line)
        except ValueError:
            return
        if isinstance(said, dict) and "id" in said:
            self._answers.add(said)

    def call(self, method, *params, seconds=60):
        with self._lock:
            self._serial += 1
            number = self._serial
            said = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
            self.popen.stdin.write((json.dumps(said) + "\n").encode())
            self.popen.stdin.flush()
        said = self._answers.wait_for(lambda answer: answer["id"] == number, seconds, f"an answer to {method}")
        if "error" in said:
            raise Refused(said["error"]["message"])
        return said["result"]

    def _fetch_events(self):
        while self.runs():
            try:
                said = self.call("get_next_event", seconds=3600)
            except (AssertionError, OSError):
                return
            self.events.add({"account": said["contextId"], "at": time.monotonic(), **said["event"]})

    def profile(self, name):
        return Profile(self, self.call("add_account"), name)


class Profile:
    """Somebody with the app."""

    def __init__(self, chat, number, name):
        self.chat, self.number, self.name = chat, number, name
        self.call("set_config", "displayname", name)

    def call(self, method, *params, seconds=60):
        return self.chat.call(method, self.number, *params, seconds=seconds)

    def join(self, code):
        """What scanning a code does: a profile at that server, on line.  It shows what comes after its first look."""
        self.call("add_transport_from_qr", code, seconds=90)
        self.call("start_io")
        self.wait_for("ImapInboxIdle")
        return self

    @property
    def address(self):
        return self.call("get_config", "configured_addr")

    @property
    def password(self):
        return self.call("list_transports")[0]["password"]

    def wait_for(self, kind, wanted=lambda event: True, seconds=30):
        """The first event of a kind for which `wanted` holds."""
        return self.chat.events.wait_for(
            lambda event: event["account"] == self.number and event["kind"] == kind and wanted(event),
            seconds, f"{kind} at {self.name}")

    def knows(self, other):
        """The contact of another profile, whose key comes with it; as when a code was scanned."""
        [contact] = self.call("import_vcard_contents", other.call("make_vcard", [1]))
        return contact

    def chat_with(self, other):
        return self.call("create_chat_by_contact_id", self.knows(other))

    def say(self, chat, text, file=None, name=None):
        number, _ = self.call("misc_send_msg", chat, text, file and str(file), name, None, None)
        return number

    def message(self, number):
        return self.call("get_message", number)

    def message_or_none(self, number):
        """Some are deleted by the time that somebody asks."""
        try:
            return self.message(number)
        except Refused:
            return None

    def hears(self, wanted, seconds=30):
        """The first message that came for which `wanted` holds, and its event."""
        seen = {}

        def fits(event):
            if event["msgId"] not in seen:
                seen[event["msgId"]] = self.message_or_none(event["msgId"])
            said = seen[event["msgId"]]
            return said and wanted(said)
        event = self.wait_for("IncomingMsg", fits, seconds)
        return seen[event["msgId"]], event
