/* Devices that are told by Web Push: what they register with, how many, and how often one that fails is tried. */
#include "bridge_push.h"
#include "memory.h"
#include "push_read.h"
#include "store_push.h"
#include "store_write.h"
#include "visitors.h"

#include <sqlite3.h>
#include <stdio.h>

#define POINT                                                                                      \
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define URL "https://push.example/one"

/* ---- reading ---- */
static void what_can_be_registered(void **state)
{
    char longest[PUSH_ENDPOINT_MAX + 2] = "https://push.example/";
    const struct {
        const char *name, *endpoint, *p256dh, *auth;
        bool good;
    } rows[] = {
        {"as browsers give it",   URL,                             POINT,        AUTH,                     true },
        {"padded",                URL,                             POINT "=",    AUTH "==",                true },
        {"the other alphabet",    URL,                             NULL,         AUTH,                     true },
        {"a port and a query",    "https://push.example:443/a?b",  POINT,        AUTH,                     true },
        {"no endpoint",           NULL,                            POINT,        AUTH,                     false},
        {"an empty one",          "",                              POINT,        AUTH,                     false},
        {"in clear",              "http://push.example/",          POINT,        AUTH,                     false},
        {"no URL",                "push.example",                  POINT,        AUTH,                     false},
        {"another scheme",        "file:///etc/passwd",            POINT,        AUTH,                     false},
        {"a fragment",            URL "#a",                        POINT,        AUTH,                     false},
        {"a line end",            URL "\r\nX: y",                  POINT,        AUTH,                     false},
        {"a space",               URL " HTTP/1.1",                 POINT,        AUTH,                     false},
        {"a letter beyond ASCII", "https://push.example/\xC3\xA4", POINT,        AUTH,                     false},
        {"too long",              longest,                         POINT,        AUTH,                     false},
        {"no key",                URL,                             "",           AUTH,                     false},
        {"a short key",           URL,                             "BCVx",       AUTH,                     false},
        {"a key and more",        URL,                             POINT "AAAA", AUTH,                     false},
        {"not on the curve",      URL,
         "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx"
         "aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw5",                          AUTH,                     false},
        {"no secret",             URL,                             POINT,        NULL,                     false},
        {"padding alone",         URL,                             POINT,        "====",                   false},
        {"a long secret",         URL,                             POINT,        AUTH "AAAA",              false},
        {"no base64",             URL,                             POINT,        "!!!!!!!!!!!!!!!!!!!!!!", false},
    };
    scoped_text char *other = must_dup(POINT);

    (void)state;
    memset(longest + strlen(longest), 'a', sizeof longest - strlen(longest) - 1);
    for (char *c = other; *c; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *p256dh = rows[i].p256dh ? rows[i].p256dh : other;
        struct push push = {0};
        struct err err = {0};

        if (push_read(rows[i].endpoint, p256dh, rows[i].auth, &push, &err) != rows[i].good)
            fail_msg("%s: %s", rows[i].name, err.said);
        assert_true(rows[i].good || err.kind == ERR_MALFORMED);
    }
}

static void for_whom_a_token_is(void **state)
{
    (void)state;
    assert_true(slice_is(push_origin("https://push.example/a/b"), "https://push.example"));
    assert_true(slice_is(push_origin("https://push.example:8443"), "https://push.example:8443"));
    assert_true(slice_is(push_origin("https://push.example?a#b"), "https://push.example"));
}

/* ---- sending ---- */
static struct town town;

static int open_town(void **state)
{
    (void)state;
    visitors_open(&town);
    town.config.follow = DOOR_ASK;
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static void somebody_asks(void)
{
    const struct said said = {ACTIVITY_FOLLOW, "bob", .id = "https://social.example/f/1",
                              .object = "https://example.org/users/alice"};

    visitor_says(&town, &said);
}

struct deed {
    struct store_change change;
    const char *endpoint;
    const struct push_job *job;
    enum push_end end;
    int64_t retry_after_s;
};

static bool do_it(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct deed *deed = container_of(change, struct deed, change);

    return deed->job
               ? bridge_push_ended(town.bridge, tx, deed->job, deed->end, deed->retry_after_s, err)
               : bridge_push_add(town.bridge, tx, town.alice, deed->endpoint, POINT, AUTH, err);
}

static void commit(struct deed *deed)
{
    struct err err = {0};

    deed->change.apply = do_it;
    if (!store_commit(town.store, &deed->change, &err))
        fail_msg("%s (%s)", err.said, err.cause);
}

static void registers(const char *endpoint)
{
    struct deed deed = {.endpoint = endpoint};

    commit(&deed);
}

static void ends(const struct push_job *job, enum push_end end, int64_t retry_after_s)
{
    struct deed deed = {.job = job, .end = end, .retry_after_s = retry_after_s};

    commit(&deed);
}

static struct pushes under_way;

static bool next(struct push_job *job, int64_t *next_ms)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);
    enum found found = bridge_push_next(town.bridge, view, &under_way, job, next_ms, &err);

    if (found == FAILED)
        fail_msg("%s (%s)", err.said, err.cause);
    return found == FOUND;
}

static int64_t devices(void)
{
    struct err err = {0};
    int64_t count = 0;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_push_count(view, town.alice, &count, &err));
    return count;
}

static void each_question_is_told_once(void **state)
{
    struct push_job job = {0};
    int64_t next_ms;

    (void)state;
    registers(URL);
    assert_false(next(&job, &next_ms));
    somebody_asks();
    assert_true(next(&job, &next_ms));
    assert_string_equal(job.endpoint, URL);
    assert_non_null(strstr(job.fields.at, "Authorization: vapid t="));
    assert_non_null(strstr(job.fields.at, "Content-Encoding: aes128gcm\r\n"));
    assert_false(slice_has(bytes_slice(&job.body), "bob@social.example"));
    ends(&job, PUSH_TAKEN, 0);
    assert_false(next(&job, &next_ms));
    push_job_clear(&job);
}

/* 5, 10, 20 seconds …, four hours at most; twenty times, which is two days. */
static void who_fails_is_tried_less_and_less(void **state)
{
    struct push_job job = {0};
    int64_t next_ms, pause = 5 * SECOND_MS, began = town_now(&town);

    (void)state;
    registers(URL);
    somebody_asks();
    for (int i = 0; i < 19; i++) {
        assert_true(next(&job, &next_ms));
        ends(&job, PUSH_AGAIN, 0);
        assert_false(next(&job, &next_ms));
        assert_int_equal(next_ms - town_now(&town), pause);
        town_wait(&town, pause);
        pause = pause * 2 < 4 * HOUR_MS ? pause * 2 : 4 * HOUR_MS;
    }
    assert_true(next(&job, &next_ms));
    assert_int_equal(devices(), 1);
    ends(&job, PUSH_AGAIN, 0);
    assert_int_equal(devices(), 0);
    assert_true(town_now(&town) - began > DAY_MS && town_now(&town) - began < 3 * DAY_MS);
    push_job_clear(&job);
}

static void a_service_says_when_and_when_no_more(void **state)
{
    struct push_job job = {0};
    int64_t next_ms;

    (void)state;
    registers(URL);
    somebody_asks();
    assert_true(next(&job, &next_ms));
    ends(&job, PUSH_AGAIN, 600);
    assert_false(next(&job, &next_ms));
    assert_int_equal(next_ms - town_now(&town), 600 * SECOND_MS);
    town_wait(&town, 600 * SECOND_MS);
    assert_true(next(&job, &next_ms));
    ends(&job, PUSH_AGAIN, 365 * (int64_t)DAY_MS / SECOND_MS); /* no service rests for a year */
    assert_false(next(&job, &next_ms));
    assert_int_equal(next_ms - town_now(&town), 4 * HOUR_MS);
    town_wait(&town, 4 * HOUR_MS);
    assert_true(next(&job, &next_ms));
    ends(&job, PUSH_GONE, 0);
    assert_int_equal(devices(), 0);
    push_job_clear(&job);
}

static void an_account_has_few_devices(void **state)
{
    (void)state;
    for (int i = 0; i < PUSH_DEVICES_MOST + 3; i++) {
        char endpoint[64];
        snprintf(endpoint, sizeof endpoint, "https://push.example/%d", i);
        registers(endpoint);
        registers(endpoint);
    }
    assert_int_equal(devices(), PUSH_DEVICES_MOST);
}

static void who_is_being_told_is_passed_over(void **state)
{
    struct push_job job = {0};
    int64_t next_ms;

    (void)state;
    registers(URL);
    registers("https://push.example/two");
    somebody_asks();
    assert_true(next(&job, &next_ms));
    assert_string_equal(job.endpoint, URL);
    under_way = (struct pushes){.ids = {job.id}, .count = 1};
    assert_true(next(&job, &next_ms));
    assert_string_equal(job.endpoint, "https://push.example/two");
    under_way.ids[under_way.count++] = job.id;
    assert_false(next(&job, &next_ms));
    assert_int_equal(next_ms, 0);
    under_way.count = 0;
    push_job_clear(&job);
}

/* As a disk may leave it. */
static void damage(const char *sql)
{
    scoped_text char *path = must_print("%s/nestbox.db", town.path);
    sqlite3 *database;

    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void a_damaged_device_keeps_no_other_waiting(void **state)
{
    static const char *const damages[] = {
        "UPDATE push SET point = zeroblob(65) WHERE id = 1",
        "UPDATE push SET auth = (SELECT endpoint FROM push WHERE id = 1) WHERE id = 1",
    };
    struct push_job job = {0};
    int64_t next_ms;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        open_town(NULL);
        registers(URL);
        registers("https://push.example/two");
        damage(damages[i]);
        somebody_asks();
        assert_true(next(&job, &next_ms));
        assert_true(job.damaged);
        ends(&job, PUSH_GONE, 0);
        assert_true(next(&job, &next_ms));
        assert_false(job.damaged);
        assert_string_equal(job.endpoint, "https://push.example/two");
        assert_int_equal(devices(), 1);
        push_job_clear(&job);
        close_town(NULL);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_be_registered),
        cmocka_unit_test(for_whom_a_token_is),
        cmocka_unit_test_setup_teardown(each_question_is_told_once, open_town, close_town),
        cmocka_unit_test_setup_teardown(who_fails_is_tried_less_and_less, open_town, close_town),
        cmocka_unit_test_setup_teardown(a_service_says_when_and_when_no_more, open_town,
                                        close_town),
        cmocka_unit_test_setup_teardown(an_account_has_few_devices, open_town, close_town),
        cmocka_unit_test_setup_teardown(who_is_being_told_is_passed_over, open_town, close_town),
        cmocka_unit_test(a_damaged_device_keeps_no_other_waiting),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
