"""`nestbox dns`: its records in a real zone, and what --check says when one of them is not as it must be."""
import hashlib
import json
import pathlib
import re
import subprocess

import pytest

from laboratory.nestbox import Nestbox
from laboratory.zone import Zone

DOMAIN, HOST, ADDRESS = "tidy.test", "mx.tidy.test", "20.0.0.11"
PTR = f"11.0.0.20.in-addr.arpa. PTR {HOST}.\n"


class House:
    """A server whose world is one name server, which says what `nestbox dns` printed."""

    def __init__(self, folder, ca):
        self.certificate, self.key = ca.issue(DOMAIN, HOST, f"mta-sts.{DOMAIN}")
        self.settings = {"tls": {"certificate": self.certificate, "key": self.key}, "network": {"trust_anchor": "none"}}
        self.server = Nestbox(folder / "tidy", ca, None, (DOMAIN,), ADDRESS, self.settings)
        self.printed = self.server.cli("dns")
        self.zone = Zone(folder / "zone", DOMAIN, self.printed, PTR)
        self.settings["network"] = {"trust_anchor": self.zone.anchor, "dns_server": self.zone.address}
        self.server.write_settings(self.settings)
        self.server.start()

    def certify(self, certificate, key):
        self.server.stop()
        self.server.write_settings({**self.settings, "tls": {"certificate": certificate, "key": key}})
        self.server.start()

    def check(self):
        """Exit status, complaints as (about, sentence)."""
        done = self.server.run("dns", "--check", "--json")
        return done.returncode, [(row["about"], row["said"]) for row in json.loads(done.stdout)]

    def end(self):
        self.server.end()
        self.zone.stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory, lab, ca):
    house = House(tmp_path_factory.mktemp("dns"), ca)
    yield house
    house.end()


@pytest.fixture
def zone(house):
    yield house.zone
    house.zone.set()


def test_the_records_load_into_knot_unchanged(house):
    assert house.zone.check() == ""
    kinds = {tuple(line.split()[:4])[0::3] for line in house.printed.splitlines() if not line.startswith(";")}
    assert kinds >= {(f"{DOMAIN}.", "A"), (f"{DOMAIN}.", "MX"), (f"{DOMAIN}.", "TXT"), (f"{HOST}.", "A"),
                     (f"{HOST}.", "TXT"), (f"_dmarc.{DOMAIN}.", "TXT"), (f"_mta-sts.{DOMAIN}.", "TXT"),
                     (f"mta-sts.{DOMAIN}.", "CNAME"), (f"_smtp._tls.{DOMAIN}.", "TXT"),
                     (f"_25._tcp.{HOST}.", "TLSA"), (f"_submissions._tcp.{DOMAIN}.", "SRV"),
                     (f"_submission._tcp.{DOMAIN}.", "SRV"), (f"autoconfig.{DOMAIN}.", "CNAME"),
                     (f"openpgpkey.{DOMAIN}.", "CNAME")}
    assert len([name for name, kind in kinds if "._domainkey." in name]) == 2
    assert f"; 11.0.0.20.in-addr.arpa. 3600 IN PTR {HOST}.\n" in house.printed


def test_the_plain_form_has_a_record_a_line(house):
    rows = [line.split("\t") for line in house.server.cli("dns", "--plain").splitlines()]
    assert [DOMAIN, "MX", f"10 {HOST}"] in rows
    assert [DOMAIN, "TXT", "v=spf1 mx -all"] in rows
    key = next(value for name, _, value in rows if name.startswith("r") and "._domainkey." in name)
    assert '"' not in key and len(key) > 300
    assert len(rows) == len(house.server.ask("dns"))


def test_it_is_silent_when_all_is_right(house, zone):
    done = house.server.run("dns", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def without(pattern):
    return lambda text: "".join(line for line in text.splitlines(True) if not re.match(pattern, line))


def instead(pattern, new):
    def change(text):
        changed, count = re.subn(pattern, new, text, flags=re.M)
        assert count == 1, f"{pattern} is there {count} times"
        return changed
    return change


def plus(line):
    return lambda text: text + line + "\n"


D, H = re.escape(DOMAIN), re.escape(HOST)
CASES = {
    # what is changed, what is complained about, words of the sentence
    "no address of the domain": (without(rf"{D}\. .* A "), f"A {DOMAIN}", f"there is none; publish: {DOMAIN}. 3600 IN A {ADDRESS}"),
    "another address": (instead(rf"^{D}\. (.*) A .*$", rf"{DOMAIN}. \1 A 20.1.9.9"), f"A {DOMAIN}", "20.1.9.9, which is not this machine"),
    "an address too many": (plus(f"{HOST}. A 20.1.9.9"), f"A {HOST}", "20.1.9.9, which is not this machine"),
    "no address of the host": (without(rf"{H}\. .* A "), f"A {HOST}", "there is none; publish"),
    "an IPv6 address where nobody listens": (plus(f"{HOST}. AAAA 2a00:1::9"), f"AAAA {HOST}", "take it away"),
    "no MX": (without(rf"{D}\. .* MX "), f"MX {DOMAIN}", f"there is none; publish: {DOMAIN}. 3600 IN MX 10 {HOST}."),
    "another's MX": (instead(r" MX 10 .*$", " MX 10 mx.else.test."), f"MX {DOMAIN}", f"it does not name {HOST}"),
    "a null MX": (instead(r" MX 10 .*$", " MX 0 ."), f"MX {DOMAIN}", "takes no mail"),
    "no SPF": (without(rf"{D}\. .*v=spf1"), f"TXT {DOMAIN}", 'there is none; publish: tidy.test. 3600 IN TXT "v=spf1 mx -all"'),
    "SPF of others": (instead(r'"v=spf1 mx -all"', '"v=spf1 ip4:20.1.0.0/16 -all"'), f"TXT {DOMAIN}", f"does not allow {ADDRESS}"),
    "SPF for everybody": (instead(r'"v=spf1 mx -all"', '"v=spf1 mx +all"'), f"TXT {DOMAIN}", "allows everybody"),
    "SPF without end": (instead(r'"v=spf1 mx -all"', '"v=spf1 mx"'), f"TXT {DOMAIN}", "forbids nobody"),
    "two SPF records": (plus(f'{DOMAIN}. TXT "v=spf1 a -all"'), f"TXT {DOMAIN}", "there are 2"),
    "a mistake in SPF": (instead(r'"v=spf1 mx -all"', '"v=spf1 mx ipv4:1.2.3.4 -all"'), f"TXT {DOMAIN}", "it has a mistake"),
    "no SPF of the host": (without(rf"{H}\. .*v=spf1"), f"TXT {HOST}", "there is none; publish"),
    "no RSA key": (without(r"r\w+\._domainkey"), "_domainkey", "there is none"),
    "no Ed25519 key": (without(r"e\w+\._domainkey"), "_domainkey", "there is none"),
    "another key": (instead(r"k=ed25519; p=....", "k=ed25519; p=AAAA"), "_domainkey", "another key than ours"),
    "no DMARC": (without(r"_dmarc"), f"TXT _dmarc.{DOMAIN}", "there is none; publish"),
    "DMARC that asks for nothing": (instead(r"p=reject", "p=none"), f"TXT _dmarc.{DOMAIN}", "p=none"),
    "DMARC without a policy": (instead(r" p=reject;", ""), f"TXT _dmarc.{DOMAIN}", "no p=reject"),
    "no MTA-STS": (without(r"_mta-sts"), f"TXT _mta-sts.{DOMAIN}", "there is none; publish"),
    "an id that is none": (instead(r"id=\w+", "id=2026-11-22"), f"TXT _mta-sts.{DOMAIN}", "letters and digits"),
    "the id of another policy": (instead(r"id=\w+", "id=1"), f"TXT _mta-sts.{DOMAIN}", "another policy"),
    "nobody has the policy": (without(r"mta-sts"), f"CNAME mta-sts.{DOMAIN}", "there is none; publish"),
    "the policy is elsewhere": (instead(r"^mta-sts(.*) CNAME .*$", r"mta-sts\1 A 20.1.9.9"), f"CNAME mta-sts.{DOMAIN}", "20.1.9.9"),
    "no TLS-RPT": (without(r"_smtp\._tls"), f"TXT _smtp._tls.{DOMAIN}", "there is none; publish"),
    "TLS-RPT to nobody": (instead(r"rua=mailto:tlsrpt", "rua=tlsrpt"), f"TXT _smtp._tls.{DOMAIN}", "nobody to report to"),
    "no TLSA": (without(r"_25\._tcp"), f"TLSA _25._tcp.{HOST}", "there is none; publish"),
    "TLSA of another key": (instead(r"TLSA 3 1 1 (.)", lambda is_: "TLSA 3 1 1 " + ("1" if is_[1] == "0" else "0")), f"TLSA _25._tcp.{HOST}", "another key than ours"),
    "no SRV": (without(r"_submissions\._tcp"), f"SRV _submissions._tcp.{DOMAIN}", "there is none; publish"),
    "SRV to another port": (instead(r"SRV 0 1 465", "SRV 0 1 466"), f"SRV _submissions._tcp.{DOMAIN}", "it leads elsewhere"),
    "no autoconfig": (without(r"autoconfig"), f"CNAME autoconfig.{DOMAIN}", "there is none; publish"),
    "no openpgpkey": (without(r"openpgpkey"), f"CNAME openpgpkey.{DOMAIN}", "there is none; publish"),
}
ADVICE = {"no SRV", "SRV to another port", "no autoconfig", "no openpgpkey"}


@pytest.mark.parametrize("name", CASES)
def test_a_record_that_is_wrong_is_named_with_its_repair(house, zone, name):
    change, about, words = CASES[name]
    zone.set(change(zone.text))
    status, complaints = house.check()
    assert any(about in found and words in said for found, said in complaints), complaints
    assert status == (0 if name in ADVICE else 1)


@pytest.mark.parametrize("reverse, words", [
    ("", "there is none; ask whoever gave you the address"),
    (f"11.0.0.20.in-addr.arpa. PTR pool-11.else.test.\n", "it says pool-11.else.test."),
], ids=["none", "another name"])
def test_the_name_of_the_address_is_looked_at(house, zone, reverse, words):
    zone.set(reverse=reverse)
    status, complaints = house.check()
    assert status == 1 and [about for about, _ in complaints] == ["PTR 11.0.0.20.in-addr.arpa"]
    assert words in complaints[0][1]


def test_each_port_is_knocked_at(house, zone):
    zone.set(zone.text + f"{HOST}. A 20.1.9.9\n")
    _, complaints = house.check()
    for port in ("25 (smtp)", "465 (submissions)", "587 (submission)"):
        assert [said for about, said in complaints if about == f"port {port} of {HOST} at 20.1.9.9"] == [
            "nobody answers; let it through the firewall, and ask the provider whether the port is closed on the way"]
        assert not [about for about, _ in complaints if about == f"port {port} of {HOST} at {ADDRESS}"]


@pytest.mark.parametrize("names, expired, words", [
    ((DOMAIN, HOST, f"mta-sts.{DOMAIN}"), True, "its certificate has expired"),
    (("else.test",), False, "its certificate has another name"),
], ids=["expired", "another name"])
def test_the_certificate_is_looked_at(house, zone, ca, names, expired, words):
    house.certify(*ca.issue(*names, expired=expired))
    _, complaints = house.check()
    house.certify(house.certificate, house.key)
    assert {about for about, said in complaints if words in said} >= {
        f"port 25 (smtp) of {HOST} at {ADDRESS}", f"port 465 (submissions) of {HOST} at {ADDRESS}",
        f"port 587 (submission) of {HOST} at {ADDRESS}", f"port 443 (https) of {DOMAIN} at {ADDRESS}"}
    assert f"TLSA _25._tcp.{HOST}" in [about for about, _ in complaints]
    assert any("mta-sts.txt" in about and "the certificate is not" in said for about, said in complaints)


def test_the_next_key_is_published_ahead(house, zone):
    following = pathlib.Path(f"{house.key}.next")
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", following],
                   check=True, capture_output=True)
    der = subprocess.run(["openssl", "pkey", "-in", following, "-pubout", "-outform", "DER"], check=True,
                         capture_output=True).stdout
    printed = house.server.cli("dns")
    _, complaints = house.check()
    following.unlink()
    assert f"_25._tcp.{HOST}. 3600 IN TLSA 3 1 1 {hashlib.sha256(der).hexdigest()}\n" in printed
    assert [(about, said.split(";")[0]) for about, said in complaints] == [
        (f"TLSA _25._tcp.{HOST}", "the key that comes next is not there")]


def test_new_keys_are_used_once_they_are_published(house, zone):
    first = house.server.cli("dns", "--rotate")
    names = re.findall(r"^(\w+\._domainkey\.\S+)\.", first, flags=re.M)
    assert len(names) == 4 and "run this again" in first
    again = house.server.run("dns", "--rotate")
    assert again.returncode == 1 and b"Not rotated: TXT" in again.stderr
    zone.text = house.server.cli("dns")
    zone.set()
    assert house.check() == (0, [])
    assert "signs with the new pair" in house.server.cli("dns", "--rotate")
    assert house.check() == (0, [])
    zone.set("".join(line for line in zone.text.splitlines(True) if names[0] not in line))
    assert [about for about, _ in house.check()[1]] == [f"TXT {names[0]}"]  # old signatures are still under way


def test_a_domain_that_is_not_ours_is_refused(house):
    done = house.server.run("dns", "else.test")
    assert done.returncode == 1 and b"else.test is not served here" in done.stderr
