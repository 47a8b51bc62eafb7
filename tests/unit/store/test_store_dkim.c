/* Keys that sign mail: their rows. */
#include "lab.h"

#include "bytes.h"

static char domain[] = "example.org";

static bool collect(void *ctx, const struct dkim_key *key)
{
    bytes_print(ctx, "%s %s kind %d state %d public %s private %.*s since %lld\n", key->selector,
                key->domain, (int)key->kind, (int)key->state, key->public_key,
                (int)key->private_key.len, key->private_key.at ? key->private_key.at : "",
                (long long)key->since_ms);
    return true;
}

static void check_keys(struct lab *lab, const char *expected)
{
    scoped(store_view) view = lab_look(lab);
    scoped_value(bytes) found = {0};

    assert_true(store_dkim_keys(view, SLICE("EXAMPLE.org"), collect, &found, &lab->err));
    assert_string_equal(found.at ? found.at : "", expected);
}

static bool add(struct lab *lab, struct store_tx *tx, char *selector, enum dkim_state state,
                const char *secret)
{
    static char public_key[] = "AAAA";
    struct dkim_key key = {.domain = domain,
                           .selector = selector,
                           .kind = DKIM_ED25519,
                           .state = state,
                           .public_key = public_key};

    bytes_add_text(&key.private_key, secret);
    bool added = store_add_dkim_key(tx, &key, &lab->err);
    bytes_clear(&key.private_key);
    return added;
}

static char first[] = "e26a", second[] = "e26b";

static void a_key_moves_on_and_its_secret_goes(void **state)
{
    struct lab *lab = *state;

    lab_account(lab, "alice"); /* and with her the domain */
    check_keys(lab, "");
    assert_true(add(lab, lab_begin(lab), first, DKIM_ACTIVE, "secret"));
    lab_commit(lab);
    assert_true(add(lab, lab_begin(lab), second, DKIM_NEXT, "other"));
    lab_commit(lab);
    check_keys(lab, "e26a example.org kind 2 state 2 public AAAA private secret since 1000000000\n"
                    "e26b example.org kind 2 state 1 public AAAA private other since 1000000000\n");
    lab->clock.now_ms += 5;
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_move_dkim_key(tx, 1, DKIM_ACTIVE, DKIM_RETIRED, &lab->err));
    assert_true(store_move_dkim_key(tx, 2, DKIM_NEXT, DKIM_ACTIVE, &lab->err));
    lab_commit(lab);
    check_keys(lab, "e26a example.org kind 2 state 3 public AAAA private  since 1000000005\n"
                    "e26b example.org kind 2 state 2 public AAAA private other since 1000000005\n");
    assert_true(store_move_dkim_key(lab_begin(lab), 1, DKIM_RETIRED, DKIM_FORGOTTEN, &lab->err));
    lab_commit(lab);
}

static void what_cannot_be(void **state)
{
    struct lab *lab = *state;

    lab_account(lab, "alice");
    assert_true(add(lab, lab_begin(lab), first, DKIM_ACTIVE, "secret"));
    lab_commit(lab);
    assert_false(add(lab, lab_begin(lab), first, DKIM_NEXT, "again"));
    assert_int_equal(lab->err.kind, ERR_CONFLICT);
    lab_abort(lab);
    assert_false(store_move_dkim_key(lab_begin(lab), 1, DKIM_NEXT, DKIM_ACTIVE, &lab->err));
    assert_int_equal(lab->err.kind, ERR_CONFLICT);
    lab_abort(lab);
    domain[0] = 'f';
    assert_false(add(lab, lab_begin(lab), second, DKIM_NEXT, "other"));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_abort(lab);
    domain[0] = 'e';
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_moves_on_and_its_secret_goes, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be, lab_setup, lab_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
