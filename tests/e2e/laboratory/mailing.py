"""Mail as people send it: by submission with a password, or from another server to port 25."""
import base64
import email.message
import email.policy
import email.utils
import hashlib
import hmac
import itertools
import os
import smtplib

from .wait import DEADLINE

_serial = itertools.count(1)
CLIENT = ("20.1.0.5", 0)  # clients bind an address of their own, as on the Internet


def compose(sender, to, subject, text, cc=(), headers=None, html=None):
    """A mail as an ordinary program makes it."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join([to] if isinstance(to, str) else to)
    if cc:
        mail["Cc"] = ", ".join([cc] if isinstance(cc, str) else cc)
    mail["Subject"] = subject
    mail["Date"] = email.utils.formatdate()
    mail["Message-ID"] = f"<{next(_serial)}.{os.urandom(6).hex()}@client.test>"
    for name, value in (headers or {}).items():
        mail[name] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def recipients_of(mail):
    return [address for _, address in email.utils.getaddresses(mail.get_all("To", []) + mail.get_all("Cc", []))]


def submit(account, mail, recipients=None, port=587, sender=None):
    """Sends as the account, with its password; gives (code, words) of the answer to DATA, or of the first refusal."""
    with connect(account.nestbox, port) as smtp:
        smtp.login(account.address, account.password)
        return transact(smtp, sender or account.address, recipients or recipients_of(mail), mail)


def from_outside(nestbox, sender, recipients, mail, tls=True):
    """Sends as another mail server would."""
    with connect(nestbox, 25, tls) as smtp:
        return transact(smtp, sender, recipients, mail)


def connect(nestbox, port, tls=True, source=CLIENT):
    if port == 465:
        smtp = smtplib.SMTP_SSL(nestbox.hostname, 465, "client.test", timeout=DEADLINE, context=nestbox.trust,
                                source_address=source)
    else:
        smtp = smtplib.SMTP(nestbox.hostname, port, "client.test", timeout=DEADLINE, source_address=source)
        if tls:
            smtp.starttls(context=nestbox.trust)
    smtp.ehlo()
    return smtp


def transact(smtp, sender, recipients, mail):
    """One transaction; gives (code, words) of the first answer that is not the usual, else of the answer to DATA."""
    code, words = smtp.mail(sender)
    if code != 250:
        return code, words.decode()
    for recipient in recipients:
        code, words = smtp.rcpt(recipient)
        if code not in (250, 251):
            smtp.rset()
            return code, words.decode()
    try:
        code, words = smtp.data(mail if isinstance(mail, bytes) else mail.as_bytes(policy=email.policy.SMTP))
    except smtplib.SMTPDataError as refused:
        code, words = refused.smtp_code, refused.smtp_error
    return code, words.decode()


def end_point_of(smtp):
    """What tls-server-end-point binds to: the digest of the certificate that this connection sees (RFC 5929)."""
    return "tls-server-end-point", hashlib.sha256(smtp.sock.getpeercert(binary_form=True)).digest()


def login_by_scram(smtp, user, password, binding=None):
    """AUTH SCRAM-SHA-256 (RFC 5802, RFC 7677), written from the standard; checks the server's proof too.  With a
    binding (name, what the client sees of TLS) it is SCRAM-SHA-256-PLUS."""
    nonce = base64.b64encode(os.urandom(18)).decode()
    bare = f"n={user},r={nonce}"
    header, mechanism = (f"p={binding[0]},,", "SCRAM-SHA-256-PLUS") if binding else ("n,,", "SCRAM-SHA-256")
    bound = base64.b64encode(header.encode() + (binding[1] if binding else b"")).decode()
    code, answer = smtp.docmd("AUTH", f"{mechanism} " + base64.b64encode(f"{header}{bare}".encode()).decode())
    if code != 334:
        return code, answer.decode()
    first = base64.b64decode(answer).decode()
    facts = dict(part.split("=", 1) for part in first.split(","))
    assert facts["r"].startswith(nonce) and len(facts["r"]) > len(nonce)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(facts["s"]), int(facts["i"]))

    def mac(key, text):
        return hmac.new(key, text, hashlib.sha256).digest()

    final = f"c={bound},r={facts['r']}"
    signed = f"{bare},{first},{final}".encode()
    client = mac(salted, b"Client Key")
    proof = bytes(a ^ b for a, b in zip(client, mac(hashlib.sha256(client).digest(), signed)))
    code, answer = smtp.docmd(base64.b64encode(f"{final},p={base64.b64encode(proof).decode()}".encode()).decode())
    if code != 334:
        return code, answer.decode()
    assert base64.b64decode(answer).decode() == "v=" + base64.b64encode(mac(mac(salted, b"Server Key"), signed)).decode()
    code, answer = smtp.docmd("")
    return code, answer.decode()
