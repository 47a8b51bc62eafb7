/*
 * commit — one short function inside the transaction, waited for: how blocking code records.
 */
#ifndef NESTBOX_BRIDGE_COMMIT_H
#define NESTBOX_BRIDGE_COMMIT_H

#include "bridge_private.h"

typedef bool commit_step(struct bridge *, struct store_tx *, void *ctx, struct err *);
MUST_CHECK bool bridge_commit(struct bridge *bridge, commit_step *step, void *ctx, struct err *err);

/* What was being written when this was called is committed when it returns: who hints within a change that there is
 * something to look for is heard before the change can be seen. */
MUST_CHECK bool bridge_commit_all(struct bridge *bridge, struct err *err);

/* A removed account: Delete, at its followers and at those whom it follows. */
MUST_CHECK bool actor_ended(struct bridge *bridge, struct store_tx *tx,
                            const struct account *account, struct err *err);
/* Wants the present profile of the account at each of its followers (people_follow.c). */
MUST_CHECK bool actor_changed(struct bridge *bridge, struct store_tx *tx,
                              const struct account *account, struct err *err);
/* At each start: followers of those whose door asks now and did not, or the other way, are told. */
MUST_CHECK bool tell_follow_door(struct bridge *bridge, struct err *err);

#endif
