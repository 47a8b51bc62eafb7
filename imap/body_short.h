/* body_short — BODYSTRUCTURE without its extension data is BODY (RFC 9051 7.5.2).  Pure. */
#ifndef NESTBOX_IMAP_BODY_SHORT_H
#define NESTBOX_IMAP_BODY_SHORT_H

#include "bytes.h"

/* False: `structure` is not one; nothing was added. */
bool body_short_add(struct bytes *out, struct slice structure);

#endif
