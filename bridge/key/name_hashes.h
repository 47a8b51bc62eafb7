/*
 * name_hashes — whose name a hash of the Web Key Directory stands for, where nobody told the name too.
 *
 * The hash of each account's name, in memory; each name is hashed once, when somebody asks for the first time behind its
 * account's beginning.  Numbers of accounts only rise and names do not change, so what is not known yet is what has a higher
 * number.  Who was removed is still found: the caller looks at the account.
 */
#ifndef NESTBOX_BRIDGE_NAME_HASHES_H
#define NESTBOX_BRIDGE_NAME_HASHES_H

#include "err.h"
#include "slice.h"

struct store_view;

struct name_hashes *name_hashes_new(void);
void name_hashes_free(struct name_hashes *hashes);
/* Any thread.  Calls `each` with the accounts of that hash, in whatever domain, until it returns false. */
MUST_CHECK bool name_hashes_find(struct name_hashes *hashes, struct store_view *view,
                                 struct slice hash, bool (*each)(void *ctx, int64_t account_id),
                                 void *ctx, struct err *err);
/* How many names were hashed so far. */
size_t name_hashes_made(struct name_hashes *hashes);

#endif
