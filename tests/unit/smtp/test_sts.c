/* MTA-STS: the record, the policy, what is kept, and the errands that find out. */
#include "test.h"

#include "fetch.h"
#include "memory.h"
#include "out.h"
#include "out_policy.h"

#include <stdio.h>

static struct dns_answer txt_answer(const char *records) /* "a|b"; NULL none */
{
    struct dns_answer answer = {.outcome = records ? DNS_ANSWER : DNS_NO_DATA};
    struct slice rest = slice_of(records);

    while (records && rest.at) {
        struct slice text = slice_cut(&rest, '|');
        scoped_value(bytes) data = {0};
        bytes_add_char(&data, (char)text.len);
        bytes_add(&data, text);
        dns_answer_add(&answer, bytes_slice(&data));
    }
    return answer;
}

static void test_record(void **state)
{
    static const struct {
        const char *name, *records, *id;
    } rows[] = {
        {"as in the standard",         "v=STSv1; id=20160831085700Z;",                  "20160831085700Z"},
        {"without the last semicolon", "v=STSv1;id=7",                                  "7"              },
        {"with what we do not know",   "v=STSv1; x=y; id=7; z=1",                       "7"              },
        {"beside other texts",         "v=spf1 -all|v=STSv1; id=7",                     "7"              },
        {"two of them are none",       "v=STSv1; id=7|v=STSv1; id=8",                   NULL             },
        {"the version goes first",     "id=7; v=STSv1",                                 NULL             },
        {"another version",            "v=STSv12; id=7",                                NULL             },
        {"without an id",              "v=STSv1;",                                      NULL             },
        {"letters and digits alone",   "v=STSv1; id=a-b",                               NULL             },
        {"at most 32",                 "v=STSv1; id=123456789012345678901234567890123", NULL             },
        {"none",                       NULL,                                            NULL             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_answer answer = txt_answer(rows[i].records);
        char id[STS_ID_MAX + 1] = "";
        bool found = sts_record_read(&answer, id);
        if (found != (rows[i].id != NULL) || (found && strcmp(id, rows[i].id) != 0))
            fail_msg("%s: %d \"%s\"", rows[i].name, found, id);
        dns_answer_clear(&answer);
    }
}

#define HEAD "version: STSv1\nmode: enforce\nmax_age: 604800\n"

static void test_policy(void **state)
{
    static const struct {
        const char *name, *text, *patterns; /* NULL: no policy */
        enum sts_mode mode;
        int64_t max_age_s;
    } rows[] = {
  /* clang-format off */
        {"as in the standard", "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n",
            "mail.example.com *.example.net", STS_ENFORCE, 604800},
        {"in any order, with bare ends", "max_age: 5\nmx:a.test\nmode: testing\nversion:STSv1", "a.test", STS_TESTING, 5},
        {"capitals", HEAD "mx: MX.A.Test\n", "mx.a.test", STS_ENFORCE, 604800},
        {"what we do not know is passed over", HEAD "future: yes\nmx: a.test\n", "a.test", STS_ENFORCE, 604800},
        {"the first of two modes counts", HEAD "mode: none\nmx: a.test\n", "a.test", STS_ENFORCE, 604800},
        {"longer than a year is a year", "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 999999999\n", "a.test", STS_ENFORCE, STS_AGE_MAX_S},
        {"none needs no hosts", "version: STSv1\nmode: none\nmax_age: 86400\n", "", STS_NONE, 86400},
        {"enforce without hosts", HEAD, NULL, STS_NONE, 0},
        {"no version", "mode: enforce\nmx: a.test\nmax_age: 5\n", NULL, STS_NONE, 0},
        {"another version", "version: STSv2\nmode: enforce\nmx: a.test\nmax_age: 5\n", NULL, STS_NONE, 0},
        {"no age", "version: STSv1\nmode: enforce\nmx: a.test\n", NULL, STS_NONE, 0},
        {"an age that is none", "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: -1\n", NULL, STS_NONE, 0},
        {"another mode", "version: STSv1\nmode: strict\nmx: a.test\nmax_age: 5\n", NULL, STS_NONE, 0},
        {"a pattern that is no host", HEAD "mx: a b\n", NULL, STS_NONE, 0},
        {"a star in the middle", HEAD "mx: a.*.test\n", NULL, STS_NONE, 0},
        {"a page of HTML", "<html>\n<body>", NULL, STS_NONE, 0},
        {"nothing", "", NULL, STS_NONE, 0},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(sts_policy) policy = {0};
        bool found = sts_policy_read(slice_of(rows[i].text), &policy);
        if (found != (rows[i].patterns != NULL) ||
            (found && (strcmp(policy.patterns, rows[i].patterns) != 0 ||
                       policy.mode != rows[i].mode || policy.max_age_s != rows[i].max_age_s)))
            fail_msg("%s: %d \"%s\"", rows[i].name, found, policy.patterns);
    }
}

static void test_names(void **state)
{
    const struct sts_policy policy = {.patterns = (char[]){"mx.a.test *.b.test"}};
    static const struct {
        const char *host;
        bool named;
    } rows[] = {
        {"mx.a.test",    true },
        {"MX.a.test",    true },
        {"x.b.test",     true },
        {"b.test",       false},
        {"y.x.b.test",   false},
        {"notmx.a.test", false},
        {"a.test",       false},
        {"xb.test",      false},
        {".b.test",      false},
        {"mx.a.test.x",  false},
        {"x.b.tests",    false}
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (sts_policy_names(&policy, rows[i].host) != rows[i].named)
            fail_msg("%s", rows[i].host);
}

/* ---- finding out ---- */
struct scene {
    struct out_duties duties;
    struct sts_kept recalled; /* what recall() brings; moved */
    bool kept;
    struct sts_kept last_kept; /* but for its patterns */
};

static void plain_free(struct errand *errand)
{
    free(errand);
}

static void recall_free(struct errand *errand)
{
    struct out_recall *recall = container_of(errand, struct out_recall, errand);

    sts_kept_clear(&recall->kept);
    free(recall);
}

static struct errand *fake_recall(void *ctx, const char *domain)
{
    struct scene *scene = ctx;
    struct out_recall *recall = must_new(struct out_recall);

    assert_text(domain, "a.test");
    recall->errand.ok = true;
    recall->errand.free = recall_free;
    recall->kept = scene->recalled;
    scene->recalled = (struct sts_kept){.fetched_ms = 0};
    return &recall->errand;
}

static struct errand *fake_keep(void *ctx, const char *domain, const struct sts_kept *kept)
{
    struct scene *scene = ctx;
    struct errand *errand = must_new(struct errand);

    (void)domain;
    scene->kept = true;
    scene->last_kept = *kept;
    errand->ok = true;
    errand->free = plain_free;
    return errand;
}

static const struct answers {
    const char *name, *txt;
    /* kept from before: id, hours ago, mode; failed id, minutes ago */
    const char *id;
    int hours;
    const char *failed_id;
    int minutes;
    /* what the fetch meets, if it comes to that */
    const char *fetch; /* "" : it must not */
    /* afterwards */
    const char *patterns; /* NULL: no policy holds */
    enum tls_result trouble;
} searches[] = {
  /* clang-format off */
    {"nothing announced, nothing kept", NULL, "", 0, "", 0, "", NULL, TLS_UNSEEN},
    {"announced: fetched", "v=STSv1; id=1", "", 0, "", 0, "good", "new.test", TLS_UNSEEN},
    {"kept, and an hour old", "v=STSv1; id=1", "1", 1, "", 0, "", "old.test", TLS_UNSEEN},
    {"kept, and the record is gone", NULL, "1", 1, "", 0, "", "old.test", TLS_UNSEEN},
    {"kept, and a new id", "v=STSv1; id=2", "1", 1, "", 0, "good", "new.test", TLS_UNSEEN},
    {"kept, and a day old", "v=STSv1; id=1", "1", 25, "", 0, "good", "new.test", TLS_UNSEEN},
    {"what is kept outlives a failed fetch", "v=STSv1; id=2", "1", 1, "", 0, "404", "old.test", TLS_STS_UNFETCHED},
    {"but not its age", NULL, "1", 200, "", 0, "", NULL, TLS_UNSEEN},
    {"a failure rests", "v=STSv1; id=2", "", 0, "2", 1, "", NULL, TLS_UNSEEN},
    {"for five minutes", "v=STSv1; id=2", "", 0, "2", 6, "good", "new.test", TLS_UNSEEN},
    {"a new id does not wait for it", "v=STSv1; id=3", "", 0, "2", 1, "good", "new.test", TLS_UNSEEN},
    {"no redirect is followed", "v=STSv1; id=1", "", 0, "", 0, "302", NULL, TLS_STS_UNFETCHED},
    {"text/plain alone", "v=STSv1; id=1", "", 0, "", 0, "html", NULL, TLS_STS_INVALID},
    {"a wrong certificate", "v=STSv1; id=1", "", 0, "", 0, "tls", NULL, TLS_STS_WEBPKI},
    {"nobody there", "v=STSv1; id=1", "", 0, "", 0, "silent", NULL, TLS_STS_UNFETCHED},
    {"no policy there", "v=STSv1; id=1", "", 0, "", 0, "rubbish", NULL, TLS_STS_INVALID},
    {"too much of it", "v=STSv1; id=1", "", 0, "", 0, "large", NULL, TLS_STS_INVALID},
  /* clang-format on */
};

static void answer_fetch(struct fetch *fetch, const char *how)
{
    int64_t status = 200;

    fetch->outcome = FETCH_ANSWERED;
    if (strcmp(how, "tls") == 0)
        fetch->outcome = FETCH_TLS;
    else if (strcmp(how, "silent") == 0)
        fetch->outcome = FETCH_SILENT;
    else if (strcmp(how, "large") == 0)
        fetch->outcome = FETCH_TOO_LARGE;
    (void)!slice_to_number(slice_of(how), 999, &status);
    fetch->status = (int)status;
    fetch->content_type =
        must_dup(strcmp(how, "html") == 0 ? "text/html" : "Text/Plain; charset=utf-8");
    bytes_add_text(&fetch->answer, strcmp(how, "rubbish") == 0 ? "hello" : HEAD "mx: new.test\n");
}

static void set_scene(struct scene *scene, const struct answers *row)
{
    const int64_t now_ms = clock_now(&system_clock);

    *scene = (struct scene){.kept = false};
    scene->duties = (struct out_duties){
        .ctx = scene, .clock = &system_clock, .recall = fake_recall, .keep = fake_keep};
    snprintf(scene->recalled.id, sizeof scene->recalled.id, "%s", row->id);
    snprintf(scene->recalled.failed_id, sizeof scene->recalled.failed_id, "%s", row->failed_id);
    scene->recalled.fetched_ms = now_ms - row->hours * HOUR_MS;
    scene->recalled.failed_ms = now_ms - row->minutes * MINUTE_MS;
    if (row->id[0])
        scene->recalled.policy = (struct sts_policy){STS_ENFORCE, 604800, must_dup("old.test")};
}

static void search(const struct answers *row)
{
    struct scene scene;
    struct policy_search it;
    struct dns_answer txt = txt_answer(row->txt);
    bool fetched = false;

    set_scene(&scene, row);
    struct errand *errand = policy_search_begin(&it, &scene.duties, "a.test", &txt);
    while (errand) {
        if (it.step == POLICY_FETCH) {
            struct fetch *fetch = container_of(errand, struct fetch, errand);
            assert_text(fetch->url, "https://mta-sts.a.test/.well-known/mta-sts.txt");
            assert_int_equal(fetch->max_bytes, 65536);
            assert_int_equal(fetch->total_ms, MINUTE_MS);
            answer_fetch(fetch, row->fetch);
            fetched = true;
        }
        errand = policy_search_go_on(&it, errand);
    }
    const struct sts_policy *policy = policy_found(&it);
    if (fetched != (row->fetch[0] != '\0') || scene.kept != fetched)
        fail_msg("%s: fetched %d, kept %d", row->name, fetched, scene.kept);
    if ((policy != NULL) != (row->patterns != NULL) ||
        (policy && strcmp(policy->patterns, row->patterns) != 0))
        fail_msg("%s: %s", row->name, policy ? policy->patterns : "none");
    if (it.trouble != row->trouble)
        fail_msg("%s: %s", row->name, tls_result_name(it.trouble));
    if (it.trouble != TLS_UNSEEN)
        assert_text(scene.last_kept.failed_id, it.announced);
    policy_search_clear(&it);
    dns_answer_clear(&txt);
}

static void test_search(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(searches); i++)
        search(&searches[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_search),
    };
    return cmocka_run_group_tests_name("smtp sts", tests, NULL, NULL);
}
