/* Inside of dns_check: what its judges share. */
#ifndef NESTBOX_MAIN_DNS_CHECK_PRIVATE_H
#define NESTBOX_MAIN_DNS_CHECK_PRIVATE_H

#include "dns_check.h"

struct check {
    const struct dns_plan *plan;
    struct dns_facts *facts;
    struct dns_complaints *out;
    bool open; /* a question has no answer yet */
};

/* What `wanted` complains about is in the world: NULL: open, or already complained about (DNS failed, bogus).  Else an
 * answer that may be empty. */
const struct dns_answer *check_ask(struct check *check, const struct dns_wanted *wanted,
                                   enum dns_type type, const char *name);
/* One sentence; "%s" and so on. */
void check_say(struct check *check, const struct dns_wanted *wanted, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, and then the line to publish. */
void check_publish(struct check *check, const struct dns_wanted *wanted, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* dns_check_text.c: the parts that are TXT records. */
void check_spf(struct check *check, const struct dns_wanted *wanted);
void check_dkim(struct check *check, const struct dns_wanted *wanted);
void check_dmarc(struct check *check, const struct dns_wanted *wanted);
void check_sts(struct check *check, const struct dns_wanted *wanted);
void check_tlsrpt(struct check *check, const struct dns_wanted *wanted);

#endif
