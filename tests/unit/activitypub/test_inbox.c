/*
 * What becomes of an activity: signatures and keys, in a house with a real store and a bridge that writes down.
 */
#include "judge.h"

#define FOLLOW                                                                                     \
    "{\"id\":\"https://m.example/4f\",\"type\":\"Follow\",\"actor\":\"" BOB                        \
    "\",\"object\":\"https://example.org/users/alice\"}"
#define TOLD_FOLLOW                                                                                \
    "activity 1 https://m.example/4f by " BOB                                                      \
    " on https://example.org/users/alice at alice@example.org\n"

static void a_known_key_needs_no_fetch(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    house_knows(&house, BOB, KEY, house.pem);
    for (enum signature_form form = SIGNATURE_CAVAGE; form <= SIGNATURE_RFC9421; form++) {
        house_web(&house, NULL, 0);
        struct answer_was was = judge(&house, FOLLOW, form);
        EXPECT(&house, was, 202, "", TOLD_FOLLOW);
    }
    house_close(&house);
}

static void an_unknown_key_is_fetched_and_its_owner_recorded_first(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    scoped_text char *actor = house_actor(&house, BOB, "bob");
    const struct document_there web[] = {
        {.url = BOB, .body = actor}
    };
    house_web(&house, web, 1);
    struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    EXPECT(&house, was, 202, "GET " BOB "\n", "actor bob@m.example " BOB "\n" TOLD_FOLLOW);
    house_web(&house, web, 1);
    was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    EXPECT(&house, was, 202, "", TOLD_FOLLOW); /* idempotence is the bridge's */
    house_close(&house);
}

static void a_changed_key_is_asked_for_once_in_five_minutes(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    house_knows(&house, BOB, KEY, "an old key");
    scoped_text char *actor = house_actor(&house, BOB, "bob");
    const struct document_there rotated[] = {
        {.url = BOB, .body = actor}
    };
    const struct document_there stale[] = {
        {.url = BOB,
         .body = "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" BOB
                 "\",\"type\":\"Person\",\"preferredUsername\":\"bob\",\"inbox\":\"" BOB
                 "/inbox\",\"publicKey\":{\"id\":\"" KEY "\",\"owner\":\"" BOB
                 "\",\"publicKeyPem\":\"an old key\"}}"}
    };
    house_web(&house, stale, 1);
    struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    EXPECT(&house, was, 401, "GET " BOB "\n", "actor bob@m.example " BOB "\n");
    house_web(&house, rotated, 1);
    was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    EXPECT(&house, was, 401, "", ""); /* not asked again so soon */
    key_memory_clear(&house.work.keys);
    key_memory_init(&house.work.keys);
    was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    EXPECT(&house, was, 202, "GET " BOB "\n", "actor bob@m.example " BOB "\n" TOLD_FOLLOW);
    house_close(&house);
}

/* Somebody signs as bob before bob does; bob is not kept out for that. */
static void a_forger_keeps_nobody_out(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    scoped_text char *actor = house_actor(&house, BOB, "bob");
    const struct document_there web[] = {
        {.url = BOB, .body = actor}
    };
    house_web(&house, web, 1);
    scoped_text char *text =
        house_post(&house, SIGNATURE_CAVAGE, KEY, "/users/alice/inbox", FOLLOW);
    char *date = strstr(text, "08:00:00");
    memcpy(date, "08:00:01", 8);
    EXPECT(&house, judge_text(&house, text, "alice"), 401, "GET " BOB "\n",
           "actor bob@m.example " BOB "\n");
    house_web(&house, web, 1);
    EXPECT(&house, judge(&house, FOLLOW, SIGNATURE_CAVAGE), 202, "", TOLD_FOLLOW);
    house_close(&house);
}

static void a_silent_host_is_not_asked_again_at_once(void **state)
{
    static const struct document_there web[] = {
        {.url = BOB, .outcome = FETCH_SILENT}
    };
    struct house house;

    (void)state;
    house_open(&house);
    house_web(&house, web, 1);
    EXPECT(&house, judge(&house, FOLLOW, SIGNATURE_CAVAGE), 503, "GET " BOB "\n", "");
    EXPECT(&house, judge(&house, FOLLOW, SIGNATURE_CAVAGE), 503, "GET " BOB "\n", "");
    house_close(&house);
}

static void keys_that_cannot_be_had(void **state)
{
    static const struct {
        const char *name;
        struct document_there there;
        int status;
    } rows[] = {
        {"404",                                 {.url = BOB, .status = 404},                      401},
        {"HTML",                                {.url = BOB, .type = "text/html", .body = "<p>"}, 401},
        {"plain JSON, as an upload could have",
         {.url = BOB, .type = "application/json", .body = "{}"},
         401                                                                                         },
        {"silence",                             {.url = BOB, .outcome = FETCH_SILENT},            503},
        {"trouble over there",                  {.url = BOB, .status = 502},                      503},
        {"a private address",                   {.url = BOB, .outcome = FETCH_BLOCKED},           401},
        {"an actor of another name",
         {.url = BOB,
          .body = "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"https://"
                  "m.example/users/carol\"}"},
         401                                                                                         },
        {"410, and it is no Delete",            {.url = BOB, .status = 410},                      401},
    };
    struct house house;

    (void)state;
    house_open(&house);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        key_memory_clear(&house.work.keys);
        key_memory_init(&house.work.keys);
        house_web(&house, &rows[i].there, 1);
        struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
        if (was.status != rows[i].status)
            fail_msg("%s: %d %s", rows[i].name, was.status, was.why);
        assert_text(house.bridge.told.at, "");
    }
    house_close(&house);
}

static void gotosocials_key_has_an_address_of_its_own(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    scoped_text char *stub =
        must_print("{\"@context\":[\"https://w3id.org/security/v1\",\"https://www.w3.org/ns/"
                   "activitystreams\"],\"id\":\"https://g.example/users/"
                   "g\",\"preferredUsername\":\"g\",\"type\":\"Person\","
                   "\"publicKey\":{\"id\":\"https://g.example/users/g/"
                   "main-key\",\"owner\":\"https://g.example/users/g\",\"publicKeyPem\":\"x\"}}");
    scoped_text char *whole = house_actor(&house, "https://g.example/users/g", "g");
    char *at = strstr(whole, "#main-key");
    at[0] = '/';
    const struct document_there web[] = {
        {.url = "https://g.example/users/g/main-key", .body = stub },
        {.url = "https://g.example/users/g",          .body = whole}
    };
    house_web(&house, web, 2);
    scoped_text char *text = house_post(
        &house, SIGNATURE_CAVAGE, "https://g.example/users/g/main-key", "/users/alice/inbox",
        "{\"id\":\"https://g.example/f/1\",\"type\":\"Follow\",\"actor\":\"https://g.example/users/"
        "g\",\"object\":\"https://example.org/users/alice\"}");
    struct answer_was was = judge_text(&house, text, "alice");
    EXPECT(&house, was, 202,
           "GET https://g.example/users/g/main-key\nGET https://g.example/users/g\n",
           "actor g@g.example https://g.example/users/g\nactivity 1 https://g.example/f/1 by "
           "https://g.example/users/g on https://example.org/users/alice at alice@example.org\n");
    house_close(&house);
}

static void redirects_end(void **state)
{
    static const struct document_there web[] = {
        {.url = BOB,                   .status = 302, .location = "https://m.example/2"},
        {.url = "https://m.example/2", .status = 301, .location = "https://m.example/3"},
        {.url = "https://m.example/3", .status = 307, .location = "https://m.example/4"},
        {.url = "https://m.example/4", .status = 308, .location = BOB                  },
    };
    struct house house;

    (void)state;
    house_open(&house);
    house_web(&house, web, COUNT_OF(web));
    struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    EXPECT(&house, was, 401,
           "GET " BOB
           "\nGET https://m.example/2\nGET https://m.example/3\nGET https://m.example/4\n",
           "");
    house_close(&house);
}

static void a_redirect_home_is_not_followed(void **state)
{
    static const struct document_there web[] = {
        {.url = BOB, .status = 302, .location = "https://example.org/users/alice"}
    };
    struct house house;

    (void)state;
    house_open(&house);
    house_web(&house, web, 1);
    struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    EXPECT(&house, was, 401, "GET " BOB "\n", "");
    house_close(&house);
}

static void what_is_answered_before_any_fetch(void **state)
{
    static const struct {
        const char *name, *body;
        int status;
    } rows[] = {
        {"no JSON",                                  "{",                                           400},
        {"an activity without id",
         "{\"type\":\"Follow\",\"actor\":\"" BOB
         "\",\"object\":\"https://example.org/users/alice\"}",                                      400},
        {"an id on another host",
         "{\"id\":\"https://v.example/4f\",\"type\":\"Follow\",\"actor\":\"" BOB
         "\",\"object\":\"https://example.org/users/alice\"}",                                      400},
        {"the Delete of an actor we never heard of",
         "{\"id\":\"" BOB "#delete\",\"type\":\"Delete\",\"actor\":\"" BOB "\",\"object\":\"" BOB
         "\"}",                                                                                     202},
        {"its Update",
         "{\"id\":\"" BOB "#u\",\"type\":\"Update\",\"actor\":\"" BOB "\",\"object\":{\"id\":\"" BOB
         "\",\"type\":\"Person\"}}",                                                                202},
        {"a type nobody knows",
         "{\"id\":\"" BOB "#m\",\"type\":\"Arrive\",\"actor\":\"" BOB "\",\"object\":\"" BOB "\"}",
         202                                                                                           },
        {"somebody of ours, from outside",
         "{\"id\":\"https://example.org/1\",\"type\":\"Like\",\"actor\":\"https://example.org/"
         "users/alice\",\"object\":\"https://example.org/2\"}",                                     202},
    };
    struct house house;

    (void)state;
    house_open(&house);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        house_web(&house, NULL, 0);
        struct answer_was was = judge(&house, rows[i].body, SIGNATURE_CAVAGE);
        if (was.status != rows[i].status)
            fail_msg("%s: %d %s", rows[i].name, was.status, was.why);
        assert_text(house.seen.at, "");
        assert_text(house.bridge.told.at, "");
    }
    house.bridge.concerns_nobody = true;
    struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    EXPECT(&house, was, 202, "", "");
    house_close(&house);
}

static void whose_inbox(void **state)
{
    struct house house;
    scoped_text char *other = NULL;

    (void)state;
    house_open(&house);
    house_knows(&house, BOB, KEY, house.pem);
    house_web(&house, NULL, 0);
    scoped_text char *text =
        house_post(&house, SIGNATURE_CAVAGE, KEY, "/users/nobody/inbox", FOLLOW);
    EXPECT(&house, judge_text(&house, text, "nobody"), 404, "", "");
    other = house_post(&house, SIGNATURE_CAVAGE, KEY, "/inbox", FOLLOW);
    EXPECT(&house, judge_text(&house, other, NULL), 202, "",
           "activity 1 https://m.example/4f by " BOB
           " on https://example.org/users/alice at @example.org\n");
    house_web(&house, NULL, 0);
    char *host = strstr(other, "example.org");
    memcpy(host, "example.com", 11);
    EXPECT(&house, judge_text(&house, other, NULL), 404, "", "");
    house_close(&house);
}

static void a_tampered_request(void **state)
{
    static const char *const changes[][2] = {
        {"\"Follow\"",        "\"follow\""       }, /* the body */
        {"POST /users/alice", "POST /users/alicf"}, /* the target */
        {"signature=\"",      "signature=\"AAAA" },
    };
    struct house house;

    (void)state;
    house_open(&house);
    house_knows(&house, BOB, KEY, house.pem);
    house_web(&house, NULL, 0);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        scoped_text char *text =
            house_post(&house, SIGNATURE_CAVAGE, KEY, "/users/alice/inbox", FOLLOW);
        char *at = strstr(text, changes[i][0]);
        assert_non_null(at);
        scoped_text char *other = must_print("%.*s%s%s", (int)(at - text), text, changes[i][1],
                                             at + strlen(changes[i][0]));
        struct answer_was was = judge_text(&house, other, "alice");
        assert_int_equal(was.status, 401);
    }
    assert_text(house.bridge.told.at, "");
    house_close(&house);
}

static void the_bridge_gets_whom_it_wants(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    house_knows(&house, BOB, KEY, house.pem);
    scoped_text char *carol = house_actor(&house, "https://c.example/carol", "carol");
    const struct document_there web[] = {
        {.url = "https://c.example/carol", .body = carol}
    };
    house_web(&house, web, 1);
    house.bridge.wants = "https://c.example/carol";
    EXPECT(&house, judge(&house, FOLLOW, SIGNATURE_CAVAGE), 202, "GET https://c.example/carol\n",
           "actor carol@c.example https://c.example/carol\n" TOLD_FOLLOW);
    house_web(&house, NULL, 0);
    house.bridge.wants = "https://d.example/dan";
    EXPECT(&house, judge(&house, FOLLOW, SIGNATURE_CAVAGE), 202, "GET https://d.example/dan\n",
           TOLD_FOLLOW);
    house_close(&house);
}

static void the_world_moved(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    house_knows(&house, BOB, KEY, house.pem);
    house_web(&house, NULL, 0);
    house.bridge.conflicts = 2;
    struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    assert_true(was.ok);
    EXPECT(&house, was, 202, "", TOLD_FOLLOW);
    house_web(&house, NULL, 0);
    house.bridge.conflicts = 100;
    was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    assert_false(was.ok);
    assert_text(house.bridge.told.at, "");
    house_close(&house);
}

static void a_known_actor_deletes_itself(void **state)
{
    static const char *const body =
        "{\"id\":\"" BOB "#delete\",\"type\":\"Delete\",\"actor\":\"" BOB "\",\"object\":\"" BOB
        "\"}";
    static const struct document_there gone[] = {
        {.url = BOB, .status = 410}
    };
    struct house house;

    (void)state;
    house_open(&house);
    house_knows(&house, BOB, KEY, house.pem);
    house_web(&house, NULL, 0);
    EXPECT(&house, judge(&house, body, SIGNATURE_CAVAGE), 202, "",
           "activity 7 " BOB "#delete by " BOB " on " BOB " at alice@example.org\n");
    house_close(&house);

    house_open(&house); /* its key does not fit any more, and its actor is gone */
    house_knows(&house, BOB, KEY, "an old key");
    house_web(&house, gone, 1);
    EXPECT(&house, judge(&house, body, SIGNATURE_CAVAGE), 202, "GET " BOB "\nGET " BOB "\n",
           "gone " BOB "\n");
    house_close(&house);
}

/* A Delete of bob with a key whose document is gone, while bob is not. */
static void a_dead_key_kills_nobody(void **state)
{
    static const char *const body =
        "{\"id\":\"" BOB "#delete\",\"type\":\"Delete\",\"actor\":\"" BOB "\",\"object\":\"" BOB
        "\"}";
    struct house house;

    (void)state;
    house_open(&house);
    house_knows(&house, BOB, KEY, house.pem);
    scoped_text char *actor = house_actor(&house, BOB, "bob");
    const struct document_there web[] = {
        {.url = "https://v.example/dead", .status = 410},
        {.url = BOB,                      .body = actor}
    };
    house_web(&house, web, 2);
    scoped_text char *text =
        house_post(&house, SIGNATURE_CAVAGE, "https://v.example/dead", "/users/alice/inbox", body);
    EXPECT(&house, judge_text(&house, text, "alice"), 401,
           "GET https://v.example/dead\nGET " BOB "\n", "");
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_key_needs_no_fetch),
        cmocka_unit_test(an_unknown_key_is_fetched_and_its_owner_recorded_first),
        cmocka_unit_test(a_changed_key_is_asked_for_once_in_five_minutes),
        cmocka_unit_test(a_forger_keeps_nobody_out),
        cmocka_unit_test(a_silent_host_is_not_asked_again_at_once),
        cmocka_unit_test(keys_that_cannot_be_had),
        cmocka_unit_test(gotosocials_key_has_an_address_of_its_own),
        cmocka_unit_test(redirects_end),
        cmocka_unit_test(a_redirect_home_is_not_followed),
        cmocka_unit_test(what_is_answered_before_any_fetch),
        cmocka_unit_test(whose_inbox),
        cmocka_unit_test(a_tampered_request),
        cmocka_unit_test(the_bridge_gets_whom_it_wants),
        cmocka_unit_test(the_world_moved),
        cmocka_unit_test(a_known_actor_deletes_itself),
        cmocka_unit_test(a_dead_key_kills_nobody),
    };
    return cmocka_run_group_tests(tests, house_lay_foundation, house_dig_up);
}
