/*
 * out_policy — finds out whether a domain has an MTA-STS policy (RFC 8461 3, 5): errand after errand, for a courier.
 *
 *     RECALL what is kept ─(announced, and new or a day old)─> FETCH ─> KEEP ─> known
 *
 * What is kept holds until its age is over, whatever DNS says: an attacker who can hide the record cannot strip it.
 */
#ifndef NESTBOX_SMTP_OUT_POLICY_H
#define NESTBOX_SMTP_OUT_POLICY_H

#include "errand.h"
#include "out_sts.h"
#include "out_tls.h"

struct out_duties;

enum policy_step { POLICY_RECALL, POLICY_FETCH, POLICY_KEEP, POLICY_KNOWN };
struct policy_search {
    const struct out_duties *duties; /* borrowed */
    const char *domain;              /* borrowed */
    enum policy_step step;
    char announced[STS_ID_MAX + 1]; /* "" : nothing */
    struct sts_kept kept;
    enum tls_result trouble; /* with the fetch; TLS_UNSEEN: none */
};
/* `txt` answers _mta-sts.D TXT.  Gives the first errand. */
struct errand *policy_search_begin(struct policy_search *it, const struct out_duties *duties,
                                   const char *domain, const struct dns_answer *txt);
/* Takes `back`.  Gives the next errand; NULL: it is known. */
struct errand *policy_search_go_on(struct policy_search *it, struct errand *back);
/* What holds; NULL: nothing. */
const struct sts_policy *policy_found(const struct policy_search *it);
void policy_search_clear(struct policy_search *it);

/* What the world asked for a policy says; also for tests and fuzzers. */
struct fetch;
enum tls_result policy_read(const struct fetch *fetch, struct sts_policy *out);

#endif
