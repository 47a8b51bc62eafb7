/* APPEND of much, of too much, and of what comes too slowly; its grammar is in test_session.c. */
#include "fake.h"
#include "test.h"

#define LOGIN "a LOGIN alice@home.test secret\r\n"

/* Where a client does not wait for our word, all comes and nothing is kept; there is one answer, with its tag. */
static void what_is_too_much_is_dropped(void **state)
{
    static const struct {
        size_t octets;
        const char *answer;
    } appends[] = {
        {1047000, "b NO [OVERQUOTA]"},
        {2000000, "b NO [TOOBIG]"   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(appends); i++) {
        struct fake fake;
        scoped_value(bytes) text = {0};
        fake_begin(&fake, true, 3);
        fake_say(&fake, LOGIN "b APPEND INBOX {3+}\r\nabc");
        bytes_reset(&fake.out);
        bytes_print(&text, " {%zu+}\r\n", appends[i].octets);
        memset(bytes_reserve(&text, appends[i].octets), 'x', appends[i].octets);
        text.len += appends[i].octets;
        bytes_add_text(&text, " {3+}\r\nabc\r\nc NOOP\r\n");
        fake_feed(&fake, bytes_slice(&text));
        assert_true(slice_starts(bytes_slice(&fake.out), slice_of(appends[i].answer)));
        assert_true(slice_has(bytes_slice(&fake.out), "\r\nc OK"));
        assert_int_equal(fake.appended, 0);
        fake_end(&fake);
    }
}

/* Once it is known that they are not taken, and long before the last octet comes. */
static void what_is_refused_is_given_back_at_once(void **state)
{
    static const struct {
        const char *name, *kept, *said, *rest, *answer;
        bool disk_full;
    } rows[] = {
        {"the disk is full",          "b APPEND INBOX {3+}\r\nabc {14+}\r\n",  "1234567",                "1234567\r\n",
         "b NO [UNAVAILABLE]",                                                                                                   true },
        {"the mailbox is full",       "b APPEND INBOX {3+}\r\nabc",            " {1047000}\r\n",         "",
         "b NO [OVERQUOTA]",                                                                                                     false},
        {"it will come all the same", "b APPEND INBOX {3+}\r\nabc",            " {1047000+}\r\n1234567", "",
         "",                                                                                                                     false},
        {"too long",                  "b APPEND INBOX {3+}\r\nabc",            " {2000000+}\r\n1234567", "",                 "", false},
        {"cancelled",                 "b APPEND INBOX {3+}\r\nabc {2+}\r\nde", " {0+}\r\n",              " {3+}\r\nabc\r\n",
         "b NO Nothing was taken",                                                                                               false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;
        fake_begin(&fake, true, 3);
        fake_say(&fake, LOGIN);
        fake_say(&fake, rows[i].kept);
        assert_in_range(fake.bodies, 1, 2);
        fake.disk_full = rows[i].disk_full;
        bytes_reset(&fake.out);
        fake_say(&fake, rows[i].said);
        if (fake.bodies != 0)
            fail_msg("%s: %d are kept", rows[i].name, fake.bodies);
        fake_say(&fake, rows[i].rest);
        assert_true(slice_starts(bytes_slice(&fake.out), slice_of(rows[i].answer)));
        assert_int_equal(fake.bodies, 0);
        assert_int_equal(fake.appended, 0);
        fake_end(&fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_much_is_dropped),
        cmocka_unit_test(what_is_refused_is_given_back_at_once),
    };
    return cmocka_run_group_tests_name("imap append", tests, NULL, NULL);
}
