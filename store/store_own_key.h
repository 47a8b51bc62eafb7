/*
 * store_own_key — the OpenPGP keys of addresses that this server itself writes from: reading.
 */
#ifndef NESTBOX_STORE_OWN_KEY_H
#define NESTBOX_STORE_OWN_KEY_H

#include "pgp_pair.h"
#include "store.h"

/* The pair of that address, its secret part in clear: to be cleared soon. */
enum found store_own_key(struct store_view *view, const char *address, struct pgp_pair *out,
                         struct err *err);

#endif
