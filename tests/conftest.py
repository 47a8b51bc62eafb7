"""Fixtures: the foreign parts of the laboratory, each started once for all tests, and servers under test."""
import itertools
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "e2e"))

from laboratory.ca import Ca  # noqa: E402
from laboratory.dns import Dns  # noqa: E402
from laboratory.exim import Exim  # noqa: E402
from laboratory.fedify import CAVAGE, FedifyPeer  # noqa: E402
from laboratory.gpg import Gpg  # noqa: E402
from laboratory.nestbox import Nestbox  # noqa: E402
from laboratory.opensmtpd import OpenSmtpd  # noqa: E402
from laboratory.peer import PythonPeer  # noqa: E402
from laboratory.postfix import Postfix  # noqa: E402
from laboratory.process import heard_so_far, words_since  # noqa: E402

NAMES = (
    "nest.test A 20.0.0.10", "mx.nest.test A 20.0.0.10", "garden.test A 20.0.0.10", "twin.test A 20.0.0.11",
    "mx.twin.test A 20.0.0.11", 'mx.twin.test TXT "v=spf1 a -all"',
    '_dmarc.twin.test TXT "v=DMARC1; p=none"', '_smtp._tls.nest.test TXT "v=TLSRPTv1; rua=mailto:tlsrpt@nest.test"',
    "judge.test A 20.0.0.12", "other.test A 20.0.0.13", "social.test A 20.0.0.20", "second.test A 20.0.0.21",
    "mx.postfix.test A 20.0.0.2", "mx.exim.test A 20.0.0.3", "mx.smtpd.test A 20.0.0.4",
    "postfix.test MX 10 mx.postfix.test.", "exim.test MX 10 mx.exim.test.", "smtpd.test MX 10 mx.smtpd.test.",
    "known.test A 20.1.0.5", 'known.test TXT "v=spf1 a -all"',
    "plain.unsigned.test A 20.0.0.13", "nest.test MX 10 mx.nest.test.",
)
SERIAL = itertools.count(1)


def pytest_addoption(parser):
    parser.addoption("--claims", type=pathlib.Path, metavar="FOLDER",
                     help="run only the files of tests that no other run has claimed in this folder")


def claimed(items, claims):
    """The tests of the files that this run was the first to claim; a file is claimed when its turn has come."""
    for file, tests in itertools.groupby(items, key=lambda item: item.path):
        try:
            (claims / file.name).touch(exist_ok=False)
        except FileExistsError:
            continue
        yield from tests


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Several runs share the tests, each in a network of its own: see run.sh."""
    claims = session.config.option.claims
    if claims is None or session.config.option.collectonly or session.testsfailed:
        return None  # pytest's own loop
    items = claimed(session.items, claims)
    item = next(items, None)
    while item is not None:
        following = next(items, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        item = following
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
    return True


HEARD = {}


def pytest_runtest_logstart():
    HEARD.clear()
    HEARD.update(heard_so_far())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """Whoever reads of a failure has no more of that machine: what each program said meanwhile stands below it."""
    report = (yield).get_result()
    if report.failed:
        report.sections += [(f"the last words of {name}", words) for name, words in words_since(HEARD)]


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The scratch folder of this run."""
    if os.geteuid() != 0 or "20.0.0.53" not in pathlib.Path("/proc/net/fib_trie").read_text():
        pytest.fail("the laboratory needs root and a network of its own: run tests/e2e/run.sh")
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def ca(lab):
    return Ca(lab)


@pytest.fixture(scope="session")
def dns(lab):
    dns = Dns(lab / "dns")
    dns.start()
    dns.add(*NAMES)
    yield dns
    dns.stop()


@pytest.fixture(scope="session")
def social(lab, ca, dns):
    """Fedify at social.test: knocks with RFC 9421 first."""
    peer = FedifyPeer(lab, ca, "social.test", "20.0.0.20")
    yield peer.wait_until_ready()
    peer.kill()


@pytest.fixture(scope="session")
def second(lab, ca, dns):
    """Fedify at second.test: knocks with draft-cavage first, as most of the Fediverse does."""
    peer = FedifyPeer(lab, ca, "second.test", "20.0.0.21", CAVAGE)
    yield peer.wait_until_ready()
    peer.kill()


@pytest.fixture(scope="session")
def _judge(ca, dns):
    peer = PythonPeer(ca, "judge.test", "20.0.0.12")
    yield peer
    peer.stop()


@pytest.fixture
def judge(_judge):
    """The second judge of signatures, at judge.test; remembers nothing of earlier tests."""
    return _judge.begin()


@pytest.fixture(scope="session")
def _nest(lab, ca, dns):
    server = Nestbox(lab / "nest", ca, dns, ("nest.test", "garden.test"))
    yield server.start()
    server.end()


@pytest.fixture
def nest(_nest):
    """The server under test, hosting nest.test and garden.test.  Tests share it, and use people of their own."""
    if not _nest.runs():
        _nest.start()
    return _nest


@pytest.fixture
def twin(lab, ca, dns):
    """Makes a second server, twin.test, not yet started, with settings and data of the test's own."""
    made = []

    def make(settings=None, **options):
        folder = lab / f"twin{next(SERIAL)}"
        made.append(Nestbox(folder, ca, dns, ("twin.test",), "20.0.0.11", settings, **options))
        return made[-1]

    yield make
    for server in made:
        server.end()


def mail_server(kind):
    """A fixture: that mail server, idle until a test calls its begin(), and ended with the tests."""
    @pytest.fixture(scope="session")
    def server(lab, ca, dns):
        server = kind(lab / "mail", ca)
        yield server
        server.stop()
    return server


postfix, exim, opensmtpd = mail_server(Postfix), mail_server(Exim), mail_server(OpenSmtpd)


@pytest.fixture
def person(nest):
    """Makes accounts at nest.test (or another domain of it) whose names no other test has used."""
    def make(user, domain="nest.test", **options):
        return nest.account(f"{user}{next(SERIAL)}@{domain}", **options)
    return make


@pytest.fixture
def gpg(tmp_path):
    """Makes key rings."""
    made = []

    def make(address):
        made.append(Gpg(tmp_path / f"gpg{len(made)}", address))
        return made[-1]

    yield make
    for ring in made:
        ring.end()
