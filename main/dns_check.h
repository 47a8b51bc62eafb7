/*
 * dns_check — compares what the world's DNS says with the plan.  Pure.
 *
 * A decider over dns_facts: it runs again until it has no open question.  What it reads was written by anybody; it
 * is bounded by DNS_FACTS_MAX answers of at most 64 KiB each.
 */
#ifndef NESTBOX_MAIN_DNS_CHECK_H
#define NESTBOX_MAIN_DNS_CHECK_H

#include "dns_facts.h"
#include "dns_plan.h"

struct dns_complaint {
    bool advice; /* it works without, less well */
    bool record; /* a record to paste ends `said`: no full stop follows */
    char *about; /* "MX nest.test", "port 25 of mx.nest.test" */
    char *said;  /* what is so, and the repair: one sentence, fit for a terminal */
};
struct dns_complaints {
    struct dns_complaint *at;
    size_t count, capacity;
};
void dns_complaints_clear(struct dns_complaints *complaints);
SCOPED_VALUE(dns_complaints, dns_complaints_clear)
/* Takes `about`. */
void dns_complain(struct dns_complaints *complaints, bool advice, char *about, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* What is wrong about the records of one domain of the plan.  True: there is nothing open, and `out` has all of it;
 * false: `out` is empty; answer the questions, call again. */
bool dns_check(const struct dns_plan *plan, size_t domain, struct dns_facts *facts,
               struct dns_complaints *out);

/* One record's data as a zone file has it, names with the last dot, control bytes as '?', at most 300 octets. */
void dns_data_text(enum dns_type type, struct slice data, struct bytes *out);

#endif
