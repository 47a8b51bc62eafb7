/*
 * actor_value — an actor already parsed, as it stands in an Update.  Inside of this room's readers.
 */
#ifndef NESTBOX_ACTIVITYPUB_ACTOR_VALUE_H
#define NESTBOX_ACTIVITYPUB_ACTOR_VALUE_H

#include "actor_read.h"
#include "doc.h"

bool actor_type_known(const json_t *object);
MUST_CHECK bool actor_value_read(const json_t *actor, const char *wanted_key,
                                 struct actor_facts *out, struct err *err);

#endif
