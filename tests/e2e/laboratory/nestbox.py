"""The server under test: the real binary, with a data directory of its own."""
import json
import os
import pathlib
import shutil
import signal
import subprocess

from .process import Process
from .wait import DEADLINE, until

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("NESTBOX_BINARY", ROOT / "build" / "dev" / "nestbox"))
RELEASE = pathlib.Path(os.environ.get("NESTBOX_RELEASE", ROOT / "build" / "release" / "nestbox"))
SANITIZERS = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=1:exitcode=99"),
              "UBSAN_OPTIONS": "print_stacktrace=1"}

SETTINGS = {
    "server": {"domain": "nest.test", "hostname": "mx.nest.test"},
    "listen": {"smtp": "{address}:25", "submission": "{address}:587", "submissions": "{address}:465", "imap": "{address}:143",
               "imaps": "{address}:993", "https": "{address}:443", "http": "{address}:80"},
    "policy": {"contact": "open", "undo": "0"},
    "network": {"dns_server": "20.0.0.53", "source_address": "{address}", "retry": "1 s, 2 s, 4 s, 8 s, 16 s, 32 s"},
}


class Refused(AssertionError):
    """A command that did not end with 0."""


class Nestbox:
    """`settings` is {section: {name: value}}, laid over the laboratory's own; a value of None leaves one out."""

    def __init__(self, folder, ca, dns=None, domains=("nest.test",), address="20.0.0.10", settings=None,
                 hostname=None, data_dir=None):
        self.folder, self.domains, self.address = folder, domains, address
        self.hostname = hostname or f"mx.{domains[0]}"
        self.binary, self.around = BINARY, os.environ.get("NESTBOX_AROUND", "").split()
        self.environment = {}  # of `serve` alone, beside what the test itself has
        self.config, self.log = folder / "nestbox.conf", folder / "nestbox.log"
        self.data_dir = data_dir or folder / "data"
        self.trust = ca.context()
        self._ca, self._dns, self._process, self.starts = ca, dns, None, 0
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = ca.issue(
            *domains, self.hostname, *(f"openpgpkey.{domain}" for domain in domains), addresses=[address])
        self.write_settings(settings or {})

    def write_settings(self, settings):
        sections = {section: dict(values) for section, values in SETTINGS.items()}
        sections["server"].update(domain=", ".join(self.domains), hostname=self.hostname, data_dir=self.data_dir)
        sections["tls"] = {"certificate": self.certificate, "key": self.key}
        sections["network"]["ca_file"] = self._ca.pem
        if self._dns:
            sections["network"]["trust_anchor"] = self._dns.anchor
        for section, values in settings.items():
            sections.setdefault(section, {}).update(values)
        lines = []
        for section, values in sections.items():
            lines.append(f"[{section}]")
            lines += [f"{name} = {str(value).format(address=self.address)}"
                      for name, value in values.items() if value is not None]
        self.config.write_text("\n".join(lines) + "\n")

    # its life

    def start(self, seconds=60):
        ports = self.data_dir / "ports.json"
        ports.unlink(missing_ok=True)
        self.starts += 1
        self._process = Process(
            f"nestbox {self.domains[0]}", [*self.around, self.binary, "serve", "--config", self.config], self.log,
            env={**os.environ, **SANITIZERS, **self.environment})
        until(lambda: ports.exists() or not self._process.runs(), "nestbox listening", seconds)
        if not self._process.runs():
            raise AssertionError(f"nestbox did not start:\n{self.log.read_text()[-4000:]}")
        self.ports = json.loads(ports.read_text())
        return self

    def stop(self, how=signal.SIGTERM):
        """A clean end; a sanitizer's complaint shows as an exit status other than 0."""
        status = self._process.stop(how, 60)
        self._process = None
        if status != 0:
            raise AssertionError(f"nestbox ended with {status}:\n{self.log.read_text()[-6000:]}")

    def died(self, seconds=30):
        """Waits for the end of a server that something else kills; gives its exit status."""
        status = self._process.finish(seconds)
        self._process = None
        return status

    def freeze(self):
        """Stops every thread; one that waits for the disk stops as soon as it comes back from there."""
        self._process.popen.send_signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{self.pid}/task")
        until(lambda: all((task / "stat").read_text().rsplit(")", 1)[1].split()[0] in "TD" for task in tasks.iterdir()),
              "every thread standing still")

    def thaw(self):
        self._process.popen.send_signal(signal.SIGCONT)

    def kill(self):
        if self._process:
            self._process.kill()
        self._process = None

    def end(self):
        if self._process:
            self.stop()

    def runs(self):
        return self._process is not None and self._process.runs()

    @property
    def pid(self):
        return self._process.pid

    # the command line

    def run(self, *words, input=None):
        """One command; gives subprocess's result, whatever the exit code."""
        if isinstance(input, str):
            input = input.encode()
        return subprocess.run(
            [str(self.binary), *[str(word) for word in words], "--config", str(self.config)], input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True, timeout=60, env={**os.environ, **SANITIZERS})

    def cli(self, *words, input=None):
        """One command that must work; gives its standard output as text."""
        done = self.run(*words, input=input)
        if done.returncode != 0:
            raise Refused(f"nestbox {' '.join(map(str, words))}: {done.returncode} {done.stderr.decode()}")
        return done.stdout.decode("utf-8")

    def ask(self, *words):
        """One listing, read as JSON."""
        return json.loads(self.cli(*words, "--json"))

    def account(self, address, password="a good password", name=None, maildir=None):
        words = ["account", "add", address, "--password-stdin"]
        words += ["--name", name] if name else []
        words += ["--maildir", maildir] if maildir else []
        self.cli(*words, input=password + "\n")
        return Account(self, address, password)

    def erase(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Account:
    """Somebody who lives there."""

    def __init__(self, nestbox, address, password):
        self.nestbox, self.address, self.password = nestbox, address, password
        self.user, self.domain = address.split("@")

    @property
    def handle(self):
        return f"@{self.address}"

    @property
    def actor(self):
        return f"https://{self.domain}/users/{self.user}"

    def word(self, word):
        return f"{word}@{self.domain}"

    def mails(self, mailbox=None):
        return [mail for mail in self.nestbox.ask("mail", "list", self.address)
                if mailbox is None or mail["mailbox"] == mailbox]

    def show(self, mail):
        return self.nestbox.run("mail", "show", self.address, mail["id"]).stdout

    def wait_for_mail(self, wanted=lambda mail: True, mailbox="INBOX", seconds=DEADLINE):
        return until(lambda: next((mail for mail in self.mails(mailbox) if wanted(mail)), None),
                     f"a mail in {mailbox} of {self.address}", seconds)

    def posts(self):
        return self.nestbox.ask("post", "list", self.address)

    def followers(self):
        return self.nestbox.ask("followers", self.address)
