/*
 * signer — who signed this request?
 *
 * The key comes from the store; if it is not there, or does not fit any more, it is asked for once (key_memory).
 */
#ifndef NESTBOX_ACTIVITYPUB_SIGNER_H
#define NESTBOX_ACTIVITYPUB_SIGNER_H

#include "bridge_activity.h"
#include "work.h"

enum signer_stage { SIGNER_LOOKS, SIGNER_FETCHES_KEY, SIGNER_FETCHES_OWNER };
struct signer {
    struct signature signature;
    enum signer_stage stage;
    struct document document;
    char *actor_id; /* once known */
    /* `actor` was fetched just now and should be recorded: also if the signature does not fit, or a forger could
     * keep its owner out while we do not ask again. */
    bool fresh;
    struct actor_facts actor;
};
void signer_clear(struct signer *signer);

enum signer_step {
    SIGNER_KNOWN,
    SIGNER_WANTS,  /* ask->want is set: come again */
    SIGNER_BAD,    /* err.said says why: 401 */
    SIGNER_GONE,   /* the key's owner answers 410 */
    SIGNER_SILENT, /* the key could not be had just now: 503 */
};
/* signer->signature is filled; `domain` is ours.  */
enum signer_step signer_step(struct activitypub_work *work, struct ask *ask, struct signer *signer,
                             const char *domain, struct err *err);

/* A person known under the handle of another host (split domain) keeps it when the actor is read again. */
void actor_keep_handle(struct activitypub_work *work, struct actor_facts *actor);

#endif
