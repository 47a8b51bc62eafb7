/*
 * packets — the outside of OpenPGP (RFC 9580 4 and 6): armor and packet heads, no cryptography.
 *
 * Looks at what strangers send before an engine sees it: one certificate, no secret key, one signature, nothing
 * else, nothing endless.
 */
#ifndef NESTBOX_PGP_PACKETS_H
#define NESTBOX_PGP_PACKETS_H

#include "bytes.h"
#include "err.h"

/* Takes the armor off, if there is one; text around a single armored block is ignored. */
MUST_CHECK bool openpgp_binary(struct slice armored_or_binary, struct bytes *out);

struct packet {
    int tag;
    struct slice body;
};
enum packet_step { PACKET_NEXT, PACKET_END, PACKET_BROKEN };
/* Cuts the next packet off `*rest`.  Lengths unknown beforehand, which only messages may have, are broken. */
enum packet_step packet_cut(struct slice *rest, struct packet *out);

enum {
    PACKET_SESSION_KEY = 1,
    PACKET_SESSION_KEY_BY_PASSWORD = 3,
    PACKET_ENCRYPTED = 18,
    PACKET_ENCRYPTED_AEAD = 20
};
int packet_tag(char head); /* of the octet that a packet begins with; -1: none does */

/* Is it one certificate, of bounded size and parts?  ERR_MALFORMED with words if not. */
MUST_CHECK bool certificate_is_fit(struct slice binary, struct err *err);
/* Do its owner's programs say that they read AES-256 (RFC 9580 5.2.3.14)?  AES-128 all must read. */
bool certificate_reads_aes256(struct slice binary);
/* Without the user ids of other addresses, and without pictures.  False: it has no user id of this one; nothing is
 * added to `out`. */
bool certificate_for_address(struct slice binary, struct slice address, struct bytes *out);
/* How many signatures; 0 also if there is anything else or it is broken. */
size_t signatures_count(struct slice binary);

#endif
