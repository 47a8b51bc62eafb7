"""Who is this?  SPF, DKIM and DMARC of mail from outside, with real DNS; what is written into the mail, what is shown, and
what follows.  Each case has a domain of its own in the unsigned zone, where names appear at once."""
import email
import email.policy
import itertools

import pytest

from laboratory.mailing import compose, connect, from_outside, submit, transact
from laboratory.wait import until
from test_dkim import far, house, sent  # noqa: F401  fixtures

SERIAL = itertools.count(1)
US, ELSEWHERE = "20.1.0.5", "20.1.7.7"  # where our mails come from, and where they do not


@pytest.fixture
def alice(person):
    return person("alice")


@pytest.fixture
def domain(dns):
    """Makes a domain: `spf` and `dmarc` are its records, or None."""
    def make(spf=None, dmarc=None, *more):
        name = f"who{next(SERIAL)}.unsigned.test"
        records = [f"{name} A {US}", *(record.format(name=name) for record in more)]
        if spf:
            records.append(f'{name} TXT "{spf}"')
        if dmarc:
            records.append(f'_dmarc.{name} TXT "{dmarc}"')
        dns.add(*records)
        return name

    return make


def arrive(account, sender, author=None, headers=None, text="Hello"):
    """A mail from another server; gives its answer, and the mail as it rests."""
    mail = compose(author or sender, account.address, f"mail {next(SERIAL)}", text, headers=headers)
    code, words = from_outside(account.nestbox, sender, [account.address], mail)
    if code != 250:
        return (code, words), None, None
    entry = account.wait_for_mail(lambda entry: entry["subject"] == mail["Subject"])
    shown = account.nestbox.run("mail", "show", account.address, entry["id"])
    return (code, words), email.message_from_bytes(shown.stdout, policy=email.policy.default), shown.stderr.decode()


def results(mail):
    return " ".join(mail["Authentication-Results"].split())


SPF = f"v=spf1 ip4:{US} -all"
REFUSED = "5.7.1 Not taken: {} asks (DMARC) to refuse mail that neither SPF nor DKIM proves to be its own. Send it " \
          "through the server of that domain."


def test_spf_of_the_author_proves_the_domain(alice, domain):
    name = domain(SPF, "v=DMARC1; p=reject")
    answer, mail, proof = arrive(alice, f"bob@{name}")
    assert answer[0] == 250
    assert results(mail) == (f"mx.nest.test; spf=pass smtp.mailfrom={name}; dkim=none; dmarc=pass (p=reject) "
                             f"header.from={name}")
    assert proof == (f"{name} confirms that this mail is its own, by the server it came from (S1). It came from {US} "
                     f"over TLS; SPF pass of {name}, DKIM none, DMARC pass.\n")


@pytest.mark.parametrize("spf, word", [
    (f"v=spf1 ip4:{ELSEWHERE} -all", "fail"), (f"v=spf1 ip4:{ELSEWHERE} ~all", "softfail"),
    (f"v=spf1 ip4:{ELSEWHERE} ?all", "neutral"), (None, "none"), ("v=spf1 ip4:1.2.3", "permerror"),
    ("v=spf1 include:silent.{} -all", None),
])
def test_spf_that_does_not_pass_proves_nothing_and_refuses_nothing(alice, domain, spf, word):
    name = domain(spf and spf.replace("silent.{}", "nowhere.unsigned.test"))
    answer, mail, proof = arrive(alice, f"bob@{name}")
    assert answer[0] == 250
    assert f"spf={word or 'permerror'} smtp.mailfrom={name}" in results(mail)
    assert proof.startswith(f"Nothing proves that this mail comes from {name} (S0).")


def test_a_forged_author_is_refused_where_the_domain_wants_it(alice, domain):
    bank, thief = domain(SPF.replace(US, ELSEWHERE), "v=DMARC1; p=reject"), domain(SPF)
    answer, _, _ = arrive(alice, f"eve@{thief}", f"chief@{bank}")
    assert answer == (550, REFUSED.format(bank))
    answer, _, _ = arrive(alice, f"chief@{bank}")
    assert answer == (550, REFUSED.format(bank))


def test_the_domain_may_say_why(alice, domain):
    name = domain(f"v=spf1 ip4:{ELSEWHERE} -all exp=why.%{{d}}", "v=DMARC1; p=reject",
                  'why.{name} TXT "Ask %{{o}} about %{{c}}."')
    answer, _, _ = arrive(alice, f"bob@{name}")
    assert answer == (550, REFUSED.format(name) + f" It says: Ask {name} about {US}.")


def test_a_signature_of_the_author_proves_most(alice, house, dns):
    """Two servers of ours: one signs, the other judges."""
    name = house.domains[0]
    dns.add(f'_dmarc.{name} TXT "v=DMARC1; p=reject; adkim=s"')
    bob = house.account(f"bob@{name}")
    mail = compose(bob.address, alice.address, f"mail {next(SERIAL)}", "Signed")
    assert submit(bob, mail)[0] == 250
    entry = alice.wait_for_mail(lambda entry: entry["subject"] == mail["Subject"])
    shown = alice.nestbox.run("mail", "show", alice.address, entry["id"])
    assert shown.stderr.decode().startswith(f"{name} confirms that this mail is its own, by its signature (S2). It came "
                                            "from 20.0.0.11 over TLS;")
    said = results(email.message_from_bytes(shown.stdout, policy=email.policy.default))
    assert said.count(f"dkim=pass header.d={name}") == 2
    assert said.endswith(f"dmarc=pass (p=reject) header.from={name}")


def test_our_own_mail_may_come_back_by_a_list(house, far):
    """What we signed is ours, whoever brings it; with one word changed it is nobody's."""
    name = house.domains[0]
    bob, eve = house.account(f"bob@{name}"), house.account(f"eve@{name}")
    mail = compose(bob.address, "list@example.org", f"mail {next(SERIAL)}", "Hello list")
    text = sent(bob, far(), mail)
    code, words = from_outside(house, "list@mail.test", [eve.address], text)
    assert code == 250, words
    eve.wait_for_mail(lambda entry: entry["subject"] == mail["Subject"])
    changed = text.replace(b"Hello list", b"Hello mist")
    assert from_outside(house, "list@mail.test", [eve.address], changed) == (
        550, f"5.7.1 Only {name} itself sends mail with this From address.")


def test_an_unaligned_pass_is_no_proof(alice, domain):
    shop, sender = domain(None, "v=DMARC1; p=none"), domain(SPF)
    answer, mail, proof = arrive(alice, f"bounce@{sender}", f"shop@{shop}")
    assert answer[0] == 250
    assert f"spf=pass smtp.mailfrom={sender}" in results(mail) and "dmarc=fail (p=none)" in results(mail)
    assert "(S0)" in proof


def test_a_subdomain_is_aligned_unless_it_must_be_the_same(alice, domain):
    for mode, result in (("r", "pass"), ("s", "fail")):
        name = domain(None, f"v=DMARC1; p=none; aspf={mode}", "bounce.{name} A " + US,
                      'bounce.{name} TXT "' + SPF + '"')
        _, mail, _ = arrive(alice, f"x@bounce.{name}", f"bob@{name}")
        assert f"dmarc={result} (p=none) header.from={name}" in results(mail)


def test_a_domain_that_tests_its_policy_is_not_held_to_it(alice, domain):
    name = domain(SPF.replace(US, ELSEWHERE), "v=DMARC1; p=reject; t=y")
    answer, mail, _ = arrive(alice, f"bob@{name}")
    assert answer[0] == 250 and "dmarc=fail (p=quarantine)" in results(mail)


def test_what_dns_does_not_say_now_is_asked_later(nest, person):
    """The domain's own policy cannot be read: it is delegated to where nobody answers."""
    name, alice = "hush.test", person("alice")
    code, words = from_outside(nest, f"bob@{name}", [alice.address], compose(f"bob@{name}", alice.address, "x", "y"))
    assert (code, words) == (451, f"4.7.0 Whether this mail is from {name} cannot be checked now. Your server tries "
                                  "again by itself.")


def test_the_offices_hear_everybody(nest, domain):
    name = domain(SPF.replace(US, ELSEWHERE), "v=DMARC1; p=reject")
    for office in ("postmaster@nest.test", "abuse@nest.test"):
        mail = compose(f"bob@{name}", office, f"mail {next(SERIAL)}", "Help")
        assert from_outside(nest, f"bob@{name}", [office], mail)[0] == 250


def test_forged_results_are_taken_out_and_others_renamed(alice, domain):
    name = domain()
    mail = compose(f"bob@{name}", alice.address, f"mail {next(SERIAL)}", "Hello").as_bytes(policy=email.policy.SMTP)
    forged = (b"Authentication-Results: mx.nest.test; dmarc=pass header.from=bank.example\r\n"
              b"AUTHENTICATION-RESULTS : \t(a (nested) comment)\r\n\tMX.Nest.Test 1; spf=pass\r\n"
              b"Authentication-Results: \"mx.nest.test\"; dkim=pass\r\n"
              b"Authentication-Results:\r\n nest.test; arc=pass\r\n"
              b"Authentication-Results: mx.other.example;\r\n\tspf=pass smtp.mailfrom=other.example\r\n")
    code, words = from_outside(alice.nestbox, f"bob@{name}", [alice.address], forged + mail)
    assert code == 250, words
    subject = email.message_from_bytes(mail)["Subject"]
    entry = alice.wait_for_mail(lambda entry: entry["subject"] == subject)
    rests = email.message_from_bytes(alice.show(entry), policy=email.policy.default)
    names = [field.lower() for field in rests.keys()]
    assert names.count("authentication-results") == 1
    assert names.index("authentication-results") < names.index("received")
    assert results(rests).startswith("mx.nest.test; spf=none")
    assert rests.get_all("X-Foreign-Authentication-Results") == \
        ["mx.other.example;\tspf=pass smtp.mailfrom=other.example"]


def test_two_froms_are_nobody(alice, domain):
    name = domain(SPF, "v=DMARC1; p=none")
    mail = compose(f"bob@{name}", alice.address, f"mail {next(SERIAL)}", "x").as_bytes(policy=email.policy.SMTP)
    assert from_outside(alice.nestbox, f"bob@{name}", [alice.address],
                        b"From: chief@bank.example\r\n" + mail)[0] == 250
    subject = email.message_from_bytes(mail)["Subject"]
    entry = alice.wait_for_mail(lambda entry: entry["subject"] == subject)
    assert "dmarc=none" in results(email.message_from_bytes(alice.show(entry), policy=email.policy.default))
    shown = alice.nestbox.run("mail", "show", alice.address, entry["id"])
    assert shown.stderr.startswith(b"Nothing proves who wrote this mail (S0).")


def test_only_we_send_in_our_peoples_name(alice, domain):
    name = domain(SPF)
    for author in (alice.address, "public@nest.test"):
        answer, _, _ = arrive(alice, f"eve@{name}", author)
        assert answer == (550, "5.7.1 Only nest.test itself sends mail with this From address.")


def test_a_submitted_mail_says_so(alice, person):
    eve = person("eve")
    code, _ = submit(eve, compose(eve.address, alice.address, f"mail {next(SERIAL)}", "Hello"))
    assert code == 250
    entry = alice.wait_for_mail()
    shown = alice.nestbox.run("mail", "show", alice.address, entry["id"])
    assert shown.stderr == b"Sent by log-in (S4).\n"
    assert b"Authentication-Results" not in shown.stdout


@pytest.mark.parametrize("record, reply", [
    ("{name} MX 0 .", (550, "5.7.27 The domain of this sender takes no mail. Use an address that can be answered")),
    (None, (550, "5.1.8 The domain of this sender does not exist. Use an address that can be answered")),
    ("silent.test",
     (451, "4.4.3 DNS gives no answer for the domain of this sender. Your server tries again by itself")),
])
def test_a_sender_who_cannot_be_answered_is_refused_at_mail(nest, dns, record, reply):
    name = f"who{next(SERIAL)}.unsigned.test"
    if record == "silent.test":
        name = record
    elif record:
        dns.add(record.format(name=name))
    with connect(nest, 25) as smtp:
        code, words = smtp.mail(f"bob@{name}")
    assert (code, words.decode()) == reply


# readers by mail


@pytest.fixture
def list_owner(twin):
    """A server of its own: what may be asked in an hour is limited."""
    return twin().start().account("alice@twin.test", name="Alice Example")


def test_a_reader_comes_and_goes_by_mail(list_owner, dns):
    from laboratory.mailhost import MailHost

    name, address = f"who{next(SERIAL)}.unsigned.test", "20.1.3.200"
    dns.add(f"{name} MX 10 mx.{name}.", f"mx.{name} A {address}", f'{name} TXT "{SPF}"')
    host, server = MailHost(address), list_owner.nestbox
    try:
        def send(to, text="", sender=f"carol@{name}"):
            return from_outside(server, sender, [to], compose(sender, to, "Re: posts", text))

        assert send("alice+subscribe@twin.test")[0] == 250
        question = host.mails.wait_for(lambda mail: True)
        asked = email.message_from_bytes(question.text, policy=email.policy.default)
        assert "or reply yes." in " ".join(asked.get_content().split())
        answer_to = asked["From"].addresses[0].addr_spec
        assert send(answer_to, "Who are you?")[0] == 250
        assert [row["state"] for row in list_owner.followers()] == ["confirming"]
        assert send(answer_to, "yes", f"eve@{name}")[0] == 550
        assert send(answer_to, "Yes please\n\n> Somebody, perhaps you")[0] == 250
        until(lambda: [row["state"] for row in list_owner.followers()] == ["accepted"] or
              [row["state"] for row in list_owner.followers()] == ["following"], "a reader")
        assert send("alice+unsubscribe@twin.test")[0] == 250
        goodbye = host.mails.wait_for(lambda mail: b"no more posts" in mail.text)
        assert b"write to alice+subscribe@twin.test" in goodbye.text
        until(lambda: list_owner.followers() == [], "no reader")
    finally:
        host.stop()


def test_a_forger_subscribes_and_leaves_for_nobody(list_owner, domain):
    name, server = domain(), list_owner.nestbox
    with connect(server, 25) as smtp:
        for word, reply in (("subscribe", f"5.7.1 Could not verify that this mail is from carol@{name}. Subscribe on "
                                          "https://twin.test/@alice instead."),
                            ("unsubscribe", "5.7.1 Please use the unsubscribe link in any mail you got.")):
            to = f"alice+{word}@twin.test"
            assert transact(smtp, f"carol@{name}", [to], compose(f"carol@{name}", to, "x", "y")) == (550, reply)
