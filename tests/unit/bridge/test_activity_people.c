/* What becomes of follows, likes and boosts from elsewhere. */
#include "one_town.h"

#include "bridge_people.h"

static const char alices[] = "https://social.example/posts/alice-public@example.org";
static const char alices_private[] = "https://social.example/posts/alice-followers@example.org";

static void check_mailbox(const char *row, int64_t account, const char *mailbox,
                          const char *expected)
{
    scoped_text char *found = mailbox_list(&town, account, mailbox);

    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s holds\n%swhere should be\n%s", row, mailbox, found, expected);
}

/* ---- follows ---- */
static void check_follow(const char *row, enum follow_state state, const char *queue)
{
    scoped_value(follow) follow = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);
    scoped_text char *found = town_queue(&town);

    assert_int_equal(
        store_follow(view, town_person(&town, "bob"), town.alice_person, &follow, &err), FOUND);
    if (follow.state != state || strcmp(found, queue) != 0)
        fail_msg("%s: state %d, queue\n%s", row, follow.state, found);
}

#define ANSWER(n) "answer to https://social.example/users/bob/inbox wanted " #n " delivered 0\n"

static void a_follow_is_answered_as_the_door_says(void **state)
{
    static const struct {
        const char *name;
        enum door door;
        enum follow_state state;
        const char *queue;
    } rows[] = {
        {"an open door accepts",   DOOR_OPEN,   FOLLOW_ACCEPTED, ANSWER(1)},
        {"a door that asks waits", DOOR_ASK,    FOLLOW_WAITING,  ""       },
        {"a closed door refuses",  DOOR_CLOSED, FOLLOW_REFUSED,  ANSWER(2)},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        visitors_open(&town);
        town.config.follow = rows[i].door;
        const struct said said = {ACTIVITY_FOLLOW, "bob", .id = "https://social.example/f/1",
                                  .object = "https://example.org/users/alice"};
        visitor_says(&town, &said);
        check_follow(rows[i].name, rows[i].state, rows[i].queue);
        town_close(&town);
    }
}

/* At the next start, once, whoever follows. */
static void followers_hear_whether_follows_wait(void **state)
{
    static const enum door doors[] = {DOOR_OPEN, DOOR_ASK, DOOR_ASK, DOOR_CLOSED};
    struct err err = {0};
    int64_t wanted = 0;

    (void)state;
    town_follow(&town, "bob", "alice");
    for (size_t i = 0; i < COUNT_OF(doors); i++) {
        town.config.follow = doors[i];
        town_wait(&town, MINUTE_MS);
        assert_true(bridge_make_ready(town.bridge, &err));
        scoped_text char *queue = town_queue(&town);
        const char *line = strstr(queue, "wanted ");
        assert_int_equal(strstr(queue, "https://social.example/inbox") != NULL, i > 0);
        int64_t now = line ? atoll(line + strlen("wanted ")) : 0;
        assert_int_equal(now > wanted, i == 1 || i == 3);
        wanted = now;
    }
}

static void a_follow_again_is_answered_again_and_undone_by_any_name(void **state)
{
    struct said follow = {ACTIVITY_FOLLOW, "bob", .id = "https://social.example/f/1",
                          .object = "https://example.org/users/alice"};
    struct said undo = {ACTIVITY_UNDO, "bob", .id = "https://social.example/u/1"};

    (void)state;
    visitor_says(&town, &follow);
    follow.id = "https://social.example/f/2";
    visitor_says(&town, &follow);
    check_follow("a new id", FOLLOW_ACCEPTED, ANSWER(1));
    undo.object = "https://social.example/f/1";
    visitor_says(&town, &undo);
    check_follow("the old id names nothing", FOLLOW_ACCEPTED, ANSWER(1));
    undo.object = "https://social.example/f/2";
    visitor_says(&town, &undo);
    check_follow("by id", FOLLOW_LEFT, ANSWER(1));
    visitor_says(&town, &follow);
    check_follow("and back", FOLLOW_ACCEPTED, ANSWER(1));
    undo.object = "https://social.example/f/other";
    undo.object_type = ACTIVITY_FOLLOW;
    undo.object_actor = "https://social.example/users/bob";
    undo.object_object = "https://example.org/users/alice";
    visitor_says(&town, &undo);
    check_follow("embedded, by the pair", FOLLOW_LEFT, ANSWER(1));
}

static void new_followers_are_told_once_an_hour(void **state)
{
    struct said follow = {ACTIVITY_FOLLOW, "bob", .id = "https://social.example/f/1",
                          .object = "https://example.org/users/alice"};

    (void)state;
    visitor_says(&town, &follow);
    visitor_says(&town, &follow);
    check_mailbox("the same again", town.alice, MAILBOX_NOTIFICATIONS, "Bob follows you\n");
    follow.who = "dan";
    visitor_says(&town, &follow);
    check_mailbox("within the hour", town.alice, MAILBOX_NOTIFICATIONS, "Bob follows you\n");
    scoped_text char *mail = mailbox_newest(&town, town.alice, MAILBOX_NOTIFICATIONS);
    assert_non_null(strstr(mail, "\n\nBob (@bob@social.example) follows you now. Followers so "
                                 "far: 1. Nothing to do.\n"));
}

static enum follow_state neighbours(void)
{
    scoped_value(follow) follow = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    if (store_follow(view, town_person(&town, "eve"), town.alice_person, &follow, &err) != FOUND)
        return FOLLOW_LEFT;
    return follow.state;
}

static void neighbours_follow_without_a_network(void **state)
{
    struct err err = {0};
    const struct slice eve = SLICE("eve@example.org");

    (void)state;
    assert_true(bridge_follow(town.bridge, eve, SLICE("@alice@example.org"), true, &err));
    assert_int_equal(neighbours(), FOLLOW_ACCEPTED);
    assert_true(bridge_follow(town.bridge, eve, SLICE("@alice@example.org"), false, &err));
    assert_int_equal(neighbours(), FOLLOW_LEFT);
    town.config.follow = DOOR_ASK;
    assert_true(
        bridge_follow(town.bridge, eve, SLICE("alice=example.org@example.org"), true, &err));
    assert_int_equal(neighbours(), FOLLOW_WAITING);
    assert_false(bridge_follow(town.bridge, eve, SLICE("@nobody@example.org"), true, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    scoped_text char *queue = town_queue(&town);
    assert_string_equal(queue, "");
}

static bool ask_to_follow(struct town *it, struct store_tx *tx, struct err *err)
{
    int64_t id;

    return store_put_follow(tx, it->alice_person, it->bob, FOLLOW_WAITING, NULL, &id, err);
}

static enum follow_state our_follow(void)
{
    scoped_value(follow) follow = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_int_equal(store_follow(view, town.alice_person, town.bob, &follow, &err), FOUND);
    return follow.state;
}

static void an_answer_counts_from_whom_was_asked_alone(void **state)
{
    struct said said = {ACTIVITY_ACCEPT,
                        "dan",
                        .id = "https://other.example/a/1",
                        .object_type = ACTIVITY_FOLLOW,
                        .object_actor = "https://example.org/users/alice",
                        .object_object = "https://other.example/users/dan"};

    (void)state;
    town_write(&town, ask_to_follow);
    visitor_says(&town, &said);
    assert_int_equal(our_follow(), FOLLOW_WAITING);
    said.object_object = "https://social.example/users/bob"; /* in another's name */
    visitor_says(&town, &said);
    assert_int_equal(our_follow(), FOLLOW_WAITING);
    said.who = "bob";
    visitor_says(&town, &said);
    assert_int_equal(our_follow(), FOLLOW_ACCEPTED);
    said.type = ACTIVITY_REJECT;
    visitor_says(&town, &said);
    assert_int_equal(our_follow(), FOLLOW_REFUSED);
    said.type = ACTIVITY_ACCEPT;
    visitor_says(&town, &said);
    assert_int_equal(our_follow(), FOLLOW_REFUSED);
}

static void an_answer_may_name_our_id_alone(void **state)
{
    struct said said = {ACTIVITY_ACCEPT, "bob", .id = "https://social.example/a/1",
                        .object = "https://example.org/users/alice#follows/999"};

    (void)state;
    town_write(&town, ask_to_follow);
    visitor_says(&town, &said);
    assert_int_equal(our_follow(), FOLLOW_WAITING);
    said.object = "https://example.org/users/alice#follows/1";
    visitor_says(&town, &said);
    assert_int_equal(our_follow(), FOLLOW_ACCEPTED);
}

/* ---- reactions ---- */
static void check_reactions(int64_t likes, int64_t boosts)
{
    scoped_value(message) post = {0};
    struct err err = {0};
    int64_t found_likes, found_boosts;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(town_message(&town, alices, &post));
    assert_true(store_reactions(view, post.id, &found_likes, &found_boosts, &err));
    assert_int_equal(found_likes, likes);
    assert_int_equal(found_boosts, boosts);
}

static void reactions_are_gathered_to_one_mail_an_hour(void **state)
{
    struct said said = {ACTIVITY_LIKE, "bob", .id = "https://social.example/l/1", .object = alices};

    (void)state;
    visitor_says(&town, &said);
    visitor_says(&town, &said);
    said.who = "dan";
    said.type = ACTIVITY_ANNOUNCE;
    visitor_says(&town, &said);
    check_reactions(1, 1);
    check_mailbox("first hour", town.alice, MAILBOX_NOTIFICATIONS, "Bob likes: Good morning\n");
    town_wait(&town, HOUR_MS + 1);
    visitor_says(&town, &said);
    check_mailbox("second hour", town.alice, MAILBOX_NOTIFICATIONS,
                  "Bob likes: Good morning\nDan boosted: Good morning\n");
    said.type = ACTIVITY_UNDO;
    said.object = "https://other.example/l/1";
    said.object_type = ACTIVITY_ANNOUNCE;
    said.object_object = alices;
    visitor_says(&town, &said);
    check_reactions(1, 0);
}

static void a_private_post_cannot_be_boosted(void **state)
{
    const struct said said = {ACTIVITY_ANNOUNCE, "bob", .id = "https://social.example/b/1",
                              .object = alices_private};

    (void)state;
    visitor_says(&town, &said);
    check_mailbox("boost", town.alice, MAILBOX_NOTIFICATIONS, "");
}

static void a_boost_brings_the_post_once(void **state)
{
    const char dans[] = "https://other.example/users/dan/7";
    struct said said = {ACTIVITY_ANNOUNCE,
                        "bob",
                        .id = "https://social.example/b/1",
                        .object = dans,
                        .note = dans,
                        .author = "dan",
                        .to = "public",
                        .html = "<p>Low tide</p>"};

    (void)state;
    town_follow(&town, "alice", "bob");
    visitor_says(&town, &said);
    check_mailbox("boost", town.alice, MAILBOX_HOME, "Boost: Low tide\n");
    said.id = "https://social.example/b/2";
    visitor_says(&town, &said);
    check_mailbox("again", town.alice, MAILBOX_HOME, "Boost: Low tide\n");
    scoped_text char *mail = mailbox_newest(&town, town.alice, MAILBOX_HOME);
    assert_non_null(strstr(mail, "From: \"Dan (@dan@other.example)\" "
                                 "<dan=other.example@example.org>\n"));
    assert_non_null(strstr(mail, "\n\nboosted by Bob (@bob@social.example)\n\nLow tide\n"));
}

static void the_author_of_a_boosted_post_is_wanted_first(void **state)
{
    const char zeds[] = "https://far.example/users/zed/7";
    const struct said said = {ACTIVITY_ANNOUNCE,
                              "bob",
                              .id = "https://social.example/b/1",
                              .object = zeds,
                              .note = zeds,
                              .author = "https://far.example/users/zed",
                              .to = "public",
                              .html = "<p>Low tide</p>"};

    (void)state;
    town_follow(&town, "alice", "bob");
    struct activity_arrival *arrival = visitor_prepares(&town, &said);
    assert_string_equal(arrival->wanted_actor, "https://far.example/users/zed");
    assert_true(visitor_records(&town, arrival));
    check_mailbox("not to be had", town.alice, MAILBOX_HOME, "");
}

static void somebody_gone_takes_their_follows_along(void **state)
{
    const struct said follow = {ACTIVITY_FOLLOW, "bob", .id = "https://social.example/f/1",
                                .object = "https://example.org/users/alice"};
    const struct said gone = {ACTIVITY_DELETE, "bob", .id = "https://social.example/d/1",
                              .object = "https://social.example/users/bob"};

    (void)state;
    visitor_says(&town, &follow);
    visitor_says(&town, &gone);
    check_follow("gone", FOLLOW_LEFT, "");
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_follow_is_answered_as_the_door_says),
        cmocka_unit_test_setup_teardown(followers_hear_whether_follows_wait, open_town, close_town),
        IN_TOWN(a_follow_again_is_answered_again_and_undone_by_any_name),
        IN_TOWN(new_followers_are_told_once_an_hour),
        IN_TOWN(neighbours_follow_without_a_network),
        IN_TOWN(an_answer_counts_from_whom_was_asked_alone),
        IN_TOWN(an_answer_may_name_our_id_alone),
        IN_TOWN(reactions_are_gathered_to_one_mail_an_hour),
        IN_TOWN(a_private_post_cannot_be_boosted),
        IN_TOWN(a_boost_brings_the_post_once),
        IN_TOWN(the_author_of_a_boosted_post_is_wanted_first),
        IN_TOWN(somebody_gone_takes_their_follows_along),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
