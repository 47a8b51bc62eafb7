#include "test.h"

#include "clock.h"
#include "scope.h"

static void dates_are_written_in_english_and_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *mail, *iso;
    } rows[] = {
        {0,               "Thu, 01 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z"},
        {1795336200123,   "Sun, 22 Nov 2026 08:30:00 +0000", "2026-11-22T08:30:00Z"},
        {-1,              "Wed, 31 Dec 1969 23:59:59 +0000", "1969-12-31T23:59:59Z"},
        {951782400000,    "Tue, 29 Feb 2000 00:00:00 +0000", "2000-02-29T00:00:00Z"},
        {253402300799999, "Fri, 31 Dec 9999 23:59:59 +0000", "9999-12-31T23:59:59Z"},
        {INT64_MAX,       "Fri, 31 Dec 9999 23:59:59 +0000", "9999-12-31T23:59:59Z"},
        {INT64_MIN,       "Mon, 01 Jan 0001 00:00:00 +0000", "0001-01-01T00:00:00Z"},
    };
    char text[DATE_TEXT_SIZE];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        date_rfc5322(rows[i].ms, text);
        assert_string_equal(text, rows[i].mail);
        date_rfc3339(rows[i].ms, text);
        assert_string_equal(text, rows[i].iso);
    }
    date_http(1795336200000, text);
    assert_string_equal(text, "Sun, 22 Nov 2026 08:30:00 GMT");
}

static void http_dates_are_read_in_one_form_only(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"IMF-fixdate",              "Sun, 22 Nov 2026 08:30:00 GMT",   1795336200000},
        {"a leap day",               "Thu, 29 Feb 2024 23:59:59 GMT",   1709251199000},
        {"no such day",              "Sat, 29 Feb 2025 00:00:00 GMT",   -1           },
        {"no such day of a century", "Mon, 29 Feb 2100 00:00:00 GMT",   -1           },
        {"RFC 850",                  "Sunday, 22-Nov-26 08:30:00 GMT",  -1           },
        {"asctime",                  "Sun Nov 22 08:30:00 2026",        -1           },
        {"another zone",             "Sun, 22 Nov 2026 08:30:00 UTC",   -1           },
        {"an offset",                "Sun, 22 Nov 2026 08:30:00 +0000", -1           },
        {"one digit",                "Sun, 2 Nov 2026 08:30:00 GMT",    -1           },
        {"hour 24",                  "Sun, 22 Nov 2026 24:00:00 GMT",   -1           },
        {"something behind",         "Sun, 22 Nov 2026 08:30:00 GMT ",  -1           },
        {"cut off",                  "Sun, 22 Nov 2026 08:3",           -1           },
        {"nothing",                  "",                                -1           },
        {"a day zero",               "Sun, 00 Nov 2026 08:30:00 GMT",   -1           },
        {"an unknown month",         "Sun, 22 Nev 2026 08:30:00 GMT",   -1           },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = -1;
        if (date_from_http(slice_of(rows[i].text), &ms) != (rows[i].ms >= 0) || ms != rows[i].ms)
            fail_msg("%s: %ld", rows[i].name, ms);
    }
}

static void iso_dates_know_offsets_and_fractions(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"Z",                           "2026-11-22T08:30:00Z",                       1795336200000},
        {"small letters",               "2026-11-22t08:30:00z",                       1795336200000},
        {"a space, as databases write", "2026-11-22 08:30:00Z",                       1795336200000},
        {"east",                        "2026-11-22T09:30:00+01:00",                  1795336200000},
        {"west, the day before",        "2026-11-21T23:00:00-09:30",                  1795336200000},
        {"a fraction",                  "2026-11-22T08:30:00.5Z",                     1795336200500},
        {"finer than we keep",          "2026-11-22T08:30:00.123999999999999999999Z", 1795336200123},
        {"a leap second",               "2026-11-22T08:29:60Z",                       1795336200000},
        {"no zone",                     "2026-11-22T08:30:00",                        -1           },
        {"a date alone",                "2026-11-22",                                 -1           },
        {"a dot without digits",        "2026-11-22T08:30:00.Z",                      -1           },
        {"month 13",                    "2026-13-22T08:30:00Z",                       -1           },
        {"month 0",                     "2026-00-22T08:30:00Z",                       -1           },
        {"April 31",                    "2026-04-31T08:30:00Z",                       -1           },
        {"offset without colon",        "2026-11-22T08:30:00+0100",                   -1           },
        {"something behind",            "2026-11-22T08:30:00Zx",                      -1           },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = -1;
        if (date_from_rfc3339(slice_of(rows[i].text), &ms) != (rows[i].ms >= 0) || ms != rows[i].ms)
            fail_msg("%s: %ld", rows[i].name, ms);
    }
    int64_t ms = 0;
    assert_false(date_from_rfc3339(SLICE("2026-11-22\0"
                                         "08:30:00Z"),
                                   &ms));
}

static void dates_of_asctime(void **state)
{
    static const struct {
        const char *name, *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"plain",                  "Sun Nov 22 08:30:00 2026",         1795336200000},
        {"a day of one digit",     "Sun Nov  8 08:30:00 2026",         1794126600000},
        {"a zone before the year", "Sun Nov 22 09:30:00 +0100 2026",   1795336200000},
        {"west",                   "Sun Nov 22 07:00:00 -0130 2026",   1795336200000},
        {"a zone by name",         "Sun Nov 22 08:30:00 CET 2026",     1795336200000},
        {"no year",                "Sun Nov 22 08:30:00",              -1           },
        {"February 30",            "Sun Feb 30 08:30:00 2026",         -1           },
        {"something behind",       "Sun Nov 22 08:30:00 2026x",        -1           },
        {"two zones",              "Sun Nov 22 08:30:00 MET DST 2026", -1           },
        {"no month",               "Sun Foo 22 08:30:00 2026",         -1           },
        {"nothing",                "",                                 -1           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = -1;
        if (date_from_asctime(slice_of(rows[i].text), &ms) != (rows[i].ms >= 0) || ms != rows[i].ms)
            fail_msg("%s: %ld", rows[i].name, ms);
    }
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    char text[DATE_TEXT_SIZE];

    for (int64_t day = -135140; day < 11323; day++) { /* 1600 to 2000 */
        int64_t ms = 0;
        date_http(day * DAY_MS, text);
        assert_true(date_from_http(slice_of(text), &ms));
        assert_true(ms == day * DAY_MS);
    }
}

static void the_test_clock_stands_still(void **state)
{
    (void)state;
    struct test_clock clock;

    test_clock_init(&clock, 5000);
    assert_int_equal(clock_now(&clock.clock), 5000);
    clock.now_ms += MINUTE_MS;
    assert_int_equal(clock_now(&clock.clock), 65000);
    assert_true(clock_now(&system_clock) > 1700000000000);
    int64_t before = monotonic_ms();
    assert_true(monotonic_ms() >= before);
}

static void what_is_due_is_waited_for_within_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t due_ms, most_ms, wait_ms;
    } rows[] = {
        {"soon",                 1000500,   60000, 500  },
        {"far away",             9000000,   60000, 60000},
        {"never",                INT64_MAX, 60000, 60000},
        {"now",                  1000000,   60000, 1    },
        {"over, or not set",     0,         60000, 1    },
        {"over for a long time", -5,        60000, 1    },
    };
    struct test_clock clock;

    test_clock_init(&clock, 1000000);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (clock_wait(&clock.clock, rows[i].due_ms, rows[i].most_ms) != rows[i].wait_ms)
            fail_msg("%s", rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_written_in_english_and_utc),
        cmocka_unit_test(http_dates_are_read_in_one_form_only),
        cmocka_unit_test(iso_dates_know_offsets_and_fractions),
        cmocka_unit_test(dates_of_asctime),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(what_is_due_is_waited_for_within_bounds),
        cmocka_unit_test(the_test_clock_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
