/* What comes of mail: what its author asked to hear, and how its hosts fare. */
#include "ends.h"

#include <glob.h>
#include <unistd.h>

/* ---- what its author asked (RFC 3461) ---- */
static void wish_for(unsigned notify, enum dsn_return ret)
{
    static char envid[] = "Q+2B1", orcpt[] = "rfc822;Carol+2Bx@mail.example";

    wish = (struct recipient_terms){.notify = notify, .orcpt = notify ? orcpt : NULL};
    terms = (struct mail_terms){.dsn_return = ret, .envid = notify ? envid : NULL};
}

static void an_author_hears_what_they_asked_to_hear(void **state)
{
    static const struct {
        const char *name;
        unsigned notify;
        enum delivery_end end;
        bool unreporting;
        const char *subject;
    } rows[] = {
        {"nothing asked, refused",  0,                                       DELIVERY_REFUSED, true,
         "carol@mail.example did not get your message\n"                                                },
        {"failure asked, refused",  DSN_NOTIFY_FAILURE,                      DELIVERY_REFUSED, true,
         "carol@mail.example did not get your message\n"                                                },
        {"never",                   DSN_NOTIFY_NEVER,                        DELIVERY_REFUSED, true,  ""},
        {"success alone, refused",  DSN_NOTIFY_SUCCESS,                      DELIVERY_REFUSED, true,  ""},
        {"nothing asked, taken",    0,                                       DELIVERED,        true,  ""},
        {"success, they report",    DSN_NOTIFY_SUCCESS,                      DELIVERED,        false, ""},
        {"success, nobody reports", DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE, DELIVERED,        true,
         "Their server took your message to carol@mail.example\n"                                       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        visitors_open(&town);
        wish_for(rows[i].notify, DSN_RETURN_UNSAID);
        send_mail("carol@mail.example");
        outcome = (struct delivery_outcome){.delivery_id = queued().id,
                                            .end = rows[i].end,
                                            .version = 1,
                                            .unreporting = rows[i].unreporting,
                                            .reply = "250 2.0.0 taken"};
        if (rows[i].end != DELIVERED)
            strcpy(outcome.reply, "550 5.1.1 nobody");
        town_write(&town, record_end);
        town_write(&town, record_end); /* heard twice */
        town_chores(&town, NULL);
        check_mailbox(rows[i].name, MAILBOX_INBOX, rows[i].subject);
        assert_int_equal(queued().id, 0);
        town_close(&town);
    }
    wish_for(0, DSN_RETURN_UNSAID);
}

static void a_report_names_what_was_asked(void **state)
{
    (void)state;
    wish_for(DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE, DSN_RETURN_FULL);
    send_mail("carol@mail.example");
    end(DELIVERY_REFUSED, "550 5.1.1 nobody");
    town_chores(&town, NULL);
    scoped_text char *failed = town_newest_mail(&town, town.alice, MAILBOX_INBOX);
    scoped_text char *text = without_cr(failed);
    check_has("failed", text, "\nOriginal-Envelope-Id: Q+1\nReporting-MTA: dns; ");
    check_has("failed", text,
              "\nOriginal-Recipient: rfc822; Carol+x@mail.example\n"
              "Final-Recipient: rfc822; carol@mail.example\nAction: failed\n");
    check_has("failed", text, "\nContent-Type: message/rfc822\n");
    check_has("failed", text, "\n\nHello\n");
    send_mail("dora@mail.example");
    outcome = (struct delivery_outcome){.delivery_id = queued().id,
                                        .end = DELIVERED,
                                        .version = 1,
                                        .unreporting = true,
                                        .reply = "250 2.6.0 kept"};
    town_write(&town, record_end);
    town_chores(&town, NULL);
    scoped_text char *relayed = town_newest_mail(&town, town.alice, MAILBOX_INBOX);
    check_has("relayed", relayed, "\r\nAction: relayed\r\nStatus: 2.6.0\r\n");
    assert_null(strstr(relayed, "\r\n\r\nHello\r\n"));
    send_mail("eve@example.org");
    scoped_text char *delivered = town_newest_mail(&town, town.alice, MAILBOX_INBOX);
    check_has("delivered", delivered,
              "\r\nFinal-Recipient: rfc822; eve@example.org\r\n"
              "Action: delivered\r\nStatus: 2.0.0\r\n");
    wish_for(0, DSN_RETURN_UNSAID);
}

static void one_gets_ones_own_mail_and_its_report(void **state)
{
    (void)state;
    wish_for(DSN_NOTIFY_SUCCESS, DSN_RETURN_UNSAID);
    send_mail("alice@example.org");
    check_mailbox("to oneself", MAILBOX_INBOX,
                  "Tide\nYour message to alice@example.org has arrived\n");
    wish_for(0, DSN_RETURN_UNSAID);
}

static void no_delay_is_told_to_who_asked_for_failure_alone(void **state)
{
    (void)state;
    wish_for(DSN_NOTIFY_FAILURE, DSN_RETURN_UNSAID);
    send_mail("carol@mail.example");
    wish_for(0, DSN_RETURN_UNSAID);
    town_wait(&town, 2 * DAY_MS);
    town_chores(&town, NULL);
    check_mailbox("delayed", MAILBOX_INBOX, "");
}

/* ---- hosts of mail ---- */
static void near(int64_t ms, int64_t expected_ms)
{
    int64_t wait_ms = ms - town_now(&town);

    if (wait_ms < expected_ms * 4 / 5 || wait_ms > expected_ms * 6 / 5)
        fail_msg("%lld ms, not about %lld", (long long)wait_ms, (long long)expected_ms);
}

static int64_t host_rests_until(void)
{
    struct mail_host host = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    return store_mail_host(view, "mail.example", &host, &err) == FOUND ? host.next_ms : 0;
}

static void mail_waits_longer_each_time(void **state)
{
    static const int64_t minutes[] = {5, 10, 20, 40, 80, 120, 120};

    (void)state;
    send_mail("carol@mail.example");
    for (size_t i = 0; i < COUNT_OF(minutes); i++) {
        end(DELIVERY_LATER, "450 4.2.0 busy");
        near(queued().due_ms, minutes[i] * MINUTE_MS);
        assert_int_equal(host_rests_until(), 0);
    }
}

static void a_host_that_is_silent_delays_all_its_mail(void **state)
{
    (void)state;
    send_mail("carol@mail.example");
    outcome = (struct delivery_outcome){.delivery_id = queued().id,
                                        .end = DELIVERY_LATER,
                                        .reply = "no connection",
                                        .mail_host = HOST_FAILED};
    town_write(&town, record_end);
    int64_t rests_until_ms = host_rests_until();
    near(rests_until_ms, 5 * MINUTE_MS);
    assert_int_equal(queued().due_ms, rests_until_ms);
    town_write(&town, record_end); /* another who tried at the same time */
    assert_int_equal(host_rests_until(), rests_until_ms);
    town_wait(&town, rests_until_ms - town_now(&town));
    town_write(&town, record_end);
    near(host_rests_until(), 10 * MINUTE_MS);
    outcome.mail_host = HOST_SPOKE;
    town_write(&town, record_end);
    assert_int_equal(host_rests_until(), 0);
}

/* Its host rested all the time, so nobody tried. */
static void what_was_never_tried_has_its_end_too(void **state)
{
    (void)state;
    send_mail("carol@mail.example");
    town_wait(&town, 5 * DAY_MS);
    town_chores(&town, NULL);
    town_chores(&town, NULL);
    check_mailbox("after five days", MAILBOX_INBOX,
                  "carol@mail.example did not get your message\n");
    assert_int_equal(queued().id, 0);
}

/* ---- what cannot be told ---- */
static void send_large(const char *to)
{
    scoped_value(bytes) text = {0};

    bytes_print(&text,
                "From: alice@example.org\nTo: %s\nSubject: Tide\nMessage-ID: <large@here>\n\n", to);
    for (int i = 0; i < 2000; i++)
        bytes_add_text(&text, "A mail of so many lines lies in a file of its own.\n");
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = "alice@example.org",
                                   .mail_from = "alice@example.org",
                                   .recipients = to,
                                   .text = bytes_slice(&text)};
    scoped_text char *reply = town_send(&town, &mail);
    assert_string_equal(reply, "250 2.0.0 Taken");
}

static void lose_files(void)
{
    scoped_text char *pattern = must_print("%s/bodies/*/*", town.path);
    glob_t found;

    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        assert_int_equal(unlink(found.gl_pathv[i]), 0);
    globfree(&found);
}

static bool refuse_all(struct town *it, struct store_tx *tx, struct err *err)
{
    for (outcome.delivery_id = 1; outcome.delivery_id <= 2; outcome.delivery_id++)
        if (!bridge_delivery_ended(it->bridge, tx, &outcome, err))
            return false;
    return true;
}

static void one_whose_text_is_lost_keeps_no_other_waiting(void **state)
{
    (void)state;
    send_large("carol@mail.example");
    send_mail("dora@mail.example");
    outcome = (struct delivery_outcome){
        .end = DELIVERY_REFUSED, .version = 1, .reply = "550 5.1.1 No such user"};
    town_write(&town, refuse_all);
    lose_files();
    town_chores(&town, NULL);
    check_mailbox("told", MAILBOX_INBOX, "dora@mail.example did not get your message\n");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_author_hears_what_they_asked_to_hear),
        IN_TOWN(one_whose_text_is_lost_keeps_no_other_waiting),
        IN_TOWN(a_report_names_what_was_asked),
        IN_TOWN(one_gets_ones_own_mail_and_its_report),
        IN_TOWN(no_delay_is_told_to_who_asked_for_failure_alone),
        IN_TOWN(mail_waits_longer_each_time),
        IN_TOWN(a_host_that_is_silent_delays_all_its_mail),
        IN_TOWN(what_was_never_tried_has_its_end_too),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
