/* Somebody goes on under another account: what goes over, what stays, what is told. */
#include "one_town.h"

#include "bridge_contact.h"
#include "bridge_people.h"
#include "contact_work.h"

#include <stdio.h>

#define BOBS "@bob@social.example"
#define DANS "@dan@other.example"
#define BOB "https://social.example/users/bob"
#define DAN "https://other.example/users/dan"
#define ALICE "https://example.org/users/alice"
#define NOTICES "Fediverse/Notifications"
#define TOLD "Bob has moved\n"

static void choose(const char *who, enum contact_choice choice, const char *words)
{
    struct err err = {0};

    if (!bridge_contact_choose(town.bridge, SLICE("alice@example.org"), slice_of(who), choice,
                               words, &err))
        fail_msg("%s", err.said);
}

static bool keep_state(void *ctx, const struct contact *contact, const struct person *person)
{
    (void)person;
    *(enum contact_state *)ctx = contact->state;
    return true;
}

static enum contact_state state_of(const char *who)
{
    enum contact_state state = CONTACT_UNKNOWN;
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);
    bool known =
        bridge_contact_find(town.bridge, view, town.alice, slice_of(who), keep_state, &state, &err);

    assert_true(known || err.kind == ERR_ABSENT);
    return state;
}

static enum follow_state follow_of(const char *account, const char *person)
{
    scoped_value(follow) follow = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);
    enum found found =
        store_follow(view, town_person(&town, account), town_person(&town, person), &follow, &err);

    return found == FOUND ? follow.state : (enum follow_state)0;
}

static const struct said move = {ACTIVITY_MOVE, "bob", .id = BOB "#moves/1", .object = BOB,
                                 .target = "dan"};

static void bob_moves(void)
{
    visitor_says(&town, &move);
    town_chores(&town, NULL);
}

static void check_told(const char *what, const char *expected)
{
    scoped_text char *found = mailbox_list(&town, town.alice, NOTICES);

    if (strcmp(found, expected) != 0)
        fail_msg("%s: told\n%s", what, found);
}

enum before { NOTHING, WELCOME, REFUSED, IGNORED, DOMAIN_REFUSED };

static void decide(const char *who, const char *domain, enum before before)
{
    if (before == WELCOME)
        choose(who, CHOICE_WELCOME, NULL);
    if (before == REFUSED)
        choose(who, CHOICE_REFUSE, "not now");
    if (before == IGNORED)
        choose(who, CHOICE_IGNORE, NULL);
    if (before == DOMAIN_REFUSED)
        choose(domain, CHOICE_REFUSE, NULL);
}

static void what_was_decided(void **state)
{
    static const struct {
        const char *name;
        enum before old, new;
        enum contact_state old_then, new_then;
        const char *told;
    } rows[] = {
        {"a welcome goes over",                 WELCOME, NOTHING,        CONTACT_UNKNOWN, CONTACT_WELCOME, TOLD},
        {"a refusal goes along",                REFUSED, NOTHING,        CONTACT_REFUSED, CONTACT_REFUSED, ""  },
        {"silence goes along, silently",        IGNORED, NOTHING,        CONTACT_IGNORED, CONTACT_IGNORED, ""  },
        {"two welcomes are one",                WELCOME, WELCOME,        CONTACT_UNKNOWN, CONTACT_WELCOME, TOLD},
        {"a refusal there is not got round",    WELCOME, REFUSED,        CONTACT_WELCOME, CONTACT_REFUSED,
         ""                                                                                                    },
        {"nor silence",                         WELCOME, IGNORED,        CONTACT_WELCOME, CONTACT_IGNORED, ""  },
        {"nor a domain that is kept out",       WELCOME, DOMAIN_REFUSED, CONTACT_WELCOME, CONTACT_UNKNOWN,
         ""                                                                                                    },
        {"whom the owner welcomed there stays", REFUSED, WELCOME,        CONTACT_REFUSED, CONTACT_WELCOME,
         ""                                                                                                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        open_asking_town(NULL);
        decide(BOBS, "@social.example", rows[i].old);
        decide(DANS, "@other.example", rows[i].new);
        bob_moves();
        if (state_of(BOBS) != rows[i].old_then || state_of(DANS) != rows[i].new_then)
            fail_msg("%s: %s and %s", rows[i].name, contact_state_word(state_of(BOBS)),
                     contact_state_word(state_of(DANS)));
        check_told(rows[i].name, rows[i].told);
        close_town(NULL);
    }
}

static void who_waits_there_has_the_answer(void **state)
{
    const struct said note = {ACTIVITY_CREATE, "dan", .note = DAN "/notes/1", .html = "<p>Me.</p>",
                              .to = "alice"};

    (void)state;
    choose(BOBS, CHOICE_WELCOME, NULL);
    visitor_says(&town, &note);
    assert_int_equal(state_of(DANS), CONTACT_ASKED);
    bob_moves();
    assert_int_equal(state_of(DANS), CONTACT_WELCOME);
    scoped_text char *inbox = mailbox_list(&town, town.alice, "INBOX");
    assert_text(inbox, "Me.\n");
}

static void a_follow_goes_over(void **state)
{
    (void)state;
    town_follow(&town, "alice", "bob");
    town_follow(&town, "eve", "bob");
    bob_moves();
    assert_int_equal(follow_of("alice", "bob"), FOLLOW_LEFT);
    assert_int_equal(follow_of("alice", "dan"), FOLLOW_WAITING);
    assert_int_equal(follow_of("eve", "dan"), FOLLOW_WAITING);
    scoped_text char *queue = town_queue(&town);
    assert_text(queue, "follow to " DAN "/inbox wanted 1 delivered 0\n"
                       "follow to " BOB "/inbox wanted 2 delivered 0\n"
                       "follow to " DAN "/inbox wanted 1 delivered 0\n"
                       "follow to " BOB "/inbox wanted 2 delivered 0\n");
    check_told("a follow", TOLD);
    scoped_text char *mail = mailbox_newest(&town, town.alice, NOTICES);
    assert_non_null(strstr(mail, "You follow @dan@other.example now, and @bob@social.example no "
                                 "longer."));
    assert_non_null(strstr(mail, "<dan=other.example@example.org>"));
}

static void nobody_follows_whom_they_refused(void **state)
{
    (void)state;
    town_follow(&town, "alice", "bob");
    choose(DANS, CHOICE_REFUSE, NULL);
    bob_moves();
    assert_int_equal(follow_of("alice", "bob"), FOLLOW_ACCEPTED);
    assert_int_equal(follow_of("alice", "dan"), 0);
    check_told("refused", "");
}

/* Each of these changes nothing. */
static void once_a_week_and_of_whom_we_know(void **state)
{
    const struct said back = {ACTIVITY_MOVE, "dan", .id = DAN "#moves/1", .object = DAN,
                              .target = "bob"};

    (void)state;
    assert_false(visitor_concerns(&town, &move));
    choose(BOBS, CHOICE_WELCOME, NULL);
    assert_true(visitor_concerns(&town, &move));
    bob_moves();
    assert_int_equal(state_of(DANS), CONTACT_WELCOME);
    visitor_says(&town, &back);
    town_chores(&town, NULL);
    assert_int_equal(state_of(DANS), CONTACT_WELCOME);
    choose(BOBS, CHOICE_WELCOME, NULL);
    assert_false(visitor_concerns(&town, &move));
    town_wait(&town, 7 * DAY_MS);
    assert_true(visitor_concerns(&town, &move));
    visitor_says(&town, &back);
    town_chores(&town, NULL);
    assert_int_equal(state_of(BOBS), CONTACT_WELCOME);
    assert_int_equal(state_of(DANS), CONTACT_UNKNOWN);
}

/* The request stays the owner's hand on it. */
static void a_request_that_was_answered_rules_the_new_account(void **state)
{
    const struct said note = {ACTIVITY_CREATE, "bob", .note = BOB "/notes/1", .html = "<p>Hi.</p>",
                              .to = "alice"};
    struct err err = {0};
    scoped_value(contact_rows) rows = {0};

    (void)state;
    visitor_says(&town, &note);
    choose(BOBS, CHOICE_WELCOME, NULL);
    bob_moves();
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(store_contacts_of(view, town.alice, town_person(&town, "dan"), &rows, &err));
    assert_int_equal(rows.count, 1);
    assert_true(rows.at[0].notice_id > 0);
}

static bool add_alias(struct town *it, struct store_tx *tx, struct err *err)
{
    return store_put_alias(tx, it->eve, BOB, true, err);
}

static void to_somebody_here(void **state)
{
    const struct said here = {ACTIVITY_MOVE, "bob", .id = BOB "#moves/1", .object = BOB,
                              .target = "eve"};

    (void)state;
    town_follow(&town, "alice", "bob");
    town_follow(&town, "eve", "bob");
    choose(BOBS, CHOICE_WELCOME, NULL);
    visitor_says(&town, &here);
    town_chores(&town, NULL);
    assert_int_equal(follow_of("alice", "eve"), 0); /* she does not say that she is Bob */
    town_write(&town, add_alias);
    visitor_says(&town, &here);
    town_chores(&town, NULL);
    assert_int_equal(follow_of("alice", "eve"), FOLLOW_ACCEPTED);
    assert_int_equal(follow_of("alice", "bob"), FOLLOW_LEFT);
    assert_int_equal(follow_of("eve", "bob"), FOLLOW_LEFT);
    assert_int_equal(state_of("eve@example.org"), CONTACT_WELCOME);
    assert_int_equal(state_of(BOBS), CONTACT_UNKNOWN);
    check_told("here", TOLD);
}

/* What a crash leaves is taken up. */
static void a_move_that_was_interrupted_is_carried_on(void **state)
{
    (void)state;
    town_follow(&town, "alice", "bob");
    visitor_says(&town, &move);
    town_reopen(&town);
    assert_int_equal(follow_of("alice", "bob"), FOLLOW_ACCEPTED);
    town_chores(&town, NULL);
    assert_int_equal(follow_of("alice", "bob"), FOLLOW_LEFT);
    town_chores(&town, NULL);
    check_told("once", TOLD);
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_decided),
        IN_ASKING_TOWN(who_waits_there_has_the_answer),
        IN_ASKING_TOWN(a_follow_goes_over),
        IN_ASKING_TOWN(nobody_follows_whom_they_refused),
        IN_ASKING_TOWN(once_a_week_and_of_whom_we_know),
        IN_ASKING_TOWN(a_request_that_was_answered_rules_the_new_account),
        IN_ASKING_TOWN(to_somebody_here),
        IN_ASKING_TOWN(a_move_that_was_interrupted_is_carried_on),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
