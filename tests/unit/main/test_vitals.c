/* The whole of /metrics, as docs/metrics.md lists it. */
#include "test.h"

#include "memory.h"
#include "pgp.h"
#include "vitals.h"

static const char whole[] =
    "# HELP nestbox_build_info Always 1; the version stands in the label.\n"
    "# TYPE nestbox_build_info gauge\n"
    "nestbox_build_info{version=\"" NESTBOX_VERSION "\"} 1\n"
    "# HELP process_start_time_seconds When the server was started, in seconds since 1970.\n"
    "# TYPE process_start_time_seconds gauge\n"
    "process_start_time_seconds 1778918400.007\n"
    "# HELP nestbox_accounts Accounts of a domain, by state.\n"
    "# TYPE nestbox_accounts gauge\n"
    "nestbox_accounts{domain=\"example.org\",state=\"active\"} 3\n"
    "nestbox_accounts{domain=\"example.org\",state=\"asleep\"} 1\n"
    "nestbox_accounts{domain=\"empty.example\",state=\"active\"} 0\n"
    "nestbox_accounts{domain=\"empty.example\",state=\"asleep\"} 0\n"
    "# HELP nestbox_deliveries_waiting Deliveries to mail servers and inboxes that are not done.\n"
    "# TYPE nestbox_deliveries_waiting gauge\n"
    "nestbox_deliveries_waiting 12\n"
    "# HELP nestbox_mail_copies Mails that rest in mailboxes, by the form in which they do.\n"
    "# TYPE nestbox_mail_copies gauge\n"
    "nestbox_mail_copies{form=\"sealed\"} 5000000000\n"
    "nestbox_mail_copies{form=\"came_encrypted\"} 2\n"
    "nestbox_mail_copies{form=\"server_key\"} 3\n"
    "nestbox_mail_copies{form=\"clear\"} 4\n"
    "# HELP nestbox_tls_reports Reports of TLS on the way to us, of the last 7 days.\n"
    "# TYPE nestbox_tls_reports gauge\n"
    "nestbox_tls_reports 2\n"
    "# HELP nestbox_tls_reported_sessions Connections to us that these reports count, by how TLS "
    "went.\n"
    "# TYPE nestbox_tls_reported_sessions gauge\n"
    "nestbox_tls_reported_sessions{result=\"good\"} 90\n"
    "nestbox_tls_reported_sessions{result=\"failed\"} 1\n";

static const char of_the_certificate[] =
    "# HELP nestbox_certificate_expiry_timestamp_seconds When the certificate ends, in seconds "
    "since 1970.\n"
    "# TYPE nestbox_certificate_expiry_timestamp_seconds gauge\n"
    "nestbox_certificate_expiry_timestamp_seconds 1786694400.000\n"
    "# HELP nestbox_certificate_self_signed 1 while the certificate is our own, which others do "
    "not trust.\n"
    "# TYPE nestbox_certificate_self_signed gauge\n"
    "nestbox_certificate_self_signed 0\n"
    "# HELP nestbox_certificate_renewal_failing 1 while the last try to have a certificate from "
    "the authority failed.\n"
    "# TYPE nestbox_certificate_renewal_failing gauge\n"
    "nestbox_certificate_renewal_failing 1\n";

static void check(const struct certificate_told *certificate, const char *expected)
{
    char example[] = "example.org", empty[] = "empty.example";
    struct domain_census domains[] = {
        {example, 3, 1},
        {empty,   0, 0},
    };
    const struct vitals vitals = {
        .domains = domains,
        .domain_count = COUNT_OF(domains),
        .waiting = 12,
        .forms = {[PGP_SEALED] = 5000000000,
                  [PGP_WAS_ENCRYPTED] = 2,
                  [PGP_SERVER_KEY] = 3,
                  [PGP_CLEAR_BY_CHOICE] = 4                                                           },
        .told = { 2,                       90, 1, "mail.example could not use TLS", "validation-failure"},
    };
    scoped_value(bytes) out = {0};

    vitals_write(&vitals, certificate, 1778918400007, &out);
    assert_text(out.at, expected);
}

static void every_number_has_its_name(void **state)
{
    const struct certificate_told renewed = {
        .until_ms = 1786694400000, .fetched = true, .failing = true};
    scoped_text char *all = must_print("%s%s", whole, of_the_certificate);

    (void)state;
    check(&renewed, all);
}

static void what_is_not_known_is_left_out(void **state)
{
    const struct certificate_told unreadable = {0};

    (void)state;
    check(&unreadable, whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_has_its_name),
        cmocka_unit_test(what_is_not_known_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
