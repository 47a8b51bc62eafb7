/*
 * key_directory — where the OpenPGP key of a mail address stands on the Web (draft-koch-openpgp-webkey-service 3.1).  Pure.
 */
#ifndef NESTBOX_BASE_KEY_DIRECTORY_H
#define NESTBOX_BASE_KEY_DIRECTORY_H

#include "slice.h"

enum { KEY_HASH_LEN = 32 };
/* SHA-1 of the local part in lower case, as z-base-32. */
void key_directory_hash(struct slice local, char out[KEY_HASH_LEN + 1]);

enum directory_way { DIRECTORY_ADVANCED, DIRECTORY_DIRECT };
/* Heap; `domain` in its canonical form. */
char *key_directory_url(enum directory_way way, struct slice local, const char *domain);

#endif
