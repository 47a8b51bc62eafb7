/* Two who change the same account at the same time: neither takes back what the other did. */
#include "one_town.h"

#include "bridge_people.h"

#include <pthread.h>

enum { ROUNDS = 150 };

struct writer {
    const char *name;
    const char *values[2];
    bool lost; /* what was set was something else behind it */
};

static bool is_kept(const struct writer *writer, const struct account *account, int round)
{
    if (strcmp(writer->name, "chat") == 0)
        return account->chat == (round % 2 ? CHAT_NO : CHAT_YES);
    return account->language && strcmp(account->language, writer->values[round % 2]) == 0;
}

static void *write_often(void *arg)
{
    struct writer *writer = arg;
    struct err err;

    for (int i = 0; i < ROUNDS && !writer->lost; i++) {
        scoped_value(account) account = {0};
        bool set =
            bridge_account_set(town.bridge, SLICE("alice@example.org"), slice_of(writer->name),
                               slice_of(writer->values[i % 2]), &err);
        scoped(store_view) view = store_look(town.store, &err);
        writer->lost =
            !set || !view ||
            !bridge_account_find(town.bridge, view, SLICE("alice@example.org"), &account, &err) ||
            !is_kept(writer, &account, i);
    }
    return NULL;
}

static void nobody_takes_back_what_another_set(void **state)
{
    struct writer chat = {
        "chat", {"yes", "no"},
         false
    };
    struct writer language = {
        "language", {"de", "en"},
         false
    };
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, write_often, &chat), 0);
    write_often(&language);
    pthread_join(thread, NULL);
    assert_false(chat.lost || language.lost);
}

static void what_cannot_be_set_is_said(void **state)
{
    struct err err;

    (void)state;
    assert_false(bridge_account_set(town.bridge, SLICE("alice@example.org"), SLICE("colour"),
                                    SLICE("red"), &err));
    assert_int_equal(err.kind, ERR_MALFORMED);
    assert_false(bridge_account_set(town.bridge, SLICE("alice@example.org"), SLICE("chat"),
                                    SLICE("maybe"), &err));
    assert_string_equal(err.said, "chat is yes or no");
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_takes_back_what_another_set, open_town, close_town),
        cmocka_unit_test_setup_teardown(what_cannot_be_set_is_said, open_town, close_town),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
