/*
 * Inside of the room `vault` and its tests alone.
 */
#ifndef NESTBOX_VAULT_PRIVATE_H
#define NESTBOX_VAULT_PRIVATE_H

#include "vault.h"

#include <pthread.h>

enum { VAULT_KEY_LEN = 32, VAULT_KEY_ID_LEN = 4 };

struct signers; /* unwrapped signing keys, bounded */

/* What keys/server.key holds; only keys derived from these are used.  While one server key takes the place of another
 * both are there.  Digests keep the first key there was: what they name, the world has already. */
struct server_keys {
    unsigned char current[VAULT_KEY_LEN], old[VAULT_KEY_LEN], digests[VAULT_KEY_LEN];
    bool has_old;
};

struct vault {
    pthread_rwlock_t lock; /* of the next four */
    struct server_keys keys;
    unsigned char key_id[VAULT_KEY_ID_LEN]; /* derived, not secret: says which server key wrapped */
    unsigned char old_id[VAULT_KEY_ID_LEN];
    bool changed_here; /* what was wrapped under the old key may not be in the store yet */
    int folder;        /* keys */
    struct signers *signers;
    struct verifiers *verifiers;
    struct derivations *derivations;
};

/* For calls into OpenSSL that fail only for want of memory or of an algorithm: aborts, like
 * must_alloc().
 */
void openssl_must(int result);
/* OpenSSL's oldest queued reason, for a cause; empties the queue. */
const char *openssl_reason(void);

/* HKDF-SHA-256 of a server key; `use` ("wrap", "mac") and `purpose`, both constants, part the keys from one another.
 * What was derived is kept (derive.c). */
struct derivations;
struct derivations *derivations_new(void);
void derivations_free(struct derivations *derivations);
void derivations_forget(struct derivations *derivations);
void derive(struct derivations *derivations, const unsigned char root[VAULT_KEY_LEN],
            const char *use, const char *purpose, unsigned char out[VAULT_KEY_LEN]);

/* server_key.c: reads or makes keys/server.key; *out_folder stays open.  And puts another in its place. */
MUST_CHECK bool server_key_load(int data_dir, struct server_keys *out, int *out_folder,
                                struct err *err);
MUST_CHECK bool server_key_write(int folder, const struct server_keys *keys, struct err *err);

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
