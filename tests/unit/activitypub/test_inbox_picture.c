/* The picture of who knocks, in a house whose bridge wants one. */
#include "judge.h"

#define FOLLOW                                                                                     \
    "{\"id\":\"https://m.example/4f\",\"type\":\"Follow\",\"actor\":\"" BOB                        \
    "\",\"object\":\"https://example.org/users/alice\"}"
#define TOLD_FOLLOW                                                                                \
    "activity 1 https://m.example/4f by " BOB                                                      \
    " on https://example.org/users/alice at alice@example.org\n"

#define FACE "https://files.example/bob.png"
#define ACTOR_WITH(icon)                                                                           \
    "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" BOB                        \
    "\",\"type\":\"Person\",\"preferredUsername\":\"bob\",\"inbox\":\"" BOB                        \
    "/inbox\",\"icon\":" icon "}"

/* Once a day for each, from wherever it lies; and who has none, or an odd one, is heard all the same. */
static void the_picture_of_who_knocks_is_fetched_once(void **state)
{
    static const struct {
        const char *actor, *seen, *picture;
    } rows[] = {
        {ACTOR_WITH("{\"type\":\"Image\",\"url\":\"" FACE "\"}"),
         "GET " BOB "\nplain GET " FACE "\n",                                                              " picture pixels"},
        {ACTOR_WITH("[\"" FACE "\"]"),                                "GET " BOB "\nplain GET " FACE "\n", " picture pixels"},
        {ACTOR_WITH("{\"url\":\"http://files.example/bob.png\"}"),    "GET " BOB "\n",                     ""               },
        {ACTOR_WITH("{\"url\":\"https://example.org/users/alice\"}"), "GET " BOB "\n",                     ""               },
        {ACTOR_WITH("{\"url\":\"https://files.example/gone.png\"}"),
         "GET " BOB "\nplain GET https://files.example/gone.png\n",                                        ""               },
        {ACTOR_WITH("{\"url\":7}"),                                   "GET " BOB "\n",                     ""               },
        {ACTOR_WITH("null"),                                          "GET " BOB "\n",                     ""               },
        {"{}",                                                        "GET " BOB "\n",                     ""               },
    };
    struct house house;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct document_there web[] = {
            {.url = BOB,        .body = rows[i].actor},
            { .url = FACE, .body = "pixels",   .type = "image/png"}
        };
        house_open(&house);
        house_knows(&house, BOB, KEY, house.pem);
        house.bridge.wants_picture = true;
        house_web(&house, web, 2);
        scoped_text char *told =
            must_print("%.*s%s\n", (int)strlen(TOLD_FOLLOW) - 1, TOLD_FOLLOW, rows[i].picture);
        struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
        EXPECT(&house, was, 202, rows[i].seen, told);
        house_web(&house, web, 2);
        was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
        EXPECT(&house, was, 202, "", TOLD_FOLLOW);
        house_close(&house);
    }
}

/* Actor and picture have 600 ms together; and the knock of who has none in time is heard all the same. */
static void a_picture_that_is_late_is_left_out(void **state)
{
    static const struct {
        int64_t actor_ms, face_ms;
        bool asked_for, seen;
    } rows[] = {
        {0,   600, true,  true },
        {599, 1,   true,  true },
        {599, 2,   true,  false},
        {600, 0,   false, false},
        {601, 0,   false, false},
    };
    struct house house;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct document_there web[] = {
            {.url = BOB,
             .body = ACTOR_WITH("{\"url\":\"" FACE "\"}"),
             .takes_ms = rows[i].actor_ms                                             },
            { .url = FACE, .body = "pixels",       .type = "image/png", .takes_ms = rows[i].face_ms}
        };
        house_open(&house);
        house_knows(&house, BOB, KEY, house.pem);
        house.bridge.wants_picture = true;
        house_web(&house, web, 2);
        scoped_text char *told = must_print("%.*s%s\n", (int)strlen(TOLD_FOLLOW) - 1, TOLD_FOLLOW,
                                            rows[i].seen ? " picture pixels" : "");
        struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
        EXPECT(&house, was, 202,
               rows[i].asked_for ? "GET " BOB "\nplain GET " FACE "\n" : "GET " BOB "\n", told);
        house_close(&house);
    }
}

/* Ten actors made up on the spot do not make us ask the same host for ten pictures at once. */
static void one_host_is_asked_for_few_pictures(void **state)
{
    struct house house;

    (void)state;
    house_open(&house);
    house.bridge.wants_picture = true;
    const struct document_there web[] = {
        {.url = BOB,        .body = ACTOR_WITH("{\"url\":\"" FACE "\"}")},
        { .url = FACE, .body = "pixels",                          .type = "image/png"}
    };
    house_knows(&house, BOB, KEY, house.pem);
    key_memory_put(&house.work.pictures, SLICE("files.example"), KEY_UNFIT, house.timer.now_ms,
                   HOUR_MS);
    house_web(&house, web, 2);
    struct answer_was was = judge(&house, FOLLOW, SIGNATURE_CAVAGE);
    EXPECT(&house, was, 202, "GET " BOB "\n", TOLD_FOLLOW);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_of_who_knocks_is_fetched_once),
        cmocka_unit_test(a_picture_that_is_late_is_left_out),
        cmocka_unit_test(one_host_is_asked_for_few_pictures),
    };
    return cmocka_run_group_tests(tests, house_lay_foundation, house_dig_up);
}
