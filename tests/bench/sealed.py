"""Sealed ingest: by librnp, by GnuPG, and the same server without sealing; what others wait meanwhile, and whether the time
of an answer tells whose mail is sealed."""
import socket
import statistics
import threading
import time

from laboratory.gpg import Gpg
from laboratory.mailing import compose, connect

KEYS = {"librnp": (("ed25519", "cv25519"), ()), "GnuPG": (("rsa2048", "rsa2048"), ("--cert-digest-algo", "SHA1"))}
SESSIONS, SIZES = 16, ((4096, 3000, "4 KiB"), (1024 * 1024, 150, "1 MiB"))
TRIES, SLOW_MAILS, SLOW_SESSIONS = 300, 200, 8


def address_of(name):
    return f"{name.lower()}@nest.test"


def answer_time(smtp, to):
    """From the final dot to its answer, in milliseconds."""
    mail = compose("carol@mail.test", to, "As any other", "A few words, and some more.\n" * 100).as_bytes()
    smtp.mail("carol@mail.test")
    smtp.rcpt(to)
    smtp.docmd("DATA")
    smtp.send(mail)
    began = time.perf_counter()
    smtp.send(b"\r\n.\r\n")
    if smtp.getreply()[0] != 250:
        raise AssertionError("a mail was not taken")
    return (time.perf_counter() - began) * 1000


def at_once(server):
    smtp = connect(server, 25, tls=False)
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def measure_answers(server, table):
    times = {address_of("librnp"): [], server.MAILBOX: []}
    with at_once(server) as smtp:
        for turn in range(-20, TRIES):  # the first ones warm all up
            for address in sorted(times, reverse=turn % 2 == 0):
                took = answer_time(smtp, address)
                if turn >= 0:
                    times[address].append(took)
    sealed, other = times.values()
    slower = sum(a > b for a in sealed for b in other) / TRIES ** 2
    apart = abs(statistics.median(sealed) - statistics.median(other))
    table.add("answers, sealed beside not: medians apart", [apart], "ms", aim=1, least=False)
    table.add("the same: part of pairs in which the sealed one is slower", [slower], "")


def measure_patience(server, send_large, table):
    """One large mail and many for a slow key are sealed, mail for somebody else comes meanwhile."""
    slow = [threading.Thread(target=send_some, args=(server, address_of("GnuPG"), SLOW_MAILS // SLOW_SESSIONS))
            for _ in range(SLOW_SESSIONS)]
    slow.append(threading.Thread(target=send_large, args=(server, 100, address_of("librnp"))))
    for one in slow:
        one.start()
    times = []
    with at_once(server) as smtp:
        while any(one.is_alive() for one in slow):
            times.append(answer_time(smtp, server.MAILBOX))
    times.sort()
    table.add("mail for others while 100 MiB and 200 mails by GnuPG are sealed, p99", [times[int(len(times) * 0.99)]], "ms",
              aim=200, least=False)


def send_some(server, to, count):
    with at_once(server) as smtp:
        for _ in range(count):
            answer_time(smtp, to)


def measure_sealed(server, settings, ingest, send_large, rounds, table, place, say):
    """One server, three owners: with a key for librnp, with one that GnuPG alone can use, and without, whose mail lies in
    clear here, as with seal = no."""
    server.stop()
    server.write_settings({**settings, "policy": {**settings["policy"], "seal_without_key": "clear"}})
    server.start()
    for name, (kinds, options) in KEYS.items():
        ring = Gpg(place / name, address_of(name), encrypts=kinds, options=options)
        server.account(address_of(name))
        server.cli("key", "add", address_of(name), ring.certificate())
        ring.end()
    for octets, messages, label in SIZES:
        rates = {"librnp": [], "GnuPG": [], "clear": []}
        for turn in range(rounds):
            for name, found in rates.items():
                mailbox = server.MAILBOX if name == "clear" else address_of(name)
                if name == "clear":  # where nothing was sealed since the start, nothing waits for the sake of even answers
                    server.stop()
                    server.start()
                found.append(ingest(server, SESSIONS, messages // 5 if name == "GnuPG" else messages, mailbox, octets))
            say(f"sealed, {label}, round {turn + 1}: " + ", ".join(f"{name} {found[-1]:.0f}/s" for name, found in rates.items()))
        table.add(f"sealed ingest {label}, 16 sessions", rates["librnp"], "/s", "by GnuPG", rates["GnuPG"],
                  5 if octets == 4096 else None)
        table.add(f"sealed ingest {label} beside clear", rates["librnp"], "/s", "not sealed", rates["clear"], 0.5)
    measure_answers(server, table)
    measure_patience(server, send_large, table)
