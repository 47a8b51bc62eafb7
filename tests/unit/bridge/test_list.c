/* Readers by mail: asking and answering. */
#include "readers.h"

static void limits_of_asking(void **state)
{
    static const struct {
        const char *name, *account, *address, *network;
        int64_t wait_ms;
        bool mail;
    } rows[] = {
        {"the first time",                   "alice", CAROL,                  "192.0.2.1",        0,           true },
        {"again at once",                    "alice", CAROL,                  "192.0.2.1",        0,           false},
        {"in other letters",                 "alice", "Carol@MAIL.example",   "192.0.2.1",        0,           false},
        {"the same mailbox by another name", "alice", "carol+x@mail.example", "192.0.2.1",        0,
         false                                                                                                      },
        {"for another account",              "eve",   CAROL,                  "192.0.2.1",        0,           false},
        {"a day later",                      "alice", CAROL,                  "192.0.2.1",        DAY_MS,      true },
        {"two days later, another account",  "eve",   CAROL,                  "192.0.2.1",        DAY_MS,      true },
        {"the fourth time in a month",       "alice", CAROL,                  "192.0.2.1",        DAY_MS,      false},
        {"a month after the first",          "alice", CAROL,                  "192.0.2.1",        27 * DAY_MS, true },
        {"a network, the second of an hour", "alice", "n2@mail.example",      "192.0.2.2",        0,           true },
        {"the third",                        "alice", "n3@mail.example",      "192.0.2.77",       0,           true },
        {"the fourth",                       "alice", "n4@mail.example",      "192.0.2.255",      0,           true },
        {"the fifth",                        "alice", "n5@mail.example",      "192.0.2.3",        0,           true },
        {"the sixth",                        "alice", "n6@mail.example",      "192.0.2.4",        0,           false},
        {"another network",                  "alice", "n6@mail.example",      "192.0.3.1",        0,           true },
        {"an hour later",                    "alice", "n7@mail.example",      "192.0.2.4",        HOUR_MS,     true },
        {"a block of IPv6",                  "alice", "s1@mail.example",      "2001:db8::1",      0,           true },
        {"",                                 "alice", "s2@mail.example",      "2001:db8::2",      0,           true },
        {"",                                 "alice", "s3@mail.example",      "2001:db8:0:1::",   0,           true },
        {"",                                 "alice", "s4@mail.example",      "2001:db8:0:ff::",  0,           true },
        {"",                                 "alice", "s5@mail.example",      "2001:db8::5",      0,           true },
        {"the sixth of its /56",             "alice", "s6@mail.example",      "2001:db8:0:ab::",  0,           false},
        {"the next block",                   "alice", "s6@mail.example",      "2001:db8:0:100::", 0,           true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        town_wait(&town, rows[i].wait_ms);
        assert_int_equal(reader_asks(rows[i].account, rows[i].address, rows[i].network),
                         LIST_ASKED);
        scoped_text char *mail = mail_taken(rows[i].address);
        if ((*mail != '\0') != rows[i].mail)
            fail_msg("%s: %s", rows[i].name, *mail ? "a mail" : "no mail");
    }
}

static void the_server_asks_twenty_an_hour(void **state)
{
    int sent = 0;

    (void)state;
    for (int i = 0; i < 25; i++) {
        scoped_text char *address = must_print("reader%d@mail.example", i);
        scoped_text char *network = must_print("198.51.%d.1", i);
        assert_int_equal(reader_asks("alice", address, network), LIST_ASKED);
        scoped_text char *mail = mail_taken(address);
        sent += *mail != '\0';
    }
    assert_int_equal(sent, 20);
    for (int i = 0; i < 8; i++) { /* a proxy on this machine asks for everybody */
        scoped_text char *address = must_print("late%d@mail.example", i);
        town_wait(&town, i ? 0 : HOUR_MS);
        assert_int_equal(reader_asks("alice", address, i % 2 ? "127.0.0.1" : "::1"), LIST_ASKED);
        assert_int_equal(mails_waiting(address, NULL), 1);
    }
}

static void what_is_no_address(void **state)
{
    static const struct {
        const char *name, *account, *address;
        enum list_answer answer;
    } rows[] = {
        {"plain",              "alice",  "x@mail.example",                LIST_ASKED      },
        {"with blanks around", "alice",  " y@mail.example\r\n",           LIST_ASKED      },
        {"an IDN",             "alice",
         "z@b\xC3\xBC"
         "cher.example",                                                  LIST_ASKED      },
        {"nobody's list",      "nobody", "x@mail.example",                LIST_NO_LIST    },
        {"one of ours",        "alice",  "eve@EXAMPLE.org",               LIST_OWN_ADDRESS},
        {"nothing",            "alice",  "",                              LIST_NO_ADDRESS },
        {"no @",               "alice",  "carol",                         LIST_NO_ADDRESS },
        {"no host",            "alice",  "carol@",                        LIST_NO_ADDRESS },
        {"no dot in the host", "alice",  "carol@localhost",               LIST_NO_ADDRESS },
        {"an address literal", "alice",  "carol@[192.0.2.1]",             LIST_NO_ADDRESS },
        {"two at once",        "alice",  "a@mail.example,b@mail.example", LIST_NO_ADDRESS },
        {"a line more",        "alice",  "a\r\nBcc: b@mail.example",      LIST_NO_ADDRESS },
        {"quoted",             "alice",  "\"a b\"@mail.example",          LIST_NO_ADDRESS },
        {"two dots",           "alice",  "a..b@mail.example",             LIST_NO_ADDRESS },
        {"with a name",        "alice",  "Carol <carol@mail.example>",    LIST_NO_ADDRESS },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (reader_asks(rows[i].account, rows[i].address, "192.0.2.1") != rows[i].answer)
            fail_msg("%s", rows[i].name);
    assert_int_equal(mails_waiting("z@xn--bcher-kva.example", NULL), 1);
}

static void the_question(void **state)
{
    (void)state;
    assert_int_equal(reader_asks("alice", CAROL, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = mail_taken(CAROL);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    scoped_text char *expected = must_print(
        "Somebody, perhaps you, asked that alice@example.org send posts to this address. If you "
        "want them, press the button at\n\nhttps://example.org/subscribe/%s\n\nor reply yes. If "
        "not, do nothing: this is the only mail for now.\n\nNever ask me again:\n\n"
        "https://example.org/subscribe/%s#never\n\nA post once mailed cannot be called back, even "
        "if Alice deletes it.\n",
        word, word);
    scoped_text char *shown = mail_shown(slice_of(mail), "text/plain");
    if (!strstr(shown, expected))
        fail_msg("%s", shown);
    assert_non_null(strstr(mail, "Subject: Do you want Alice's posts by mail?\r\n"));
    assert_non_null(strstr(mail, "Auto-Submitted: auto-replied\r\n"));
    assert_string_equal(reader_state(CAROL), "confirming");
}

static void a_word_works_once(void **state)
{
    (void)state;
    assert_int_equal(reader_asks("alice", CAROL, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = mail_taken(CAROL);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(reader_presses(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, NULL), ABSENT);
    assert_int_equal(reader_presses(TOKEN_CONFIRM, "0123456789abcdefghjk", NULL, NULL), ABSENT);
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, NULL, NULL), FOUND); /* a page looked at */
    assert_string_equal(reader_state(CAROL), "confirming");
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, bridge_list_confirm, NULL), FOUND);
    assert_string_equal(reader_state(CAROL), "accepted");
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, bridge_list_confirm, NULL), ABSENT);
    assert_int_equal(reader_asks("alice", CAROL, "192.0.2.1"),
                     LIST_ASKED); /* reads already: no mail */
    town_wait(&town, DAY_MS);
    assert_int_equal(reader_asks("alice", CAROL, "192.0.2.1"), LIST_ASKED);
    assert_int_equal(mails_waiting(CAROL, NULL), 0);
}

static void two_who_press_at_once_are_one(void **state)
{
    struct err err = {0};
    scoped_value(list_ticket) first = {.closed = false};
    scoped_value(list_ticket) second = {.closed = false};

    (void)state;
    assert_int_equal(reader_asks("alice", CAROL, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = mail_taken(CAROL);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, NULL, &first), FOUND);
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, NULL, &second), FOUND);
    assert_true(
        list_commit((struct list_doing){.ticket = &first, .deed = bridge_list_confirm}, &err));
    assert_false(
        list_commit((struct list_doing){.ticket = &second, .deed = bridge_list_confirm}, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(reader_presses(TOKEN_UNSUBSCRIBE, first.leave_word, NULL, NULL), FOUND);
    assert_int_equal(reader_presses(TOKEN_UNSUBSCRIBE, second.leave_word, NULL, NULL), ABSENT);
}

static void a_week_without_an_answer(void **state)
{
    (void)state;
    assert_int_equal(reader_asks("alice", DORA, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = mail_taken(DORA);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    town_wait(&town, 7 * DAY_MS);
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, NULL, NULL), ABSENT);
    town_chores(&town, NULL);
    assert_string_equal(reader_state(DORA), "unknown");
}

static void never_ask_again(void **state)
{
    (void)state;
    assert_int_equal(reader_asks("alice", DORA, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = mail_taken(DORA);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, bridge_list_never, NULL), FOUND);
    assert_string_equal(reader_state(DORA), "unknown");
    town_wait(&town, 60 * DAY_MS);
    assert_int_equal(reader_asks("eve", "Dora+again@read.example", "192.0.2.1"), LIST_ASKED);
    assert_int_equal(mails_waiting("Dora+again@read.example", NULL), 0);
}

static void the_owner_may_be_asked_first(void **state)
{
    (void)state;
    town.config.follow = DOOR_ASK;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    assert_string_equal(reader_state(CAROL), "waiting");
    alice_publishes("public@example.org", "Subject: Tide\n", "High at nine.");
    assert_int_equal(mails_waiting(CAROL, NULL), 0);
    town.config.follow = DOOR_CLOSED;
    assert_int_equal(reader_asks("alice", DORA, "192.0.2.1"), LIST_NO_LIST);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_LIST(limits_of_asking),
        IN_LIST(the_server_asks_twenty_an_hour),
        IN_LIST(what_is_no_address),
        IN_LIST(the_question),
        IN_LIST(a_word_works_once),
        IN_LIST(two_who_press_at_once_are_one),
        IN_LIST(a_week_without_an_answer),
        IN_LIST(never_ask_again),
        IN_LIST(the_owner_may_be_asked_first),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
