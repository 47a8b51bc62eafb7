"""TLS reports (RFC 8460): what was counted goes to whom it concerns; and ours are read by people."""
import datetime
import email
import email.policy
import gzip
import http.server
import json
import sqlite3
import ssl
import threading

import pytest

from laboratory.mailhost import MailHost
from laboratory.mailing import compose, from_outside, submit
from laboratory.policies import PolicyServer, policy
from laboratory.wait import Log, clear_of, until


@pytest.fixture(autouse=True)
def one_day():
    clear_of(0)


@pytest.fixture
def tls(ca):
    def make(*names):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*ca.issue(*names))
        return context
    return make


class ReportCollector:
    """Takes reports over HTTPS; `status`: what it answers, in order, then 201."""

    def __init__(self, address, context, status=()):
        self.reports, answers = Log("reports over HTTPS"), list(status)
        reports = self.reports

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                reports.add((self.headers["Content-Type"], body))
                self.send_response(answers.pop(0) if answers else 201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self._server = http.server.ThreadingHTTPServer((address, 443), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def send(account, to):
    code, words = submit(account, compose(account.address, to, "hello", "How are you?\n"))
    assert code == 250, words


def counted(nest, domain):
    return {(row["policy"], row["result"]): row["count"] for row in nest.ask("queue", "tls") if row["domain"] == domain}


def test_a_policy_is_refreshed_though_no_mail_goes_there(twin, dns, ca):
    far = MailHost("20.1.6.9")
    web = PolicyServer("20.1.6.10", ca.issue("mta-sts.kept.test"))
    web.policies["kept.test"] = policy("testing", "mx.kept.test", max_age=604800)
    dns.add_signed("mx.kept.test A 20.1.6.9", "kept.test MX 10 mx.kept.test.", "mta-sts.kept.test A 20.1.6.10",
                   '_mta-sts.kept.test TXT "v=STSv1; id=1"')
    nest = twin().start()
    send(nest.account("tom@twin.test"), "bob@kept.test")
    far.mails.wait_for(lambda mail: True)
    nest.stop()

    def store(statement):
        with sqlite3.connect(nest.data_dir / "nestbox.db") as database:
            rows = database.execute(statement).fetchall()
        database.close()
        return rows

    store("UPDATE sts_policy SET fetched_ms = fetched_ms - 25 * 3600 * 1000")
    web.policies["kept.test"] = policy("enforce", "mx.kept.test", max_age=604800)
    nest.start()
    until(lambda: store("SELECT mode FROM sts_policy WHERE domain = 'kept.test'") == [(2,)], "the new mode being kept")
    assert len(far.mails.all()) == 1
    far.stop()
    web.stop()


def let_a_day_pass(nest):
    """The counts of today become those of yesterday: nobody waits for midnight here."""
    nest.stop()
    with sqlite3.connect(nest.data_dir / "nestbox.db") as store:
        store.execute("UPDATE tls_count SET day = day - 1")
    store.close()
    nest.start()


def report_in(mail):
    """The report of a mail as it came, after a look at its form."""
    parsed = email.message_from_bytes(mail.text, policy=email.policy.default)
    assert parsed.get_content_type() == "multipart/report"
    assert parsed["Content-Type"].params["report-type"] == "tlsrpt"
    assert parsed["TLS-Required"] == "No"
    assert parsed["TLS-Report-Submitter"] == "twin.test"
    assert "d=twin.test" in parsed["DKIM-Signature"]
    words, attached = parsed.iter_parts()
    assert words.get_content_type() == "text/plain"
    assert attached.get_content_type() == "application/tlsrpt+gzip"
    return parsed, attached.get_filename(), json.loads(gzip.decompress(attached.get_content()))


def test_a_report_by_mail_says_what_was_counted_and_arrives_although_tls_fails(twin, dns, ca, tls):
    far = MailHost("20.1.6.1", tls=tls("somebody-else.test"))
    web = PolicyServer("20.1.6.3", ca.issue("mta-sts.counted.test"))
    web.policies["counted.test"] = policy("testing", "mx.counted.test")
    reports = MailHost("20.1.6.2", tls=tls("mx.collector.test"))
    dns.add_signed(
        "mx.counted.test A 20.1.6.1", "counted.test MX 10 mx.counted.test.", "mta-sts.counted.test A 20.1.6.3",
        '_mta-sts.counted.test TXT "v=STSv1; id=1"',
        '_smtp._tls.counted.test TXT "v=TLSRPTv1; rua=mailto:tls@collector.test"',
        "mx.collector.test A 20.1.6.2", "collector.test MX 10 mx.collector.test.",
        f"_25._tcp.mx.collector.test TLSA 3 1 1 {'ab' * 32}")
    nest = twin().start()
    author = nest.account("tom@twin.test")
    for _ in range(2):
        send(author, "bob@counted.test")
    far.mails.wait_for(lambda mail: True, count=2)
    until(lambda: counted(nest, "counted.test").get(("sts", "certificate-host-mismatch")) == 2, "both counted")
    let_a_day_pass(nest)

    mail = reports.mails.wait_for(lambda mail: True)
    assert mail.recipients == ["tls@collector.test"] and mail.sender.startswith("MAIL FROM:<>")
    parsed, name, report = report_in(mail)
    assert parsed["TLS-Report-Domain"] == "counted.test"
    assert name.startswith("twin.test!counted.test!") and name.endswith(".json.gz")
    assert report["organization-name"] == "twin.test"
    [found] = report["policies"]
    assert found["policy"]["policy-type"] == "sts"
    assert found["policy"]["mx-host"] == ["mx.counted.test"]
    assert found["summary"] == {"total-successful-session-count": 0, "total-failure-session-count": 2}
    [failure] = found["failure-details"]
    assert failure == {"result-type": "certificate-host-mismatch", "sending-mta-ip": "20.0.0.11",
                       "receiving-mx-hostname": "mx.counted.test", "receiving-ip": "20.1.6.1",
                       "failed-session-count": 2}
    until(lambda: not counted(nest, "counted.test"), "counts forgotten")
    for part in (far, reports, web):
        part.stop()


def test_a_report_by_https(twin, dns, tls):
    far = MailHost("20.1.6.4")
    collector = ReportCollector("20.1.6.5", tls("collect.test"))
    dns.add_signed(
        "mx.plain-counted.test A 20.1.6.4", "plain-counted.test MX 10 mx.plain-counted.test.",
        "collect.test A 20.1.6.5",
        '_smtp._tls.plain-counted.test TXT "v=TLSRPTv1; rua=https://collect.test/v1/tlsrpt"')
    nest = twin().start()
    send(nest.account("tom@twin.test"), "bob@plain-counted.test")
    until(lambda: counted(nest, "plain-counted.test"), "a count")
    let_a_day_pass(nest)
    kind, body = collector.reports.wait_for(lambda report: True)
    assert kind == "application/tlsrpt+gzip"
    [found] = json.loads(gzip.decompress(body))["policies"]
    assert found["policy"] == {"policy-type": "no-policy-found", "policy-domain": "plain-counted.test"}
    assert [row["result-type"] for row in found["failure-details"]] == ["starttls-not-supported"]
    until(lambda: not counted(nest, "plain-counted.test"), "counts forgotten")
    far.stop()
    collector.stop()


def test_what_nobody_took_waits(twin, dns, tls):
    far = MailHost("20.1.6.6")
    collector = ReportCollector("20.1.6.7", tls("busy.test"), status=[503])
    dns.add_signed(
        "mx.waiting-counted.test A 20.1.6.6", "waiting-counted.test MX 10 mx.waiting-counted.test.",
        "busy.test A 20.1.6.7", '_smtp._tls.waiting-counted.test TXT "v=TLSRPTv1; rua=https://busy.test/r"')
    nest = twin().start()
    send(nest.account("tom@twin.test"), "bob@waiting-counted.test")
    until(lambda: counted(nest, "waiting-counted.test"), "a count")
    let_a_day_pass(nest)
    collector.reports.wait_for(lambda report: True)
    until(lambda: "was not taken by HTTPS" in nest.log.read_text(), "the refusal in the log")
    assert counted(nest, "waiting-counted.test")
    nest.stop()
    nest.start()
    collector.reports.wait_for(lambda report: True, count=2)
    until(lambda: not counted(nest, "waiting-counted.test"), "counts forgotten")
    far.stop()
    collector.stop()


def test_counts_that_nobody_wants_are_forgotten(twin, dns):
    far = MailHost("20.1.6.8")
    dns.add("mx.unasked.unsigned.test A 20.1.6.8", "unasked.unsigned.test MX 10 mx.unasked.unsigned.test.")
    nest = twin().start()
    send(nest.account("tom@twin.test"), "bob@unasked.unsigned.test")
    until(lambda: counted(nest, "unasked.unsigned.test"), "a count")
    let_a_day_pass(nest)
    until(lambda: not counted(nest, "unasked.unsigned.test"), "counts forgotten")
    far.stop()


def report_of(domain, day, good, failures):
    """As RFC 8460 has it, packed."""
    report = {"organization-name": "Big", "contact-info": "tls@big.test", "report-id": "1",
              "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
              "policies": [{"policy": {"policy-type": "sts", "policy-domain": domain},
                            "summary": {"total-successful-session-count": good,
                                        "total-failure-session-count": sum(failures.values())},
                            "failure-details": [{"result-type": kind, "failed-session-count": count}
                                                for kind, count in failures.items()]}]}
    return gzip.compress(json.dumps(report).encode())


def mailed(sender, to, packed):
    mail = compose(sender, to, "Report Domain: twin.test", "for programs\n")
    mail.add_attachment(packed, maintype="application", subtype="tlsrpt+gzip", filename="report.json.gz")
    return mail


def told(nest):
    return json.loads(nest.cli("status", "--json"))["tls_reports"]


def test_reports_of_others_reach_the_postmaster_and_the_status(twin, dns):
    dns.add("big.unsigned.test A 20.1.0.5", 'big.unsigned.test TXT "v=spf1 a -all"', "nobody.unsigned.test A 20.1.0.6")
    nest = twin().start()
    postmaster = nest.account("first@twin.test")
    yesterday = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).date()

    def send_report(sender, packed):
        code, words = from_outside(nest, sender, ["tlsrpt@twin.test"], mailed(sender, "tlsrpt@twin.test", packed))
        assert code == 250, words

    # what is not said by whom it seems, is of another domain, or is no report, reaches the mailbox and nothing else
    send_report("reports@nobody.unsigned.test", report_of("twin.test", yesterday, 1, {"certificate-expired": 7}))
    send_report("reports@big.unsigned.test", report_of("else.test", yesterday, 1, {"certificate-expired": 7}))
    send_report("reports@big.unsigned.test", gzip.compress(b"\0" * 50_000_000))
    send_report("reports@big.unsigned.test", b"no gzip at all")
    until(lambda: len(postmaster.mails("INBOX")) == 4, "four mails")
    assert told(nest) == {"reports": 0, "good": 0, "failed": 0} and "tls reports" not in nest.cli("status")

    send_report("reports@big.unsigned.test", report_of("twin.test", yesterday, 12, {}))
    assert told(nest) == {"reports": 1, "good": 12, "failed": 0}
    assert "1 in 7 days: TLS was right on all 12 connections to us" in nest.cli("status")
    # a second one for the day takes the place of the first
    send_report("reports@big.unsigned.test",
                report_of("twin.test", yesterday, 12, {"starttls-not-supported": 1, "certificate-expired": 2}))
    assert told(nest) == {"reports": 1, "good": 12, "failed": 3, "trouble": "certificate-expired"}
    assert (f"big.unsigned.test could not use TLS 3 of 15 times on {yesterday}: the certificate has expired. "
            "See: nestbox dns --check") in nest.cli("status")
    postmaster.wait_for_mail(lambda mail: "Report Domain" in mail["subject"])


def test_one_nestbox_reports_to_another(twin, nest, person):
    server = twin().start()
    someone, before = person("rita"), told(nest)["reports"]
    send(server.account("tom@twin.test"), someone.address)
    until(lambda: counted(server, "nest.test"), "a count")
    let_a_day_pass(server)
    until(lambda: not counted(server, "nest.test"), "counts forgotten")
    until(lambda: told(nest)["reports"] == before + 1, "the report being heard")
