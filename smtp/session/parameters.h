/*
 * parameters — what stands behind the paths of MAIL and RCPT (RFC 5321 4.1.2): a table of keywords.
 *
 * Only what EHLO offered is read; the rest is 555 (RFC 5321 4.1.1.11).
 */
#ifndef NESTBOX_SMTP_PARAMETERS_H
#define NESTBOX_SMTP_PARAMETERS_H

#include "envelope.h"

struct parameters_offer { /* what this session may be told */
    bool dsn;             /* RFC 3461 */
    bool utf8;            /* in RCPT: MAIL said SMTPUTF8, so values may hold UTF-8 (RFC 6533 3) */
};
struct parameters_refusal {
    int code;
    char words[120];
};
struct mail_parameters {
    struct mail_terms terms;
    int64_t size; /* declared, or -1 */
};
/* True: *out is the caller's to clear.  False: nothing to clear; `why` is what to answer, 5.5.4. */
MUST_CHECK bool mail_parameters_read(struct slice text, const struct parameters_offer *offer,
                                     struct mail_parameters *out, struct parameters_refusal *why);
MUST_CHECK bool recipient_parameters_read(struct slice text, const struct parameters_offer *offer,
                                          struct recipient_terms *out,
                                          struct parameters_refusal *why);

#endif
