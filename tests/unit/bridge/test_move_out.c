/* Somebody here goes on elsewhere, or says who they are too. */
#include "readers.h"

#include "bridge_people.h"

#define ADDRESS SLICE("alice@example.org")
#define DAN "https://other.example/users/dan"
#define BOBS_INBOX "https://social.example/inbox"

static bool move_to(const char *who, bool lists_it, struct err *err)
{
    return bridge_account_move(town.bridge, ADDRESS, town_person(&town, who), lists_it, err);
}

static void check_refused(const char *who, bool lists_it, const char *words)
{
    struct err err = {0};

    if (move_to(who, lists_it, &err) || !strstr(err.said, words))
        fail_msg("%s: %s", who, err.said);
}

static bool bob_follows(struct town *it, struct store_tx *tx, struct err *err)
{
    int64_t id;

    return store_put_follow(tx, it->bob, it->alice_person, FOLLOW_ACCEPTED,
                            "https://social.example/f/1", &id, err);
}

/* The first delivery of a profile that waits; subject 0: none. */
static bool keep_profile(void *ctx, const struct delivery *delivery)
{
    struct delivery *out = ctx;

    if (delivery->subject != SUBJECT_ACTOR || delivery->target != TARGET_INBOX)
        return true;
    *out = *delivery;
    out->host = out->last_reply = out->inbox = out->mail_from = out->rcpt_to = NULL;
    return false;
}

static struct told { /* what bob's server was told last */
    int64_t delivery_id;
    int version;
} last;

static bool bob_heard(struct town *it, struct store_tx *tx, struct err *err)
{
    (void)it;
    return store_delivery_done(tx, last.delivery_id, last.version, err);
}

static struct outgoing said_to_bob(int delivered)
{
    struct err err = {0};
    struct delivery delivery = {.id = 0};
    struct outgoing out = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_queue(view, 0, 100, keep_profile, &delivery, &err));
    assert_int_equal(delivery.subject, SUBJECT_ACTOR);
    delivery.delivered = delivered;
    assert_true(bridge_outgoing(view, &delivery, &out, &err));
    last = (struct told){delivery.id, out.version};
    return out;
}

static void followers_and_readers_are_told(void **state)
{
    struct err err = {0};

    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    scoped_text char *question = mail_taken(CAROL);
    town_write(&town, bob_follows);
    assert_true(move_to("dan", true, &err));
    town_chores(&town, NULL);

    scoped_value(outgoing) said = said_to_bob(0);
    assert_int_equal(said.kind, OUTGOING_MOVE);
    assert_text(said.moved_to, DAN);
    scoped_value(outgoing) then = said_to_bob(said.version);
    assert_int_equal(then.kind, OUTGOING_UPDATE_ACTOR);
    assert_text(then.moved_to, DAN);

    assert_int_equal(mails_waiting(CAROL, NULL), 1);
    scoped_text char *mail = mail_taken(CAROL);
    assert_non_null(strstr(mail, "Subject: Alice has moved"));
    assert_non_null(strstr(mail, "@dan@other.example"));
    assert_non_null(strstr(mail, "https://example.org/unsubscribe/"));
    town_chores(&town, NULL);
    assert_int_equal(mails_waiting(CAROL, NULL), 0);
}

static void who_stays_tells_it_and_writes_no_mail(void **state)
{
    struct err err = {0};

    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    free(mail_taken(CAROL));
    town_write(&town, bob_follows);
    assert_false(bridge_account_stay(town.bridge, ADDRESS, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    assert_true(move_to("dan", true, &err));
    assert_true(bridge_account_stay(town.bridge, ADDRESS, &err));
    town_chores(&town, NULL);
    scoped_value(outgoing) said = said_to_bob(0);
    assert_int_equal(said.kind, OUTGOING_UPDATE_ACTOR);
    assert_null(said.moved_to);
    assert_int_equal(mails_waiting(CAROL, NULL), 0);
}

/* All of it within one second. */
static void each_change_is_told(void **state)
{
    struct err err = {0};
    const int kinds[] = {OUTGOING_UPDATE_ACTOR, OUTGOING_MOVE, OUTGOING_UPDATE_ACTOR};

    (void)state;
    last = (struct told){0, 0};
    town_write(&town, bob_follows);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int before = last.version;
        assert_true(i == 0   ? bridge_account_set(town.bridge, ADDRESS, SLICE("name"),
                                                  SLICE("Alice A."), &err)
                    : i == 1 ? move_to("dan", true, &err)
                             : bridge_account_stay(town.bridge, ADDRESS, &err));
        town_chores(&town, NULL);
        scoped_value(outgoing) said = said_to_bob(before);
        assert_int_equal(said.kind, kinds[i]);
        assert_true(said.version > before);
        town_write(&town, bob_heard);
    }
}

static void what_is_refused(void **state)
{
    struct err err = {0};

    (void)state;
    check_refused("dan", false, "@dan@other.example does not say that it is alice@example.org");
    check_refused("alice", true, "is that account already");
    check_refused("eve", true, "@eve@example.org does not say"); /* of her the store knows */
    assert_true(
        bridge_account_alias(town.bridge, SLICE("eve@example.org"), town.alice_person, &err));
    assert_true(move_to("eve", false, &err));
    check_refused("eve", false, "has moved there already");
    check_refused("dan", true, "one move in 7 days: wait until ");
    assert_true(bridge_account_stay(town.bridge, ADDRESS, &err));
    check_refused("dan", true, "one move in 7 days");
    town_wait(&town, 7 * DAY_MS);
    assert_true(move_to("dan", true, &err));
}

static void neighbours_go_along(void **state)
{
    struct err err = {0};
    scoped_value(follow) follow = {0};

    (void)state;
    town_follow(&town, "eve", "alice");
    assert_true(move_to("dan", true, &err));
    town_chores(&town, NULL);
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(store_follow(view, town_person(&town, "eve"), town.dan, &follow, &err), FOUND);
    assert_int_equal(follow.state, FOLLOW_WAITING);
    follow_clear(&follow);
    assert_int_equal(
        store_follow(view, town_person(&town, "eve"), town.alice_person, &follow, &err), FOUND);
    assert_int_equal(follow.state, FOLLOW_LEFT);
    scoped_text char *told = mailbox_list(&town, town.eve, "Fediverse/Notifications");
    assert_text(told, "Alice has moved\n");
}

static void aliases_are_few_and_end(void **state)
{
    struct err err = {0};
    scoped_value(aliases) aliases = {.count = 0};

    (void)state;
    for (int i = 0; i < 2; i++) /* twice is once */
        assert_true(bridge_account_alias(town.bridge, ADDRESS, town.dan, &err));
    assert_true(bridge_account_alias(town.bridge, ADDRESS, town_person(&town, "eve"), &err));
    {
        scoped(store_view) view = store_look(town.store, &err);
        assert_true(store_aliases(view, town.alice, &aliases, &err));
    }
    assert_int_equal(aliases.count, 2);
    assert_text(aliases.at[0], DAN);
    assert_text(aliases.at[1], "https://example.org/users/eve");
    assert_false(bridge_account_unalias(town.bridge, ADDRESS, "https://other.example/x", &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    assert_true(bridge_account_unalias(town.bridge, ADDRESS, DAN, &err));
    assert_false(bridge_account_alias(town.bridge, ADDRESS, town.alice_person, &err));
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        IN_LIST(followers_and_readers_are_told),
        IN_LIST(who_stays_tells_it_and_writes_no_mail),
        IN_LIST(each_change_is_told),
        IN_LIST(what_is_refused),
        IN_LIST(neighbours_go_along),
        IN_LIST(aliases_are_few_and_end),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
