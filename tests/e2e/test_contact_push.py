"""Owners' devices are told by Web Push: encrypted, signed, once, and no longer than they are there."""
import json

import pytest

from laboratory.mailing import compose, from_outside
from laboratory.push_service import PushDevice, PushService, check_sender
from laboratory.wait import until
from test_contact import asking  # noqa: F401  a fixture
from test_contact_events import bearer
from test_signed_in import Browser, knock

ADDRESS = "20.1.77.1"


@pytest.fixture(scope="module")
def service(ca, dns):
    dns.add(f"push.test A {ADDRESS}")
    until(lambda: dns.ask("push.test", "A"), "push.test being known")
    service = PushService(ADDRESS, ca.issue("push.test", chain=True))
    yield service
    service.stop()


class Registry(Browser):
    """A device that has its word."""

    def __init__(self, account):
        super().__init__(account.nestbox)
        self.who = bearer(account)

    def register(self, **fields):
        return self.ask("POST", "/contacts/push", headers=self.who, **fields)

    def key(self):
        assert self.ask("GET", "/contacts/push", headers=self.who) == 200
        return json.loads(self.html)["key"]


def test_a_question_is_pushed_once_and_only_its_device_reads_it(asking, service):  # noqa: F811
    tom = asking()
    registry, device = Registry(tom), PushDevice("https://push.test/one")
    assert registry.register(**device.form()) == 200
    assert not any(b"push.test" in file.read_bytes() for file in tom.nestbox.data_dir.glob("nestbox.db*"))
    mail = knock(tom)
    path, headers, body = service.next()
    assert path == "/one"
    check_sender(headers, "https://push.test", registry.key())
    assert headers["TTL"] == "86400" and headers["Urgency"] == "high" and headers["Topic"] == "nestbox-contact"
    assert headers["Content-Encoding"] == "aes128gcm" and b"cara@other.test" not in body
    assert device.read(body) == {"event": "asked", "last": 1, "person": "cara@other.test", "waiting": 1}
    from_outside(tom.nestbox, "cara@other.test", [tom.address], mail)  # a try more is no question more,
    tom.nestbox.cli("contact", "welcome", tom.address, "cara@other.test")  # nor is an answer
    knock(tom, "kim@other.test")
    heard = device.read(service.next()[2])
    assert heard["person"] == "kim@other.test" and heard["waiting"] == 1 and service.came.empty()


def test_who_is_gone_is_forgotten_and_who_fails_is_tried_again(asking, service):  # noqa: F811
    tom = asking()
    registry = Registry(tom)
    gone, busy = PushDevice("https://push.test/gone"), PushDevice("https://push.test/busy")
    service.answers.update({"/gone": [410], "/busy": [503]})
    for device in (gone, busy):
        assert registry.register(**device.form()) == 200
    knock(tom)
    assert {service.next()[0], service.next()[0]} == {"/gone", "/busy"}
    path, _, body = service.next(90)  # after some seconds
    assert path == "/busy" and busy.read(body)["person"] == "cara@other.test"
    knock(tom, "kim@other.test")
    path, _, body = service.next()
    assert path == "/busy" and busy.read(body)["waiting"] == 2 and service.came.empty()
    assert registry.register(endpoint=busy.endpoint, remove="1") == 200
    assert registry.register(**PushDevice("https://push.test/other").form()) == 200
    knock(tom, "sue@other.test")
    assert service.next()[0] == "/other"


def test_who_is_silent_holds_up_nobody(asking, service):  # noqa: F811
    """A message has 10 s: told one after the other, the last would hear of it after 30."""
    tom = asking()
    registry, last = Registry(tom), PushDevice("https://push.test/last")
    for path in ("silent1", "silent2", "silent3"):
        assert registry.register(**PushDevice(f"https://push.test/{path}").form()) == 200
    assert registry.register(**last.form()) == 200
    knock(tom)
    path, _, body = service.next(20)
    assert path == "/last" and last.read(body)["person"] == "cara@other.test" and service.came.empty()
    service.speak.set()


def test_what_cannot_be_registered(asking, service):  # noqa: F811
    tom = asking()
    registry, good = Registry(tom), PushDevice("https://push.test/one").form()
    for wrong in ({"endpoint": "http://push.test/one"}, {"endpoint": "https://push.test/#part"}, {"p256dh": "AAAA"},
                  {"p256dh": "B" + "A" * 86}, {"auth": ""}, {"endpoint": "https://push.test/" + "a" * 1100}):
        assert registry.register(**{**good, **wrong}) == 400, wrong
    registry.who = {}
    assert registry.register(**good) == 401 and registry.ask("GET", "/contacts/push") == 401


def test_no_push_where_the_server_says_no(asking, service):  # noqa: F811
    tom = asking(push="no")
    assert Registry(tom).register(**PushDevice("https://push.test/one").form()) == 403


def test_nothing_inside_is_reached(asking, service):  # noqa: F811
    tom = asking()
    registry, inside = Registry(tom), PushDevice("https://127.0.0.1/inside")
    assert registry.register(**inside.form()) == 200
    device = PushDevice("https://push.test/after")
    assert registry.register(**device.form()) == 200
    knock(tom)
    assert service.next()[0] == "/after"
