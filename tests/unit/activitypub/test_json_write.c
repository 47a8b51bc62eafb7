/*
 * What we say, compared letter by letter.
 */
#include "test.h"

#include "json_write.h"
#include "memory.h"

#define ALICE "https://example.org/users/alice"
#define POST ALICE "/posts/4k2m9qd4x7h3r2"
#define PUBLIC "https://www.w3.org/ns/activitystreams#Public"

#define NOTE_CONTEXT                                                                               \
    "\"@context\":[\"https://www.w3.org/ns/"                                                       \
    "activitystreams\",{\"sensitive\":\"as:sensitive\",\"Hashtag\":\"as:Hashtag\","                \
    "\"ostatus\":\"http://ostatus.org#\",\"conversation\":\"ostatus:conversation\","               \
    "\"quoteUrl\":\"as:quoteUrl\",\"quoteUri\":\"http://fedibird.com/ns#quoteUri\","               \
    "\"_misskey_quote\":\"https://misskey-hub.net/ns#_misskey_quote\","                            \
    "\"quote\":{\"@id\":\"https://w3id.org/fep/044f#quote\",\"@type\":\"@id\"}}]"
#define NOTE_BEGIN                                                                                 \
    "\"id\":\"" POST "\",\"type\":\"Note\",\"attributedTo\":\"" ALICE                              \
    "\",\"published\":\"2026-05-16T08:00:00Z\","                                                   \
    "\"url\":\"https://example.org/@alice/4k2m9qd4x7h3r2\",\"to\":[\"" PUBLIC                      \
    "\"],\"cc\":[\"" ALICE "/followers\",\"https://m.example/users/bob\"],"                        \
    "\"summary\":\"food\",\"sensitive\":true,\"inReplyTo\":\"https://m.example/"                   \
    "1\",\"conversation\":\"tag:1\",\"content\":\"<p>Hi \\\"Bob\\\"</p>\","
#define NOTE_REPEATS                                                                               \
    "\"contentMap\":{\"en\":\"<p>Hi \\\"Bob\\\"</p>\"},\"source\":{\"content\":\"Hi "              \
    "\\\"Bob\\\"\",\"mediaType\":\"text/plain\"},"
#define NOTE_END                                                                                   \
    "\"tag\":[{\"type\":\"Mention\",\"href\":\"https://m.example/users/"                           \
    "bob\",\"name\":\"@bob@m.example\"},"                                                          \
    "{\"type\":\"Hashtag\",\"href\":\"https://example.org/tags/mail\",\"name\":\"#mail\"}],"       \
    "\"attachment\":[{\"type\":\"Document\",\"mediaType\":\"image/jpeg\",\"url\":\"https://"       \
    "example.org/media/t.jpg\",\"name\":\"a cat\",\"summary\":\"a "                                \
    "cat\",\"width\":8,\"height\":6}],"                                                            \
    "\"replies\":{\"id\":\"" POST                                                                  \
    "/replies\",\"type\":\"Collection\",\"first\":{\"type\":\"CollectionPage\",\"partOf\":\"" POST \
    "/replies\","                                                                                  \
    "\"next\":\"" POST "/replies?page=true\",\"items\":[]}}"

static char to_public[] = PUBLIC;
static char cc_followers[] = ALICE "/followers";
static char bob[] = "https://m.example/users/bob";
static char handle[] = "@bob@m.example";
static char tag[] = "mail";
static char *to[] = {to_public};
static char *cc[] = {cc_followers, bob};
static char *tags[] = {tag};

static struct post the_post(struct post_mention *mention, struct post_picture *picture)
{
    *mention = (struct post_mention){.actor_id = bob, .handle = handle};
    static char type[] = "image/jpeg", url[] = "https://example.org/media/t.jpg", alt[] = "a cat";
    static char id[] = POST, page[] = "https://example.org/@alice/4k2m9qd4x7h3r2", author[] = ALICE;
    static char html[] = "<p>Hi \"Bob\"</p>", plain[] = "Hi \"Bob\"", warning[] = "food",
                language[] = "en";
    static char parent[] = "https://m.example/1", conversation[] = "tag:1", name[] = "alice",
                domain[] = "example.org";
    *picture = (struct post_picture){.type = type, .url = url, .alt = alt, .width = 8, .height = 6};
    return (struct post){
        .visibility = VISIBILITY_PUBLIC,
        .state = MESSAGE_SENT,
        .version = 1,
        .id = id,
        .url = page,
        .author_id = author,
        .html = html,
        .plain = plain,
        .warning = warning,
        .language = language,
        .in_reply_to = parent,
        .conversation = conversation,
        .sensitive = true,
        .published_ms = 1778918400000,
        .to = to,
        .to_count = 1,
        .cc = cc,
        .cc_count = 2,
        .mentions = mention,
        .mention_count = 1,
        .hashtags = tags,
        .hashtag_count = 1,
        .pictures = picture,
        .picture_count = 1,
        .account_name = name,
        .account_domain = domain,
    };
}

static void a_note(void **state)
{
    struct post_mention mention;
    struct post_picture picture;
    struct post post = the_post(&mention, &picture);
    scoped_value(bytes) out = {0};

    (void)state;
    json_note(&post, &out);
    assert_text(out.at, "{" NOTE_CONTEXT "," NOTE_BEGIN NOTE_REPEATS NOTE_END "}");
}

static void a_create(void **state)
{
    struct post_mention mention;
    struct post_picture picture;
    struct post post = the_post(&mention, &picture);
    scoped_value(bytes) out = {0};

    (void)state;
    json_create(&post, &out);
    assert_text(out.at,
                "{" NOTE_CONTEXT ",\"id\":\"" POST
                "/activity\",\"type\":\"Create\",\"actor\":\"" ALICE
                "\",\"published\":\"2026-05-16T08:00:00Z\",\"to\":[\"" PUBLIC "\"],"
                "\"cc\":[\"" ALICE
                "/followers\",\"https://m.example/users/bob\"],\"object\":{" NOTE_BEGIN NOTE_REPEATS
                    NOTE_END "}}");
}

/* Whom it quotes was not asked (FEP-044f): only the names that ask nothing, unless it is the author's own. */
static void a_quote(void **state)
{
    static char quoted[] = "https://m.example/notes/1";
    struct post_mention mention;
    struct post_picture picture;
    struct post post = the_post(&mention, &picture);
    scoped_value(bytes) out = {0};

    (void)state;
    post.quote = quoted;
    json_note(&post, &out);
    assert_non_null(strstr(out.at, ",\"quoteUrl\":\"https://m.example/notes/1\","
                                   "\"quoteUri\":\"https://m.example/notes/1\","
                                   "\"_misskey_quote\":\"https://m.example/notes/1\","));
    assert_null(strstr(out.at, "\"quote\":\""));
    bytes_reset(&out);
    post.quotes_own = true;
    json_note(&post, &out);
    assert_non_null(strstr(out.at, "\"quote\":\"https://m.example/notes/1\",\"quoteUrl\":"));
}

static void a_long_note_is_not_said_twice(void **state)
{
    struct post_mention mention;
    struct post_picture picture;
    struct post post = the_post(&mention, &picture);
    scoped_value(bytes) out = {0};
    scoped_value(bytes) html = {0};

    (void)state;
    for (int i = 0; i < 20000; i++)
        bytes_add_text(&html, "x");
    post.html = html.at;
    post.plain = html.at;
    json_create(&post, &out);
    assert_true(out.len <= JSON_BYTES_MAX);
    assert_null(strstr(out.at, "contentMap"));
    assert_null(strstr(out.at, "\"source\""));
    assert_non_null(strstr(out.at, "\"content\":\"xxx"));
}

static void a_direct_note_has_no_replies(void **state)
{
    struct post_mention mention;
    struct post_picture picture;
    struct post post = the_post(&mention, &picture);
    scoped_value(bytes) out = {0};

    (void)state;
    post.visibility = VISIBILITY_DIRECT;
    json_note(&post, &out);
    assert_null(strstr(out.at, "replies"));
}

static void an_actor(void **state)
{
    static char name[] = "alice", domain[] = "example.org", display[] = "Alice",
                summary[] = "I <3 mail\nand birds", pem[] = "PEM\n",
                older[] = "https://m.example/users/al";
    const struct account account = {.name = name,
                                    .domain = domain,
                                    .display_name = display,
                                    .summary = summary,
                                    .actor_public_pem = pem,
                                    .created_ms = 1778918400000};
    const struct aliases aliases = {.at = {older}, .count = 1};
    const struct actor_words words = {&account, true, &aliases, "https://n.example/users/al"};
    scoped_value(bytes) out = {0};

    (void)state;
    json_actor(&words, &out);
    assert_text(
        out.at,
        "{\"@context\":[\"https://www.w3.org/ns/activitystreams\",\"https://w3id.org/security/"
        "v1\",\"https://purl.archive.org/socialweb/webfinger\","
        "{\"manuallyApprovesFollowers\":\"as:manuallyApprovesFollowers\",\"alsoKnownAs\":{\"@id\":"
        "\"as:alsoKnownAs\",\"@type\":\"@id\"},\"movedTo\":{\"@id\":\"as:movedTo\",\"@type\":\"@"
        "id\"},"
        "\"toot\":\"http://"
        "joinmastodon.org/ns#\",\"discoverable\":\"toot:discoverable\","
        "\"indexable\":\"toot:indexable\",\"featured\":{\"@id\":\"toot:featured\",\"@type\":\"@"
        "id\"},\"schema\":\"http://schema.org#\","
        "\"PropertyValue\":\"schema:PropertyValue\",\"value\":\"schema:value\"}],"
        "\"id\":\"" ALICE "\",\"type\":\"Person\",\"preferredUsername\":\"alice\",\"webfinger\":"
        "\"alice@example.org\",\"name\":\"Alice\","
        "\"summary\":\"<p>I &lt;3 mail<br>and "
        "birds</p>\",\"url\":\"https://example.org/@alice\",\"inbox\":\"" ALICE
        "/inbox\",\"outbox\":\"" ALICE "/outbox\","
        "\"followers\":\"" ALICE "/followers\",\"following\":\"" ALICE
        "/following\",\"featured\":\"" ALICE "/featured\","
        "\"endpoints\":{\"sharedInbox\":\"https://example.org/"
        "inbox\"},\"published\":\"2026-05-16T08:00:00Z\",\"manuallyApprovesFollowers\":true,"
        "\"alsoKnownAs\":[\"https://m.example/users/al\"],\"movedTo\":\"https://n.example/users/"
        "al\","
        "\"discoverable\":false,\"indexable\":false,\"publicKey\":{\"id\":\"" ALICE
        "#main-key\",\"owner\":\"" ALICE "\",\"publicKeyPem\":\"PEM\\n\"},"
        "\"attachment\":[{\"type\":\"PropertyValue\",\"name\":\"E-mail\",\"value\":\"<a "
        "href=\\\"mailto:alice@example.org\\\">alice@example.org</a>\"}],\"tag\":[]}");
}

static void what_goes_out(void **state)
{
    static char follow_id[] = "https://m.example/4f2a", alice[] = ALICE,
                own_follow[] = ALICE "#follows/7", name[] = "alice", domain[] = "example.org";
    static const struct {
        const char *what;
        enum outgoing_kind kind;
        const char *json;
    } rows[] = {
        {"Accept",              OUTGOING_ACCEPT,
         "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE
         "#answers/follows/7/1/c410af5552709957\",\"type\":\"Accept\",\"actor\":\"" ALICE
         "\",\"to\":[\"https://m.example/users/bob\"],"
         "\"object\":{\"id\":\"https://m.example/4f2a\",\"type\":\"Follow\",\"actor\":\"https://"
         "m.example/users/bob\",\"object\":\"" ALICE "\"}}"                                       },
        {"Reject",              OUTGOING_REJECT,
         "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE
         "#answers/follows/7/1/c410af5552709957\",\"type\":\"Reject\",\"actor\":\"" ALICE
         "\",\"to\":[\"https://m.example/users/bob\"],"
         "\"object\":{\"id\":\"https://m.example/4f2a\",\"type\":\"Follow\",\"actor\":\"https://"
         "m.example/users/bob\",\"object\":\"" ALICE "\"}}"                                       },
        {"Follow",              OUTGOING_FOLLOW,
         "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE
         "#follows/7\",\"type\":\"Follow\",\"actor\":\"" ALICE
         "\",\"object\":\"https://m.example/users/bob\",\"to\":[\"https://m.example/users/bob\"]}"},
        {"Undo",                OUTGOING_UNDO_FOLLOW,
         "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE
         "#follows/7/undo\",\"type\":\"Undo\",\"actor\":\"" ALICE
         "\",\"to\":[\"https://m.example/users/bob\"],"
         "\"object\":{\"id\":\"" ALICE "#follows/7\",\"type\":\"Follow\",\"actor\":\"" ALICE
         "\",\"object\":\"https://m.example/users/bob\"}}"                                        },
        {"Delete of the actor", OUTGOING_DELETE_ACTOR,
         "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE
         "#delete\",\"type\":\"Delete\",\"actor\":\"" ALICE "\",\"to\":[\"" PUBLIC
         "\"],\"object\":\"" ALICE "\"}"                                                          },
        {"Move",                OUTGOING_MOVE,
         "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE
         "#moves/1\",\"type\":\"Move\",\"actor\":\"" ALICE "\",\"to\":[\"" ALICE
         "/followers\"],\"object\":\"" ALICE "\",\"target\":\"https://m.example/users/bob\"}"     },
        {"Delete of a post",    OUTGOING_DELETE,
         "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" POST
         "#delete\",\"type\":\"Delete\",\"actor\":\"" ALICE "\",\"to\":[\"" PUBLIC
         "\"],\"cc\":[\"" ALICE "/followers\",\"https://m.example/users/bob\"],"
         "\"object\":{\"id\":\"" POST "\",\"type\":\"Tombstone\"}}"                               },
    };
    struct post_mention mention;
    struct post_picture picture;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool ours = rows[i].kind == OUTGOING_FOLLOW || rows[i].kind == OUTGOING_UNDO_FOLLOW;
        const struct outgoing outgoing = {
            .kind = rows[i].kind,
            .version = 1,
            .actor_id = alice,
            .account = {.name = name, .domain = domain},
            .moved_to = bob,
            .post = the_post(&mention, &picture),
            .follow_id = 7,
            .follow_activity_id = ours ? own_follow : follow_id,
            .follow_actor = ours ? alice : bob,
            .follow_object = ours ? bob : alice
        };
        scoped_value(bytes) out = {0};
        assert_true(json_outgoing(&outgoing, true, &out));
        if (strcmp(out.at, rows[i].json) != 0)
            fail_msg("%s: %s", rows[i].what, out.at);
    }
}

static void what_is_done_to_posts(void **state)
{
    static char id[] = ALICE "#likes/7/1", alice[] = ALICE, name[] = "alice",
                domain[] = "example.org", object[] = "https://m.example/p/1";
#define LIKE                                                                                       \
    "\"id\":\"" ALICE "#likes/7/1\",\"type\":\"Like\",\"actor\":\"" ALICE                          \
    "\",\"to\":[\"https://m.example/users/bob\"],\"object\":\"https://m.example/p/1\"}"
#define FOR_ALL                                                                                    \
    "\"to\":[\"" PUBLIC "\"],\"cc\":[\"" ALICE "/followers\",\"https://m.example/users/bob\"],"
#define BOOST                                                                                      \
    "\"id\":\"" ALICE "#likes/7/1\",\"type\":\"Announce\",\"actor\":\"" ALICE                      \
    "\",\"published\":\"2026-05-16T08:01:00Z\"," FOR_ALL "\"object\":\"https://m.example/p/1\"}"
#define HEAD "{\"@context\":\"https://www.w3.org/ns/activitystreams\","
#define UNDO HEAD "\"id\":\"" ALICE "#likes/7/1/undo\",\"type\":\"Undo\",\"actor\":\"" ALICE "\","
    static const struct {
        enum outgoing_kind kind;
        const char *json;
    } rows[] = {
        {OUTGOING_LIKE,       HEAD LIKE                                                            },
        {OUTGOING_UNDO_LIKE,  UNDO "\"to\":[\"https://m.example/users/bob\"],\"object\":{" LIKE "}"},
        {OUTGOING_BOOST,      HEAD BOOST                                                           },
        {OUTGOING_UNDO_BOOST, UNDO FOR_ALL "\"object\":{" BOOST "}"                                },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct outgoing outgoing = {
            .kind = rows[i].kind,
            .version = 1,
            .actor_id = alice,
            .account = {.name = name, .domain = domain},
            .reaction_activity_id = id,
            .reaction_object = object,
            .reaction_author = bob,
            .reaction_ms = 1778918460000,
        };
        scoped_value(bytes) out = {0};
        assert_true(json_outgoing(&outgoing, true, &out));
        assert_string_equal(out.at, rows[i].json);
    }
}

static void a_vote(void **state)
{
    static char id[] = ALICE "#votes/7/1", alice[] = ALICE, object[] = "https://m.example/p/1",
                choice[] = "\"Tea\"";
    const struct outgoing outgoing = {
        .kind = OUTGOING_VOTE,
        .version = 1,
        .actor_id = alice,
        .reaction_activity_id = id,
        .reaction_object = object,
        .reaction_author = bob,
        .reaction_choice = choice,
    };
    scoped_value(bytes) out = {0};

    (void)state;
    assert_true(json_outgoing(&outgoing, true, &out));
    assert_string_equal(out.at,
                        HEAD "\"id\":\"" ALICE
                             "#votes/7/1/activity\",\"type\":\"Create\",\"actor\":\"" ALICE
                             "\",\"to\":\"https://m.example/users/bob\",\"object\":{\"id\":\"" ALICE
                             "#votes/7/1\",\"type\":\"Note\",\"attributedTo\":\"" ALICE
                             "\",\"to\":\"https://m.example/users/bob\",\"inReplyTo\":"
                             "\"https://m.example/p/1\",\"name\":\"\\\"Tea\\\"\"}}");
}

static void an_update(void **state)
{
    static char alice[] = ALICE;
    struct post_mention mention;
    struct post_picture picture;
    struct outgoing outgoing = {.kind = OUTGOING_UPDATE,
                                .version = 3,
                                .actor_id = alice,
                                .post = the_post(&mention, &picture)};
    scoped_value(bytes) out = {0};

    (void)state;
    outgoing.post.updated_ms = 1778918460000;
    assert_true(json_outgoing(&outgoing, true, &out));
    assert_non_null(strstr(out.at,
                           "\"id\":\"" POST "#updates/3\",\"type\":\"Update\",\"actor\":\"" ALICE
                           "\",\"published\":\"2026-05-16T08:01:00Z\""));
    assert_non_null(strstr(
        out.at, "\"published\":\"2026-05-16T08:00:00Z\",\"updated\":\"2026-05-16T08:01:00Z\""));
}

static void nothing_is_nothing(void **state)
{
    const struct outgoing outgoing = {.kind = OUTGOING_NOTHING};
    scoped_value(bytes) out = {0};

    (void)state;
    assert_false(json_outgoing(&outgoing, true, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note),
        cmocka_unit_test(a_create),
        cmocka_unit_test(a_quote),
        cmocka_unit_test(a_long_note_is_not_said_twice),
        cmocka_unit_test(a_direct_note_has_no_replies),
        cmocka_unit_test(an_actor),
        cmocka_unit_test(what_goes_out),
        cmocka_unit_test(what_is_done_to_posts),
        cmocka_unit_test(a_vote),
        cmocka_unit_test(an_update),
        cmocka_unit_test(nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
