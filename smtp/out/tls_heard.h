/*
 * tls_heard — what another server tells of TLS on its way to us (RFC 8460 4): their report, read.
 */
#ifndef NESTBOX_SMTP_TLS_HEARD_H
#define NESTBOX_SMTP_TLS_HEARD_H

#include "err.h"
#include "out_tls.h"

enum {
    TLS_HEARD_PACKED_MAX = 1024 * 1024, /* as it is attached */
    TLS_HEARD_MAX = 1024 * 1024,        /* as JSON */
    TLS_HEARD_COUNT_MAX = 1000000000,
};

struct tls_heard {
    int64_t day;      /* UTC, since 1970: when what it tells of began */
    char domain[256]; /* whom it is about, lower case */
    int64_t good, bad;
    char trouble
        [32]; /* what failed most, one of RFC 8460's words for it; "" for none, or one we do not know */
};
/* ERR_MALFORMED: it is no report, or one of several domains.  Any thread. */
MUST_CHECK bool tls_heard_read(struct slice json, struct tls_heard *out, struct err *err);

#endif
