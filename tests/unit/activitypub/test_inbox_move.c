/* A Move: what the account moved to says of itself decides. */
#include "judge.h"

#define NEW "https://v.example/users/bob"
#define MOVE_TO(target)                                                                            \
    "{\"id\":\"https://m.example/9\",\"type\":\"Move\",\"actor\":\"" BOB "\",\"object\":\"" BOB    \
    "\",\"target\":" target "}"
#define MOVE MOVE_TO("\"" NEW "\"")
#define TOLD_MOVE                                                                                  \
    "activity 10 https://m.example/9 by " BOB " on " BOB " at alice@example.org to " NEW "\n"
#define ACTOR_AT(id, more)                                                                         \
    "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" id                         \
    "\",\"type\":\"Person\",\"preferredUsername\":\"bob\",\"inbox\":\"" NEW "/inbox\"" more "}"

static struct house house;

static struct answer_was judged(const struct document_there *there, const char *body)
{
    house_open(&house);
    house_knows(&house, BOB, KEY, house.pem);
    house_web(&house, there, there ? 1 : 0);
    return judge(&house, body, SIGNATURE_CAVAGE);
}

static void the_account_moved_to_must_list_the_old_one(void **state)
{
    static const struct {
        const char *name, *there;
        bool believed;
    } rows[] = {
        {"it does",                      ACTOR_AT(NEW,                                 ",\"alsoKnownAs\":[\"https://x.example/y\",\"" BOB "\"]"), true},
        {"as its only one, without a list",                              ACTOR_AT(NEW,                                          ",\"alsoKnownAs\":\"" BOB "\""),                                                          true},
        {"it lists nobody",                          ACTOR_AT(NEW,                                                                      ""),                                                      false},
        {"another",                           ACTOR_AT(NEW,",\"alsoKnownAs\":[\"" BOB "by\"]"), false},
        {"the handle instead of the id",ACTOR_AT(NEW,     ",\"alsoKnownAs\":[\"acct:bob@m.example\"]"),
         false},
        {"it has moved on itself",
         ACTOR_AT(NEW,                                          ",\"movedTo\":\"https://x.example/y\",\"alsoKnownAs\":[\"" BOB "\"]"),
         false},
        {"it calls itself otherwise",                              ACTOR_AT(NEW "by",                                                   ",\"alsoKnownAs\":[\"" BOB "\"]"),                                                                                                                            false},
        {"it is no actor",                          "{\"id\":\"" NEW "\",\"alsoKnownAs\":[\"" BOB "\"]}",                                                                      false                                                                                                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct document_there there = {.url = NEW, .body = rows[i].there};
        struct answer_was was = judged(&there, MOVE);
        if (was.status != 202)
            fail_msg("%s: %d %s", rows[i].name, was.status, was.why);
        assert_text(house.seen.at, "GET " NEW "\n");
        if ((strcmp(house.bridge.told.at ? house.bridge.told.at : "", TOLD_MOVE) == 0) !=
            rows[i].believed)
            fail_msg("%s: %s", rows[i].name, house.bridge.told.at);
        house_close(&house);
    }
}

static void what_needs_no_look(void **state)
{
    static const char *const bodies[] = {
        MOVE_TO("\"" BOB "\""),
        MOVE_TO("null"),
        MOVE_TO("[\"" NEW "\",\"https://x.example/y\"]"),
        MOVE_TO("\"http://v.example/users/bob\""),
        MOVE_TO("\"https://127.0.0.1/users/bob\""),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct answer_was was = judged(NULL, bodies[i]);
        EXPECT(&house, was, 202, "", "");
        house_close(&house);
    }
}

/* What is ours is in the store: the bridge looks. */
static void to_one_of_ours(void **state)
{
    (void)state;
    struct answer_was was = judged(NULL, MOVE_TO("\"https://example.org/users/alice\""));
    EXPECT(&house, was, 202, "",
           "activity 10 https://m.example/9 by " BOB " on " BOB " at alice@example.org\n");
    house_close(&house);
}

static void who_does_not_answer_is_asked_for_later(void **state)
{
    const struct document_there there = {.url = NEW, .outcome = FETCH_SILENT};

    (void)state;
    EXPECT(&house, judged(&there, MOVE), 503, "GET " NEW "\n", "");
    house_close(&house);
}

/* So nobody makes us ask third hosts again and again. */
static void one_look_a_minute(void **state)
{
    const struct document_there there = {.url = NEW, .body = ACTOR_AT(NEW, "")};

    (void)state;
    EXPECT(&house, judged(&there, MOVE), 202, "GET " NEW "\n", "");
    house_web(&house, &there, 1);
    EXPECT(&house, judge(&house, MOVE, SIGNATURE_CAVAGE), 503, "", "");
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_account_moved_to_must_list_the_old_one),
        cmocka_unit_test(what_needs_no_look),
        cmocka_unit_test(to_one_of_ours),
        cmocka_unit_test(who_does_not_answer_is_asked_for_later),
        cmocka_unit_test(one_look_a_minute),
    };

    return cmocka_run_group_tests(tests, house_lay_foundation, house_dig_up);
}
