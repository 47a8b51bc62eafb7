/* The server key changes: what the old one wrapped is there under the new one, however often that was broken off. */
#include "one_town.h"

#include "bridge_login.h"
#include "bridge_people.h"
#include "secrets.h"

#include <stdio.h>

static void send_mail(const char *to, size_t number)
{
    scoped_text char *text = must_print("From: alice@example.org\nTo: %s\nSubject: Tide\n"
                                        "Message-ID: <%zu@here>\n\nThe %zuth flood.\n",
                                        to, number, number);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = "alice@example.org",
                                   .mail_from = "alice@example.org",
                                   .recipients = to,
                                   .text = slice_of(text)};
    scoped_text char *reply = town_send(&town, &mail);

    if (strncmp(reply, "250", 3) != 0)
        fail_msg("%s", reply);
}

enum { MAILS = 205 }; /* more than one slice */

static void fill_house(void)
{
    struct err err;

    assert_true(
        bridge_account_password(town.bridge, SLICE("alice@example.org"), SLICE("tide"), &err));
    for (size_t i = 0; i < MAILS; i++)
        send_mail("carol@mail.example", i);
}

static bool can_log_in(void)
{
    struct login_question question;
    struct login_answer answer;
    struct err err;

    login_question_init(&question, SLICE("alice@example.org"), SLICE("tide"), SLICE(""));
    bool good = bridge_login(town.bridge, &question, &answer, &err) && answer.account_id != 0;
    login_question_clear(&question);
    return good;
}

static bool count_body(void *ctx, const struct delivery *delivery)
{
    size_t *count = ctx;
    struct err err;
    scoped_value(bytes) text = {0};
    scoped(store_view) view = store_look(town.store, &err);
    scoped(source) source = view ? store_body_source(view, delivery->body_id, &err) : NULL;

    if (!source || !source_read_all(source, 1 << 20, &text, &err))
        fail_msg("%s: %s", err.said, err.cause);
    assert_true(slice_has(bytes_slice(&text), "th flood."));
    ++*count;
    return true;
}

static void check_all_there(void)
{
    struct err err;
    size_t count = 0;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_queue(view, 0, 2 * MAILS, count_body, &count, &err));
    assert_int_equal(count, MAILS);
    assert_true(can_log_in());
}

static bool hear(void *ctx, size_t changed)
{
    *(size_t *)ctx = changed;
    return true;
}

/* As a server that is asked to stop. */
static bool stop(void *ctx, size_t changed)
{
    size_t *left = ctx;

    (void)changed;
    return (*left)-- > 0;
}

static void all_comes_under_the_new_key(void **state)
{
    struct server_key_change change;
    struct err err;
    size_t heard = 0;

    (void)state;
    fill_house();
    assert_true(bridge_change_server_key(town.bridge, true, hear, &heard, &change, &err));
    assert_int_equal(change.broken, 0);
    assert_in_range(change.changed, MAILS + 2,
                    10 * MAILS); /* the actor's key and the password too */
    assert_int_equal(heard, change.changed);
    assert_true(change.forgotten && !change.went_on);
    assert_int_equal(vault_key_change(town.vault), VAULT_ONE_KEY);
    check_all_there();
}

/* As the server does: again at once while there is more to do. */
static int64_t do_chores(void)
{
    struct err err;
    int64_t next_ms;

    for (int i = 0; i < 20; i++) {
        assert_true(bridge_chores(town.bridge, &next_ms, &err));
        if (next_ms > town.clock.now_ms)
            break;
    }
    return next_ms;
}

/* A server goes on answering meanwhile: the old key stays for ten minutes. */
static void what_is_under_way_is_waited_for(void **state)
{
    struct server_key_change change;
    struct err err;
    size_t heard;

    (void)state;
    fill_house();
    assert_true(bridge_change_server_key(town.bridge, false, hear, &heard, &change, &err));
    assert_false(change.forgotten);
    int64_t next_ms = do_chores();
    assert_int_equal(vault_key_change(town.vault), VAULT_CHANGED_NOW);
    assert_in_range(next_ms, town.clock.now_ms, town.clock.now_ms + 10 * MINUTE_MS);
    check_all_there();
    town.clock.now_ms += 10 * MINUTE_MS;
    do_chores();
    assert_int_equal(vault_key_change(town.vault), VAULT_ONE_KEY);
    check_all_there();
}

/* The process dies after so many slices; the next one finds two keys, and its chores go on. */
static void what_was_broken_off_is_gone_on_with(void **state)
{
    struct err err;

    (void)state;
    fill_house();
    for (int slices = 0; slices < 20; slices++) {
        struct secrets_walk walk = {0};
        bool more = true;
        assert_true(vault_change_key(town.vault, &err));
        for (int i = 0; i < slices; i++)
            assert_true(secrets_go_on(town.bridge, &walk, &more, &err));
        town_reopen(&town);
        assert_int_equal(vault_key_change(town.vault), VAULT_CHANGED_BEFORE);
        if (slices % 3 == 0) {
            do_chores();
            assert_int_equal(vault_key_change(town.vault), VAULT_ONE_KEY);
        }
        check_all_there();
    }
}

/* It ends with the slice that it is at, keeps both keys, and is gone on with: by the same words, or by chores. */
static void who_stops_does_not_wait_for_it(void **state)
{
    struct server_key_change change;
    struct err err;
    size_t left = 3, heard = 0;

    (void)state;
    fill_house();
    assert_true(bridge_change_server_key(town.bridge, true, stop, &left, &change, &err));
    assert_true(change.broken_off && !change.forgotten && !change.went_on);
    assert_int_not_equal(vault_key_change(town.vault), VAULT_ONE_KEY);
    check_all_there();
    left = 0;
    assert_true(bridge_change_server_key(town.bridge, true, stop, &left, &change, &err));
    assert_true(change.broken_off && change.went_on);
    town_reopen(&town);
    check_all_there();
    assert_true(bridge_change_server_key(town.bridge, true, hear, &heard, &change, &err));
    assert_true(!change.broken_off && change.went_on && change.forgotten && heard > 0);
    assert_int_equal(vault_key_change(town.vault), VAULT_ONE_KEY);
    check_all_there();
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_comes_under_the_new_key, open_town, close_town),
        cmocka_unit_test_setup_teardown(what_is_under_way_is_waited_for, open_town, close_town),
        cmocka_unit_test_setup_teardown(what_was_broken_off_is_gone_on_with, open_town, close_town),
        cmocka_unit_test_setup_teardown(who_stops_does_not_wait_for_it, open_town, close_town),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
