/*
 * encrypted — is that part of a mail really encrypted?  Judged by its packets, never by what it is called.
 *
 * Streams: a part of any size costs one buffer.
 */
#ifndef NESTBOX_PGP_ENCRYPTED_H
#define NESTBOX_PGP_ENCRYPTED_H

#include "slice.h"

/* The packets of an encrypted message (RFC 9580 10.3), octet by octet: session keys, and behind them one integrity
 * protected packet to the end.  `{0}` starts. */
struct packet_watch {
    enum { WATCH_HEAD, WATCH_LENGTH, WATCH_BODY, WATCH_WRONG } state;
    int tag;
    size_t width; /* octets of the length in the old format; 0: the new one */
    unsigned char length[5];
    size_t length_len;
    size_t left;    /* octets of the body, or of its part */
    size_t at;      /* of the body: how many came */
    bool partial;   /* more of this body follows */
    bool data_came; /* the encrypted data packet is over, or under way */
    unsigned session_keys;
};
void packet_watch_add(struct packet_watch *watch, unsigned char octet);
bool packet_watch_ends_well(const struct packet_watch *watch);

/* Is it a CMS message (RFC 5652) of type enveloped or auth-enveloped data with recipients and encrypted content?
 * `head` is its beginning, `whole` tells that there is no more. */
bool cms_is_encrypted(struct slice head, bool whole);

#endif
