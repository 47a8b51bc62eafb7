"""The public SPF test suite (rfc7208-tests.yml, of the Debian package python3-spf), every case by its name, against our
evaluator: smtp/origin/spf.c behind tests/unit/smtp/spf_line.c, with this file as its DNS."""
import gzip
import pathlib
import socket
import subprocess

import pytest
import yaml

from laboratory.nestbox import ROOT

SUITE = pathlib.Path("/usr/share/doc/python3-spf/rfc7208-tests.yml.gz")
PROGRAM = ROOT / "build" / "dev" / "tests" / "unit" / "smtp" / "spf_line"
TYPES = {1: "A", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA"}

# Cases whose result differs from the suite's, with the reason.  There are none.
DEVIATIONS = {}


def scenarios():
    with gzip.open(SUITE) as suite:
        return list(yaml.safe_load_all(suite))


def cases():
    return [pytest.param(case, Zone(scenario["zonedata"]), id=name)
            for scenario in scenarios() for name, case in scenario["tests"].items()]


def as_bytes(text):
    """The suite writes octets as "\\xEF"."""
    return text.encode("latin-1")


def wire_name(name):
    return b"".join(bytes([len(label)]) + as_bytes(label) for label in name.rstrip(".").split(".") if label) + b"\0"


class Zone:
    """What the suite's zone data say.  A record of type SPF stands for a TXT record of a name that lists no TXT itself."""

    def __init__(self, data):
        self.names = {str(name).lower(): list(self.records(rows)) for name, rows in data.items()}

    @staticmethod
    def records(rows):
        made = not any(isinstance(row, dict) and "TXT" in row for row in rows)
        for row in rows:
            if row == "TIMEOUT":
                yield ("TIMEOUT", None)
                continue
            for kind, value in row.items():
                if kind == "SPF" and made:
                    yield ("TXT", value)
                elif kind != "SPF" and value != "NONE":
                    yield (kind, value)

    def answer(self, kind, name, depth=0):
        rows = self.names.get(name.lower())
        if rows is None:
            return "noname", []
        found = [self.rdata(kind, value) for of, value in rows if of == kind]
        alias = next((value for of, value in rows if of == "CNAME"), None)
        if found:
            return "answer", found
        if ("TIMEOUT", None) in rows or depth > 8:
            return "failed", []
        if alias:
            return self.answer(kind, alias.rstrip("."), depth + 1)
        return "nodata", []

    @staticmethod
    def rdata(kind, value):
        if kind == "A":
            return socket.inet_aton(value)
        if kind == "AAAA":
            return socket.inet_pton(socket.AF_INET6, value)
        if kind == "MX":
            return value[0].to_bytes(2, "big") + wire_name(value[1])
        if kind == "TXT":
            pieces = [value] if isinstance(value, str) else value
            return b"".join(bytes([len(piece)]) + as_bytes(piece) for piece in pieces)
        return wire_name(value)


def hexed(text):
    return as_bytes(text).hex() or "-"


def judge(zone, client, helo, sender):
    """(result, explanation, questions)"""
    program = subprocess.Popen([PROGRAM, client, hexed(helo), hexed(sender)], text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    questions = []
    with program:
        for line in program.stdout:
            word, *rest = line.rstrip("\n").split(" ", 2)
            if word == "result":
                program.stdin.close()
                return rest[0], rest[1], questions
            kind, name = TYPES[int(rest[0])], bytes.fromhex(rest[1]).decode("latin-1")
            questions.append((kind, name.lower()))
            outcome, found = zone.answer(kind, name)
            program.stdin.write(" ".join([outcome, *(rdata.hex() for rdata in found)]) + "\n")
            program.stdin.flush()
    raise AssertionError("no result")


@pytest.mark.parametrize("case, zone", cases())
def test_case(case, zone, request):
    result, explanation, questions = judge(zone, str(case["host"]), str(case["helo"]), case["mailfrom"] or "")
    wanted = [case["result"]] if isinstance(case["result"], str) else case["result"]
    wanted = DEVIATIONS.get(request.node.callspec.id, wanted)
    assert result in wanted
    if "explanation" in case:
        assert (explanation or "DEFAULT") == case["explanation"]
    assert len(questions) == len(set(questions)) <= 60


def test_the_suite_is_whole():
    assert len(cases()) == sum(len(scenario["tests"]) for scenario in scenarios()) > 200
