/* peer — what the files about keys of others share (docs/encrypt-outgoing.md). */
#ifndef NESTBOX_BRIDGE_PEER_PRIVATE_H
#define NESTBOX_BRIDGE_PEER_PRIVATE_H

#include "bridge_peer.h"
#include "bridge_private.h"

enum { PEERS_MAX = 2000 }; /* rows of one account */

/* Is it a key to which their mail can be encrypted now? */
bool peer_key_serves(const struct peer_key *key, int64_t now_ms);
/* The one to be used: what they tell themselves before what is published. */
enum found peer_key_of(struct store_view *view, int64_t account_id, struct slice address,
                       int64_t now_ms, struct peer_key *out, struct err *err);
/* Fills what a certificate says; false: it does not name the address, or cannot be encrypted to.  HEAVY. */
MUST_CHECK bool peer_key_read(struct bridge *bridge, struct slice certificate, const char *address,
                              struct peer_key *out, bool *out_fit, struct err *err);

#endif
