/* What becomes of notes from elsewhere: who gets them, whom they name, edits and deletes. */
#include "one_town.h"

#include "store_secret.h"

static const char alices[] = "https://social.example/posts/alice-public@example.org";
static const char note[] = "https://social.example/users/bob/1";

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
        scoped_value(bytes) words = {0};
        struct err err;
        assert_true(
            message.html.len == 0 ||
            vault_unwrap(town.vault, PURPOSE_POST_TEXT, bytes_slice(&message.html), &words, &err));
        scoped_text char *html = must_copy(slice_trim(bytes_slice(&words)));
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
        {"one that turns the line around neither",
         "https://far.example/users/zed @\u202edez@far.example",                                                           ""                                                    },
        {"one of other letters neither",                           "https://far.example/users/zed @z\u0435d@far.example",  ""                                                    },
        {"one with signs of a header neither",                     "https://far.example/users/zed @z\"<e>d@far.example",
         ""                                                                                                                                                                      },
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

/* ---- what an answer may tell ---- */
static void an_answer_names_only_what_its_reader_may_read(void **state)
{
    scoped_value(message) secret = {0};
    const struct town_mail mail = {
        .door = MAIL_DOOR_SUBMISSION,
        .login = "eve@example.org",
        .mail_from = "eve@example.org",
        .recipients = "bob=social.example@example.org",
        .text = SLICE("From: eve@example.org\nTo: bob=social.example@example.org\n"
                      "Message-ID: <e@here>\n\nFor Bob alone.\n")};

    (void)state;
    scoped_text char *reply = town_send(&town, &mail);
    assert_string_equal(reply, "250 2.0.0 Taken");
    town_newest(&town, &secret);
    struct said said = {ACTIVITY_CREATE,       "bob",         .note = note,
                        .html = "<p>Look</p>", .to = "alice", .answers = secret.activity_id};
    visitor_says(&town, &said);
    scoped_text char *hers = mailbox_newest(&town, town.alice, MAILBOX_INBOX);
    assert_non_null(strstr(hers, "Look"));
    if (strstr(hers, secret.message_id) || strstr(hers, "References"))
        fail_msg("%s", hers);
    said.note = "https://social.example/users/bob/notes/2";
    said.to = "eve";
    visitor_says(&town, &said);
    scoped_text char *eves = mailbox_newest(&town, town.eve, MAILBOX_INBOX);
    assert_non_null(strstr(eves, secret.message_id));
}

static void a_full_mailbox_takes_no_note(void **state)
{
    struct said said = {ACTIVITY_CREATE,        "bob",          .note = note,
                        .html = "<p>Hello</p>", .to = "public", .cc = "alice"};
    struct err err = {0};

    (void)state;
    visitor_says(&town, &said);
    town_follow(&town, "eve", "bob");
    town.config.quota = 1; /* eve has nothing yet, but what she would have */
    said.note = "https://social.example/users/bob/notes/2";
    struct activity_arrival *arrival = visitor_prepares(&town, &said);
    assert_true(visitor_records(&town, arrival)); /* eve's; Alice is told on the page */
    check_mailbox("addressed, with no room", town.alice, MAILBOX_INBOX, "Hello\n");
    check_mailbox("room for one", town.eve, MAILBOX_HOME, "Hello\n");
    said.note = "https://social.example/users/bob/notes/3";
    assert_false(visitor_is_taken(&town, &said, &err));
    assert_int_equal(err.kind, ERR_TEMPORARY);
    assert_string_equal(err.said, "The mailbox is full; please try again later");
    said.note = "https://social.example/users/bob/notes/4";
    said.to = "followers";
    said.cc = NULL;
    visitor_says(&town, &said); /* nobody is addressed: it can be read where it was said */
    check_mailbox("not addressed, with no room", town.eve, MAILBOX_HOME, "Hello\n");
    town.config.quota = 1024 * 1024;
    said.note = "https://social.example/users/bob/notes/3";
    said.to = "public";
    said.cc = "alice";
    visitor_says(&town, &said);
    check_mailbox("room again", town.alice, MAILBOX_INBOX, "Hello\nHello\n");
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
        IN_TOWN(an_answer_names_only_what_its_reader_may_read),
        IN_TOWN(a_full_mailbox_takes_no_note),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
