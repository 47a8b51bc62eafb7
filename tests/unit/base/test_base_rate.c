/* Levels of many keys, and who may try one more password. */
#include "test.h"

#include "clock.h"
#include "logins.h"
#include "memory.h"
#include "rate.h"
#include "tally.h"

#include <arpa/inet.h>
#include <stdio.h>

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        memcpy(&storage, &in, sizeof in);
    else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
        memcpy(&storage, &in6, sizeof in6);
    return storage;
}

static uint64_t block(const char *text)
{
    struct sockaddr_storage storage = address(text);

    return rate_key_of_block(&storage);
}

static void levels_rise_and_fall(void **state)
{
    scoped(rate) rate = rate_new(64, 1000);

    (void)state;
    assert_int_equal(rate_level(rate, 7, 5000), 0);
    assert_int_equal(rate_add(rate, 7, 1, 5000), 1);
    assert_int_equal(rate_add(rate, 7, 2, 5000), 3);
    assert_int_equal(rate_level(rate, 7, 5999), 3);
    assert_int_equal(rate_level(rate, 7, 6000), 2);
    assert_int_equal(rate_level(rate, 8, 6000), 0);
    assert_int_equal(rate_level(rate, 7, 8000), 0);
    assert_int_equal(rate_add(rate, 7, 1, 100000), 1);
}

static void a_full_table_forgets_the_lowest(void **state)
{
    scoped(rate) rate = rate_new(256, 1000);
    size_t kept = 0;

    (void)state;
    for (uint64_t key = 0; key < 4; key++)
        rate_add(rate, key, 1000, 1);
    for (uint64_t key = 100; key < 100000; key++)
        rate_add(rate, key, 1, 1);
    for (uint64_t key = 0; key < 4; key++)
        assert_int_equal(rate_level(rate, key, 1), 1000);
    for (uint64_t key = 100; key < 100000; key++)
        kept += rate_level(rate, key, 1) > 0;
    assert_true(kept > 128 && kept <= 256);
}

static void a_network_is_one_key(void **state)
{
    (void)state;
    assert_true(block("192.0.2.1") == block("192.0.2.254"));
    assert_true(block("192.0.2.1") != block("192.0.3.1"));
    assert_true(block("2001:db8:0:1::1") == block("2001:db8:0:ff:ffff::1"));
    assert_true(block("2001:db8:0:1::1") != block("2001:db8:0:100::1"));
    assert_true(block("0.0.0.1") != block("::1"));
    assert_true(rate_key_of_text(SLICE("Alice@D")) == rate_key_of_text(SLICE("alice@d")));
    assert_true(rate_key_of_both(1, 2) != rate_key_of_both(2, 1));
}

static int64_t wait_of(const struct logins *logins, const char *from, const char *name)
{
    struct sockaddr_storage storage = address(from);

    return logins_wait_min(logins, &storage, slice_of(name), 1);
}

static void fail_from(struct logins *logins, const char *from, const char *name, int times)
{
    struct sockaddr_storage storage = address(from);

    while (times-- > 0)
        logins_failed(logins, &storage, slice_of(name), 1);
}

static void a_network_waits_for_what_it_guessed(void **state)
{
    scoped(logins) logins = logins_new();

    (void)state;
    fail_from(logins, "192.0.2.1", "a@d", 19);
    assert_int_equal(wait_of(logins, "192.0.2.9", "b@d"), 0);
    fail_from(logins, "192.0.2.2", "b@d", 3);
    assert_int_equal(wait_of(logins, "192.0.2.9", "c@d"), 3);
    assert_int_equal(wait_of(logins, "198.51.100.1", "a@d"), 0);
}

static void an_owner_is_never_locked_out_from_elsewhere(void **state)
{
    scoped(logins) logins = logins_new();
    struct sockaddr_storage home = address("203.0.113.5");

    (void)state;
    logins_succeeded(logins, &home, SLICE("a@d"), 1);
    for (int net = 0; net < 250; net++) {
        char from[20];
        snprintf(from, sizeof from, "10.%d.0.1", net);
        fail_from(logins, from, "a@d", 30);
        assert_true(wait_of(logins, from, "a@d") > 0);
    }
    assert_int_equal(wait_of(logins, "203.0.113.5", "a@d"), 0);
    assert_int_equal(wait_of(logins, "192.0.2.1", "a@d"), 0); /* nor from a new place */
    fail_from(logins, "192.0.2.1", "a@d", 4);
    assert_int_equal(wait_of(logins, "192.0.2.1", "a@d"), 0);
    fail_from(logins, "192.0.2.1", "a@d",
              1); /* but a new place has five tries while it is guessed */
    assert_true(wait_of(logins, "192.0.2.1", "a@d") > 0);
    fail_from(logins, "203.0.113.77", "b@d", 40); /* a neighbour at home */
    assert_int_equal(wait_of(logins, "203.0.113.5", "a@d"), 0);
    assert_true(wait_of(logins, "203.0.113.5", "c@d") > 0);
    fail_from(logins, "203.0.113.77", "a@d",
              20); /* who guesses from there is stopped all the same */
    assert_true(wait_of(logins, "203.0.113.5", "a@d") > 0);
}

static void answers_get_slower(void **state)
{
    scoped(logins) logins = logins_new();
    struct sockaddr_storage from = address("192.0.2.1");

    (void)state;
    assert_int_equal(logins_failed(logins, &from, SLICE("a@d"), 1), 500);
    assert_int_equal(logins_failed(logins, &from, SLICE("a@d"), 1), 1000);
    for (int i = 0; i < 20; i++)
        assert_true(logins_failed(logins, &from, SLICE("a@d"), 1) <= 5000);
}

static void a_tally_counts_who_is_there(void **state)
{
    scoped(tally) tally = tally_new();

    (void)state;
    for (uint64_t key = 0; key < 2000; key++)
        for (uint64_t times = 0; times <= key % 3; times++)
            tally_enter(tally, key);
    assert_int_equal(tally_of(tally, 5), 3);
    assert_int_equal(tally_of(tally, 2000), 0);
    for (uint64_t key = 0; key < 1999; key++)
        for (uint64_t times = 0; times <= key % 3; times++)
            tally_leave(tally, key);
    assert_int_equal(tally_of(tally, 5), 0);
    assert_int_equal(tally_of(tally, 1999), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_rise_and_fall),
        cmocka_unit_test(a_full_table_forgets_the_lowest),
        cmocka_unit_test(a_network_is_one_key),
        cmocka_unit_test(a_network_waits_for_what_it_guessed),
        cmocka_unit_test(an_owner_is_never_locked_out_from_elsewhere),
        cmocka_unit_test(answers_get_slower),
        cmocka_unit_test(a_tally_counts_who_is_there),
    };
    return cmocka_run_group_tests_name("base rate", tests, NULL, NULL);
}
