/* Likes and boosts: what comes of them at other servers, and of what a boost brought there. */
#include "reacting.h"

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

static void look_at_first(struct delivery *delivery, struct outgoing *said)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_int_equal(store_delivery(view, queued_id(view), delivery, &err), FOUND);
    assert_true(bridge_outgoing(view, delivery, said, &err));
}

/* What is said at this moment, for an end that comes later. */
static struct delivery_outcome on_its_way(void)
{
    scoped_value(delivery) delivery = {0};
    scoped_value(outgoing) said = {.version = 0};

    look_at_first(&delivery, &said);
    return (struct delivery_outcome){.delivery_id = delivery.id, .version = said.version};
}

/* It is said as it should be, and that is what comes of it. */
static void is_said(enum outgoing_kind kind, const char *id, enum delivery_end end)
{
    scoped_value(delivery) delivery = {0};
    scoped_value(outgoing) said = {.version = 0};

    look_at_first(&delivery, &said);
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
    says(BOBS, "like");
    is_said(OUTGOING_LIKE, "likes/1/1", DELIVERED);
    says(BOBS, "undo");
    is_said(OUTGOING_UNDO_LIKE, "likes/1/1", DELIVERY_LATER);
    says(BOBS, "like");
    town_wait(&town, HOUR_MS);
    is_said(OUTGOING_UNDO_LIKE, "likes/1/1", DELIVERY_REFUSED);
    is_said(OUTGOING_LIKE, "likes/1/3", DELIVERED);
    check_queue("said", "");
}

/* Peers drop a second Announce whose Undo has not come: their old one would stay for good. */
static void a_boost_perhaps_heard_is_taken_back_before_a_new_one(void **state)
{
    (void)state;
    says(BOBS, "boost");
    is_said(OUTGOING_BOOST, "boosts/1/1", DELIVERY_LATER);
    says(BOBS, "undo");
    says(BOBS, "boost");
    is_said(OUTGOING_UNDO_BOOST, "boosts/1/1", DELIVERED);
    is_said(OUTGOING_BOOST, "boosts/1/3", DELIVERY_LATER);
    is_said(OUTGOING_BOOST, "boosts/1/3", DELIVERED);
    check_queue("all said", "");
}

static void also_where_the_answer_is_lost_later(void **state)
{
    (void)state;
    says(BOBS, "boost");
    struct delivery_outcome lost = on_its_way();
    says(BOBS, "undo");
    says(BOBS, "boost");
    lost.end = DELIVERY_LATER;
    outcome = lost;
    town_write(&town, record_end);
    is_said(OUTGOING_UNDO_BOOST, "boosts/1/1", DELIVERED);
    is_said(OUTGOING_BOOST, "boosts/1/3", DELIVERED);
    check_queue("all said", "");
}

static void a_like_given_up_is_not_forgotten(void **state)
{
    (void)state;
    says(BOBS, "like");
    is_said(OUTGOING_LIKE, "likes/1/1", DELIVERY_LATER);
    town_wait(&town, 8 * DAY_MS);
    is_said(OUTGOING_LIKE, "likes/1/1", DELIVERY_LATER);
    check_queue("given up", "");
    says(BOBS, "undo");
    is_said(OUTGOING_UNDO_LIKE, "likes/1/1", DELIVERED);
    check_queue("taken back", "");
}

static void of_a_like_refused_at_once_nothing_more_is_said(void **state)
{
    (void)state;
    says(BOBS, "like");
    is_said(OUTGOING_LIKE, "likes/1/1", DELIVERY_REFUSED);
    says(BOBS, "undo");
    check_queue("refused", "");
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
    writes_words(ALICE, ALICES, "edit", "Better words", TAKEN);
}

static void deletes_it(void)
{
    says(ALICES, "delete");
}

static void deletes_it_unboosted(void)
{
    writes(EVE, ALICES, "undo", TAKEN);
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
        writes(EVE, ALICES, "boost", TAKEN);
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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_refused_undo_keeps_no_newer_like_waiting),
        IN_TOWN(a_boost_perhaps_heard_is_taken_back_before_a_new_one),
        IN_TOWN(also_where_the_answer_is_lost_later),
        IN_TOWN(a_like_given_up_is_not_forgotten),
        IN_TOWN(of_a_like_refused_at_once_nothing_more_is_said),
        cmocka_unit_test(who_has_a_post_by_a_boost_hears_of_it),
        IN_TOWN(a_boost_says_nothing_in_the_place_of_its_author),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
