/* What a delivery says, as the state stands when it is sent; posts as plain values. */
#include "one_town.h"

/* ---- rows of the queue, made by hand ---- */
static struct delivery delivery;
static struct outgoing said;

static void ask(void)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    outgoing_clear(&said);
    if (!bridge_outgoing(view, &delivery, &said, &err) ||
        !bridge_outgoing_post(town.bridge, view, &said, &err) ||
        !bridge_outgoing_person(view, &said, &err))
        fail_msg("outgoing: %s (%s)", err.said, err.cause);
}

static struct message row_message;
static bool change_message(struct town *it, struct store_tx *tx, struct err *err)
{
    (void)it;
    if (row_message.state == MESSAGE_WITHDRAWN)
        return store_set_message_state(tx, row_message.id, MESSAGE_WITHDRAWN, err);
    return store_update_message(tx, &row_message, err);
}

static void posts_are_said_as_they_stand(void **state)
{
    static const struct {
        const char *name;
        enum message_state state;
        int version, delivered, tries, wanted;
        bool withdrawn;
        enum outgoing_kind kind;
        int said;
    } rows[] = {
        {"a new post",                     MESSAGE_SENT,      1, 0, 0, 1, false, OUTGOING_CREATE,  1},
        {"edited before anybody had it",   MESSAGE_SENT,      2, 0, 0, 2, false, OUTGOING_CREATE,  2},
        {"edited",                         MESSAGE_SENT,      3, 1, 0, 3, false, OUTGOING_UPDATE,  3},
        {"said already",                   MESSAGE_SENT,      2, 2, 0, 2, false, OUTGOING_NOTHING, 2},
        {"still held",                     MESSAGE_HELD,      1, 0, 0, 1, false, OUTGOING_NOTHING, 1},
        {"withdrawn after it was said",    MESSAGE_WITHDRAWN, 1, 1, 0, 2, true,  OUTGOING_DELETE,  2},
        {"withdrawn, perhaps said",        MESSAGE_WITHDRAWN, 1, 0, 1, 2, true,  OUTGOING_DELETE,  2},
        {"withdrawn and never said",       MESSAGE_WITHDRAWN, 1, 0, 0, 2, true,  OUTGOING_NOTHING, 2},
        {"withdrawn while it waited here", MESSAGE_WITHDRAWN, 1, 0, 0, 1, false, OUTGOING_NOTHING,
         1                                                                                          },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        visitors_open(&town);
        assert_true(town_message(&town, "https://social.example/posts/alice-public@example.org",
                                 &row_message));
        row_message.state = rows[i].state;
        row_message.version = rows[i].version;
        town_write(&town, change_message);
        delivery = (struct delivery){.subject = SUBJECT_MESSAGE,
                                     .subject_id = row_message.id,
                                     .account_id = town.alice,
                                     .target = TARGET_INBOX,
                                     .inbox = (char[]){"https://social.example/inbox"},
                                     .wanted = rows[i].wanted,
                                     .delivered = rows[i].delivered,
                                     .tries = rows[i].tries,
                                     .withdrawn = rows[i].withdrawn};
        ask();
        if (said.kind != rows[i].kind || said.version != rows[i].said)
            fail_msg("%s: kind %d, version %d", rows[i].name, said.kind, said.version);
        if (said.kind != OUTGOING_NOTHING)
            assert_string_equal(said.inbox, "https://social.example/inbox");
        message_clear(&row_message);
        outgoing_clear(&said);
        town_close(&town);
    }
}

static enum follow_state row_state;
static int64_t row_follow;
static bool theirs;
static bool put_follow(struct town *it, struct store_tx *tx, struct err *err)
{
    int64_t follower = theirs ? it->bob : it->alice_person;
    int64_t followed = theirs ? it->alice_person : it->bob;

    return store_put_follow(tx, follower, followed, row_state,
                            theirs ? "https://social.example/f/1" : NULL, &row_follow, err);
}

static void follows_are_said_as_they_stand(void **state)
{
    static const struct {
        const char *name;
        enum delivery_subject subject;
        enum follow_state state;
        int wanted;
        enum outgoing_kind kind;
    } rows[] = {
        {"accepted",                 SUBJECT_FOLLOW_ANSWER, FOLLOW_ACCEPTED, 1, OUTGOING_ACCEPT     },
        {"refused",                  SUBJECT_FOLLOW_ANSWER, FOLLOW_REFUSED,  2, OUTGOING_REJECT     },
        {"left before the answer",   SUBJECT_FOLLOW_ANSWER, FOLLOW_LEFT,     1, OUTGOING_NOTHING    },
        {"refused since",            SUBJECT_FOLLOW_ANSWER, FOLLOW_REFUSED,  1, OUTGOING_NOTHING    },
        {"a follow of ours",         SUBJECT_FOLLOW,        FOLLOW_WAITING,  1, OUTGOING_FOLLOW     },
        {"undone before it left",    SUBJECT_FOLLOW,        FOLLOW_LEFT,     1, OUTGOING_NOTHING    },
        {"an Undo of ours",          SUBJECT_FOLLOW,        FOLLOW_LEFT,     2, OUTGOING_UNDO_FOLLOW},
        {"undone, and wanted again", SUBJECT_FOLLOW,        FOLLOW_WAITING,  2, OUTGOING_NOTHING    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        visitors_open(&town);
        theirs = rows[i].subject == SUBJECT_FOLLOW_ANSWER;
        row_state = rows[i].state;
        town_write(&town, put_follow);
        delivery = (struct delivery){.subject = rows[i].subject,
                                     .subject_id = row_follow,
                                     .account_id = town.alice,
                                     .target = TARGET_PERSON,
                                     .person_id = town.bob,
                                     .wanted = rows[i].wanted};
        ask();
        if (said.kind != rows[i].kind || said.version != rows[i].wanted)
            fail_msg("%s: kind %d", rows[i].name, said.kind);
        if (said.kind != OUTGOING_NOTHING) {
            assert_string_equal(said.inbox, "https://social.example/users/bob/inbox");
            assert_string_equal(said.actor_id, "https://example.org/users/alice");
            assert_string_equal(said.follow_activity_id,
                                theirs ? "https://social.example/f/1"
                                       : "https://example.org/users/alice#follows/1");
            assert_string_equal(theirs ? said.follow_actor : said.follow_object,
                                "https://social.example/users/bob");
        }
        outgoing_clear(&said);
        town_close(&town);
    }
}

static void profiles_are_said(void **state)
{
    (void)state;
    delivery = (struct delivery){.subject = SUBJECT_ACTOR,
                                 .subject_id = town.alice,
                                 .account_id = town.alice,
                                 .target = TARGET_INBOX,
                                 .inbox = (char[]){"https://social.example/inbox"},
                                 .wanted = 5};
    ask();
    assert_int_equal(said.kind, OUTGOING_UPDATE_ACTOR);
    assert_int_equal(said.version, 5);
    delivery.withdrawn = true;
    ask();
    assert_int_equal(said.kind, OUTGOING_DELETE_ACTOR);
    delivery.account_id = 999;
    ask();
    assert_int_equal(said.kind, OUTGOING_NOTHING);
    outgoing_clear(&said);
}

static void somebody_not_found_yet_is_named(void **state)
{
    (void)state;
    delivery = (struct delivery){.subject = SUBJECT_FOLLOW,
                                 .account_id = town.alice,
                                 .target = TARGET_PERSON,
                                 .person_id = town.bob,
                                 .inbox = (char[]){"https://social.example/users/bob/inbox"},
                                 .wanted = 1};
    theirs = false;
    row_state = FOLLOW_WAITING;
    town_write(&town, put_follow);
    delivery.subject_id = row_follow;
    ask();
    assert_string_equal(said.person_user, "bob");
    assert_string_equal(said.person_host, "social.example");
    assert_string_equal(said.person_actor_id, "https://social.example/users/bob");
    delivery.inbox = (char[]){"https://social.example/inbox"};
    ask();
    assert_null(said.person_actor_id); /* shared: nobody's own */
    outgoing_clear(&said);
}

/* ---- posts ---- */
static void send_mail(const char *to, const char *text)
{
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = "alice@example.org",
                                   .mail_from = "alice@example.org",
                                   .recipients = to,
                                   .text = slice_of(text)};
    scoped_text char *reply = town_send(&town, &mail);

    if (strncmp(reply, "250", 3) != 0)
        fail_msg("%s", reply);
}

static void look_at_newest(struct message *out, bool for_peers, struct post *post)
{
    struct err err = {0};
    int64_t id = 0;
    scoped(store_view) view = store_look(town.store, &err);

    for (int64_t i = 1;; i++) {
        scoped_value(message) message = {0};
        if (store_message(view, i, &message, &err) != FOUND)
            break;
        id = i;
    }
    assert_int_equal(store_message(view, id, out, &err), FOUND);
    if (!bridge_post(town.bridge, view, out, for_peers, post, &err))
        fail_msg("post: %s (%s)", err.said, err.cause);
}

static void spell(char *const *list, size_t count, struct bytes *out)
{
    for (size_t i = 0; i < count; i++)
        bytes_print(out, " %s", list[i]);
}

#define PUBLIC " https://www.w3.org/ns/activitystreams#Public"
#define FOLLOWERS " https://example.org/users/alice/followers"
#define BOB " https://social.example/users/bob"

static void audiences_are_spelt_out(void **state)
{
    static const struct {
        const char *name, *to, *header, *expected;
        size_t mentions;
    } rows[] = {
        {"public",                 "public@example.org",                                "", "to" PUBLIC " cc" FOLLOWERS, 0},
        {"unlisted",               "unlisted@example.org",                              "", "to" FOLLOWERS " cc" PUBLIC, 0},
        {"followers",              "followers@example.org",                             "", "to" FOLLOWERS " cc",        0},
        {"direct",                 "bob=social.example@example.org",                    "", "to" BOB " cc",              1},
        {"public, with a mention", "public@example.org,bob=social.example@example.org", "",
         "to" PUBLIC " cc" FOLLOWERS BOB,                                                                                1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(message) message = {0};
        scoped_value(post) post = {0};
        scoped_value(bytes) spelt = {0};
        scoped_text char *mail =
            must_print("From: alice@example.org\nTo: %s\nSubject: x%zu\nMessage-ID: "
                       "<%zu@here>\n\nHello %zu\n",
                       rows[i].to, i, i, i);
        send_mail(rows[i].to, mail);
        look_at_newest(&message, true, &post);
        bytes_add_text(&spelt, "to");
        spell(post.to, post.to_count, &spelt);
        bytes_add_text(&spelt, " cc");
        spell(post.cc, post.cc_count, &spelt);
        if (strcmp(spelt.at, rows[i].expected) != 0 || post.mention_count != rows[i].mentions)
            fail_msg("%s: %s, %zu", rows[i].name, spelt.at, post.mention_count);
        assert_non_null(strstr(post.html, "Hello"));
        if (post.mention_count > 0) {
            assert_string_equal(post.mentions[0].handle, "@bob@social.example");
            assert_string_equal(post.mentions[0].page, "https://social.example/@bob");
        }
    }
}

static void a_long_post_ends_in_its_address_for_peers_alone(void **state)
{
    scoped_value(bytes) text = {0};
    scoped_value(message) message = {0};
    scoped_value(post) whole = {0};
    scoped_value(post) cut = {0};

    (void)state;
    bytes_add_text(&text, "From: alice@example.org\nTo: public@example.org\nSubject: long\n\n");
    for (int i = 0; i < 400; i++)
        bytes_print(&text, "This is paragraph number %d, and it says what it must.\n\n", i);
    send_mail("public@example.org", text.at);
    look_at_newest(&message, false, &whole);
    message_clear(&message);
    look_at_newest(&message, true, &cut);
    assert_true(strlen(whole.html) > POST_HTML_MAX);
    assert_true(strlen(cut.html) < POST_HTML_MAX + 400);
    assert_non_null(strstr(whole.html, "number 399"));
    scoped_text char *end = must_print("<p>… continues: <a href=\"%s\" rel=\"nofollow noopener\">"
                                       "%s</a></p>",
                                       message.url, message.url);
    assert_true(slice_ends(slice_of(cut.html), slice_of(end)));
    const char *before = cut.html + strlen(cut.html) - strlen(end);
    assert_true(slice_ends(slice_first(slice_of(cut.html), (size_t)(before - cut.html)),
                           SLICE("it says what it must.</p>")));
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_are_said_as_they_stand),
        cmocka_unit_test(follows_are_said_as_they_stand),
        IN_TOWN(profiles_are_said),
        IN_TOWN(somebody_not_found_yet_is_named),
        IN_TOWN(audiences_are_spelt_out),
        IN_TOWN(a_long_post_ends_in_its_address_for_peers_alone),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
