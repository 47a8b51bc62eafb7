"""Two servers of ours, strangers to one another: each must be to the other what it is to everybody."""
import email
import email.policy

import pytest

from laboratory.mailing import compose, submit
from laboratory.wait import until


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


@pytest.fixture
def ines(person):
    return person("ines", name="Ines")


@pytest.fixture
def jan(twin):
    return twin().start().account("jan@twin.test", name="Jan")


def send(author, to, subject, text, **headers):
    code, words = submit(author, compose(author.address, to, subject, text, headers=headers))
    assert code == 250, words


def test_a_follow_a_post_an_answer_and_an_answer_to_it(ines, jan):
    jan.nestbox.cli("follow", jan.address, ines.handle)
    until(lambda: [follower["state"] for follower in ines.followers()] == ["following"], "Jan following Ines")
    send(ines, ines.word("public"), "Frost", "The first of the year.\n")
    at_home = parse(jan.show(jan.wait_for_mail(mailbox="Fediverse/Home")))
    assert "The first of the year." in at_home.get_body(("plain",)).get_content()
    sender = at_home["From"].addresses[0].addr_spec
    assert sender == f"{ines.user}=nest.test@twin.test"

    send(jan, sender, f"Re: {at_home['Subject']}", "Here too.\n",
         **{"In-Reply-To": at_home["Message-ID"], "References": at_home["Message-ID"]})
    answer = parse(ines.show(ines.wait_for_mail()))
    assert answer["From"].addresses[0].addr_spec == "jan=twin.test@nest.test"
    assert "Here too." in answer.get_body(("plain",)).get_content()

    send(ines, "jan=twin.test@nest.test", f"Re: {answer['Subject']}", "Then it is winter.\n",
         **{"In-Reply-To": answer["Message-ID"], "References": answer["Message-ID"]})
    again = parse(jan.show(jan.wait_for_mail(mailbox="INBOX")))
    assert "Then it is winter." in again.get_body(("plain",)).get_content()


def test_a_delete_reaches_the_other_server(ines, jan):
    jan.nestbox.cli("follow", jan.address, ines.handle)
    until(ines.followers, "Jan following Ines")
    send(ines, ines.word("public"), "Mistake", "This should not have been said.\n")
    jan.wait_for_mail(mailbox="Fediverse/Home")
    [post] = ines.posts()
    ines.nestbox.cli("post", "delete", ines.address, post["ref"])
    until(lambda: jan.mails("Fediverse/Home") == [] and len(jan.mails("Trash")) == 1, "the mail moving to Trash")


def test_both_end_cleanly_while_they_talk(ines, jan):
    jan.nestbox.cli("follow", jan.address, ines.handle)
    until(ines.followers, "Jan following Ines")
    for number in range(5):
        send(ines, ines.word("public"), f"Number {number}", "One of five.\n")
    jan.nestbox.stop()
    jan.nestbox.start()
    until(lambda: len(jan.mails("Fediverse/Home")) == 5 or [], "all five, the late ones by a further try", 60)
