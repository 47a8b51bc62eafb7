/* How long a peer may take, and how much it may ask for: on a clock that the test moves. */
#include "test.h"

#include "clock.h"
#include "fake.h"
#include "memory.h"

#define TO_HOME "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|RCPT TO:<alice@home.test>\r\n|"
#define FROM_ALICE "MAIL FROM:<alice@home.test>\r\n|RCPT TO:<b@home.test>\r\n|"
#define LOGIN "EHLO a\r\n|AUTH PLAIN AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n|"

static void begin(struct fake *fake, const char *said)
{
    fake_begin(fake, "smtp", false);
    fake_say(fake, said);
    assert_false(fake->over);
}

static void expect_end(struct fake *fake, const char *last)
{
    if (!fake->over || strncmp(fake_last_line(fake), last, strlen(last)) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", fake->over ? "over" : "not over", fake_last_line(fake),
                 last);
    fake_end(fake);
}

static void silence_ends_after_five_minutes(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, "EHLO a\r\n");
    fake_pass(&fake, 299 * SECOND_MS);
    assert_false(fake.over);
    fake_pass(&fake, SECOND_MS);
    expect_end(&fake, "421 4.4.2 No whole command came for too long");
}

static void dribbling_bytes_gains_nothing(void **state)
{
    static const struct {
        const char *service, *before, *byte;
    } rows[] = {
        {"smtp",        "",                          "E"},
        {"smtp",        "EHLO a\r\n",                "N"},
        {"smtp",        TO_HOME,                     "R"},
        {"smtp",        TO_HOME "BDAT 1\r\nx",       "B"},
        {"submissions", "EHLO a\r\n|AUTH PLAIN\r\n", "A"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;
        fake_begin(&fake, rows[i].service, false);
        fake_say(&fake, rows[i].before);
        for (int byte = 0; byte < 60; byte++) {
            assert_false(fake.over);
            fake_say(&fake, rows[i].byte);
            fake_pass(&fake, 5 * SECOND_MS);
        }
        expect_end(&fake, "421 4.4.2 No whole command came for too long");
    }
}

static void each_whole_command_has_its_own_time(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, TO_HOME);
    fake_pass(&fake, 290 * SECOND_MS);
    fake_say(&fake, "RCPT TO:<b@home.test>\r\n");
    fake_pass(&fake, 290 * SECOND_MS);
    assert_false(fake.over);
    fake_end(&fake);
}

static void in_a_crowd_who_does_nothing_goes_soon(void **state)
{
    static const struct {
        const char *service, *said;
        int64_t seconds;
    } rows[] = {
        {"smtp",        "EHLO a\r\n|NOOP\r\n",               10 },
        {"smtp",        TO_HOME "RCPT TO:<b@home.test>\r\n", 60 },
        {"smtp",        TO_HOME "DATA\r\n|half a ",          30 },
        {"submissions", LOGIN "NOOP\r\n",                    300},
        {"submissions", LOGIN FROM_ALICE "DATA\r\n|half a ", 300},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;
        fake_begin(&fake, rows[i].service, false);
        fake.crowded = true;
        fake_say(&fake, rows[i].said);
        assert_int_equal(fake.wake_at_ms - fake.timer.now_ms, rows[i].seconds * SECOND_MS);
        fake_end(&fake);
    }
}

static void who_is_logged_in_is_at_home(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "submissions", false);
    fake_say(&fake, "EHLO a\r\n");
    assert_false(fake.at_home);
    fake_say(&fake, LOGIN);
    assert_true(fake.at_home);
    fake_end(&fake);
}

static void a_text_must_come(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, TO_HOME "DATA\r\n|half a ma");
    fake_pass(&fake, 300 * SECOND_MS);
    expect_end(&fake, "421 4.4.2 This mail comes too slowly");
    begin(&fake, TO_HOME "BDAT 1000\r\nhalf a ma");
    fake_pass(&fake, 300 * SECOND_MS);
    expect_end(&fake, "421 4.4.2 This mail comes too slowly");
    begin(&fake, "EHLO a\r\n|BDAT 1000\r\nof a mail that was refused");
    fake_pass(&fake, 300 * SECOND_MS);
    expect_end(&fake, "421 4.4.2 This mail comes too slowly");
}

static void a_text_must_come_at_some_speed(void **state)
{
    struct fake fake;
    int chunks = 0;

    (void)state;
    begin(&fake, TO_HOME "DATA\r\n");
    for (; !fake.over && chunks < 100; chunks++) {
        fake_say(&fake, "a byte or two\r\n");
        fake_pass(&fake, 5 * SECOND_MS);
    }
    assert_int_equal(chunks, 62); /* 305 s at 3 octets a second */
    expect_end(&fake, "421 4.4.2 This mail comes too slowly");
    begin(&fake, TO_HOME "DATA\r\n");
    fake.crowded = true;
    for (chunks = 0; !fake.over && chunks < 100; chunks++) {
        fake_say(&fake, "a byte or two\r\n");
        fake_pass(&fake, 5 * SECOND_MS);
    }
    assert_int_equal(chunks, 7); /* 30 s */
    fake_end(&fake);
}

static void feed_octets(struct fake *fake, size_t octets)
{
    scoped_value(bytes) text = {0};

    memset(bytes_reserve(&text, octets), 'x', octets);
    text.len = octets;
    fake_feed(fake, bytes_slice(&text));
}

/* However much came at once before, or in between: it counts for nothing in what comes then. */
static void who_sent_much_may_not_drip_then(void **state)
{
    static const struct {
        const char *begins, *drop;
        size_t again; /* octets, half a minute later */
        int64_t patience_s;
        bool crowded;
    } rows[] = {
        {"DATA\r\n",             "x",            100000, 300, false},
        {"DATA\r\n",             "x",            100000, 30,  true },
        {"BDAT 900000 LAST\r\n", "x",            100000, 300, false},
        {"BDAT 500000\r\n",      "BDAT 1\r\n|x", 0,      300, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;
        begin(&fake, TO_HOME);
        fake.crowded = rows[i].crowded;
        fake_say(&fake, rows[i].begins);
        feed_octets(&fake, 500000);
        if (rows[i].again > 0)
            fake_pass(&fake, 25 * SECOND_MS);
        feed_octets(&fake, rows[i].again);
        int64_t behind_ms = fake.timer.now_ms;
        for (int drops = 0; !fake.over && drops < 1000; drops++) {
            fake_say(&fake, rows[i].drop);
            fake_pass(&fake, 5 * SECOND_MS);
        }
        assert_in_range((fake.timer.now_ms - behind_ms) / SECOND_MS, rows[i].patience_s,
                        rows[i].patience_s + 10);
        expect_end(&fake, "421 4.4.2 This mail comes too slowly");
    }
}

static void a_crowd_does_not_judge_what_was_before_it(void **state)
{
    static const char *const begins[] = {"DATA\r\n|half a ma", "BDAT 500000\r\n", "BDAT 1\r\nx"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(begins); i++) {
        struct fake fake;
        begin(&fake, TO_HOME);
        fake_say(&fake, begins[i]);
        fake_pass(&fake, 200 * SECOND_MS);
        fake.crowded = true;
        fake_say(&fake, i < 2 ? "il" : "BDAT 2\r\n|il");
        assert_false(fake.over);
        fake_pass(&fake, 29 * SECOND_MS);
        assert_false(fake.over);
        fake_say(&fake, i < 2 ? "!" : "BDAT 1\r\n|!");
        fake_pass(&fake, 2 * SECOND_MS);
        expect_end(&fake, "421 4.4.2 This mail comes too slowly");
    }
}

/* What comes behind it has all its time, however long the text took. */
static void a_command_has_its_time_from_the_answer(void **state)
{
    static const struct {
        const char *begins, *ends, *answer;
        size_t octets;
    } rows[] = {
        {TO_HOME "BDAT 60000\r\n",    "",          "250 2.0.0 60000 octets are here", 60000  },
        {TO_HOME "BDAT 2000000\r\n",  "",          "552 5.3.4",                       2000000},
        {TO_HOME "DATA\r\n",          "\r\n.\r\n", "552 5.3.4",                       2000000},
        {"EHLO a\r\n|BDAT 60000\r\n", "",          "503 5.5.1",                       60000  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;
        fake_begin(&fake, "smtp", false);
        fake_say(&fake, rows[i].begins);
        for (size_t part = 0; part < 20; part++) {
            feed_octets(&fake, rows[i].octets / 20);
            fake_pass(&fake, part < 19 ? 20 * SECOND_MS : 0);
        }
        fake_say(&fake, rows[i].ends);
        if (strncmp(fake_last_line(&fake), rows[i].answer, strlen(rows[i].answer)) != 0)
            fail_msg("%s: %s", rows[i].begins, fake_last_line(&fake));
        assert_int_equal(fake.wake_at_ms - fake.timer.now_ms, 300 * SECOND_MS);
        fake_end(&fake);
    }
}

/* A mail that stood still goes on, as fast as it ever was. */
static void a_pause_in_a_text_is_forgiven(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, TO_HOME "DATA\r\n");
    for (int pause = 0; pause < 10; pause++) {
        fake_pass(&fake, 280 * SECOND_MS);
        for (int second = 0; second < 40; second++) {
            feed_octets(&fake, 1460);
            fake_pass(&fake, SECOND_MS);
        }
    }
    fake_say(&fake, "\r\n.\r\n");
    assert_text(fake_last_line(&fake), "250 2.0.0 Taken");
    fake_end(&fake);
}

static void that_our_disk_is_slow_is_not_the_peers_fault(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, TO_HOME "DATA\r\n|hello\r\n");
    fake.flush_takes_ms = 10 * MINUTE_MS;
    feed_octets(&fake, 64 * 1024);
    assert_int_equal(fake.flushes, 1);
    fake_pass(&fake, 290 * SECOND_MS);
    assert_false(fake.over);
    fake_pass(&fake, 10 * SECOND_MS);
    expect_end(&fake, "421 4.4.2 This mail comes too slowly");
}

static void a_text_has_two_hours(void **state)
{
    char piece[64 * 1024];
    struct fake fake;
    int minutes = 0;

    (void)state;
    memset(piece, 'x', sizeof piece);
    begin(&fake, TO_HOME "DATA\r\n");
    for (; !fake.over && minutes < 200; minutes++) {
        fake_feed(&fake, (struct slice){piece, 8000});
        fake_pass(&fake, MINUTE_MS);
    }
    assert_int_equal(minutes, 120);
    fake_end(&fake);
}

static void a_connection_has_two_hours(void **state)
{
    struct fake fake;
    int minutes = 0;

    (void)state;
    begin(&fake, "EHLO a\r\n");
    for (; !fake.over && minutes < 200; minutes += 4) {
        fake_say(&fake, "RSET\r\n");
        fake_pass(&fake, 4 * MINUTE_MS);
    }
    assert_int_equal(minutes, 120);
    expect_end(&fake, "421 4.4.2 This connection is two hours old");
}

static int repeat(struct fake *fake, const char *said, int at_most)
{
    int times = 0;

    while (!fake->over && times < at_most) {
        fake_say(fake, said);
        times++;
    }
    return times;
}

static void commands_that_bring_nothing_end(void **state)
{
    static const char *const said[] = {"NOOP\r\n", "RSET\r\n", "HELP\r\n", "VRFY a\r\n",
                                       "EHLO a\r\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        struct fake fake;
        begin(&fake, "EHLO a\r\n");
        assert_int_equal(repeat(&fake, said[i], 200), 100);
        expect_end(&fake, "421 4.7.0 Too many commands, and no mail");
    }
}

static void a_mail_renews_patience(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, "EHLO a\r\n");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(repeat(&fake, "NOOP\r\n", 90), 90);
        assert_int_equal(repeat(&fake, "BLAH\r\n", 9), 9);
        fake_say(&fake,
                 "MAIL FROM:<b@c.test>\r\n|RCPT TO:<alice@home.test>\r\n|DATA\r\n|x\r\n.\r\n");
        assert_text(fake_last_line(&fake), "250 2.0.0 Taken");
    }
    fake_end(&fake);
}

static void who_guesses_names_is_stopped(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake, "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n");
    assert_int_equal(repeat(&fake, "RCPT TO:<nobody@home.test>\r\n", 200), 51);
    expect_end(&fake, "421 4.7.0 Too many of these recipients are not here");
}

static void who_speaks_before_the_greeting_is_not_heard(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin_early(&fake, "smtp", false, true);
    assert_null(strstr(fake.out.at, "220"));
    expect_end(&fake, "554 5.5.0 Wait for the greeting before you speak");
}

static void an_account_has_so_many_connections(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "submissions", false);
    for (int i = 0; i < 100; i++)
        tally_enter(fake.duties.owners, 1);
    fake_say(&fake, LOGIN);
    expect_end(&fake, "421 4.7.0 Too many connections are logged in to your account");
}

static void an_account_writes_to_so_many_people(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "submissions", false);
    fake_say(&fake, LOGIN "MAIL FROM:<alice@home.test>\r\n|");
    rate_add(fake.duties.sendings, 1, 1999, fake.timer.now_ms);
    fake_say(&fake, "RCPT TO:<a@home.test>\r\n");
    assert_text(fake_last_line(&fake), "250 2.1.5 Recipient OK");
    fake_say(&fake, "RCPT TO:<b@home.test>\r\n");
    assert_non_null(strstr(fake_last_line(&fake), "450 4.7.1 You wrote to 2000 people"));
    fake_pass(&fake, 2 * SECOND_MS);
    fake_say(&fake, "RCPT TO:<b@home.test>\r\n");
    assert_text(fake_last_line(&fake), "250 2.1.5 Recipient OK");
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_ends_after_five_minutes),
        cmocka_unit_test(dribbling_bytes_gains_nothing),
        cmocka_unit_test(each_whole_command_has_its_own_time),
        cmocka_unit_test(in_a_crowd_who_does_nothing_goes_soon),
        cmocka_unit_test(who_is_logged_in_is_at_home),
        cmocka_unit_test(a_text_must_come),
        cmocka_unit_test(a_text_must_come_at_some_speed),
        cmocka_unit_test(who_sent_much_may_not_drip_then),
        cmocka_unit_test(a_crowd_does_not_judge_what_was_before_it),
        cmocka_unit_test(a_command_has_its_time_from_the_answer),
        cmocka_unit_test(a_pause_in_a_text_is_forgiven),
        cmocka_unit_test(that_our_disk_is_slow_is_not_the_peers_fault),
        cmocka_unit_test(a_text_has_two_hours),
        cmocka_unit_test(a_connection_has_two_hours),
        cmocka_unit_test(commands_that_bring_nothing_end),
        cmocka_unit_test(a_mail_renews_patience),
        cmocka_unit_test(who_guesses_names_is_stopped),
        cmocka_unit_test(who_speaks_before_the_greeting_is_not_heard),
        cmocka_unit_test(an_account_has_so_many_connections),
        cmocka_unit_test(an_account_writes_to_so_many_people),
    };
    return cmocka_run_group_tests_name("smtp patience", tests, NULL, NULL);
}
