/*
 * vault — secrets.
 *
 * Does:     keep the server key, sign with private keys, wrap and unwrap, keyed digests, passwords.
 * May use:  base, OpenSSL's EVP.
 * Must not: know what the keys are for, or reach the store: a private key rests wrapped in its caller's
 *           row; callers give that and bytes, and get a signature.  No private key leaves this room.
 * Threads:  every function may run on any worker.
 */
#ifndef NESTBOX_VAULT_H
#define NESTBOX_VAULT_H

#include "bytes.h"
#include "digest.h"
#include "err.h"
#include "scope.h"
#include "slice.h"

struct vault;

/* Reads `keys/server.key` below data_dir, or makes it (mode 0600, synced, given to data_dir's owner if root
 * makes it); the caller holds data_dir's lock.  ERR_TEMPORARY with a cause: folder or file open to others,
 * file cut short. */
MUST_CHECK bool vault_open(int data_dir, struct vault **out, struct err *err);
/* The same with the key elsewhere.  A file that is not there yet is made, or taken over from keys/server.key, which goes
 * then (ERR_REFUSED: both are there and differ); its folder must be there.  A credential is somebody else's to make. */
struct vault_place {
    const char *file; /* a whole path; NULL: below data_dir */
    bool credential;
};
MUST_CHECK bool vault_open_at(int data_dir, const struct vault_place *place, struct vault **out,
                              struct err *err);
void vault_close(struct vault *vault);
SCOPED(vault, vault_close)

/* AES-256-GCM under a key derived from the server key for `purpose` ("actor key", "post text" …):
 * what was wrapped for one purpose does not unwrap for another. */
void vault_wrap(struct vault *vault, const char *purpose, struct slice plain, struct bytes *out);
/* ERR_TEMPORARY; the cause tells another server key from tampering. */
MUST_CHECK bool vault_unwrap(struct vault *vault, const char *purpose, struct slice wrapped,
                             struct bytes *out, struct err *err);

/* Another server key (docs/secrets.md).  The new one wraps from the call on, both unwrap, and the file holds both, until
 * all was wrapped anew and the old one is forgotten.  One change at a time: true at once if one goes on.  ERR_TEMPORARY:
 * the file could not be written, nothing changed; ERR_REFUSED: it is a credential. */
MUST_CHECK bool vault_change_key(struct vault *vault, struct err *err);
enum vault_change {
    VAULT_ONE_KEY,
    VAULT_CHANGED_NOW, /* since it was opened: somebody may still hold what the old one wrapped */
    VAULT_CHANGED_BEFORE, /* what the old one wrapped is in the store, or was never kept */
};
enum vault_change vault_key_change(struct vault *vault);
/* The same under the new key.  *out stays empty: it is already. */
MUST_CHECK bool vault_rewrap(struct vault *vault, const char *purpose, struct slice wrapped,
                             struct bytes *out, struct err *err);
MUST_CHECK bool vault_forget_old_key(struct vault *vault, struct err *err);

/* HMAC-SHA-256 under a key derived for `purpose`: Message-IDs, tags, hashes of addresses. */
enum { VAULT_MAC_LEN = 32 };
void vault_mac(struct vault *vault, const char *purpose, struct slice data,
               unsigned char out[VAULT_MAC_LEN]);

/* A key of P-256 that is made of the server key for `purpose`, as a digest is: there is nothing to keep, and it stays
 * the same when the server key is changed.  ES256 (RFC 7518 3.4) is r and s. */
enum { P256_POINT_LEN = 65 /* uncompressed */, P256_SCALAR_LEN = 32, ES256_LEN = 64 };
void vault_es256_point(struct vault *vault, const char *purpose, unsigned char out[P256_POINT_LEN]);
void vault_es256_sign(struct vault *vault, const char *purpose, struct slice data,
                      unsigned char out[ES256_LEN]);

/* Signing keys.  `wrapped` is the private key for the caller to keep; the PEM is SPKI ("BEGIN PUBLIC KEY",
 * \n line ends, one at the end). */
enum vault_scheme {
    VAULT_RSA_SHA256,
    VAULT_ED25519
}; /* RSASSA-PKCS1-v1_5, 2048 bits when made here */
MUST_CHECK bool vault_key_new(struct vault *vault, enum vault_scheme scheme,
                              struct bytes *out_wrapped, char **out_public_pem, struct err *err);
/* vault_rewrap() for such a key. */
MUST_CHECK bool vault_key_rewrap(struct vault *vault, struct slice wrapped, struct bytes *out,
                                 struct err *err);
/* `name` is the caller's stable name of the key: unwrapped keys are cached under it (bounded). */
MUST_CHECK bool vault_sign(struct vault *vault, const char *name, struct slice wrapped,
                           struct slice data, struct bytes *out_signature, struct err *err);
/* Needs no vault: public keys are no secret.  Accepts SPKI and PKCS#1 RSA PEM of 1024 to 8192 bits and
 * Ed25519 SPKI.  False also for a key that cannot be read. */
bool vault_verify(struct slice public_pem, struct slice data, struct slice signature);
/* The same for a SHA-256 digest (RFC 6376, RFC 8463): an RSA signature made over it, or an Ed25519 signature whose message
 * is the digest.  The key is SubjectPublicKeyInfo or RSAPublicKey (DER), or the 32 octets of an Ed25519 one. */
enum vault_proof { VAULT_PROVED, VAULT_DISPROVED, VAULT_KEY_WEAK, VAULT_KEY_UNREADABLE };
enum vault_proof vault_verify_digest(enum vault_scheme scheme, struct slice public_key,
                                     const unsigned char digest[SHA256_LEN],
                                     struct slice signature);
/* The same, quicker with a key that was used lately, as vault_verify_again(). */
enum vault_proof vault_verify_digest_again(struct vault *vault, enum vault_scheme scheme,
                                           struct slice public_key,
                                           const unsigned char digest[SHA256_LEN],
                                           struct slice signature);
/* The SPKI PEM of vault_key_new() in the form that vault_verify_digest() and DKIM's key records have.  False: it
 * cannot be read. */
MUST_CHECK bool vault_public_plain(struct slice public_pem, struct bytes *out);
/* The same, quicker with a key that was used lately: some hundred are kept. */
bool vault_verify_again(struct vault *vault, struct slice public_pem, struct slice data,
                        struct slice signature);

/* Passwords, RFC 5802 and RFC 7677: one secret serves SCRAM-SHA-256 and PLAIN.  No clear password is kept. */
/* More rounds Cyrus SASL refuses to compute, and with it mbsync, mutt and Postfix. */
enum { SCRAM_KEY_LEN = 32, SCRAM_SALT_LEN = 16, SCRAM_ITERATIONS = 65536 };
struct scram_keys {
    unsigned char salt[SCRAM_SALT_LEN];
    int iterations;
    unsigned char stored_key[SCRAM_KEY_LEN];
    unsigned char server_key[SCRAM_KEY_LEN];
};
void scram_keys_make(struct slice password,
                     struct scram_keys *out); /* slow on purpose: HEAVY lane */
bool scram_password_is(const struct scram_keys *keys,
                       struct slice password); /* slow, constant time */
/* Keys that fit no password, the same for the same name on every call: an unknown account answers a
 * SCRAM exchange like a known one. */
void scram_keys_decoy(struct vault *vault, struct slice name, struct scram_keys *out);
/* Checks the client's proof over `auth_message`; true fills the server's signature. */
bool scram_proof_is(const struct scram_keys *keys, struct slice auth_message, struct slice proof,
                    unsigned char out_server_signature[SCRAM_KEY_LEN]);

#endif
