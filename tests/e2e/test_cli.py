"""Every command, while the server runs and while it does not: results, --json, exit codes 0, 1, 2."""
import os
import socket
import subprocess

import pytest

from laboratory.gpg import Gpg
from laboratory.mailing import compose, from_outside, submit
from laboratory.nestbox import BINARY
from laboratory.wait import until

RUNNING, ALONE = "with the server", "without it"


@pytest.fixture(params=[RUNNING, ALONE])
def house(twin, request):
    """A server that runs, or only its data."""
    server = twin()
    if request.param == RUNNING:
        server.start()
    return server


def refused(server, *words, code=1):
    done = server.run(*words)
    assert done.returncode == code, (words, done)
    complaint = done.stderr.decode()
    assert len(complaint.strip().split("\n")) == 1 or code == 2
    assert complaint.strip(), words
    assert done.stdout == b""
    return complaint


def check_a_full_disk(house):
    """What cannot be written is a failure that is said."""
    for words in (("account", "list"), ("backup", "-"), ("help",)):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([str(BINARY), *words, "--config", str(house.config)], stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == 1 and b"No space left on device" in done.stderr, (words, done)


def test_an_account_lives_and_sleeps(house):
    said = house.cli("account", "add", "una@twin.test", "--password-stdin", "--name", "Una", input="secret words\n")
    assert "@una@twin.test" in said, "the handle is public, and is said"
    assert [account["address"] for account in house.ask("account", "list")] == ["una@twin.test"]
    assert "una@twin.test" in house.cli("account", "list")
    shown = house.cli("account", "show", "una@twin.test", "--json")
    assert '"name":"Una"' in shown.replace(": ", ":")
    check_a_full_disk(house)
    house.cli("account", "set", "una@twin.test", "name=Una the First", "language=de")
    assert "Una the First" in house.cli("account", "show", "una@twin.test")
    house.cli("account", "password", "una@twin.test", "--password-stdin", input="other words\n")
    refused(house, "account", "remove", "una@twin.test")
    house.cli("account", "remove", "una@twin.test", "--yes")
    assert "asleep" in house.cli("account", "show", "una@twin.test")
    house.cli("account", "add", "una@twin.test", "--password-stdin", input="secret words\n")
    assert "active" in house.cli("account", "show", "una@twin.test")


@pytest.mark.parametrize("words", [
    ("account", "add", "una@elsewhere.test"), ("account", "add", "public@twin.test"), ("account", "add", "una"),
    ("account", "add", "bob=social.test@twin.test"), ("account", "add", "0abcdefghjkm@twin.test"),
    ("account", "show", "nobody@twin.test"), ("account", "password", "nobody@twin.test"),
    ("key", "list", "nobody@twin.test"), ("followers", "nobody@twin.test"), ("post", "list", "nobody@twin.test"),
    ("mail", "list", "nobody@twin.test"), ("queue", "show", "99"), ("queue", "drop", "99"),
    ("follow", "nobody@twin.test", "@bob@social.test"), ("account", "password", "nobody@twin.test"),
], ids=" ".join)
def test_what_cannot_be_done_is_said_in_one_line(twin, words):
    refused(twin(), *words)


@pytest.mark.parametrize("words", [
    (), ("nonsense",), ("account",), ("account", "add"), ("account", "nonsense", "a@b"), ("mail", "show", "a@b"),
    ("queue", "drop"), ("status", "too", "much"), ("account", "list", "--nonsense"), ("init",),
], ids=lambda words: " ".join(words) or "nothing")
def test_wrong_usage_ends_with_2(twin, words):
    server = twin()
    done = server.run(*words)
    assert done.returncode == 2 and done.stderr


def test_a_missing_or_wrong_settings_file_is_said(twin, tmp_path):
    done = subprocess.run([BINARY, "status", "--config", str(tmp_path / "none")], capture_output=True)
    assert done.returncode == 1 and b"none" in done.stderr
    wrong = tmp_path / "wrong.conf"
    wrong.write_text("[server]\ndomain = twin.test\ncolour = blue\n")
    done = subprocess.run([BINARY, "--config", str(wrong), "status"], capture_output=True)
    assert done.returncode == 1 and b"colour" in done.stderr


def test_a_server_that_cannot_start_says_what_to_change(twin):
    server = twin()
    taken, login = f"{server.address}:9993", {"host": "relay.unsigned.test", "user": "nest", "password_file": "/nowhere/secret"}
    for settings, words in (
            ({"listen": {"imaps": taken}}, "change [listen]"),
            ({"listen": {"imaps": "198.51.100.7:993"}}, "198.51.100.7 port 993"),
            ({"relay": login}, "password_file in [relay]"), ({"server": {"server_key_file": "/nowhere/key"}}, "server key"),
            ({"network": {"ca_file": "/nowhere/ca"}}, "/nowhere/ca"), ({"tls": {"certificate": "/nowhere/pem"}}, "correct [tls]"),
            ({"policy": {"undo": "5 yards"}}, f"in {server.config}")):
        server.write_settings(settings)
        with socket.create_server((server.address, 9993)):
            done = server.run("serve")
        assert done.returncode == 1 and words in done.stderr.decode().strip().split("\n")[-1], (settings, done)


def test_config_may_stand_anywhere(house):
    for words in (("--config", house.config, "account", "list"), ("account", "--config", house.config, "list"),
                  ("account", "list", "--config", house.config)):
        done = subprocess.run([str(BINARY), *map(str, words)], capture_output=True)
        assert done.returncode == 0, done.stderr


def test_init_makes_a_house_and_prints_dns_records(tmp_path):
    where = tmp_path / "house"
    done = subprocess.run([str(BINARY), "init", "--domain", "new.test", "--dir", str(where)], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    assert "MX" in done.stdout and "new.test" in done.stdout
    config = where / "nestbox.conf"
    assert config.exists() and not (where.stat().st_mode & 0o007 and (where / "data").exists()
                                    and (where / "data").stat().st_mode & 0o077)
    again = subprocess.run([str(BINARY), "init", "--domain", "new.test", "--dir", str(where)], capture_output=True)
    assert again.returncode == 1, "what is there is never overwritten"
    status = subprocess.run([str(BINARY), "account", "list", "--config", str(config)], capture_output=True)
    assert status.returncode == 0, status.stderr


def test_keys_are_added_listed_and_removed(house, gpg, tmp_path):
    house.account("kim@twin.test")
    ring = gpg("kim@twin.test")
    house.cli("key", "add", "kim@twin.test", ring.certificate())
    assert [key["fingerprint"] for key in house.ask("key", "list", "kim@twin.test")] == [ring.fingerprint()]
    assert ring.fingerprint() in house.cli("key", "list", "kim@twin.test")
    house.cli("key", "remove", "kim@twin.test", ring.fingerprint())
    assert house.ask("key", "list", "kim@twin.test") == []
    refused(house, "key", "remove", "kim@twin.test", ring.fingerprint())
    house.cli("key", "add", "kim@twin.test", input=ring.certificate().read_bytes())
    assert len(house.ask("key", "list", "kim@twin.test")) == 1
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("not a key")
    refused(house, "key", "add", "kim@twin.test", nonsense)
    refused(house, "key", "add", "kim@twin.test", tmp_path / "missing")


def test_status_says_whether_the_server_runs(house):
    said = house.cli("status", "--json").replace(": ", ":")
    assert f'"serving":{str(house.runs()).lower()}' in said
    assert "twin.test" in house.cli("status")


def test_listings_of_an_empty_house_are_empty_arrays(house):
    house.account("leo@twin.test")
    for words in (("followers", "leo@twin.test"), ("post", "list", "leo@twin.test"), ("mail", "list", "leo@twin.test"),
                  ("key", "list", "leo@twin.test"), ("queue", "list")):
        assert house.ask(*words) == [], words


def test_a_post_can_be_stopped_while_it_is_held(twin, judge):
    server = twin({"policy": {"undo": "60 min"}}).start()
    ole = server.account("ole@twin.test")
    judge.follow(ole.handle)
    code, words = submit(ole, compose(ole.address, ole.word("public"), "Oh no", "Nobody should see this.\n"))
    assert code == 250, words
    [post] = ole.posts()
    assert post["state"] == "held" and server.ask("queue", "list") == []
    assert judge.get(post["id"])[0] == 404
    server.cli("post", "undo", ole.address, post["ref"])
    assert [post["state"] for post in ole.posts()] in ([], ["undone"])
    refused(server, "post", "undo", ole.address, post["ref"])
    assert judge.get(post["id"])[0] in (404, 410)
    assert not judge.deliveries.all(lambda delivery: delivery.activity["type"] == "Create")


def test_a_post_of_somebody_else_cannot_be_deleted(house):
    house.account("pia@twin.test")
    refused(house, "post", "delete", "pia@twin.test", "0abcdefghjkm")


def test_the_queue_is_listed_retried_and_dropped(twin, judge):
    server = twin({"network": {"retry": "1 h, 2 h"}}).start()
    rob = server.account("rob@twin.test")
    judge.follow(rob.handle)
    judge.on_delivery = lambda delivery: 503
    assert submit(rob, compose(rob.address, rob.word("public"), "Try", "And try again.\n"))[0] == 250
    waiting = until(lambda: [row for row in server.ask("queue", "list") if row["tries"] == 1], "a failed delivery")
    assert waiting[0]["host"] == "judge.test" and "503" in waiting[0]["last_reply"]
    assert "judge.test" in server.cli("queue", "show", waiting[0]["id"])
    server.cli("queue", "retry", waiting[0]["id"])
    until(lambda: [row for row in server.ask("queue", "list") if row["tries"] == 2], "the second try")
    judge.on_delivery = lambda delivery: 202
    server.cli("queue", "retry")
    judge.wait_for("Create")
    until(lambda: server.ask("queue", "list") == [], "an empty queue")
    judge.on_delivery = lambda delivery: 503
    assert submit(rob, compose(rob.address, rob.word("public"), "Give up", "Never mind.\n"))[0] == 250
    [row] = until(lambda: server.ask("queue", "list"), "a failed delivery")
    server.cli("queue", "drop", row["id"])
    assert server.ask("queue", "list") == []


def test_mail_is_listed_and_shown(twin):
    server = twin().start()
    tom = server.account("tom@twin.test")
    mail = compose("carol@mail.test", tom.address, "Listed", "And shown.\n")
    assert from_outside(server, "carol@mail.test", [tom.address], mail)[0] == 250
    [listed] = tom.mails()
    assert listed["mailbox"] == "INBOX" and listed["subject"] == "Listed"
    assert listed["from"] == "carol@mail.test" and listed["message_id"].strip("<>") == mail["Message-ID"].strip("<>")
    assert b"And shown." in tom.show(listed)
    refused(server, "mail", "show", tom.address, "9999")
    server.stop()
    assert tom.mails() == [listed], "the same without the server"
    assert b"And shown." in tom.show(listed)


def test_only_one_server_uses_a_data_directory(twin):
    server = twin().start()
    done = subprocess.run([str(BINARY), "serve", "--config", str(server.config)], capture_output=True, timeout=60)
    assert done.returncode == 1 and done.stderr
    assert "serves twin.test" in server.cli("status"), "the first still hears commands"
    assert (server.data_dir / "ports.json").exists()


def test_what_root_does_without_the_server_belongs_to_the_server(twin, tmp_path):
    server, nobody = twin(), 65534
    kim = server.account("kim@twin.test")
    server.start()
    mail = compose("cara@else.test", kim.address, "Large", "A line of a large mail.\n" * 8000)
    assert from_outside(server, "cara@else.test", [kim.address], mail)[0] == 250
    server.stop()
    for folder in server.data_dir.parents:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o001)  # pytest's own are closed to others
    for path in (server.data_dir, *server.data_dir.rglob("*")):
        os.chown(path, nobody, nobody, follow_symlinks=False)
    before = {path for path in server.data_dir.glob("bodies/**/*") if path.is_file()}
    server.cli("key", "add", kim.address, Gpg(tmp_path / "ring", kim.address, ("ed25519", "cv25519")).certificate())
    assert server.cli("seal", kim.address).startswith("1 of 1 ")
    after = {path for path in server.data_dir.glob("bodies/**/*") if path.is_file()}
    assert after - before, "it was sealed into another file"
    assert {path.lstat().st_uid for path in server.data_dir.rglob("*")} == {nobody}


def test_a_word_asked_for_help_is_helped():
    done = subprocess.run([str(BINARY), "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    for word in ("init", "serve", "account", "key", "post", "queue", "mail", "status", "followers"):
        assert word in done.stdout
