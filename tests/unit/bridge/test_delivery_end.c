/* What comes of a delivery: again, given up, and what the author of a direct message is told. */
#include "ends.h"

#include <stdio.h>

/* A public post that is on its way to bob's server, or a direct message to bob. */
static void post(void)
{
    town_follow(&town, "bob", "alice");
    send_mail("public@example.org");
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
}

static void write_to_bob(void)
{
    send_mail("bob=social.example@example.org");
    town_chores(&town, NULL);
}

static struct host host_now(void)
{
    struct host host = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    if (store_host(view, SLICE("social.example"), &host, &err) != FOUND)
        return host;
    struct host facts = host;
    facts.name = NULL;
    host_clear(&host);
    return facts;
}

/* As queued(), if it is due. */
static struct delivery due_now(void)
{
    struct delivery delivery = queued();

    return delivery.due_ms <= town_now(&town) ? delivery : (struct delivery){0};
}

/* ---- again ---- */
static void the_steps_grow_to_days_and_end_after_a_week(void **state)
{
    static const int64_t minutes[] = {1,       5,       30,      2 * 60,  6 * 60,  12 * 60, 24 * 60,
                                      24 * 60, 24 * 60, 24 * 60, 24 * 60, 24 * 60, 24 * 60};

    (void)state;
    post();
    for (size_t i = 0; i < COUNT_OF(minutes); i++) {
        end(DELIVERY_LATER, "HTTP 503");
        struct delivery delivery = queued();
        assert_int_equal(delivery.tries, i + 1);
        assert_int_equal(delivery.due_ms - town_now(&town), minutes[i] * MINUTE_MS);
        town_wait(&town, minutes[i] * MINUTE_MS);
    }
    end(DELIVERY_LATER, "HTTP 503");
    assert_int_equal(queued().id, 0);
    town_chores(&town, NULL);
    check_mailbox("a post makes no mail", MAILBOX_INBOX, "");
}

static void retry_after_lengthens_and_never_shortens(void **state)
{
    (void)state;
    post();
    outcome = (struct delivery_outcome){
        .delivery_id = queued().id, .end = DELIVERY_LATER, .retry_after_s = 600};
    town_write(&town, record_end);
    assert_int_equal(queued().due_ms - town_now(&town), 10 * MINUTE_MS);
    outcome.retry_after_s = 1;
    town_write(&town, record_end);
    assert_int_equal(queued().due_ms - town_now(&town), 5 * MINUTE_MS);
    outcome.retry_after_s = INT64_MAX / SECOND_MS;
    town_write(&town, record_end);
    assert_int_equal(queued().due_ms - town_now(&town), DAY_MS);
}

static void the_host_is_remembered(void **state)
{
    (void)state;
    post();
    end(DELIVERY_LATER, "no answer");
    int64_t since_ms = town_now(&town);
    assert_int_equal(host_now().failing_since_ms, since_ms);
    town_wait(&town, HOUR_MS);
    end(DELIVERY_LATER, "no answer");
    assert_int_equal(host_now().failing_since_ms, since_ms);
    outcome = (struct delivery_outcome){
        .delivery_id = queued().id, .end = DELIVERED, .version = 1, .scheme_worked = 2};
    town_write(&town, record_end);
    assert_int_equal(host_now().failing_since_ms, 0);
    assert_int_equal(host_now().last_success_ms, town_now(&town));
    assert_int_equal(host_now().scheme, 2);
    assert_int_equal(queued().id, 0);
}

/* Silence, as the delivery client tells it. */
static void nobody_answers(void)
{
    outcome = (struct delivery_outcome){
        .delivery_id = queued().id, .end = DELIVERY_LATER, .silent = true};
    town_write(&town, record_end);
}

static void a_silent_host_delays_all_that_is_for_it(void **state)
{
    static const int64_t minutes[] = {1, 5, 30};

    (void)state;
    post();
    for (size_t i = 0; i < COUNT_OF(minutes); i++) {
        nobody_answers();
        int64_t next_ms = host_now().next_ms;
        assert_int_equal(host_now().silences, i + 1);
        assert_int_equal(next_ms - town_now(&town), minutes[i] * MINUTE_MS);
        assert_int_equal(queued().due_ms, next_ms);
        nobody_answers(); /* another, that asked at the same time */
        assert_int_equal(host_now().silences, i + 1);
        assert_int_equal(host_now().next_ms, next_ms);
        town_wait(&town, minutes[i] * MINUTE_MS);
    }
    int tries = queued().tries;
    outcome = (struct delivery_outcome){.delivery_id = queued().id,
                                        .end = DELIVERY_LATER,
                                        .untried = true,
                                        .put_off_ms = town_now(&town) + HOUR_MS};
    town_write(&town, record_end);
    assert_int_equal(queued().due_ms, town_now(&town) + HOUR_MS);
    assert_int_equal(queued().tries, tries);
    end(DELIVERY_LATER, "HTTP 503");
    assert_int_equal(host_now().silences, 0);
    assert_int_equal(host_now().next_ms, 0);
}

static void what_nobody_was_asked_says_nothing_of_the_host(void **state)
{
    (void)state;
    post();
    end(DELIVERY_LATER, "no answer");
    int64_t since_ms = town_now(&town);
    town_wait(&town, HOUR_MS);
    outcome = (struct delivery_outcome){
        .delivery_id = queued().id, .end = DELIVERED, .version = 1, .untried = true};
    town_write(&town, record_end);
    assert_int_equal(queued().id, 0);
    assert_int_equal(host_now().failing_since_ms, since_ms);
    assert_int_equal(host_now().last_success_ms, 0);
}

static void a_dead_host_gets_one_try_until_it_speaks(void **state)
{
    const struct said like = {ACTIVITY_LIKE, "bob", .id = "https://social.example/l/1",
                              .object = "https://social.example/posts/alice-public@example.org"};

    (void)state;
    post();
    end(DELIVERY_LATER, "no answer");
    town_wait(&town, 8 * DAY_MS);
    end(DELIVERY_LATER, "no answer");
    assert_int_equal(queued().id, 0);
    town_follow(&town, "alice", "bob"); /* something new for that host */
    write_to_bob();
    visitor_says(&town, &like);
    assert_int_equal(host_now().failing_since_ms, 0);
    end(DELIVERY_LATER, "no answer");
    assert_int_equal(queued().tries, 1);
}

/* ---- for good ---- */
static void a_refused_post_is_dropped_in_silence(void **state)
{
    (void)state;
    post();
    end(DELIVERY_REFUSED, "HTTP 403");
    assert_int_equal(queued().id, 0);
    town_chores(&town, NULL);
    check_mailbox("refused", MAILBOX_INBOX, "");
}

static void a_confirmed_gone_takes_the_follower(void **state)
{
    const struct said follow = {ACTIVITY_FOLLOW, "bob", .id = "https://social.example/f/1",
                                .object = "https://example.org/users/alice"};
    scoped_value(follow) row = {0};
    struct err err = {0};

    (void)state;
    visitor_says(&town, &follow);
    end(DELIVERY_GONE, "HTTP 410");
    assert_int_equal(queued().id, 0);
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(store_follow(view, town.bob, town.alice_person, &row, &err), FOUND);
    assert_int_equal(row.state, FOLLOW_LEFT);
}

static void what_was_dropped_meanwhile_is_no_fault(void **state)
{
    (void)state;
    outcome = (struct delivery_outcome){.delivery_id = 4711, .end = DELIVERED, .version = 1};
    town_write(&town, record_end);
}

/* ---- telling the author ---- */
static void a_direct_message_not_yet_there_is_told_once_after_a_day(void **state)
{
    (void)state;
    write_to_bob();
    end(DELIVERY_LATER, "no answer");
    town_wait(&town, DAY_MS - 1);
    town_chores(&town, NULL);
    check_mailbox("within the day", MAILBOX_INBOX, "");
    town_wait(&town, HOUR_MS);
    town_chores(&town, NULL);
    town_wait(&town, DAY_MS);
    town_chores(&town, NULL);
    check_mailbox("after it", MAILBOX_INBOX, "Bob has not got your message yet\n");
    scoped_text char *mail = mailbox_newest(&town, town.alice, MAILBOX_INBOX);
    assert_non_null(strstr(mail, "From: \"Mail delivery\" <MAILER-DAEMON@example.org>\n"));
    assert_non_null(strstr(mail, "\nIn-Reply-To: <tide@here>\n"));
    assert_non_null(strstr(mail, "\nAuto-Submitted: auto-replied\n"));
    assert_non_null(strstr(mail, "\n\nsocial.example has not taken it since Sun, 01 Mar 2026 "
                                 "12:00:00 UTC. I keep trying until Sun, 08 Mar 2026 12:00:00 UTC "
                                 "and tell you the result. Nothing to do.\n\n"
                                 "The last answer was: no answer\n"));
    assert_int_not_equal(queued().id, 0);
}

static void a_direct_message_given_up_is_told_and_dropped(void **state)
{
    static const struct {
        const char *name;
        enum delivery_end end;
        int64_t wait_ms;
    } rows[] = {
        {"refused",             DELIVERY_REFUSED, 0         },
        {"nobody of that name", DELIVERY_NOBODY,  0         },
        {"after a week",        DELIVERY_LATER,   7 * DAY_MS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        visitors_open(&town);
        write_to_bob();
        town_wait(&town, rows[i].wait_ms);
        end(rows[i].end, "HTTP 403 no");
        town_chores(&town, NULL);
        check_mailbox(rows[i].name, MAILBOX_INBOX, "Bob did not get your message\n");
        assert_int_equal(queued().id, 0);
        town_chores(&town, NULL);
        check_mailbox(rows[i].name, MAILBOX_INBOX, "Bob did not get your message\n");
        town_close(&town);
    }
}

/* ---- an edit that is not taken ---- */
static int64_t said_id;

static bool edit(struct town *it, struct store_tx *tx, struct err *err)
{
    return store_want_version(tx, SUBJECT_MESSAGE, said_id, 2, town_now(it), err);
}

static bool take_back(struct town *it, struct store_tx *tx, struct err *err)
{
    return store_want_withdrawn(tx, SUBJECT_MESSAGE, said_id, town_now(it), err);
}

/* They have what was there before: it is theirs to forget when it is taken back. */
static void who_refuses_an_edit_hears_of_the_delete(void **state)
{
    static const struct {
        const char *name;
        void (*write)(void);
        enum delivery_end end;
        int64_t wait_ms;
        bool told_first;
        const char *told;
    } rows[] = {
  /* clang-format off */
        {"of a direct message",           write_to_bob, DELIVERY_REFUSED, 0,          true,  "Bob did not get your message\n"},
        {"before its author hears of it", write_to_bob, DELIVERY_REFUSED, 0,          false, ""},
        {"by silence for a week",         write_to_bob, DELIVERY_LATER,   7 * DAY_MS, true,  "Bob did not get your message\n"},
        {"of a post",                     post,         DELIVERY_REFUSED, 0,          true,  ""},
        {"of a post, by silence",         post,         DELIVERY_LATER,   7 * DAY_MS, true,  ""},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        visitors_open(&town);
        rows[i].write();
        scoped_value(message) said = {0};
        town_newest(&town, &said);
        said_id = said.id;
        end(DELIVERED, "");
        town_write(&town, edit);
        town_wait(&town, rows[i].wait_ms);
        end(rows[i].end, "HTTP 403 no");
        if (rows[i].told_first)
            town_chores(&town, NULL);
        assert_int_equal(due_now().id, 0);
        check_mailbox(rows[i].name, MAILBOX_INBOX, rows[i].told);
        town_write(&town, take_back);
        struct delivery due = due_now();
        if (!due.id || !due.withdrawn)
            fail_msg("%s: nobody says the Delete", rows[i].name);
        end(DELIVERED, "");
        if (queued().id)
            fail_msg("%s: it is said again", rows[i].name);
        town_close(&town);
    }
}

static void a_mail_given_up_is_told_and_dropped(void **state)
{
    static const struct {
        const char *name;
        enum delivery_end end;
        int64_t wait_ms;
        const char *reply, *status;
    } rows[] = {
        {"refused",                        DELIVERY_REFUSED, 0,          "550 5.1.1 No such user",
         "\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 No such user\n"},
        {"refused without a status",       DELIVERY_REFUSED, 0,          "554 go away",
         "\nStatus: 5.0.0\nDiagnostic-Code: smtp; 554 go away\n"           },
        {"refused with what is no status", DELIVERY_REFUSED, 0,          "550 5.1.example No",
         "\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.example No\n"    },
        {"after five days",                DELIVERY_LATER,   5 * DAY_MS, "450 4.2.0 busy",
         "\nStatus: 5.4.7\nDiagnostic-Code: smtp; 450 4.2.0 busy\n"        },
        {"after five days of silence",     DELIVERY_LATER,   5 * DAY_MS, "no connection to their server",
         "\nStatus: 5.4.7\n"                                               },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *name = rows[i].name;
        scoped_text char *to = must_print("carol%d@mail.example", (int)i);
        scoped_text char *subject = must_print("\nSubject: %s did not get your message\n", to);
        scoped_text char *whom =
            must_print("\n\nFinal-Recipient: rfc822; %s\nAction: failed\n", to);
        send_mail(to);
        town_wait(&town, rows[i].wait_ms);
        end(rows[i].end, rows[i].reply);
        town_chores(&town, NULL);
        scoped_text char *mail = town_newest_mail(&town, town.alice, MAILBOX_INBOX);
        scoped_text char *text = without_cr(mail);
        check_has(name, text, "Return-Path: <>\n");
        check_has(name, text, "\nFrom: \"Mail delivery\" <MAILER-DAEMON@example.org>\n");
        check_has(name, text, subject);
        check_has(name, text, "multipart/report; report-type=delivery-status;");
        check_has(name, text, rows[i].reply);
        check_has(name, text, "\nReporting-MTA: dns; ");
        check_has(name, text, whom);
        check_has(name, text, rows[i].status);
        check_has(name, text, "\nSubject: Tide\n");
        assert_null(strstr(text, "Hello"));
        assert_int_equal(queued().id, 0);
    }
}

static void a_mail_not_yet_there_is_told_once_after_a_day(void **state)
{
    (void)state;
    send_mail("jürgen+x@mail.example");
    end(DELIVERY_LATER, "450 4.7.1 greylisted");
    town_wait(&town, DAY_MS - 1);
    town_chores(&town, NULL);
    check_mailbox("within the day", MAILBOX_INBOX, "");
    for (int i = 0; i < 2; i++) {
        town_wait(&town, HOUR_MS);
        town_chores(&town, NULL);
    }
    check_mailbox("after it", MAILBOX_INBOX,
                  "jürgen+x@mail.example has not got your message yet\n");
    scoped_text char *mail = town_newest_mail(&town, town.alice, MAILBOX_INBOX);
    scoped_text char *text = without_cr(mail);
    check_has("delayed", text, "\nFinal-Recipient: utf-8; j\\x{FC}rgen\\x{2B}x@mail.example\n");
    check_has("delayed", text, "\nAction: delayed\nStatus: 4.7.1\n");
    check_has("delayed", text, "\nWill-Retry-Until: Fri, 06 Mar 2026 12:00:00 +0000\n");
}

/* A mail of our own, as a list copy or a question is: null sender, or a text written when it goes. */
static const char *own_sender;

static bool want_own_mail(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};
    char from[64], to[] = "carol@mail.example", host[] = "mail.example";

    snprintf(from, sizeof from, "%s", own_sender);
    if (store_message_by_message_id(store_tx_view(tx), SLICE("tide@here"), &message, err) != FOUND)
        return false;
    const struct delivery delivery = {
        .subject = SUBJECT_MESSAGE,
        .subject_id = message.id,
        .account_id = it->alice,
        .target = TARGET_MAIL,
        .person_id = it->carol,
        .host = host,
        .wanted = 1,
        .mail_from = from,
        .rcpt_to = to,
    };
    return store_want_delivery(tx, &delivery, err);
}

static void a_mail_of_our_own_is_dropped_in_silence(void **state)
{
    static const char *const senders[] = {"", "alice+bounces-0123456789abcdefghij@example.org"};

    (void)state;
    send_mail("eve@example.org");
    for (size_t i = 0; i < COUNT_OF(senders); i++) {
        own_sender = senders[i];
        town_write(&town, want_own_mail);
        town_wait(&town, 2 * DAY_MS);
        town_chores(&town, NULL);
        check_mailbox(senders[i], MAILBOX_INBOX, "");
        end(DELIVERY_REFUSED, "550 5.1.1 No such user");
        town_chores(&town, NULL);
        check_mailbox(senders[i], MAILBOX_INBOX, "");
        assert_int_equal(queued().id, 0);
    }
}

static void a_server_of_mail_is_not_the_host_of_inboxes(void **state)
{
    (void)state;
    send_mail("carol@social.example");
    end(DELIVERY_LATER, "450 4.2.0 busy");
    assert_int_equal(host_now().failing_since_ms, 0);
}

static void a_crash_before_the_author_was_told_loses_nothing(void **state)
{
    (void)state;
    write_to_bob();
    end(DELIVERY_REFUSED, "HTTP 403");
    town_reopen(&town);
    town_chores(&town, NULL);
    check_mailbox("after the crash", MAILBOX_INBOX, "Bob did not get your message\n");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(the_steps_grow_to_days_and_end_after_a_week),
        IN_TOWN(retry_after_lengthens_and_never_shortens),
        IN_TOWN(the_host_is_remembered),
        IN_TOWN(what_nobody_was_asked_says_nothing_of_the_host),
        IN_TOWN(a_silent_host_delays_all_that_is_for_it),
        IN_TOWN(a_dead_host_gets_one_try_until_it_speaks),
        IN_TOWN(a_refused_post_is_dropped_in_silence),
        IN_TOWN(a_confirmed_gone_takes_the_follower),
        IN_TOWN(what_was_dropped_meanwhile_is_no_fault),
        IN_TOWN(a_direct_message_not_yet_there_is_told_once_after_a_day),
        cmocka_unit_test(a_direct_message_given_up_is_told_and_dropped),
        cmocka_unit_test(who_refuses_an_edit_hears_of_the_delete),
        IN_TOWN(a_mail_given_up_is_told_and_dropped),
        IN_TOWN(a_mail_not_yet_there_is_told_once_after_a_day),
        IN_TOWN(a_mail_of_our_own_is_dropped_in_silence),
        IN_TOWN(a_server_of_mail_is_not_the_host_of_inboxes),
        IN_TOWN(a_crash_before_the_author_was_told_loses_nothing),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
