/* What cannot be done keeps nobody waiting who stands behind it. */
#include "ends.h"

#include "store_secret.h"
#include "vault.h"

enum { WEEK_TRIES = 13 };

static int queue_length(void)
{
    scoped_text char *queue = town_queue(&town);
    int lines = 0;

    for (const char *at = queue; (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}

/* ---- texts that cannot be read ---- */
enum { TEXTS_MAX = 16 };
static struct secret texts[TEXTS_MAX];
static size_t text_count;

/* Those that the server key opens as texts of posts. */
static bool keep_text(void *ctx, const struct secret *secret)
{
    scoped_value(bytes) plain = {0};
    struct err err;

    (void)ctx;
    if (!vault_unwrap(town.vault, PURPOSE_POST_TEXT, bytes_slice(&secret->kept), &plain, &err))
        return true;
    assert_true(text_count < TEXTS_MAX);
    struct secret *text = &texts[text_count++];
    *text = (struct secret){.place = secret->place, .id = secret->id};
    bytes_add(&text->kept, bytes_slice(&secret->kept));
    return true;
}

#define BROKEN SLICE("no text at all")

static bool spoil_each(struct town *it, struct store_tx *tx, struct err *err)
{
    (void)it;
    for (size_t i = 0; i < text_count; i++)
        if (!store_replace_secret(tx, &texts[i], BROKEN, err))
            return false;
    return true;
}

static bool mend_each(struct town *it, struct store_tx *tx, struct err *err)
{
    (void)it;
    for (size_t i = 0; i < text_count; i++) {
        scoped_value(secret) broken = {.place = texts[i].place, .id = texts[i].id};
        bytes_add(&broken.kept, BROKEN);
        if (!store_replace_secret(tx, &broken, bytes_slice(&texts[i].kept), err))
            return false;
    }
    return true;
}

static void spoil_all(void)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    for (size_t place = 0; place < store_secret_places(); place++)
        assert_true(store_secrets(view, place, 0, 100, keep_text, NULL, &err));
    assert_true(text_count > 0);
    town_write(&town, spoil_each);
}

static int forget_texts(void **state)
{
    while (text_count > 0)
        secret_clear(&texts[--text_count]);
    return close_town(state);
}

/* One post for followers that cannot be read any more, and another behind it. */
static void post_two(void)
{
    town_follow(&town, "eve", "alice"); /* she lives here: it is rendered for her */
    town_follow(&town, "bob", "alice");
    town_post(&town, "followers@example.org", "one");
    spoil_all();
    town_post(&town, "followers@example.org", "two");
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
}

static void check_home(const char *when, const char *expected)
{
    scoped_text char *found = mailbox_list(&town, town.eve, MAILBOX_HOME);

    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s", when, found);
}

static void a_post_that_cannot_be_expanded_lets_others_pass(void **state)
{
    (void)state;
    post_two();
    check_home("the second alone", "Tide two\n");
    assert_int_equal(queue_length(), 1);
    town_write(&town, mend_each);
    town_chores(&town, NULL);
    check_home("not at once", "Tide two\n");
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
    check_home("when it is tried again", "Tide two\nTide one\n");
    assert_int_equal(queue_length(), 2);
}

static void it_is_given_up_after_a_week(void **state)
{
    (void)state;
    post_two();
    for (int i = 1; i < WEEK_TRIES; i++) {
        town_wait(&town, DAY_MS);
        town_chores(&town, NULL);
    }
    town_write(&town, mend_each);
    town_wait(&town, DAY_MS);
    town_chores(&town, NULL);
    check_home("later", "Tide two\n");
}

/* Its next try is what chores wake up for. */
static void chores_come_again_for_it(void **state)
{
    int64_t next_ms = 0;

    (void)state;
    post_two();
    town_chores(&town, &next_ms);
    assert_int_equal(next_ms, town_now(&town) + MINUTE_MS);
}

/* ---- refused ---- */
static int64_t subject_id;
static int wanted_version;

static bool want_version(struct town *it, struct store_tx *tx, struct err *err)
{
    (void)it;
    return store_want_version(tx, SUBJECT_MESSAGE, subject_id, wanted_version, 0, err);
}

static bool want_withdrawn(struct town *it, struct store_tx *tx, struct err *err)
{
    (void)it;
    return store_want_withdrawn(tx, SUBJECT_MESSAGE, subject_id, 0, err);
}

/* w2: version 2 is wanted; x: it is taken back; d1, l1, r1: version 1 was taken, came to nothing, was refused. */
static void play(const char *steps)
{
    for (const char *at = steps; *at; at++) {
        wanted_version = outcome.version = strchr("wdlr", *at) ? at[1] - '0' : 0;
        outcome.end = *at == 'd' ? DELIVERED : *at == 'l' ? DELIVERY_LATER : DELIVERY_REFUSED;
        town_write(&town, *at == 'w' ? want_version : *at == 'x' ? want_withdrawn : record_end);
        at += strcspn(at, " ");
        if (!*at)
            return;
    }
}

static char *state_of(int64_t id)
{
    scoped_value(delivery) row = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    if (store_delivery(view, id, &row, &err) != FOUND)
        return must_dup("gone");
    const char *when = !row.due_ms ? "silent" : row.due_ms <= town_now(&town) ? "due" : "later";
    return must_print("%s%s delivered=%d wanted=%d", when, row.withdrawn ? " withdrawn" : "",
                      row.delivered, row.wanted);
}

static void a_refusal_is_of_what_was_said_alone(void **state)
{
    static const struct {
        const char *name, *steps, *expected;
    } rows[] = {
        {"nothing else is wanted",                   "r1",          "gone"                              },
        {"an edit is wanted by now",                 "w2 r1",       "due delivered=0 wanted=2"          },
        {"and is refused too",                       "w2 r1 r2",    "gone"                              },
        {"refused as outdated again and again",      "w9 r1 r1 r1", "later delivered=0 wanted=9"        },
        {"an edit is refused, a later one wanted",   "d1 w2 w3 r2", "due delivered=1 wanted=3"          },
        {"they keep what they have",                 "d1 w2 r2",    "silent delivered=2 wanted=2"       },
        {"and hear of the next edit",                "d1 w2 r2 w3", "due delivered=2 wanted=3"          },
        {"or that it is taken back",                 "d1 w2 r2 x",  "due withdrawn delivered=2 wanted=3"},
        {"taken back before they had it",            "x r1",        "gone"                              },
        {"taken back when it may have arrived",      "l1 x r1",     "due withdrawn delivered=0 wanted=2"},
        {"taken back while an edit was refused",     "d1 w2 x r2",
         "due withdrawn delivered=1 wanted=3"                                                           },
        {"they will not hear that it is taken back", "d1 x r2",     "gone"                              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(delivery) row = {0};
        struct err err = {0};
        visitors_open(&town);
        town_follow(&town, "bob", "alice");
        town_post(&town, "public@example.org", "one");
        town_wait(&town, MINUTE_MS);
        town_chores(&town, NULL);
        outcome = (struct delivery_outcome){.delivery_id = queued().id};
        struct store_view *view = store_look(town.store, &err);
        assert_int_equal(store_delivery(view, outcome.delivery_id, &row, &err), FOUND);
        store_view_free(view);
        subject_id = row.subject_id;
        play(rows[i].steps);
        scoped_text char *found = state_of(outcome.delivery_id);
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("%s: %s", rows[i].name, found);
        town_close(&town);
    }
}

#define IN_A_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, forget_texts)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_A_TOWN(a_post_that_cannot_be_expanded_lets_others_pass),
        IN_A_TOWN(it_is_given_up_after_a_week),
        IN_A_TOWN(chores_come_again_for_it),
        cmocka_unit_test(a_refusal_is_of_what_was_said_alone),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
