/*
 * deliver_outcome — what an answer to a delivery means (docs/federation.md).  Pure.
 */
#ifndef NESTBOX_ACTIVITYPUB_DELIVER_OUTCOME_H
#define NESTBOX_ACTIVITYPUB_DELIVER_OUTCOME_H

#include "bridge_activity.h"
#include "fetch.h"

enum answer_means {
    MEANS_TAKEN,
    MEANS_KNOCK_AGAIN, /* perhaps they read the other kind of signature */
    MEANS_LATER,
    MEANS_NEVER,
    MEANS_GONE, /* 410: to be confirmed at the actor */
};
/* `knocks`: kinds of signature tried by now.  `age_ms`: since the delivery was first wanted; 401 is hoped to pass
 * for a day. */
enum answer_means delivery_means(const struct fetch *fetch, int knocks, int64_t age_ms);
/* One line for `queue list`: status and the first words of the answer, or what went wrong. */
void delivery_reply(const struct fetch *fetch, char *out, size_t size);

#endif
