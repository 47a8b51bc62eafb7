"""What it costs to find out who a mail is from: the same mail from a domain that proves it by SPF, DKIM and DMARC, and
from one that publishes nothing.  Both come over the same door, in rounds that alternate."""
import base64
import sqlite3
import subprocess

import dkim
from laboratory.dkim_judge import as_zone
from machine import cpu_of

PROVED, SILENT, SELECTOR, BITS = "proved.test", "nothing.test", "bench", 2048
SESSIONS, MAILS, PROVED_CLASS, NOTHING_CLASS = 16, 3000, 2, 0  # enum evidence_class: S2, S0


def publish(dns, key):
    public = subprocess.run(["openssl", "rsa", "-in", str(key), "-pubout", "-outform", "DER"], check=True,
                            capture_output=True).stdout
    record = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    dns.add(f"{PROVED} A 20.1.0.5", f"{SILENT} A 20.1.0.5", f'{PROVED} TXT "v=spf1 ip4:127.0.0.1 -all"',
            f'_dmarc.{PROVED} TXT "v=DMARC1; p=reject"', as_zone(f"{SELECTOR}._domainkey.{PROVED}", record))


def write_mail(domain, recipient):
    """Without a Message-ID: the same mail is taken as often as it comes."""
    head = f"From: Sender <sender@{domain}>\r\nTo: <{recipient}>\r\nSubject: The same again\r\n" \
           "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    return (head + "\r\n" + ("x" * 70 + "\r\n") * 55).encode()


def sign(mail, key):
    return dkim.sign(mail, SELECTOR.encode(), PROVED.encode(), key.read_bytes(),
                     canonicalize=(b"relaxed", b"relaxed")) + mail


def classes(server):
    """How many messages there are of each class of evidence."""
    store = sqlite3.connect(f"file:{server.data_dir}/nestbox.db?mode=ro", uri=True)
    counts = dict(store.execute("SELECT evidence, count(*) FROM message GROUP BY evidence"))
    store.close()
    return counts


def cost(server, postfix, domain, class_):
    """Milliseconds of ours a mail; each must have been found to be of that class."""
    before, spent = classes(server), cpu_of(server.pid)
    postfix.root.run("/usr/sbin/smtp-source", "-s", SESSIONS, "-m", MAILS, "-F", f"/lab/{domain}", "-f",
                     f"sender@{domain}", "-t", server.MAILBOX, f"inet:{server.ADDRESS}:25", seconds=600)
    spent = (cpu_of(server.pid) - spent) * 1000 / MAILS
    found = classes(server).get(class_, 0) - before.get(class_, 0)
    if found != MAILS:
        raise AssertionError(f"{found} of {MAILS} mails from {domain} are of class S{class_}")
    return spent


def measure_judging(server, postfix, dns, rounds, table, say):
    key = server.folder / "dkim.pem"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", str(key), str(BITS)], check=True, capture_output=True)
    publish(dns, key)
    for domain in (PROVED, SILENT):
        mail = write_mail(domain, server.MAILBOX)
        text = sign(mail, key) if domain == PROVED else mail
        (postfix.root / f"lab/{domain}").write_bytes(text.replace(b"\r\n", b"\n"))
    proved, silent = [], []
    for turn in range(rounds):
        silent.append(cost(server, postfix, SILENT, NOTHING_CLASS))
        proved.append(cost(server, postfix, PROVED, PROVED_CLASS))
        say(f"judging, round {turn + 1}: {proved[-1]:.3f} ms of ours a mail that SPF, DKIM and DMARC prove, "
            f"{silent[-1]:.3f} ms one that nothing does")
    table.add("a mail that SPF, DKIM and DMARC prove", proved, "ms", "one that nothing does", silent)
