/*
 * tls_report — what a TLS report says, and who wants one (RFC 8460).  Pure.
 */
#ifndef NESTBOX_SMTP_TLS_REPORT_H
#define NESTBOX_SMTP_TLS_REPORT_H

#include "dns.h"
#include "out_ledger.h"

enum { REPORT_TARGETS_MAX = 4 };
struct report_targets { /* of one domain */
    char *mails[REPORT_TARGETS_MAX];
    size_t mail_count;
    char *urls[REPORT_TARGETS_MAX]; /* https alone */
    size_t url_count;
};
void report_targets_clear(struct report_targets *targets);
SCOPED_VALUE(report_targets, report_targets_clear)
/* From the answer to _smtp._tls.D TXT.  False: nobody wants reports.  What we do not understand is left out. */
bool report_targets_read(const struct dns_answer *answer, struct report_targets *out);

struct tls_report {
    const char *domain;    /* whom it is about */
    const char *submitter; /* our domain */
    const char *address;   /* that we connect from; "" unknown */
    int64_t day;           /* UTC, since 1970 */
    char id[64];
};
void tls_report_name(struct tls_report *report); /* fills its id: the same for one day and domain */
/* "submitter!domain!begin!end.json.gz" (RFC 8460 5.1) */
char *tls_report_file(const struct tls_report *report);
/* `rows` in order of judge: one policy each. */
void tls_report_write(const struct tls_report *report, const struct ledger_row *rows, size_t count,
                      struct bytes *out);

#endif
