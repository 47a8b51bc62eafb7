/*
 * courier — the sessions of deliveries: one dispatcher, many couriers.  Outward loop.
 */
#ifndef NESTBOX_ACTIVITYPUB_COURIER_H
#define NESTBOX_ACTIVITYPUB_COURIER_H

#include "wire.h"

extern const struct session_kind dispatcher_kind;
extern const struct session_kind courier_kind;
void *dispatcher_new(struct activitypub *it);

#endif
