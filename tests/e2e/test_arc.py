"""What our lists pass on, sealed (ARC): judged by python3-dkim, and by a second server of ours that trusts the first."""
import itertools

import dkim
import pytest

from laboratory import dkim_judge
from laboratory.mailhost import mail_hosts
from laboratory.mailing import from_outside
from laboratory.nestbox import Nestbox
from test_dkim_in import Signer
from test_subscribers import Visitor, publish, subscribe

SERIAL = itertools.count(1)
FIELDS = ["arc-seal", "arc-message-signature", "arc-authentication-results"]


@pytest.fixture
def far(dns):
    yield from mail_hosts(dns, "sealed", "20.1.17")


@pytest.fixture(scope="module")
def list_server(dns):
    """Somebody who passes mails on, and whom our servers here trust."""
    return forwarder(dns)


@pytest.fixture(scope="module")
def house(lab, ca, dns, list_server):
    """A server whose domain has its keys published, and asks for DMARC."""
    domain, address = "sealer.test", "20.1.16.1"
    dns.add_signed(f"{domain} A {address}", f"mx.{domain} A {address}", f'_dmarc.{domain} TXT "v=DMARC1; p=reject"')
    server = Nestbox(lab / domain, ca, dns, (domain,), address, {"policy": {"trust_arc": list_server.domain}}).start()
    dkim_judge.publish(server, dns)
    yield server
    server.end()


@pytest.fixture
def alice(house):
    return house.account(f"alice{next(SERIAL)}@{house.domains[0]}", password="a good password")


def forwarder(dns):
    domain = f"forward{next(SERIAL)}.unsigned.test"
    dns.add(f"{domain} A 20.1.6.1")
    return Signer(dns, domain)


def read_copy(alice, host, publish):
    """What a reader by mail gets of a post."""
    subscribe(Visitor(alice.nestbox), alice, host, f"carol@{host.domain}")
    publish()
    return host.mails.wait_for(lambda mail: b"harbour" in mail.text).text


def sets(text):
    """The values of the fields of ARC, from the top: [(name, value)]."""
    head = text.split(b"\r\n\r\n")[0].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ").decode()
    fields = [line.split(": ", 1) for line in head.split("\r\n")]
    return [(name.lower(), value) for name, value in fields if name.lower() in FIELDS]


def verified(text):
    """(state, instances) as python3-dkim finds them."""
    state, found, why = dkim.arc_verify(text, dnsfunc=dkim_judge.ask, minkey=1024)
    assert state == dkim.CV_Pass, why
    return [row["instance"] for row in found]


def test_a_submitted_post_leaves_with_what_was_found_at_the_door(alice, far):
    host = far()
    text = read_copy(alice, host, lambda: publish(alice, "Good morning", "The harbour lies quiet.\n"))
    found = sets(text)
    assert text.startswith(b"ARC-Seal: i=1;") and [name for name, _ in found] == FIELDS
    assert found[2][1] == f"i=1; mx.{alice.domain}; auth=pass smtp.auth={alice.address}"
    assert "cv=none" in found[0][1] and f"d={alice.domain};" in found[0][1]
    assert verified(text) == [1]
    assert dkim_judge.verify(text, 0) and dkim_judge.verify(text, 1)
    question = next(mail.text for mail in host.mails.all() if b"/subscribe/" in mail.text)
    assert sets(question) == []  # the server's own words, passed on for nobody


@pytest.mark.parametrize("came", ["without a chain", "with one", "with one of strangers", "with a broken one"])
def test_a_relayed_and_signed_post_goes_on_with_its_chain(alice, far, dns, gpg, list_server, came):
    forward, host, ring = forwarder(dns) if came == "with one of strangers" else list_server, far(), gpg(alice.address)
    alice.nestbox.cli("key", "add", alice.address, ring.certificate())
    mail = ring.sign_mail(f"public@{alice.domain}", "Good morning", "The harbour lies quiet.\n")
    if came != "without a chain":
        mail = forward.seal(mail, f"dmarc=pass header.from={alice.domain}")
    if came == "with a broken one":
        mail = mail.replace(b"ARC-Authentication-Results:", b"X-Lost:")

    def post():
        answer = from_outside(alice.nestbox, f"bounces@{forward.domain}", [f"public@{alice.domain}"], mail)
        assert answer[0] == 250, answer

    text = read_copy(alice, host, post)
    assert dkim_judge.verify(text, 0)
    if came == "with a broken one":  # it is over (RFC 8617 5.1.3)
        assert sets(text) == []
        return
    continued = came == "with one"
    assert verified(text) == ([2, 1] if continued else [1])
    number, seal, results = len(sets(text)) // 3, sets(text)[0][1], sets(text)[2][1]
    assert f"cv={'pass' if continued else 'none'};" in seal
    assert results.startswith(f"i={number}; mx.{alice.domain}; spf=none; dkim=none; dmarc=fail header.from={alice.domain}")
    assert results.endswith("arc=pass") == continued
    assert forward.domain not in results  # where she has mailboxes is not told


def test_who_trusts_us_takes_what_a_list_changed(alice, person, twin, far, list_server):
    copy = read_copy(alice, far(), lambda: publish(alice, "Good morning", "The harbour lies quiet.\n"))
    changed = copy + b"-- \r\na mailing list\r\n"
    with pytest.raises(dkim.ValidationError):
        dkim_judge.verify(changed, 0)
    # The list saw the copy whole and says so; then it changed it, and sealed it.
    seen = f"Authentication-Results: {list_server.domain}; arc=pass\r\n".encode()
    parts = dkim.ARC(seen + changed, minkey=1024).sign(
        list_server.selector.encode(), list_server.domain.encode(), list_server.key, list_server.domain.encode(),
        standardize=False)
    mail, sender = b"".join(parts) + changed, f"talk-bounces@{list_server.domain}"
    server = twin({"policy": {"trust_arc": f"{list_server.domain}, {alice.domain}"}}).start()
    bob, other = server.account("bob@twin.test"), person("odo")
    answer = from_outside(other.nestbox, sender, [other.address], mail)  # trusts nobody
    assert (answer[0], answer[1][:5]) == (550, "5.7.1") and alice.domain in answer[1]
    answer = from_outside(server, sender, [bob.address], mail)
    assert answer[0] == 250, answer
    shown = server.run("mail", "show", bob.address, str(bob.wait_for_mail(lambda mail: True)["id"]))
    assert b"arc=pass" in shown.stdout and b"vouched for by a forwarder you trust" in shown.stderr
