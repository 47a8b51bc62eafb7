"""DNSSEC-signed names under .test: Knot is authoritative and signs, Unbound validates."""
import os
import subprocess

from .process import Process
from .wait import until

# The parent says that these are signed, and they are not: all that stands in them is false.
FALSE_ZONES = ("false.test", "_tcp.falsified.test")

UNBOUND = """server:
    interface: {resolver}
    outgoing-interface: {resolver}
    access-control: 0.0.0.0/0 allow
    do-daemonize: no
    username: ""
    chroot: ""
    pidfile: ""
    use-syslog: no
    directory: "{folder}"
    do-not-query-localhost: no
    module-config: "validator iterator"
    local-zone: "test." nodefault
    trust-anchor-file: "{folder}/anchor.key"
    cache-max-ttl: {ttl}
    cache-max-negative-ttl: {denial_ttl}
    aggressive-nsec: no
remote-control:
    control-enable: no
stub-zone:
    name: "test."
    stub-addr: {authority}
"""

HEAD = """$ORIGIN {zone}.
$TTL {ttl}
@ SOA ns.{zone}. hostmaster.{zone}. {serial} 3600 600 86400 {ttl}
@ NS ns.{zone}.
ns A {authority}
"""

# mail, else and evil only send: their domains can be answered, and say nothing else.  Of silent, and of hush's policy,
# nobody tells anything.
NAMES = """unsigned NS ns.unsigned
ns.unsigned A {authority}
mail A 20.1.0.5
else A 20.1.0.5
evil A 20.1.0.6
silent NS ns.mute
hush A 20.1.0.5
hush TXT "v=spf1 ip4:20.1.0.5 -all"
_dmarc.hush NS ns.mute
_tcp.mute NS ns.mute
ns.mute A 20.1.250.53
"""
FALSE_NAMES = """{zone}. NS ns.{zone}.
{zone}. DS 4711 13 2 {digest}
ns.{zone}. A {authority}
"""


_KNOT = """server:
    listen: {address}@53
    rundir: {folder}/run
    user: root:root
log:
  - target: stdout
    any: info
database:
    storage: {folder}/kdb
policy:
  - id: lab
    algorithm: ecdsap256sha256
    single-type-signing: on
template:
  - id: default
    storage: {folder}/zones
    file: "%s.zone"
    dnssec-policy: lab
    zonefile-load: difference
    zonefile-sync: -1
    journal-content: all
zone:
{zones}"""


def knot_settings(folder, address, zones):
    """`zones`: whether each, by its name, is signed.  Their files lie in `folder`/zones."""
    return _KNOT.format(folder=folder, address=address, zones="".join(
        f"  - domain: {zone}\n    dnssec-signing: {'on' if signed else 'off'}\n" for zone, signed in zones.items()))


def write_zone(path, text):
    """Knot maps what it reads, and dies when such a file shrinks: the text is written beside and takes its place."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.rename(path)


class Dns:
    """What is told is true for `ttl` seconds, and that there is nothing for `denial_ttl`: short, since tests change it."""

    RESOLVER, AUTHORITY = "20.0.0.53", "20.0.0.54"

    def __init__(self, folder, ttl=5, denial_ttl=1):
        self.folder, self.ttl, self.denial_ttl = folder, ttl, denial_ttl
        for name in ("run", "kdb", "zones"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._zones = {"test": NAMES.format(authority=self.AUTHORITY), "unsigned.test": ""}
        for zone in FALSE_ZONES:
            self._zones[zone] = ""
            self._zones["test"] += FALSE_NAMES.format(zone=zone, authority=self.AUTHORITY, digest="ab" * 32)
        self._serial = 1
        self._write_zones()
        self._conf = folder / "knot.conf"
        self._conf.write_text(knot_settings(folder, self.AUTHORITY, {zone: zone == "test" for zone in self._zones}))
        self._processes = []

    def _write_zones(self):
        for zone, records in self._zones.items():
            head = HEAD.format(zone=zone, serial=self._serial, authority=self.AUTHORITY, ttl=self.ttl)
            write_zone(self.folder / "zones" / f"{zone}.zone", head + records)

    def start(self):
        knot = Process("knotd", ["knotd", "-c", self._conf], self.folder / "knot.log")
        self._processes.append(knot)
        until(lambda: self.ask("test", "SOA", self.AUTHORITY), "Knot serving the zone test")
        self.anchor = self.folder / "anchor.key"
        self.anchor.write_text(self._keymgr("dnskey"))
        conf = self.folder / "unbound.conf"
        conf.write_text(UNBOUND.format(folder=self.folder, resolver=self.RESOLVER, authority=self.AUTHORITY,
                                       ttl=self.ttl, denial_ttl=self.denial_ttl))
        self._processes.append(Process("unbound", ["unbound", "-c", conf], self.folder / "unbound.log"))
        until(lambda: self.ask("test", "SOA"), "Unbound answering")
        return self

    def _keymgr(self, word):
        return subprocess.run(["keymgr", "-c", str(self._conf), "test.", word],
                              check=True, capture_output=True, text=True).stdout

    def stop(self):
        for process in reversed(self._processes):
            process.stop()

    @property
    def pids(self):
        return [process.pid for process in self._processes]

    def add(self, *records):
        """Adds lines as in a zone file, names absolute and without the last dot ("nest.test A 20.0.0.10"), and
        waits until the authority serves them."""
        self._serial += 1
        for record in records:
            name, rest = record.split(" ", 1)
            zone = next((zone for zone in self._zones if zone != "test" and name.endswith(zone)), "test")
            self._zones[zone] += f"{name}. {rest}\n"
        self._write_zones()
        until(self._reload, "Knot reading its zones")
        for record in records:
            name, kind = record.split()[:2]
            until(lambda: self.ask(name, kind, self.AUTHORITY), f"{record} being served")  # noqa: B023

    def _reload(self):
        if not self._processes[0].runs():
            raise AssertionError(f"knotd died:\n{(self.folder / 'knot.log').read_text()[-2000:]}")
        return subprocess.run(["knotc", "-c", str(self._conf), "zone-reload"], capture_output=True).returncode == 0

    def add_signed(self, *records):
        """The same for the signed zone, of which resolvers know what is not there: waits until they have forgotten.
        The server under test must be younger than this."""
        self.add(*records)
        for record in records:
            name, kind = record.split()[:2]
            until(lambda: self.ask(name, kind), f"{record} being known")  # noqa: B023

    def ask(self, name, kind, server=RESOLVER):
        """The data of the answers, as kdig prints it in short."""
        asked = subprocess.run(["kdig", "+short", "+time=1", "+retry=0", f"@{server}", name, kind],
                               capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
        return [] if asked.returncode else [line for line in asked.stdout.split("\n") if line and line[0] != ";"]

    def is_secure(self, name, kind="A"):
        """Whether the resolver found the answer validly signed (the AD bit)."""
        asked = subprocess.run(["kdig", "+adflag", "+time=2", f"@{self.RESOLVER}", name, kind],
                               capture_output=True, text=True)
        flags = [line for line in asked.stdout.split("\n") if line.startswith(";; Flags:")]
        return bool(flags) and " ad" in flags[0].split(";")[2]
