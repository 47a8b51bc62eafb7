/* What the Web Key Directory shows, and what it costs to be asked (docs/at-rest.md). */
#include "one_town.h"

#include "bridge_key.h"
#include "bridge_people.h"
#include "key_directory.h"
#include "name_hashes.h"
#include "pgp_pair.h"

static enum found ask(const char *domain, const char *name, const char *told)
{
    char hash[KEY_HASH_LEN + 1];
    scoped_value(bytes) key = {0};
    struct err err = {0};

    key_directory_hash(slice_of(name), hash);
    scoped(store_view) view = store_look(town.store, &err);
    assert_non_null(view);
    enum found found = bridge_published_key(town.bridge, view, slice_of(domain), slice_of(hash),
                                            slice_of(told), &key, &err);
    if (found == FAILED)
        fail_msg("%s (%s)", err.said, err.cause);
    assert_int_equal(found == FOUND, key.len > 0);
    return found;
}

static int open_with_key(void **state)
{
    scoped_value(pgp_pair) pair = {0};
    struct key_added added;
    struct err err = {0};

    open_town(state);
    return pgp_pair_make("eve@example.org", &pair, &err) &&
                   bridge_key_add(town.bridge, SLICE("eve@example.org"),
                                  pgp_pair_certificate(&pair), &added, &err)
               ? 0
               : -1;
}

#define WITH_KEY(test) cmocka_unit_test_setup_teardown(test, open_with_key, close_town)

static void add(const char *address)
{
    const struct new_account account = {.address = slice_of(address)};
    struct err err = {0};

    if (!bridge_account_add(town.bridge, &account, &err))
        fail_msg("%s (%s)", err.said, err.cause);
}

static void who_tells_no_name_finds_the_same(void **state)
{
    (void)state;
    assert_int_equal(ask("example.org", "eve", "eve"), FOUND);
    assert_int_equal(name_hashes_made(town.bridge->names), 0); /* they told it */
    assert_int_equal(ask("example.org", "eve", ""), FOUND);
    assert_int_equal(ask("example.org", "EVE", ""), FOUND);
    assert_int_equal(ask("example.org", "eve", "alice"), ABSENT);
    assert_int_equal(ask("example.org", "nobody", ""), ABSENT);
    assert_int_equal(ask("example.org", "alice", ""), ABSENT); /* whose key only signs */
    assert_int_equal(ask("elsewhere.org", "eve", ""), ABSENT);
}

static void each_name_is_hashed_once(void **state)
{
    (void)state;
    assert_int_equal(ask("example.org", "nobody", ""), ABSENT);
    size_t made = name_hashes_made(town.bridge->names);
    assert_true(made >= 2); /* Alice, Eve */
    for (int i = 0; i < 50; i++)
        assert_int_equal(ask("example.org", i % 2 ? "eve" : "nobody", ""), i % 2 ? FOUND : ABSENT);
    assert_int_equal(name_hashes_made(town.bridge->names), made);
}

static void who_came_and_who_went_is_known_at_once(void **state)
{
    struct err err = {0};

    (void)state;
    assert_int_equal(ask("example.org", "eve", ""), FOUND);
    size_t made = name_hashes_made(town.bridge->names);
    add("zoe@example.org");
    add("yan@example.org");
    assert_int_equal(ask("example.org", "zoe", ""), ABSENT); /* she has no key yet */
    assert_int_equal(name_hashes_made(town.bridge->names), made + 2);
    assert_int_equal(ask("example.org", "eve", ""), FOUND);
    assert_true(bridge_account_remove(town.bridge, SLICE("eve@example.org"), &err));
    assert_int_equal(ask("example.org", "eve", ""), ABSENT);
    add("eve@example.org"); /* awake again */
    assert_int_equal(ask("example.org", "eve", ""), ask("example.org", "eve", "eve"));
    assert_int_equal(name_hashes_made(town.bridge->names), made + 2);
}

int main(int argc, char **argv)
{
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        WITH_KEY(who_tells_no_name_finds_the_same),
        WITH_KEY(each_name_is_hashed_once),
        WITH_KEY(who_came_and_who_went_is_known_at_once),
    };
    return cmocka_run_group_tests_name("published key", tests, NULL, NULL);
}
