/* Thousands of strangers, each once: the owner has the day's questions, each costs few octets, and all are forgotten. */
#include "stranger.h"
#include "visitors.h"

#include "contact_work.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { STRANGERS = 3000, OCTETS_EACH = 300 };

static int set_up(void **state)
{
    (void)state;
    town_open(&town);
    town.config.contact = DOOR_ASK;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static void name_stranger(int number, char out[64])
{
    snprintf(out, 64, "stranger.number%d@mail%d.example", number, number % 400);
}

/* Of the database, with nothing left in its log. */
static long database_size(void)
{
    scoped_text char *path = must_print("%s/nestbox.db", town.path);
    struct stat file;

    town_reopen(&town);
    assert_int_equal(stat(path, &file), 0);
    return (long)file.st_size;
}

static bool is_known(const char *address)
{
    struct err err;
    scoped_value(person) person = {0};
    scoped(store_view) view = store_look(town.store, &err);

    return store_person_by_address(view, slice_of(address), &person, &err) == FOUND;
}

static int requests(void)
{
    scoped_text char *list = mailbox_list(&town, town.alice, MAILBOX_CONTACTS_NEW);
    int count = 0;

    for (const char *at = list; (at = strchr(at, '\n')); at++)
        count++;
    return count;
}

static void expire_all(void)
{
    char name[64];
    struct err err;

    town_wait(&town, (CONTACT_PATIENCE_DAYS + 1) * (int64_t)DAY_MS);
    name_stranger(STRANGERS - 1, name);
    for (int i = 0; i < STRANGERS && is_known(name); i++)
        assert_true(expire_contacts(town.bridge, &err));
}

static void test_a_flood_of_strangers(void **state)
{
    char name[64];

    (void)state;
    for (int i = 0; i < QUESTIONS_A_DAY; i++) { /* with what they cost apart, the requests */
        name_stranger(i, name);
        free(knock(name, EVIDENCE_S2));
    }
    assert_int_equal(requests(), QUESTIONS_A_DAY);
    long before = database_size();
    for (int i = QUESTIONS_A_DAY; i < STRANGERS; i++) {
        name_stranger(i, name);
        scoped_text char *said = knock(name, EVIDENCE_S2);
        assert_string_equal(said, LATER);
    }
    long each = (database_size() - before) / (STRANGERS - QUESTIONS_A_DAY);
    print_message("%ld octets of database for each stranger\n", each);
    assert_true(each <= OCTETS_EACH);
    assert_int_equal(requests(), QUESTIONS_A_DAY);
    assert_true(is_known(name));
    expire_all();
    for (int i = 0; i < STRANGERS; i++) {
        name_stranger(i, name);
        assert_false(is_known(name));
    }
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_flood_of_strangers, set_up, tear_down),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
