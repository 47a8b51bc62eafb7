/* Whoever signs a request can have as many actors as they please: most of them are forgotten. */
#include "lab.h"
#include "store_private.h"

enum { LIMIT = 1500, MANY = 4 * LIMIT };

static int64_t fetch(struct store_tx *tx, struct lab *lab, int number)
{
    scoped_text char *actor = must_print("https://many.example/users/u%d", number);
    scoped_text char *user = must_print("u%d", number);
    scoped_text char *key_id = must_print("%s#key", actor);
    char host[] = "many.example", pem[] = "PEM";
    const struct person person = {.kind = PERSON_FEDIVERSE,
                                  .user = user,
                                  .host = host,
                                  .actor_id = actor,
                                  .inbox = actor,
                                  .fetched_ms = tx_now(tx)};
    struct person_key key = {.key_id = key_id, .public_pem = pem, .fetched_ms = tx_now(tx)};

    assert_true(store_put_person(tx, &person, &key.person_id, &lab->err));
    assert_true(store_put_person_key(tx, &key, &lab->err));
    return key.person_id;
}

static int64_t count(struct lab *lab, const char *table)
{
    scoped_text char *text = must_print("SELECT count(*) FROM %s", table);
    scoped(store_view) view = lab_look(lab);
    int64_t rows = 0;

    assert_true(sql_count(view->sql, text, NULL, &rows, &lab->err));
    return rows;
}

/* A flood, an hour each LIMIT: those that somebody here has to do with stay, and of the others some that are new. */
static void a_crowd_of_actors_is_forgotten(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_person_of(lab, lab_account(lab, "alice")), friend_id = 0, id, last_id = 0;
    scoped_value(person) found = {0};
    scoped_value(person_key) key = {0};

    lab->store->people_max = LIMIT;
    struct store_tx *tx = lab_begin(lab);
    for (int i = 0; i < MANY; i++) {
        last_id = fetch(tx, lab, i);
        if (i == 10)
            friend_id = last_id;
        if (i == 10)
            assert_true(
                store_put_follow(tx, friend_id, alice, FOLLOW_ACCEPTED, NULL, &id, &lab->err));
        if (i % LIMIT == LIMIT - 1)
            lab->clock.now_ms += 2 * HOUR_MS;
    }
    lab_commit(lab);
    assert_in_range(count(lab, "person"), LIMIT / 2, 2 * LIMIT);
    assert_int_equal(count(lab, "person_key") + 1, count(lab, "person")); /* but alice */
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_person(view, friend_id, &found, &lab->err), FOUND);
    person_clear(&found);
    assert_int_equal(store_person(view, last_id, &found, &lab->err), FOUND);
    assert_int_equal(
        store_person_key(view, SLICE("https://many.example/users/u20#key"), &key, &lab->err),
        ABSENT);
}

/* Whoever gives the table of people another reader has store_strangers.c know of it: here is what it knows. */
static void who_is_needed_is_known(void **state)
{
    struct lab *lab = *state;
    static const char known[] =
        "account.person_id audience.person_id contact.person_id delivery.person_id "
        "follow.followed_id follow.follower_id message.author_id move.person_id move.to_id "
        "person_key.person_id "
        "portrait.person_id reaction.person_id token.person_id ";
    scoped(store_view) view = lab_look(lab);
    scoped_value(sql_rows) rows = {0};
    scoped_value(bytes) found = {0};

    assert_true(sql_ask(&rows, view->sql,
                        "SELECT m.name, f.\"from\" FROM sqlite_schema m,"
                        " pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
                        " AND f.\"table\" = 'person' ORDER BY 1, 2",
                        NULL, &lab->err));
    while (sql_next(&rows, &lab->err) == FOUND) {
        scoped_text char *table = take_text(&rows);
        scoped_text char *column = take_text(&rows);
        bytes_print(&found, "%s.%s ", table, column);
    }
    assert_string_equal(found.at, known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_crowd_of_actors_is_forgotten, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(who_is_needed_is_known, lab_setup, lab_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
