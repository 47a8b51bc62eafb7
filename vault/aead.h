/*
 * aead — AES-256-GCM, sealed bytes being the ciphertext and behind it the tag.
 *
 * A nonce must never come twice under one key: callers draw it at random or count.
 */
#ifndef NESTBOX_VAULT_AEAD_H
#define NESTBOX_VAULT_AEAD_H

#include "slice.h"

enum { AEAD_KEY_LEN = 32, AEAD_NONCE_LEN = 12, AEAD_TAG_LEN = 16 };

/* Writes plain.len + AEAD_TAG_LEN bytes. */
void aead_seal(const unsigned char key[AEAD_KEY_LEN], const unsigned char nonce[AEAD_NONCE_LEN],
               struct slice associated, struct slice plain, unsigned char *out);
/* Writes sealed.len - AEAD_TAG_LEN bytes; false, and the output wiped: not what was sealed. */
bool aead_open(const unsigned char key[AEAD_KEY_LEN], const unsigned char nonce[AEAD_NONCE_LEN],
               struct slice associated, struct slice sealed, unsigned char *out);

#endif
