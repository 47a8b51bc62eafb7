"""What watches the server: from this machine, from those that are named, from nowhere else."""
import http.client
import re

import pytest

from laboratory.mailing import CLIENT, compose, from_outside
from laboratory.nestbox import Nestbox

LOOPBACK, NAMED = ("127.0.0.1", 0), ("20.1.0.77", 0)
METRIC = "[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({METRIC})(\{{{METRIC}="[^"\\\n]*"(?:,{METRIC}="[^"\\\n]*")*\}})? (-?[0-9.]+)')


def ask(server, path, source, host=None, **headers):
    """(status, headers, body) of a GET from that address."""
    there = http.client.HTTPSConnection(server.hostname, 443, context=server.trust, source_address=source, timeout=60)
    there.request("GET", path, headers={"Host": host or server.domains[0], **headers})
    answer = there.getresponse()
    body = answer.read().decode()
    there.close()
    return answer.status, answer.headers, body


def read(text):
    """The text format 0.0.4: HELP, TYPE, then the samples of that metric and no other, none twice; gives {sample: value}."""
    assert text.endswith("\n")
    found, name, lines = {}, None, iter(text[:-1].split("\n"))
    for line in lines:
        if line.startswith("# HELP "):
            name = re.fullmatch(rf"# HELP ({METRIC}) \S.*", line)[1]
            assert next(lines) == f"# TYPE {name} gauge"
            continue
        named, labels, value = SAMPLE.fullmatch(line).groups()
        assert named == name and named + (labels or "") not in found
        found[named + (labels or "")] = float(value)
    return found


@pytest.fixture(scope="module")
def watched(lab, ca, dns):
    """A server with two people, one mail, and a machine that may watch it."""
    server = Nestbox(lab / "watched", ca, dns, ("twin.test",), "20.0.0.11",
                     {"policy": {"monitors": f"{NAMED[0]}, 2001:DB8:0::1", "seal_without_key": "clear"}}).start()
    alice = server.account("alice@twin.test")
    server.account("bob@twin.test")
    code, words = from_outside(server, "carol@known.test", [alice.address], compose("carol@known.test", alice.address, "Hi", "x\n"))
    assert code == 250, words
    yield server
    server.end()


def test_the_metrics_are_what_status_says_and_name_nobody(watched):
    status, headers, text = ask(watched, "/metrics", LOOPBACK)
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    metrics, said = read(text), watched.ask("status")
    assert metrics[f'nestbox_build_info{{version="{said["version"]}"}}'] == 1
    assert metrics['nestbox_accounts{domain="twin.test",state="active"}'] == said["accounts"] == 2
    assert metrics['nestbox_accounts{domain="twin.test",state="asleep"}'] == said["asleep"] == 0
    assert metrics["nestbox_deliveries_waiting"] == said["queue"]
    for form, count in said["mail"].items():
        assert metrics[f'nestbox_mail_copies{{form="{form}"}}'] == count
    assert said["mail"]["clear"] >= 1
    assert metrics["nestbox_tls_reports"] == said["tls_reports"]["reports"]
    assert metrics['nestbox_tls_reported_sessions{result="good"}'] == said["tls_reports"]["good"]
    assert metrics["nestbox_certificate_self_signed"] == said["certificate"]["self_signed"]
    assert metrics["nestbox_certificate_expiry_timestamp_seconds"] > metrics["process_start_time_seconds"]
    assert "alice" not in text and "bob" not in text and "carol" not in text


def test_who_may_watch(watched):
    for path, beginning in (("/healthz", "ok\n"), ("/metrics", "# HELP ")):
        for source, host in ((LOOPBACK, None), (LOOPBACK, "127.0.0.1"), (LOOPBACK, "localhost:443"), (NAMED, None)):
            status, _, body = ask(watched, path, source, host)
            assert status == 200 and body.startswith(beginning), (path, source, host)
        for headers in ({"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Via": "1.1 proxy"}):
            assert ask(watched, path, LOOPBACK, **headers)[0] == 404, "who stands behind a proxy is not this machine"
        absent, _, words = ask(watched, "/nothing-of-the-kind", CLIENT)
        status, _, body = ask(watched, path, CLIENT)
        assert status == absent == 404 and "nestbox_" not in body and "ok" not in body
        assert ask(watched, path, CLIENT, "127.0.0.1")[0] == 404
    assert ask(watched, "/", LOOPBACK, "127.0.0.1")[0] == 421, "by that name there is nothing else"
