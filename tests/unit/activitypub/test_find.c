/*
 * Finding people: WebFinger, the actor, and back again.
 */
#include "house.h"

#define BOB "https://m.example/users/bob"
#define FINGER(host) "https://" host "/.well-known/webfinger?resource=acct:"
#define JRD(subject, href)                                                                         \
    "{\"subject\":\"acct:" subject                                                                 \
    "\",\"links\":[{\"rel\":\"self\",\"type\":\"application/activity+json\",\"href\":\"" href      \
    "\"}]}"

struct found_was {
    bool ok;
    enum resolve_outcome outcome;
    int64_t person_id;
};

static struct found_was find(struct house *house, const char *user, const char *host,
                             const char *actor_id, int64_t within_ms)
{
    struct resolve *resolve = resolve_new(user, host, actor_id);
    struct find_ask *ask = find_ask_new(&house->duties, resolve);

    errand_free(&resolve->errand);
    ask->until_ms = house->timer.now_ms + within_ms;
    struct found_was was = {.ok = house_run(house, &ask->ask)};
    was.outcome = ask->outcome;
    was.person_id = ask->person_id;
    errand_free(&ask->ask.errand);
    return was;
}

static void by_handle_and_by_id(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    scoped_text char *bob = house_actor(&house, BOB, "bob");
    const struct document_there web[] = {
        {.url = FINGER("m.example") "bob@m.example",
         .type = "application/jrd+json",
         .body = JRD("bob@m.example", BOB)},
        {.url = BOB,                                      .body = bob                       },
    };
    house_web(&house, web, COUNT_OF(web));
    struct found_was was = find(&house, "bob", "M.example", NULL, 10000);
    assert_true(was.ok && was.outcome == RESOLVE_FOUND && was.person_id > 0);
    assert_text(house.seen.at, "plain GET " FINGER("m.example") "bob@m.example\nGET " BOB "\n");
    assert_text(house.bridge.told.at, "actor bob@m.example " BOB "\n");
    int64_t id = was.person_id;

    house_web(&house, web, COUNT_OF(web));
    was = find(&house, "bob", "m.example", NULL, 10000); /* known, and fresh */
    assert_true(was.ok && was.outcome == RESOLVE_FOUND && was.person_id == id);
    assert_text(house.seen.at, "");
    house.clock.now_ms += DAY_MS;
    was = find(&house, NULL, NULL, BOB, 10000); /* by its id, and no longer fresh */
    assert_true(was.ok && was.person_id == id);
    assert_text(house.seen.at, "GET " BOB "\nplain GET " FINGER("m.example") "bob@m.example\n");
    house_close(&house);
}

/* For a move what they say of themselves counts, as it is now. */
static void whether_they_list_an_alias(void **state)
{
    static const struct {
        const char *more;
        bool names;
    } rows[] = {
        {"\"alsoKnownAs\":[\"https://example.org/users/alice\"],",                                  true },
        {"\"alsoKnownAs\":[\"https://example.org/users/alicia\"],",                                 false},
        {"",                                                                                        false},
        {"\"movedTo\":\"https://x.example/\",\"alsoKnownAs\":\"https://example.org/users/alice\",",
         false                                                                                           },
    };
    struct house house;

    (void)state;
    house_open(&house);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *bob = house_actor(&house, BOB, "bob");
        scoped_text char *actor = must_print("{%s%s", rows[i].more, bob + 1);
        const struct document_there web[] = {
            {.url = FINGER("m.example") "bob@m.example",
             .type = "application/jrd+json",
             .body = JRD("bob@m.example", BOB)},
            {.url = BOB,                                      .body = actor                       },
        };
        house_web(&house, web, COUNT_OF(web));
        struct resolve *resolve = resolve_new("bob", "m.example", NULL);
        resolve->alias = must_dup("https://example.org/users/alice");
        struct find_ask *ask = find_ask_new(&house.duties, resolve);
        errand_free(&resolve->errand);
        ask->until_ms = house.timer.now_ms + 10 * SECOND_MS;
        assert_true(house_run(&house, &ask->ask));
        assert_int_equal(ask->names_alias, rows[i].names);
        assert_text(house.seen.at, "plain GET " FINGER("m.example") "bob@m.example\nGET " BOB "\n");
        errand_free(&ask->ask.errand);
    }
    house_close(&house);
}

static void whom_nobody_finds(void **state)
{
    static const struct {
        const char *name;
        struct document_there web[3];
        enum resolve_outcome outcome;
    } rows[] = {
        {"no such host",
         {{.url = FINGER("m.example") "bob@m.example", .outcome = FETCH_NO_HOST}},
         RESOLVE_NOBODY                                                                                                           },
        {"no such person, nor a host-meta",
         {{.url = FINGER("m.example") "bob@m.example", .status = 404}},
         RESOLVE_NOBODY                                                                                                           },
        {"gone",                                     {{.url = FINGER("m.example") "bob@m.example", .status = 410}}, RESOLVE_NOBODY},
        {"silence",
         {{.url = FINGER("m.example") "bob@m.example", .outcome = FETCH_SILENT}},
         RESOLVE_SILENT                                                                                                           },
        {"trouble over there",
         {{.url = FINGER("m.example") "bob@m.example", .status = 503}},
         RESOLVE_SILENT                                                                                                           },
        {"HTML",
         {{.url = FINGER("m.example") "bob@m.example", .type = "text/html", .body = "<p>"}},
         RESOLVE_NOBODY                                                                                                           },
        {"an actor that is not there",
         {{.url = FINGER("m.example") "bob@m.example",
           .type = "application/jrd+json",
           .body = JRD("bob@m.example", BOB)}},
         RESOLVE_NOBODY                                                                                                           },
        {"an actor of another id",
         {{.url = FINGER("m.example") "bob@m.example",
           .type = "application/jrd+json",
           .body = JRD("bob@m.example", BOB)},
          {.url = BOB,
           .body =
               "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"https://m.example/"
               "users/Bob\",\"type\":\"Person\",\"preferredUsername\":\"bob\",\"inbox\":\"https://"
               "m.example/i\"}"}},
         RESOLVE_NOBODY                                                                                                           },
        {"a subject that sends us round in circles",
         {{.url = FINGER("m.example") "bob@m.example",
           .type = "application/jrd+json",
           .body = JRD("bob@n.example", BOB)},
          {.url = FINGER("n.example") "bob@n.example",
           .type = "application/jrd+json",
           .body = JRD("bob@m.example", BOB)}},
         RESOLVE_NOBODY                                                                                                           },
        {"a subject that names us",
         {{.url = FINGER("m.example") "bob@m.example",
           .type = "application/jrd+json",
           .body = JRD("alice@example.org", "https://example.org/users/alice")}},
         RESOLVE_NOBODY                                                                                                           },
    };
    struct house house;

    (void)state;
    house_open(&house);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t count = 0;
        while (count < COUNT_OF(rows[i].web) && rows[i].web[count].url)
            count++;
        house_web(&house, rows[i].web, count);
        struct found_was was = find(&house, "bob", "m.example", NULL, 10000);
        if (!was.ok || was.outcome != rows[i].outcome)
            fail_msg("%s: %d", rows[i].name, (int)was.outcome);
        assert_text(house.bridge.told.at, "");
    }
    struct found_was was = find(&house, "b+b", "m.example", NULL, 10000);
    assert_int_equal(was.outcome, RESOLVE_NOBODY);
    was = find(&house, "bob", "127.0.0.1", NULL, 10000);
    assert_int_equal(was.outcome, RESOLVE_NOBODY);
    was = find(&house, "bob", "m.example", NULL, -1);
    assert_int_equal(was.outcome, RESOLVE_SILENT);
    house_close(&house);
}

/* @bob@m.example, whose actor lies on ap.m.example. */
static void a_split_domain(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    scoped_text char *bob = house_actor(&house, "https://ap.m.example/bob", "bob");
    const struct document_there honest[] = {
        {.url = FINGER("m.example") "bob@m.example",
         .type = "application/jrd+json",
         .body = JRD("bob@m.example", "https://ap.m.example/bob")},
        {.url = FINGER("ap.m.example") "bob@ap.m.example",
         .type = "application/jrd+json",
         .body = JRD("bob@m.example", "https://ap.m.example/bob")},
        {.url = "https://ap.m.example/bob",             .body = bob   },
    };
    house_web(&house, honest, COUNT_OF(honest));
    struct found_was was = find(&house, "bob", "m.example", NULL, 10000);
    assert_int_equal(was.outcome, RESOLVE_FOUND);
    assert_text(house.bridge.told.at, "actor bob@m.example https://ap.m.example/bob\n");
    house_close(&house);
}

/* m.example says that carol of c.example is its bob; c.example knows nothing of it. */
static void a_handle_for_somebody_elses_actor(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    scoped_text char *carol = house_actor(&house, "https://c.example/carol", "carol");
    const struct document_there web[] = {
        {.url = FINGER("m.example") "bob@m.example",
         .type = "application/jrd+json",
         .body = JRD("bob@m.example", "https://c.example/carol")},
        {.url = FINGER("c.example") "carol@c.example",
         .type = "application/jrd+json",
         .body = JRD("carol@c.example", "https://c.example/carol")},
        {.url = "https://c.example/carol",             .body = carol },
    };
    house_web(&house, web, COUNT_OF(web));
    struct found_was was = find(&house, "bob", "m.example", NULL, 10000);
    assert_int_equal(was.outcome, RESOLVE_FOUND);
    assert_text(house.bridge.told.at,
                "actor carol@c.example https://c.example/carol\n"); /* under her own name */
    house_close(&house);
}

static void webfinger_that_lies_elsewhere(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    scoped_text char *bob = house_actor(&house, BOB, "bob");
    const struct document_there web[] = {
        {.url = "https://m.example/.well-known/host-meta",
         .type = "application/xrd+xml; charset=utf-8",
         .body = "<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\"><Link rel=\"lrdd\" "
                 "template=\"https://w.example/finger?q={uri}\"/></XRD>"},
        {.url = "https://w.example/finger?q=acct:bob@m.example",
         .type = "application/json",
         .body = JRD("bob@m.example", BOB)},
        {.url = BOB,                      .body = bob                       },
    };
    house_web(&house, web, COUNT_OF(web));
    struct found_was was = find(&house, "bob", "m.example", NULL, 10000);
    assert_int_equal(was.outcome, RESOLVE_FOUND);
    assert_text(house.bridge.told.at, "actor bob@m.example " BOB "\n");
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_handle_and_by_id),
        cmocka_unit_test(whether_they_list_an_alias),
        cmocka_unit_test(whom_nobody_finds),
        cmocka_unit_test(a_split_domain),
        cmocka_unit_test(a_handle_for_somebody_elses_actor),
        cmocka_unit_test(webfinger_that_lies_elsewhere),
    };
    return cmocka_run_group_tests(tests, house_lay_foundation, house_dig_up);
}
