/*
 * Numbers as Prometheus reads them: the text format 0.0.4.  Of every metric what it is, its type, then its samples.
 *
 * The values of labels are words of ours and names of hosts, in which nothing is to be escaped.
 */
#include "clock.h"
#include "pgp.h"
#include "vitals.h"

static void begin(struct bytes *out, const char *name, const char *help)
{
    bytes_print(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void add_one(struct bytes *out, const char *name, const char *help, int64_t value)
{
    begin(out, name, help);
    bytes_print(out, "%s %lld\n", name, (long long)value);
}

static void add_labelled(struct bytes *out, const char *name, const char *label, const char *word,
                         int64_t value)
{
    bytes_print(out, "%s{%s=\"%s\"} %lld\n", name, label, word, (long long)value);
}

static void add_time(struct bytes *out, const char *name, const char *help, int64_t ms)
{
    begin(out, name, help);
    bytes_print(out, "%s %lld.%03lld\n", name, (long long)(ms / SECOND_MS),
                (long long)(ms % SECOND_MS));
}

static void add_accounts(struct bytes *out, const struct vitals *vitals)
{
    const char *name = "nestbox_accounts";

    begin(out, name, "Accounts of a domain, by state.");
    for (size_t i = 0; i < vitals->domain_count; i++) {
        const struct domain_census *census = &vitals->domains[i];
        bytes_print(out, "%s{domain=\"%s\",state=\"active\"} %lld\n", name, census->domain,
                    (long long)census->active);
        bytes_print(out, "%s{domain=\"%s\",state=\"asleep\"} %lld\n", name, census->domain,
                    (long long)census->asleep);
    }
}

static void add_mail(struct bytes *out, const int64_t forms[COPY_FORMS])
{
    static const struct {
        const char *word;
        int form;
    } words[] = {
        {"sealed",         PGP_SEALED         },
        {"came_encrypted", PGP_WAS_ENCRYPTED  },
        {"server_key",     PGP_SERVER_KEY     },
        {"clear",          PGP_CLEAR_BY_CHOICE},
    };
    const char *name = "nestbox_mail_copies";

    begin(out, name, "Mails that rest in mailboxes, by the form in which they do.");
    for (size_t i = 0; i < COUNT_OF(words); i++)
        add_labelled(out, name, "form", words[i].word, forms[words[i].form]);
}

static void add_told(struct bytes *out, const struct told_of_tls *told)
{
    const char *name = "nestbox_tls_reported_sessions";

    add_one(out, "nestbox_tls_reports", "Reports of TLS on the way to us, of the last 7 days.",
            told->reports);
    begin(out, name, "Connections to us that these reports count, by how TLS went.");
    add_labelled(out, name, "result", "good", told->good);
    add_labelled(out, name, "result", "failed", told->bad);
}

static void add_certificate(struct bytes *out, const struct certificate_told *certificate)
{
    if (certificate->until_ms) {
        add_time(out, "nestbox_certificate_expiry_timestamp_seconds",
                 "When the certificate ends, in seconds since 1970.", certificate->until_ms);
        add_one(out, "nestbox_certificate_self_signed",
                "1 while the certificate is our own, which others do not trust.",
                certificate->self_signed);
    }
    if (certificate->fetched)
        add_one(out, "nestbox_certificate_renewal_failing",
                "1 while the last try to have a certificate from the authority failed.",
                certificate->failing);
}

void vitals_write(const struct vitals *vitals, const struct certificate_told *certificate,
                  int64_t started_ms, struct bytes *out)
{
    begin(out, "nestbox_build_info", "Always 1; the version stands in the label.");
    bytes_print(out, "nestbox_build_info{version=\"%s\"} 1\n", NESTBOX_VERSION);
    add_time(out, "process_start_time_seconds",
             "When the server was started, in seconds since 1970.", started_ms);
    add_accounts(out, vitals);
    add_one(out, "nestbox_deliveries_waiting",
            "Deliveries to mail servers and inboxes that are not done.", vitals->waiting);
    add_mail(out, vitals->forms);
    add_told(out, &vitals->told);
    add_certificate(out, certificate);
}
