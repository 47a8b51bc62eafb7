/* Counting for vitals.h. */
#include "vitals.h"

#include "clock.h"
#include "memory.h"
#include "store_claim.h"
#include "store_delivery.h"
#include "store_people.h"
#include "store_transport.h"

#include <stdio.h>

void vitals_clear(struct vitals *vitals)
{
    for (size_t i = 0; i < vitals->domain_count; i++)
        free(vitals->domains[i].domain);
    free(vitals->domains);
    *vitals = (struct vitals){0};
}

static struct domain_census *census_of(struct vitals *vitals, const char *domain)
{
    for (size_t i = 0; i < vitals->domain_count; i++)
        if (strcmp(vitals->domains[i].domain, domain) == 0)
            return &vitals->domains[i];
    must_make_room(vitals->domains, vitals->domain_count, vitals->domain_capacity);
    vitals->domains[vitals->domain_count] = (struct domain_census){.domain = must_dup(domain)};
    return &vitals->domains[vitals->domain_count++];
}

static bool count_one(void *ctx, const struct account *account)
{
    struct vitals *vitals = ctx;
    bool active = account->state == ACCOUNT_ACTIVE, asleep = account->state == ACCOUNT_ASLEEP;

    if (!active && !asleep)
        return true;
    struct domain_census *census = census_of(vitals, account->domain);
    census->active += active;
    census->asleep += asleep;
    vitals->accounts += active;
    vitals->asleep += asleep;
    return true;
}

/* What a word of RFC 8460 means for whoever runs the host that was reached. */
static const char *meaning_of(const char *trouble)
{
    static const struct {
        const char *trouble, *meaning;
    } meanings[] = {
        {"starttls-not-supported",    "they were not offered STARTTLS"                      },
        {"certificate-host-mismatch", "the certificate is not for the name of the mail host"},
        {"certificate-expired",       "the certificate has expired"                         },
        {"certificate-not-trusted",   "the certificate is of nobody they trust"             },
        {"validation-failure",        "TLS could not be proved right"                       },
        {"tlsa-invalid",              "no TLSA record can be used"                          },
        {"dnssec-invalid",            "DNSSEC says that answers of our DNS are false"       },
        {"sts-policy-fetch-error",    "the policy of MTA-STS could not be fetched"          },
        {"sts-policy-invalid",        "the policy of MTA-STS makes no sense"                },
        {"sts-webpki-invalid",        "the certificate of the host mta-sts is wrong"        },
    };

    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (strcmp(trouble, meanings[i].trouble) == 0)
            return meanings[i].meaning;
    return "they do not say why";
}

static bool add_told(void *ctx, const struct tls_heard_row *row)
{
    struct told_of_tls *told = ctx;
    char date[DATE_TEXT_SIZE];
    long long bad = row->bad, all = row->good + row->bad;

    told->reports++;
    told->good += row->good;
    told->bad += row->bad;
    if (row->bad == 0 || told->worst[0])
        return true;
    date_rfc3339(row->day * DAY_MS, date);
    snprintf(told->trouble, sizeof told->trouble, "%s", row->trouble);
    snprintf(told->worst, sizeof told->worst,
             "%s could not use TLS %lld of %lld times on %.10s: %s", row->reporter, bad, all, date,
             meaning_of(row->trouble));
    return true;
}

bool vitals_take(const struct house *house, struct vitals *out, struct err *err)
{
    int64_t today = clock_now(&system_clock) / DAY_MS;
    scoped_value(vitals) vitals = {0};
    scoped(store_view) view = store_look(house->store, err);

    for (size_t i = 0; i < house->config->domain_count; i++)
        census_of(&vitals, house->config->domains[i]);
    if (!view || !store_accounts(view, count_one, &vitals, err) ||
        !store_claim_count_unpaid(view, &vitals.unpaid, err) ||
        !store_queue_count(view, &vitals.waiting, err) ||
        !store_count_forms(view, vitals.forms, err) ||
        !store_tls_heard(view, today - TOLD_DAYS, add_told, &vitals.told, err))
        return false;
    *out = vitals;
    vitals = (struct vitals){0};
    return true;
}
