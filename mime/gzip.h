/*
 * gzip — bytes made smaller (RFC 1952), for TLS reports.
 */
#ifndef NESTBOX_MIME_GZIP_H
#define NESTBOX_MIME_GZIP_H

#include "bytes.h"

/* At most 1 GiB, of ours: it cannot fail. */
void gzip_add(struct bytes *out, struct slice raw);

#endif
