/* Which deliveries are under way: who goes together, who waits, who rests. */
#include "test.h"

#include "claims.h"
#include "memory.h"

#include <stdio.h>

static struct claims *new_claims(int couriers_max)
{
    struct claims *claims = must_new(struct claims);

    claims->couriers_max = couriers_max;
    return claims;
}

static void free_claims(struct claims *claims)
{
    claims_clear(claims);
    assert_int_equal(claims->host_count, 0);
    free(claims);
}

static int64_t next_id(struct claims *claims, struct claims_batch **out)
{
    *out = claims_next(claims);
    return *out ? (*out)->ids[0] : 0;
}

static void two_couriers_to_a_host(void **state)
{
    struct claims *claims = new_claims(10);
    struct claims_batch *batches[4], *none;

    (void)state;
    for (int64_t i = 1; i <= 3; i++)
        claims_add(claims, i, "m.example", NULL);
    claims_add(claims, 4, "n.example", NULL);
    assert_int_equal(next_id(claims, &batches[0]), 1);
    assert_int_equal(batches[0]->count, 1);
    assert_int_equal(next_id(claims, &batches[1]), 2);
    assert_int_equal(next_id(claims, &batches[2]), 4);
    assert_int_equal(next_id(claims, &none), 0);
    claims_ended(claims, batches[1], 0, 1000);
    assert_int_equal(next_id(claims, &batches[3]), 3);
    claims_ended(claims, batches[0], 0, 0);
    claims_ended(claims, batches[2], 0, 0);
    claims_ended(claims, batches[3], 0, 0);
    assert_int_equal(claims->count, 0);
    free_claims(claims);
}

/* What a courier took and could not say, since the connection went, is taken by the next at once. */
static void what_was_not_tried_waits_again(void **state)
{
    struct claims *claims = new_claims(10);
    struct claims_batch *first, *more, *next;

    (void)state;
    claims_add(claims, 1, "m.example", "7 us");
    claims_add(claims, 2, "m.example", "8 us");
    claims_add(claims, 3, "m.example", "8 us");
    assert_int_equal(next_id(claims, &first), 1);
    more = claims_more(claims, first->host);
    assert_int_equal(more->count, 2);
    claims_put_back(claims, more);
    assert_int_equal(claims->couriers, 1);
    assert_int_equal(claims->count, 3);
    claims_ended(claims, first, 0, 0);
    assert_int_equal(next_id(claims, &next), 2);
    assert_int_equal(next->count, 2);
    claims_ended(claims, next, 0, 0);
    assert_int_equal(claims->count, 0);
    free_claims(claims);
}

/* As many as whoever claims says; and how many claims a host may have is told. */
static void more_couriers_to_a_host(void **state)
{
    struct claims *claims = new_claims(10);
    struct claims_batch *batches[3], *none;

    (void)state;
    claims->couriers_per_host = 3;
    for (int64_t i = 1; i <= CLAIMS_PER_HOST + 1; i++) {
        assert_int_equal(claims_full(claims, "m.example"), i > CLAIMS_PER_HOST);
        claims_add(claims, i, "m.example", NULL);
    }
    assert_false(claims_full(claims, "n.example"));
    for (size_t i = 0; i < COUNT_OF(batches); i++)
        assert_int_equal(next_id(claims, &batches[i]), (int64_t)i + 1);
    assert_int_equal(next_id(claims, &none), 0);
    for (size_t i = 0; i < COUNT_OF(batches); i++)
        claims_ended(claims, batches[i], 0, 0);
    free_claims(claims);
}

static void one_load_for_one_host_travels_together(void **state)
{
    struct claims *claims = new_claims(10);
    struct claims_batch *batches[4], *none;

    (void)state;
    claims_add(claims, 1, "a.test", "7 us");
    claims_add(claims, 2, "b.test", "7 us");
    claims_add(claims, 3, "a.test", "7 us");
    claims_add(claims, 4, "a.test", "8 us");
    claims_add(claims, 5, "a.test", "7 other");
    assert_int_equal(next_id(claims, &batches[0]), 1);
    assert_int_equal(batches[0]->count, 2);
    assert_int_equal(batches[0]->ids[1], 3);
    assert_int_equal(next_id(claims, &batches[1]), 2);
    assert_int_equal(next_id(claims, &batches[2]), 4);
    assert_int_equal(next_id(claims, &none), 0); /* a.test has two already */
    claims_ended(claims, batches[0], 0, 0);
    assert_int_equal(next_id(claims, &batches[3]), 5);
    for (int i = 1; i < 4; i++)
        claims_ended(claims, batches[i], 0, 0);
    assert_int_equal(claims->count, 0);
    free_claims(claims);
}

static void what_could_not_be_recorded_rests(void **state)
{
    struct claims *claims = new_claims(10);
    struct claims_batch *batch;

    (void)state;
    claims_add(claims, 9, "a.test", NULL);
    claims_add(claims, 3, "a.test", NULL);
    next_id(claims, &batch);
    claims_ended(claims, batch, 1000, 500);
    next_id(claims, &batch);
    claims_ended(claims, batch, 2000, 500);
    assert_null(claims_next(claims));
    scoped_value(claims_held) held = {0};
    claims_held(claims, &held);
    assert_int_equal(held.id_count, 2);
    assert_int_equal(held.ids[0], 3);
    assert_int_equal(held.ids[1], 9);
    assert_int_equal(held.host_count, 0);
    assert_int_equal(claims_wake(claims, 1499), 1500);
    assert_int_equal(claims_wake(claims, 1500), 2500);
    assert_int_equal(claims->count, 1);
    assert_int_equal(claims_wake(claims, 2500), INT64_MAX);
    assert_int_equal(claims->count, 0);
    free_claims(claims);
}

static void a_host_has_its_share_and_no_more(void **state)
{
    struct claims *claims = new_claims(1000);
    scoped_value(claims_held) held = {0};
    char host[32];

    (void)state;
    for (int i = 0; i < 1000; i++)
        claims_add(claims, i, "slow.example", NULL);
    assert_int_equal(claims->count, CLAIMS_PER_HOST);
    claims_held(claims, &held);
    assert_int_equal(held.host_count, 1);
    assert_string_equal(held.hosts[0], "slow.example");
    claims_held_clear(&held);
    for (int i = 0; i < 2 * CLAIMS_MAX; i++) {
        snprintf(host, sizeof host, "h%d.example", i / CLAIMS_PER_HOST);
        claims_add(claims, 1000 + i, host, NULL);
    }
    assert_int_equal(claims->count, CLAIMS_MAX);
    claims_held(claims, &held);
    assert_int_equal(held.id_count, CLAIMS_MAX);
    assert_int_equal(held.host_count, CLAIMS_FULL_HOSTS);
    free_claims(claims);
}

static void couriers_have_an_end(void **state)
{
    enum { MOST = 100 };
    struct claims *claims = new_claims(MOST);
    struct claims_batch *batches[MOST];
    char host[32];

    (void)state;
    for (int i = 0; i < 2 * MOST; i++) {
        snprintf(host, sizeof host, "h%d.example", i);
        claims_add(claims, i, host, NULL);
    }
    for (int i = 0; i < MOST; i++)
        assert_int_equal(next_id(claims, &batches[i]), i);
    assert_null(claims_next(claims));
    claims->closing = true;
    for (int i = 0; i < MOST; i++)
        claims_ended(claims, batches[i], 0, 0);
    assert_null(claims_next(claims));
    free_claims(claims);
}

static void who_is_silent_has_less(void **state)
{
    struct claims *claims = new_claims(8);
    struct claims_batch *batches[8], *none;
    char host[32];

    (void)state;
    for (int i = 0; i < 8; i++) {
        snprintf(host, sizeof host, "h%d.example", i / 2);
        claims_add(claims, 1 + i, host, NULL);
        claims_doubt(claims, host, i < 6);
    }
    claims_doubt(claims, "unknown.example", true);
    assert_int_equal(next_id(claims, &batches[0]), 1); /* one of h0, one of h1: a quarter of all */
    assert_int_equal(next_id(claims, &batches[1]), 3);
    assert_int_equal(next_id(claims, &batches[2]), 7);
    assert_int_equal(next_id(claims, &batches[3]), 8);
    assert_int_equal(next_id(claims, &none), 0);
    claims_doubt(claims, "h0.example", false); /* it answered somebody */
    assert_int_equal(next_id(claims, &batches[4]), 2);
    claims_ended(claims, batches[1], 0, 0);
    assert_int_equal(next_id(claims, &batches[5]), 4);
    claims_ended(claims, batches[5], 0, 0);
    assert_int_equal(next_id(claims, &batches[6]), 5);
    for (int i = 0; i < 7; i++)
        if (i != 1 && i != 5)
            claims_ended(claims, batches[i], 0, 0);
    assert_int_equal(claims->doubtful, 0);
    free_claims(claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_couriers_to_a_host),
        cmocka_unit_test(what_was_not_tried_waits_again),
        cmocka_unit_test(more_couriers_to_a_host),
        cmocka_unit_test(one_load_for_one_host_travels_together),
        cmocka_unit_test(what_could_not_be_recorded_rests),
        cmocka_unit_test(a_host_has_its_share_and_no_more),
        cmocka_unit_test(couriers_have_an_end),
        cmocka_unit_test(who_is_silent_has_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
