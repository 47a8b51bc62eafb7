"""The doors of SMTP: who is heard at all, and what each offers."""
import os
import signal
import socket

import pytest

from laboratory.mailing import CLIENT, connect

ALWAYS = {"pipelining", "size", "8bitmime", "smtputf8", "enhancedstatuscodes", "chunking", "limits"}


@pytest.mark.parametrize("port, tls, more", [
    (25, False, {"starttls"}), (25, True, {"requiretls"}), (587, False, {"starttls", "dsn"}),
    (587, True, {"requiretls", "dsn", "auth"}), (465, True, {"requiretls", "dsn", "auth"}),
], ids=["25 in clear", "25 under TLS", "587 in clear", "587 under TLS", "465"])
def test_ehlo_offers_what_is_true(nest, port, tls, more):
    with connect(nest, port, tls) as smtp:
        assert set(smtp.esmtp_features) - {"auth"} == ALWAYS | more - {"auth"}
        assert ("auth" in smtp.esmtp_features) == ("auth" in more)
        assert smtp.esmtp_features["limits"] == "RCPTMAX=100"


def test_who_speaks_before_the_greeting_is_not_heard(twin):
    server = twin().start()
    os.kill(server.pid, signal.SIGSTOP)  # the kernel takes connection and bytes, and the server finds both
    with socket.create_connection((server.hostname, 25), 20, CLIENT) as raw:
        raw.sendall(b"EHLO early.test\r\nMAIL FROM:<a@early.test>\r\n")
        os.kill(server.pid, signal.SIGCONT)
        assert raw.makefile("rb").read() == b"554 5.5.0 Wait for the greeting before you speak\r\n"


def test_one_network_has_fifty_connections(nest):
    kept = [socket.create_connection((nest.hostname, 25), 20, (f"20.1.44.{n % 9 + 1}", 0)) for n in range(50)]
    try:
        assert {one.recv(3) for one in kept} == {b"220"}
        with socket.create_connection((nest.hostname, 25), 20, ("20.1.44.99", 0)) as late:
            assert late.makefile("rb").read().startswith(b"421 4.7.0 Too many connections come from your network.")
        with socket.create_connection((nest.hostname, 25), 20, ("20.1.45.1", 0)) as elsewhere:
            assert elsewhere.recv(3) == b"220"
    finally:
        for one in kept:
            one.close()


@pytest.mark.parametrize("word, policy, code", [("tls=optional", "yes", 250), ("tls=required", "no", 530)])
def test_a_door_has_its_own_word_on_tls(twin, word, policy, code):
    server = twin({"listen": {"smtp": f"20.0.0.11:25 {word}"}, "policy": {"require_tls": policy}}).start()
    with connect(server, 25, tls=False) as smtp:
        assert smtp.mail("carol@mail.test")[0] == code


def test_offices_are_open_to_everybody(nest, person):
    person("first")
    with connect(nest, 25) as smtp:
        for office in ("Postmaster", "postmaster@nest.test", "abuse@garden.test"):
            assert smtp.mail("")[0] == 250
            assert smtp.rcpt(office)[0] == 250, office
            smtp.rset()
