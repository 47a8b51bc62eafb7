"""Port 443 carries what one's own people need, for networks that let nothing else through (ALPN, RFC 7301)."""
import imaplib
import smtplib
import socket
import ssl

import pytest

from laboratory.mailing import CLIENT, compose


def knock(server, *protocols):
    """A TLS connection to 443 that asks for these protocols."""
    trust = server._ca.context()
    if protocols:
        trust.set_alpn_protocols(protocols)
    raw = socket.create_connection((server.hostname, 443), 20, CLIENT)
    return trust.wrap_socket(raw, server_hostname=server.hostname)


def ask(wire, words):
    """What comes back before the other side closes."""
    wire.sendall(words)
    with wire.makefile("rb") as file:
        return file.read()


GET = b"GET /style.css HTTP/1.1\r\nHost: nest.test\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("protocols", [(), ("http/1.1",), ("h2", "http/1.1")], ids=["none", "http/1.1", "h2 first"])
def test_pages_are_there(nest, protocols):
    with knock(nest, *protocols) as wire:
        assert ask(wire, GET).startswith(b"HTTP/1.1 200 OK\r\n")


class Imap(imaplib.IMAP4):
    def __init__(self, wire):
        self.wire = wire
        super().__init__()

    def open(self, host="", port=0, timeout=None):
        self.sock, self._file = self.wire, self.wire.makefile("rb")
        self.file = self._file


class Smtp(smtplib.SMTP):
    def __init__(self, wire):
        self.wire = wire
        super().__init__("443", local_hostname="client.test")

    def _get_socket(self, host, port, timeout):
        return self.wire


def test_imap_and_submission_are_there(nest, person):
    owner = person("olga")
    with knock(nest, "smtp") as wire:
        assert wire.selected_alpn_protocol() == "smtp"
        with Smtp(wire) as smtp:
            smtp.login(owner.address, owner.password)
            smtp.send_message(compose(owner.address, owner.address, "Hotel", "Hello\n"))
    with knock(nest, "imap") as wire, Imap(wire) as imap:
        assert wire.selected_alpn_protocol() == "imap"
        assert imap.login(owner.address, owner.password)[0] == "OK"
        assert imap.select("INBOX")[1] == [b"1"]


@pytest.mark.parametrize("protocols, words", [
    ((), b"EHLO client.test\r\n\r\n"), ((), b"a LOGIN b c\r\n\r\n"), (("imap",), b"\x16\x03\x01" + GET * 40),
], ids=["smtp unasked", "imap unasked", "pages as imap"])
def test_another_protocol_than_asked_for_is_closed(nest, protocols, words):
    with knock(nest, *protocols) as wire:
        assert b"200 OK" not in ask(wire, words)


@pytest.mark.parametrize("protocol", ["h2", "xmpp-client", "imap4", "pop3"])
def test_a_protocol_that_is_not_there_is_closed(nest, protocol):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        knock(nest, protocol)


def test_a_protocol_without_a_door_of_its_own_has_none_here(twin):
    server = twin({"listen": {"imap": "off", "imaps": "off"}}).start()
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        knock(server, "imap")
