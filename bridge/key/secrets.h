/* secrets — what the server key wrapped, gone through in slices (secrets.c). */
#ifndef NESTBOX_BRIDGE_SECRETS_H
#define NESTBOX_BRIDGE_SECRETS_H

#include "bridge_private.h"

/* The next slice: what lies under an old server key comes under the newest.  *out_more false: that was all. */
MUST_CHECK bool secrets_go_on(struct bridge *bridge, struct secrets_walk *walk, bool *out_more,
                              struct err *err);
/* A chore: ends a change of the server key. */
MUST_CHECK bool renew_secrets(struct bridge *bridge, bool *out_more, struct err *err);
/* When renew_secrets() has something to do next; INT64_MAX: never. */
int64_t secrets_due_ms(const struct bridge *bridge);

#endif
