/* DMARC: whose policy, who speaks for the author, what follows (RFC 9989). */
#include "test.h"

#include "dmarc.h"
#include "zone.h"

#include <stdio.h>

static struct dmarc_verdict judge(const char *zone, const struct dmarc_question *question,
                                  size_t *out_questions)
{
    scoped_value(dns_facts) facts = {0};
    struct dmarc_verdict verdict;

    for (dmarc_judge(question, &facts, &verdict); verdict.open;
         dmarc_judge(question, &facts, &verdict))
        if (zone_answer(zone, &facts) == 0)
            fail_msg("%s: open, and nothing asked", question->author);
    *out_questions = facts.count;
    return verdict;
}

#define ORG "_dmarc.example.org TXT v=DMARC1; p=reject\n"
#define EXISTS "a.example.org A 192.0.2.1\n"

static void test_results(void **state)
{
    static const struct {
        const char *name, *zone, *author, *spf;
        enum auth_result spf_result;
        const char *dkim;
        enum auth_result dkim_result;
        enum auth_result result;
        enum dmarc_policy policy;
    } rows[] = {
  /* clang-format off */
        {"no record, no DMARC", "", "example.org", "example.org", AUTH_PASS, "", AUTH_NONE, AUTH_NONE, DMARC_NONE},
        {"SPF of the same domain", ORG, "example.org", "example.org", AUTH_PASS, "", AUTH_NONE, AUTH_PASS, DMARC_REJECT},
        {"a signature of the same domain, whatever its case", ORG, "example.org", "", AUTH_NONE, "EXAMPLE.org", AUTH_PASS, AUTH_PASS, DMARC_REJECT},
        {"SPF of somebody else", ORG, "example.org", "evil.example", AUTH_PASS, "", AUTH_NONE, AUTH_FAIL, DMARC_REJECT},
        {"SPF that does not pass", ORG, "example.org", "example.org", AUTH_SOFTFAIL, "example.org", AUTH_FAIL, AUTH_FAIL, DMARC_REJECT},
        {"a subdomain is aligned", ORG, "example.org", "bounce.mail.example.org", AUTH_PASS, "", AUTH_NONE, AUTH_PASS, DMARC_REJECT},
        {"a name that only ends alike is not", ORG, "example.org", "notexample.org", AUTH_PASS, "", AUTH_NONE, AUTH_FAIL, DMARC_REJECT},
        {"the organization is aligned with its subdomain", ORG EXISTS, "a.example.org", "example.org", AUTH_PASS, "", AUTH_NONE, AUTH_PASS, DMARC_REJECT},
        {"brothers are aligned", ORG EXISTS, "a.example.org", "", AUTH_NONE, "b.example.org", AUTH_PASS, AUTH_PASS, DMARC_REJECT},
        {"aspf=s: only the very same", "_dmarc.example.org TXT v=DMARC1;p=quarantine;aspf=s\n", "example.org", "a.example.org", AUTH_PASS, "", AUTH_NONE, AUTH_FAIL, DMARC_QUARANTINE},
        {"adkim=s does not bind SPF", "_dmarc.example.org TXT v=DMARC1;p=quarantine;adkim=s\n", "example.org", "a.example.org", AUTH_PASS, "", AUTH_NONE, AUTH_PASS, DMARC_QUARANTINE},
        {"adkim=s", "_dmarc.example.org TXT v=DMARC1;p=quarantine;adkim=s\n", "example.org", "", AUTH_NONE, "a.example.org", AUTH_PASS, AUTH_FAIL, DMARC_QUARANTINE},
        {"sp for a subdomain that exists", EXISTS "_dmarc.example.org TXT v=DMARC1; p=reject; sp=none; np=quarantine\n", "a.example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_FAIL, DMARC_NONE},
        {"np for one that does not", "_dmarc.example.org TXT v=DMARC1; p=none; sp=none; np=reject\n", "a.example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_FAIL, DMARC_REJECT},
        {"sp does not bind the domain itself", "_dmarc.example.org TXT v=DMARC1; p=reject; sp=none\n", "example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_FAIL, DMARC_REJECT},
        {"t=y is one step milder", "_dmarc.example.org TXT v=DMARC1; p=reject; t=y\n", "example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_FAIL, DMARC_QUARANTINE},
        {"unknown tags and bad values do not count", "_dmarc.example.org TXT v=DMARC1; p=reject; pct=0; x; adkim=q; psd=?\n", "example.org", "", AUTH_NONE, "a.example.org", AUTH_PASS, AUTH_PASS, DMARC_REJECT},
        {"two records are none", ORG "_dmarc.example.org TXT v=DMARC1; p=none\n", "example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_NONE, DMARC_NONE},
        {"another text beside it", ORG "_dmarc.example.org TXT hello\n", "example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_FAIL, DMARC_REJECT},
        {"the version's case counts", "_dmarc.example.org TXT v=dmarc1; p=reject\n", "example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_NONE, DMARC_NONE},
        {"the version comes first", "_dmarc.example.org TXT p=reject; v=DMARC1\n", "example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_NONE, DMARC_NONE},
        {"no p, but reports are wanted", "_dmarc.example.org TXT v=DMARC1; rua=mailto:a@example.org\n", "example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_FAIL, DMARC_NONE},
        {"no p, no reports: broken", "_dmarc.example.org TXT v=DMARC1; p=strict\n", "example.org", "example.org", AUTH_PASS, "", AUTH_NONE, AUTH_PERMERROR, DMARC_NONE},
        {"psd=n ends the walk: another organization", ORG "_dmarc.a.example.org TXT v=DMARC1; p=none; psd=n\n", "x.a.example.org", "b.example.org", AUTH_PASS, "", AUTH_NONE, AUTH_FAIL, DMARC_NONE},
        {"an identity under psd=n is not the parent's", ORG "_dmarc.a.example.org TXT v=DMARC1; p=none; psd=n\n", "example.org", "a.example.org", AUTH_PASS, "", AUTH_NONE, AUTH_FAIL, DMARC_REJECT},
        {"psd=y: the organization is one label below", "_dmarc.com TXT v=DMARC1; p=none; sp=reject; psd=y\n", "a.mail.example.com", "example.com", AUTH_PASS, "", AUTH_NONE, AUTH_PASS, DMARC_REJECT},
        {"psd=y: neighbours are strangers", "_dmarc.com TXT v=DMARC1; p=none; sp=reject; psd=y\n", "a.example.com", "evil.com", AUTH_PASS, "", AUTH_NONE, AUTH_FAIL, DMARC_REJECT},
        {"the organization's record before the suffix's", ORG "_dmarc.org TXT v=DMARC1; p=none; psd=y\n" EXISTS, "a.example.org", "", AUTH_NONE, "", AUTH_NONE, AUTH_FAIL, DMARC_REJECT},
        {"the highest record is the organization's", "_dmarc.mail.example.com TXT v=DMARC1;p=none\n_dmarc.example.com TXT v=DMARC1;p=reject\n", "a.mail.example.com", "", AUTH_NONE, "", AUTH_NONE, AUTH_FAIL, DMARC_REJECT},
        {"DNS fails at the author", "_dmarc.example.org FAIL\n", "example.org", "example.org", AUTH_PASS, "", AUTH_NONE, AUTH_TEMPERROR, DMARC_REJECT},
        {"DNS fails above, the same domain passes", ORG "_dmarc.org FAIL\n", "example.org", "example.org", AUTH_PASS, "", AUTH_NONE, AUTH_PASS, DMARC_REJECT},
        {"DNS fails above, nobody passes", ORG "_dmarc.org FAIL\n", "example.org", "a.example.org", AUTH_PASS, "", AUTH_NONE, AUTH_TEMPERROR, DMARC_REJECT},
        {"SPF could not be checked", ORG, "example.org", "example.org", AUTH_TEMPERROR, "", AUTH_NONE, AUTH_TEMPERROR, DMARC_REJECT},
        {"a stranger's check that failed excuses nobody", ORG, "example.org", "evil.example", AUTH_TEMPERROR, "evil.example", AUTH_TEMPERROR, AUTH_FAIL, DMARC_REJECT},
        {"no author", ORG, "", "example.org", AUTH_PASS, "", AUTH_NONE, AUTH_NONE, DMARC_NONE},
        {"no domain", ORG, "a..b", "example.org", AUTH_PASS, "", AUTH_NONE, AUTH_NONE, DMARC_NONE},
  /* clang-format on */
    };
    size_t questions;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct dmarc_identity dkim = {rows[i].dkim, rows[i].dkim_result, false};
        const struct dmarc_question question = {
            .author = rows[i].author,
            .spf = {rows[i].spf, rows[i].spf_result, false},
            .dkim = &dkim,
            .dkim_count = 1,
        };
        struct dmarc_verdict verdict = judge(rows[i].zone, &question, &questions);
        if (verdict.result != rows[i].result || verdict.policy != rows[i].policy)
            fail_msg("%s: %s, %s", rows[i].name, auth_result_word(verdict.result),
                     dmarc_policy_word(verdict.policy));
    }
}

static void test_a_walk_asks_eight_times_at_most(void **state)
{
    static const char *const asked[] = {
        "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "_dmarc.g.h.i.j.mail.example.com",
        "_dmarc.h.i.j.mail.example.com",
        "_dmarc.i.j.mail.example.com",
        "_dmarc.j.mail.example.com",
        "_dmarc.mail.example.com",
        "_dmarc.example.com",
        "_dmarc.com",
    };
    scoped_value(dns_facts) facts = {0};
    const struct dmarc_question question = {
        .author = "a.b.c.d.e.f.g.h.i.j.mail.example.com", .spf = {"", AUTH_NONE, false}
    };
    struct dmarc_verdict verdict;

    (void)state;
    dmarc_judge(&question, &facts, &verdict);
    assert_true(verdict.open);
    assert_int_equal(facts.count, COUNT_OF(asked));
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        assert_text(facts.at[i]->question.name, asked[i]);
    assert_int_equal(zone_answer("", &facts), COUNT_OF(asked));
    dmarc_judge(&question, &facts, &verdict);
    assert_false(verdict.open);
    assert_int_equal(verdict.result, AUTH_NONE);
}

static void test_many_signatures_ask_little(void **state)
{
    struct dmarc_identity dkim[8];
    char domains[8][128];
    size_t questions;
    const struct dmarc_question question = {
        .author = "example.org",
        .spf = {"evil.example", AUTH_PASS, false},
        .dkim = dkim,
        .dkim_count = 8
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(dkim); i++) {
        snprintf(domains[i], sizeof domains[i], "a.b.c.d.e.f.g%zu.evil.example", i);
        dkim[i] = (struct dmarc_identity){domains[i], AUTH_PASS, false};
    }
    struct dmarc_verdict verdict = judge(ORG, &question, &questions);
    assert_int_equal(verdict.result, AUTH_FAIL);
    assert_int_equal(questions, 2);
}

static void test_without_a_record_only_the_same_domain_speaks(void **state)
{
    const struct dmarc_identity dkim = {"a.example.org", AUTH_PASS, false};
    struct dmarc_question question = {
        .author = "example.org",
        .spf = {"example.org", AUTH_PASS, false},
        .dkim = &dkim,
        .dkim_count = 1
    };
    size_t questions;

    (void)state;
    struct dmarc_verdict verdict = judge("", &question, &questions);
    assert_true(verdict.spf_aligned);
    assert_false(verdict.dkim_aligned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_a_walk_asks_eight_times_at_most),
        cmocka_unit_test(test_many_signatures_ask_little),
        cmocka_unit_test(test_without_a_record_only_the_same_domain_speaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
