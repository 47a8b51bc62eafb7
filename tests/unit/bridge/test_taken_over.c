/* Mails taken over from elsewhere: once, within the quota, into mailboxes that are made. */
#include "test.h"

#include "bridge_mailbox.h"
#include "town.h"

static struct town town;

static int open_it(void **state)
{
    (void)state;
    town_open(&town);
    return 0;
}

static int close_it(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static bool take_over(const char *mailbox, const char *content, bool *out_new, struct err *err)
{
    const struct imported mail = {
        .account_id = town.eve, /* she has no key: what rests is read back */
        .mailbox = slice_of(mailbox),
        .content = slice_of(content),
        .date_ms = 1600000000000,
    };

    return bridge_import_mail(town.bridge, &mail, out_new, err);
}

static bool is_new(const char *mailbox, const char *content)
{
    struct err err = {0};
    bool out = false;

    assert_true(take_over(mailbox, content, &out, &err));
    return out;
}

static void each_mail_comes_once_to_each_mailbox(void **state)
{
    (void)state;
    assert_true(is_new("INBOX", "Subject: 1\r\n\r\nx\r\n"));
    assert_false(is_new("INBOX", "Subject: 1\r\n\r\nx\r\n"));
    assert_true(is_new("INBOX", "Subject: 2\r\n\r\nx\r\n"));
    assert_true(is_new("Archive/2020", "Subject: 1\r\n\r\nx\r\n"));
    scoped_text char *mail = town_newest_mail(&town, town.eve, "Archive/2020");
    assert_non_null(strstr(mail, "Subject: 1"));
    town_wait(&town, 31 * DAY_MS);
    assert_true(is_new("INBOX", "Subject: 1\r\n\r\nx\r\n"));
}

static void what_was_refused_can_come_again(void **state)
{
    struct err err = {0};
    bool out = false;
    int64_t quota = town.config.quota;

    (void)state;
    town.config.quota = 10;
    assert_false(take_over("Full", "Subject: 1\r\n\r\nx\r\n", &out, &err));
    assert_int_equal(err.kind, ERR_FULL);
    town.config.quota = quota;
    town.config.message_max = 10;
    assert_false(take_over("Full", "Subject: 1\r\n\r\nx\r\n", &out, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    town.config.message_max = quota;
    assert_true(is_new("Full", "Subject: 1\r\n\r\nx\r\n"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_mail_comes_once_to_each_mailbox, open_it, close_it),
        cmocka_unit_test_setup_teardown(what_was_refused_can_come_again, open_it, close_it),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
