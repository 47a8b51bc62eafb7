/* Polls of others: who may vote, what leaves, and who hears of the end. */
#include "one_town.h"
#include "row.h"

#include "store_poll.h"

#define QUESTION "https://social.example/posts/tea"
#define BOBS_INBOX "https://social.example/users/bob/inbox"

static struct said bobs_poll(enum activity_type type, const char *poll)
{
    return (struct said){type,
                         "bob",
                         .note = QUESTION,
                         .html = "<p>Which?</p>",
                         .to = "public",
                         .cc = "alice",
                         .type_of_note = "Question",
                         .poll = poll,
                         .closes_ms = town_now(&town) + DAY_MS};
}

static void bob_asks(const char *poll)
{
    const struct said said = bobs_poll(ACTIVITY_CREATE, poll);

    visitor_says(&town, &said);
}

static char *ref_of(const char *post)
{
    scoped_value(message) message = {0};

    assert_true(town_message(&town, post, &message));
    return must_dup(message.ref);
}

static void writes(const char *who, const char *word, const char *reply)
{
    static int number;
    scoped_text char *ref = ref_of(QUESTION);
    scoped_text char *to = must_print("%s+%s@example.org", ref, word);
    scoped_text char *text =
        must_print("From: %s\nTo: %s\nMessage-ID: <%d@here>\nSubject: \n\n\n", who, to, number++);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = who,
                                   .mail_from = who,
                                   .recipients = to,
                                   .text = slice_of(text)};
    scoped_text char *said = town_send(&town, &mail);

    assert_string_equal(said, reply);
}

static void votes(const char *word)
{
    writes(ALICE, word, TAKEN);
}

static void refused(const char *word, const char *why)
{
    scoped_text char *ref = ref_of(QUESTION);
    scoped_text char *reply = must_print("550 5.7.1 Not done: the poll %s %s.", ref, why);

    writes(ALICE, word, reply);
}

static void check_queue(const char *when, const char *wanted)
{
    scoped_text char *found = town_queue(&town);

    if (strcmp(found, wanted) != 0)
        fail_msg("%s: %s", when, found);
}

static void check_mailbox(const char *when, int64_t account, const char *mailbox,
                          const char *wanted)
{
    scoped_text char *found = mailbox_list(&town, account, mailbox);

    if (strcmp(found, wanted) != 0)
        fail_msg("%s: %s", when, found);
}

/* What the first reaction's delivery says after so many were taken. */
static void say(int delivered, struct outgoing *out)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);
    const struct delivery delivery = {.subject = SUBJECT_REACTION,
                                      .subject_id = 1,
                                      .account_id = town.alice,
                                      .target = TARGET_INBOX,
                                      .inbox = (char[]){BOBS_INBOX},
                                      .wanted = 1,
                                      .delivered = delivered,
                                      .tries = 1};

    assert_true(bridge_outgoing(view, &delivery, out, &err));
}

static void a_vote_is_said_once(void **state)
{
    struct outgoing said = {.version = 0}, again = {.version = 0};

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    votes("vote-2");
    votes("vote-2");
    check_queue("voted twice", "reaction to " BOBS_INBOX " wanted 1 delivered 0\n");
    say(0, &said);
    assert_int_equal(said.kind, OUTGOING_VOTE);
    assert_int_equal(said.version, 1);
    assert_string_equal(said.reaction_activity_id, "https://example.org/users/alice#votes/1/1");
    assert_string_equal(said.reaction_object, QUESTION);
    assert_string_equal(said.reaction_author, "https://social.example/users/bob");
    assert_string_equal(said.reaction_choice, "Coffee");
    say(1, &again);
    assert_int_equal(again.kind, OUTGOING_NOTHING);
    outgoing_clear(&said);
    outgoing_clear(&again);
}

static void what_cannot_be_voted_is_refused(void **state)
{
    (void)state;
    bob_asks("Tea 3,Coffee 1");
    refused("vote-3", "has 2 choices");
    refused("vote-1-3", "has 2 choices");
    refused("vote-1-2", "takes one choice");
    votes("vote-1");
    refused("vote-2", "has your vote already");
    writes(ALICE, "undo", "550 5.7.1 Not done: a vote cannot be taken back; no server knows how.");
    votes("like");
    votes("undo"); /* of the like */
    town_wait(&town, DAY_MS + 1);
    votes("vote-1");
    writes("eve@example.org", "like", TAKEN);
    scoped_text char *ref = ref_of(QUESTION);
    scoped_text char *ended = must_print("550 5.7.1 Not done: the poll %s has ended.", ref);
    writes("eve@example.org", "vote-1", ended);
}

static void a_post_is_no_poll(void **state)
{
    scoped_text char *ref = ref_of("https://social.example/posts/bob-public@example.org");
    scoped_text char *to = must_print("%s+vote-1@example.org", ref);
    scoped_text char *reply =
        must_print("550 5.7.1 Not done: %s is not a poll that you can see.", ref);

    (void)state;
    say_to(&town, to, "", reply, "");
    say_to(&town, "9zzzzzzzzzzzz+vote-1@example.org", "",
           "550 5.7.1 Not done: 9zzzzzzzzzzzz is not a poll that you can see.", "");
}

static void a_poll_for_one_is_for_one(void **state)
{
    struct said said = bobs_poll(ACTIVITY_CREATE, "Tea 0,Coffee 0");

    (void)state;
    said.to = "alice";
    said.cc = NULL;
    visitor_says(&town, &said);
    scoped_text char *ref = ref_of(QUESTION);
    scoped_text char *unseen =
        must_print("550 5.7.1 Not done: %s is not a poll that you can see.", ref);
    writes("eve@example.org", "vote-1", unseen);
    votes("vote-1");
}

static void several_may_be_chosen_where_many_may(void **state)
{
    (void)state;
    bob_asks("+Tea 3,Coffee 1,Milk 0");
    votes("vote-1-3");
    votes("vote-3-2");
    check_queue("each choice once", "reaction to " BOBS_INBOX " wanted 1 delivered 0\n"
                                    "reaction to " BOBS_INBOX " wanted 1 delivered 0\n"
                                    "reaction to " BOBS_INBOX " wanted 1 delivered 0\n");
}

static void who_voted_hears_of_the_end_once(void **state)
{
    struct said counts;

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    counts = bobs_poll(ACTIVITY_UPDATE, "Tea 4,Coffee 12");
    votes("vote-2");
    visitor_says(&town, &counts);
    check_mailbox("it is open", town.alice, MAILBOX_NOTIFICATIONS, "");
    town_wait(&town, DAY_MS + 1);
    for (int i = 0; i < 2; i++)
        visitor_says(&town, &counts);
    check_mailbox("who voted", town.alice, MAILBOX_NOTIFICATIONS, "Poll ended: Which?\n");
    check_mailbox("who did not", town.eve, MAILBOX_NOTIFICATIONS, "");
    check_mailbox("the poll itself", town.alice, MAILBOX_INBOX, "Which?\n");
    scoped_text char *mail = mailbox_newest(&town, town.alice, MAILBOX_NOTIFICATIONS);
    assert_non_null(strstr(mail, "The poll \"Which?\" by Bob (@bob@social.example) has ended.\n\n"
                                 "1. Tea: 4 votes\n2. Coffee: 12 votes (yours too)\n"));
}

static void what_was_told_of_the_end_outlives_the_poll(void **state)
{
    static const char told[] = "Poll ended: Which?\n";
    struct said said;

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    said = bobs_poll(ACTIVITY_UPDATE, "Tea 4,Coffee 12");
    votes("vote-2");
    town_wait(&town, DAY_MS + 1);
    visitor_says(&town, &said);
    check_mailbox("it ended", town.alice, MAILBOX_NOTIFICATIONS, told);
    said.html = "<p>Which one?</p>";
    said.updated_ms = town_now(&town) + MINUTE_MS;
    visitor_says(&town, &said);
    check_mailbox("edited: the notice", town.alice, MAILBOX_NOTIFICATIONS, told);
    check_mailbox("edited: the poll", town.alice, MAILBOX_INBOX, "Which one?\n");
    check_mailbox("edited: what is over", town.alice, MAILBOX_TRASH, "Which?\n");
    const struct said deleted = {ACTIVITY_DELETE, "bob", .object = QUESTION};
    visitor_says(&town, &deleted);
    check_mailbox("deleted: the notice", town.alice, MAILBOX_NOTIFICATIONS, told);
    check_mailbox("deleted: the poll", town.alice, MAILBOX_INBOX, "");
}

static void a_changed_poll_asks_anew(void **state)
{
    struct said edit;
    struct outgoing said = {.version = 0};

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    votes("vote-2");
    edit = bobs_poll(ACTIVITY_UPDATE, "Tea 0,Cocoa 0");
    edit.updated_ms = town_now(&town) + MINUTE_MS;
    visitor_says(&town, &edit);
    say(0, &said);
    assert_int_equal(said.kind, OUTGOING_NOTHING);
    outgoing_clear(&said);
    votes("vote-1");
}

static void another_note_of_that_name_changes_no_poll(void **state)
{
    struct said again;
    struct outgoing said = {.version = 0};

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    votes("vote-2");
    again = bobs_poll(ACTIVITY_CREATE, "Tea 0,Cocoa 0");
    again.id = "https://social.example/creates/2";
    again.cc = "eve";
    visitor_says(&town, &again);
    check_mailbox("it came to eve too", town.eve, MAILBOX_INBOX, "Which?\n");
    say(0, &said);
    assert_string_equal(said.reaction_choice, "Coffee");
    outgoing_clear(&said);
}

static void a_poll_taken_out_of_a_post_is_none(void **state)
{
    struct said edit;

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    votes("vote-2");
    edit = bobs_poll(ACTIVITY_UPDATE, NULL);
    edit.type_of_note = "Note";
    edit.updated_ms = town_now(&town) + MINUTE_MS;
    visitor_says(&town, &edit);
    check_queue("nothing to vote for", "");
    scoped_text char *ref = ref_of(QUESTION);
    scoped_text char *none =
        must_print("550 5.7.1 Not done: %s is not a poll that you can see.", ref);
    writes(ALICE, "vote-1", none);
}

static void a_poll_that_ended_early_takes_no_vote(void **state)
{
    struct said counts;

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    counts = bobs_poll(ACTIVITY_UPDATE, "Tea 4,Coffee 12");
    counts.closes_ms = town_now(&town) - 1;
    writes("eve@example.org", "vote-1", TAKEN);
    visitor_says(&town, &counts);
    check_mailbox("who voted", town.eve, MAILBOX_NOTIFICATIONS, "Poll ended: Which?\n");
    refused("vote-2", "has ended");
}

static void a_poll_that_ended_early_without_votes_takes_none(void **state)
{
    struct said counts;

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    counts = bobs_poll(ACTIVITY_UPDATE, "Tea 4,Coffee 12");
    counts.closes_ms = town_now(&town) - 1;
    visitor_says(&town, &counts);
    refused("vote-2", "has ended");
    check_mailbox("nobody voted", town.alice, MAILBOX_NOTIFICATIONS, "");
}

static void who_votes_while_the_end_comes_hears_of_it(void **state)
{
    struct said counts;

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    counts = bobs_poll(ACTIVITY_UPDATE, "Tea 4,Coffee 12");
    counts.closes_ms = town_now(&town) - 1;
    votes("vote-1");
    struct activity_arrival *end = visitor_prepares(&town, &counts);
    writes("eve@example.org", "vote-1", TAKEN);
    assert_false(visitor_records(&town, end));
    visitor_says(&town, &counts);
    check_mailbox("in time", town.alice, MAILBOX_NOTIFICATIONS, "Poll ended: Which?\n");
    check_mailbox("just in time", town.eve, MAILBOX_NOTIFICATIONS, "Poll ended: Which?\n");
}

static void the_end_of_what_an_edit_changed_ends_nothing(void **state)
{
    struct said counts, edit;

    (void)state;
    bob_asks("Tea 3,Coffee 1");
    counts = bobs_poll(ACTIVITY_UPDATE, "Tea 4,Coffee 12");
    counts.closes_ms = town_now(&town) - 1;
    struct activity_arrival *end = visitor_prepares(&town, &counts);
    edit = bobs_poll(ACTIVITY_UPDATE, "Tea 0,Cocoa 0");
    edit.updated_ms = town_now(&town) + MINUTE_MS;
    visitor_says(&town, &edit);
    assert_false(visitor_records(&town, end));
    votes("vote-1");
}

static bool end_refused(struct town *it, struct store_tx *tx, struct err *err)
{
    const struct delivery_outcome outcome = {
        .delivery_id = 1, .end = DELIVERY_REFUSED, .version = 1, .reply = "HTTP 422"};

    return bridge_delivery_ended(it->bridge, tx, &outcome, err);
}

static void a_vote_that_was_refused_is_none(void **state)
{
    (void)state;
    bob_asks("Tea 3,Coffee 1");
    votes("vote-2");
    town_write(&town, end_refused);
    check_queue("refused", "");
    votes("vote-1");
    check_queue("voted anew", "reaction to " BOBS_INBOX " wanted 1 delivered 0\n");
}

static bool lose_bob(struct town *it, struct store_tx *tx, struct err *err)
{
    return store_person_gone(tx, it->bob, err);
}

static void nobody_counts_where_the_author_is_gone(void **state)
{
    (void)state;
    bob_asks("Tea 3,Coffee 1");
    town_write(&town, lose_bob);
    refused("vote-2", "has ended");
}

static void many_choices_are_one_vote_in_the_limit(void **state)
{
    (void)state;
    bob_asks("+Tea 3,Coffee 1,Milk 0");
    for (int i = 0; i < 198; i++)
        votes(i % 2 ? "undo" : "like");
    votes("vote-1-2-3");
}

static void an_edit_keeps_what_the_thread_is_called(void **state)
{
    struct said poll;

    (void)state;
    poll = bobs_poll(ACTIVITY_CREATE, "Tea 3,Coffee 1");
    poll.answers = "https://social.example/posts/alice-public@example.org";
    visitor_says(&town, &poll);
    poll.type = ACTIVITY_UPDATE;
    poll.html = "<p>Which one?</p>";
    poll.updated_ms = town_now(&town) + MINUTE_MS;
    visitor_says(&town, &poll);
    votes("vote-1");
    town_wait(&town, DAY_MS + 1);
    visitor_says(&town, &poll);
    check_mailbox("called as the thread", town.alice, MAILBOX_NOTIFICATIONS,
                  "Poll ended: Good morning\n");
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_vote_is_said_once),
        IN_TOWN(what_cannot_be_voted_is_refused),
        IN_TOWN(a_post_is_no_poll),
        IN_TOWN(a_poll_for_one_is_for_one),
        IN_TOWN(several_may_be_chosen_where_many_may),
        IN_TOWN(who_voted_hears_of_the_end_once),
        IN_TOWN(what_was_told_of_the_end_outlives_the_poll),
        IN_TOWN(a_changed_poll_asks_anew),
        IN_TOWN(another_note_of_that_name_changes_no_poll),
        IN_TOWN(a_poll_taken_out_of_a_post_is_none),
        IN_TOWN(a_poll_that_ended_early_takes_no_vote),
        IN_TOWN(a_poll_that_ended_early_without_votes_takes_none),
        IN_TOWN(who_votes_while_the_end_comes_hears_of_it),
        IN_TOWN(the_end_of_what_an_edit_changed_ends_nothing),
        IN_TOWN(a_vote_that_was_refused_is_none),
        IN_TOWN(nobody_counts_where_the_author_is_gone),
        IN_TOWN(many_choices_are_one_vote_in_the_limit),
        IN_TOWN(an_edit_keeps_what_the_thread_is_called),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
