/*
 * Inside of the room `vault` and its tests alone.
 */
#ifndef NESTBOX_VAULT_PRIVATE_H
#define NESTBOX_VAULT_PRIVATE_H

#include "vault.h"

#include <pthread.h>
#include <sys/types.h>

enum { VAULT_KEY_LEN = 32, VAULT_KEY_ID_LEN = 4 };

struct signers; /* unwrapped signing keys, bounded */

/* What the server key's file holds; only keys derived from these are used.  While one server key takes the place of another
 * both are there.  Digests keep the first key there was: what they name, the world has already. */
struct server_keys {
    unsigned char current[VAULT_KEY_LEN], old[VAULT_KEY_LEN], digests[VAULT_KEY_LEN];
    bool has_old;
};

/* The file they lie in. */
struct key_file {
    int folder;
    char name[128], fresh[136]; /* in that folder; the second while it is written */
    char shown[1024];           /* in words for people */
    bool fixed;                 /* not ours to write */
    uid_t owner;                /* of data_dir */
    gid_t group;
};

struct vault {
    pthread_rwlock_t lock; /* of the next four */
    struct server_keys keys;
    unsigned char key_id[VAULT_KEY_ID_LEN]; /* derived, not secret: says which server key wrapped */
    unsigned char old_id[VAULT_KEY_ID_LEN];
    bool changed_here; /* what was wrapped under the old key may not be in the store yet */
    struct key_file file;
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

/* key_place.c: finds the file, moves or makes it.  *out_file is to be closed, also on failure. */
MUST_CHECK bool server_key_load(int data_dir, const struct vault_place *place,
                                struct server_keys *out, struct key_file *out_file,
                                struct err *err);
void key_file_close(struct key_file *file);

/* server_key.c */
MUST_CHECK bool server_key_write(const struct key_file *file, const struct server_keys *keys,
                                 struct err *err);
MUST_CHECK bool server_key_make(const struct key_file *file, struct err *err);
MUST_CHECK bool server_key_read(const struct key_file *file, int fd, struct server_keys *out,
                                struct err *err);

/* p256.c */
struct evp_pkey_st; /* EVP_PKEY */
struct evp_pkey_st *
p256_public(const unsigned char point[P256_POINT_LEN]); /* NULL: not on the curve */
/* The whole key of a scalar, which is reduced into the group's range first. */
struct evp_pkey_st *p256_private(const unsigned char scalar[P256_SCALAR_LEN],
                                 unsigned char out_point[P256_POINT_LEN]);

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
