/*
 * Inside of the room `vault` and its tests alone.
 */
#ifndef NESTBOX_VAULT_PRIVATE_H
#define NESTBOX_VAULT_PRIVATE_H

#include "vault.h"

enum { VAULT_KEY_LEN = 32, VAULT_KEY_ID_LEN = 4 };

struct signers; /* unwrapped signing keys, bounded */

struct vault {
    unsigned char root[VAULT_KEY_LEN];      /* the server key; only derived keys are used */
    unsigned char key_id[VAULT_KEY_ID_LEN]; /* derived, not secret: says which server key wrapped */
    struct signers *signers;
    struct verifiers *verifiers;
};

/* For calls into OpenSSL that fail only for want of memory or of an algorithm: aborts, like
 * must_alloc().
 */
void openssl_must(int result);
/* OpenSSL's oldest queued reason, for a cause; empties the queue. */
const char *openssl_reason(void);

/* HKDF-SHA-256 of the server key; `use` ("wrap", "mac") and `purpose` part the keys from one
 * another. */
void vault_derive(const struct vault *vault, const char *use, const char *purpose,
                  unsigned char out[VAULT_KEY_LEN]);

/* Reads or makes keys/server.key (server_key.c). */
MUST_CHECK bool server_key_load(int data_dir, unsigned char out[VAULT_KEY_LEN], struct err *err);

struct signers *signers_new(void);
void signers_free(struct signers *signers);
size_t signers_count(struct signers *signers); /* how many keys lie unwrapped */
enum { SIGNERS_MAX = 128 };

struct verifiers; /* public keys that were read lately, bounded (verify.c) */
struct verifiers *verifiers_new(void);
void verifiers_free(struct verifiers *verifiers);
enum { VERIFIERS_MAX = 512 };

/* RFC 5802 3 with SHA-256; `keys` brings salt and iterations and takes the two keys. */
void scram_derive(struct slice password, struct scram_keys *keys);

#endif
