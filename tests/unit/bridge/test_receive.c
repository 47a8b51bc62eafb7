/* Mail as mail: into mailboxes here, and to elsewhere. */
#include "row.h"
#include "shared_town.h"

#include "bridge_people.h"

static void test_mail_from_outside(void **state)
{
    // clang-format off
    static const struct letter_row rows[] = {
        {.name = "a mail to Alice",
         .recipients = ALICE,
         .from = "Carol <carol@mail.example>",
         .mail_from = "carol@mail.example",
         .fields = "Subject: Friday\nReturn-Path: <old@mail.example>\n",
         .outside = true,
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: Friday\n"},
        {.name = "to two people here: one mail, two copies",
         .recipients = "alice+news@example.org, eve@example.org",
         .from = "carol@mail.example",
         .fields = "Subject: Saturday\n",
         .outside = true,
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: Saturday\neve in INBOX: Saturday\n"},
        {.name = "to nobody",
         .recipients = "nobody@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.1.1 There is no nobody@example.org here.",
         .effects = ""},
        {.name = "we are no relay",
         .recipients = "dave@mail.example",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 This server takes mail for its own people only.",
         .effects = ""},
        {.name = "in our people's name",
         .recipients = ALICE,
         .from = "eve@example.org",
         .outside = true,
         .reply = "550 5.7.1 Only example.org itself sends mail with this From address.",
         .effects = ""},
        {.name = "in one of our words' name",
         .recipients = ALICE,
         .from = "public@second.example",
         .outside = true,
         .reply = "550 5.7.1 Only second.example itself sends mail with this From address.",
         .effects = ""},
        {.name = "in two names, one of them ours",
         .recipients = ALICE,
         .from = "carol@mail.example, eve@example.org",
         .mail_from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 Only example.org itself sends mail with this From address.",
         .effects = ""},
        {.name = "the postmaster hears everybody",
         .recipients = "postmaster@example.org",
         .from = "eve@example.org",
         .mail_from = "",
         .fields = "Subject: Complaint\n",
         .outside = true,
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: Complaint\n"},
        {.name = "help for strangers is a person",
         .recipients = "help@example.org",
         .from = "carol@mail.example",
         .fields = "Subject: How?\n",
         .outside = true,
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: How?\n"},
        {.name = "help for us is a text",
         .recipients = "help@example.org",
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: How to post, answer and follow by mail\n"},
        {.name = "a loop by our own mark",
         .recipients = ALICE,
         .from = "carol@mail.example",
         .fields = "Subject: Round\nDelivered-To: alice@example.org\n",
         .outside = true,
         .reply = "554 5.4.6 This mail has been delivered to alice@example.org before: it runs in "
                  "a circle.",
         .effects = ""},
    };
    // clang-format on

    (void)state;
    run_rows(&town, rows, COUNT_OF(rows));
}

static void test_traces(void **state)
{
    static const struct letter_row row = {.name = "a mail",
                                          .recipients = ALICE,
                                          .from = "carol@mail.example",
                                          .fields = "Subject: x\nReturn-Path: <old@mail.example>\n"
                                                    "Received: by old.example\n",
                                          .outside = true,
                                          .reply = TAKEN,
                                          .effects = "mail\nalice in INBOX: x\n"};

    (void)state;
    assert_int_equal(run_row(&town, &row), 0);
    scoped_text char *mail = town_newest_mail(&town, town.alice, "INBOX");
    static const char begins[] = "Return-Path: <carol@mail.example>\r\n"
                                 "Delivered-To: alice@example.org\r\n"
                                 "Received: by example.org; Sun, 1 Mar 2026 12:00:00 +0000\r\n"
                                 "From: carol@mail.example\r\n";
    assert_memory_equal(mail, begins, sizeof begins - 1);
    assert_null(strstr(mail, "old@mail.example"));
    assert_non_null(strstr(mail, "Received: by old.example\r\n"));
}

#define SNARE(address)                                                                             \
    "550 5.7.1 Not taken: answers to this mail would go to " address                               \
    ", which is no mailbox. Take it out of Reply-To."

/* Alice presses Reply, and her private answer would be published, or her post deleted. */
static void test_snares(void **state)
{
    static const struct {
        const char *name, *field, *reply;
    } rows[] = {
        {"answers to everybody",       "Reply-To: Carol <Public@example.org>\n",
         SNARE("Public@example.org")                                                                                                    },
        {"followed up to followers",   "Mail-Followup-To: followers@example.org\n",
         SNARE("followers@example.org")                                                                                                 },
        {"answers delete a post",      "Reply-To: 9aaaaaaaaaa00+delete@example.org\n",
         SNARE("9aaaaaaaaaa00+delete@example.org")                                                                                      },
        {"a list that is everybody",   "List-Post: <mailto:unlisted@example.org>\n",
         SNARE("unlisted@example.org")                                                                                                  },
        {"leaving a list is deleting",
         "List-Unsubscribe: <https://x.example/>,\n "
         "<MAILTO:9aaaaaaaaaa00%2Bdelete@example.org?subject=x>\n",                            SNARE("9aaaaaaaaaa00+delete@example.org")},
        {"answers make her follow",    "Reply-To: bob=social.example+subscribe@example.org\n",
         SNARE("bob=social.example+subscribe@example.org")                                                                              },
        {"answers to somebody else",   "Reply-To: dan@mail.example\n",                         TAKEN                                    },
        {"answers to Alice herself",   "Reply-To: alice+list@example.org\n",                   TAKEN                                    },
        {"a list of elsewhere",        "List-Post: <mailto:public@lists.example>\n",           TAKEN                                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct letter_row row = {.name = rows[i].name,
                                       .recipients = ALICE,
                                       .from = "carol@mail.example",
                                       .fields = rows[i].field,
                                       .outside = true};
        scoped_text char *text = row_build(&row);
        scoped_text char *reply = row_send(&town, &row, text);
        scoped_text char *effects = town_effects(&town);
        if (strcmp(reply, rows[i].reply) != 0)
            fail_msg("%s: %s", rows[i].name, reply);
    }
}

/* An answer to a mail without a name, or with the name of a public post, would look like a post of its own. */
static void test_every_mail_has_a_name_of_its_own(void **state)
{
    static const char *const names[] = {
        "", "Message-ID: <bob-public@example.org>\n", "Message-ID: nothing\n",
        "Message-ID: <a@mail.example>\nMessage-Id: <b@mail.example>\n"};
    static const struct letter_row row = {
        .name = "a mail", .recipients = ALICE, .from = "carol@mail.example", .outside = true};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        scoped_text char *text = must_print(
            "From: carol@mail.example\nTo: alice@example.org\n%sSubject: x\n\nWords\n", names[i]);
        scoped_text char *reply = row_send(&town, &row, text);
        scoped_text char *effects = town_effects(&town);
        assert_string_equal(reply, TAKEN);
        scoped_text char *mail = town_newest_mail(&town, town.alice, "INBOX");
        const char *field = strstr(mail, "Message-ID: <");
        assert_non_null(field);
        assert_null(strstr(field + 1, "\nMessage-"));
        assert_null(strstr(mail, "bob-public"));
        const char *end = strstr(field, ">\r\n");
        assert_non_null(end);
        scoped_text char *fields =
            must_print("In-Reply-To: %.*s\n", (int)(end + 1 - field - 12), field + 12);
        const struct letter_row answer = {
            .name = "the answer, turned to everybody",
            .recipients = "public@example.org",
            .fields = fields,
            .text = "private words\n",
            .reply = "550 5.7.1 Not posted: this answers a mail that is not public. Start a new "
                     "mail to post it.",
            .effects = ""};
        assert_int_equal(run_row(&town, &answer), 0);
    }
}

static void test_neighbours_set_no_snares(void **state)
{
    static const struct letter_row rows[] = {
        {.name = "answers to everybody",
         .recipients = "eve@example.org",
         .fields = "Reply-To: public@example.org\n",
         .reply = SNARE("public@example.org"),
         .effects = ""                       },
        {.name = "the name of a public post",
         .recipients = "eve@example.org",
         .fields = "Subject: x\nMessage-ID: <bob-public@example.org>\n",
         .reply = TAKEN,
         .effects = "mail\neve in INBOX: x\n"},
    };
    static const struct letter_row outward = {
        .name = "the same to elsewhere",
        .recipients = "carol@mail.example",
        .fields = "Message-ID: <bob-public@example.org>\n",
    };

    (void)state;
    run_rows(&town, rows, COUNT_OF(rows));
    scoped_text char *mail = town_newest_mail(&town, town.eve, "INBOX");
    assert_null(strstr(mail, "bob-public"));
    assert_non_null(strstr(mail, "Message-ID: <"));
    scoped_text char *text = row_build(&outward);
    scoped_text char *reply = row_send(&town, &outward, text);
    scoped_text char *effects = town_effects(&town);
    scoped_text char *sent = town_newest_sending(&town);
    assert_string_equal(reply, TAKEN);
    const char *name = strstr(sent, "Message-ID: <");
    assert_non_null(name);
    assert_null(strstr(name + 1, "Message-ID: <"));
    assert_null(strstr(sent, "bob-public"));
}

static void test_fifty_servers(void **state)
{
    scoped_value(bytes) fields = {0};

    (void)state;
    bytes_add_text(&fields, "Subject: x\n");
    for (int i = 0; i < 50; i++)
        bytes_add_text(&fields, "Received: by relay.example\n");
    const struct letter_row row = {.name = "fifty servers",
                                   .recipients = ALICE,
                                   .from = "carol@mail.example",
                                   .fields = fields.at,
                                   .outside = true,
                                   .reply = "554 5.4.6 This mail has passed 50 servers: it runs in "
                                            "a circle.",
                                   .effects = ""};
    assert_int_equal(run_row(&town, &row), 0);
}

static void test_a_retry_is_filed_once(void **state)
{
    static const struct letter_row row = {.name = "a mail",
                                          .recipients = ALICE,
                                          .from = "carol@mail.example",
                                          .fields = "Subject: Once\n",
                                          .outside = true};
    scoped_text char *text = row_build(&row);

    (void)state;
    scoped_text char *first = row_send(&town, &row, text);
    scoped_text char *second = row_send(&town, &row, text);
    scoped_text char *effects = town_effects(&town);
    assert_string_equal(first, TAKEN);
    assert_string_equal(second, TAKEN);
    assert_string_equal(effects, "mail\nalice in INBOX: Once\n");
}

static void test_mail_to_elsewhere(void **state)
{
    static const struct letter_row row = {
        .name = "a mail to Carol",
        .recipients = "carol@mail.example, dave@far.example",
        .to = "carol@mail.example",
        .fields = "Subject: Friday\nBcc: dave@far.example,\n eve@example.org\n"
                  "User-Agent: Thunderbird\nX-Mailer: x\nX-Originating-IP: 192.0.2.1\n"
                  "Received: from laptop by home\n",
        .reply = TAKEN,
        .effects = "mail\ngoes to carol@mail.example\ngoes to dave@far.example\n"};

    (void)state;
    assert_int_equal(run_row(&town, &row), 0);
    scoped_text char *mail = town_newest_sending(&town);
    assert_null(strstr(mail, "dave"));
    assert_null(strstr(mail, "eve@"));
    assert_null(strstr(mail, "Thunderbird"));
    assert_null(strstr(mail, "192.0.2.1"));
    assert_null(strstr(mail, "laptop"));
    assert_non_null(strstr(mail, "\r\nDate: "));
    assert_non_null(strstr(mail, "Subject: Friday\r\n"));
}

static void test_mail_in_another_name(void **state)
{
    static const struct letter_row row = {
        .name = "a log-in in Eve's name",
        .from = "eve@example.org",
        .mail_from = ALICE,
        .recipients = "carol@mail.example",
        .reply = "550 5.7.1 Nothing was sent: your account does not own the From address "
                 "eve@example.org.",
        .effects = ""};

    (void)state;
    assert_int_equal(run_row(&town, &row), 0);
}

static void test_senders(void **state)
{
    static const struct {
        const char *name, *mail_from;
        enum verdict verdict;
    } rows[] = {
        {"one's own address",       ALICE,                    VERDICT_TAKEN      },
        {"in capitals",             "Alice@Example.org",      VERDICT_TAKEN      },
        {"with a detail",           "alice+news@example.org", VERDICT_TAKEN      },
        {"nobody",                  "",                       VERDICT_TAKEN      },
        {"somebody else",           "eve@example.org",        VERDICT_NOT_ALLOWED},
        {"the same name elsewhere", "alice@second.example",   VERDICT_NOT_ALLOWED},
        {"a stranger",              "carol@mail.example",     VERDICT_NOT_ALLOWED},
        {"a word",                  "public@example.org",     VERDICT_NOT_ALLOWED},
    };
    struct err err;

    (void)state;
    scoped(store_view) view = store_look(town.store, &err);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct answer answer;
        assert_true(bridge_sender(town.bridge, view, town.alice, slice_of(rows[i].mail_from),
                                  &answer, &err));
        if (answer.verdict != rows[i].verdict)
            fail_msg("%s: %s", rows[i].name, answer.words);
    }
}

static void test_full_mailbox(void **state)
{
    static const struct letter_row row = {.name = "a full mailbox",
                                          .recipients = ALICE,
                                          .from = "carol@mail.example",
                                          .outside = true,
                                          .reply = "452 4.2.2 The mailbox of alice@example.org is "
                                                   "full. Your server tries again by itself.",
                                          .effects = ""};
    static const struct letter_row later = {.name = "full for three days",
                                            .recipients = ALICE,
                                            .from = "carol@mail.example",
                                            .outside = true,
                                            .reply =
                                                "552 5.2.2 The mailbox of alice@example.org is "
                                                "full.",
                                            .effects = ""};

    static const struct letter_row office = {.name = "an office is never full",
                                             .recipients = "postmaster@example.org",
                                             .from = "dora@mail.example",
                                             .fields = "Subject: Your mailbox is full\n",
                                             .outside = true,
                                             .reply = TAKEN,
                                             .effects =
                                                 "mail\nalice in INBOX: Your mailbox is full\n"};

    (void)state;
    int64_t quota = town.config.quota;
    town.config.quota = 1000;
    assert_int_equal(run_row(&town, &row), 0);
    town_wait(&town, 4 * (int64_t)DAY_MS);
    assert_int_equal(run_row(&town, &later), 0);
    assert_int_equal(run_row(&town, &office), 0);
    town.config.quota = quota;
}

static void test_closed_account(void **state)
{
    static const struct letter_row row = {.name = "an account asleep",
                                          .recipients = "eve@example.org",
                                          .from = "carol@mail.example",
                                          .outside = true,
                                          .reply = "550 5.2.1 This address is closed.",
                                          .effects = ""};
    struct err err;

    (void)state;
    assert_true(bridge_account_remove(town.bridge, SLICE("eve@example.org"), &err));
    assert_int_equal(run_row(&town, &row), 0);
}

struct sendings {
    int64_t body_id;
    int count, others;
};

static bool note_sending(void *ctx, const struct delivery *delivery)
{
    struct sendings *it = ctx;

    if (!delivery->host || !strstr(delivery->host, "three.example"))
        return true;
    it->others += it->count > 0 && delivery->body_id != it->body_id;
    it->body_id = delivery->body_id;
    it->count++;
    return true;
}

static void test_one_text_for_all_elsewhere(void **state)
{
    static const struct letter_row row = {
        .name = "a mail to three, one of them twice",
        .recipients =
            "carol@three.example, dave@three.example, eli@a.three.example, carol@three.example",
        .fields = "Subject: Friday\n",
        .reply = TAKEN};
    struct sendings sendings = {0};
    struct err err = {0};

    (void)state;
    scoped_text char *text = row_build(&row);
    scoped_text char *reply = row_send(&town, &row, text);
    assert_string_equal(reply, TAKEN);
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(store_queue(view, 0, 100, note_sending, &sendings, &err));
    assert_int_equal(sendings.count, 3);
    assert_int_equal(sendings.others, 0);
    scoped_text char *sent = town_newest_sending(&town);
    assert_non_null(strstr(sent, "Subject: Friday"));
    scoped_text char *effects = town_effects(&town);
    assert_non_null(effects);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mail_from_outside),
        cmocka_unit_test(test_traces),
        cmocka_unit_test(test_snares),
        cmocka_unit_test(test_neighbours_set_no_snares),
        cmocka_unit_test(test_every_mail_has_a_name_of_its_own),
        cmocka_unit_test(test_fifty_servers),
        cmocka_unit_test(test_a_retry_is_filed_once),
        cmocka_unit_test(test_mail_to_elsewhere),
        cmocka_unit_test(test_one_text_for_all_elsewhere),
        cmocka_unit_test(test_mail_in_another_name),
        cmocka_unit_test(test_senders),
        cmocka_unit_test(test_full_mailbox),
        cmocka_unit_test(test_closed_account),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
