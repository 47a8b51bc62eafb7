"""Mails made to cost: each takes little time and memory of the server that people run, whatever is in it, and none harms it.
What they may ask of DNS is counted in tests/unit/smtp/test_origin.c, with the same shapes."""
import os
import pathlib
import re

from laboratory.mailing import connect

SECONDS, GROWTH = 0.5, 64 * 1024 * 1024
SIGNATURE = (b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=mail.test; s=s; h=from; "
             b"bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n")
SHAPES = [
    ("an ordinary mail", b"From: a@mail.test\r\n", 0, b"", b"\r\nHello\r\n"),
    ("nothing", b"", 0, b"", b""),
    ("no header", b"\r\nHello\r\n", 0, b"", b""),
    ("no line end", b"From: a@mail.test", 0, b"", b""),
    ("two Froms", b"From: a@mail.test\r\nFrom: b@mail.test\r\n", 0, b"", b"\r\n"),
    ("a thousand Froms", b"", 1000, b"From: a@mail.test\r\n", b"\r\n"),
    ("a From of a thousand addresses", b"From: ", 1000, b"a@mail.test,", b"a@b.example\r\n\r\n"),
    ("100 signatures", b"From: a@mail.test\r\n", 100, SIGNATURE, b"\r\nx\r\n"),
    ("5,000 signatures", b"From: a@mail.test\r\n", 5000, SIGNATURE, b"\r\nx\r\n"),
    ("signatures of many domains", b"From: a@mail.test\r\n", 30, b"DKIM-Signature: v=1; a=rsa-sha256; d=a.b.c.d.e.f.g.example.org; s=x; h=from; bh=AAAA; b=AAAA\r\n", b"\r\nx\r\n"),
    ("l=0", b"From: a@mail.test\r\nDKIM-Signature: v=1; a=rsa-sha256; d=mail.test; s=s; l=0; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n", 0, b"", b"\r\nappended\r\n"),
    ("l= of many digits", b"From: a@mail.test\r\nDKIM-Signature: v=1; a=rsa-sha256; d=mail.test; s=s; l=99999999999999999999; h=from; bh=AAAA; b=AAAA\r\n", 0, b"", b"\r\nx\r\n"),
    ("a folded signature", b"From: a@mail.test\r\nDKIM-Signature: v=1;\r\n", 3000, b"\t \r\n", b"\td=mail.test\r\n\r\nx\r\n"),
    ("b= folded 5,000 times", b"From: a@mail.test\r\nDKIM-Signature: v=1; a=rsa-sha256; d=mail.test; s=s; h=from; bh=AAAA; b=", 5000, b"A\r\n ", b"\r\n\r\nx\r\n"),
    ("h= of 10,000 names", b"From: a@mail.test\r\nDKIM-Signature: v=1; a=rsa-sha256; d=mail.test; s=s; bh=AAAA; b=AAAA; h=from", 10000, b":x", b"\r\n\r\nx\r\n"),
    ("10,000 tags", b"From: a@mail.test\r\nDKIM-Signature: v=1", 10000, b";x=y", b"\r\n\r\nx\r\n"),
    ("no tag at all", b"From: a@mail.test\r\nDKIM-Signature: ", 10000, b";", b"\r\n\r\nx\r\n"),
    ("a 10 MB header", b"From: a@mail.test\r\n", 170000, b"X-Field: 0123456789012345678901234567890123456789012345678\r\n", b"\r\nx\r\n"),
    ("one field of 10 MB", b"From: a@mail.test\r\nX: ", 1000000, b"0123456789", b"\r\n\r\nx\r\n"),
    ("a 10 MB signature", b"From: a@mail.test\r\nDKIM-Signature: ", 1000000, b"0123456789", b"\r\n\r\nx\r\n"),
    ("a body of empty lines", b"From: a@mail.test\r\n" + SIGNATURE + b"\r\n", 2000000, b"\r\n", b""),
    ("a body of spaces", b"From: a@mail.test\r\n" + SIGNATURE + b"\r\n", 500000, b"        ", b"\r\n"),
    ("a body of one line", b"From: a@mail.test\r\n" + SIGNATURE + b"\r\n", 1000000, b"0123456789", b""),
    ("bare carriage returns", b"From: a@mail.test\r\n" + SIGNATURE + b"\r\n", 500000, b"a\r", b"\r\n"),
    ("bare line feeds", b"From: a@mail.test\n" + SIGNATURE + b"\n", 500000, b"a\n", b""),
    ("colons", b"", 500000, b":", b"\r\n\r\n"),
    ("field names of nothing", b"", 100000, b":\r\n", b"\r\n"),
    ("continuations from the start", b"", 100000, b" x\r\n", b"\r\n"),
    ("a selector of 10,000 labels", b"From: a@mail.test\r\nDKIM-Signature: v=1; a=rsa-sha256; d=mail.test; h=from; bh=AAAA; b=AAAA; s=", 10000, b"a.", b"a\r\n\r\nx\r\n"),
    ("a domain of 10,000 labels", b"From: a@mail.test\r\nDKIM-Signature: v=1; a=rsa-sha256; s=s; h=from; bh=AAAA; b=AAAA; d=", 10000, b"a.", b"org\r\n\r\nx\r\n"),
    ("1,000 Received", b"From: a@mail.test\r\n", 1000, b"Received: from a by b; x\r\n", b"\r\nx\r\n"),
    ("1,000 ARC sets", b"From: a@mail.test\r\n", 1000, b"ARC-Seal: i=1; a=rsa-sha256; d=mail.test; s=s; cv=none; b=AAAA\r\n", b"\r\nx\r\n"),
    ("1,000 results", b"From: a@mail.test\r\n", 1000, b"Authentication-Results: mx.home.test; dmarc=pass\r\n", b"\r\nx\r\n"),
    ("deep comments", b"From: ", 20000, b"(", b"a@mail.test\r\n\r\nx\r\n"),
    ("quoted pairs", b"From: \"", 50000, b"\\\"", b"\" <a@mail.test>\r\n\r\nx\r\n"),
    ("encoded words", b"From: ", 5000, b"=?utf-8?q?=c3=a4?= ", b"<a@mail.test>\r\n\r\nx\r\n"),
    ("NUL bytes by name", b"From: a@mail.test\r\nX: ", 1000, b"=00", b"\r\n\r\nx\r\n"),
    ("8-bit names", b"", 10000, b"\303\244: x\r\n", b"\r\n"),
    ("boundaries without parts", b"From: a@mail.test\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n", 200000, b"--a\r\n", b""),
    ("a group of nobody", b"From: ", 3000, b"a:;,", b"b:;\r\n\r\nx\r\n"),
    ("DKIM-Signature in the body", b"From: a@mail.test\r\n\r\n", 20000, SIGNATURE, b""),
]


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid, name):
    return int(re.search(rf"{name}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def send(alice, mail):
    with connect(alice.nestbox, 25) as smtp:
        smtp.mail("carol@mail.test")
        smtp.rcpt(alice.address)
        return smtp.data(mail)[0]


def test_hostile_mails_cost_little(twin):
    server = twin().start()
    alice, dear = server.account("alice@twin.test"), []
    assert len(SHAPES) >= 40
    send(alice, b"From: carol@mail.test\r\n\r\nwhat is made once\r\n")
    for name, head, count, piece, tail in SHAPES:
        pathlib.Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # the peak counts from here
        before, rested = cpu(server.pid), memory(server.pid, "VmRSS")
        try:
            code = send(alice, head + piece * count + tail)
        except Exception as refused:  # noqa: BLE001  whatever the answer, it must be one
            code = getattr(refused, "smtp_code", 0)
        took, grown = cpu(server.pid) - before, memory(server.pid, "VmHWM") - rested
        print(f"{name}: {code}, {took:.2f} s, {grown // 1024} KiB")
        if took > SECONDS or grown > GROWTH or code == 0:
            dear.append((name, code, took, grown))
    assert dear == []
    assert server.runs()
