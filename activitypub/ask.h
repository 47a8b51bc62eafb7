/*
 * ask — an errand that may need something from elsewhere before it is done.
 *
 * Its work() looks as far as it can.  If it lacks a document it leaves `want` (a struct fetch, signed and ready, or a
 * struct resolve); the session sends that, puts it into `got` and sends the ask again.  So all rules stand in the
 * work, and sessions only carry.
 */
#ifndef NESTBOX_ACTIVITYPUB_ASK_H
#define NESTBOX_ACTIVITYPUB_ASK_H

#include "errand.h"

struct ask { /* first member of every ask of this room */
    struct errand errand;
    void *work;          /* activitypub_duties.ctx */
    struct errand *want; /* set by work() */
    struct errand *got;  /* set by the session; work() takes it */
    bool again;          /* set by work(): what is recorded now is a step; send me once more */
    /* Or NULL.  Set by work() with `want`: when that is back, this records what came of it at once, and no worker is
     * needed.  If it is not that simple it records nothing, puts work back into its place and sets `again`. */
    bool (*record_got)(struct errand *, struct store_tx *, struct err *);
    void *own; /* work's own between its calls */
    void (*free_own)(void *);
};
/* For the free() of every ask: what stands in here. */
void ask_clear(struct ask *ask);

struct asking { /* in the session: holds the ask while it is not out */
    struct ask *held;
};
struct errand *asking_begin(struct asking *asking, struct ask *ask);
/* Takes `back`; gives what goes out next, or NULL: the ask is done and held. */
struct errand *asking_next(struct asking *asking, struct errand *back);
void asking_clear(struct asking *asking);

#endif
