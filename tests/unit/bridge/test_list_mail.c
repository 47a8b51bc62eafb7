/* Readers by mail: what they get, and how it ends. */
#include "readers.h"

/* ---- what they get ---- */
static void who_gets_what(void **state)
{
    static const struct {
        const char *name, *to, *fields;
        int copies;
    } rows[] = {
        {"a public post",    "public@example.org",             "Subject: One\n",                            1},
        {"a quiet one",      "unlisted@example.org",           "Subject: Two\n",                            1},
        {"for followers",    "followers@example.org",          "Subject: Three\n",                          1},
        {"a direct message", "bob=social.example@example.org", "Subject: Four\n",                           0},
        {"an answer to Bob", "public@example.org",             "In-Reply-To: <bob-public@example.org>\n",   0},
        {"one's own thread", "public@example.org",             "In-Reply-To: <alice-public@example.org>\n", 1},
        {"a mail",           "somebody@far.example",           "Subject: Five\n",                           0},
    };

    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        alice_publishes(rows[i].to, rows[i].fields, rows[i].name);
        int copies = mails_waiting(CAROL, NULL);
        scoped_text char *mail = mail_taken(CAROL);
        if (copies != rows[i].copies || (copies && !strstr(mail, rows[i].name)))
            fail_msg("%s: %d copies\n%s", rows[i].name, copies, mail);
    }
}

static void a_copy(void **state)
{
    scoped_value(delivery) delivery = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    scoped_text char *word = reader_subscribes(CAROL, "192.0.2.1");
    alice_publishes("public@example.org", "Subject: Tide\nX-Mailer: a program\n",
                    "High at nine & low at three.\n\n-- \nAlice's telephone");
    scoped_text char *ref = town_ref(&town);
    assert_int_equal(mails_waiting(CAROL, &delivery), 1);
    assert_int_equal(mail_rendered(&delivery, &mail), FOUND);
    assert_false(mail.secret);
    scoped_text char *content = must_copy(bytes_slice(&mail.content));
    scoped_text char *stop =
        must_print("List-Unsubscribe: <https://example.org/unsubscribe/%s>,", word);
    scoped_text char *by_mail =
        must_print("<mailto:alice%%2Bunsubscribe-%s@example.org>\r\n", word);
    scoped_text char *page = must_print("Archived-At: <https://example.org/@alice/%s>\r\n", ref);
    const char *const parts[] = {"From: \"Alice\" <alice@example.org>\r\n",
                                 "To: \"Alice's posts\" <alice@example.org>\r\n",
                                 "Subject: Tide\r\n",
                                 "List-Id: \"Alice's posts\" <alice.example.org>\r\n",
                                 "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                                 "List-Post: NO\r\n",
                                 "Precedence: list\r\n",
                                 stop,
                                 by_mail,
                                 page};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (!strstr(content, parts[i]))
            fail_msg("no %s in\n%s", parts[i], content);
    static const char *const absent[] = {"telephone", "a program", CAROL,
                                         "Received:", "Auto-Submitted"};
    for (size_t i = 0; i < COUNT_OF(absent); i++)
        if (strstr(content, absent[i]))
            fail_msg("%s in\n%s", absent[i], content);
    scoped_text char *plain = mail_shown(slice_of(content), "text/plain");
    scoped_text char *expected =
        must_print("\nHigh at nine & low at three.\n\n-- \nYou subscribed on 1 March. Your answer "
                   "goes to Alice alone.\nStop: https://example.org/unsubscribe/%s\nOn the web: "
                   "https://example.org/@alice/%s\n",
                   word, ref);
    if (!strstr(plain, expected))
        fail_msg("%s", plain);
    scoped_text char *html = mail_shown(slice_of(content), "text/html");
    assert_non_null(strstr(html, "High at nine &amp; low at three."));
    assert_true(strncmp(delivery.mail_from, "alice+bounces-", 14) == 0);
}

static void a_copy_for_followers_is_secret(void **state)
{
    scoped_value(delivery) delivery = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    alice_publishes("followers@example.org", "Subject: CW: food\n", "I made soup.");
    assert_int_equal(mails_waiting(CAROL, &delivery), 1);
    assert_int_equal(mail_rendered(&delivery, &mail), FOUND);
    assert_true(mail.secret);
    scoped_text char *content = must_copy(bytes_slice(&mail.content));
    assert_non_null(strstr(content, "Subject: CW: food\r\n"));
    assert_non_null(strstr(content, "Content warning: food."));
    assert_non_null(strstr(content, "I made soup."));
}

static bool withdraw(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};
    bool done;

    town_newest(it, &message);
    return message_take_back(it->bridge, tx, &message, &done, err);
}

static void what_is_no_longer_true_is_not_sent(void **state)
{
    scoped_value(delivery) taken_back = {0};
    scoped_value(delivery) left = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    scoped_text char *word = reader_subscribes(CAROL, "192.0.2.1");
    alice_publishes("public@example.org", "Subject: Tide\n", "High at nine.");
    assert_int_equal(mails_waiting(CAROL, &taken_back), 1);
    town_write(&town, withdraw);
    assert_int_equal(mails_waiting(CAROL, NULL), 0);
    assert_int_equal(mail_rendered(&taken_back, &mail), ABSENT);
    alice_publishes("public@example.org", "Subject: Tide\n", "High at ten.");
    assert_int_equal(mails_waiting(CAROL, &left), 1);
    assert_int_equal(reader_presses(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, NULL), FOUND);
    assert_int_equal(mail_rendered(&left, &mail), ABSENT);
    left.delivered = 1; /* as if it had been sent and then edited */
    assert_int_equal(mail_rendered(&left, &mail), ABSENT);
}

/* ---- leaving ---- */
static void leaving(void **state)
{
    scoped_value(list_ticket) again = {.closed = false};

    (void)state;
    scoped_text char *word = reader_subscribes(DORA, "192.0.2.1");
    alice_publishes("public@example.org", "Subject: Tide\n", "High at nine.");
    assert_int_equal(reader_presses(TOKEN_UNSUBSCRIBE, word, NULL, NULL),
                     FOUND); /* a page looked at */
    assert_string_equal(reader_state(DORA), "accepted");
    assert_int_equal(reader_presses(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, NULL), FOUND);
    assert_string_equal(reader_state(DORA), "unknown");
    assert_int_equal(mails_waiting(DORA, NULL), 1); /* the copy is gone, goodbye is left */
    scoped_text char *mail = mail_taken(DORA);
    assert_non_null(strstr(mail, "Subject: You will get no more posts from Alice\r\n"));
    assert_int_equal(reader_presses(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, &again), FOUND);
    assert_int_equal(again.person_id, 0);
    assert_int_equal(mails_waiting(DORA, NULL), 0);
    alice_publishes("public@example.org", "Subject: Ebb\n", "Low at three.");
    assert_int_equal(mails_waiting(DORA, NULL), 0);
    town_wait(&town, DAY_MS);
    free(reader_subscribes(DORA, "192.0.2.1")); /* and back */
    assert_string_equal(reader_state(DORA), "accepted");
}

static void leaving_by_mail(void **state)
{
    (void)state;
    scoped_text char *word = reader_subscribes(DORA, "192.0.2.1");
    scoped_text char *to = must_print("ALICE+unsubscribe-%s@example.org", word);
    const struct town_mail mail = {.door = MAIL_DOOR_MX,
                                   .mail_from = "robot@read.example",
                                   .recipients = to,
                                   .text = SLICE("From: x@y.example\nSubject: unsubscribe\n\n\n")};
    scoped_text char *reply = town_send(&town, &mail);
    assert_true(strncmp(reply, "250", 3) == 0);
    assert_string_equal(reader_state(DORA), "unknown");
}

static void an_address_that_is_refused(void **state)
{
    static const struct {
        const char *name, *reply;
        int64_t wait_ms;
        bool taken;
        const char *state;
    } rows[] = {
        {"no such person",               "550 5.1.1 no such person",  0,       false, "accepted" },
        {"the same day",                 "550 5.1.1 no such person",  HOUR_MS, false, "accepted" },
        {"taken again",                  "250 2.0.0 ok",              DAY_MS,  true,  "accepted" },
        {"about the text",               "554 5.7.1 looks like spam", DAY_MS,  false, "accepted" },
        {"about the text, a day later",  "554 5.7.1 looks like spam", DAY_MS,  false, "accepted" },
        {"too large",                    "552 5.3.4 too large",       DAY_MS,  false, "accepted" },
        {"no such person, a first day",  "550 no mailbox here",       DAY_MS,  false, "accepted" },
        {"no such person, a second day", "550 5.2.1 closed",          DAY_MS,  false, "suspended"},
    };

    (void)state;
    free(reader_subscribes(DORA, "192.0.2.1"));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(delivery) delivery = {0};
        town_wait(&town, rows[i].wait_ms);
        alice_publishes("public@example.org", "", rows[i].name);
        assert_int_equal(mails_waiting(DORA, &delivery), 1);
        mail_ended(&delivery, rows[i].taken ? DELIVERED : DELIVERY_REFUSED, rows[i].reply);
        assert_int_equal(mails_waiting(DORA, NULL), 0);
        if (strcmp(reader_state(DORA), rows[i].state) != 0)
            fail_msg("%s: %s", rows[i].name, reader_state(DORA));
    }
    alice_publishes("public@example.org", "", "Nobody there?");
    assert_int_equal(mails_waiting(DORA, NULL), 0);
    free(reader_subscribes(DORA, "192.0.2.1")); /* who asks and says yes is back */
    assert_string_equal(reader_state(DORA), "accepted");
}

/* ---- copies that come back (facts: VERP) ---- */
/* A report to the sender of the newest copy; gives the reply. */
static char *comes_back(const char *to, const char *from, const char *id, const char *group)
{
    scoped_text char *text = must_print(
        "From: MAILER-DAEMON@read.example\nMessage-ID: <%s@read.example>\n"
        "Subject: Undelivered\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nSorry.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; read.example\n"
        "\n%s\n--b--\n",
        id, group);
    const struct town_mail mail = {
        .door = MAIL_DOOR_MX, .mail_from = from, .recipients = to, .text = slice_of(text)};

    return town_send(&town, &mail);
}

static char *copy_sender(void)
{
    scoped_value(delivery) delivery = {0};

    alice_publishes("public@example.org", "", "High at nine.");
    assert_int_equal(mails_waiting(DORA, &delivery), 1);
    mail_ended(&delivery, DELIVERED, "250 2.0.0 taken");
    return must_dup(delivery.mail_from);
}

#define FAILS(status, words)                                                                       \
    "Final-Recipient: rfc822; dora@read.example\nAction: failed\nStatus: " status                  \
    "\nDiagnostic-Code: smtp; " words "\n"

static void reports_suspend_a_reader(void **state)
{
    static const struct {
        const char *name, *group;
        int64_t wait_ms;
        const char *state;
    } rows[] = {
  /* clang-format off */
        {"delayed",        "Action: delayed\nStatus: 4.4.1\n",            0,       "accepted" },
        {"delivered",      "Action: delivered\nStatus: 2.0.0\n",          0,       "accepted" },
        {"no recipient",   "X: y\n",                                      0,       "accepted" },
        {"about the text", FAILS("5.7.1", "554 5.7.1 spam"),              DAY_MS,  "accepted" },
        {"nobody there",   FAILS("5.1.1", "550 5.1.1 nobody"),            DAY_MS,  "accepted" },
        {"the same day",   FAILS("5.1.1", "550 5.1.1 nobody"),            HOUR_MS, "accepted" },
        {"the next",       FAILS("5.0.0", "550 5.1.1 nobody, I say"),     DAY_MS,  "suspended"},
  /* clang-format on */
    };

    (void)state;
    free(reader_subscribes(DORA, "192.0.2.1"));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        town_wait(&town, rows[i].wait_ms);
        scoped_text char *to = copy_sender(); /* taken each time: that proves nothing */
        scoped_text char *id = must_print("report-%zu", i);
        scoped_text char *reply = comes_back(to, "", id, rows[i].group);
        if (strncmp(reply, "250", 3) != 0 || strcmp(reader_state(DORA), rows[i].state) != 0)
            fail_msg("%s: %s, %s", rows[i].name, reply, reader_state(DORA));
    }
    for (int i = 0; i < 2; i++) { /* told once */
        town_wait(&town, 2 * HOUR_MS);
        town_chores(&town, NULL);
        scoped_text char *told = mailbox_list(&town, town.alice, MAILBOX_INBOX);
        assert_string_equal(told, "dora@read.example gets your posts no more\n");
    }
    scoped_text char *mail = town_newest_mail(&town, town.alice, MAILBOX_INBOX);
    assert_non_null(strstr(mail, "dora@read.example: 550 5.1.1 nobody, I say\r\n"));
    free(reader_subscribes(DORA, "192.0.2.1"));
    assert_string_equal(reader_state(DORA), "accepted");
}

static void five_soft_reports_in_two_weeks(void **state)
{
    (void)state;
    free(reader_subscribes(DORA, "192.0.2.1"));
    for (int i = 0; i < 10; i++) {
        scoped_text char *to = copy_sender();
        scoped_text char *id = must_print("soft-%d", i);
        for (int again = 0; again < 2; again++) /* who did not hear our 250 says it again */
            free(comes_back(to, "", id, FAILS("5.2.2", "552 5.2.2 full")));
        assert_string_equal(reader_state(DORA), i < 9 ? "accepted" : "suspended");
        town_wait(&town, i == 4 ? 15 * DAY_MS : i < 4 ? 4 * DAY_MS : DAY_MS);
    }
}

static void what_is_no_report_says_nothing(void **state)
{
    static const struct {
        const char *name, *to, *from, *reply;
    } rows[] = {
        {"a forged word", "alice+bounces-0123456789abcdefghjk@example.org", "",                  "550 5.1.1"},
        {"a short one",   "alice+bounces-01234@example.org",                "",                  "550 5.1.1"},
        {"a sender",      NULL,                                             "dora@read.example", "550 5.7.1"},
        {"a report",      NULL,                                             "",                  "250 2.0.0"},
    };

    (void)state;
    free(reader_subscribes(DORA, "192.0.2.1"));
    scoped_text char *to = copy_sender();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *reply = comes_back(rows[i].to ? rows[i].to : to, rows[i].from, "r",
                                             FAILS("5.1.1", "550 5.1.1 nobody"));
        if (strncmp(reply, rows[i].reply, 9) != 0)
            fail_msg("%s: %s", rows[i].name, reply);
    }
    const struct town_mail holiday = {
        .door = MAIL_DOOR_MX,
        .mail_from = "",
        .recipients = to,
        .text = SLICE("From: dora@read.example\nAuto-Submitted: auto-replied\n\n550 5.1.1 gone\n")};
    for (int i = 0; i < 3; i++) {
        town_wait(&town, DAY_MS);
        scoped_text char *reply = town_send(&town, &holiday);
        assert_true(strncmp(reply, "250", 3) == 0);
    }
    assert_string_equal(reader_state(DORA), "accepted");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_LIST(who_gets_what),
        IN_LIST(a_copy),
        IN_LIST(a_copy_for_followers_is_secret),
        IN_LIST(what_is_no_longer_true_is_not_sent),
        IN_LIST(leaving),
        IN_LIST(leaving_by_mail),
        IN_LIST(an_address_that_is_refused),
        IN_LIST(reports_suspend_a_reader),
        IN_LIST(five_soft_reports_in_two_weeks),
        IN_LIST(what_is_no_report_says_nothing),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
