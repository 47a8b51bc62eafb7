/*
 * bridge_dkim — the keys with which a hosted domain signs its mail (docs/dkim.md).
 *
 * A domain always has a pair, RSA and Ed25519, that signs; bridge_make_ready() makes the first.  A rotation is two
 * steps with time between them, for whoever reads a signature must find its key:
 *
 *     bridge_dkim_prepare()   a new pair; its records must be published now
 *     bridge_dkim_switch()    the new pair signs, the old one is retired; only once the records can be seen everywhere
 *
 * Records of a retired pair must stay published for as long as something it signed may be under way
 * (DKIM_KEEP_DAYS); chores forget it then.  Its private keys are gone with the switch.
 */
#ifndef NESTBOX_BRIDGE_DKIM_H
#define NESTBOX_BRIDGE_DKIM_H

#include "bridge.h"
#include "store_dkim.h"

enum { DKIM_KEEP_DAYS = 8 }; /* a signature ends after 7 (smtp/origin/dkim.h) */

struct dkim_record {   /* one TXT record; borrowed for the call */
    const char *name;  /* "r26a._domainkey.example.org" */
    const char *value; /* "v=DKIM1; k=rsa; p=…": in a zone file in strings of at most 255 octets */
    const char *selector;
    enum dkim_kind kind;
    enum dkim_state state;
    int64_t since_ms;
    int64_t keep_until_ms; /* RETIRED: published until then; else 0 */
};
/* Records of the domain, oldest first: ACTIVE and NEXT must be published, RETIRED must stay, FORGOTTEN may go. */
MUST_CHECK bool bridge_dkim_records(struct bridge *bridge, struct store_view *view,
                                    struct slice domain,
                                    void (*each)(void *ctx, const struct dkim_record *), void *ctx,
                                    struct err *err);

/* Each commits by itself.  ERR_ABSENT: not a domain of ours. */
MUST_CHECK bool bridge_dkim_prepare(struct bridge *bridge, struct slice domain,
                                    struct err *err); /* ERR_REFUSED: a pair waits already */
MUST_CHECK bool bridge_dkim_switch(struct bridge *bridge, struct slice domain,
                                   struct err *err); /* ERR_REFUSED: no pair waits */

#endif
