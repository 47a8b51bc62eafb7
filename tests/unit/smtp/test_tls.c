/* How much TLS a way needs: the decision, what TLSA records make of it, and what is said of it afterwards. */
#include "test.h"

#include "memory.h"
#include "out_ledger.h"
#include "scope.h"
#include "text.h"

#include <stdio.h>

static void test_decision(void **state)
{
    static const struct {
        const char *name;
        struct tls_circumstances c;
        enum tls_demand demand;
        enum tls_judge judge;
        const char *barred; /* how the reason begins; NULL: it is not */
    } rows[] = {
  /* clang-format off */
        {"an ordinary server", {.login = false}, TLS_IF_OFFERED, JUDGE_NOBODY, NULL},
        {"one whose handshake failed", {.handshake_failed = true}, TLS_CLEAR, JUDGE_NOBODY, NULL},
        {"TLS from the first byte", {.at_once = true}, TLS_ALWAYS, JUDGE_NOBODY, NULL},
        {"and it failed", {.at_once = true, .handshake_failed = true}, TLS_ALWAYS, JUDGE_NOBODY, NULL},
        {"a mail nobody else may read", {.secret = true}, TLS_ALWAYS, JUDGE_NOBODY, NULL},
        {"not in clear, whatever failed", {.secret = true, .handshake_failed = true}, TLS_ALWAYS, JUDGE_NOBODY, NULL},
        {"a relay with a login", {.login = true}, TLS_PROVED, JUDGE_NOBODY, NULL},
        {"the password never goes in clear", {.login = true, .handshake_failed = true}, TLS_PROVED, JUDGE_NOBODY, NULL},
        {"records that decide", {.dane = DANE_DECIDES}, TLS_PROVED, JUDGE_DANE, NULL},
        {"they still do after a handshake", {.dane = DANE_DECIDES, .handshake_failed = true}, TLS_PROVED, JUDGE_DANE, NULL},
        {"records of no use", {.dane = DANE_UNUSABLE}, TLS_ALWAYS, JUDGE_DANE, NULL},
        {"records that could not be had", {.dane = DANE_UNKNOWN}, TLS_ALWAYS, JUDGE_DANE, "450 4.7.5 DNS"},
        {"MTA-STS in earnest", {.sts = STS_ENFORCE, .sts_names = true}, TLS_PROVED, JUDGE_STS, NULL},
        {"a host that it does not name", {.sts = STS_ENFORCE}, TLS_PROVED, JUDGE_STS, "450 4.7.5 Their MTA-STS"},
        {"MTA-STS on trial", {.sts = STS_TESTING}, TLS_IF_OFFERED, JUDGE_STS, NULL},
        {"on trial, and the handshake failed", {.sts = STS_TESTING, .handshake_failed = true}, TLS_CLEAR, JUDGE_STS, NULL},
        {"DANE goes before MTA-STS", {.dane = DANE_DECIDES, .sts = STS_ENFORCE}, TLS_PROVED, JUDGE_DANE, NULL},
        {"and MTA-STS mends no lookup", {.dane = DANE_UNKNOWN, .sts = STS_ENFORCE, .sts_names = true}, TLS_ALWAYS, JUDGE_DANE, "450 4.7.5 DNS"},
        {"records of no use leave it to MTA-STS", {.dane = DANE_UNUSABLE, .sts = STS_ENFORCE, .sts_names = true}, TLS_PROVED, JUDGE_STS, NULL},
        {"REQUIRETLS on a proved way", {.require_tls = true, .proved_names = true}, TLS_PROVED, JUDGE_NOBODY, NULL},
        {"REQUIRETLS with MTA-STS", {.require_tls = true, .sts = STS_ENFORCE, .sts_names = true}, TLS_PROVED, JUDGE_STS, NULL},
        {"REQUIRETLS on anybody's word", {.require_tls = true}, TLS_PROVED, JUDGE_NOBODY, "550 5.7.10"},
        {"a policy on trial proves no way", {.require_tls = true, .sts = STS_TESTING, .sts_names = true}, TLS_PROVED, JUDGE_STS, "550 5.7.10"},
        {"TLS-Required: No before DANE", {.tls_optional = true, .dane = DANE_DECIDES}, TLS_IF_OFFERED, JUDGE_NOBODY, NULL},
        {"before failed lookups", {.tls_optional = true, .dane = DANE_UNKNOWN}, TLS_IF_OFFERED, JUDGE_NOBODY, NULL},
        {"before MTA-STS", {.tls_optional = true, .sts = STS_ENFORCE}, TLS_IF_OFFERED, JUDGE_NOBODY, NULL},
        {"then in clear, if it must be", {.tls_optional = true, .dane = DANE_DECIDES, .handshake_failed = true}, TLS_CLEAR, JUDGE_NOBODY, NULL},
        {"but REQUIRETLS wins", {.tls_optional = true, .require_tls = true, .dane = DANE_DECIDES, .proved_names = true}, TLS_PROVED, JUDGE_DANE, NULL},
        {"and so does a secret", {.tls_optional = true, .secret = true}, TLS_ALWAYS, JUDGE_NOBODY, NULL},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tls_orders orders = tls_decide(&rows[i].c);
        const char *barred = rows[i].barred;
        if (orders.demand != rows[i].demand || orders.judge != rows[i].judge ||
            orders.barred != (barred != NULL) ||
            (barred && !slice_starts(slice_of(orders.reason), slice_of(barred))))
            fail_msg("%s: demand %d, judge %d, \"%s\"", rows[i].name, (int)orders.demand,
                     (int)orders.judge, orders.reason);
        assert_int_equal(orders.by_dane,
                         rows[i].c.dane == DANE_DECIDES && rows[i].judge == JUDGE_DANE);
    }
}

static void test_result(void **state)
{
    static const struct {
        const char *name;
        struct tls_orders orders;
        bool names;
        struct tls_outcome outcome;
        enum tls_result result;
    } rows[] = {
  /* clang-format off */
        {"in clear by choice", {.demand = TLS_CLEAR}, false, {.heard = true, .offered = true}, TLS_UNSEEN},
        {"nobody spoke", {.demand = TLS_PROVED}, false, {.asked = true}, TLS_UNSEEN},
        {"not offered", {.demand = TLS_IF_OFFERED}, false, {.asked = true, .heard = true}, TLS_NOT_OFFERED},
        {"offered and then refused", {.demand = TLS_PROVED}, false, {.asked = true, .heard = true, .offered = true}, TLS_UNSEEN},
        {"any certificate", {.demand = TLS_IF_OFFERED}, false, {true, true, true, true, true, TRUST_EXPIRED}, TLS_GOOD},
        {"a broken handshake", {.demand = TLS_IF_OFFERED}, false, {true, true, true, true, false, TRUST_NO_CHAIN}, TLS_INVALID},
        {"one that broke behind the certificate", {.demand = TLS_PROVED}, false, {true, true, true, true, false, TRUST_PROVED}, TLS_INVALID},
        {"DANE, and it fits", {TLS_PROVED, JUDGE_DANE, true, false, false, ""}, false, {true, true, true, true, true, TRUST_PROVED}, TLS_GOOD},
        {"DANE, and it does not", {TLS_PROVED, JUDGE_DANE, true, false, false, ""}, false, {true, true, true, true, false, TRUST_NO_RECORD}, TLS_INVALID},
        {"DANE, below a trust anchor, expired", {TLS_PROVED, JUDGE_DANE, true, false, false, ""}, false, {true, true, true, true, false, TRUST_EXPIRED}, TLS_EXPIRED},
        {"records of no use", {TLS_ALWAYS, JUDGE_DANE, false, false, false, ""}, false, {true, true, true, true, true, TRUST_NO_CHAIN}, TLS_TLSA_INVALID},
        {"MTA-STS, another name", {TLS_PROVED, JUDGE_STS, false, false, false, ""}, true, {true, true, true, true, false, TRUST_OTHER_NAME}, TLS_OTHER_HOST},
        {"MTA-STS on trial, expired", {TLS_IF_OFFERED, JUDGE_STS, false, false, false, ""}, true, {true, true, true, true, true, TRUST_EXPIRED}, TLS_EXPIRED},
        {"on trial, a host it does not name", {TLS_IF_OFFERED, JUDGE_STS, false, false, false, ""}, false, {true, true, true, true, true, TRUST_PROVED}, TLS_INVALID},
        {"on trial, nobody vouches", {TLS_IF_OFFERED, JUDGE_STS, false, false, false, ""}, true, {true, true, true, true, true, TRUST_NO_CHAIN}, TLS_NOT_TRUSTED},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum tls_result result = tls_result_of(&rows[i].orders, rows[i].names, &rows[i].outcome);
        if (result != rows[i].result)
            fail_msg("%s: %s", rows[i].name, tls_result_name(result));
    }
}

/* ---- DANE ---- */
/* "3 1 1 ab*32": usage, selector, matching, and a byte so many times */
static void add_tlsa(struct dns_answer *answer, struct slice text)
{
    scoped_value(bytes) data = {0};
    int64_t number, times = 0;

    for (int i = 0; i < 3; i++) {
        assert_true(slice_to_number(slice_cut(&text, ' '), 255, &number));
        bytes_add_char(&data, (char)number);
    }
    assert_true(slice_to_number(slice_from(text, 2), 100, &times));
    for (int64_t i = 0; i < times; i++)
        bytes_add_char(&data, i ? '\x05' : text.at[0]);
    dns_answer_add(answer, bytes_slice(&data));
}

static void test_records(void **state)
{
    static const struct {
        const char *name;
        bool names_secure, addresses_secure, records_secure;
        const char *records; /* "?" no answer, "!" bogus, "-" none */
        enum dane_verdict verdict;
        size_t usable;
    } rows[] = {
  /* clang-format off */
        {"the common kind", true, true, true, "3 1 1 x*32", DANE_DECIDES, 1},
        {"two of them, for the next key", true, true, true, "3 1 1 x*32,3 1 1 y*32", DANE_DECIDES, 2},
        {"a trust anchor", true, true, true, "2 0 1 x*32", DANE_DECIDES, 1},
        {"SHA-512", true, true, true, "3 1 2 x*64", DANE_DECIDES, 1},
        {"a whole key", true, true, true, "3 1 0 0*7", DANE_DECIDES, 1},
        {"what is no key", true, true, true, "3 1 0 x*7", DANE_UNUSABLE, 0},
        {"authorities mean nothing here", true, true, true, "0 0 1 x*32,1 1 1 x*32", DANE_UNUSABLE, 0},
        {"one of use among others", true, true, true, "1 1 1 x*32,3 1 1 x*32", DANE_DECIDES, 1},
        {"a digest of a wrong length", true, true, true, "3 1 1 x*31", DANE_UNUSABLE, 0},
        {"an unknown selector", true, true, true, "3 2 1 x*32", DANE_UNUSABLE, 0},
        {"an unknown digest", true, true, true, "3 1 9 x*32", DANE_UNUSABLE, 0},
        {"records that nothing proves", true, true, false, "3 1 1 x*32", DANE_SILENT, 0},
        {"none", true, true, true, "-", DANE_SILENT, 0},
        {"none, and that is proved by nothing", true, true, false, "-", DANE_SILENT, 0},
        {"no answer", true, true, true, "?", DANE_UNKNOWN, 0},
        {"a false answer", true, true, true, "!", DANE_UNKNOWN, 0},
        {"hosts that nothing proves: not asked", false, true, true, NULL, DANE_SILENT, 0},
        {"addresses that nothing proves: not asked", true, false, true, NULL, DANE_SILENT, 0},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct mx_choice choice = {.count = 1, .secure = rows[i].names_secure};
        struct dns_lookup *lookup = dns_lookup_new();
        struct dane dane;
        choice.hosts[0] = (struct mx_host){.name = "mx.a.test", .secure = rows[i].addresses_secure};
        dane_ask(&choice, 25, lookup);
        if (lookup->count != (rows[i].records != NULL))
            fail_msg("%s: %zu questions", rows[i].name, lookup->count);
        if (rows[i].records) {
            struct dns_answer *answer = &lookup->answers[0];
            struct slice rest = slice_of(rows[i].records);
            assert_text(lookup->questions[0].name, "_25._tcp.mx.a.test");
            answer->secure = rows[i].records_secure;
            answer->outcome = rest.at[0] == '?'   ? DNS_FAILED
                              : rest.at[0] == '!' ? DNS_BOGUS
                              : rest.at[0] == '-' ? DNS_NO_DATA
                                                  : DNS_ANSWER;
            while (answer->outcome == DNS_ANSWER && rest.at)
                add_tlsa(answer, slice_cut(&rest, ','));
        }
        dane_read(&choice.hosts[0], 25, lookup, &dane);
        if (dane.verdict != rows[i].verdict || dane.count != rows[i].usable)
            fail_msg("%s: verdict %d, %zu usable", rows[i].name, (int)dane.verdict, dane.count);
        dane_clear(&dane);
        errand_free(&lookup->errand);
    }
}

/* RFC 7672 2.2.2: first under the name behind the alias, then under the alias. */
static void test_aliases(void **state)
{
    struct mx_choice choice = {.count = 1, .secure = true, .canonical = "b.test"};
    struct dns_lookup *lookup = dns_lookup_new();
    struct dial *dial = dial_new("mx.a.test", 25, &(struct session_kind){.name = "t"}, NULL);
    scoped_value(bytes) text = {0};
    struct dane dane;

    (void)state;
    choice.hosts[0] =
        (struct mx_host){.name = "mx.a.test", .secure = true, .canonical = "real.test"};
    dane_ask(&choice, 25, lookup);
    assert_int_equal(lookup->count, 2);
    assert_text(lookup->questions[0].name, "_25._tcp.real.test");
    lookup->answers[0].outcome = DNS_NO_NAME;
    lookup->answers[1] = (struct dns_answer){.outcome = DNS_ANSWER, .secure = true};
    add_tlsa(&lookup->answers[1], SLICE("3 1 1 A*32"));
    dane_read(&choice.hosts[0], 25, lookup, &dane);
    assert_int_equal(dane.verdict, DANE_DECIDES);
    assert_text(dane.base, "mx.a.test");
    dane_apply(&dane, "a.test", &choice, dial);
    assert_int_equal(dial->name_count, 3);
    assert_text(dial->names[0], "mx.a.test");
    assert_text(dial->names[1], "a.test");
    assert_text(dial->names[2], "b.test");
    assert_int_equal(dial->tlsa_count, 1);
    dane_print(&dane, 25, &text);
    assert_true(slice_starts(bytes_slice(&text), SLICE("_25._tcp.mx.a.test. IN TLSA 3 1 1 4105")));
    dane_clear(&dane);

    lookup->answers[0].outcome = DNS_FAILED; /* and nobody looks further */
    dane_read(&choice.hosts[0], 25, lookup, &dane);
    assert_int_equal(dane.verdict, DANE_UNKNOWN);
    dane_clear(&dane);
    errand_free(&dial->errand);
    errand_free(&lookup->errand);
}

static void test_ledger(void **state)
{
    struct ledger *ledger = must_new(struct ledger), *taken = must_new(struct ledger);
    struct tls_sight seen = {"a.test", JUDGE_DANE, TLS_INVALID, "mx.a.test", "192.0.2.1", "text"};

    (void)state;
    ledger_note(ledger, &seen);
    ledger_note(ledger, &seen);
    seen.result = TLS_GOOD;
    ledger_note(ledger, &seen);
    assert_int_equal(ledger->count, 2);
    assert_int_equal(ledger->rows[0].count, 2);
    for (int i = 0; i < LEDGER_ROWS_MAX; i++) {
        scoped_text char *host = must_print("mx%d.a.test", i);
        seen.host = host;
        ledger_note(ledger, &seen);
    }
    assert_int_equal(ledger->count, LEDGER_ROWS_MAX);
    ledger_take(ledger, taken);
    assert_int_equal(ledger->count, 0);
    assert_int_equal(taken->count, LEDGER_ROWS_MAX);
    ledger_clear(taken);
    free(taken);
    free(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decision), cmocka_unit_test(test_result),
        cmocka_unit_test(test_records),  cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_ledger),
    };
    return cmocka_run_group_tests_name("smtp tls", tests, NULL, NULL);
}
