/* Keys of addresses that the server itself writes from. */
#include "one_town.h"

#include "bridge_people.h"
#include "own_key.h"
#include "store_own_key.h"

static void an_address_keeps_its_key(void **state)
{
    scoped_value(pgp_pair) first = {0}, again = {0}, other = {0};
    struct err err;

    (void)state;
    assert_true(own_key_get(town.bridge, "claim@example.org", &first, &err));
    assert_true(own_key_get(town.bridge, "claim@example.org", &again, &err));
    assert_true(own_key_get(town.bridge, "public@example.org", &other, &err));
    assert_text(first.fingerprint, again.fingerprint);
    assert_text(first.secret.at, again.secret.at);
    assert_true(strcmp(first.fingerprint, other.fingerprint) != 0);
}

static enum found find_key(const char *address)
{
    scoped_value(pgp_pair) pair = {0};
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);

    return store_own_key(view, address, &pair, &err);
}

static void the_key_of_a_request_goes_with_it(void **state)
{
    static const char request[] = "2b3c4d5f6g7h+contact@example.org";
    scoped_value(pgp_pair) pair = {0}, other = {0};
    struct err err;
    bool more;

    (void)state;
    assert_true(own_key_get(town.bridge, request, &pair, &err));
    assert_true(own_key_get(town.bridge, "public@example.org", &other, &err));
    town_wait(&town, 29 * (int64_t)DAY_MS);
    assert_true(store_tidy(town.store, &more, &err));
    assert_int_equal(find_key(request), FOUND);
    town_wait(&town, 2 * (int64_t)DAY_MS);
    assert_true(store_tidy(town.store, &more, &err));
    assert_int_equal(find_key(request), ABSENT);
    assert_int_equal(find_key("public@example.org"), FOUND);
}

static void only_addresses_of_ours_that_nobody_reads_have_one(void **state)
{
    static const struct {
        const char *address;
        bool fits;
    } rows[] = {
        {"public@example.org",                             true },
        {"followers@example.org",                          true },
        {"claim@example.org",                              true },
        {"postmaster@example.org",                         true },
        {"bob=social.example@example.org",                 true },
        {"carol=mail.example+mail@example.org",            true },
        {"2b3c4d5f6g7h+contact@example.org",               true },
        {"alice@example.org",                              false},
        {"alice+list@example.org",                         false},
        {"alice=example.org@example.org",                  false},
        {"nobody@example.org",                             false},
        {"carol@mail.example",                             false},
        {"bob=social.example@mail.example",                false},
        {"alice+bounces-2b3c4d5f6g7h8j9k2b3c@example.org", false},
        {"",                                               false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(pgp_pair) pair = {0};
        struct err err;
        if (own_key_get(town.bridge, rows[i].address, &pair, &err) != rows[i].fits)
            fail_msg("%s: %s", rows[i].address, rows[i].fits ? err.said : "has a key");
    }
}

static bool hear(void *ctx, size_t changed)
{
    (void)ctx;
    (void)changed;
    return true;
}

static void it_outlives_the_server_key(void **state)
{
    scoped_value(pgp_pair) before = {0}, after = {0};
    struct server_key_change change;
    struct err err;

    (void)state;
    assert_true(own_key_get(town.bridge, "claim@example.org", &before, &err));
    assert_true(bridge_change_server_key(town.bridge, true, hear, NULL, &change, &err));
    assert_true(change.forgotten);
    assert_true(own_key_get(town.bridge, "claim@example.org", &after, &err));
    assert_text(before.secret.at, after.secret.at);
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_address_keeps_its_key, open_town, close_town),
        cmocka_unit_test_setup_teardown(only_addresses_of_ours_that_nobody_reads_have_one,
                                        open_town, close_town),
        cmocka_unit_test_setup_teardown(the_key_of_a_request_goes_with_it, open_town, close_town),
        cmocka_unit_test_setup_teardown(it_outlives_the_server_key, open_town, close_town),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
