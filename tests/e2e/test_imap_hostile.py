"""What no mail program does: commands given up in the middle, forged numbers, names of bytes, more than fits.  The server
answers each in words or hangs up, keeps nothing by halves, and goes on for everybody else."""
import pytest

from laboratory.imap import Client, Gone, Refused, Wire
from laboratory.wait import until

MAIL = "Subject: Whole\r\n\r\nWords.\r\n"


@pytest.fixture(scope="module")
def owner(_nest):
    return _nest.account("hostile@nest.test")


@pytest.fixture
def client(owner):
    """In a mailbox that is empty at first."""
    client = Client(owner)
    client.command("CREATE Yard")
    client.mailbox = "Yard"
    client.select()
    yield client
    client.command("UNSELECT")
    client.command("DELETE Yard")
    client.close()


def append(client, count=1, text=MAIL):
    client.command("APPEND Yard" + f" {{{len(text)}+}}\r\n{text}" * count)
    client.noop()


def count_of(client):
    client.noop()
    return len(client.uids)


@pytest.mark.parametrize("given_up", [
    "APPEND Yard {100+}\r\n12345",
    f"APPEND Yard {{{len(MAIL)}+}}\r\n{MAIL} (\\Seen) {{5000000+}}\r\n" + "x" * 300_000,
    f"APPEND Yard {{{len(MAIL)}+}}\r\n{MAIL} (\\Seen",
    f"APPEND Yard {{{len(MAIL)}+}}\r\n{MAIL}",
], ids=["in its text", "in the second text", "between two", "before the end"])
def test_an_append_that_is_cut_off_leaves_nothing(owner, client, given_up):
    other = Client(owner, mailbox="Yard")
    for _ in range(3):
        pipelined = "x NOOP\r\nx CHECK\r\n" * 20
        other.wire.socket.sendall((pipelined + "y " + given_up).encode())
        other.cut()
        other.connect()
    assert count_of(client) == 0
    append(client)
    assert count_of(client) == 1


@pytest.mark.parametrize("rest", [
    " (\\Seen) {0+}\r\n", " (\\Seen \\Fly) {3+}\r\nabc", ' "32-Nov-2026 99:00:00 +0000" {3+}\r\nabc', " {4294967296+}\r\n", " junk",
], ids=["empty", "no flag", "no date", "too long", "no literal"])
def test_one_bad_message_of_many_and_none_is_taken(client, rest):
    try:
        kind, _ = client.wire.end(client.wire.begin(f"APPEND Yard {{{len(MAIL)}+}}\r\n{MAIL}{rest}"), client.untagged)
        assert kind in ("NO", "BAD")
    except Gone:
        client.connect()
    assert count_of(client) == 0


def test_who_moves_and_who_expunges_meanwhile_agree(owner, client):
    client.command("CREATE Yard/Shed")
    other, shed = Client(owner, "qresync", "Yard"), Client(owner, mailbox="Yard/Shed")
    for _ in range(4):
        append(client, 20)
        other.noop()
        tag = client.wire.begin("MOVE 1:* Yard/Shed")
        other.command(r"STORE 1:* +FLAGS.SILENT (\Deleted)")
        other.command("EXPUNGE")
        assert client.wire.end(tag, client.untagged)[0] in ("OK", "NO")
        client.noop()
        other.noop()
        assert client.uids == other.uids == []
    shed.noop()
    assert 0 <= len(shed.uids) <= 80 and len(set(shed.uids)) == len(shed.uids)
    for one in (other, shed):
        one.close()
    client.command("DELETE Yard/Shed")


FORGED = ("(0 0)", "(1 1)", "(4294967295 9223372036854775807)", "(18446744073709551616 1)", "(1 99999999999999999999)", "(-1 -1)",
          "(1 1 1:4294967295)", "(1 1 *)", "(1 1 4294967295:1 (1:3 1:2))", "(1 1 1:3 (3,2,1 1:3))", "(1 1 () ())", "()", "(1)", "1 1")


def test_forged_numbers_of_a_cache(client):
    append(client, 3)
    client.command("ENABLE QRESYNC")
    for forged in FORGED + tuple(f"({client.validity}{it[it.index(' '):]}" for it in FORGED if it.startswith("(1 ")):
        assert client.wire.end(client.wire.begin(f"SELECT Yard (QRESYNC {forged})"), lambda line: None)[0] in ("OK", "BAD")
        assert client.wire.end(client.wire.begin("CHECK"), lambda line: None)[0] in ("OK", "BAD")
        client.cut()  # so many errors end a session
        client.connect()
        client.command("ENABLE QRESYNC")
    assert count_of(client) == 3
    for sets in ("0", "4294967296", "1:99999999999", "1,,2", "*:*:*", "1:*," * 5000 + "1", "$"):
        assert client.wire.end(client.wire.begin(f"UID FETCH {sets} (FLAGS)"), lambda line: None)[0] in ("OK", "NO", "BAD")


def raw(client, text):
    """The kind of the answer to a command of bytes; GONE."""
    client.wire.socket.sendall(b"r " + text + b"\r\n")
    try:
        return client.wire.end(b"r", lambda line: None)[0]
    except Gone:
        client.connect()
        return "GONE"


@pytest.mark.parametrize("name", [
    b"Gr\xc3\xbc\xc3\x9fe", b"\xff\xfe", b"\xc0\xaf", b"&AAAA-", b"&2AA-", b"&AGE", b"&", b"../../etc/passwd", b"a//b", b"/", b"", b"x" * 2000,
    b"a/" * 300 + b"b", b"tab\there", b"\x7f\x01",
], ids=repr)
def test_names_of_bytes(client, name):
    """What is taken can be listed, renamed and deleted by the same name; what is not leaves nothing."""
    before = mailboxes(client)
    literal = b"{%d+}\r\n%s" % (len(name), name)
    if raw(client, b"CREATE " + literal) == "OK":
        assert len(mailboxes(client)) > len(before)
        assert raw(client, b"STATUS " + literal + b" (MESSAGES)") == "OK"
        assert raw(client, b"RENAME " + literal + b" Yard/Named") == "OK"
        assert raw(client, b"DELETE Yard/Named") == "OK"
    for parent in sorted(mailboxes(client) - before, key=len, reverse=True):
        raw(client, b"DELETE " + parent)
    assert mailboxes(client) == before


def mailboxes(client):
    names = set()
    tag = client.wire.begin('LIST "" "*"')
    assert client.wire.end(tag, lambda line: names.add(line.split(b'"/" ', 1)[1].strip()))[0] == "OK"
    return names


def test_notes_have_a_limit_each_and_in_all(client):
    def set_note(name, size):
        return raw(client, b"SETMETADATA Yard (/private/%s {%d+}\r\n%s)" % (name, size, b"n" * size))
    assert set_note(b"comment", 8192) == "OK" and set_note(b"comment", 8193) == "NO"
    assert set_note(b"comment", 60_000) == "NO" and set_note(b"comment", 70_000) in ("NO", "BAD", "GONE")
    kinds = [set_note(b"vendor/x/%d" % number, 10) for number in range(210)]
    assert kinds.count("OK") >= 190 and kinds[-1] == "NO"
    client.select()
    assert raw(client, b"SETMETADATA Yard (/private/comment NIL)") == "OK"
    assert raw(client, b"GETMETADATA (MAXSIZE 10 DEPTH infinity) Yard (/private)") == "OK"


@pytest.mark.parametrize("words", [
    "FETCH 1 (" + "(" * 1000, "FETCH 1 BODY[" + "1." * 2000 + "1]", "FETCH 1 BODY[]<99999999999999999999.1>", "FETCH 1 BODY[]<1.0>",
    "FETCH 1 (BODY[HEADER.FIELDS (" + "x " * 3000 + ")])", "SEARCH " + "NOT " * 5000 + "ALL", "SEARCH " + "(" * 3000, "SEARCH "
    + "OR " * 1000 + "ALL", "SEARCH CHARSET X-UNKNOWN ALL", "SEARCH MODSEQ 99999999999999999999", "SORT (REVERSE REVERSE) UTF-8 ALL",
    "THREAD REFERENCES UTF-8 " + "NOT " * 500, "STORE 1 FLAGS (" + "k " * 100 + ")", "LIST (" + "SUBSCRIBED " * 500 + ') "" *',
    'LIST "" (' + "* " * 1000 + ")", 'LIST "" ' + "*%" * 2000, "STATUS Yard (" + "UIDNEXT " * 1000 + ")", "ID (" + '"a" "b" ' * 500 + ")",
], ids=lambda words: words[:24])
def test_what_is_deep_or_long_is_answered(client, words):
    append(client)
    assert raw(client, words.encode()) in ("OK", "NO", "BAD", "GONE")
    assert count_of(client) == 1


def test_a_full_mailbox_takes_no_more_and_none_by_halves(twin):
    server = twin({"policy": {"quota": "1 MiB"}}).start()
    owner = server.account("full@twin.test")
    client, text = Client(owner), "Subject: Large\r\n\r\n" + "x" * 78 * 2000
    while True:
        try:
            client.command(f"APPEND INBOX {{{len(text)}+}}\r\n{text}")
        except Refused as refused:
            assert "[OVERQUOTA]" in str(refused)
            break
    client.noop()
    held = len(client.uids)
    assert 1 <= held <= 8
    for command in (f"APPEND INBOX {{{len(MAIL)}+}}\r\n{MAIL} {{{len(text)}+}}\r\n{text}", "COPY 1:* INBOX"):
        with pytest.raises(Refused):
            client.command(command)
        client.noop()
        assert len(client.uids) == held
    client.command("COPY 1:* Trash")  # by programs that do not know MOVE
    with pytest.raises(Refused, match="OVERQUOTA"):
        client.command("COPY 1:* Trash")
    client.command(r"STORE 1:* +FLAGS.SILENT (\Deleted)")
    client.command("EXPUNGE")

    trash = Client(owner, mailbox="Trash")
    assert len(trash.uids) == held
    trash.command(r"STORE 1:* +FLAGS.SILENT (\Deleted)")
    trash.command("EXPUNGE")

    def takes():
        try:
            return client.command(f"APPEND INBOX {{{len(text)}+}}\r\n{text}")
        except Refused:
            return None
    until(takes, "room after the mails went")


def test_compress_comes_once_and_alone(owner):
    wire = Wire(owner.nestbox)
    wire.socket.sendall(b"a COMPRESS DEFLATE\r\n")
    assert wire.end(b"a", lambda line: None)[0] in ("NO", "BAD")
    wire.close()
    client = Client(owner)
    client.wire.socket.sendall(b"a COMPRESS DEFLATE\r\nb NOOP\r\n")
    with pytest.raises((Gone, OSError)):
        while True:
            client.wire.line()
