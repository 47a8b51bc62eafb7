/*
 * gzip — bytes made smaller and whole again (RFC 1952), for TLS reports.
 */
#ifndef NESTBOX_MIME_GZIP_H
#define NESTBOX_MIME_GZIP_H

#include "bytes.h"
#include "err.h"

/* At most 1 GiB, of ours: it cannot fail. */
void gzip_add(struct bytes *out, struct slice raw);

/* One member, whole; what stands behind it is not looked at.  ERR_TOO_LARGE above `max` bytes, of which no more are ever
 * made; ERR_MALFORMED.  Adds to `out`. */
MUST_CHECK bool gzip_read(struct slice packed, size_t max, struct bytes *out, struct err *err);

#endif
