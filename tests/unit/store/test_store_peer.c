/* Keys of those whom an account writes to: bounded, forgotten, and what is decided of a mail. */
#include "lab.h"

#include <stdio.h>

static struct peer_key key_of(int64_t account_id, const char *address, enum peer_source source,
                              int64_t seen_ms)
{
    struct peer_key key = {
        .account_id = account_id, .address = must_dup(address), .source = source, .mutual = true};

    bytes_add_text(&key.certificate, "certificate");
    snprintf(key.fingerprint, sizeof key.fingerprint, "ABC%d", (int)source);
    key.told_ms = seen_ms - 1;
    key.seen_ms = seen_ms;
    return key;
}

static void put(struct lab *lab, int64_t account_id, const char *address, enum peer_source source,
                int64_t seen_ms, int most)
{
    struct store_tx *tx = lab_begin(lab);
    struct peer_key key = key_of(account_id, address, source, seen_ms);

    assert_true(store_put_peer_key(tx, &key, most, &lab->err));
    peer_key_clear(&key);
    lab_commit(lab);
}

static bool add_name(void *ctx, struct peer_key *key)
{
    bytes_print(ctx, "%s %s %d, ", key->address, key->fingerprint, (int)key->source);
    return true;
}

static void check(struct lab *lab, int64_t account_id, const char *expected)
{
    scoped(store_view) view = lab_look(lab);
    scoped_value(bytes) names = {0};

    assert_true(store_peer_keys(view, account_id, add_name, &names, &lab->err));
    assert_string_equal(names.at ? names.at : "", expected);
}

static void what_is_kept_is_read(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice");
    scoped_value(peer_key) key = {0};

    put(lab, alice, "bob@d.test", PEER_TOLD, 500, 9);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_peer_key(view, alice, SLICE("BOB@d.test"), PEER_TOLD, &key, &lab->err),
                     FOUND);
    assert_true(slice_is(bytes_slice(&key.certificate), "certificate"));
    assert_true(key.mutual);
    assert_int_equal(key.told_ms, 499);
    assert_int_equal(
        store_peer_key(view, alice, SLICE("bob@d.test"), PEER_PUBLISHED, &key, &lab->err), ABSENT);
}

static void who_was_heard_of_last_is_kept(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), bea = lab_account(lab, "bea");

    put(lab, bea, "x@d.test", PEER_TOLD, 1, 2);
    put(lab, alice, "a@d.test", PEER_TOLD, 100, 2);
    put(lab, alice, "b@d.test", PEER_TOLD, 300, 2);
    put(lab, alice, "c@d.test", PEER_PUBLISHED, 200, 2);
    check(lab, alice, "b@d.test ABC1 1, c@d.test ABC2 2, ");
    put(lab, alice, "c@d.test", PEER_PUBLISHED, 400, 2); /* in its own place */
    check(lab, alice, "b@d.test ABC1 1, c@d.test ABC2 2, ");
    check(lab, bea, "x@d.test ABC1 1, ");
}

static void set_encrypt(struct lab *lab, int64_t id, enum encrypt_outgoing encrypt)
{
    struct store_tx *tx = lab_begin(lab);
    scoped_value(account) account = {0};

    assert_int_equal(store_account(store_tx_view(tx), id, &account, &lab->err), FOUND);
    account.encrypt_outgoing = encrypt;
    assert_true(store_update_account(tx, &account, &lab->err));
    lab_commit(lab);
}

static void they_go_with_the_setting(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice");
    scoped_value(account) account = {0};

    set_encrypt(lab, alice, ENCRYPT_WHEN_POSSIBLE);
    put(lab, alice, "a@d.test", PEER_TOLD, 100, 2);
    set_encrypt(lab, alice, ENCRYPT_WHEN_POSSIBLE);
    check(lab, alice, "a@d.test ABC1 1, ");
    set_encrypt(lab, alice, ENCRYPT_NO);
    check(lab, alice, "");
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_account(view, alice, &account, &lab->err), FOUND);
    assert_int_equal(account.encrypt_outgoing, ENCRYPT_NO);
}

static void a_relay_is_believed_for_a_week(void **state)
{
    struct lab *lab = *state;
    struct store_tx *tx = lab_begin(lab);
    bool said;

    assert_true(store_note_encrypted_only(tx, "chat.test", &lab->err));
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_encrypted_only(view, "Chat.test", LAB_START_MS, &said, &lab->err));
    assert_true(said);
    assert_true(
        store_encrypted_only(view, "chat.test", LAB_START_MS + 7 * DAY_MS, &said, &lab->err));
    assert_false(said);
    assert_true(store_encrypted_only(view, "other.test", LAB_START_MS, &said, &lab->err));
    assert_false(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_is_read, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(who_was_heard_of_last_is_kept, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(they_go_with_the_setting, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_relay_is_believed_for_a_week, lab_setup, lab_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
