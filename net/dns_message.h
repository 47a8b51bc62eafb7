/*
 * dns_message — what libunbound hands back, as records.  Private to net; a function of bytes.
 */
#ifndef NESTBOX_NET_DNS_MESSAGE_H
#define NESTBOX_NET_DNS_MESSAGE_H

#include "dns.h"

/* Fills outcome (ANSWER, NO_DATA, NO_NAME or FAILED), ttl_s, canonical and records; names inside of MX
 * and CNAME data are written out.  `name` is the one asked for. */
void dns_message_read(struct slice packet, enum dns_type type, const char *name,
                      struct dns_answer *out);

#endif
