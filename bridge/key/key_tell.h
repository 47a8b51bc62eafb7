/* What chores tell the owners of keys (key_tell.c). */
#ifndef NESTBOX_BRIDGE_KEY_TELL_H
#define NESTBOX_BRIDGE_KEY_TELL_H

#include "bridge_private.h"

MUST_CHECK bool tell_of_keys(struct bridge *bridge, struct err *err);

#endif
