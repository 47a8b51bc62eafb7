/* Likes and boosts by mail: who may, what leaves, and what is said of it whatever was heard before. */
#include "reacting.h"

#include "policy_post.h"

static const char alices_private[] = POSTS "alice-followers@example.org";
static const char bobs_followers[] = POSTS "bob-followers@example.org";
static const char bobs_direct[] = POSTS "bob-direct@example.org";

static void refused(const char *post, const char *word, const char *why)
{
    scoped_value(message) message = {0};

    assert_true(town_message(&town, post, &message));
    scoped_text char *reply = must_print("550 5.7.1 Not done: %s %s", message.ref, why);
    writes(ALICE, post, word, reply);
}

static void check_counts(const char *of, int64_t likes, int64_t boosts)
{
    scoped_value(message) post = {0};
    struct err err = {0};
    int64_t found_likes, found_boosts;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(town_message(&town, of, &post));
    assert_true(store_reactions(view, post.id, &found_likes, &found_boosts, &err));
    assert_int_equal(found_likes, likes);
    assert_int_equal(found_boosts, boosts);
}

static void a_like_is_one_however_often_it_is_said(void **state)
{
    (void)state;
    says(BOBS, "like");
    says(BOBS, "like");
    check_queue("liked twice", "reaction to " BOBS_INBOX " wanted 1 delivered 0\n");
    check_counts(BOBS, 1, 0);
    says(BOBS, "undo");
    says(BOBS, "undo");
    check_queue("taken back twice", "reaction to " BOBS_INBOX " wanted 2 delivered 0\n");
    check_counts(BOBS, 0, 0);
    says(BOBS, "like");
    check_queue("liked anew", "reaction to " BOBS_INBOX " wanted 3 delivered 0\n");
    check_counts(BOBS, 1, 0);
}

static bool bring_to_alice(struct town *it, struct store_tx *tx, struct err *err)
{
    const struct audience audience = {.person_id = it->alice_person, .field = AUDIENCE_TO};
    scoped_value(message) message = {0};

    return store_message_by_activity(store_tx_view(tx), slice_of(bobs_direct), &message, err) ==
               FOUND &&
           store_add_audience(tx, message.id, &audience, err);
}

static void what_may_not_be_seen_is_not_liked(void **state)
{
    static const char unseen[] = "is not a post that you can see.";

    (void)state;
    refused(bobs_followers, "like", unseen);
    refused(bobs_followers, "boost", unseen);
    refused(bobs_followers, "undo", unseen);
    refused(bobs_direct, "like", unseen);
    town_write(&town, bring_to_alice);
    says(bobs_direct, "like");
    refused(bobs_direct, "boost", "is not public, so it cannot be boosted.");
    refused(alices_private, "boost", "is not public, so it cannot be boosted.");
    town_write(&town, bobs_withdrawn);
    refused(BOBS, "like", unseen);
    say_to(&town, "9zzzzzzzzzzzz+boost@example.org", "",
           "550 5.7.1 Not done: 9zzzzzzzzzzzz is not a post that you can see.",
           "goes to " BOBS_INBOX "\n");
    check_queue("the like of what was brought",
                "reaction to " BOBS_INBOX " wanted 1 delivered 0\n");
}

static void what_is_no_longer_public_is_not_boosted(void **state)
{
    struct said edit = {ACTIVITY_UPDATE, "bob", .note = BOBS, .html = "<p>Among us</p>",
                        .to = "followers"};

    (void)state;
    town_follow(&town, "alice", "bob");
    town_wait(&town, MINUTE_MS);
    edit.updated_ms = town_now(&town);
    visitor_says(&town, &edit);
    refused(BOBS, "boost", "is not public, so it cannot be boosted.");
    edit.to = "public";
    town_wait(&town, MINUTE_MS);
    edit.updated_ms = town_now(&town);
    visitor_says(&town, &edit);
    refused(BOBS, "boost", "is not public, so it cannot be boosted.");
    says(BOBS, "like");
}

static void a_mail_is_no_post(void **state)
{
    scoped_value(message) mail = {0};
    struct err err = {0};

    (void)state;
    {
        scoped(store_view) view = store_look(town.store, &err);
        assert_int_equal(
            store_message_by_message_id(view, SLICE("carol-mail@mail.example"), &mail, &err),
            FOUND);
    }
    scoped_text char *to = must_print("%s+like@example.org", mail.ref);
    scoped_text char *reply =
        must_print("550 5.7.1 Not done: %s is not a post that you can see.", mail.ref);
    say_to(&town, to, "", reply, "");
}

/* ---- what leaves ---- */
static void a_boost_goes_to_followers_and_the_author(void **state)
{
    (void)state;
    town_write(&town, dan_follows);
    says(BOBS, "boost");
    town_chores(&town, NULL);
    check_queue("boosted", "reaction to https://social.example/inbox wanted 1 delivered 0\n"
                           "reaction to https://other.example/inbox wanted 1 delivered 0\n");
    says(BOBS, "boost");
    says(BOBS, "like");
    town_chores(&town, NULL);
    check_counts(BOBS, 1, 1);
    says(BOBS, "undo");
    town_chores(&town, NULL);
    check_queue("both taken back", "reaction to https://social.example/inbox wanted 2 delivered 0\n"
                                   "reaction to https://other.example/inbox wanted 2 delivered 0\n"
                                   "reaction to " BOBS_INBOX " wanted 2 delivered 0\n");
    check_counts(BOBS, 0, 0);
}

static void a_boost_taken_back_before_it_left_goes_to_nobody(void **state)
{
    (void)state;
    town_write(&town, dan_follows);
    says(ALICES, "boost");
    says(ALICES, "undo");
    town_chores(&town, NULL);
    check_queue("never", "");
}

static void boosts_count_as_posts(void **state)
{
    (void)state;
    for (int i = 0; i < POSTS_AN_HOUR; i++) {
        says(BOBS, "boost");
        says(BOBS, "undo");
    }
    writes(ALICE, BOBS, "boost",
           "450 4.7.1 Not posted yet: 30 posts an hour is the limit. Try again in 60 minutes.");
    says(BOBS, "like");
    town_wait(&town, HOUR_MS + 1);
    says(BOBS, "boost");
}

static void a_neighbour_is_counted_and_told_of(void **state)
{
    (void)state;
    writes("eve@example.org", ALICES, "like", TAKEN);
    writes("eve@example.org", ALICES, "boost", TAKEN);
    check_counts(ALICES, 1, 1);
    scoped_text char *told = mailbox_list(&town, town.alice, MAILBOX_NOTIFICATIONS);
    assert_string_equal(told, "@eve@example.org likes: Good morning\n");
    says(ALICES, "like");
    check_counts(ALICES, 2, 1);
    check_queue("nobody elsewhere", "");
}

static void what_was_told_of_a_like_outlives_the_post(void **state)
{
    const struct said like = {ACTIVITY_LIKE, "bob", .id = "https://social.example/l/1",
                              .object = ALICES};

    (void)state;
    visitor_says(&town, &like);
    town_wait(&town, HOUR_MS + 1);
    writes("eve@example.org", ALICES, "like", TAKEN);
    says(ALICES, "delete");
    scoped_text char *told = mailbox_list(&town, town.alice, MAILBOX_NOTIFICATIONS);
    assert_string_equal(told, "Bob likes: Good morning\n@eve@example.org likes: Good morning\n");
    scoped_text char *mail = mailbox_newest(&town, town.alice, MAILBOX_NOTIFICATIONS);
    assert_non_null(strstr(mail, "\nIn-Reply-To: <alice-public@example.org>\n"));
}

static void ones_own_held_post_is_stopped_by_undo(void **state)
{
    (void)state;
    say_to(&town, "public@example.org", "Take me back", TAKEN,
           "public held\n<p>Take me back</p>\n"
           "alice in Posts: Public in 60 seconds: Take me back\n");
    scoped_text char *like = newest_command(&town, "like");
    scoped_text char *ref = town_ref(&town);
    scoped_text char *unseen =
        must_print("550 5.7.1 Not done: %s is not a post that you can see.", ref);
    say_to(&town, like, "", unseen, "");
}

/* ---- what is said ---- */
static struct own_reaction reaction;
static enum reaction reaction_kind;
static int reaction_version;

static bool make_reaction(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};
    bool changed;

    if (store_message_by_activity(store_tx_view(tx), slice_of(BOBS), &message, err) != FOUND)
        return false;
    for (int i = 1; i <= reaction_version; i++)
        if (!store_set_own_reaction(tx, message.id, it->alice_person, reaction_kind, i % 2 == 1,
                                    &reaction, &changed, err))
            return false;
    return true;
}

static void a_reaction_is_said_as_it_stands(void **state)
{
    static const struct {
        const char *name;
        enum reaction kind;
        int version, delivered, tries;
        enum outgoing_kind said;
        int said_version;
        const char *id;
    } rows[] = {
        {"new",                         REACTION_LIKE,  1, 0, 0, OUTGOING_LIKE,       1, "likes/1/1" },
        {"tried before",                REACTION_LIKE,  1, 0, 2, OUTGOING_LIKE,       1, "likes/1/1" },
        {"said",                        REACTION_LIKE,  1, 1, 0, OUTGOING_NOTHING,    1, NULL        },
        {"taken back, never said",      REACTION_LIKE,  2, 0, 0, OUTGOING_NOTHING,    2, NULL        },
        {"taken back, perhaps said",    REACTION_LIKE,  2, 0, 1, OUTGOING_UNDO_LIKE,  2, "likes/1/1" },
        {"taken back",                  REACTION_LIKE,  2, 1, 0, OUTGOING_UNDO_LIKE,  2, "likes/1/1" },
        {"and that was said",           REACTION_LIKE,  2, 2, 0, OUTGOING_NOTHING,    2, NULL        },
        {"anew",                        REACTION_LIKE,  3, 2, 0, OUTGOING_LIKE,       3, "likes/1/3" },
        {"anew before the Undo left",   REACTION_LIKE,  3, 1, 0, OUTGOING_UNDO_LIKE,  2, "likes/1/1" },
        {"anew before any left",        REACTION_LIKE,  3, 0, 0, OUTGOING_LIKE,       3, "likes/1/3" },
        {"and that was perhaps said",   REACTION_LIKE,  3, 0, 1, OUTGOING_LIKE,       3, "likes/1/3" },
        {"twice back, heard the first", REACTION_LIKE,  4, 1, 0, OUTGOING_UNDO_LIKE,  2, "likes/1/1" },
        {"and the first is taken back", REACTION_LIKE,  4, 2, 0, OUTGOING_NOTHING,    4, NULL        },
        {"a boost",                     REACTION_BOOST, 1, 0, 0, OUTGOING_BOOST,      1, "boosts/1/1"},
        {"a boost taken back",          REACTION_BOOST, 2, 1, 0, OUTGOING_UNDO_BOOST, 2, "boosts/1/1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        struct outgoing said = {.version = 0};
        visitors_open(&town);
        reaction_kind = rows[i].kind;
        reaction_version = rows[i].version;
        town_write(&town, make_reaction);
        const struct delivery delivery = {.subject = SUBJECT_REACTION,
                                          .subject_id = reaction.id,
                                          .account_id = town.alice,
                                          .target = TARGET_INBOX,
                                          .inbox = (char[]){BOBS_INBOX},
                                          .wanted = rows[i].version,
                                          .delivered = rows[i].delivered,
                                          .tries = rows[i].tries};
        {
            scoped(store_view) view = store_look(town.store, &err);
            assert_true(bridge_outgoing(view, &delivery, &said, &err));
        }
        if (said.kind != rows[i].said || said.version != rows[i].said_version)
            fail_msg("%s: kind %d, version %d", rows[i].name, said.kind, said.version);
        if (rows[i].id) {
            scoped_text char *id = must_print("https://example.org/users/alice#%s", rows[i].id);
            assert_string_equal(said.reaction_activity_id, id);
            assert_string_equal(said.reaction_object, BOBS);
            assert_string_equal(said.reaction_author, "https://social.example/users/bob");
        }
        outgoing_clear(&said);
        town_close(&town);
    }
}

/* Since when it stands: what is taken back tells the Undo the very activity. */
static void a_reaction_keeps_its_time_when_it_is_taken_back(void **state)
{
    (void)state;
    reaction_kind = REACTION_LIKE;
    reaction_version = 1;
    town_write(&town, make_reaction);
    int64_t since_ms = reaction.at_ms;
    town_wait(&town, MINUTE_MS);
    reaction_version = 2;
    town_write(&town, make_reaction);
    assert_int_equal(reaction.at_ms, since_ms);
    reaction_version = 1;
    town_write(&town, make_reaction);
    assert_int_equal(reaction.version, 3);
    assert_int_equal(reaction.at_ms, town_now(&town));
}

static void check_boost_is_not_said_after(bool (*step)(struct town *, struct store_tx *,
                                                       struct err *))
{
    struct err err = {0};
    struct outgoing said = {.version = 0};

    reaction_kind = REACTION_BOOST;
    reaction_version = 1;
    town_write(&town, make_reaction);
    town_write(&town, step);
    const struct delivery delivery = {.subject = SUBJECT_REACTION,
                                      .subject_id = reaction.id,
                                      .account_id = town.alice,
                                      .target = TARGET_INBOX,
                                      .inbox = (char[]){BOBS_INBOX},
                                      .wanted = 1};
    {
        scoped(store_view) view = store_look(town.store, &err);
        assert_true(bridge_outgoing(view, &delivery, &said, &err));
    }
    assert_int_equal(said.kind, OUTGOING_NOTHING);
    outgoing_clear(&said);
}

static void a_boost_of_a_deleted_post_is_not_said(void **state)
{
    (void)state;
    check_boost_is_not_said_after(bobs_withdrawn);
}

static void a_boost_of_what_is_public_no_more_is_not_said(void **state)
{
    (void)state;
    check_boost_is_not_said_after(bobs_narrowed);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_like_is_one_however_often_it_is_said),
        IN_TOWN(what_may_not_be_seen_is_not_liked),
        IN_TOWN(what_is_no_longer_public_is_not_boosted),
        IN_TOWN(a_mail_is_no_post),
        IN_TOWN(a_boost_goes_to_followers_and_the_author),
        IN_TOWN(a_boost_taken_back_before_it_left_goes_to_nobody),
        IN_TOWN(boosts_count_as_posts),
        IN_TOWN(a_neighbour_is_counted_and_told_of),
        IN_TOWN(what_was_told_of_a_like_outlives_the_post),
        IN_TOWN(ones_own_held_post_is_stopped_by_undo),
        cmocka_unit_test(a_reaction_is_said_as_it_stands),
        IN_TOWN(a_reaction_keeps_its_time_when_it_is_taken_back),
        IN_TOWN(a_boost_of_a_deleted_post_is_not_said),
        IN_TOWN(a_boost_of_what_is_public_no_more_is_not_said),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
