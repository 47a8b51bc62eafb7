/*
 * What others may see: documents, and posts for some alone.
 */
#include "house.h"

#include "request.h"
#include "request_copy.h"
#include "store_write.h"

#define ALICE "https://example.org/users/alice"
#define BOB "https://m.example/users/bob"
#define KEY BOB "#main-key"

struct shown_was {
    int status;
    bool for_signer;
    char type[100];
    struct bytes body;
};

static struct shown_was run(struct house *house, struct show_ask *ask)
{
    assert_true(house_run(house, &ask->ask));
    struct shown_was was = {.status = ask->status, .for_signer = ask->for_signer};
    if (ask->type)
        strcpy(was.type, ask->type);
    was.body = ask->body;
    ask->body = (struct bytes){0};
    errand_free(&ask->ask.errand);
    return was;
}

static struct shown_was finger(struct house *house, const char *resource)
{
    struct show_ask *ask = show_ask_new(&house->duties, SHOW_WEBFINGER);

    ask->host = must_dup("Example.org");
    ask->resource = must_dup(resource);
    return run(house, ask);
}

static void webfinger(void **state)
{
    static const struct {
        const char *resource;
        int status;
        const char *subject;
    } rows[] = {
        {"acct:alice@example.org",                200, "acct:alice@example.org"      },
        {"acct:Alice@EXAMPLE.ORG",                200, "acct:alice@example.org"      },
        {"alice@example.org",                     200, "acct:alice@example.org"      },
        {"@alice@example.org",                    200, "acct:alice@example.org"      },
        {"mailto:alice@example.org",              200, "acct:alice@example.org"      },
        {"https://example.org/users/alice",       200, "acct:alice@example.org"      },
        {"https://example.org/@alice",            200, "acct:alice@example.org"      },
        {"https://example.org/",                  200, "acct:example.org@example.org"},
        {"https://example.org",                   200, "acct:example.org@example.org"},
        {"https://example.org/actor",             200, "acct:example.org@example.org"},
        {"acct:example.org@example.org",          200, "acct:example.org@example.org"},
        {"acct:nobody@example.org",               404, NULL                          },
        {"acct:alice@elsewhere.example",          404, NULL                          },
        {"https://elsewhere.example/users/alice", 404, NULL                          },
        {"https://example.org/@alice/1",          404, NULL                          },
        {"http://example.org/users/alice",        404, NULL                          },
        {"alice",                                 404, NULL                          },
        {"@example.org",                          404, NULL                          },
        {"",                                      400, NULL                          },
        {NULL,                                    400, NULL                          },
    };
    struct house house;

    (void)state;
    house_open(&house);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct shown_was was = finger(&house, rows[i].resource);
        if (was.status != rows[i].status)
            fail_msg("%s: %d", rows[i].resource, was.status);
        if (rows[i].subject) {
            scoped_text char *begin = must_print("{\"subject\":\"%s\",", rows[i].subject);
            assert_string_equal(was.type, "application/jrd+json");
            assert_true(slice_starts(bytes_slice(&was.body), slice_of(begin)));
        }
        bytes_clear(&was.body);
    }
    struct shown_was was = finger(&house, "acct:alice@example.org");
    assert_text(was.body.at,
                "{\"subject\":\"acct:alice@example.org\",\"aliases\":[\"" ALICE
                "\",\"https://example.org/@alice\"],\"links\":["
                "{\"rel\":\"self\",\"type\":\"application/activity+json\",\"href\":\"" ALICE "\"},"
                "{\"rel\":\"http://webfinger.net/rel/profile-page\",\"type\":\"text/"
                "html\",\"href\":\"https://example.org/@alice\"}]}");
    bytes_clear(&was.body);
    house_close(&house);
}

static struct shown_was show(struct house *house, enum shown what, const char *user,
                             const char *ref)
{
    struct show_ask *ask = show_ask_new(&house->duties, what);

    ask->host = must_dup("example.org");
    ask->user = must_dup(user);
    ask->ref = must_dup(ref);
    return run(house, ask);
}

static void small_documents(void **state)
{
    // clang-format off
    static const struct {
        const char *name;
        enum shown what;
        const char *user;
        int status;
        const char *type, *body; /* body: begins so */
    } rows[] = {
        {"host-meta", SHOW_HOST_META, NULL, 200, "application/xrd+xml; charset=utf-8", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n"
         "  <Link rel=\"lrdd\" template=\"https://example.org/.well-known/webfinger?resource={uri}\"/>\n</XRD>\n"},
        {"host-meta.json", SHOW_HOST_META_JSON, NULL, 200, "application/json", "{\"links\":[{\"rel\":\"lrdd\",\"template\":\"https://example.org/.well-known/webfinger?resource={uri}\"}]}"},
        {"nodeinfo's links", SHOW_NODEINFO, NULL, 200, "application/json", "{\"links\":[{\"rel\":\"http://nodeinfo.diaspora.software/ns/schema/2.1\",\"href\":\"https://example.org/nodeinfo/2.1\"},"},
        {"nodeinfo 2.0", SHOW_NODEINFO_2_0, NULL, 200, "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"",
         "{\"version\":\"2.0\",\"software\":{\"name\":\"nestbox\",\"version\":\"0.1.0\"},\"protocols\":[\"activitypub\"],\"services\":{\"inbound\":[],\"outbound\":[\"smtp\"]},"
         "\"openRegistrations\":false,\"usage\":{\"users\":{\"total\":1},\"localPosts\":0,\"localComments\":0},\"metadata\":{\"nodeName\":\"example.org\"}}"},
        {"the instance actor", SHOW_INSTANCE_ACTOR, NULL, 200, "application/activity+json", "{\"@context\":["},
        {"its outbox", SHOW_INSTANCE_OUTBOX, NULL, 200, "application/activity+json", "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"https://example.org/actor/outbox\",\"type\":\"OrderedCollection\",\"totalItems\":0,\"orderedItems\":[]}"},
        {"an actor", SHOW_ACTOR, "ALICE", 200, "application/activity+json", "{\"@context\":["},
        {"nobody", SHOW_ACTOR, "nobody", 404, "", ""},
        {"followers, a number", SHOW_FOLLOWERS, "alice", 200, "application/activity+json", "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE "/followers\",\"type\":\"OrderedCollection\",\"totalItems\":0}"},
        {"following, a number", SHOW_FOLLOWING, "alice", 200, "application/activity+json", "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE "/following\",\"type\":\"OrderedCollection\",\"totalItems\":0}"},
        {"nothing pinned", SHOW_FEATURED, "alice", 200, "application/activity+json", "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE "/featured\",\"type\":\"OrderedCollection\",\"totalItems\":0,\"orderedItems\":[]}"},
        {"an empty outbox", SHOW_OUTBOX, "alice", 200, "application/activity+json", "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE "/outbox\",\"type\":\"OrderedCollection\",\"totalItems\":0,\"first\":\"" ALICE "/outbox?page=true\"}"},
    };
    // clang-format on
    struct house house;

    (void)state;
    house_open(&house);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct shown_was was = show(&house, rows[i].what, rows[i].user, NULL);
        if (was.status != rows[i].status ||
            !slice_starts(bytes_slice(&was.body), slice_of(rows[i].body)))
            fail_msg("%s: %d %s", rows[i].name, was.status, was.body.at);
        assert_string_equal(was.type, rows[i].type);
        bytes_clear(&was.body);
    }
    house_close(&house);
}

struct writing {
    struct store_change change;
    struct house *house;
    int64_t bob, carol, alice;
};

static const struct {
    const char *ref;
    enum visibility visibility;
    enum message_state state;
} posts[] = {
    {"2public0000000", VISIBILITY_PUBLIC,    MESSAGE_SENT     },
    {"2unlisted00000", VISIBILITY_UNLISTED,  MESSAGE_SENT     },
    {"2followers0000", VISIBILITY_FOLLOWERS, MESSAGE_SENT     },
    {"2direct0000000", VISIBILITY_DIRECT,    MESSAGE_SENT     },
    {"2mail000000000", VISIBILITY_MAIL,      MESSAGE_SENT     },
    {"2held000000000", VISIBILITY_PUBLIC,    MESSAGE_HELD     },
    {"2undone0000000", VISIBILITY_PUBLIC,    MESSAGE_UNDONE   },
    {"2withdrawn0000", VISIBILITY_PUBLIC,    MESSAGE_WITHDRAWN},
    {"2secretgone000", VISIBILITY_DIRECT,    MESSAGE_WITHDRAWN},
};

static bool write_posts(struct store_change *change, struct store_tx *tx, struct err *err)
{
    const struct writing *writing = container_of(change, struct writing, change);
    int64_t id = 0, follow = 0;

    for (size_t i = 0; i < COUNT_OF(posts); i++) {
        scoped_text char *ref = must_dup(posts[i].ref);
        scoped_text char *activity = must_print(ALICE "/posts/%s", posts[i].ref);
        struct message message = {.ref = ref,
                                  .author_id = writing->alice,
                                  .account_id = writing->house->alice,
                                  .visibility = posts[i].visibility,
                                  .state = posts[i].state,
                                  .version = 1,
                                  .activity_id = activity,
                                  .published_ms = NOW_MS};
        bytes_add_text(&message.html, "<p>hi</p>");
        bool added = store_add_message(tx, &message, &id, err);
        bytes_clear(&message.html);
        const struct audience audience = {
            .person_id = writing->bob, .field = AUDIENCE_TO, .mentioned = true};
        if (!added || (posts[i].visibility == VISIBILITY_DIRECT &&
                       !store_add_audience(tx, id, &audience, err)))
            return false;
    }
    return store_put_follow(tx, writing->bob, writing->alice, FOLLOW_ACCEPTED,
                            "https://m.example/f1", &follow, err) &&
           store_put_follow(tx, writing->carol, writing->alice, FOLLOW_WAITING,
                            "https://c.example/f1", &follow, err);
}

static void lay(struct house *house,
                bool (*write)(struct store_change *, struct store_tx *, struct err *))
{
    struct writing writing = {.change = {.apply = write}, .house = house};
    struct err err = {0};

    writing.bob = house_knows(house, BOB, KEY, house->pem);
    writing.carol = house_knows(house, "https://c.example/carol",
                                "https://c.example/carol#main-key", house->pem);
    scoped(store_view) view = store_look(house->store, &err);
    scoped_value(account) account = {0};
    assert_int_equal(store_account(view, house->alice, &account, &err), FOUND);
    writing.alice = account.person_id;
    if (!store_commit(house->store, &writing.change, &err))
        fail_msg("%s: %s", err.said, err.cause);
}

static void lay_posts(struct house *house)
{
    lay(house, write_posts);
}

/* `key_id` NULL: unsigned. */
static struct shown_was ask_for(struct house *house, const char *ref, const char *key_id)
{
    struct show_ask *ask = show_ask_new(&house->duties, SHOW_POST);
    scoped_text char *url = must_print(ALICE "/posts/%s", ref);
    struct signing signing = {
        .form = SIGNATURE_CAVAGE, .url = url, .key_id = key_id, .now_ms = NOW_MS};
    scoped_value(bytes) fields = {0};
    struct err err = {0};

    ask->host = must_dup("example.org");
    ask->user = must_dup("alice");
    ask->ref = must_dup(ref);
    if (key_id) {
        assert_true(work_sign(&house->work, &signing, bytes_slice(&house->key), &fields, &err));
        scoped_text char *text = must_print(
            "GET /users/alice/posts/%s HTTP/1.1\r\nHost: example.org\r\n%s\r\n", ref, fields.at);
        struct http_request request;
        request_read(text, &request);
        ask->request = request_copy(&request);
    }
    return run(house, ask);
}

static void posts_and_who_may_read_them(void **state)
{
    static const struct {
        const char *ref;
        int unsigned_status, bob, carol;
    } rows[] = {
        {"2public0000000", 200, 200, 200},
        {"2unlisted00000", 200, 200, 200},
        {"2followers0000", 404, 200, 404},
        {"2direct0000000", 404, 200, 404},
        {"2mail000000000", 404, 404, 404},
        {"2held000000000", 404, 404, 404},
        {"2undone0000000", 404, 404, 404},
        {"2withdrawn0000", 410, 410, 410},
        {"2secretgone000", 404, 404, 404},
        {"2nothing000000", 404, 404, 404},
    };
    struct house house;

    (void)state;
    house_open(&house);
    lay_posts(&house);
    house_web(&house, NULL, 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct shown_was was = ask_for(&house, rows[i].ref, NULL);
        struct shown_was bob = ask_for(&house, rows[i].ref, KEY);
        struct shown_was carol = ask_for(&house, rows[i].ref, "https://c.example/carol#main-key");
        if (was.status != rows[i].unsigned_status || bob.status != rows[i].bob ||
            carol.status != rows[i].carol)
            fail_msg("%s: %d %d %d", rows[i].ref, was.status, bob.status, carol.status);
        /* what is not for everybody may be kept by nobody, and its 404 is that of what does not exist */
        assert_int_equal(was.for_signer, was.status == 404);
        bytes_clear(&was.body);
        bytes_clear(&bob.body);
        bytes_clear(&carol.body);
    }
    struct shown_was gone = ask_for(&house, "2withdrawn0000", NULL);
    assert_text(gone.body.at,
                "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE
                "/posts/2withdrawn0000\",\"type\":\"Tombstone\"}");
    bytes_clear(&gone.body);
    house_close(&house);
}

static void the_outbox_lists_what_is_open(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    lay_posts(&house);
    struct shown_was whole = show(&house, SHOW_OUTBOX, "alice", NULL);
    assert_non_null(strstr(whole.body.at, "\"totalItems\":2,"));
    struct show_ask *ask = show_ask_new(&house.duties, SHOW_OUTBOX);
    ask->host = must_dup("example.org");
    ask->user = must_dup("alice");
    ask->page = true;
    struct shown_was page = run(&house, ask);
    const char *second = strstr(page.body.at, "2public0000000/activity"),
               *first = strstr(page.body.at, "2unlisted00000/activity");
    assert_true(first && second && first < second);
    assert_null(strstr(page.body.at, "2followers0000"));
    assert_null(strstr(page.body.at, "2withdrawn0000"));
    assert_null(strstr(page.body.at, "page=true&before"));
    bytes_clear(&whole.body);
    bytes_clear(&page.body);
    house_close(&house);
}

enum { BOOSTS = 45 };

/* Of bob's posts: one deleted since, one taken back. */
static bool write_boosts(struct store_change *change, struct store_tx *tx, struct err *err)
{
    const struct writing *writing = container_of(change, struct writing, change);
    struct own_reaction boost;
    bool changed;
    int64_t id = 0;

    for (int i = 0; i < BOOSTS; i++) {
        scoped_text char *ref = must_print("3boost%08d", i);
        scoped_text char *activity = must_print("https://m.example/p/%d", i);
        struct message message = {.ref = ref,
                                  .author_id = writing->bob,
                                  .visibility = VISIBILITY_PUBLIC,
                                  .state = i == 7 ? MESSAGE_WITHDRAWN : MESSAGE_SENT,
                                  .version = 1,
                                  .activity_id = activity,
                                  .published_ms = 1};
        if (!store_add_message(tx, &message, &id, err) ||
            !store_set_own_reaction(tx, id, writing->alice, REACTION_BOOST, true, &boost, &changed,
                                    err) ||
            (i == 9 && !store_set_own_reaction(tx, id, writing->alice, REACTION_BOOST, false,
                                               &boost, &changed, err)))
            return false;
    }
    return true;
}

static int count_of(const char *text, const char *what)
{
    int count = 0;

    while ((text = strstr(text, what))) {
        text += strlen(what);
        count++;
    }
    return count;
}

static int64_t number_behind(const char *text, const char *name)
{
    const char *at = text ? strstr(text, name) : NULL;

    return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static void the_outbox_has_boosts_between_posts(void **state)
{
    struct house house;
    int64_t before = 0, boosts_before = 0;
    int posts_seen = 0, boosts_seen = 0, pages = 0;
    bool more = true;

    (void)state;
    house_open(&house);
    lay_posts(&house);
    lay(&house, write_boosts);
    struct shown_was whole = show(&house, SHOW_OUTBOX, "alice", NULL);
    assert_non_null(strstr(whole.body.at, "\"totalItems\":45,"));
    bytes_clear(&whole.body);
    for (; more && pages < 9; pages++) {
        struct show_ask *ask = show_ask_new(&house.duties, SHOW_OUTBOX);
        ask->host = must_dup("example.org");
        ask->user = must_dup("alice");
        ask->page = true;
        ask->before = before;
        ask->boosts_before = boosts_before;
        struct shown_was page = run(&house, ask);
        boosts_seen += count_of(page.body.at, "\"type\":\"Announce\"");
        posts_seen += count_of(page.body.at, "\"type\":\"Create\"");
        const char *next = strstr(page.body.at, "\"next\":");
        more = next != NULL;
        before = number_behind(next, "&before=");
        boosts_before = number_behind(next, "&boosts_before=");
        bytes_clear(&page.body);
    }
    assert_int_equal(boosts_seen, BOOSTS - 2);
    assert_int_equal(posts_seen, 2);
    assert_false(more);
    house_close(&house);
}

static void replies_of_open_posts(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    lay_posts(&house);
    struct shown_was open = show(&house, SHOW_REPLIES, "alice", "2public0000000");
    assert_int_equal(open.status, 200);
    assert_text(open.body.at,
                "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" ALICE
                "/posts/2public0000000/replies\",\"type\":\"Collection\",\"items\":[]}");
    struct shown_was closed = show(&house, SHOW_REPLIES, "alice", "2direct0000000");
    assert_int_equal(closed.status, 404);
    bytes_clear(&open.body);
    bytes_clear(&closed.body);
    house_close(&house);
}

static void another_host_has_nothing(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    struct show_ask *ask = show_ask_new(&house.duties, SHOW_ACTOR);
    ask->host = must_dup("elsewhere.example");
    ask->user = must_dup("alice");
    struct shown_was was = run(&house, ask);
    assert_int_equal(was.status, 404);
    bytes_clear(&was.body);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(webfinger),
        cmocka_unit_test(small_documents),
        cmocka_unit_test(posts_and_who_may_read_them),
        cmocka_unit_test(the_outbox_lists_what_is_open),
        cmocka_unit_test(the_outbox_has_boosts_between_posts),
        cmocka_unit_test(replies_of_open_posts),
        cmocka_unit_test(another_host_has_nothing),
    };
    return cmocka_run_group_tests(tests, house_lay_foundation, house_dig_up);
}
