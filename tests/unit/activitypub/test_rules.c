/*
 * Who may say what; and what an answer to a delivery means.
 */
#include "test.h"

#include "clock.h"
#include "deliver_outcome.h"
#include "document_type.h"
#include "inbox_rules.h"

#define BOB "https://m.example/users/bob"
#define EVE "https://v.example/users/eve"
#define NOTE "https://m.example/1"

static char *text(const char *constant)
{
    return (char *)(uintptr_t)constant; /* the rules only read */
}

static void fates(void **state)
{
    static const struct {
        const char *name;
        enum activity_type type;
        const char *actor, *object_id, *object_actor;
        const char *note_id, *note_author; /* embedded; or NULL */
        bool forwarded, ours;
        enum fate fate;
    } rows[] = {
        {"a Create of one's own note",                                    ACTIVITY_CREATE,   BOB, NOTE,                              NULL, NOTE,                  BOB,  false, false,
         FATE_GO                                                                                                                                                                                },
        {"a Create with the id alone",                                    ACTIVITY_CREATE,   BOB, NOTE,                              NULL, NULL,                  NULL, false, false,
         FATE_FETCH                                                                                                                                                                             },
        {"a Create of another host's id",                                 ACTIVITY_CREATE,   BOB, "https://v.example/1",             NULL, NULL,
         NULL,                                                                                                                                                          false, false, FATE_DROP },
        {"a Create of somebody else's note",                              ACTIVITY_CREATE,   BOB, NOTE,                              NULL, NOTE,
         "https://m.example/users/carol",                                                                                                                               false, false, FATE_DROP },
        {"a Create of a note on another host (CVE-2024-23832)",           ACTIVITY_CREATE,   BOB,
         "https://v.example/1",                                                                                                      NULL, "https://v.example/1", BOB,  false, false, FATE_DROP },
        {"a Create of a note without author",                             ACTIVITY_CREATE,   BOB, NOTE,                              NULL, NOTE,                  NULL, false,
         false,                                                                                                                                                                       FATE_DROP },
        {"an Update of somebody else's note",                             ACTIVITY_UPDATE,   EVE, NOTE,                              NULL, NOTE,                  BOB,  false,
         false,                                                                                                                                                                       FATE_DROP },
        {"a Delete of one's own",                                         ACTIVITY_DELETE,   BOB, NOTE,                              NULL, NULL,                  NULL, false, false,
         FATE_GO                                                                                                                                                                                },
        {"a Delete by another host",                                      ACTIVITY_DELETE,   EVE, NOTE,                              NULL, NULL,                  NULL, false, false,
         FATE_DROP                                                                                                                                                                              },
        {"an Undo of one's own",                                          ACTIVITY_UNDO,     BOB, "https://m.example/4f",            BOB,  NULL,                  NULL, false,
         false,                                                                                                                                                                       FATE_GO   },
        {"an Undo of somebody else's",                                    ACTIVITY_UNDO,     BOB, "https://m.example/4f",
         "https://m.example/users/carol",                                                                                                  NULL,                  NULL, false, false, FATE_DROP },
        {"an Announce of a post of ours",                                 ACTIVITY_ANNOUNCE, BOB,
         "https://example.org/users/alice/posts/1",                                                                                  NULL, NULL,                  NULL, false, true,  FATE_GO   },
        {"an Announce of another's, to be fetched whatever was embedded", ACTIVITY_ANNOUNCE, BOB,
         "https://v.example/1",                                                                                                      NULL, NULL,                  NULL, false, false, FATE_FETCH},
        {"a forwarded Create is fetched from its origin",                 ACTIVITY_CREATE,   BOB, NOTE,                              NULL, NOTE,
         BOB,                                                                                                                                                           true,  false, FATE_FETCH},
        {"a forwarded Delete is asked for at its origin",                 ACTIVITY_DELETE,   BOB, NOTE,                              NULL, NULL,
         NULL,                                                                                                                                                          true,  false, FATE_FETCH},
        {"a forwarded Delete of an actor is nothing",                     ACTIVITY_DELETE,   BOB, BOB,                               NULL, NULL,                  NULL,
         true,                                                                                                                                                                 false, FATE_DROP },
        {"a forwarded Follow is nothing",                                 ACTIVITY_FOLLOW,   BOB, "https://example.org/users/alice",
         NULL,                                                                                                                             NULL,                  NULL, true,  true,  FATE_DROP },
        {"a forwarded Like is nothing",                                   ACTIVITY_LIKE,     BOB, NOTE,                              NULL, NULL,                  NULL, true,  false,
         FATE_DROP                                                                                                                                                                              },
        {"a Follow of nobody",                                            ACTIVITY_FOLLOW,   BOB, NULL,                              NULL, NULL,                  NULL, false, false,
         FATE_DROP                                                                                                                                                                              },
        {"what we do not know",                                           ACTIVITY_OTHER,    BOB, NOTE,                              NULL, NULL,                  NULL, false, false,
         FATE_DROP                                                                                                                                                                              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct note_facts note = {.id = text(rows[i].note_id),
                                  .attributed_to = text(rows[i].note_author)};
        struct activity_facts activity = {.type = rows[i].type,
                                          .actor = text(rows[i].actor),
                                          .object_id = text(rows[i].object_id),
                                          .object_actor = text(rows[i].object_actor),
                                          .note = rows[i].note_id ? &note : NULL};
        enum fate fate = activity_fate(&activity, !rows[i].forwarded, rows[i].ours);
        if (fate != rows[i].fate)
            fail_msg("%s: %d", rows[i].name, (int)fate);
    }
}

static void who_moves_moves_itself_and_elsewhere(void **state)
{
    static const struct {
        const char *name, *object_id, *target_id;
        bool forwarded;
        enum fate fate;
    } rows[] = {
        {"to another account",           BOB,  EVE,  false, FATE_FETCH},
        {"somebody else",                EVE,  EVE,  false, FATE_DROP },
        {"nobody",                       NULL, EVE,  false, FATE_DROP },
        {"to where it is",               BOB,  BOB,  false, FATE_DROP },
        {"nowhere",                      BOB,  NULL, false, FATE_DROP },
        {"as somebody else tells of it", BOB,  EVE,  true,  FATE_DROP },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct activity_facts activity = {.type = ACTIVITY_MOVE,
                                          .actor = text(BOB),
                                          .object_id = text(rows[i].object_id),
                                          .target_id = text(rows[i].target_id)};
        if (activity_fate(&activity, !rows[i].forwarded, false) != rows[i].fate)
            fail_msg("%s", rows[i].name);
    }
}

static void an_actor_updates_itself_alone(void **state)
{
    struct actor_facts person = {.id = text(BOB)};
    struct activity_facts activity = {
        .type = ACTIVITY_UPDATE, .actor = text(BOB), .object_id = text(BOB), .person = &person};

    (void)state;
    assert_int_equal(activity_fate(&activity, true, false), FATE_GO);
    assert_true(activity_is_about_itself(&activity));
    activity.actor = text(EVE);
    assert_int_equal(activity_fate(&activity, true, false), FATE_DROP);
    assert_false(activity_is_about_itself(&activity));
}

static void ids_lie_on_the_actors_host(void **state)
{
    struct activity_facts activity = {
        .type = ACTIVITY_LIKE, .actor = text(BOB), .id = text("https://M.example:443/1")};

    (void)state;
    assert_null(activity_trouble(&activity));
    activity.id = text("https://v.example/1");
    assert_non_null(activity_trouble(&activity));
    activity.id = text("https://m.example:8443/1");
    assert_non_null(activity_trouble(&activity));
    activity.id = NULL;
    assert_non_null(activity_trouble(&activity));
}

static void answers_to_deliveries(void **state)
{
    static const struct {
        const char *name;
        enum fetch_outcome outcome;
        int status, knocks;
        int64_t age_ms;
        enum answer_means means;
    } rows[] = {
        {"202",                                      FETCH_ANSWERED,  202, 1, 0,          MEANS_TAKEN      },
        {"200",                                      FETCH_ANSWERED,  200, 1, 0,          MEANS_TAKEN      },
        {"401 at the first knock",                   FETCH_ANSWERED,  401, 1, 0,          MEANS_KNOCK_AGAIN},
        {"400 at the first knock",                   FETCH_ANSWERED,  400, 1, 0,          MEANS_KNOCK_AGAIN},
        {"401 at the second is hoped to pass",       FETCH_ANSWERED,  401, 2, HOUR_MS,    MEANS_LATER      },
        {"401 for more than a day",                  FETCH_ANSWERED,  401, 2, DAY_MS + 1, MEANS_NEVER      },
        {"400 at the second",                        FETCH_ANSWERED,  400, 2, 0,          MEANS_NEVER      },
        {"403",                                      FETCH_ANSWERED,  403, 1, 0,          MEANS_NEVER      },
        {"404",                                      FETCH_ANSWERED,  404, 1, 0,          MEANS_NEVER      },
        {"405",                                      FETCH_ANSWERED,  405, 1, 0,          MEANS_NEVER      },
        {"410",                                      FETCH_ANSWERED,  410, 1, 0,          MEANS_GONE       },
        {"413",                                      FETCH_ANSWERED,  413, 1, 0,          MEANS_NEVER      },
        {"422",                                      FETCH_ANSWERED,  422, 1, 0,          MEANS_NEVER      },
        {"501",                                      FETCH_ANSWERED,  501, 1, 0,          MEANS_NEVER      },
        {"408",                                      FETCH_ANSWERED,  408, 1, 0,          MEANS_LATER      },
        {"429",                                      FETCH_ANSWERED,  429, 1, 0,          MEANS_LATER      },
        {"500",                                      FETCH_ANSWERED,  500, 1, 0,          MEANS_LATER      },
        {"503",                                      FETCH_ANSWERED,  503, 1, 0,          MEANS_LATER      },
        {"a redirect, which a POST does not follow", FETCH_ANSWERED,  302, 1, 0,          MEANS_LATER      },
        {"no answer",                                FETCH_SILENT,    0,   1, 0,          MEANS_LATER      },
        {"no such host",                             FETCH_NO_HOST,   0,   1, 0,          MEANS_LATER      },
        {"TLS",                                      FETCH_TLS,       0,   1, 0,          MEANS_LATER      },
        {"a private address",                        FETCH_BLOCKED,   0,   1, 0,          MEANS_NEVER      },
        {"202 and a novel",                          FETCH_TOO_LARGE, 202, 1, 0,          MEANS_TAKEN      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fetch fetch = {.outcome = rows[i].outcome, .status = rows[i].status};
        enum answer_means means = delivery_means(&fetch, rows[i].knocks, rows[i].age_ms);
        if (means != rows[i].means)
            fail_msg("%s: %d", rows[i].name, (int)means);
    }
}

static void replies_are_one_line(void **state)
{
    struct fetch fetch = {.outcome = FETCH_ANSWERED, .status = 401};
    char reply[40];

    (void)state;
    bytes_add_text(&fetch.answer, " {\"error\":\n\"bad\xc3\xa4\"} and a lot of further words \n");
    delivery_reply(&fetch, reply, sizeof reply);
    assert_string_equal(reply, "HTTP 401 {\"error\":?\"bad??\"} and a lot o");
    fetch.status = 202;
    delivery_reply(&fetch, reply, sizeof reply);
    assert_string_equal(reply, "HTTP 202");
    fetch.outcome = FETCH_TLS;
    delivery_reply(&fetch, reply, sizeof reply);
    assert_string_equal(reply, "no TLS that we trust");
    bytes_clear(&fetch.answer);
}

static void types_of_documents(void **state)
{
    static const struct {
        const char *type;
        enum document_kind kind;
        bool fits;
    } rows[] = {
        {"application/activity+json",                                              DOCUMENT_ACTIVITY, true },
        {"Application/Activity+JSON; charset=utf-8",                               DOCUMENT_ACTIVITY, true },
        {"application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
         DOCUMENT_ACTIVITY,                                                                           true },
        {"application/ld+json",                                                    DOCUMENT_ACTIVITY, false},
        {"application/json",                                                       DOCUMENT_ACTIVITY, false},
        {"text/html",                                                              DOCUMENT_ACTIVITY, false},
        {"",                                                                       DOCUMENT_ACTIVITY, false},
        {"application/jrd+json",                                                   DOCUMENT_JRD,      true },
        {"application/json; charset=utf-8",                                        DOCUMENT_JRD,      true },
        {"text/plain",                                                             DOCUMENT_JRD,      false},
        {"application/xrd+xml; charset=utf-8",                                     DOCUMENT_XRD,      true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (document_type_fits(rows[i].kind, slice_of(rows[i].type)) != rows[i].fits)
            fail_msg("%s", rows[i].type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fates),
        cmocka_unit_test(who_moves_moves_itself_and_elsewhere),
        cmocka_unit_test(an_actor_updates_itself_alone),
        cmocka_unit_test(ids_lie_on_the_actors_host),
        cmocka_unit_test(answers_to_deliveries),
        cmocka_unit_test(replies_are_one_line),
        cmocka_unit_test(types_of_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
