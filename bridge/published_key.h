/* The name of a key in a Web Key Directory.  Pure. */
#ifndef NESTBOX_BRIDGE_PUBLISHED_KEY_H
#define NESTBOX_BRIDGE_PUBLISHED_KEY_H

#include "slice.h"

enum { PUBLISHED_HASH_LEN = 32 };
void published_key_hash(struct slice local, char out[PUBLISHED_HASH_LEN + 1]);

#endif
