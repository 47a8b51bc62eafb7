/*
 * Objects that must be fetched from their origin before anybody believes them.
 */
#include "judge.h"

#define NOTE "https://m.example/1"
#define CREATE_BARE                                                                                \
    "{\"id\":\"https://m.example/1/activity\",\"type\":\"Create\",\"actor\":\"" BOB                \
    "\",\"object\":\"" NOTE "\"}"
#define NOTE_TEXT                                                                                  \
    "{\"id\":\"" NOTE "\",\"type\":\"Note\",\"attributedTo\":\"" BOB                               \
    "\",\"content\":\"hi\",\"to\":[\"https://example.org/users/alice\"]}"
#define TOLD_CREATE                                                                                \
    "activity 5 https://m.example/1/activity by " BOB " on " NOTE " at alice@example.org note "    \
    "hi\n"

static void a_bare_object_is_fetched(void **state)
{
    static const struct {
        const char *name;
        struct document_there web[2];
        int status;
        const char *told;
    } rows[] = {
        {"from its origin",                                                {{.url = NOTE, .body = NOTE_TEXT}},       202, TOLD_CREATE},
        {"found elsewhere on the host, it is fetched once more at its id",
         {{.url = NOTE, .status = 302, .location = "https://m.example/one"},
          {.url = "https://m.example/one", .body = NOTE_TEXT}},
         202,                                                                                                             ""         },
        {"of another author",
         {{.url = NOTE,
           .body = "{\"id\":\"" NOTE
                   "\",\"type\":\"Note\",\"attributedTo\":\"https://m.example/users/carol\"}"}},
         202,                                                                                                             ""         },
        {"with another host's id",
         {{.url = NOTE,
           .body =
               "{\"id\":\"https://v.example/1\",\"type\":\"Note\",\"attributedTo\":\"" BOB "\"}"}},
         202,                                                                                                             ""         },
        {"gone",                                                           {{.url = NOTE, .status = 410}},           202, ""         },
        {"slow",                                                           {{.url = NOTE, .outcome = FETCH_SILENT}}, 503, ""         },
    };
    struct house house;

    (void)state;
    house_open(&house);
    house_knows(&house, BOB, KEY, house.pem);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        house_web(&house, rows[i].web, rows[i].web[1].url ? 2 : 1);
        struct answer_was was = judge(&house, CREATE_BARE, SIGNATURE_CAVAGE);
        if (was.status != rows[i].status || strcmp(house.bridge.told.at, rows[i].told) != 0)
            fail_msg("%s: %d %s", rows[i].name, was.status, house.bridge.told.at);
    }
    house_close(&house);
}

/* Signed by the host's relay or a group, said of bob: only what bob's own host shows is believed. */
static void what_others_forward(void **state)
{
    static const char *const created =
        "{\"id\":\"https://m.example/1/activity\",\"type\":\"Create\",\"actor\":\"" BOB
        "\",\"object\":{\"id\":\"" NOTE "\",\"type\":\"Note\",\"attributedTo\":\"" BOB
        "\",\"content\":\"forged\"}}";
    static const char *const deleted =
        "{\"id\":\"https://m.example/1#delete\",\"type\":\"Delete\",\"actor\":\"" BOB
        "\",\"object\":\"" NOTE "\"}";
    struct house house;

    (void)state;
    house_open(&house);
    house_knows(&house, "https://r.example/actor", "https://r.example/actor#main-key", house.pem);
    scoped_text char *actor = house_actor(&house, BOB, "bob");
    const struct document_there there[] = {
        {.url = NOTE, .body = NOTE_TEXT},
        {.url = BOB,  .body = actor    }
    };
    const struct document_there gone[] = {
        {.url = NOTE, .status = 410},
        {.url = BOB,  .body = actor}
    };
    scoped_text char *create =
        house_post(&house, SIGNATURE_CAVAGE, "https://r.example/actor#main-key",
                   "/users/alice/inbox", created);
    scoped_text char *delete =
        house_post(&house, SIGNATURE_CAVAGE, "https://r.example/actor#main-key",
                   "/users/alice/inbox", deleted);

    house_web(&house, there, 2);
    EXPECT(&house, judge_text(&house, create, "alice"), 202, "GET " NOTE "\nGET " BOB "\n",
           "actor bob@m.example " BOB "\n" TOLD_CREATE);
    house_web(&house, there, 2);
    EXPECT(&house, judge_text(&house, delete, "alice"), 202, "GET " NOTE "\n",
           ""); /* it is still there */
    house_web(&house, gone, 2);
    EXPECT(&house, judge_text(&house, delete, "alice"), 202, "GET " NOTE "\n",
           "activity 7 https://m.example/1#delete by " BOB " on " NOTE " at alice@example.org\n");
    house_web(&house, gone, 2);
    EXPECT(&house, judge_text(&house, create, "alice"), 202, "GET " NOTE "\n", "");
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_object_is_fetched),
        cmocka_unit_test(what_others_forward),
    };
    return cmocka_run_group_tests(tests, house_lay_foundation, house_dig_up);
}
