/*
 * resolve — the value of a RESOLVE errand (LANE_RESOLVE): who is @user@host?
 *
 * WebFinger, the actor document, and its record in the store.  Whoever needs a Fediverse person they have no
 * inbox for sends this; main hands it to activitypub's finder on the outward loop.
 */
#ifndef NESTBOX_BASE_RESOLVE_H
#define NESTBOX_BASE_RESOLVE_H

#include "errand.h"

enum resolve_outcome {
    RESOLVE_FOUND,
    RESOLVE_NOBODY, /* their server says so, or there is no such server */
    RESOLVE_SILENT, /* no answer in time: may work later */
};
struct resolve {
    struct errand errand;
    /* inputs: a handle, or the id of an actor (then user and host are NULL) */
    char *user, *host, *actor_id;
    int64_t total_ms; /* 10 s unless set */
    /* Or NULL: an actor id.  Then their document is read anew, and `names_alias` tells whether it lists that id in
     * alsoKnownAs and has not moved on itself.  Never of somebody who lives here. */
    char *alias;
    /* results */
    enum resolve_outcome outcome;
    int64_t person_id;
    bool names_alias;
};
struct resolve *resolve_new(const char *user, const char *host, const char *actor_id);
void resolve_free(struct errand *errand);

#endif
