/*
 * envelope — what MAIL and RCPT say beside the addresses, as plain values: smtp reads them, the bridge keeps them
 * with what goes on, and delivery says them again (RFC 3461, 6152, 6531, 8689).
 *
 * ENVID and ORCPT are kept as said, in xtext, so that they go on byte for byte; xtext_read() is for reports.
 */
#ifndef NESTBOX_BASE_ENVELOPE_H
#define NESTBOX_BASE_ENVELOPE_H

#include "bytes.h"
#include "err.h"

enum { ENVID_MAX = 100, ORCPT_MAX = 500 }; /* octets, as said (RFC 3461 4.4, 4.2) */

enum dsn_return { DSN_RETURN_UNSAID, DSN_RETURN_HEADERS, DSN_RETURN_FULL }; /* RET=HDRS, RET=FULL */
enum dsn_notify { /* a set; UNSAID means as RFC 3461 4.1 leaves it: failures, perhaps delays */
                  DSN_NOTIFY_UNSAID = 0,
                  DSN_NOTIFY_NEVER = 1 << 0, /* alone */
                  DSN_NOTIFY_SUCCESS = 1 << 1,
                  DSN_NOTIFY_FAILURE = 1 << 2,
                  DSN_NOTIFY_DELAY = 1 << 3,
};
/* Who asked for nothing hears of failures and delays. */
static inline bool dsn_wanted(unsigned notify, enum dsn_notify what)
{
    return notify ? (notify & what) != 0 : what == DSN_NOTIFY_FAILURE || what == DSN_NOTIFY_DELAY;
}

struct mail_terms { /* of MAIL: one for the whole mail.  `{0}` is a MAIL without parameters */
    bool eight_bit; /* BODY=8BITMIME */
    bool utf8;      /* SMTPUTF8 */
    bool require_tls;
    enum dsn_return dsn_return;
    char *envid; /* heap, xtext; NULL: unsaid */
};
struct recipient_terms { /* of RCPT.  `{0}` is a RCPT without parameters */
    unsigned notify;     /* of enum dsn_notify */
    char *orcpt;         /* heap, "rfc822;xtext"; NULL: unsaid */
};
struct mail_terms mail_terms_copy(const struct mail_terms *terms);
struct recipient_terms recipient_terms_copy(const struct recipient_terms *terms);
void mail_terms_clear(struct mail_terms *terms);
void recipient_terms_clear(struct recipient_terms *terms);

/* xtext (RFC 3461 4): "+2B" is a plus; 0x21 to 0x7e but '+' and '=' stand for themselves. */
void xtext_add(struct bytes *out, struct slice raw);
MUST_CHECK bool xtext_read(struct slice text, struct bytes *out); /* false leaves `out` as it was */

#endif
