/*
 * What strangers publish about TLS on the way to them.  The first byte chooses the reader:
 *
 *     S, R  a TXT record each for 0xff: the announcement of MTA-STS; who wants TLS reports
 *     P     a policy of MTA-STS
 *     D     TLSA records, 0xff between them
 *
 * Beyond not crashing: what was read is bounded and printable, and reads the same when it is written again.
 */
#include "memory.h"
#include "out_dane.h"
#include "out_sts.h"
#include "tls_report.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plain(const char *text)
{
    for (const char *c = text; *c; c++)
        assert(*c > ' ' && *c < 0x7f);
}

/* Each as one RDATA of strings of 255 bytes at most. */
static struct dns_answer texts_of(struct slice rest)
{
    struct dns_answer answer = {.outcome = DNS_ANSWER};

    while (rest.at) {
        struct slice text = slice_cut(&rest, '\xff');
        scoped_value(bytes) data = {0};
        while (text.len > 0) {
            struct slice part = slice_first(text, 255);
            bytes_add_char(&data, (char)part.len);
            bytes_add(&data, part);
            text = slice_from(text, part.len);
        }
        dns_answer_add(&answer, bytes_slice(&data));
    }
    return answer;
}

static void read_announcement(struct slice text)
{
    struct dns_answer answer = texts_of(text);
    char id[STS_ID_MAX + 1] = "";

    if (sts_record_read(&answer, id)) {
        assert(id[0]);
        check_plain(id);
    }
    dns_answer_clear(&answer);
}

static void read_targets(struct slice text)
{
    struct dns_answer answer = texts_of(text);
    scoped_value(report_targets) targets;

    if (report_targets_read(&answer, &targets))
        assert(targets.mail_count + targets.url_count > 0);
    assert(targets.mail_count + targets.url_count <= REPORT_TARGETS_MAX);
    for (size_t i = 0; i < targets.mail_count; i++) {
        check_plain(targets.mails[i]);
        assert(strchr(targets.mails[i], '@') == strrchr(targets.mails[i], '@'));
    }
    for (size_t i = 0; i < targets.url_count; i++)
        assert(slice_starts_nocase(slice_of(targets.urls[i]), "https://"));
    dns_answer_clear(&answer);
}

/* A report quotes what they published. */
static void write_report(const char *policy)
{
    const struct ledger_row rows[] = {
        {.seen = {"a.test", JUDGE_DANE, TLS_GOOD, "mx.a.test", "192.0.2.1", policy},   .count = 1},
        {.seen = {"a.test", JUDGE_STS, TLS_EXPIRED, "mx.a.test", "192.0.2.1", policy}, .count = 2},
        {.seen = {"a.test", JUDGE_STS, TLS_STS_INVALID, "", "", policy},               .count = 3},
    };
    struct tls_report report = {.domain = "a.test", .submitter = "b.test", .address = "192.0.2.9"};
    scoped_value(bytes) json = {0};

    tls_report_name(&report);
    tls_report_write(&report, rows, COUNT_OF(rows), &json);
    scoped_text char *file = tls_report_file(&report);
    assert(file[0] && json.at[0] == '{' && json.at[json.len - 1] == '}');
}

static void read_policy(struct slice text)
{
    scoped_value(sts_policy) policy = {0};
    scoped_value(sts_policy) again = {0};
    scoped_value(bytes) written = {0};

    if (!sts_policy_read(text, &policy))
        return;
    assert(policy.max_age_s >= 0 && policy.max_age_s <= STS_AGE_MAX_S);
    assert(policy.mode == STS_NONE || policy.patterns[0]);
    sts_policy_print(&policy, &written);
    write_report(written.at);
    assert(sts_policy_read(bytes_slice(&written), &again));
    assert(again.mode == policy.mode && again.max_age_s == policy.max_age_s);
    assert(strcmp(again.patterns, policy.patterns) == 0);
    struct slice rest = slice_of(policy.patterns);
    scoped_text char *first = must_copy(slice_cut(&rest, ' '));
    if (first[0] && first[0] != '*')
        assert(sts_policy_names(&policy, first));
    sts_policy_names(&policy, "x.mail.example.com");
}

static void read_records(struct slice rest)
{
    struct mx_choice choice = {.count = 1, .secure = true};
    struct dns_lookup *lookup = dns_lookup_new();
    struct dial *dial = dial_new("mx.a.test", 25, &(struct session_kind){.name = "fuzz"}, NULL);
    scoped_value(bytes) text = {0};
    struct dane dane;

    choice.hosts[0] = (struct mx_host){.name = "mx.a.test", .secure = true};
    dane_ask(&choice, 25, lookup);
    lookup->answers[0] = (struct dns_answer){.outcome = DNS_ANSWER, .secure = true};
    while (rest.at)
        dns_answer_add(&lookup->answers[0], slice_cut(&rest, '\xff'));
    dane_read(&choice.hosts[0], 25, lookup, &dane);
    assert(dane.verdict == DANE_DECIDES || dane.verdict == DANE_UNUSABLE);
    assert((dane.count > 0) == (dane.verdict == DANE_DECIDES) && dane.count <= DIAL_TLSA_MAX);
    dane_apply(&dane, "a.test", &choice, dial);
    assert(dial->tlsa_count == dane.count);
    dane_print(&dane, 25, &text);
    dane_clear(&dane);
    errand_free(&dial->errand);
    errand_free(&lookup->errand);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct slice rest = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case 'S': read_announcement(rest); break;
    case 'R': read_targets(rest); break;
    case 'P': read_policy(rest); break;
    case 'D': read_records(rest); break;
    default: break;
    }
    return 0;
}
