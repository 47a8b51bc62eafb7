/*
 * store_peer — OpenPGP keys of those whom an account writes to: reading (docs/encrypt-outgoing.md).
 */
#ifndef NESTBOX_STORE_PEER_H
#define NESTBOX_STORE_PEER_H

#include "store.h"

enum peer_source {
    PEER_TOLD = 1,  /* by its owner's own mails (Autocrypt) */
    PEER_PUBLISHED, /* in their domain's key directory */
};
struct peer_key {
    int64_t account_id; /* whose knowledge it is */
    char *address;
    enum peer_source source;
    struct bytes certificate;  /* binary; empty: it was looked for, and there is none */
    char fingerprint[41];      /* "" without a certificate */
    int64_t encrypts_until_ms; /* 0: for ever */
    bool mutual;               /* its owner prefers mail to be encrypted */
    int64_t told_ms;           /* PEER_TOLD: effective date of the field it came by */
    int64_t seen_ms;           /* PEER_TOLD: of their last mail; else when it was found */
    int64_t again_ms;          /* PEER_PUBLISHED: not looked for before */
};
void peer_key_clear(struct peer_key *key);
SCOPED_VALUE(peer_key, peer_key_clear)
enum found store_peer_key(struct store_view *view, int64_t account_id, struct slice address,
                          enum peer_source source, struct peer_key *out, struct err *err);
/* Those with a certificate, by address. */
MUST_CHECK bool store_peer_keys(struct store_view *view, int64_t account_id,
                                bool (*each)(void *ctx, struct peer_key *), void *ctx,
                                struct err *err);

#endif
