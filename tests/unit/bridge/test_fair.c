/* What cannot be done keeps nobody waiting who stands behind it. */
#include "ends.h"

#include "store_secret.h"
#include "vault.h"

enum { WEEK_TRIES = 13 };

static void post(const char *to, const char *text)
{
    scoped_text char *whole = must_print("From: alice@example.org\nTo: %s\nSubject: Tide\n"
                                         "Message-ID: <%s@here>\n\n%s\n",
                                         to, text, text);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = "alice@example.org",
                                   .mail_from = "alice@example.org",
                                   .recipients = to,
                                   .text = slice_of(whole)};
    scoped_text char *reply = town_send(&town, &mail);

    if (strncmp(reply, "250", 3) != 0)
        fail_msg("%s", reply);
}

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
    post("followers@example.org", "one");
    spoil_all();
    post("followers@example.org", "two");
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

#define IN_A_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, forget_texts)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_A_TOWN(a_post_that_cannot_be_expanded_lets_others_pass),
        IN_A_TOWN(it_is_given_up_after_a_week),
        IN_A_TOWN(chores_come_again_for_it),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
