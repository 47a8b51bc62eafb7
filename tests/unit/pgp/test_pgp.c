#include "fixtures.h"
#include "memory.h"
#include "pgp.h"
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>

static struct judge_argv judge;
static struct pgp *pgp;
static struct err err;

static int start(void **state)
{
    (void)state;
    fixtures_make();
    judge = judge_like("judge", NULL);
    pgp = pgp_new(judge.each);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pgp_free(pgp);
    assert_int_equal(fixtures_homes(), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    fixtures_remove();
    return 0;
}

enum { MOST_CERTIFICATES = 3 };

static bool judged(const char *const *names, const char *text, const char *signature,
                   struct pgp_verdict *out, struct err *why)
{
    struct slice certificates[MOST_CERTIFICATES];
    size_t count = 0;

    while (count < MOST_CERTIFICATES && names[count]) {
        certificates[count] = fixture(names[count]);
        count++;
    }
    scoped(source) what = source_of_slice(fixture(text));
    return pgp_verify(pgp, certificates, count, what, fixture(signature), out, why);
}

#define ALICE "alice@example.org.asc"
#define BOB "bob@example.org.bin"

static void signatures_are_judged(void **state)
{
    static const struct {
        const char *name;
        const char *certificates[MOST_CERTIFICATES];
        const char *text, *signature;
        enum pgp_judgement judgement;
        const char *signer;
    } rows[] = {
        {"a binary signature is good",                  {ALICE},                   "text",       "good.sig",     PGP_GOOD,      "alice"},
        {"an armored signature is good",                {ALICE},                   "text",       "good.asc",     PGP_GOOD,      "alice"},
        {"a text signature is good",                    {ALICE},                   "text",       "textmode.asc", PGP_GOOD,      "alice"},
        {"a binary certificate does",
         {"alice@example.org.bin"},
         "text",                                                                                 "good.sig",
         PGP_GOOD,                                                                                                              "alice"},
        {"RSA is good",                                 {"rita@example.org.asc"},  "text",       "rita.sig",     PGP_GOOD,      "rita" },
        {"SHA-512 is good",                             {"rita@example.org.asc"},  "text",       "sha512.sig",   PGP_GOOD,      "rita" },
        {"nothing can be signed",                       {ALICE},                   "empty-text", "empty.sig",    PGP_GOOD,      "alice"},
        {"five megabytes are good",                     {ALICE},                   "long-text",  "long.asc",     PGP_GOOD,      "alice"},
        {"a subkey signs for its primary key",
         {"dora@example.org.asc"},
         "text",                                                                                 "dora.sig",
         PGP_GOOD,                                                                                                              "dora" },
        {"one of several keys signed",                  {ALICE, BOB},              "text",       "bob.sig",      PGP_GOOD,      "bob"  },
        {"a broken certificate beside it does no harm",
         {"garbage", BOB},
         "text",                                                                                 "bob.sig",
         PGP_GOOD,                                                                                                              "bob"  },
        {"a changed text is bad",                       {ALICE},                   "other-text", "good.sig",     PGP_BAD,       NULL   },
        {"a changed long text is bad",                  {ALICE},                   "long-text",  "good.sig",     PGP_BAD,       NULL   },
        {"a text cut to nothing is bad",                {ALICE},                   "empty-text", "long.asc",     PGP_BAD,       NULL   },
        {"another key signed",                          {ALICE},                   "text",       "bob.sig",      PGP_OTHER_KEY, NULL   },
        {"no key was given",                            {NULL},                    "text",       "good.sig",     PGP_OTHER_KEY, NULL   },
        {"only a broken certificate was given",
         {"garbage"},
         "text",                                                                                 "good.sig",
         PGP_OTHER_KEY,                                                                                                         NULL   },
        {"two certificates in one count as none",
         {"both.bin"},
         "text",                                                                                 "good.sig",
         PGP_OTHER_KEY,                                                                                                         NULL   },
        {"the key has expired",                         {"ede@example.org.asc"},   "text",       "ede.sig",      PGP_UNFIT,     NULL   },
        {"the key was revoked",                         {"carol@example.org.asc"}, "text",       "carol.sig",    PGP_UNFIT,     NULL   },
        {"the signature has expired",
         {"lars@example.org.asc"},
         "text",                                                                                 "lapsed.sig",
         PGP_UNFIT,                                                                                                             NULL   },
        {"two signatures",                              {ALICE, BOB},              "text",       "two.sig",      PGP_UNFIT,     NULL   },
        {"SHA-1",                                       {"rita@example.org.asc"},  "text",       "sha1.sig",     PGP_UNFIT,     NULL   },
        {"no signature",                                {ALICE},                   "text",       "",             PGP_UNFIT,     NULL   },
        {"text instead of a signature",                 {ALICE},                   "text",       "hello",        PGP_UNFIT,     NULL   },
        {"a whole signed message instead",              {ALICE},                   "text",       "whole.gpg",    PGP_UNFIT,     NULL   },
        {"a certificate instead of a signature",        {ALICE},                   "text",       ALICE,          PGP_UNFIT,     NULL   },
        {"something else beside a long text",           {ALICE},                   "long-text",  "hello",        PGP_UNFIT,     NULL   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pgp_verdict verdict;
        if (!judged(rows[i].certificates, rows[i].text, rows[i].signature, &verdict, &err))
            fail_msg("%s: %s", rows[i].name, err.cause);
        if (verdict.judgement != rows[i].judgement)
            fail_msg("%s: judged %d", rows[i].name, (int)verdict.judgement);
        if (!rows[i].signer)
            continue;
        scoped_text char *file = must_print("%s@example.org.fpr", rows[i].signer);
        if (!slice_is(slice_trim(fixture(file)), verdict.fingerprint))
            fail_msg("%s: signed by %s", rows[i].name, verdict.fingerprint);
        assert_true(verdict.signed_at_ms > INT64_C(1700000000000));
    }
}

static void the_signatures_own_time_is_told(void **state)
{
    static const char *const names[MOST_CERTIFICATES] = {"ede@example.org.asc"};
    struct pgp_verdict verdict;

    (void)state;
    assert_true(judged(names, "text", "ede.sig", &verdict, &err));
    assert_int_equal(verdict.signed_at_ms, INT64_C(1577923200000)); /* 2020-01-02 */
}

static void certificates_are_read(void **state)
{
    static const struct {
        const char *name, *file;
        bool revoked, expired, can_sign, can_encrypt;
    } rows[] = {
        {"armored",             "alice@example.org.asc", false, false, true,  true },
        {"binary",              "alice@example.org.bin", false, false, true,  true },
        {"one that only signs", "bob@example.org.asc",   false, false, true,  false},
        {"an expired one",      "ede@example.org.asc",   false, true,  false, false},
        {"a revoked one",       "carol@example.org.asc", true,  false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pgp_key_facts facts;
        if (!pgp_key_read(pgp, fixture(rows[i].file), &facts, &err))
            fail_msg("%s: %s", rows[i].name, err.said);
        if (facts.revoked != rows[i].revoked || facts.expired != rows[i].expired ||
            facts.can_sign != rows[i].can_sign || facts.can_encrypt != rows[i].can_encrypt)
            fail_msg("%s: %d %d %d %d", rows[i].name, facts.revoked, facts.expired, facts.can_sign,
                     facts.can_encrypt);
    }
}

static void a_certificate_tells_its_facts(void **state)
{
    struct pgp_key_facts facts;

    (void)state;
    assert_true(pgp_key_read(pgp, fixture(ALICE), &facts, &err));
    assert_true(slice_is(slice_trim(fixture("alice@example.org.fpr")), facts.fingerprint));
    assert_int_equal(facts.uid_count, 2);
    bool first_is_work = strcmp(facts.uids[0], "alice@work.test") == 0;
    assert_text(facts.uids[first_is_work ? 0 : 1], "alice@work.test");
    assert_text(facts.uids[first_is_work ? 1 : 0], "alice@example.org");
    assert_int_equal(facts.expires_ms, 0);
    assert_true(pgp_key_read(pgp, fixture("ede@example.org.asc"), &facts, &err));
    assert_int_equal(facts.created_ms, INT64_C(1577836800000));
    assert_int_equal(facts.expires_ms, INT64_C(1577836800000) + INT64_C(2) * 86400 * 1000);
}

static void what_is_no_certificate_is_refused(void **state)
{
    static const struct {
        const char *name, *file;
        const char *said;
    } rows[] = {
        {"nothing",                         "",                     "not an OpenPGP certificate" },
        {"text",                            "hello",                "not an OpenPGP certificate" },
        {"binary garbage",                  "\x99\x01\x0d garbage", "not one OpenPGP certificate"},
        {"a well-formed packet of garbage", "\xc6\x04 bad",         "cannot be used"             },
        {"a signature",                     "good.asc",             "not one OpenPGP certificate"},
        {"a secret key",                    "secret.bin",           "secret key"                 },
        {"an armored secret key",           "secret.asc",           "secret key"                 },
        {"two of them",                     "both.bin",             "not one OpenPGP certificate"},
        {"two armored ones",                "both.asc",             "not an OpenPGP certificate" },
        {"a clear-signed text",             "clear.asc",            "not an OpenPGP certificate" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pgp_key_facts facts;
        if (pgp_key_read(pgp, fixture(rows[i].file), &facts, &err))
            fail_msg("%s: was taken", rows[i].name);
        if (err.kind != ERR_MALFORMED || !strstr(err.said, rows[i].said))
            fail_msg("%s: %s (%s)", rows[i].name, err.said, err.cause);
    }
}

static void a_certificate_cut_anywhere_does_no_harm(void **state)
{
    struct slice whole = fixture("alice@example.org.bin");
    struct pgp_key_facts facts;

    (void)state;
    for (size_t len = 1; len < whole.len; len += 37)
        if (!pgp_key_read(pgp, slice_first(whole, len), &facts, &err))
            assert_int_equal(err.kind, ERR_MALFORMED);
}

static void sizes_are_bounded(void **state)
{
    scoped_value(bytes) big = {0};
    struct pgp_key_facts facts;
    struct pgp_verdict verdict;
    struct slice many[PGP_CERTIFICATES_MAX + 1];

    (void)state;
    memset(bytes_reserve(&big, PGP_CERTIFICATE_MAX + 1), 'x', PGP_CERTIFICATE_MAX + 1);
    big.len = PGP_CERTIFICATE_MAX + 1;
    assert_false(pgp_key_read(pgp, bytes_slice(&big), &facts, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    assert_false(pgp_key_read(pgp, slice_first(bytes_slice(&big), big.len - 1), &facts, &err));
    assert_int_equal(err.kind, ERR_MALFORMED);
    scoped(source) what = source_of_slice(fixture("text"));
    assert_true(pgp_verify(pgp, NULL, 0, what, bytes_slice(&big), &verdict, &err));
    assert_int_equal(verdict.judgement, PGP_UNFIT);
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = fixture(i ? BOB : ALICE);
    assert_false(pgp_verify(pgp, many, COUNT_OF(many), what, fixture("good.sig"), &verdict, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    assert_true(
        pgp_verify(pgp, many, PGP_CERTIFICATES_MAX, what, fixture("good.sig"), &verdict, &err));
    assert_int_equal(verdict.judgement, PGP_GOOD);
}

static void *judge_often(void *arg)
{
    static const char *const names[MOST_CERTIFICATES] = {ALICE};
    int *right = arg;

    for (int i = 0; i < 10; i++) {
        struct pgp_verdict verdict;
        struct err own;
        *right += judged(names, i % 2 ? "text" : "other-text", "good.sig", &verdict, &own) &&
                  verdict.judgement == (i % 2 ? PGP_GOOD : PGP_BAD);
    }
    return NULL;
}

static void several_threads_ask_at_once(void **state)
{
    pthread_t threads[4];
    int right[4] = {0};

    (void)state;
    fixture(ALICE), fixture("text"), fixture("other-text"), fixture("good.sig"); /* read them now */
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, judge_often, &right[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(right[i], 10);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_judged),
        cmocka_unit_test(the_signatures_own_time_is_told),
        cmocka_unit_test(certificates_are_read),
        cmocka_unit_test(a_certificate_tells_its_facts),
        cmocka_unit_test(what_is_no_certificate_is_refused),
        cmocka_unit_test(a_certificate_cut_anywhere_does_no_harm),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(several_threads_ask_at_once),
    };
    if (argc == 2 && strcmp(argv[1], "judge") == 0)
        return pgp_judge_main();
    return cmocka_run_group_tests(tests, start, stop);
}
