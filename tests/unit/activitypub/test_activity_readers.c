/*
 * Activities and notes as Mastodon, Misskey and Lemmy write them, and as nobody should.
 */
#include "test.h"

#include "activity_read.h"
#include "documents.h"
#include "memory.h"

#define NOTE "https://m.example/users/bob/statuses/1"
#define CREATE                                                                                     \
    "{" CONTEXT ",\"id\":\"" NOTE "/activity\",\"type\":\"Create\",\"actor\":\"" BOB               \
    "\",\"published\":\"2026-05-16T07:59:00Z\","                                                   \
    "\"to\":[\"https://www.w3.org/ns/activitystreams#Public\"],\"cc\":[\"" BOB                     \
    "/followers\",\"https://example.org/users/alice\"],"                                           \
    "\"object\":{\"id\":\"" NOTE "\",\"type\":\"Note\",\"summary\":\"food\",\"inReplyTo\":"        \
    "\"https://example.org/users/alice/posts/4k2m9qd4x7h3r\","                                     \
    "\"published\":\"2026-05-16T07:59:00Z\",\"updated\":\"2026-05-16T08:00:00.5Z\",\"url\":"       \
    "\"https://m.example/@bob/1\",\"attributedTo\":\"" BOB "\","                                   \
    "\"to\":\"as:Public\",\"cc\":[\"" BOB                                                          \
    "/followers\",\"https://example.org/users/alice\",17,null],\"sensitive\":true,"                \
    "\"conversation\":\"tag:m.example,2026:1\",\"content\":\"<p>Hi</"                              \
    "p>\",\"contentMap\":{\"de\":\"<p>Hi</p>\",\"en\":\"<p>Hi</p>\"},"                             \
    "\"attachment\":[{\"type\":\"Document\",\"mediaType\":\"image/png\",\"url\":\"https://"        \
    "m.example/1.png\",\"name\":\"a cat\",\"width\":3,\"height\":2},"                              \
    "{\"type\":\"Document\",\"mediaType\":\"video/mp4\",\"url\":\"https://m.example/1.mp4\"}],"    \
    "\"tag\":[{\"type\":\"Mention\",\"href\":\"https://example.org/users/"                         \
    "alice\",\"name\":\"@alice@example.org\"},{\"type\":\"Hashtag\",\"name\":\"#x\"}],"            \
    "\"_misskey_quote\":\"https://k.example/notes/"                                                \
    "1\",\"replies\":{\"id\":\"x\",\"type\":\"Collection\"}},"                                     \
    "\"signature\":{\"type\":\"RsaSignature2017\",\"signatureValue\":\"x\"}}"

static void a_mastodon_create(void **state)
{
    scoped_value(activity_facts) activity = {0};
    struct err err = {0};

    (void)state;
    if (!activity_read(slice_of(CREATE), &activity, &err))
        fail_msg("%s", err.said);
    assert_int_equal(activity.type, ACTIVITY_CREATE);
    assert_text(activity.id, NOTE "/activity");
    assert_text(activity.actor, BOB);
    assert_text(activity.object_id, NOTE);
    const struct note_facts *note = activity.note;
    assert_non_null(note);
    assert_text(note->attributed_to, BOB);
    assert_text(note->html, "<p>Hi</p>");
    assert_text(note->warning, "food");
    assert_text(note->language, "de");
    assert_text(note->url, "https://m.example/@bob/1");
    assert_text(note->in_reply_to, "https://example.org/users/alice/posts/4k2m9qd4x7h3r");
    assert_text(note->conversation, "tag:m.example,2026:1");
    assert_text(note->quote_url, "https://k.example/notes/1");
    assert_true(note->sensitive);
    assert_false(note->is_vote);
    assert_int_equal(note->published_ms, 1778918340000);
    assert_int_equal(note->updated_ms, 1778918400500);
    assert_int_equal(note->to_count, 1);
    assert_text(note->to[0], "https://www.w3.org/ns/activitystreams#Public");
    assert_int_equal(note->cc_count, 2);
    assert_int_equal(note->mention_count, 1);
    assert_text(note->mentions[0].href, "https://example.org/users/alice");
    assert_int_equal(note->attached_count, 2);
    assert_text(note->attached[0].alt, "a cat");
    assert_int_equal(note->attached[0].width, 3);
    assert_int_equal(note->attached[1].kind, ATTACHED_VIDEO);
}

static void activities(void **state)
{
    static const struct {
        const char *name, *text;
        enum activity_type type, object_type;
        const char *id, *object_id, *object_actor, *object_object;
    } rows[] = {
        {"a Follow by string",
         "{\"id\":\"https://m.example/4f\",\"type\":\"Follow\",\"actor\":\"" BOB
         "\",\"object\":\"https://example.org/users/alice\"}",                                                                    ACTIVITY_FOLLOW,   ACTIVITY_OTHER,  "https://m.example/4f",                  "https://example.org/users/alice",
         NULL,                                                                                                                                                                                                                                                                       NULL},
        {"a Follow whose object is an actor, in a list",
         "{\"id\":\"https://m.example/4f\",\"type\":\"Follow\",\"actor\":{\"id\":\"" BOB
         "\",\"type\":\"Person\"},\"object\":[{\"id\":\"https://example.org/users/alice\"}]}",                                    ACTIVITY_FOLLOW,   ACTIVITY_OTHER,  "https://m.example/4f",                  "https://example.org/users/alice",
         NULL,                                                                                                                                                                                                                                                                       NULL},
        {"an Undo of a Follow",
         "{\"id\":\"https://m.example/5\",\"type\":\"Undo\",\"actor\":\"" BOB
         "\",\"object\":{\"id\":\"https://m.example/4f\",\"type\":\"Follow\",\"actor\":\"" BOB
         "\",\"object\":\"https://example.org/users/alice\"}}",                                                                   ACTIVITY_UNDO,     ACTIVITY_FOLLOW, "https://m.example/5",                   "https://m.example/4f",            BOB,
         "https://example.org/users/alice"                                                                                                                                                                                                                                               },
        {"an Undo by reference",
         "{\"id\":\"https://m.example/5\",\"type\":\"Undo\",\"actor\":\"" BOB
         "\",\"object\":\"https://m.example/4f\"}",                                                                               ACTIVITY_UNDO,     ACTIVITY_OTHER,  "https://m.example/5",                   "https://m.example/4f",            NULL,                              NULL},
        {"an Accept",
         "{\"id\":\"https://m.example/users/bob#accepts/1\",\"type\":\"Accept\",\"actor\":\"" BOB
         "\",\"object\":{\"id\":\"https://example.org/users/alice#follows/"
         "1\",\"type\":\"Follow\",\"actor\":\"https://example.org/users/alice\",\"object\":\"" BOB
         "\"}}",                                                                                                                  ACTIVITY_ACCEPT,   ACTIVITY_FOLLOW, "https://m.example/users/bob#accepts/1",
         "https://example.org/users/alice#follows/1",                                                                                                                                                                                             "https://example.org/users/alice", BOB },
        {"a Delete with a Tombstone",
         "{\"id\":\"" NOTE "#delete\",\"type\":\"Delete\",\"actor\":\"" BOB
         "\",\"object\":{\"id\":\"" NOTE "\",\"type\":\"Tombstone\"}}",
         ACTIVITY_DELETE,                                                                                                                            ACTIVITY_OTHER,  NOTE "#delete",                          NOTE,                              NULL,                              NULL},
        {"a Delete of the actor",
         "{\"id\":\"" BOB "#delete\",\"type\":\"Delete\",\"actor\":\"" BOB "\",\"object\":\"" BOB
         "\"}",                                                                                                                   ACTIVITY_DELETE,   ACTIVITY_OTHER,  BOB "#delete",                           BOB,                               NULL,                              NULL},
        {"a Like with an emoji",
         "{\"id\":\"https://k.example/likes/1\",\"type\":\"Like\",\"actor\":\"https://k.example/"
         "users/9x\",\"object\":\"https://example.org/users/alice/posts/"
         "1\",\"content\":\"👍\",\"_misskey_reaction\":\"👍\"}",                                                              ACTIVITY_LIKE,     ACTIVITY_OTHER,  "https://k.example/likes/1",
         "https://example.org/users/alice/posts/1",                                                                                                                                                                                               NULL,                              NULL},
        {"an Announce",
         "{\"id\":\"https://m.example/a/1\",\"type\":\"Announce\",\"actor\":\"" BOB
         "\",\"object\":\"https://example.org/users/alice/posts/1\",\"to\":[\"Public\"]}",                                        ACTIVITY_ANNOUNCE, ACTIVITY_OTHER,  "https://m.example/a/1",
         "https://example.org/users/alice/posts/1",                                                                                                                                                                                               NULL,                              NULL},
        {"Lemmy's wrapped Announce",
         "{\"id\":\"https://l.example/a/1\",\"type\":\"Announce\",\"actor\":\"https://l.example/c/"
         "cats\",\"object\":{\"id\":\"https://l.example/a/"
         "0\",\"type\":\"Create\",\"actor\":\"https://l.example/u/x\"}}",                                                         ACTIVITY_ANNOUNCE, ACTIVITY_CREATE, "https://l.example/a/1",                 "https://l.example/a/0",
         "https://l.example/u/x",                                                                                                                                                                                                                                                    NULL},
        {"a type nobody knows",
         "{\"id\":\"https://m.example/1\",\"type\":\"Arrive\",\"actor\":\"" BOB
         "\",\"object\":\"" BOB "\"}",
         ACTIVITY_OTHER,                                                                                                                             ACTIVITY_OTHER,  "https://m.example/1",                   BOB,                               NULL,                              NULL},
        {"an Add without an id",                         "{\"type\":\"Add\",\"actor\":\"" BOB "\",\"object\":\"" NOTE "\"}",
         ACTIVITY_OTHER,                                                                                                                             ACTIVITY_OTHER,  NULL,                                    NOTE,                              NULL,                              NULL},
        {"a null id",                                    "{\"id\":null,\"type\":\"Like\",\"actor\":\"" BOB "\",\"object\":null}",
         ACTIVITY_LIKE,                                                                                                                              ACTIVITY_OTHER,  NULL,                                    NULL,                              NULL,                              NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(activity_facts) a = {0};
        struct err err = {0};
        if (!activity_read(slice_of(rows[i].text), &a, &err))
            fail_msg("%s: %s", rows[i].name, err.said);
        const char *pairs[][2] = {
            {a.id,            rows[i].id           },
            {a.object_id,     rows[i].object_id    },
            {a.object_actor,  rows[i].object_actor },
            {a.object_object, rows[i].object_object}
        };
        assert_int_equal(a.type, rows[i].type);
        assert_int_equal(a.object_type, rows[i].object_type);
        for (size_t k = 0; k < COUNT_OF(pairs); k++)
            if (!pairs[k][0] != !pairs[k][1] ||
                (pairs[k][0] && strcmp(pairs[k][0], pairs[k][1]) != 0))
                fail_msg("%s: %s is not %s", rows[i].name, pairs[k][0] ? pairs[k][0] : "NULL",
                         pairs[k][1] ? pairs[k][1] : "NULL");
    }
}

static void what_is_no_activity(void **state)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"two actors",                  "{\"type\":\"Like\",\"actor\":[\"" BOB
                       "\",\"https://v.example/u\"],\"object\":\"" NOTE "\"}"                    },
        {"no actor",                    "{\"type\":\"Like\",\"object\":\"" NOTE "\"}"                                  },
        {"no type",                     "{\"actor\":\"" BOB "\"}"                                                      },
        {"a graph",                     "{\"type\":\"Like\",\"actor\":\"" BOB "\",\"@graph\":[]}"                      },
        {"JSON-LD's own names",
         "{\"type\":\"Like\",\"actor\":\"" BOB "\",\"@id\":\"https://v.example/\"}"                                    },
        {"a member twice",
         "{\"type\":\"Like\",\"actor\":\"" BOB "\",\"actor\":\"https://v.example/u\"}"                                 },
        {"NUL in a string",             "{\"type\":\"Like\",\"actor\":\"" BOB "\\u0000\"}"                             },
        {"33 levels",                   "{\"type\":\"Like\",\"actor\":\"" BOB
                      "\",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"},
        {"broken UTF-8",                "{\"type\":\"Like\",\"actor\":\"" BOB "\",\"x\":\"\xff\"}"                     },
        {"an actor with control bytes", "{\"type\":\"Like\",\"actor\":\"https://m.example/\\nu\"}"                     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(activity_facts) a = {0};
        struct err err = {0};
        if (activity_read(slice_of(rows[i].text), &a, &err))
            fail_msg("%s was read", rows[i].name);
        assert_int_equal(err.kind, ERR_MALFORMED);
    }
}

static void an_update_of_an_actor(void **state)
{
    static const char *const text =
        "{\"id\":\"" BOB "#updates/1\",\"type\":\"Update\",\"actor\":\"" BOB
        "\",\"object\":" MASTODON "}";
    scoped_value(activity_facts) a = {0};
    struct err err = {0};

    (void)state;
    assert_true(activity_read(slice_of(text), &a, &err));
    assert_null(a.note);
    assert_non_null(a.person);
    assert_text(a.person->name, "Bob");
    assert_text(a.person->key_id, BOB "#main-key");
}

static void notes(void **state)
{
    struct note_facts *note = NULL;

    (void)state;
    assert_int_equal(
        note_read(slice_of("{\"id\":\"" NOTE "\",\"type\":\"Tombstone\"}"), NOTE, &note),
        NOTE_TOMBSTONE);
    assert_int_equal(note_read(slice_of("{\"id\":\"" NOTE "\",\"type\":\"Note\"}"),
                               "https://v.example/1", &note),
                     NOTE_UNKNOWN);
    assert_int_equal(note_read(slice_of("{\"id\":\"" NOTE "\",\"type\":\"Person\"}"), NOTE, &note),
                     NOTE_UNKNOWN);
    assert_null(note);

    assert_int_equal(
        note_read(slice_of("{\"id\":\"" NOTE "\",\"type\":\"Note\",\"name\":\"yes\",\"inReplyTo\":"
                           "\"https://example.org/p\",\"attributedTo\":\"" BOB
                           "\",\"to\":\"https://example.org/users/alice\"}"),
                  NOTE, &note),
        NOTE_READ);
    assert_true(note->is_vote);
    note_free(note);

    note = NULL;
    assert_int_equal(
        note_read(
            slice_of(
                "{\"id\":\"https://l.example/post/1\",\"type\":\"Page\",\"attributedTo\":\"https://"
                "l.example/u/x\",\"to\":[\"https://l.example/c/cats\",\"https://www.w3.org/ns/"
                "activitystreams#Public\"],"
                "\"name\":\"Cats\",\"summary\":\"no "
                "warning\",\"cc\":[],\"content\":\"<p>x</"
                "p>\",\"attachment\":[{\"type\":\"Link\",\"href\":\"https://x.example/"
                "\"}],\"image\":{\"type\":\"Image\",\"url\":\"https://l.example/1.png\"}}"),
            "https://l.example/post/1", &note),
        NOTE_READ);
    assert_text(note->name, "Cats");
    assert_null(note->warning);
    note_free(note);

    note = NULL;
    assert_int_equal(
        note_read(
            slice_of("{\"id\":\"" NOTE "\",\"type\":\"Question\",\"attributedTo\":[{\"id\":\"" BOB
                     "\"},\"https://v.example/"
                     "u\"],\"content\":\"?\",\"endTime\":\"2026-05-17T08:00:00Z\",\"oneOf\":["
                     "{\"type\":\"Note\",\"name\":\"A\"},{\"name\":\"B\",\"replies\":{\"type\":"
                     "\"Collection\",\"totalItems\":7}},{\"name\":3}]}"),
            NOTE, &note),
        NOTE_READ);
    assert_null(note->attributed_to); /* two authors are none */
    assert_int_equal(note->choice_count, 2);
    assert_text(note->choices[1].name, "B");
    assert_int_equal(note->choices[0].votes, 0);
    assert_int_equal(note->choices[1].votes, 7);
    assert_false(note->choose_many);
    assert_int_equal(note->closes_ms, 1779004800000);
    note_free(note);
}

/* ---- what else is written than notes ---- */
static struct note_facts *read_object(const char *members)
{
    scoped_text char *text = must_print("{\"id\":\"" NOTE "\",%s}", members);
    struct note_facts *note = NULL;

    assert_int_equal(note_read(slice_of(text), NOTE, &note), NOTE_READ);
    return note;
}

static void a_video_of_peertube(void **state)
{
    struct note_facts *note = read_object(
        "\"type\":\"Video\",\"name\":\"Boats\",\"mediaType\":\"text/markdown\",\"content\":"
        "\"Two <boats>\\n\\n**red**\",\"attributedTo\":[{\"type\":\"Person\",\"id\":\"" BOB
        "\"},{\"type\":\"Group\",\"id\":\"https://m.example/c/boats\"}],\"url\":[{\"type\":"
        "\"Link\",\"mediaType\":\"video/mp4\",\"href\":\"https://m.example/1.mp4\"},{\"type\":"
        "\"Link\",\"mediaType\":\"text/html\",\"href\":\"https://m.example/w/1\"}]");

    (void)state;
    assert_text(note->attributed_to, BOB);
    assert_text(note->html, "<p>Two &lt;boats&gt;<br><br>**red**</p>");
    assert_text(note->url, "https://m.example/w/1");
    note_free(note);
}

static void two_people_are_no_author(void **state)
{
    struct note_facts *note =
        read_object("\"type\":\"Video\",\"attributedTo\":[{\"type\":\"Person\",\"id\":\"" BOB
                    "\"},{\"type\":\"Person\",\"id\":\"https://m.example/u/eve\"}]");

    (void)state;
    assert_null(note->attributed_to);
    note_free(note);
    note = read_object("\"type\":\"Video\",\"attributedTo\":[{\"type\":\"Person\",\"id\":\"" BOB
                       "\"},\"https://m.example/u/eve\"]");
    assert_null(note->attributed_to);
    note_free(note);
}

static void an_event_has_a_time_and_a_place(void **state)
{
    struct note_facts *note =
        read_object("\"type\":\"Event\",\"name\":\"Fest\",\"startTime\":"
                    "\"2026-05-17T10:00:00+02:00\",\"location\":{\"type\":\"Place\",\"name\":"
                    "\"Hall\",\"address\":{\"streetAddress\":\"Pier 1\",\"addressLocality\":"
                    "\"Kiel\"}}");

    (void)state;
    assert_int_equal(note->begins_ms, 1779004800000);
    assert_text(note->place, "Hall, Pier 1, Kiel");
    note_free(note);
}

static void an_article_without_a_text_has_its_summary(void **state)
{
    struct note_facts *note =
        read_object("\"type\":\"Article\",\"name\":\"T\",\"summary\":\"<p>In short</p>\"");

    (void)state;
    assert_text(note->html, "<p>In short</p>");
    assert_null(note->warning);
    note_free(note);
}

static void warnings(void **state)
{
    static const struct {
        const char *summary, *warning;
    } rows[] = {
        {"\" food \"",       "food"    },
        {"\"\"",             NULL      },
        {"\" \\n\"",         NULL      },
        {"\"\xe2\x80\x8b\"", "not said"}, /* Misskey: folded, and no word why */
        {"null",             NULL      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *members =
            must_print("\"type\":\"Note\",\"content\":\"x\",\"summary\":%s", rows[i].summary);
        struct note_facts *note = read_object(members);
        assert_text(note->warning, rows[i].warning ? rows[i].warning : "(null)");
        note_free(note);
    }
}

static void everything_attached_is_named(void **state)
{
    static const struct {
        const char *attachment;
        enum attached_kind kind;
        bool shown;
    } rows[] = {
        {"{\"type\":\"Document\",\"mediaType\":\"audio/ogg\",\"url\":\"https://m.example/1\"}",
         ATTACHED_SOUND,                                                                                          true },
        {"{\"type\":\"Video\",\"url\":\"https://m.example/1\"}",                                ATTACHED_VIDEO,   true },
        {"{\"type\":\"Image\",\"url\":{\"type\":\"Link\",\"href\":\"https://m.example/1\"}}",
         ATTACHED_PICTURE,                                                                                        true },
        {"{\"type\":\"Document\",\"url\":\"https://m.example/1\"}",                             ATTACHED_FILE,    true },
        {"{\"type\":\"Document\",\"mediaType\":\"application/pdf\",\"url\":"
         "\"https://m.example/1\"}",                                                   ATTACHED_FILE,    true },
        {"{\"type\":\"Link\",\"href\":\"https://x.example/\"}",                                 ATTACHED_LINK,    true },
        {"{\"type\":\"Link\",\"href\":\"https://in.example/\"}",                                ATTACHED_LINK,    false},
        {"{\"type\":\"Image\",\"url\":\"javascript:alert(1)\"}",                                ATTACHED_PICTURE, false},
        {"{\"type\":\"PropertyValue\",\"name\":\"x\",\"value\":\"y\"}",                         ATTACHED_FILE,    false},
        {"17",                                                                                  ATTACHED_FILE,    false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *members =
            must_print("\"type\":\"Page\",\"content\":\"<a href='https://in.example/'>in</a>\","
                       "\"attachment\":[%s]",
                       rows[i].attachment);
        struct note_facts *note = read_object(members);
        assert_int_equal(note->attached_count, rows[i].shown);
        if (rows[i].shown)
            assert_int_equal(note->attached[0].kind, rows[i].kind);
        note_free(note);
    }
}

static void a_thousand_mentions_are_cut(void **state)
{
    scoped_value(bytes) text = {0};
    struct note_facts *note = NULL;

    (void)state;
    bytes_add_text(&text, "{\"id\":\"" NOTE "\",\"type\":\"Note\",\"tag\":[");
    for (int i = 0; i < 1500; i++)
        bytes_print(&text, "%s{\"type\":\"Mention\",\"href\":\"https://m.example/u/%d\"}",
                    i ? "," : "", i);
    bytes_add_text(&text, "],\"to\":[");
    for (int i = 0; i < 1500; i++)
        bytes_print(&text, "%s\"https://m.example/u/%d\"", i ? "," : "", i);
    bytes_add_text(&text, "]}");
    assert_int_equal(note_read(bytes_slice(&text), NOTE, &note), NOTE_READ);
    assert_int_equal(note->mention_count, 50);
    assert_int_equal(note->to_count, 1000);
    note_free(note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mastodon_create),
        cmocka_unit_test(activities),
        cmocka_unit_test(what_is_no_activity),
        cmocka_unit_test(an_update_of_an_actor),
        cmocka_unit_test(notes),
        cmocka_unit_test(a_video_of_peertube),
        cmocka_unit_test(two_people_are_no_author),
        cmocka_unit_test(an_event_has_a_time_and_a_place),
        cmocka_unit_test(an_article_without_a_text_has_its_summary),
        cmocka_unit_test(warnings),
        cmocka_unit_test(everything_attached_is_named),
        cmocka_unit_test(a_thousand_mentions_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
