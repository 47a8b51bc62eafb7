/* A mail of the server itself to an owner, about what it did. */
#ifndef NESTBOX_BRIDGE_OWN_LETTER_H
#define NESTBOX_BRIDGE_OWN_LETTER_H

#include "bridge_private.h"

/* From postmaster@ under `name`, to INBOX; sealed as all mail is. */
MUST_CHECK bool own_letter_write(struct bridge *bridge, const struct account *account,
                                 const char *name, const char *subject, struct slice text,
                                 struct letter *out, struct err *err);
/* In apply(). */
MUST_CHECK bool own_letter_file(struct store_tx *tx, struct letter *letter, struct err *err);

#endif
