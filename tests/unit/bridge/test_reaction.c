/* Likes and boosts by mail: who may, what leaves, and what is said of it whatever was heard before. */
#include "one_town.h"
#include "row.h"

#include "policy_post.h"

#define POSTS "https://social.example/posts/"
static const char alices[] = POSTS "alice-public@example.org";
static const char alices_private[] = POSTS "alice-followers@example.org";
static const char bobs[] = POSTS "bob-public@example.org";
static const char bobs_followers[] = POSTS "bob-followers@example.org";
static const char bobs_direct[] = POSTS "bob-direct@example.org";

/* REF+word@example.org of that post.  Heap. */
static char *command(const char *post, const char *word)
{
    scoped_value(message) message = {0};

    assert_true(town_message(&town, post, &message));
    return must_print("%s+%s@example.org", message.ref, word);
}

static void writes_words(const char *who, const char *post, const char *word, const char *words,
                         const char *reply)
{
    scoped_text char *to = command(post, word);
    scoped_text char *text = must_print("From: %s\nTo: %s\nMessage-ID: <%s.%s@here>\n"
                                        "Subject: \n\n%s\n",
                                        who, to, word, to, words);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = who,
                                   .mail_from = who,
                                   .recipients = to,
                                   .text = slice_of(text)};
    scoped_text char *said = town_send(&town, &mail);

    assert_string_equal(said, reply);
}

static void writes(const char *who, const char *post, const char *word, const char *reply)
{
    writes_words(who, post, word, "", reply);
}

static void says(const char *post, const char *word)
{
    writes(ALICE, post, word, TAKEN);
}

static void refused(const char *post, const char *word, const char *why)
{
    scoped_value(message) message = {0};

    assert_true(town_message(&town, post, &message));
    scoped_text char *reply = must_print("550 5.7.1 Not done: %s %s", message.ref, why);
    writes(ALICE, post, word, reply);
}

static void check_queue(const char *when, const char *wanted)
{
    scoped_text char *found = town_queue(&town);

    if (strcmp(found, wanted) != 0)
        fail_msg("%s: %s", when, found);
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

#define BOBS_INBOX "https://social.example/users/bob/inbox"

static void a_like_is_one_however_often_it_is_said(void **state)
{
    (void)state;
    says(bobs, "like");
    says(bobs, "like");
    check_queue("liked twice", "reaction to " BOBS_INBOX " wanted 1 delivered 0\n");
    check_counts(bobs, 1, 0);
    says(bobs, "undo");
    says(bobs, "undo");
    check_queue("taken back twice", "reaction to " BOBS_INBOX " wanted 2 delivered 0\n");
    check_counts(bobs, 0, 0);
    says(bobs, "like");
    check_queue("liked anew", "reaction to " BOBS_INBOX " wanted 3 delivered 0\n");
    check_counts(bobs, 1, 0);
}

static bool bring_to_alice(struct town *it, struct store_tx *tx, struct err *err)
{
    const struct audience audience = {.person_id = it->alice_person, .field = AUDIENCE_TO};
    scoped_value(message) message = {0};

    return store_message_by_activity(store_tx_view(tx), slice_of(bobs_direct), &message, err) ==
               FOUND &&
           store_add_audience(tx, message.id, &audience, err);
}

static bool withdraw(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};

    (void)it;
    return store_message_by_activity(store_tx_view(tx), slice_of(bobs), &message, err) == FOUND &&
           store_set_message_state(tx, message.id, MESSAGE_WITHDRAWN, err);
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
    town_write(&town, withdraw);
    refused(bobs, "like", unseen);
    say_to(&town, "9zzzzzzzzzzzz+boost@example.org", "",
           "550 5.7.1 Not done: 9zzzzzzzzzzzz is not a post that you can see.",
           "goes to " BOBS_INBOX "\n");
    check_queue("the like of what was brought",
                "reaction to " BOBS_INBOX " wanted 1 delivered 0\n");
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
static bool dan_follows(struct town *it, struct store_tx *tx, struct err *err)
{
    int64_t id;

    return store_put_follow(tx, it->dan, it->alice_person, FOLLOW_ACCEPTED, NULL, &id, err);
}

static void a_boost_goes_to_followers_and_the_author(void **state)
{
    (void)state;
    town_write(&town, dan_follows);
    says(bobs, "boost");
    town_chores(&town, NULL);
    check_queue("boosted", "reaction to https://social.example/inbox wanted 1 delivered 0\n"
                           "reaction to https://other.example/inbox wanted 1 delivered 0\n");
    says(bobs, "boost");
    says(bobs, "like");
    town_chores(&town, NULL);
    check_counts(bobs, 1, 1);
    says(bobs, "undo");
    town_chores(&town, NULL);
    check_queue("both taken back", "reaction to https://social.example/inbox wanted 2 delivered 0\n"
                                   "reaction to https://other.example/inbox wanted 2 delivered 0\n"
                                   "reaction to " BOBS_INBOX " wanted 2 delivered 0\n");
    check_counts(bobs, 0, 0);
}

static void a_boost_taken_back_before_it_left_goes_to_nobody(void **state)
{
    (void)state;
    town_write(&town, dan_follows);
    says(alices, "boost");
    says(alices, "undo");
    town_chores(&town, NULL);
    check_queue("never", "");
}

static void boosts_count_as_posts(void **state)
{
    (void)state;
    for (int i = 0; i < POSTS_AN_HOUR; i++) {
        says(bobs, "boost");
        says(bobs, "undo");
    }
    writes(ALICE, bobs, "boost",
           "450 4.7.1 Not posted yet: 30 posts an hour is the limit. Try again in 60 minutes.");
    says(bobs, "like");
    town_wait(&town, HOUR_MS + 1);
    says(bobs, "boost");
}

static void a_neighbour_is_counted_and_told_of(void **state)
{
    (void)state;
    writes("eve@example.org", alices, "like", TAKEN);
    writes("eve@example.org", alices, "boost", TAKEN);
    check_counts(alices, 1, 1);
    scoped_text char *told = mailbox_list(&town, town.alice, MAILBOX_NOTIFICATIONS);
    assert_string_equal(told, "@eve@example.org likes: Good morning\n");
    says(alices, "like");
    check_counts(alices, 2, 1);
    check_queue("nobody elsewhere", "");
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

    if (store_message_by_activity(store_tx_view(tx), slice_of(bobs), &message, err) != FOUND)
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
        {"twice back, heard the first", REACTION_LIKE,  4, 1, 0, OUTGOING_UNDO_LIKE,  2, "likes/1/1" },
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
            assert_string_equal(said.reaction_object, bobs);
            assert_string_equal(said.reaction_author, "https://social.example/users/bob");
        }
        outgoing_clear(&said);
        town_close(&town);
    }
}

static void a_boost_of_a_deleted_post_is_not_said(void **state)
{
    struct err err = {0};
    struct outgoing said = {.version = 0};

    (void)state;
    reaction_kind = REACTION_BOOST;
    reaction_version = 1;
    town_write(&town, make_reaction);
    town_write(&town, withdraw);
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

/* ---- and what comes of it ---- */
static bool keep_queued(void *ctx, const struct delivery *delivery)
{
    *(int64_t *)ctx = delivery->id;
    return false;
}

/* The first in the queue; 0: none. */
static int64_t queued_id(struct store_view *view)
{
    struct err err = {0};
    int64_t id = 0;

    assert_true(store_queue(view, 0, 1, keep_queued, &id, &err));
    return id;
}

static struct delivery_outcome outcome;

static bool record_end(struct town *it, struct store_tx *tx, struct err *err)
{
    return bridge_delivery_ended(it->bridge, tx, &outcome, err);
}

/* It is said as it should be, and that is what comes of it. */
static void is_said(enum outgoing_kind kind, const char *id, enum delivery_end end)
{
    scoped_value(delivery) delivery = {0};
    scoped_value(outgoing) said = {.version = 0};
    struct err err = {0};

    {
        scoped(store_view) view = store_look(town.store, &err);
        assert_int_equal(store_delivery(view, queued_id(view), &delivery, &err), FOUND);
        assert_true(bridge_outgoing(view, &delivery, &said, &err));
    }
    scoped_text char *full = must_print("https://example.org/users/alice#%s", id);
    if (said.kind != kind || strcmp(said.reaction_activity_id, full) != 0)
        fail_msg("kind %d, %s", said.kind, said.reaction_activity_id);
    outcome = (struct delivery_outcome){
        .delivery_id = delivery.id, .end = end, .version = said.version, .reply = "HTTP 400"};
    town_write(&town, record_end);
}

static void a_refused_undo_keeps_no_newer_like_waiting(void **state)
{
    (void)state;
    says(bobs, "like");
    is_said(OUTGOING_LIKE, "likes/1/1", DELIVERED);
    says(bobs, "undo");
    is_said(OUTGOING_UNDO_LIKE, "likes/1/1", DELIVERY_LATER);
    says(bobs, "like");
    town_wait(&town, HOUR_MS);
    is_said(OUTGOING_UNDO_LIKE, "likes/1/1", DELIVERY_REFUSED);
    is_said(OUTGOING_LIKE, "likes/1/3", DELIVERED);
    check_queue("said", "");
}

/* ---- who has a post by a boost ---- */
#define EVE "eve@example.org"
#define DANS_INBOX "https://other.example/inbox"

static bool dan_follows_eve(struct town *it, struct store_tx *tx, struct err *err)
{
    int64_t id;

    return store_put_follow(tx, it->dan, town_person(it, "eve"), FOLLOW_ACCEPTED, NULL, &id, err);
}

static int64_t sleeper;

static bool fall_asleep(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(account) account = {0};

    assert_int_equal(store_account(store_tx_view(tx), sleeper, &account, err), FOUND);
    account.self_made = true;
    account.state = ACCOUNT_ASLEEP;
    account.asleep_since_ms = town_now(it);
    return store_update_account(tx, &account, err);
}

static void is_removed(int64_t account_id)
{
    sleeper = account_id;
    town_write(&town, fall_asleep);
    town_wait(&town, 31 * DAY_MS);
    town_chores(&town, NULL);
}

/* What alone is in the queue goes well. */
static void goes_well(int version)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    outcome = (struct delivery_outcome){
        .delivery_id = queued_id(view), .end = DELIVERED, .version = version};
    town_write(&town, record_end);
}

static void edits_it(void)
{
    writes_words(ALICE, alices, "edit", "Better words", TAKEN);
}

static void deletes_it(void)
{
    says(alices, "delete");
}

static void deletes_it_unboosted(void)
{
    writes(EVE, alices, "undo", TAKEN);
    goes_well(2);
    deletes_it();
}

static void deletes_it_without_eve(void)
{
    is_removed(town.eve);
    goes_well(2);                                  /* Undo */
    goes_well((int)(town_now(&town) / SECOND_MS)); /* the account's own Delete */
    check_queue("both gone", "");
    deletes_it();
}

static void is_gone(void)
{
    is_removed(town.alice);
}

static void who_has_a_post_by_a_boost_hears_of_it(void **state)
{
    static const struct {
        const char *name;
        void (*deed)(void);
        const char *wanted;
    } rows[] = {
        {"edited",              edits_it,               "2 delivered 1"          },
        {"deleted",             deletes_it,             "2 delivered 1 withdrawn"},
        {"no longer boosted",   deletes_it_unboosted,   "2 delivered 1 withdrawn"},
        {"who boosted is gone", deletes_it_without_eve, "2 delivered 1 withdrawn"},
        {"its author is gone",  is_gone,                "2 delivered 1 withdrawn"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        visitors_open(&town);
        town_write(&town, dan_follows_eve);
        writes(EVE, alices, "boost", TAKEN);
        town_chores(&town, NULL);
        check_queue(rows[i].name, "reaction to " DANS_INBOX " wanted 1 delivered 0\n");
        goes_well(1);
        check_queue(rows[i].name, "");
        rows[i].deed();
        scoped_text char *queue =
            must_print("message to " DANS_INBOX " wanted %s\n", rows[i].wanted);
        check_queue(rows[i].name, queue);
        town_close(&town);
    }
}

/* Whom the author's own delivery has not reached yet gets it by that, as new. */
static void a_boost_says_nothing_in_the_place_of_its_author(void **state)
{
    static const char both[] = "message to " DANS_INBOX " wanted 1 delivered 0\n"
                               "reaction to " DANS_INBOX " wanted 1 delivered 0\n";
    scoped_value(message) message = {0};

    (void)state;
    town_write(&town, dan_follows_eve);
    town_write(&town, dan_follows);
    say_to(&town, "public@example.org", "Twice", TAKEN,
           "public held\n<p>Twice</p>\nalice in Posts: Public in 60 seconds: Twice\n");
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
    town_newest(&town, &message);
    writes(EVE, message.activity_id, "boost", TAKEN);
    town_chores(&town, NULL);
    check_queue("both", both);
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_like_is_one_however_often_it_is_said),
        IN_TOWN(what_may_not_be_seen_is_not_liked),
        IN_TOWN(a_mail_is_no_post),
        IN_TOWN(a_boost_goes_to_followers_and_the_author),
        IN_TOWN(a_boost_taken_back_before_it_left_goes_to_nobody),
        IN_TOWN(boosts_count_as_posts),
        IN_TOWN(a_neighbour_is_counted_and_told_of),
        IN_TOWN(ones_own_held_post_is_stopped_by_undo),
        cmocka_unit_test(a_reaction_is_said_as_it_stands),
        IN_TOWN(a_boost_of_a_deleted_post_is_not_said),
        IN_TOWN(a_refused_undo_keeps_no_newer_like_waiting),
        cmocka_unit_test(who_has_a_post_by_a_boost_hears_of_it),
        IN_TOWN(a_boost_says_nothing_in_the_place_of_its_author),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
