/* TLS reports: who wants one, and what it says. */
#include "test.h"

#include "memory.h"
#include "tls_report.h"

#include <stdio.h>

static void add_txt(struct dns_answer *answer, const char *text)
{
    scoped_value(bytes) data = {0};

    bytes_add_char(&data, (char)strlen(text));
    bytes_add_text(&data, text);
    dns_answer_add(answer, bytes_slice(&data));
}

static void join(char *const *texts, size_t count, struct bytes *out)
{
    for (size_t i = 0; i < count; i++)
        bytes_print(out, "%s%s", out->len ? " " : "", texts[i]);
}

static void test_targets(void **state)
{
    static const struct {
        const char *name, *record, *targets; /* NULL: nobody wants one */
    } rows[] = {
  /* clang-format off */
        {"by mail", "v=TLSRPTv1; rua=mailto:reports@example.com", "reports@example.com"},
        {"by HTTPS", "v=TLSRPTv1;rua=https://reporting.example.com/v1/tlsrpt", "https://reporting.example.com/v1/tlsrpt"},
        {"both, and space around", "v=TLSRPTv1; rua = mailto:a@b.test , https://b.test/r ;", "a@b.test https://b.test/r"},
        {"an escaped address", "v=TLSRPTv1; rua=mailto:tls%2Dreports@b.test", "tls-reports@b.test"},
        {"a subject is not heeded", "v=TLSRPTv1; rua=mailto:a@b.test?subject=x", "a@b.test"},
        {"four at most", "v=TLSRPTv1; rua=mailto:a@b.test,mailto:c@b.test,mailto:d@b.test,mailto:e@b.test,mailto:f@b.test", "a@b.test c@b.test d@b.test e@b.test"},
        {"what is not understood is left out", "v=TLSRPTv1; rua=ftp://b.test/,mailto:a@b.test", "a@b.test"},
        {"not in clear", "v=TLSRPTv1; rua=http://b.test/r", NULL},
        {"no second recipient", "v=TLSRPTv1; rua=mailto:a@b.test%2Cc@b.test", NULL},
        {"no command", "v=TLSRPTv1; rua=mailto:a@b.test%0D%0ADATA", NULL},
        {"no host", "v=TLSRPTv1; rua=mailto:a@b", NULL},
        {"nobody", "v=TLSRPTv1;", NULL},
        {"another version", "v=TLSRPTv2; rua=mailto:a@b.test", NULL},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_answer answer = {.outcome = DNS_ANSWER};
        scoped_value(report_targets) targets;
        scoped_value(bytes) all = {0};
        add_txt(&answer, rows[i].record);
        bool wanted = report_targets_read(&answer, &targets);
        join(targets.mails, targets.mail_count, &all);
        join(targets.urls, targets.url_count, &all);
        if (wanted != (rows[i].targets != NULL) ||
            (wanted && !slice_is(bytes_slice(&all), rows[i].targets)))
            fail_msg("%s: %d \"%s\"", rows[i].name, wanted, all.at);
        dns_answer_clear(&answer);
    }
}

static void test_text(void **state)
{
    static const char dane[] = "_25._tcp.mx.far.test. IN TLSA 3 1 1 ab";
    static const char sts[] = "version: STSv1\nmode: enforce\nmx: *.far.test\nmax_age: 5";
    const struct ledger_row rows[] = {
        {.seen = {"far.test", JUDGE_DANE, TLS_GOOD, "mx.far.test", "192.0.2.1", dane},    .count = 4},
        {.seen = {"far.test", JUDGE_DANE, TLS_INVALID, "mx.far.test", "192.0.2.1", dane},
         .count = 2                                                                                 },
        {.seen = {"far.test", JUDGE_STS, TLS_STS_UNFETCHED, "", "", sts},                 .count = 1},
    };
    struct tls_report report = {
        .domain = "far.test", .submitter = "home.test", .address = "192.0.2.9", .day = 20779};
    scoped_value(bytes) text = {0};

    (void)state;
    tls_report_name(&report);
    tls_report_write(&report, rows, COUNT_OF(rows), &text);
    assert_text(
        text.at,
        "{\"organization-name\":\"home.test\",\"date-range\":{\"start-datetime\":"
        "\"2026-11-22T00:00:00Z\",\"end-datetime\":\"2026-11-22T23:59:59Z\"},"
        "\"contact-info\":\"postmaster@home.test\",\"report-id\":\"20779.far.test\",\"policies\":["
        "{\"policy\":{\"policy-type\":\"tlsa\",\"policy-string\":["
        "\"_25._tcp.mx.far.test. IN TLSA 3 1 1 ab\"],\"policy-domain\":\"far.test\"},"
        "\"summary\":{\"total-successful-session-count\":4,\"total-failure-session-count\":2},"
        "\"failure-details\":[{\"result-type\":\"validation-failure\","
        "\"sending-mta-ip\":\"192.0.2.9\",\"receiving-mx-hostname\":\"mx.far.test\","
        "\"receiving-ip\":\"192.0.2.1\",\"failed-session-count\":2}]},"
        "{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":[\"version: STSv1\","
        "\"mode: enforce\",\"mx: *.far.test\",\"max_age: 5\"],\"policy-domain\":\"far.test\","
        "\"mx-host\":[\"*.far.test\"]},"
        "\"summary\":{\"total-successful-session-count\":0,\"total-failure-session-count\":1},"
        "\"failure-details\":[{\"result-type\":\"sts-policy-fetch-error\","
        "\"sending-mta-ip\":\"192.0.2.9\",\"failed-session-count\":1}]}]}");
    scoped_text char *file = tls_report_file(&report);
    assert_text(file, "home.test!far.test!1795305600!1795391999.json.gz");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests_name("smtp tls report", tests, NULL, NULL);
}
