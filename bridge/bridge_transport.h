/*
 * bridge_transport — what smtp wants remembered of TLS on the way to others: policies of mail domains (RFC 8461), and
 * how it went, for reports (RFC 8460).  In apply().
 */
#ifndef NESTBOX_BRIDGE_TRANSPORT_H
#define NESTBOX_BRIDGE_TRANSPORT_H

#include "bridge.h"
#include "store_transport.h"

struct store_tx;

MUST_CHECK bool bridge_keep_policy(struct store_tx *tx, const struct sts_row *row, struct err *err);
MUST_CHECK bool bridge_count_tls(struct store_tx *tx, const struct tls_row *rows, size_t count,
                                 struct err *err);

MUST_CHECK bool bridge_hear_tls(struct store_tx *tx, const struct tls_heard_row *row,
                                struct err *err);

struct report_mail { /* of TLS; all borrowed */
    int64_t day;
    const char *domain; /* whom it is about */
    char *const *to;
    size_t count;
    struct store_body *body; /* taken */
};
/* Becomes deliveries, and the counts go. */
MUST_CHECK bool bridge_send_report(struct bridge *bridge, struct store_tx *tx,
                                   const struct report_mail *mail, struct err *err);
/* Nobody wants them, or they were taken. */
MUST_CHECK bool bridge_end_report(struct store_tx *tx, int64_t day, const char *domain,
                                  struct err *err);

#endif
