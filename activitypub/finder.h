/*
 * finder — a session without a connection that finds one Fediverse person.  Outward loop.
 */
#ifndef NESTBOX_ACTIVITYPUB_FINDER_H
#define NESTBOX_ACTIVITYPUB_FINDER_H

#include "duties.h"
#include "session.h"

extern const struct session_kind finder_kind;
/* Takes the errand; done() gets it back when the finder ends, however it ends. */
void *finder_new(const struct activitypub_duties *duties, struct errand *errand,
                 void (*done)(void *ctx, struct errand *errand), void *ctx);

#endif
