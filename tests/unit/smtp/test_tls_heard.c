/* Reports of TLS as others write them (RFC 8460 4): what is kept of them. */
#include "test.h"

#include "clock.h"
#include "memory.h"
#include "tls_heard.h"
#include "tls_report.h"

#define TIMES                                                                                      \
    "\"date-range\":{\"start-datetime\":\"2016-04-01T00:00:00Z\",\"end-datetime\":\"2016-04-"      \
    "01T23:59:59Z\"}"
#define POLICY(domain) "\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":\"" domain "\"}"
#define SUMMARY(good, bad)                                                                         \
    "\"summary\":{\"total-successful-session-count\":" good                                        \
    ",\"total-failure-session-count\":" bad "}"
#define REPORT(policies) "{" TIMES ",\"policies\":[" policies "]}"

/* RFC 8460 B, as it stands there. */
static const char example[] =
    "{\"organization-name\": \"Company-X\", \"date-range\": {\"start-datetime\": "
    "\"2016-04-01T00:00:00Z\","
    " \"end-datetime\": \"2016-04-01T23:59:59Z\"}, \"contact-info\": "
    "\"sts-reporting@company-x.example\","
    " \"report-id\": \"5065427c-23d3-47ca-b6e0-946ea0e8c4be\", \"policies\": [{\"policy\": "
    "{\"policy-type\": \"sts\","
    " \"policy-string\": [\"version: STSv1\",\"mode: testing\", \"mx: "
    "*.mail.company-y.example\",\"max_age: 86400\"],"
    " \"policy-domain\": \"company-y.example\", \"mx-host\": [\"*.mail.company-y.example\"]},"
    " \"summary\": {\"total-successful-session-count\": 5326, \"total-failure-session-count\": "
    "303},"
    " \"failure-details\": [{\"result-type\": \"certificate-expired\", \"sending-mta-ip\": "
    "\"2001:db8:abcd:0012::1\","
    " \"receiving-mx-hostname\": \"mx1.mail.company-y.example\", \"failed-session-count\": 100},"
    " {\"result-type\": \"starttls-not-supported\", \"sending-mta-ip\": \"2001:db8:abcd:0013::1\","
    " \"receiving-mx-hostname\": \"mx2.mail.company-y.example\", \"receiving-ip\": "
    "\"203.0.113.56\","
    " \"failed-session-count\": 200, \"additional-information\": "
    "\"https://reports.company-x.example/\"},"
    " {\"result-type\": \"validation-failure\", \"sending-mta-ip\": \"198.51.100.62\","
    " \"receiving-ip\": \"203.0.113.58\", \"receiving-mx-hostname\": "
    "\"mx-backup.mail.company-y.example\","
    " \"failed-session-count\": 3, \"failure-reason-code\": "
    "\"X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED\"}]}]}";

static const struct {
    const char *name, *json;
    bool ok;
    const char *domain;
    int64_t good, bad;
    const char *trouble;
} rows[] = {
  /* clang-format off */
    {"the example of the standard", example, true, "company-y.example", 5326, 303, "starttls-not-supported"},
    {"all went well", REPORT("{" POLICY("A.Test") "," SUMMARY("7", "0") "}"), true, "a.test", 7, 0, ""},
    {"two policies are one domain's", REPORT("{" POLICY("a.test") "," SUMMARY("7", "0") "},{" POLICY("a.test") "," SUMMARY("1", "2") "}"),
        true, "a.test", 8, 2, ""},
    {"what failed in words of their own", REPORT("{" POLICY("a.test") "," SUMMARY("0", "2") ",\"failure-details\":[{\"result-type\":\"bad\\n\","
        "\"failed-session-count\":2}]}"), true, "a.test", 0, 2, ""},
    {"counts that are none", REPORT("{" POLICY("a.test") "," SUMMARY("-7", "\"many\"") "}"), true, "a.test", 0, 0, ""},
    {"counts beyond measure", REPORT("{" POLICY("a.test") "," SUMMARY("9223372036854775807", "1") "}"), true, "a.test", TLS_HEARD_COUNT_MAX, 1, ""},
    {"two domains", REPORT("{" POLICY("a.test") "},{" POLICY("b.test") "}"), false, "", 0, 0, ""},
    {"no domain", REPORT("{}"), false, "", 0, 0, ""},
    {"what is no domain", REPORT("{" POLICY("a b") "}"), false, "", 0, 0, ""},
    {"no policy", REPORT(""), false, "", 0, 0, ""},
    {"no day", "{\"policies\":[{" POLICY("a.test") "}]}", false, "", 0, 0, ""},
    {"of another kind", "[1, 2]", false, "", 0, 0, ""},
    {"said twice", "{\"policies\":[],\"policies\":[]}", false, "", 0, 0, ""},
    {"cut", "{\"policies\":[", false, "", 0, 0, ""},
    {"nothing", "", false, "", 0, 0, ""},
  /* clang-format on */
};

static void reports_of_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tls_heard heard;
        struct err err;
        if (tls_heard_read(slice_of(rows[i].json), &heard, &err) != rows[i].ok)
            fail_msg("%s: %s", rows[i].name, rows[i].ok ? err.cause : "was read");
        if (!rows[i].ok) {
            assert_int_equal(err.kind, ERR_MALFORMED);
            continue;
        }
        if (strcmp(heard.domain, rows[i].domain) != 0 || heard.good != rows[i].good ||
            heard.bad != rows[i].bad || strcmp(heard.trouble, rows[i].trouble) != 0)
            fail_msg("%s: %s %lld %lld %s", rows[i].name, heard.domain, (long long)heard.good,
                     (long long)heard.bad, heard.trouble);
        assert_int_equal(heard.day, 16892);
    }
}

static void ours_can_be_read(void **state)
{
    struct ledger_row counts[] = {
        {.seen = {"a.test", JUDGE_DANE, TLS_GOOD, "mx.a.test", "192.0.2.1", ""},   .count = 5},
        {.seen = {"a.test", JUDGE_STS, TLS_EXPIRED, "mx.a.test", "192.0.2.1", ""}, .count = 2},
    };
    struct tls_report report = {
        .domain = "a.test", .submitter = "b.test", .address = "", .day = 20000};
    scoped_value(bytes) json = {0};
    struct tls_heard heard;
    struct err err;

    (void)state;
    tls_report_name(&report);
    tls_report_write(&report, counts, COUNT_OF(counts), &json);
    assert_true(tls_heard_read(bytes_slice(&json), &heard, &err));
    assert_int_equal(heard.day, 20000);
    assert_int_equal(heard.good, 5);
    assert_int_equal(heard.bad, 2);
    assert_string_equal(heard.trouble, "certificate-expired");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_of_others),
        cmocka_unit_test(ours_can_be_read),
    };
    return cmocka_run_group_tests_name("tls heard", tests, NULL, NULL);
}
