/* What an unsealed mail waits for, so that its answer looks like that to a sealed one. */
#include "even_time.h"
#include "test.h"

#include <time.h>

static void who_seals_nothing_waits_for_nothing(void **state)
{
    const struct even_time even = {0};

    (void)state;
    assert_int_equal(even_time_lacks_ns(&even, 4096, 1000), 0);
    assert_int_equal(even_time_lacks_ns(&even, 0, 0), 0);
}

static void what_is_missing_is_waited_for(void **state)
{
    struct even_time even = {0};

    (void)state;
    even_time_sealed(&even, 5000, 300000);
    even_time_sealed(&even, 1 << 20, 20000000);
    assert_int_equal(even_time_lacks_ns(&even, 4096, 100000), 200000);
    assert_int_equal(even_time_lacks_ns(&even, 8191, 100000), 200000);
    assert_int_equal(even_time_lacks_ns(&even, 5000, 400000), 0);   /* it took longer by itself */
    assert_int_equal(even_time_lacks_ns(&even, 100000, 0), 300000); /* of the next smaller size */
    assert_int_equal(even_time_lacks_ns(&even, 1 << 20, 0), 20000000);
    assert_int_equal(even_time_lacks_ns(&even, 100, 0), 0); /* none so small was sealed */
    even_time_sealed(&even, 5000, 250000);
    assert_int_equal(even_time_lacks_ns(&even, 4096, 100000), 150000); /* lately */
    even_time_sealed(&even, INT64_MAX, INT64_MAX);
    assert_int_equal(even_time_lacks_ns(&even, INT64_MAX, 0), 2000000000);
}

static void time_is_counted_and_waited(void **state)
{
    volatile unsigned turns = 0;

    (void)state;
    int64_t began = even_time_spent_ns();
    while (turns < 1000000)
        turns = turns + 1;
    int64_t worked = even_time_spent_ns() - began;
    assert_true(worked > 0);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    even_time_wait(0);
    began = even_time_spent_ns();
    even_time_wait(500000);
    assert_true(even_time_spent_ns() - began >= 500000);
    even_time_wait(5000000);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >=
                5000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_seals_nothing_waits_for_nothing),
        cmocka_unit_test(what_is_missing_is_waited_for),
        cmocka_unit_test(time_is_counted_and_waited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
