"""One mail in, one mail out: false ends of data by DATA and BDAT, and commands that ride behind STARTTLS."""
import socket

import pytest

from laboratory.ends import FALSE_ENDS
from laboratory.mailing import CLIENT, connect


def outer(number, end, to):
    """A mail that holds a false end and, behind it, a second mail with its envelope."""
    return (b"From: carol@mail.test\r\nSubject: outer %d\r\n\r\nHello" % number + end
            + b"MAIL FROM:<evil@evil.test>\r\nRCPT TO:<" + to.encode() + b">\r\nDATA\r\n"
            b"From: evil@evil.test\r\nSubject: smuggled\r\n\r\nHello")


def answers_to(smtp, text, chunked, at_once):
    """What is said to the text and the QUIT behind it."""
    if chunked:
        everything = b"BDAT %d LAST\r\n" % len(text) + text + b"QUIT\r\n"
    else:
        assert smtp.docmd("DATA")[0] == 354
        everything = text + b"\r\n.\r\nQUIT\r\n"
    step = len(everything) if at_once else 7
    try:
        for start in range(0, len(everything), step):
            smtp.send(everything[start:start + step])
    except OSError:
        pass  # it hung up before the end
    return smtp.file.read().decode().split("\r\n")


@pytest.mark.parametrize("chunked", [False, True], ids=["DATA", "BDAT"])
@pytest.mark.parametrize("at_once", [True, False], ids=["in one write", "in many"])
def test_no_second_mail_is_smuggled_behind_a_false_end(nest, person, chunked, at_once):
    alice = person("mia")
    taken = set()
    for number, end in enumerate(FALSE_ENDS):
        with connect(nest, 25) as smtp:
            assert smtp.mail("carol@mail.test")[0] == 250
            assert smtp.rcpt(alice.address)[0] == 250
            answers = answers_to(smtp, outer(number, end, alice.address), chunked, at_once)
        assert answers[0][:3] in ("250", "550"), (end, answers)
        assert answers[1:] in ([""], ["221 2.0.0 Goodbye", ""]), (end, answers)
        if answers[0][:3] == "250":
            taken.add(f"outer {number}")
    arrived = [mail["subject"] for mail in alice.mails()]
    assert sorted(arrived) == sorted(taken), "a mail that was not promised, or not kept"
    assert taken, "some false ends are plain text, and taken"


def test_the_true_end_is_text_in_a_chunk(nest, person):
    alice = person("mia")
    with connect(nest, 25) as smtp:
        smtp.mail("carol@mail.test")
        smtp.rcpt(alice.address)
        answers = answers_to(smtp, outer(1, b"\r\n.\r\n", alice.address), True, True)
    assert [answer[:3] for answer in answers[:2]] == ["250", "221"], answers
    mail, = alice.mails()
    assert b"Hello\r\n.\r\nMAIL FROM:<evil@evil.test>" in alice.show(mail)


@pytest.mark.parametrize("behind", [b"RSET\r\n", b"RSET\r\nMAIL FROM:<evil@evil.test>\r\n", b"X", b"\r\n",
                                    b"EHLO evil.test\r\n"], ids=repr)
@pytest.mark.parametrize("port", [25, 587])
def test_nothing_rides_behind_starttls(nest, port, behind):
    with socket.create_connection((nest.hostname, port), timeout=20, source_address=CLIENT) as raw:
        stream = raw.makefile("rb")
        stream.readline()
        raw.sendall(b"EHLO evil.test\r\n")
        while stream.readline()[3:4] == b"-":
            pass
        raw.sendall(b"STARTTLS\r\n" + behind)
        answer = stream.readline()
        assert answer.startswith(b"554"), answer
        assert stream.read() == b"", "the connection must end"
