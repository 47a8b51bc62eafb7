/* What the public suite (tests/e2e/test_spf_suite.py) does not say of SPF: rounds, bounds, and what may be shown. */
#include "test.h"

#include "memory.h"
#include "spf.h"
#include "zone.h"

struct outcome {
    struct spf_verdict verdict;
    char explanation[SPF_EXPLANATION_SIZE];
    size_t questions;
    int rounds;
};

static struct outcome judge(const char *zone, const char *client, const char *sender)
{
    scoped_value(dns_facts) facts = {0};
    struct outcome it = {.rounds = 0};
    const struct spf_question question = {
        .client = client,
        .helo = SLICE("helo.test"),
        .sender = slice_of(sender),
        .domain = slice_of(strchr(sender, '@') + 1),
    };

    for (spf_judge(&question, &facts, &it.verdict); it.verdict.open;
         spf_judge(&question, &facts, &it.verdict)) {
        zone_answer(zone, &facts);
        it.rounds++;
    }
    it.questions = facts.count;
    while (!spf_explain(&question, &it.verdict, "receiver.test", 0, &facts, it.explanation))
        zone_answer(zone, &facts);
    return it;
}

static void test_a_record_of_ten_terms_costs_few_rounds(void **state)
{
    static const char zone[] =
        "a.test TXT v=spf1 a mx include:b.test include:c.test include:d.test exists:x.test -all\n"
        "a.test A 192.0.2.9\na.test MX 10 m1.test\na.test MX 20 m2.test\n"
        "m1.test A 192.0.2.8\nm2.test A 192.0.2.7\n"
        "b.test TXT v=spf1 ip4:192.0.2.6 -all\nc.test TXT v=spf1 ip4:192.0.2.5 -all\n"
        "d.test TXT v=spf1 ip4:192.0.2.1 -all\n";
    struct outcome it = judge(zone, "192.0.2.1", "bob@a.test");

    (void)state;
    assert_int_equal(it.verdict.result, AUTH_PASS);
    assert_int_equal(it.rounds, 3);
}

static void test_a_hostile_record_asks_within_bounds(void **state)
{
    scoped_value(bytes) zone = {0};

    (void)state;
    bytes_add_text(&zone, "a.test TXT v=spf1");
    for (int term = 0; term < 10; term++)
        bytes_print(&zone, " mx:m%d.test", term);
    bytes_add_text(&zone, " -all\n");
    for (int term = 0; term < 10; term++)
        for (int host = 0; host < 10; host++)
            bytes_print(&zone, "m%d.test MX 10 h%d.m%d.test\nh%d.m%d.test A 192.0.2.9\n", term,
                        host, term, host, term);
    struct outcome it = judge(zone.at, "192.0.2.1", "bob@a.test");
    assert_int_equal(it.questions, DNS_FACTS_MAX);
    assert_int_equal(it.verdict.result, AUTH_TEMPERROR);
}

static void test_a_record_too_long_is_an_error(void **state)
{
    scoped_value(bytes) zone = {0};

    (void)state;
    bytes_add_text(&zone, "a.test TXT v=spf1");
    while (zone.len < SPF_RECORD_MAX + 100)
        bytes_add_text(&zone, " ip4:192.0.2.1");
    bytes_add_text(&zone, "\n");
    assert_int_equal(judge(zone.at, "192.0.2.1", "bob@a.test").verdict.result, AUTH_PERMERROR);
}

static void test_explanations(void **state)
{
    static const struct {
        const char *name, *text, *sender, *shown;
    } rows[] = {
        {"a plain one",                          "Ask %{r}.",      "bob@a.test",         "Ask receiver.test."     },
        {"who sent it",                          "%{s} at %{c}",   "bob@a.test",         "bob@a.test at 192.0.2.1"},
        {"a line break of the sender's",         "not %{l}",       "b\r\n250 ok@a.test", ""                       },
        {"letters beyond ASCII of the sender's", "not %{l}",       "b\303\266b@a.test",  ""                       },
        {"a macro that there is not",            "the %{x} files", "bob@a.test",         ""                       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *zone = must_print("a.test TXT v=spf1 -all exp=why.a.test\n"
                                            "why.a.test TXT %s\n",
                                            rows[i].text);
        struct outcome it = judge(zone, "192.0.2.1", rows[i].sender);
        if (it.verdict.result != AUTH_FAIL || strcmp(it.explanation, rows[i].shown) != 0)
            fail_msg("%s: %s", rows[i].name, it.explanation);
    }
}

static void test_who_has_no_address_has_no_result(void **state)
{
    (void)state;
    assert_int_equal(judge("a.test TXT v=spf1 +all\n", "nowhere", "bob@a.test").verdict.result,
                     AUTH_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_of_ten_terms_costs_few_rounds),
        cmocka_unit_test(test_a_hostile_record_asks_within_bounds),
        cmocka_unit_test(test_a_record_too_long_is_an_error),
        cmocka_unit_test(test_explanations),
        cmocka_unit_test(test_who_has_no_address_has_no_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
