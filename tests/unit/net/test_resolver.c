#include "outward.h"
#include "test.h"

#include <stdio.h>
#include <unistd.h>

static const struct fake_record records[] = {
    {"a.test",     DNS_A,    0,  NULL,        {"\1\2\3\4", 4}                           },
    {"a.test",     DNS_A,    0,  NULL,        {"\1\2\3\5", 4}                           },
    {"a.test",     DNS_MX,   0,  NULL,        {"\0\x0a\2mx\xc0\x0c", 7}                 },
    {"a.test",     DNS_TXT,  0,  NULL,        {"\5hello", 6}                            },
    {"alias.test", DNS_A,    0,  "Real.test", {"\5\6\7\x08", 4}                         },
    {"real.test",  DNS_A,    0,  NULL,        {"\5\6\7\x08", 4}                         },
    {"sick.test",  DNS_A,    2,  NULL,        {NULL, 0}                                 },
    {"mute.test",  DNS_A,    -1, NULL,        {NULL, 0}                                 },
    {"v6.test",    DNS_AAAA, 0,  NULL,        {"\x20\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16}},
};

static const struct {
    const char *sentence;
    enum dns_type type;
    const char *name;
    enum dns_outcome outcome;
    size_t count;
    struct slice first;
    const char *canonical;
} rows[] = {
    {"all records of a type come",           DNS_A,    "a.test",     DNS_ANSWER,  2, {"\1\2\3\4", 4}, NULL},
    {"a name may end in a dot",              DNS_A,    "a.test.",    DNS_ANSWER,  2, {"\1\2\3\4", 4}, NULL},
    {"case does not matter",                 DNS_A,    "A.Test",     DNS_ANSWER,  2, {"\1\2\3\4", 4}, NULL},
    {"the name inside of MX is written out",
     DNS_MX,                                           "a.test",
     DNS_ANSWER,                                                                  1,
     {"\0\x0a\2mx\1a\4test", 13},
     NULL                                                                                                 },
    {"TXT is as on the wire",                DNS_TXT,  "a.test",     DNS_ANSWER,  1, {"\5hello", 6},  NULL},
    {"the name behind an alias is told",
     DNS_A,                                            "alias.test",
     DNS_ANSWER,                                                                  1,
     {"\5\6\7\x08", 4},
     "real.test"                                                                                          },
    {"an AAAA record has 16 bytes",          DNS_AAAA, "v6.test",    DNS_ANSWER,  1, {NULL, 16},      NULL},
    {"a name without such a record",         DNS_AAAA, "a.test",     DNS_NO_DATA, 0, {NULL, 0},       NULL},
    {"a name that does not exist",           DNS_A,    "no.test",    DNS_NO_NAME, 0, {NULL, 0},       NULL},
    {"a server that fails",                  DNS_A,    "sick.test",  DNS_FAILED,  0, {NULL, 0},       NULL},
    {"a name that is none",                  DNS_A,    "a..test",    DNS_NO_NAME, 0, {NULL, 0},       NULL},
};

static void check(size_t i, const struct dns_answer *answer)
{
    if (answer->outcome != rows[i].outcome || answer->count != rows[i].count)
        fail_msg("%s: outcome %d, %zu records", rows[i].sentence, (int)answer->outcome,
                 answer->count);
    assert_false(answer->secure); /* without a trust anchor */
    if (rows[i].canonical || answer->canonical)
        assert_text(answer->canonical, rows[i].canonical);
    if (rows[i].count)
        assert_int_equal(answer->records[0].data.len, rows[i].first.len);
    if (rows[i].first.at && !slice_eq(answer->records[0].data, rows[i].first) &&
        !slice_eq(answer->records[1].data, rows[i].first))
        fail_msg("%s", rows[i].sentence);
    if (answer->outcome == DNS_ANSWER)
        assert_true(answer->ttl_s > 0 && answer->ttl_s <= 300);
}

static void each_question_is_answered(void **state)
{
    struct outward o;

    (void)state;
    outward_open(&o, records, COUNT_OF(records));
    outward_start(&o);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_lookup *lookup = dns_lookup_new();
        dns_lookup_ask(lookup, rows[i].type, rows[i].name);
        outward_look_up(&o, lookup);
        assert_true(lookup->errand.ok);
        check(i, &lookup->answers[0]);
        dns_lookup_free(&lookup->errand);
    }
    outward_close(&o);
}

static void many_questions_go_in_one_errand(void **state)
{
    struct dns_lookup *lookup = dns_lookup_new();
    struct outward o;

    (void)state;
    outward_open(&o, records, COUNT_OF(records));
    outward_start(&o);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        dns_lookup_ask(lookup, rows[i].type, rows[i].name);
    outward_look_up(&o, lookup);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(i, &lookup->answers[i]);
    dns_lookup_free(&lookup->errand);
    outward_close(&o);
}

static void no_question_is_answered_at_once(void **state)
{
    struct dns_lookup *lookup = dns_lookup_new();
    struct outward o;

    (void)state;
    outward_open(&o, records, COUNT_OF(records));
    outward_start(&o);
    outward_look_up(&o, lookup);
    assert_true(lookup->errand.ok);
    dns_lookup_free(&lookup->errand);
    outward_close(&o);
}

static void what_is_asked_at_the_end_comes_back_unanswered(void **state)
{
    struct dns_lookup *early = dns_lookup_new(), *late = dns_lookup_new();
    struct outward o;

    (void)state;
    outward_open(&o, records, COUNT_OF(records));
    outward_start(&o);
    dns_lookup_ask(early, DNS_A, "mute.test");
    dns_lookup_ask(early, DNS_A, "a.test");
    resolver_submit(o.resolver, &early->errand, outward_on_back, &o);
    loop_stop(o.loop);
    thread_join(&o.thread);
    dns_lookup_ask(late, DNS_A, "a.test");
    resolver_submit(o.resolver, &late->errand, outward_on_back, &o); /* nobody runs the loop now */
    fetcher_free(o.fetcher);
    resolver_free(o.resolver);
    o.fetcher = NULL;
    o.resolver = NULL;
    sem_wait(&o.back);
    sem_wait(&o.back);
    assert_false(early->errand.ok || late->errand.ok);
    dns_lookup_free(&early->errand);
    dns_lookup_free(&late->errand);
    outward_close(&o);
}

/* Nobody holds the private half of this key. */
static const char strange_key[] =
    "test. DNSKEY 257 3 13 "
    "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==\n";

static void unsigned_answers_below_a_trust_anchor_are_bogus(void **state)
{
    struct dns_lookup *lookup = dns_lookup_new();
    const char *folder = getenv("TMPDIR");
    struct outward o;

    (void)state;
    outward_open(&o, records, COUNT_OF(records));
    snprintf(o.config.trust_anchor, sizeof o.config.trust_anchor, "%s/nestbox-XXXXXX",
             folder ? folder : "/tmp");
    int fd = mkstemp(o.config.trust_anchor);
    assert_int_equal(write(fd, strange_key, sizeof strange_key - 1), sizeof strange_key - 1);
    close(fd);
    outward_start(&o);
    dns_lookup_ask(lookup, DNS_A, "a.test");
    dns_lookup_ask(lookup, DNS_TLSA, "_25._tcp.a.test");
    outward_look_up(&o, lookup);
    for (size_t i = 0; i < lookup->count; i++) {
        assert_int_equal(lookup->answers[i].outcome, DNS_BOGUS);
        assert_int_equal(lookup->answers[i].count, 0);
        assert_false(lookup->answers[i].secure);
    }
    dns_lookup_free(&lookup->errand);
    outward_close(&o);
    unlink(o.config.trust_anchor);
}

static void what_is_wrong_with_the_settings_is_said(void **state)
{
    static const struct {
        const char *server, *anchor, *part;
    } wrong[] = {
        {"not an address", "none",                  "not an address"       },
        {"127.0.0.1",      "/nonexistent/root.key", "/nonexistent/root.key"},
    };
    struct config config = {0};
    struct err err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct loop *loop = loop_new("test", &err);
        snprintf(config.dns_server, sizeof config.dns_server, "%s", wrong[i].server);
        snprintf(config.trust_anchor, sizeof config.trust_anchor, "%s", wrong[i].anchor);
        assert_null(resolver_new(loop, &config, &err));
        if (!strstr(err.cause, wrong[i].part))
            fail_msg("%s", err.cause);
        loop_free(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_question_is_answered),
        cmocka_unit_test(many_questions_go_in_one_errand),
        cmocka_unit_test(no_question_is_answered_at_once),
        cmocka_unit_test(what_is_asked_at_the_end_comes_back_unanswered),
        cmocka_unit_test(unsigned_answers_below_a_trust_anchor_are_bogus),
        cmocka_unit_test(what_is_wrong_with_the_settings_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
