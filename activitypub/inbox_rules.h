/*
 * inbox_rules — who may say what (FEP-fe34 and the scars of others; docs/federation.md).
 *
 * Pure: values in, fate out.
 */
#ifndef NESTBOX_ACTIVITYPUB_INBOX_RULES_H
#define NESTBOX_ACTIVITYPUB_INBOX_RULES_H

#include "bridge_activity.h"

enum fate {
    FATE_DROP,  /* 202, and nothing happens */
    FATE_GO,    /* what is embedded may be believed */
    FATE_FETCH, /* only the object's id may be believed: fetch it from its origin */
};
/* NULL: well formed; else what is wrong, for a 400. */
const char *activity_trouble(const struct activity_facts *activity);
/* Delete or Update of the actor itself: if we do not know it, nothing is lost and nothing need be fetched. */
bool activity_is_about_itself(const struct activity_facts *activity);
/* `by_signer`: the activity's actor signed it; else somebody forwarded it, and nothing embedded counts.
 * `object_is_ours`: the object lies on one of our domains. */
enum fate activity_fate(const struct activity_facts *activity, bool by_signer, bool object_is_ours);
/* Is this note, fetched from its origin, one that `actor` wrote? */
bool note_is_of(const struct note_facts *note, const char *actor);

#endif
