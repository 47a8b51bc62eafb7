/*
 * own_key — OpenPGP keys of addresses that this server itself writes from (docs/at-rest.md).
 *
 * Fediverse people as they are addressed here (bob=social.example@D), mail people as chat accounts see them
 * (carol=mail.example+mail@D), the publishing words, the key desk, the sender of the server's own mails.  Never an account's
 * address, and never one at another domain: such a key would say what is not so.
 */
#ifndef NESTBOX_BRIDGE_OWN_KEY_H
#define NESTBOX_BRIDGE_OWN_KEY_H

#include "bridge_private.h"
#include "pgp_pair.h"

/* May this address have one? */
bool own_key_fits(const struct bridge *bridge, const char *address);
/* Its pair, made at the first need: some milliseconds, and a commit is waited for, so never on the writer or a loop.
 * ERR_REFUSED: it may have none. */
MUST_CHECK bool own_key_get(struct bridge *bridge, const char *address, struct pgp_pair *out,
                            struct err *err);

/* A part that came encrypted to such an address, opened.  What was in it lies under the server key until it is freed. */
struct own_opened {
    struct store_body *body;
    struct source *plain;
    struct pgp_verdict verdict; /* who signed it */
};
/* `part` is what stands in the mail, armor alone (else ERR_REFUSED, as for what cannot be opened); `certificates` are
 * those of who may have signed it.  ERR_TOO_LARGE: what is inside is longer than a mail may be. */
MUST_CHECK bool own_key_open(struct bridge *bridge, const char *address,
                             const struct slice *certificates, size_t count, struct source *part,
                             struct own_opened *out, struct err *err);
void own_opened_clear(struct own_opened *opened);
SCOPED_VALUE(own_opened, own_opened_clear)

#endif
