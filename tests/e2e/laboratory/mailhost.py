"""A mail server of somebody else, scripted: what it offers, how it answers, what it was sent."""
import itertools
import socket
import ssl
import threading

from .wait import Log

REPLIES = {"EHLO": "250", "HELO": "250 mailhost.test", "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok",
           "DATA": "354 go on", "DOT": "250 2.0.0 taken as 4711", "QUIT": "221 2.0.0 bye", "RSET": "250 2.0.0 ok",
           "GREETING": "220 mailhost.test ESMTP"}


class Mail:
    """One transaction that was answered at the final dot."""

    def __init__(self, talk, sender, recipients, text, reply):
        self.talk, self.sender, self.recipients, self.text, self.reply = talk, sender, recipients, text, reply


class Talk:
    """One connection: the lines that were said, and whether TLS stood in the end."""

    def __init__(self, peer):
        self.peer, self.lines, self.tls, self.groups = peer, [], None, []


class MailHost:
    """`offers` are EHLO keywords; `script` maps a command (GREETING and DOT too) to a list of replies that are used
    up in order before the usual one, or to a function of the command line.  A reply of None ends the connection.
    `tls`: None, "broken" (the handshake fails) or an ssl context, offered by STARTTLS, or spoken at once."""

    def __init__(self, address, port=25, offers=("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000"), script=None,
                 tls=None, tls_at_once=False):
        self.address, self.offers, self.tls, self.tls_at_once = address, list(offers), tls, tls_at_once
        self.script = dict(script or {})
        self.talks, self.mails = Log("connections"), Log("mails")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts: only then is the address free
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, peer = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, peer[0]), daemon=True).start()

    def _serve(self, connection, peer):
        talk = Talk(peer)
        self.talks.add(talk)
        connection.settimeout(60)
        try:
            if self.tls_at_once:
                connection = self.tls.wrap_socket(connection, server_side=True)
                talk.tls = connection.version()
            _Conversation(self, connection, talk).run()
        except (OSError, ssl.SSLError, EOFError):
            pass
        finally:
            connection.close()

    def answer(self, command, line=""):
        scripted = self.script.get(command)
        if callable(scripted):
            return scripted(line) or REPLIES[command]
        return scripted.pop(0) if scripted else REPLIES[command]


class _Conversation:
    def __init__(self, host, connection, talk):
        self.host, self.connection, self.talk = host, connection, talk
        self.rest, self.sender, self.recipients = b"", None, []

    def say(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def read_until(self, mark):
        while mark not in self.rest:
            data = self.connection.recv(65536)
            if not data:
                raise EOFError
            self.talk.groups.append(data)
            self.rest += data
        found, self.rest = self.rest.split(mark, 1)
        return found

    def run(self):
        if not self.reply("GREETING"):
            return
        while True:
            line = self.read_until(b"\r\n").decode()
            self.talk.lines.append(line)
            verb = line.split(" ", 1)[0].upper()
            if verb == "STARTTLS" and self.host.tls:
                self.start_tls()
            elif verb == "EHLO":
                self.hello(line)
            elif verb not in REPLIES and verb not in self.host.script:
                self.say("502 5.5.1 not known")
            elif not self.reply(verb, line) or verb == "QUIT":
                return

    def reply(self, verb, line=""):
        text = self.host.answer(verb, line)
        if verb == "DATA" and text and not self.recipients:
            text = "554 5.5.1 nobody was accepted"  # as Postfix says where DATA came with the envelope
        if text is None:
            return False
        self.say(text)
        if text[0] in "23":
            self.note(verb, line)
        return True

    def note(self, verb, line):
        if verb == "MAIL":
            self.sender, self.recipients = line, []
        elif verb == "RCPT":
            self.recipients.append(line.split("<", 1)[1].rsplit(">", 1)[0])
        elif verb == "DATA":
            self.take_text()

    def take_text(self):
        text = self.read_until(b"\r\n.\r\n") + b"\r\n"
        reply = self.host.answer("DOT")
        if reply is None:
            raise EOFError
        self.host.mails.add(Mail(self.talk, self.sender, self.recipients, text.replace(b"\r\n..", b"\r\n."), reply))
        self.say(reply)

    def hello(self, line):
        reply = self.host.answer("EHLO", line)
        if reply is None:
            raise EOFError
        if reply != "250":
            self.say(reply)
            return
        offers = self.host.offers + (["STARTTLS"] if self.host.tls and not self.talk.tls else [])
        for offer in ["mailhost.test", *offers][:-1] if offers else []:
            self.say(f"250-{offer}")
        self.say(f"250 {offers[-1] if offers else 'mailhost.test'}")

    def start_tls(self):
        self.say("220 2.0.0 ready")
        if self.host.tls == "broken":
            self.connection.recv(65536)
            self.connection.sendall(b"no TLS at all\r\n")
            raise EOFError
        self.connection = self.host.tls.wrap_socket(self.connection, server_side=True)
        self.talk.tls, self.rest = self.connection.version(), b""


_serials = {}  # by network: every host of a run has an address of its own


def mail_hosts(dns, name, network):
    """The body of a fixture that makes mail hosts in `network` ("20.1.4"), each with a domain of its own, and ends them."""
    serial = _serials.setdefault(network, itertools.count(1))
    made = []

    def make(**options):
        number = next(serial)
        domain, address = f"{name}{number}.unsigned.test", f"{network}.{number}"
        dns.add(f"mx.{domain} A {address}", f"{domain} MX 10 mx.{domain}.")
        made.append(MailHost(address, **options))
        made[-1].domain = domain
        return made[-1]

    yield make
    for host in made:
        host.stop()
