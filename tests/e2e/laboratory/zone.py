"""A signed zone of its own, on a name server of its own, whose text a test changes line by line."""
import subprocess

from .dns import knot_settings, write_zone
from .process import Process
from .wait import until

HEAD = """$TTL 5
@ SOA ns.{name}. hostmaster.{name}. {serial} 3600 600 86400 1
@ NS ns.{name}.
"""


class Zone:
    """`text`: all of it but SOA and NS.  `reverse`: lines of 20.in-addr.arpa, names absolute."""

    def __init__(self, folder, name, text, reverse, address="20.1.53.1"):
        self.folder, self.name, self.address = folder, name, address
        self.text, self.reverse, self._serial = text, reverse, 0
        for part in ("run", "kdb", "zones"):
            (folder / part).mkdir(parents=True)
        self._conf = folder / "knot.conf"
        self._conf.write_text(knot_settings(folder, address, {name: True, "20.in-addr.arpa": False}))
        self._write(text, reverse)
        self._process = Process("knotd", ["knotd", "-c", self._conf], folder / "knot.log")
        until(lambda: self._ask(name, "RRSIG"), f"Knot serving {name}")
        self.anchor = folder / "anchor.key"
        self.anchor.write_text(self._run("keymgr", "-c", self._conf, f"{name}.", "dnskey"))

    def _write(self, text, reverse):
        self._serial += 1
        head = HEAD.format(name=self.name, serial=self._serial)
        write_zone(self._zone_file(self.name), f"{head}ns A {self.address}\n{text}")
        write_zone(self._zone_file("20.in-addr.arpa"), head + reverse)

    def _zone_file(self, name):
        return self.folder / "zones" / f"{name}.zone"

    def _run(self, *words):
        return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout

    def _ask(self, name, kind):
        asked = subprocess.run(["kdig", "+short", "+time=1", "+retry=0", f"@{self.address}", name, kind],
                               capture_output=True, text=True)
        return asked.returncode == 0 and asked.stdout.strip()

    def set(self, text=None, reverse=None):
        """From now on the zone is this; what is not given is as in the beginning."""
        self._write(self.text if text is None else text, self.reverse if reverse is None else reverse)
        self._run("knotc", "-c", self._conf, "-b", "zone-reload")

    def check(self):
        """What kzonecheck has to say of the zone's file: nothing, if it is clean."""
        done = subprocess.run(["kzonecheck", "-o", self.name, str(self._zone_file(self.name))],
                              capture_output=True, text=True)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def stop(self):
        self._process.stop()
