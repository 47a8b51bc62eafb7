/*
 * squeeze — a connection whose bytes go under DEFLATE both ways (RFC 4978, RFC 1951 without a frame).
 *
 * Out: what is flushed together is squeezed by itself, with no memory of what went before.  So nothing is kept between two
 * flushes, and no answer tells by its length what stood in another.
 * In: what comes is opened as far as there is room, never further; a bomb is met by the limits of whoever reads.
 *
 * Memory: 40 KiB a connection, and what came and is not opened yet (at most SQUEEZED_MAX); 64 KiB during a flush.
 */
#ifndef NESTBOX_NET_SQUEEZE_H
#define NESTBOX_NET_SQUEEZE_H

#include "bytes.h"
#include "err.h"

enum { SQUEEZED_MAX = 16 * 1024, SQUEEZE_WEIGHT = 40 * 1024 };

struct squeeze;
struct squeeze *squeeze_new(void);
void squeeze_free(struct squeeze *squeeze);
SCOPED(squeeze, squeeze_free)

/* What the session says lies here until it is flushed. */
struct bytes *squeeze_plain(struct squeeze *squeeze);
void squeeze_flush(struct squeeze *squeeze, struct bytes *out);

/* Room for what comes squeezed, at most SQUEEZED_MAX. */
void squeeze_take(struct squeeze *squeeze, struct slice came);
bool squeeze_waits(const struct squeeze *squeeze); /* something is to be opened */
/* Opens up to `room` bytes behind what `in` holds.  False: this is not DEFLATE, or its end. */
MUST_CHECK bool squeeze_open(struct squeeze *squeeze, struct bytes *in, size_t room);

#endif
