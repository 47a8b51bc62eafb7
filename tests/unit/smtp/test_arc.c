/* Chains of ARC (RFC 8617): which count, and what they vouch for. */
#include "dkim_house.h"

#include "memory.h"
#include "test.h"

#include <stdio.h>

#define BODY "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n"
#define MAIL                                                                                       \
    "From: Joe SixPack <joe@football.example.com>\n"                                               \
    "Subject: [talk] Is dinner ready?\n\n" BODY
#define SEAL(i, cv, domain) "i=" i "; a=ed25519-sha256; cv=" cv "; d=" domain "; s=e;"
#define MESSAGE(i, domain)                                                                         \
    "i=" i "; a=ed25519-sha256; c=relaxed/relaxed; d=" domain "; s=e; h=from:subject;"             \
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"
#define SEEN(i) "i=" i "; mx.list.example; dmarc=pass (p=reject) header.from=football.example.com"
#define LIST "list.example"
#define OTHER "other.example"

static bool trusts(const void *ctx, struct slice domain)
{
    (void)ctx;
    return slice_is(domain, LIST) || slice_is(domain, "forward.example") ||
           slice_is(domain, "lists.example.net");
}

static void judge_by(const char *mail, const struct dns_answer *answer, struct arc *out,
                     size_t *out_questions)
{
    scoped(dkim_text) text = house_text(slice_of(mail));
    scoped_value(dns_facts) facts = {0};

    arc_read(text, HOUSE_NOW_MS, trusts, NULL, out);
    if (!arc_judge(out, &facts, &house_prover)) {
        house_learn(&facts, answer);
        assert_true(arc_judge(out, &facts, &house_prover));
    }
    *out_questions = facts.count;
}

static void expect(const char *name, const char *mail, enum auth_result result, const char *why)
{
    scoped_value(arc) arc = {.result = AUTH_NONE};
    size_t questions;

    judge_by(mail, NULL, &arc, &questions);
    if (arc.result != result || strcmp(arc.why, why) != 0)
        fail_msg("%s: %s, \"%s\"", name, auth_result_word(arc.result), arc.why);
    if (result == AUTH_NONE)
        assert_int_equal(questions, 0);
}

static void a_trusted_hand_vouches(void **state)
{
    scoped_text char *one =
        house_sealed(SEAL("1", "none", LIST), MESSAGE("1", LIST), SEEN("1"), MAIL);
    scoped_text char *two = house_sealed(SEAL("2", "pass", LIST), MESSAGE("2", LIST),
                                         "i=2; mx.list.example; dmarc=fail", one);
    const char *const mails[] = {one, two};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        scoped_value(arc) arc = {.result = AUTH_NONE};
        size_t questions;
        judge_by(mails[i], NULL, &arc, &questions);
        if (arc.result != AUTH_PASS)
            fail_msg("%s", arc.why);
        assert_int_equal(arc.count, i + 1);
        assert_true(arc_vouches(&arc, SLICE("Football.example.com")));
        assert_false(arc_vouches(&arc, SLICE("example.com")));
        assert_false(arc_vouches(&arc, SLICE("")));
    }
}

static void strangers_cost_nothing(void **state)
{
    static const char why[] = "sealed by somebody who is not trusted here";
    scoped_text char *one =
        house_sealed(SEAL("1", "none", OTHER), MESSAGE("1", OTHER), SEEN("1"), MAIL);
    scoped_text char *behind =
        house_sealed(SEAL("2", "pass", LIST), MESSAGE("2", LIST), SEEN("2"), one);
    scoped_text char *ours =
        house_sealed(SEAL("1", "none", LIST), MESSAGE("1", LIST), SEEN("1"), MAIL);
    scoped_text char *before =
        house_sealed(SEAL("2", "pass", OTHER), MESSAGE("2", OTHER), SEEN("2"), ours);

    (void)state;
    expect("a stranger", one, AUTH_NONE, why);
    expect("a stranger, then somebody trusted", behind, AUTH_NONE, why);
    expect("somebody trusted, then a stranger", before, AUTH_NONE, why);
    expect("nobody", MAIL, AUTH_NONE, "");
}

static char *changed(const char *mail, const char *from, const char *to)
{
    size_t at = slice_find_text(slice_of(mail), slice_of(from));

    assert_true(at != SIZE_MAX);
    return must_print("%.*s%s%s", (int)at, mail, to, mail + at + strlen(from));
}

static void changes_are_found(void **state)
{
    scoped_text char *good =
        house_sealed(SEAL("1", "none", LIST), MESSAGE("1", LIST), SEEN("1"), MAIL);
    static const struct {
        const char *name, *from, *to;
        enum auth_result result;
        const char *why;
    } rows[] = {
        {"nothing",                      "Joe",                 "Joe",                                            AUTH_PASS, ""                               },
        {"the body",                     "lost",                "won",                                            AUTH_FAIL, "the body was changed"           },
        {"the subject",                  "dinner",              "lunch",                                          AUTH_FAIL, "the signature does not fit"     },
        {"what was seen",                "from=football",       "from=baseball",                                  AUTH_FAIL,
         "the signature does not fit"                                                                                                                         },
        {"white space of what was seen", "; mx.list",           ";   mx.list",                                    AUTH_PASS, ""                               },
        {"the state of the chain",       "cv=none",             "cv=pass",                                        AUTH_FAIL,
         "a sealer found the chain broken"                                                                                                                    },
        {"a seal of header fields",      "cv=none;",            "cv=none; h=from;",                               AUTH_FAIL,
         "a seal cannot be read"                                                                                                                              },
        {"no seal",                      "ARC-Seal:",           "X-Seal:",                                        AUTH_FAIL, "a part of a set is missing"     },
        {"no signature",                 "ARC-Message-S",       "X-S",                                            AUTH_FAIL, "a part of a set is missing"     },
        {"no results",                   "ARC-Auth",            "X-Auth",                                         AUTH_FAIL, "a part of a set is missing"     },
        {"results twice",                "ARC-Auth",            "ARC-Authentication-Results: i=1; x\r\nARC-Auth", AUTH_FAIL,
         "a set is broken, or there twice"                                                                                                                    },
        {"no number",                    "i=1; mx",             "mx",                                             AUTH_FAIL, "a set is broken, or there twice"},
        {"number 0",                     "i=1; mx",             "i=0; mx",                                        AUTH_FAIL, "a set is broken, or there twice"},
        {"number 51",                    "i=1; mx",             "i=51; mx",                                       AUTH_FAIL, "a set is broken, or there twice"},
        {"number 2",                     "i=1; mx",             "i=2; mx",                                        AUTH_FAIL, "a part of a set is missing"     },
        {"a broken seal",                "ARC-Seal: i=1; a=ed", "ARC-Seal: i=1; a=xd",                            AUTH_FAIL,
         "a seal cannot be read"                                                                                                                              },
        {"From is not covered",          "h=from:subject",      "h=subject",                                      AUTH_FAIL, "From is not signed"             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *mail = changed(good, rows[i].from, rows[i].to);
        expect(rows[i].name, mail, rows[i].result, rows[i].why);
    }
}

static void whom_it_vouches_for(void **state)
{
    static const struct {
        const char *seen, *author; /* "" nobody */
    } rows[] = {
  /* clang-format off */
        {"i=1; mx; dmarc=pass header.from=football.example.com", "football.example.com"},
        {"i=1; mx; spf=pass;\n dkim=fail;\n\tdmarc=pass\n\theader.from=Football.example.com (hello)", "football.example.com"},
        {"i=1; mx; dmarc=pass policy.dmarc=none header.from=football.example.com; arc=none", "football.example.com"},
        {"i=1; mx; dmarc=fail header.from=football.example.com", ""},
        {"i=1; mx; dmarc=pass", ""},
        {"i=1; mx; dmarc=pass header.from=\"football.example.com\"", ""},
        {"i=1; mx; dmarc=passed header.from=football.example.com", ""},
        {"i=1; mx; spf=pass header.from=football.example.com", ""},
        {"i=1; mx (dmarc=pass header.from=football.example.com)", ""},
        {"i=1; mx; dmarc=fail (; dmarc=pass header.from=football.example.com)", ""},
        {"i=1; mx; spf=pass smtp.mailfrom=\"x; dmarc=pass header.from=football.example.com \"@evil.example", ""},
        {"i=1; mx; spf=pass smtp.mailfrom=\"\\\"; dmarc=pass header.from=football.example.com \"@evil.example", ""},
        {"i=1; mx; spf=pass (of <\\)@evil.example>; dmarc=pass header.from=football.example.com )", ""},
        {"i=1; mx; spf=pass (\" in it) smtp.mailfrom=\"( \"@a.example; dmarc=pass header.from=football.example.com", "football.example.com"},
        {"i=1; mx; none", ""},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *seen = house_crlf(rows[i].seen);
        scoped_text char *mail =
            house_sealed(SEAL("1", "none", LIST), MESSAGE("1", LIST), seen, MAIL);
        scoped_value(arc) arc = {.result = AUTH_NONE};
        size_t questions;
        judge_by(mail, NULL, &arc, &questions);
        if (arc.result != AUTH_PASS || strcmp(arc.author, rows[i].author) != 0)
            fail_msg("%s: %s \"%s\"", rows[i].seen, auth_result_word(arc.result), arc.author);
    }
}

static void dns_may_fail(void **state)
{
    static const struct {
        enum dns_outcome outcome;
        enum auth_result result;
    } rows[] = {
        {DNS_FAILED,  AUTH_TEMPERROR},
        {DNS_BOGUS,   AUTH_TEMPERROR},
        {DNS_NO_NAME, AUTH_FAIL     },
    };

    (void)state;
    scoped_text char *mail =
        house_sealed(SEAL("1", "none", LIST), MESSAGE("1", LIST), SEEN("1"), MAIL);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(arc) arc = {.result = AUTH_NONE};
        const struct dns_answer answer = {.outcome = rows[i].outcome};
        size_t questions;
        judge_by(mail, &answer, &arc, &questions);
        assert_int_equal(arc.result, rows[i].result);
        assert_false(arc_vouches(&arc, SLICE("football.example.com")));
    }
}

static void a_long_chain(void **state)
{
    scoped_text char *mail = must_dup(MAIL);
    char seal[200], message[300], seen[100];

    (void)state;
    for (int i = 1; i <= ARC_SETS_MAX + 1; i++) {
        snprintf(seal, sizeof seal, SEAL("%d", "%s", LIST), i, i == 1 ? "none" : "pass");
        snprintf(message, sizeof message, MESSAGE("%d", LIST), i);
        snprintf(seen, sizeof seen, SEEN("%d"), i);
        char *longer = house_sealed(seal, message, seen, mail);
        free(mail);
        mail = longer;
        if (i == ARC_SETS_MAX)
            expect("as long as may be", mail, AUTH_PASS, "");
    }
    expect("one more", mail, AUTH_FAIL, "too many hands");
}

static void long_sets(void **state)
{
    enum { MUCH = ARC_CHAIN_MAX };
    scoped_text char *seen = must_print("i=1; mx;%*s none", MUCH, "");
    scoped_text char *mail =
        house_sealed(SEAL("1", "none", LIST), MESSAGE("1", LIST), SEEN("1"), MAIL);
    scoped_text char *longer = changed(mail, SEEN("1"), seen);

    (void)state;
    expect("more than is carried on", longer, AUTH_FAIL, "its sets are too long");
}

/* Signed and sealed by python3-dkim. */
static void a_chain_of_somebody_elses(void **state)
{
    static const char *const keys[] = {
        [0] = "v=DKIM1; k=rsa; p="
              "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuI5xmeyq4Kr6umO8CXfSfrpVIPWYn2g9xJzs4aJj"
              "cK6eCTok+p7znShzhPSx/"
              "QqVqoiO+j+Ml/iLcS1Z09/"
              "CmN2AqMmmcMEaVKDnQbygMIBX6eMG0XsIXrUSZzuUZSPBXQUcG7vf0NfQonMFVjxsX1cmtEGtSwXVGiDh"
              "MANbhMQ8dBcR5+i7b3Yzkoq7MFKSQ4zKYKyLZIlZi5Iad6QqHLbFFa+NUnw9gCQh+j1V+AgSYw/"
              "VefrLy8WIaItShzXGFgmsMXcN72e8"
              "79feEaIcImrq83Ismoaep4k0BmLK0AQc0bjHca3Fwl8SCpk8CMWUKN2bpN5l3pBivfIDSt26NQIDAQAB",
        [1] = "v=DKIM1; k=rsa; p="
              "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoO7acgysBMOzQP3RxvJQnhm52g7D+"
              "e975iUzqIhIQstrH5QLEuiM1YiVWuzu"
              "ZYKYIMVPDPxnaEFb0eBLh78HwpS42p/XMIsc7/"
              "IkGdRrEuCoPle+1mqPudc0qugijW1r07w37L2XKCAetu3GbFS3n+eBPxbR7np+Ele9"
              "tp9MRaeNBAnNs5GpBCX5bSoyVHKUgiv/"
              "yNc+nypqnIaydMSnwHh+JliG2zWyqU4bSndgE+Rp9ZdoiKPBU9jy+ASjP/uF58eQEvUhMk+0"
              "11P/z0mV+LxyDIBQ2+/tptb/AjQlxeQyvwr4NEqRAk847of9XTSYo9WqMzCf1QIZRs7jJ1n35wIDAQAB",
    };
    char mail[8192];
    FILE *file = fopen(MAILS "/arc_two_hands.eml", "re");
    scoped_value(dns_facts) facts = {0};
    scoped_value(arc) arc = {.result = AUTH_NONE};

    (void)state;
    assert_non_null(file);
    size_t len = fread(mail, 1, sizeof mail, file);
    fclose(file);
    scoped(dkim_text) text = house_text((struct slice){mail, len});
    arc_read(text, HOUSE_NOW_MS, trusts, NULL, &arc);
    assert_false(arc_judge(&arc, &facts, &house_prover));
    struct dns_lookup *lookup = dns_facts_open(&facts);
    assert_int_equal(lookup->count, 2);
    for (size_t i = 0; i < 2; i++)
        house_answer(keys[lookup->questions[i].name[0] == 'l'], &lookup->answers[i]);
    lookup->errand.ok = true;
    dns_facts_learn(&facts, lookup);
    errand_free(&lookup->errand);
    assert_true(arc_judge(&arc, &facts, &house_prover));
    if (arc.result != AUTH_PASS)
        fail_msg("%s", arc.why);
    assert_true(arc_vouches(&arc, SLICE("football.example.com")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trusted_hand_vouches),
        cmocka_unit_test(strangers_cost_nothing),
        cmocka_unit_test(changes_are_found),
        cmocka_unit_test(whom_it_vouches_for),
        cmocka_unit_test(dns_may_fail),
        cmocka_unit_test(a_long_chain),
        cmocka_unit_test(long_sets),
        cmocka_unit_test(a_chain_of_somebody_elses),
    };

    return cmocka_run_group_tests(tests, house_open, house_close);
}
