/*
 * vitals — how the server is, in numbers: what `nestbox status` and /metrics tell.
 *
 * Counts and our own domains; nobody's name.  A look at every account and every copy of a mail, so not for a QUICK worker.
 */
#ifndef NESTBOX_MAIN_VITALS_H
#define NESTBOX_MAIN_VITALS_H

#include "command.h"
#include "store_mailbox.h"

enum { TOLD_DAYS = 7 };

struct domain_census {
    char *domain;
    int64_t active, asleep;
};
struct
    told_of_tls { /* what other servers told of TLS on the way to us, in the last TOLD_DAYS days */
    int64_t reports, good, bad;
    char worst[600]; /* the newest of which something failed, as a sentence; "" */
    char trouble[32];
};
struct certificate_told {
    int64_t until_ms; /* 0: it cannot be read */
    bool self_signed;
    bool fetched; /* from an authority, by ourselves */
    bool failing; /* the last try to fetch or renew it failed */
};
struct vitals { /* owns the names */
    struct domain_census *domains;
    size_t domain_count, domain_capacity;
    int64_t accounts, asleep; /* of all domains */
    int64_t unpaid;           /* addresses that wait to be paid for */
    int64_t waiting;          /* deliveries */
    int64_t forms[COPY_FORMS];
    struct told_of_tls told;
};
void vitals_clear(struct vitals *vitals);
SCOPED_VALUE(vitals, vitals_clear)
MUST_CHECK bool vitals_take(const struct house *house, struct vitals *out, struct err *err);

/* As the text format 0.0.4 of Prometheus; docs/metrics.md lists the names. */
void vitals_write(const struct vitals *vitals, const struct certificate_told *certificate,
                  int64_t started_ms, struct bytes *out);

#endif
