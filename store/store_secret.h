/*
 * store_secret — what lies wrapped in rows, and is wrapped anew when the server key changes.
 *
 * Where secrets lie is one table (store_secret.c): a new column that holds what vault wrapped has its line there.
 */
#ifndef NESTBOX_STORE_SECRET_H
#define NESTBOX_STORE_SECRET_H

#include "bytes.h"
#include "store.h"

#define PURPOSE_POST_TEXT "post text" /* texts of messages, which the bridge wraps */

struct secret {
    size_t place; /* line of the table */
    int64_t id;   /* of its row */
    struct bytes kept;
};
void secret_clear(struct secret *secret);
SCOPED_VALUE(secret, secret_clear)
size_t store_secret_places(void);
/* All of one place with an id above `after`, rising. */
MUST_CHECK bool store_secrets(struct store_view *view, size_t place, int64_t after, int limit,
                              bool (*each)(void *ctx, const struct secret *), void *ctx,
                              struct err *err);
/* As it is kept under the newest server key.  *out empty: as it lies. */
MUST_CHECK bool store_secret_rewrap(struct store *store, const struct secret *secret,
                                    struct bytes *out, struct err *err);

#endif
