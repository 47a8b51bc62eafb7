/*
 * The server key and what is derived from it.  What was wrapped looks like this:
 *
 *     1 octet   version, 1
 *     4 octets  which server key (derived from it, so that a replaced key is told from tampering)
 *     12        nonce, random
 *     n + 16    AES-256-GCM; the associated data are the five octets and the purpose
 *
 * Random nonces are safe for 2^32 wraps under one purpose; a server does not get there.
 */
#include "aead.h"
#include "digest.h"
#include "id.h"
#include "log.h"
#include "memory.h"
#include "vault_private.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <unistd.h>

enum {
    WRAP_VERSION = 1,
    WRAP_TAG_AT = 1,
    WRAP_NONCE_AT = WRAP_TAG_AT + VAULT_KEY_ID_LEN,
    WRAP_TEXT_AT = WRAP_NONCE_AT + AEAD_NONCE_LEN,
    SHA256_BLOCK = 64,
};

void openssl_must(int result)
{
    if (result > 0)
        return;
    log_error("vault cannot compute: %s", openssl_reason());
    abort();
}

const char *openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());

    ERR_clear_error();
    return reason ? reason : "no reason given";
}

static void name_key(struct vault *vault, const unsigned char root[VAULT_KEY_LEN],
                     unsigned char out[VAULT_KEY_ID_LEN])
{
    unsigned char id[VAULT_KEY_LEN];

    derive(vault->derivations, root, "name", "of this key", id);
    memcpy(out, id, VAULT_KEY_ID_LEN);
}

bool vault_open(int data_dir, struct vault **out, struct err *err)
{
    return vault_open_at(data_dir, &(struct vault_place){0}, out, err);
}

bool vault_open_at(int data_dir, const struct vault_place *place, struct vault **out,
                   struct err *err)
{
    scoped(vault) vault = must_new(struct vault);

    pthread_rwlock_init(&vault->lock, NULL);
    vault->file.folder = -1;
    vault->signers = signers_new();
    vault->verifiers = verifiers_new();
    vault->derivations = derivations_new();
    if (!server_key_load(data_dir, place, &vault->keys, &vault->file, err))
        return false;
    name_key(vault, vault->keys.current, vault->key_id);
    name_key(vault, vault->keys.old, vault->old_id);
    *out = steal(&vault);
    return true;
}

void vault_close(struct vault *vault)
{
    if (!vault)
        return;
    signers_free(vault->signers);
    verifiers_free(vault->verifiers);
    derivations_free(vault->derivations);
    pthread_rwlock_destroy(&vault->lock);
    key_file_close(&vault->file);
    OPENSSL_cleanse(vault, sizeof *vault);
    free(vault);
}

static void add_associated(struct bytes *out, const char *head, const char *purpose)
{
    bytes_add(out, (struct slice){head, WRAP_NONCE_AT});
    bytes_add_text(out, purpose);
}

void vault_wrap(struct vault *vault, const char *purpose, struct slice plain, struct bytes *out)
{
    unsigned char key[VAULT_KEY_LEN];
    unsigned char nonce[AEAD_NONCE_LEN];
    scoped_value(bytes) associated = {0};
    char head[WRAP_NONCE_AT] = {WRAP_VERSION};

    pthread_rwlock_rdlock(&vault->lock);
    memcpy(head + WRAP_TAG_AT, vault->key_id, sizeof vault->key_id);
    derive(vault->derivations, vault->keys.current, "wrap", purpose, key);
    pthread_rwlock_unlock(&vault->lock);
    random_bytes(nonce, sizeof nonce);
    add_associated(&associated, head, purpose);
    bytes_add(out, (struct slice){head, sizeof head});
    bytes_add(out, (struct slice){(const char *)nonce, sizeof nonce});
    char *at = bytes_reserve(out, plain.len + AEAD_TAG_LEN);

    aead_seal(key, nonce, bytes_slice(&associated), plain, (unsigned char *)at);
    OPENSSL_cleanse(key, sizeof key);
    out->len += plain.len + AEAD_TAG_LEN;
}

/* The key that `wrapped` needs. */
static bool find_key(struct vault *vault, const char *purpose, struct slice wrapped,
                     unsigned char out[VAULT_KEY_LEN], struct err *err)
{
    if (wrapped.len < WRAP_TEXT_AT + AEAD_TAG_LEN || wrapped.at[0] != WRAP_VERSION)
        return err_because(err, ERR_TEMPORARY, "A stored secret cannot be read",
                           "wrapped: unknown version or cut short (%zu octets)", wrapped.len);
    pthread_rwlock_rdlock(&vault->lock);
    bool current = memcmp(wrapped.at + WRAP_TAG_AT, vault->key_id, VAULT_KEY_ID_LEN) == 0;
    bool old = vault->keys.has_old &&
               memcmp(wrapped.at + WRAP_TAG_AT, vault->old_id, VAULT_KEY_ID_LEN) == 0;
    if (current || old)
        derive(vault->derivations, current ? vault->keys.current : vault->keys.old, "wrap", purpose,
               out);
    pthread_rwlock_unlock(&vault->lock);
    return current || old ||
           err_because(err, ERR_TEMPORARY, "A stored secret cannot be read",
                       "it was wrapped under another server key: bring back the "
                       "keys/server.key that belongs to this store");
}

bool vault_unwrap(struct vault *vault, const char *purpose, struct slice wrapped, struct bytes *out,
                  struct err *err)
{
    unsigned char key[VAULT_KEY_LEN];
    scoped_value(bytes) associated = {0};

    if (!find_key(vault, purpose, wrapped, key, err))
        return false;
    struct slice text = slice_from(wrapped, WRAP_TEXT_AT);
    add_associated(&associated, wrapped.at, purpose);
    char *at = bytes_reserve(out, text.len);

    bool genuine = aead_open(key, (const unsigned char *)wrapped.at + WRAP_NONCE_AT,
                             bytes_slice(&associated), text, (unsigned char *)at);
    OPENSSL_cleanse(key, sizeof key);
    if (!genuine)
        return err_because(err, ERR_TEMPORARY, "A stored secret cannot be read",
                           "wrapped for '%s': altered, or wrapped for another purpose", purpose);
    out->len += text.len - AEAD_TAG_LEN;
    return true;
}

/* The key, padded to a block of SHA-256, in front of `data`. */
static void digest_behind(const unsigned char key[VAULT_KEY_LEN], char pad, struct slice data,
                          unsigned char out[SHA256_LEN])
{
    char block[SHA256_BLOCK];
    struct sha256_run *run = sha256_start();

    memset(block, pad, sizeof block);
    for (size_t i = 0; i < VAULT_KEY_LEN; i++)
        block[i] = (char)(block[i] ^ key[i]);
    sha256_add(run, (struct slice){block, sizeof block});
    sha256_add(run, data);
    sha256_end(run, out);
    OPENSSL_cleanse(block, sizeof block);
}

/* HMAC-SHA256 (RFC 2104).  OpenSSL's own looks up its parts by name at each call, which costs more than all the rest. */
void vault_mac(struct vault *vault, const char *purpose, struct slice data,
               unsigned char out[VAULT_MAC_LEN])
{
    unsigned char key[VAULT_KEY_LEN], inner[SHA256_LEN];

    derive(vault->derivations, vault->keys.digests, "mac", purpose, key);
    digest_behind(key, 0x36, data, inner);
    digest_behind(key, 0x5c, (struct slice){(const char *)inner, sizeof inner}, out);
    OPENSSL_cleanse(key, sizeof key);
}

/* ---- another server key ---- */
bool vault_rewrap(struct vault *vault, const char *purpose, struct slice wrapped, struct bytes *out,
                  struct err *err)
{
    scoped_value(bytes) plain = {0};

    pthread_rwlock_rdlock(&vault->lock);
    bool current = wrapped.len >= WRAP_NONCE_AT &&
                   memcmp(wrapped.at + WRAP_TAG_AT, vault->key_id, VAULT_KEY_ID_LEN) == 0;
    pthread_rwlock_unlock(&vault->lock);
    if (current)
        return true;
    if (!vault_unwrap(vault, purpose, wrapped, &plain, err))
        return false;
    vault_wrap(vault, purpose, bytes_slice(&plain), out);
    OPENSSL_cleanse(plain.at, plain.len);
    return true;
}

bool vault_change_key(struct vault *vault, struct err *err)
{
    struct server_keys next;

    pthread_rwlock_wrlock(&vault->lock);
    next = vault->keys;
    bool good = next.has_old; /* one is going on: that is gone on with */
    if (!good) {
        memcpy(next.old, next.current, sizeof next.old);
        next.has_old = true;
        random_bytes(next.current, sizeof next.current);
        good = server_key_write(&vault->file, &next, err);
        if (good) {
            vault->keys = next;
            vault->changed_here = true;
            name_key(vault, next.current, vault->key_id);
            name_key(vault, next.old, vault->old_id);
        }
    }
    pthread_rwlock_unlock(&vault->lock);
    OPENSSL_cleanse(&next, sizeof next);
    return good;
}

enum vault_change vault_key_change(struct vault *vault)
{
    pthread_rwlock_rdlock(&vault->lock);
    enum vault_change change = !vault->keys.has_old  ? VAULT_ONE_KEY
                               : vault->changed_here ? VAULT_CHANGED_NOW
                                                     : VAULT_CHANGED_BEFORE;
    pthread_rwlock_unlock(&vault->lock);
    return change;
}

bool vault_forget_old_key(struct vault *vault, struct err *err)
{
    struct server_keys next;

    pthread_rwlock_wrlock(&vault->lock);
    next = vault->keys;
    next.has_old = false;
    memset(next.old, 0, sizeof next.old);
    bool good = server_key_write(&vault->file, &next, err);
    if (good) {
        vault->keys = next;
        derivations_forget(vault->derivations);
    }
    pthread_rwlock_unlock(&vault->lock);
    OPENSSL_cleanse(&next, sizeof next);
    return good;
}
