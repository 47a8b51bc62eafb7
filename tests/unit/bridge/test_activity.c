/* What becomes of what people elsewhere say: rows, mails, answers. */
#include "visitors.h"

#include "bridge_people.h"

static const char alices[] = "https://social.example/posts/alice-public@example.org";
static const char alices_private[] = "https://social.example/posts/alice-followers@example.org";
static const char note[] = "https://social.example/users/bob/1";

static struct town town;

static int open_town(void **state)
{
    (void)state;
    visitors_open(&town);
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static void check_mailbox(const char *row, int64_t account, const char *mailbox,
                          const char *expected)
{
    scoped_text char *found = mailbox_list(&town, account, mailbox);

    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s holds\n%swhere should be\n%s", row, mailbox, found, expected);
}

/* ---- notes: who gets them, and where ---- */
static void note_reaches_whom_it_concerns(void **state)
{
    static const struct {
        const char *name;
        bool alice_follows;
        struct said said;
        const char *inbox, *home, *eves_inbox;
    } rows[] = {
        {"a public answer to a post goes to INBOX under its thread",
         false,                                                                  {.to = "public", .cc = "followers alice", .answers = alices},
         "Re: Good morning\n",                                                                                                                            "",
         ""                                                                                                                                                            },
        {"an answer is the author's also if it does not name her",
         false,                                                                  {.to = "public", .cc = "followers", .answers = alices},
         "Re: Good morning\n",                                                                                                                            "",
         ""                                                                                                                                                            },
        {"a public post of somebody followed goes to Home",
         true,                                                                   {.to = "public", .cc = "followers"},
         "",                                                                                                                                              "Hello\n",
         ""                                                                                                                                                            },
        {"a public post that names two goes to both",
         false,                                                                  {.to = "public", .cc = "alice eve"},
         "Hello\n",                                                                                                                                       "",
         "Hello\n"                                                                                                                                                     },
        {"a direct note goes to whom it names alone",                     true,  {.to = "alice"},                                              "Hello\n", "",        ""},
        {"a followers-only note goes to followers",                       true,  {.to = "followers"},                                          "",        "Hello\n", ""},
        {"a followers-only note does not go to others",                   false, {.to = "followers"},                                          "",        "",        ""},
        {"a direct answer that does not name her is not the author's",
         false,                                                                  {.to = "dan", .answers = alices},
         "",                                                                                                                                              "",
         ""                                                                                                                                                            },
        {"a public post that concerns nobody is nobody's",
         false,                                                                  {.to = "public", .cc = "dan"},
         "",                                                                                                                                              "",
         ""                                                                                                                                                            },
        {"a public post pushed to an inbox that did not ask is nobody's",
         false,                                                                  {.to = "public", .inbox = "alice"},
         "",                                                                                                                                              "",
         ""                                                                                                                                                            },
        {"a direct note without a name is for the inbox's owner",
         false,                                                                  {.to = "dan", .inbox = "alice"},
         "Hello\n",                                                                                                                                       "",
         ""                                                                                                                                                            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct said said = rows[i].said;
        visitors_open(&town);
        if (rows[i].alice_follows)
            town_follow(&town, "alice", "bob");
        said.type = ACTIVITY_CREATE;
        said.who = "bob";
        said.note = note;
        said.html = "<p>Hello</p>";
        visitor_says(&town, &said);
        check_mailbox(rows[i].name, town.alice, MAILBOX_INBOX, rows[i].inbox);
        check_mailbox(rows[i].name, town.alice, MAILBOX_HOME, rows[i].home);
        check_mailbox(rows[i].name, town.eve, MAILBOX_INBOX, rows[i].eves_inbox);
        town_close(&town);
    }
}

static void concern_is_told_by_ids_alone(void **state)
{
    static const struct {
        const char *name;
        struct said said;
        bool concerns;
    } rows[] = {
        {"a Follow of somebody here",
         {ACTIVITY_FOLLOW, "bob", .object = "https://example.org/users/alice"},
         true                                                                                                   },
        {"a Follow of nobody",
         {ACTIVITY_FOLLOW, "bob", .object = "https://example.org/users/nobody"},
         false                                                                                                  },
        {"a Like of a post here",                  {ACTIVITY_LIKE, "bob", .object = alices},               true },
        {"a Like of something else",               {ACTIVITY_LIKE, "bob", .object = note},                 false},
        {"a note that names somebody here",
         {ACTIVITY_CREATE, "bob", .note = note, .to = "alice"},
         true                                                                                                   },
        {"an answer to a post here",
         {ACTIVITY_CREATE, "bob", .note = note, .to = "public", .answers = alices},
         true                                                                                                   },
        {"a note to nobody here",                  {ACTIVITY_CREATE, "bob", .note = note, .to = "public"}, false},
        {"a Delete by somebody we know",           {ACTIVITY_DELETE, "bob", .object = note},               true },
        {"a Delete by somebody we never heard of",
         {ACTIVITY_DELETE, "https://far.example/users/zed", .object = note},
         false                                                                                                  },
        {"an Undo by somebody we never heard of",
         {ACTIVITY_UNDO, "https://far.example/users/zed", .object = note},
         false                                                                                                  },
        {"a boost by somebody nobody follows",     {ACTIVITY_ANNOUNCE, "bob", .object = note},             false},
        {"anything else",                          {ACTIVITY_OTHER, "bob", .object = alices},              false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (visitor_concerns(&town, &rows[i].said) != rows[i].concerns)
            fail_msg("%s", rows[i].name);
}

static void a_create_counts_once(void **state)
{
    const struct said said = {ACTIVITY_CREATE,        "bob",          .note = note,
                              .html = "<p>Hello</p>", .to = "public", .cc = "alice"};

    (void)state;
    visitor_says(&town, &said);
    visitor_says(&town, &said);
    struct said own = said;
    own.inbox = "alice";
    visitor_says(&town, &own);
    check_mailbox("twice, and by two inboxes", town.alice, MAILBOX_INBOX, "Hello\n");
}

static void two_at_once_make_one_mail(void **state)
{
    const struct said said = {ACTIVITY_CREATE,        "bob",          .note = note,
                              .html = "<p>Hello</p>", .to = "public", .cc = "alice"};
    struct said other = said;
    other.inbox = "alice"; /* another way, another guard */
    struct activity_arrival *first = visitor_prepares(&town, &said);
    struct activity_arrival *second = visitor_prepares(&town, &other);

    (void)state;
    assert_true(visitor_records(&town, first));
    assert_false(visitor_records(&town, second));
    check_mailbox("a lost race", town.alice, MAILBOX_INBOX, "Hello\n");
}

static void words_of_open_notes_alone_are_kept(void **state)
{
    static const struct {
        const char *name, *to, *cc, *html;
        enum visibility visibility;
    } rows[] = {
        {"public",    "public",    "alice",        "<p>Hello</p>", VISIBILITY_PUBLIC   },
        {"unlisted",  "followers", "public alice", "<p>Hello</p>", VISIBILITY_UNLISTED },
        {"followers", "followers", "alice",        "",             VISIBILITY_FOLLOWERS},
        {"direct",    "alice",     NULL,           "",             VISIBILITY_DIRECT   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(message) message = {0};
        scoped_text char *id = must_print("https://social.example/users/bob/%zu", i);
        const struct said said = {ACTIVITY_CREATE,  "bob",
                                  .note = id,       .html = "<p>Hello</p>",
                                  .to = rows[i].to, .cc = rows[i].cc};
        visitor_says(&town, &said);
        assert_true(town_message(&town, id, &message));
        assert_int_equal(message.visibility, rows[i].visibility);
        assert_int_equal(message.evidence, EVIDENCE_F1);
        scoped_text char *html = must_copy(slice_trim(bytes_slice(&message.html)));
        if (strcmp(html, rows[i].html) != 0)
            fail_msg("%s: %s", rows[i].name, html);
    }
}

/* ---- whom a note names ---- */
static void people_are_named_by_what_we_know(void **state)
{
    static const struct {
        const char *name, *mentions, *cc;
    } rows[] = {
        {"somebody we never met goes by the handle that is shown",
         "https://far.example/users/zed @zed@far.example",                                                                 ", \"@zed@far.example\" <zed=far.example@example.org>"},
        {"without a host the address tells it",                    "https://far.example/users/zed @zed",
         ", \"@zed@far.example\" <zed=far.example@example.org>"                                                                                                                  },
        {"somebody we know goes by what we know",                  "https://other.example/users/dan @liar@x.example",
         ", \"Dan (@dan@other.example)\" <dan=other.example@example.org>"                                                                                                        },
        {"nobody poses as somebody here",                          "https://far.example/users/zed @eve@example.org",       ""                                                    },
        {"nor as nobody here",                                     "https://example.org/users/nobody @nobody@example.org", ""                                                    },
        {"a name that is none names nobody",                       "https://far.example/users/zed @z ed@far.example",      ""                                                    },
        {"a host that is none is told by the address",             "https://far.example/users/zed @zed@far_",
         ", \"@zed@far.example\" <zed=far.example@example.org>"                                                                                                                  },
        {"the author is not named twice",                          "https://social.example/users/bob @bob",                ""                                                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *id = must_print("https://social.example/users/bob/%zu", i);
        const struct said said = {ACTIVITY_CREATE,      "bob",
                                  .note = id,           .html = "<p>Hello</p>",
                                  .to = "public alice", .mentions = rows[i].mentions};
        visitor_says(&town, &said);
        scoped_text char *mail = mailbox_newest(&town, town.alice, MAILBOX_INBOX);
        scoped_text char *line = must_dup(strstr(mail, "<unlisted@example.org>"));
        scoped_value(bytes) unfolded = {0};
        *strstr(line, "\nSubject:") = '\0';
        for (const char *c = line + strlen("<unlisted@example.org>"); *c; c++)
            if (*c != '\n')
                bytes_add_char(&unfolded, *c);
        scoped_text char *found = bytes_take(&unfolded);
        if (strcmp(found, rows[i].cc) != 0)
            fail_msg("%s: %s", rows[i].name, found);
    }
}

static void strangers_crowd_nobody_out(void **state)
{
    scoped_value(bytes) to = {0};

    (void)state;
    for (int i = 0; i < PEOPLE_MAX - 2; i++)
        bytes_print(&to, "https://far.example/users/u%d ", i);
    bytes_add_text(&to, "alice");
    const struct said said = {ACTIVITY_CREATE, "bob", .note = note, .html = "<p>Hello</p>",
                              .to = to.at};
    visitor_says(&town, &said);
    check_mailbox("the last of many", town.alice, MAILBOX_INBOX, "Hello\n");
}

static bool claim_to_live_here(struct town *it, struct store_tx *tx, struct err *err)
{
    const struct actor_facts actor = {.id = (char[]){"https://far.example/users/alice"},
                                      .user = (char[]){"alice"},
                                      .host = (char[]){"example.org"}};
    int64_t id;

    assert_false(bridge_record_actor(it->bridge, tx, &actor, &id, err));
    assert_int_equal(err->kind, ERR_REFUSED);
    return true;
}

static void no_actor_lives_here_by_saying_so(void **state)
{
    (void)state;
    town_write(&town, claim_to_live_here);
}

/* ---- edits and deletes ---- */
static void say_hello(const char *to, const char *cc)
{
    const struct said said = {ACTIVITY_CREATE,
                              "bob",
                              .note = note,
                              .html = "<p>Hello</p>",
                              .to = to,
                              .cc = cc,
                              .published_ms = town_now(&town)};

    visitor_says(&town, &said);
}

static void an_edit_is_a_new_mail_and_the_old_goes_to_trash(void **state)
{
    say_hello("public", "alice");
    struct said edit = {ACTIVITY_UPDATE,
                        "bob",
                        .note = note,
                        .html = "<p>Hello again</p>",
                        .to = "public",
                        .cc = "alice",
                        .updated_ms = town_now(&town) + MINUTE_MS};

    (void)state;
    town_wait(&town, HOUR_MS);
    visitor_says(&town, &edit);
    check_mailbox("edit", town.alice, MAILBOX_INBOX, "Hello again\n");
    check_mailbox("edit", town.alice, MAILBOX_TRASH, "Hello\n");
    edit.html = "<p>Older</p>";
    edit.updated_ms -= 1;
    visitor_says(&town, &edit);
    check_mailbox("an older edit is nothing", town.alice, MAILBOX_INBOX, "Hello again\n");
    edit.who = "dan";
    edit.author = "dan";
    edit.updated_ms += HOUR_MS;
    visitor_says(&town, &edit);
    check_mailbox("nobody edits another's", town.alice, MAILBOX_INBOX, "Hello again\n");
}

static void counts_of_a_poll_are_no_edit(void **state)
{
    struct said said = {ACTIVITY_CREATE,           "bob",          .note = note,
                        .html = "<p>Which?</p>",   .to = "public", .cc = "alice",
                        .type_of_note = "Question"};

    (void)state;
    visitor_says(&town, &said);
    said.type = ACTIVITY_UPDATE;
    visitor_says(&town, &said);
    check_mailbox("votes were counted", town.alice, MAILBOX_INBOX, "Which?\n");
    check_mailbox("votes were counted", town.alice, MAILBOX_TRASH, "");
}

static bool throw_away(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};

    return store_message_by_activity(store_tx_view(tx), slice_of(note), &message, err) == FOUND &&
           store_move_copies(tx, message.id, it->alice, MAILBOX_TRASH, err);
}

static void a_mail_in_trash_stays_there(void **state)
{
    struct said said = {ACTIVITY_UPDATE, "bob",        .note = note, .html = "<p>Hello again</p>",
                        .to = "public",  .cc = "alice"};

    (void)state;
    say_hello("public", "alice");
    town_write(&town, throw_away);
    said.updated_ms = town_now(&town) + MINUTE_MS;
    visitor_says(&town, &said);
    check_mailbox("edited after that", town.alice, MAILBOX_INBOX, "");
    check_mailbox("edited after that", town.alice, MAILBOX_TRASH, "Hello\n");
    said.type = ACTIVITY_CREATE;
    said.inbox = "alice";
    visitor_says(&town, &said);
    check_mailbox("said again", town.alice, MAILBOX_INBOX, "");
}

static void an_edit_never_widens(void **state)
{
    scoped_value(message) message = {0};

    (void)state;
    say_hello("alice", NULL);
    const struct said edit = {ACTIVITY_UPDATE,
                              "bob",
                              .note = note,
                              .html = "<p>Hello all</p>",
                              .to = "public",
                              .cc = "alice",
                              .updated_ms = town_now(&town) + MINUTE_MS};
    visitor_says(&town, &edit);
    assert_true(town_message(&town, note, &message));
    assert_int_equal(message.visibility, VISIBILITY_DIRECT);
    assert_int_equal(message.html.len, 0);
}

static void a_delete_empties_and_goes_to_trash(void **state)
{
    scoped_value(message) message = {0};
    struct said said = {ACTIVITY_DELETE, "dan", .object = note};

    (void)state;
    say_hello("public", "alice");
    visitor_says(&town, &said);
    check_mailbox("nobody deletes another's", town.alice, MAILBOX_INBOX, "Hello\n");
    said.who = "bob";
    visitor_says(&town, &said);
    check_mailbox("delete", town.alice, MAILBOX_INBOX, "");
    check_mailbox("delete", town.alice, MAILBOX_TRASH, "Hello\n");
    assert_true(town_message(&town, note, &message));
    assert_int_equal(message.state, MESSAGE_WITHDRAWN);
    assert_int_equal(message.html.len, 0);
}

static void a_delete_before_its_create_wins_for_six_hours(void **state)
{
    const struct said gone = {ACTIVITY_DELETE, "bob", .object = note};

    (void)state;
    visitor_says(&town, &gone);
    say_hello("public", "alice");
    check_mailbox("within six hours", town.alice, MAILBOX_INBOX, "");
    town_wait(&town, 6 * HOUR_MS + 1);
    say_hello("public", "alice");
    check_mailbox("later", town.alice, MAILBOX_INBOX, "Hello\n");
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
        cmocka_unit_test(note_reaches_whom_it_concerns),
        IN_TOWN(concern_is_told_by_ids_alone),
        IN_TOWN(a_create_counts_once),
        IN_TOWN(two_at_once_make_one_mail),
        IN_TOWN(words_of_open_notes_alone_are_kept),
        IN_TOWN(people_are_named_by_what_we_know),
        IN_TOWN(strangers_crowd_nobody_out),
        IN_TOWN(no_actor_lives_here_by_saying_so),
        IN_TOWN(counts_of_a_poll_are_no_edit),
        IN_TOWN(a_mail_in_trash_stays_there),
        IN_TOWN(an_edit_is_a_new_mail_and_the_old_goes_to_trash),
        IN_TOWN(an_edit_never_widens),
        IN_TOWN(a_delete_empties_and_goes_to_trash),
        IN_TOWN(a_delete_before_its_create_wins_for_six_hours),
        cmocka_unit_test(a_follow_is_answered_as_the_door_says),
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
