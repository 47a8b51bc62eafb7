/* Strangers of the Fediverse knock: what waits, what the owner sees, what an answer does, what is taken back. */
#include "one_town.h"

#include "bridge_contact.h"
#include "bridge_people.h"
#include "contact_work.h"

#include <stdio.h>

#define BOBS "@bob@social.example"
#define DANS "@dan@other.example"
#define NOTE "https://social.example/users/bob/notes/"
#define ALICES "https://social.example/posts/alice-public@example.org"
#define REQUEST "Bob (@bob@social.example) wants to write to you\n"
#define FOLLOWS "Bob (@bob@social.example) wants to follow you\n"

static void check_mailbox(const char *what, const char *mailbox, const char *expected)
{
    scoped_text char *found = mailbox_list(&town, town.alice, mailbox);

    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s holds\n%swhere should be\n%s", what, mailbox, found, expected);
}

static void check_queue(const char *what, const char *expected)
{
    scoped_text char *found = town_queue(&town);

    if (strcmp(found, expected) != 0)
        fail_msg("%s: the queue is\n%swhere should be\n%s", what, found, expected);
}

static void choose(const char *who, enum contact_choice choice, const char *words)
{
    struct err err = {0};

    if (!bridge_contact_choose(town.bridge, SLICE("alice@example.org"), slice_of(who), choice,
                               words, &err))
        fail_msg("%s", err.said);
}

static enum contact_state state_of(const char *who)
{
    struct err err = {0};
    scoped_value(contact_rows) rows = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_contacts_of(view, town.alice, town_person(&town, who), &rows, &err));
    assert_true(rows.count < 2);
    return rows.count == 0 ? CONTACT_UNKNOWN : rows.at[0].state;
}

static enum follow_state follow_of(const char *who)
{
    struct err err = {0};
    scoped_value(follow) follow = {0};
    scoped(store_view) view = store_look(town.store, &err);
    enum found found =
        store_follow(view, town_person(&town, who), town.alice_person, &follow, &err);

    return found == FOUND ? follow.state : FOLLOW_LEFT;
}

static void says(const char *who, const char *number, const char *to, const char *answers)
{
    scoped_text char *id =
        must_print("https://%s/users/%s/notes/%s",
                   strcmp(who, "bob") == 0 ? "social.example" : "other.example", who, number);
    scoped_text char *html = must_print("<p>Note %s</p>", number);
    const struct said said = {ACTIVITY_CREATE, .who = who, .note = id,
                              .html = html,    .to = to,   .answers = answers};

    visitor_says(&town, &said);
}

static void writes(const char *number)
{
    says("bob", number, "alice", NULL);
}

/* ---- notes ---- */
static void a_direct_note_waits_and_is_asked_about_once(void **state)
{
    (void)state;
    writes("1");
    writes("2");
    check_mailbox("waits", MAILBOX_INBOX, "");
    check_mailbox("one person, one request", MAILBOX_CONTACTS_NEW, REQUEST);
    scoped_text char *notice = mailbox_newest(&town, town.alice, MAILBOX_CONTACTS_NEW);
    assert_non_null(strstr(notice, "social.example confirms that it is them."));
    assert_null(strstr(notice, "Note 1"));
    assert_int_equal(state_of("bob"), CONTACT_ASKED);
    choose(BOBS, CHOICE_WELCOME, NULL);
    check_mailbox("both arrive", MAILBOX_INBOX, "Note 1\nNote 2\n");
    check_mailbox("where it belongs", MAILBOX_CONTACTS_WELCOME, REQUEST);
    writes("3");
    check_mailbox("and what follows", MAILBOX_INBOX, "Note 1\nNote 2\nNote 3\n");
    check_queue("they are told nothing", "");
}

static void refused_with_words(void **state)
{
    scoped_value(message) words = {0};

    (void)state;
    writes("1");
    choose(BOBS, CHOICE_REFUSE, "please write to my office");
    check_mailbox("refused", MAILBOX_CONTACTS_REFUSED, REQUEST);
    check_queue("the words, once",
                "message to https://social.example/users/bob/inbox wanted 1 delivered 0\n");
    town_newest(&town, &words);
    assert_int_equal(words.visibility, VISIBILITY_DIRECT);
    writes("2");
    choose(BOBS, CHOICE_REFUSE, "please write to my office");
    check_queue("and only once",
                "message to https://social.example/users/bob/inbox wanted 1 delivered 0\n");
    choose(BOBS, CHOICE_WELCOME, NULL);
    check_mailbox("what was refused is gone", MAILBOX_INBOX, "");
}

static void ignored_hears_nothing(void **state)
{
    (void)state;
    writes("1");
    choose(BOBS, CHOICE_IGNORE, NULL);
    writes("2");
    check_queue("silence", "");
    check_mailbox("nothing", MAILBOX_INBOX, "");
    check_mailbox("one request", MAILBOX_CONTACTS_IGNORED, REQUEST);
    choose(BOBS, CHOICE_ASK_AGAIN, NULL);
    check_mailbox("taken back", MAILBOX_CONTACTS_NEW, REQUEST);
    writes("3");
    choose(BOBS, CHOICE_WELCOME, NULL);
    check_mailbox("what waited since", MAILBOX_INBOX, "Note 3\n");
}

static void who_is_known_needs_no_question(void **state)
{
    (void)state;
    town_follow(&town, "alice", "bob");
    writes("1");
    check_mailbox("followed", MAILBOX_INBOX, "Note 1\n");
    choose("@social.example", CHOICE_IGNORE, NULL);
    writes("2");
    says("bob", "3", "followers", NULL);
    check_mailbox("a domain is kept out, followed or not", MAILBOX_INBOX, "Note 1\n");
    check_mailbox("on its pages too", MAILBOX_HOME, "");
}

static void a_name_in_public_is_asked_about_too(void **state)
{
    (void)state;
    says("bob", "1", "public alice", NULL);
    check_mailbox("waits", MAILBOX_INBOX, "");
    check_mailbox("asked", MAILBOX_CONTACTS_NEW, "Bob (@bob@social.example) names you in public\n");
}

static bool each_reply(void *ctx, const struct message *message)
{
    (void)message;
    ++*(int *)ctx;
    return true;
}

static int replies_shown(void)
{
    struct err err = {0};
    scoped_value(message) post = {0};
    int count = 0;

    assert_true(town_message(&town, ALICES, &post));
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(store_replies(view, post.id, each_reply, &count, &err));
    return count;
}

static void answers_to_one_post_make_one_question(void **state)
{
    (void)state;
    says("bob", "1", "public alice", ALICES);
    check_mailbox("the first", MAILBOX_CONTACTS_NEW,
                  "Bob (@bob@social.example) answers your post\n");
    says("dan", "1", "public", ALICES);
    check_mailbox("with both names", MAILBOX_CONTACTS_NEW,
                  "Dan (@dan@other.example) and 1 other answer your post\n");
    scoped_text char *notice = mailbox_newest(&town, town.alice, MAILBOX_CONTACTS_NEW);
    assert_non_null(strstr(notice, "Bob (@bob@social.example)"));
    assert_non_null(strstr(notice, "One answer of yours is for all of them."));
    says("dan", "2", "alice", NULL);
    check_mailbox("one person, one request", MAILBOX_CONTACTS_NEW,
                  "Dan (@dan@other.example) and 1 other answer your post\n");
    assert_int_equal(replies_shown(), 0);
    choose(BOBS, CHOICE_WELCOME, NULL);
    assert_int_equal(replies_shown(), 1);
    choose(DANS, CHOICE_IGNORE, NULL);
    assert_int_equal(replies_shown(), 1);
    check_mailbox("bob alone", MAILBOX_INBOX, "Re: Good morning\n");
}

static void one_question_a_day_about_a_post(void **state)
{
    (void)state;
    says("bob", "1", "public alice", ALICES);
    choose(BOBS, CHOICE_WELCOME, NULL);
    says("dan", "1", "public alice", ALICES);
    check_mailbox("not today", MAILBOX_CONTACTS_NEW, "");
    assert_int_equal(state_of("dan"), CONTACT_TURN);
    town_chores(&town, NULL);
    assert_int_equal(state_of("dan"), CONTACT_TURN);
    town_wait(&town, DAY_MS + MINUTE_MS);
    town_chores(&town, NULL);
    assert_int_equal(state_of("dan"), CONTACT_ASKED);
    check_mailbox("tomorrow, by itself", MAILBOX_CONTACTS_NEW,
                  "Dan (@dan@other.example) answers your post\n");
}

static void an_edit_replaces_and_a_delete_ends_what_waits(void **state)
{
    struct said edit = {ACTIVITY_UPDATE, "bob", .note = NOTE "1", .html = "<p>Better</p>",
                        .to = "alice"};
    struct said end = {ACTIVITY_DELETE, "bob", .id = "https://social.example/d/1",
                       .object = NOTE "1"};

    (void)state;
    edit.published_ms = town_now(&town) - 1000;
    edit.updated_ms = town_now(&town) + 1000;
    writes("1");
    visitor_says(&town, &edit);
    writes("2");
    choose(BOBS, CHOICE_WELCOME, NULL);
    check_mailbox("as it is now", MAILBOX_INBOX, "Better\nNote 2\n");
    says("dan", "7", "alice", NULL);
    end.who = "dan";
    end.object = "https://other.example/users/dan/notes/7";
    visitor_says(&town, &end);
    assert_int_equal(state_of("dan"), CONTACT_UNKNOWN);
    check_mailbox("a request about nothing", MAILBOX_CONTACTS_NEW, "");
}

static void who_is_gone_leaves_nothing(void **state)
{
    const struct said gone = {ACTIVITY_DELETE, "bob", .id = "https://social.example/d/9",
                              .object = "https://social.example/users/bob"};

    (void)state;
    writes("1");
    visitor_says(&town, &gone);
    assert_int_equal(state_of("bob"), CONTACT_UNKNOWN);
    check_mailbox("no request", MAILBOX_CONTACTS_NEW, "");
}

static void who_waits_is_forgotten_in_time(void **state)
{
    (void)state;
    writes("1");
    town_wait(&town, 15 * DAY_MS);
    town_chores(&town, NULL);
    assert_int_equal(state_of("bob"), CONTACT_UNKNOWN);
    check_mailbox("over", MAILBOX_TRASH, REQUEST);
}

static void a_closed_door_takes_nothing(void **state)
{
    (void)state;
    town.config.contact = DOOR_CLOSED;
    writes("1");
    assert_int_equal(state_of("bob"), CONTACT_UNKNOWN);
    check_mailbox("no request", MAILBOX_CONTACTS_NEW, "");
}

static void a_box_has_room_for_twenty(void **state)
{
    (void)state;
    for (int i = 0; i < CONTACT_HELD_MAX + 5; i++) {
        char number[12];
        snprintf(number, sizeof number, "%d", i);
        writes(number);
    }
    choose(BOBS, CHOICE_WELCOME, NULL);
    scoped_text char *found = mailbox_list(&town, town.alice, MAILBOX_INBOX);
    int lines = 0;
    for (const char *at = found; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, CONTACT_HELD_MAX);
}

/* ---- follows ---- */
#define ACCEPTED "answer to https://social.example/users/bob/inbox wanted 1 delivered 0\n"
#define REJECTED "answer to https://social.example/users/bob/inbox wanted 2 delivered 0\n"
#define SPOKEN "message to https://social.example/users/bob/inbox wanted 1 delivered 0\n"

static void follows(void)
{
    const struct said said = {ACTIVITY_FOLLOW, "bob", .id = "https://social.example/f/1",
                              .object = "https://example.org/users/alice"};

    visitor_says(&town, &said);
}

static void a_follow_waits_for_the_answer(void **state)
{
    static const struct {
        const char *name;
        enum contact_choice choice;
        const char *words;
        enum follow_state state;
        const char *queue;
    } rows[] = {
        {"welcome",           CHOICE_WELCOME, NULL,      FOLLOW_ACCEPTED, ACCEPTED       },
        {"refuse",            CHOICE_REFUSE,  NULL,      FOLLOW_REFUSED,  REJECTED       },
        {"refuse with words", CHOICE_REFUSE,  "not now", FOLLOW_REFUSED,  REJECTED SPOKEN},
        {"ignore",            CHOICE_IGNORE,  NULL,      FOLLOW_WAITING,  ""             },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        open_asking_town(state);
        town.config.follow = DOOR_ASK;
        follows();
        follows();
        check_mailbox(rows[i].name, MAILBOX_CONTACTS_NEW, FOLLOWS);
        assert_int_equal(follow_of("bob"), FOLLOW_WAITING);
        check_queue("waiting", "");
        choose(BOBS, rows[i].choice, rows[i].words);
        assert_int_equal(follow_of("bob"), rows[i].state);
        check_queue(rows[i].name, rows[i].queue);
        close_town(state);
    }
    open_asking_town(state);
}

static void who_follows_and_writes_is_one_request(void **state)
{
    (void)state;
    town.config.follow = DOOR_ASK;
    follows();
    writes("1");
    check_mailbox("one", MAILBOX_CONTACTS_NEW, FOLLOWS);
    choose(BOBS, CHOICE_WELCOME, NULL);
    assert_int_equal(follow_of("bob"), FOLLOW_ACCEPTED);
    check_mailbox("and both come in", MAILBOX_INBOX, "Note 1\n");
}

static void an_answer_to_a_follow_can_be_changed(void **state)
{
    (void)state;
    town.config.follow = DOOR_ASK;
    follows();
    choose(BOBS, CHOICE_WELCOME, NULL);
    choose(BOBS, CHOICE_ASK_AGAIN, NULL);
    assert_int_equal(follow_of("bob"), FOLLOW_WAITING);
    choose(BOBS, CHOICE_WELCOME, NULL);
    choose(BOBS, CHOICE_REFUSE, NULL);
    assert_int_equal(follow_of("bob"), FOLLOW_REFUSED);
    choose(BOBS, CHOICE_WELCOME, NULL);
    assert_int_equal(follow_of("bob"), FOLLOW_ACCEPTED);
    choose(BOBS, CHOICE_IGNORE, NULL);
    assert_int_equal(follow_of("bob"), FOLLOW_WAITING);
    follows();
    assert_int_equal(follow_of("bob"), FOLLOW_WAITING);
}

static void an_undone_follow_asks_nothing(void **state)
{
    const struct said undo = {ACTIVITY_UNDO,
                              "bob",
                              .id = "https://social.example/u/1",
                              .object = "https://social.example/f/1",
                              .object_type = ACTIVITY_FOLLOW,
                              .object_actor = "https://social.example/users/bob",
                              .object_object = "https://example.org/users/alice"};

    (void)state;
    town.config.follow = DOOR_ASK;
    follows();
    visitor_says(&town, &undo);
    check_mailbox("withdrawn", MAILBOX_CONTACTS_NEW, "");
    assert_int_equal(state_of("bob"), CONTACT_UNKNOWN);
    follows();
    writes("1");
    visitor_says(&town, &undo);
    assert_int_equal(state_of("bob"), CONTACT_ASKED);
    choose(BOBS, CHOICE_WELCOME, NULL);
    assert_int_equal(follow_of("bob"), FOLLOW_LEFT);
    check_mailbox("the note stays", MAILBOX_INBOX, "Note 1\n");
}

static void an_open_door_lets_follow_but_not_those_kept_out(void **state)
{
    (void)state;
    writes("1");
    follows();
    assert_int_equal(follow_of("bob"), FOLLOW_ACCEPTED);
    choose(BOBS, CHOICE_REFUSE, NULL);
    assert_int_equal(follow_of("bob"), FOLLOW_ACCEPTED); /* was never asked about */
    follows();
    assert_int_equal(follow_of("bob"), FOLLOW_REFUSED);
    check_queue("the second Follow", REJECTED);
}

/* ---- those who live here, and readers by mail ---- */
static void a_neighbour_is_asked_about_in_turn(void **state)
{
    struct err err = {0};

    (void)state;
    town.config.follow = DOOR_ASK;
    assert_true(bridge_follow(town.bridge, SLICE("eve@example.org"), SLICE("@alice@example.org"),
                              true, &err));
    assert_int_equal(follow_of("eve"), FOLLOW_WAITING);
    town_chores(&town, NULL);
    scoped_text char *found = mailbox_list(&town, town.alice, MAILBOX_CONTACTS_NEW);
    assert_non_null(strstr(found, "@eve@example.org"));
    assert_non_null(strstr(found, "wants to follow you"));
    assert_int_equal(state_of("eve"), CONTACT_ASKED);
    choose("eve@example.org", CHOICE_WELCOME, NULL);
    assert_int_equal(follow_of("eve"), FOLLOW_ACCEPTED);
}

/* ---- likes ---- */
static void likes_never_ask_and_do_not_come_from_who_is_kept_out(void **state)
{
    const struct said like = {ACTIVITY_LIKE, "bob", .id = "https://social.example/l/1",
                              .object = ALICES};
    scoped_value(message) post = {0};
    struct err err = {0};
    int64_t likes, boosts;

    (void)state;
    visitor_says(&town, &like);
    check_mailbox("no question", MAILBOX_CONTACTS_NEW, "");
    choose(DANS, CHOICE_IGNORE, NULL);
    struct said dans = like;
    dans.who = "dan";
    dans.id = "https://other.example/l/1";
    visitor_says(&town, &dans);
    assert_true(town_message(&town, ALICES, &post));
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(store_reactions(view, post.id, &likes, &boosts, &err));
    assert_int_equal(likes, 1);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        IN_ASKING_TOWN(a_direct_note_waits_and_is_asked_about_once),
        IN_ASKING_TOWN(refused_with_words),
        IN_ASKING_TOWN(ignored_hears_nothing),
        IN_ASKING_TOWN(who_is_known_needs_no_question),
        IN_ASKING_TOWN(a_name_in_public_is_asked_about_too),
        IN_ASKING_TOWN(answers_to_one_post_make_one_question),
        IN_ASKING_TOWN(one_question_a_day_about_a_post),
        IN_ASKING_TOWN(an_edit_replaces_and_a_delete_ends_what_waits),
        IN_ASKING_TOWN(who_is_gone_leaves_nothing),
        IN_ASKING_TOWN(who_waits_is_forgotten_in_time),
        IN_ASKING_TOWN(a_closed_door_takes_nothing),
        IN_ASKING_TOWN(a_box_has_room_for_twenty),
        cmocka_unit_test_teardown(a_follow_waits_for_the_answer, close_town),
        IN_ASKING_TOWN(who_follows_and_writes_is_one_request),
        IN_ASKING_TOWN(an_answer_to_a_follow_can_be_changed),
        IN_ASKING_TOWN(an_undone_follow_asks_nothing),
        IN_ASKING_TOWN(an_open_door_lets_follow_but_not_those_kept_out),
        IN_ASKING_TOWN(a_neighbour_is_asked_about_in_turn),
        IN_ASKING_TOWN(likes_never_ask_and_do_not_come_from_who_is_kept_out),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
