/*
 * store_place — an entry leaves a place in a mailbox, and takes another.  Inside of the room `store` alone.
 */
#ifndef NESTBOX_STORE_PLACE_H
#define NESTBOX_STORE_PLACE_H

#include "pgp.h"
#include "store_private.h"

struct moving {
    int64_t entry_id, mailbox_id, uid, size;
};
/* Its UID is remembered as expunged. */
MUST_CHECK bool place_leave(struct store_tx *tx, const struct moving *moving, struct err *err);
/* The next UID of that mailbox, which may be the same. */
MUST_CHECK bool place_enter(struct store_tx *tx, const struct moving *moving, int64_t to_id,
                            int64_t size, struct err *err);
/* Only pgp_seal() makes a pgp_sealed, and it names the sink it wrote to and how much. */
MUST_CHECK bool copy_is_vouched(const struct pgp_sealed *sealed, struct store_body *body,
                                struct err *err);

#endif
