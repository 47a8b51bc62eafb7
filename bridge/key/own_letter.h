/* A mail of the server itself to an owner, about what it did. */
#ifndef NESTBOX_BRIDGE_OWN_LETTER_H
#define NESTBOX_BRIDGE_OWN_LETTER_H

#include "bridge_private.h"

struct own_letter {
    const char *name;    /* "Your key" */
    const char *from;    /* local part that an answer goes to; NULL: postmaster */
    const char *mailbox; /* NULL: INBOX */
    const char *subject; /* readable outside until it is sealed */
    struct slice text;
    bool tells_key; /* with the key of `from` (Autocrypt), so that an answer can be encrypted */
    bool must_rest; /* even where seal_without_key = defer: it tells that there is no key */
};
/* Sealed as all mail is. */
MUST_CHECK bool own_letter_write(struct bridge *bridge, const struct account *account,
                                 const struct own_letter *own, struct letter *out, struct err *err);
/* In apply().  `ref` NULL: the message gets a new one. */
MUST_CHECK bool own_letter_file(struct store_tx *tx, struct letter *letter, const char *ref,
                                struct err *err);

#endif
