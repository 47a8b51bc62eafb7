/* Hosts, broadcasts, held messages: what stands around the deliveries. */
#include "lab.h"

static void hosts_are_remembered_up_to_a_limit(void **state)
{
    struct lab *lab = *state;
    enum { LIMIT = 100000, MANY = LIMIT + 512 };
    scoped_value(host) read = {0};
    int kept = 0;

    struct store_tx *tx = lab_begin(lab);
    for (int i = 0; i < MANY; i++) {
        scoped_value(host) host = {.name = must_print("h%d.example", i),
                                   .last_success_ms = i,
                                   .failing_since_ms = i < 100 ? 1 : 0,
                                   .scheme = 1};
        assert_true(store_put_host(tx, &host, &lab->err));
    }
    scoped_value(host) again = {.name = must_dup("H50.example"), .last_success_ms = 7, .scheme = 2};
    assert_true(store_put_host(tx, &again, &lab->err));
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_host(view, SLICE("h50.EXAMPLE"), &read, &lab->err),
                     FOUND); /* failing ones stay */
    assert_int_equal(read.scheme, 2);
    assert_int_equal(read.failing_since_ms, 0);
    host_clear(&read);
    assert_int_equal(store_host(view, SLICE("h100.example"), &read, &lab->err),
                     ABSENT); /* silent for longest */
    for (int i = 0; i < MANY; i++) {
        scoped_text char *name = must_print("h%d.example", i);
        kept += store_host(view, slice_of(name), &read, &lab->err) == FOUND;
        host_clear(&read);
    }
    assert_in_range(kept, LIMIT, LIMIT + 256);
}

static void broadcasts_move_and_end(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice");
    int64_t first = lab_message(lab, alice, VISIBILITY_PUBLIC),
            second = lab_message(lab, alice, VISIBILITY_PUBLIC);
    struct broadcast broadcast;

    struct store_tx *tx = lab_begin(lab);
    struct store_view *view = store_tx_view(tx);
    assert_int_equal(store_broadcast_next(view, &broadcast, &lab->err), ABSENT);
    assert_true(store_add_broadcast(tx, first, alice, &lab->err));
    assert_true(store_add_broadcast(tx, second, alice, &lab->err));
    assert_int_equal(store_broadcast_next(view, &broadcast, &lab->err), FOUND);
    assert_int_equal(broadcast.message_id, first);
    assert_int_equal(broadcast.cursor, 0);
    assert_true(store_move_broadcast(tx, broadcast.id, 500, &lab->err));
    assert_int_equal(store_broadcast_next(view, &broadcast, &lab->err), FOUND);
    assert_int_equal(broadcast.cursor, 500);
    assert_true(store_end_broadcast(tx, broadcast.id, &lab->err));
    assert_false(store_end_broadcast(tx, broadcast.id, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    assert_int_equal(store_broadcast_next(view, &broadcast, &lab->err), FOUND);
    assert_int_equal(broadcast.message_id, second);
    assert_false(store_add_broadcast(tx, second + 1, alice, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_commit(lab);
}

static void check_next(struct lab *lab, struct store_tx *tx, int64_t reaction_id, int64_t due_ms)
{
    struct broadcast next;

    assert_int_equal(store_broadcast_next(store_tx_view(tx), &next, &lab->err), FOUND);
    assert_int_equal(next.reaction_id, reaction_id);
    assert_int_equal(next.due_ms, due_ms);
}

static void a_boost_waits_for_what_it_boosts(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), post = lab_message(lab, alice, VISIBILITY_PUBLIC),
            other = lab_message(lab, alice, VISIBILITY_PUBLIC);
    struct broadcast first;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_add_broadcast(tx, post, alice, &lab->err));
    assert_int_equal(store_broadcast_next(store_tx_view(tx), &first, &lab->err), FOUND);
    assert_true(store_put_off_broadcast(tx, first.id, 100, &lab->err));
    assert_true(store_add_boost_broadcast(tx, 7, post, alice, &lab->err));
    assert_true(store_add_boost_broadcast(tx, 8, other, alice, &lab->err));
    check_next(lab, tx, 8, 0);
    assert_true(store_end_broadcast(tx, first.id + 2, &lab->err));
    check_next(lab, tx, 0, 100);
    assert_true(store_put_off_broadcast(tx, first.id, 300, &lab->err));
    check_next(lab, tx, 0, 300);
    assert_true(store_end_broadcast(tx, first.id, &lab->err));
    check_next(lab, tx, 7, 300);
    assert_true(store_put_off_broadcast(tx, first.id + 1, 400, &lab->err));
    check_next(lab, tx, 7, 400);
    lab_commit(lab);
}

static void hold(struct lab *lab, int64_t person, const char *ref, int64_t release_ms)
{
    scoped_value(message) message = {.ref = must_dup(ref),
                                     .author_id = person,
                                     .visibility = VISIBILITY_PUBLIC,
                                     .state = MESSAGE_HELD,
                                     .release_ms = release_ms};
    int64_t id = 0;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_add_message(tx, &message, &id, &lab->err));
    lab_commit(lab);
}

static void held_messages_come_when_their_time_has_come(void **state)
{
    struct lab *lab = *state;
    int64_t person = lab_person_of(lab, lab_account(lab, "alice")), ids[2], next_ms = 0;
    size_t count = 0;

    hold(lab, person, "1later", 300);
    hold(lab, person, "1first", 100);
    hold(lab, person, "1asks", 0); /* waits for an answer, not for time */
    hold(lab, person, "1second", 200);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_held_due(view, 99, ids, 2, &count, &next_ms, &lab->err));
    assert_int_equal(count, 0);
    assert_int_equal(next_ms, 100);
    assert_true(store_held_due(view, 250, ids, 2, &count, &next_ms, &lab->err));
    assert_int_equal(count, 2);
    assert_int_equal(ids[0], 2);
    assert_int_equal(ids[1], 4);
    assert_int_equal(next_ms, 300);
    assert_true(store_held_due(view, 300, ids, 2, &count, &next_ms, &lab->err));
    assert_int_equal(count, 2);
    assert_int_equal(next_ms, 300); /* there is one more */
    struct store_tx *tx = lab_begin(lab);
    for (int64_t id = 1; id <= 4; id++)
        assert_true(store_set_message_state(tx, id, MESSAGE_SENT, &lab->err));
    assert_true(store_held_due(store_tx_view(tx), 300, ids, 2, &count, &next_ms, &lab->err));
    lab_commit(lab);
    assert_int_equal(count, 0);
    assert_true(next_ms == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hosts_are_remembered_up_to_a_limit, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(broadcasts_move_and_end, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_boost_waits_for_what_it_boosts, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(held_messages_come_when_their_time_has_come, lab_setup,
                                        lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
