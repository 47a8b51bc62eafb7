/* Who brings too little, on a clock that is a number. */
#include "test.h"

#include "clock.h"

#include "pace.h"
#include "scope.h"

static const struct pace_terms terms = {.patience_ms = 300 * SECOND_MS, .octets_a_second = 128};

/* `octets` every `every_s`, from now_s on: the second at which it is over; or `until_s`. */
static int64_t bring(struct pace *pace, int64_t now_s, int64_t every_s, int64_t octets,
                     int64_t until_s)
{
    while (now_s < until_s) {
        pace_brought(pace, &terms, octets, now_s * SECOND_MS);
        int64_t ends_s = pace_ends_ms(pace, &terms) / SECOND_MS;
        now_s += every_s;
        if (ends_s < now_s)
            return ends_s;
    }
    return until_s;
}

static void who_is_behind_has_five_minutes(void **state)
{
    static const struct {
        const char *name;
        int64_t every_s, octets, least_s, most_s;
    } rows[] = {
        {"fast enough",       1,   128,   7200, 7200},
        {"in large pieces",   240, 40000, 7200, 7200},
        {"nothing",           1,   0,     300,  300 },
        {"an octet a second", 1,   1,     302,  303 },
        {"half of the speed", 1,   64,    599,  601 },
        {"too long a pause",  301, 50000, 300,  300 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pace pace;
        pace_begin(&pace, 0);
        int64_t over_s = bring(&pace, 0, rows[i].every_s, rows[i].octets, 7200);
        if (over_s < rows[i].least_s || over_s > rows[i].most_s)
            fail_msg("%s: over after %lld s", rows[i].name, (long long)over_s);
    }
}

static void a_lead_is_not_kept(void **state)
{
    struct pace pace;

    (void)state;
    pace_begin(&pace, 0);
    pace_brought(&pace, &terms, INT64_C(1) << 40, SECOND_MS);
    assert_in_range(bring(&pace, 2, 1, 1, 7200), 301, 304);
}

static void who_catches_up_has_all_patience_again(void **state)
{
    struct pace pace;

    (void)state;
    pace_begin(&pace, 0);
    assert_int_equal(bring(&pace, 0, 1, 1, 290), 290);
    pace_brought(&pace, &terms, 40000, 291 * SECOND_MS);
    assert_int_equal(pace_ends_ms(&pace, &terms), 591 * SECOND_MS);
}

/* A pause, and then at full speed: it need not catch up at once. */
static void who_goes_on_in_time_is_not_ended(void **state)
{
    struct pace pace;

    (void)state;
    pace_begin(&pace, 0);
    assert_int_equal(bring(&pace, 299, 1, 1460, 7200), 7200);
}

static void our_own_time_is_not_the_peers(void **state)
{
    struct pace pace;

    (void)state;
    pace_begin(&pace, 0);
    pace_brought(&pace, &terms, 128, 2 * SECOND_MS);
    pace_rested(&pace, 500 * SECOND_MS);
    assert_int_equal(pace_ends_ms(&pace, &terms), 801 * SECOND_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_behind_has_five_minutes),
        cmocka_unit_test(a_lead_is_not_kept),
        cmocka_unit_test(who_catches_up_has_all_patience_again),
        cmocka_unit_test(who_goes_on_in_time_is_not_ended),
        cmocka_unit_test(our_own_time_is_not_the_peers),
    };
    return cmocka_run_group_tests_name("base pace", tests, NULL, NULL);
}
