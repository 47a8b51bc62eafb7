/*
 * armor — OpenPGP on its way into a mail: octets as ASCII (RFC 9580 6.2), packets in the new format.
 *
 * Two sinks to stand before another one.  Both are values that live in their user's frame; *_end() writes what is left
 * and must be called.
 */
#ifndef NESTBOX_PGP_ARMOR_H
#define NESTBOX_PGP_ARMOR_H

#include "bytes.h"
#include "crc24.h"
#include "stream.h"

/* "-----BEGIN PGP MESSAGE-----" and what follows, lines of 64 characters that end in CRLF. */
struct armor {
    struct sink sink;
    struct sink *into;
    unsigned char rest[48]; /* octets of a line that is not full */
    size_t rest_len;
    const struct crc24 *crc24;
    uint32_t sum;
    struct bytes text; /* not handed on yet */
};
/* Keeps a borrow of both until armor_clear(). */
void armor_begin(struct armor *armor, const struct crc24 *crc24, struct sink *into);
MUST_CHECK bool armor_end(struct armor *armor, struct err *err);
void armor_clear(struct armor *armor);
SCOPED_VALUE(armor, armor_clear)

/*
 * GnuPG 2.2 writes session key packets with heads of the old format, which chatmail relays refuse (and RFC 9580 4.2
 * advises against); no signature or checksum covers them, so they can be changed.  Up to the encrypted data packet is
 * rewritten, the rest passes.
 */
struct reframe {
    struct sink sink;
    struct sink *into;
    struct bytes head; /* the packet being gathered */
    bool passing;
};
void reframe_begin(struct reframe *reframe, struct sink *into);
/* ERR_TEMPORARY: it ended before the encrypted data came. */
MUST_CHECK bool reframe_end(struct reframe *reframe, struct err *err);
void reframe_clear(struct reframe *reframe);
SCOPED_VALUE(reframe, reframe_clear)

#endif
