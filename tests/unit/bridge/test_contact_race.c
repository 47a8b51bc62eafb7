/* What is decided while a knock is under way, and what two who knock at once leave. */
#include "stranger.h"
#include "visitors.h"

#include "contact_work.h"

#define BOBS "@bob@social.example"
#define ALICES "https://social.example/posts/alice-public@example.org"

static int open_town(void **state)
{
    (void)state;
    visitors_open(&town);
    town.config.contact = DOOR_ASK;
    free(town_effects(&town));
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static int lines_of(const char *mailbox)
{
    scoped_text char *list = mailbox_list(&town, town.alice, mailbox);
    int lines = 0;

    for (const char *at = list; (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}

static void row_of(const char *who, struct contact *out)
{
    struct err err = {0};
    scoped_value(contact_rows) rows = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_contacts_of(view, town.alice, town_person(&town, who), &rows, &err));
    assert_int_equal(rows.count, 1);
    *out = rows.at[0];
    rows.count = 0;
}

static struct said note_by(const char *who, const char *id)
{
    return (struct said){ACTIVITY_CREATE, .who = who, .note = id, .html = "<p>Hello</p>",
                         .to = "alice"};
}

static void a_refusal_beside_a_follow_counts(void **state)
{
    const struct said follow = {ACTIVITY_FOLLOW, "bob", .id = "https://social.example/f/1",
                                .object = "https://example.org/users/alice"};
    scoped_value(follow) found = {0};
    struct err err = {0};

    (void)state;
    struct activity_arrival *arrival = visitor_prepares(&town, &follow);
    choose(BOBS, CHOICE_REFUSE, NULL);
    assert_false(visitor_records(&town, arrival));
    visitor_says(&town, &follow);
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(store_follow(view, town_person(&town, "bob"), town.alice_person, &found, &err),
                     FOUND);
    assert_int_equal(found.state, FOLLOW_REFUSED);
}

static void each_of_two_who_knock_at_once_is_counted(void **state)
{
    const struct said first = note_by("bob", "https://social.example/users/bob/notes/1");
    const struct said second = note_by("bob", "https://social.example/users/bob/notes/2");
    const struct said third = note_by("bob", "https://social.example/users/bob/notes/3");
    struct contact row;

    (void)state;
    visitor_says(&town, &first);
    struct activity_arrival *one = visitor_prepares(&town, &second);
    struct activity_arrival *other = visitor_prepares(&town, &third);
    assert_true(visitor_records(&town, one));
    assert_true(visitor_records(&town, other));
    row_of("bob", &row);
    assert_int_equal(row.tries, 3);
    assert_int_equal(row.held, 3);
}

/* Let in by eve, who may be their accomplice, a stranger has no more room at alice's than others. */
static void who_is_let_in_by_another_fills_no_box(void **state)
{
    struct err err = {0};

    (void)state;
    assert_true(
        bridge_contact_choose(town.bridge, SLICE(EVE), SLICE(CAROL), CHOICE_WELCOME, NULL, &err));
    for (int i = 0; i < CONTACT_HELD_MAX + 5; i++) {
        scoped_text char *said = knock_with(CAROL, "alice@example.org, " EVE, EVIDENCE_S2, "");
        assert_string_equal(said, "250 2.0.0 Taken");
    }
    choose(CAROL, CHOICE_WELCOME, NULL);
    assert_int_equal(lines_of("INBOX"), CONTACT_HELD_MAX);
}

static void answers(const char *who, const char *id)
{
    struct said said = note_by(who, id);

    said.to = "public alice";
    said.answers = ALICES;
    visitor_says(&town, &said);
}

/* The question about two people stays while it is open for one of them. */
static void a_request_ends_with_the_last_it_is_about(void **state)
{
    struct err err = {0};

    (void)state;
    answers("bob", "https://social.example/users/bob/notes/1");
    town_wait(&town, 10 * DAY_MS);
    answers("dan", "https://other.example/users/dan/notes/1");
    assert_int_equal(lines_of(MAILBOX_CONTACTS_NEW), 1);
    town_wait(&town, 5 * DAY_MS);
    assert_true(expire_contacts(town.bridge, &err));
    assert_int_equal(lines_of(MAILBOX_CONTACTS_NEW), 1);
    town_wait(&town, 10 * DAY_MS);
    assert_true(expire_contacts(town.bridge, &err));
    assert_int_equal(lines_of(MAILBOX_CONTACTS_NEW), 0);
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refusal_beside_a_follow_counts, open_town, close_town),
        cmocka_unit_test_setup_teardown(each_of_two_who_knock_at_once_is_counted, open_town,
                                        close_town),
        cmocka_unit_test_setup_teardown(who_is_let_in_by_another_fills_no_box, open_town,
                                        close_town),
        cmocka_unit_test_setup_teardown(a_request_ends_with_the_last_it_is_about, open_town,
                                        close_town),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
