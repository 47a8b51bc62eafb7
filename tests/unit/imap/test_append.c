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

static void feed_octets(struct fake *fake, size_t octets)
{
    scoped_value(bytes) text = {0};

    memset(bytes_reserve(&text, octets), 'x', octets);
    text.len = octets;
    fake_feed(fake, bytes_slice(&text));
}

static void begin(struct fake *fake, const char *said)
{
    fake_begin(fake, true, 3);
    fake_say(fake, LOGIN);
    fake_say(fake, said);
    assert_false(fake->over);
}

static void expect_end(struct fake *fake)
{
    assert_true(fake->over);
    assert_true(slice_ends(bytes_slice(&fake->out),
                           SLICE("* BYE This message comes too slowly. Please send it again\r\n")));
    assert_int_equal(fake->appended, 0);
    fake_end(fake);
}

/* However much came at once before, and in however many messages. */
static void a_message_that_drips_is_ended(void **state)
{
    static const struct {
        const char *begins, *drop;
        size_t octets;
    } slow[] = {
        {"b APPEND INBOX {1000000}\r\n", "x",          0     },
        {"b APPEND INBOX {1000000}\r\n", "x",          900000},
        {"b APPEND INBOX {1000000}\r\n", "",           900000},
        {"b APPEND INBOX {3+}\r\nabc",   " {1+}\r\nx", 0     },
        {"b APPEND INBOX {3+}\r\nabc (", "a",          0     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(slow); i++) {
        struct fake fake;
        begin(&fake, slow[i].begins);
        feed_octets(&fake, slow[i].octets);
        int64_t behind_ms = fake.timer.now_ms;
        for (int drops = 0; !fake.over && drops < 400; drops++) {
            fake_say(&fake, slow[i].drop);
            fake_pass(&fake, 5 * SECOND_MS);
        }
        assert_in_range(fake.timer.now_ms - behind_ms, 31 * MINUTE_MS, 32 * MINUTE_MS);
        expect_end(&fake);
    }
}

static void a_message_has_two_hours(void **state)
{
    struct fake fake;
    int minutes = 0;

    (void)state;
    begin(&fake, "b APPEND INBOX {1048000+}\r\n");
    for (; !fake.over && minutes < 200; minutes++) {
        feed_octets(&fake, 8000);
        fake_pass(&fake, MINUTE_MS);
    }
    assert_int_equal(minutes, 120);
    expect_end(&fake);
}

/* And the session has all its patience again behind it. */
static void a_message_that_pauses_is_taken(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, "b APPEND INBOX {756000+}\r\n");
    fake.errands_take_ms = 5 * MINUTE_MS; /* our disk, not the client */
    for (int pause = 0; pause < 3; pause++) {
        feed_octets(&fake, 252000);
        fake_pass(&fake, 30 * MINUTE_MS);
        assert_false(fake.over);
    }
    fake_say(&fake, "\r\n");
    assert_true(
        slice_ends(bytes_slice(&fake.out), SLICE("b OK [APPENDUID 8 100] It is there\r\n")));
    assert_int_equal(fake.wake_at_ms - fake.timer.now_ms, 31 * MINUTE_MS);
    fake_end(&fake);
}

/* RFC 9051 5.4: who is logged in may be silent for half an hour, wherever it stopped. */
static void a_pause_is_taken_anywhere(void **state)
{
    static const char *const said[] = {
        "b APPEND INBOX {6}\r\n", "abc", "def", " {3}\r\n", "ghi", "\r\n"};

    (void)state;
    for (size_t pause = 0; pause + 1 < COUNT_OF(said); pause++) {
        struct fake fake;

        begin(&fake, "");
        for (size_t i = 0; i < COUNT_OF(said); i++) {
            fake_say(&fake, said[i]);
            if (i == pause)
                fake_pass(&fake, 30 * MINUTE_MS);
        }
        assert_false(fake.over);
        assert_int_equal(fake.appended, 2);
        fake_end(&fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_much_is_dropped),
        cmocka_unit_test(what_is_refused_is_given_back_at_once),
        cmocka_unit_test(a_message_that_drips_is_ended),
        cmocka_unit_test(a_message_has_two_hours),
        cmocka_unit_test(a_message_that_pauses_is_taken),
        cmocka_unit_test(a_pause_is_taken_anywhere),
    };
    return cmocka_run_group_tests_name("imap append", tests, NULL, NULL);
}
