/*
 * store_dkim — the keys that sign mail (docs/dkim.md): reading.
 */
#ifndef NESTBOX_STORE_DKIM_H
#define NESTBOX_STORE_DKIM_H

#include "store.h"

enum dkim_kind { DKIM_RSA = 1, DKIM_ED25519 };
/*
 *     NEXT ──> ACTIVE ──> RETIRED ──> FORGOTTEN
 *
 * NEXT is published and signs nothing yet; ACTIVE signs; RETIRED must stay published until nothing that it signed is
 * under way any more; FORGOTTEN is a name that is not used again.
 */
enum dkim_state { DKIM_NEXT = 1, DKIM_ACTIVE, DKIM_RETIRED, DKIM_FORGOTTEN };
struct dkim_key {
    int64_t id;
    char *domain, *selector;
    enum dkim_kind kind;
    enum dkim_state state;
    char *public_key;         /* base64, as p= has it */
    struct bytes private_key; /* wrapped by vault; empty once it signs no more */
    int64_t since_ms;         /* it is in this state */
};
void dkim_key_clear(struct dkim_key *key);
SCOPED_VALUE(dkim_key, dkim_key_clear)
/* Every key of that domain, oldest first; false from `each` ends the walk early without failing. */
MUST_CHECK bool store_dkim_keys(struct store_view *view, struct slice domain,
                                bool (*each)(void *ctx, const struct dkim_key *), void *ctx,
                                struct err *err);

#endif
