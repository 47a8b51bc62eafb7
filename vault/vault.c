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
#include "id.h"
#include "log.h"
#include "memory.h"
#include "vault_private.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

enum {
    WRAP_VERSION = 1,
    WRAP_TAG_AT = 1,
    WRAP_NONCE_AT = WRAP_TAG_AT + VAULT_KEY_ID_LEN,
    WRAP_TEXT_AT = WRAP_NONCE_AT + AEAD_NONCE_LEN,
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

void vault_derive(const struct vault *vault, const char *use, const char *purpose,
                  unsigned char out[VAULT_KEY_LEN])
{
    char hash[] = "SHA256";
    unsigned char root[VAULT_KEY_LEN];
    scoped_text char *info = must_print("nestbox 1 %s: %s", use, purpose);
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    openssl_must(hkdf != NULL);
    EVP_KDF_CTX *run = EVP_KDF_CTX_new(hkdf);
    openssl_must(run != NULL);

    memcpy(root, vault->root, sizeof root); /* OSSL_PARAM takes no const */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, root, sizeof root),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, strlen(info)),
        OSSL_PARAM_construct_end(),
    };
    openssl_must(EVP_KDF_derive(run, out, VAULT_KEY_LEN, params));
    OPENSSL_cleanse(root, sizeof root);
    EVP_KDF_CTX_free(run);
    EVP_KDF_free(hkdf);
}

bool vault_open(int data_dir, struct vault **out, struct err *err)
{
    scoped(vault) vault = must_new(struct vault);
    unsigned char id[VAULT_KEY_LEN];

    vault->signers = signers_new();
    vault->verifiers = verifiers_new();
    if (!server_key_load(data_dir, vault->root, err))
        return false;
    vault_derive(vault, "name", "of this key", id);
    memcpy(vault->key_id, id, sizeof vault->key_id);
    *out = steal(&vault);
    return true;
}

void vault_close(struct vault *vault)
{
    if (!vault)
        return;
    signers_free(vault->signers);
    verifiers_free(vault->verifiers);
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

    memcpy(head + WRAP_TAG_AT, vault->key_id, sizeof vault->key_id);
    random_bytes(nonce, sizeof nonce);
    add_associated(&associated, head, purpose);
    bytes_add(out, (struct slice){head, sizeof head});
    bytes_add(out, (struct slice){(const char *)nonce, sizeof nonce});
    char *at = bytes_reserve(out, plain.len + AEAD_TAG_LEN);

    vault_derive(vault, "wrap", purpose, key);
    aead_seal(key, nonce, bytes_slice(&associated), plain, (unsigned char *)at);
    OPENSSL_cleanse(key, sizeof key);
    out->len += plain.len + AEAD_TAG_LEN;
}

static bool wrapped_here(const struct vault *vault, struct slice wrapped, struct err *err)
{
    if (wrapped.len < WRAP_TEXT_AT + AEAD_TAG_LEN || wrapped.at[0] != WRAP_VERSION)
        return err_because(err, ERR_TEMPORARY, "A stored secret cannot be read",
                           "wrapped: unknown version or cut short (%zu octets)", wrapped.len);
    if (memcmp(wrapped.at + WRAP_TAG_AT, vault->key_id, sizeof vault->key_id) != 0)
        return err_because(err, ERR_TEMPORARY, "A stored secret cannot be read",
                           "it was wrapped under another server key: bring back the "
                           "keys/server.key that belongs to this store");
    return true;
}

bool vault_unwrap(struct vault *vault, const char *purpose, struct slice wrapped, struct bytes *out,
                  struct err *err)
{
    unsigned char key[VAULT_KEY_LEN];
    scoped_value(bytes) associated = {0};

    if (!wrapped_here(vault, wrapped, err))
        return false;
    struct slice text = slice_from(wrapped, WRAP_TEXT_AT);
    add_associated(&associated, wrapped.at, purpose);
    char *at = bytes_reserve(out, text.len);

    vault_derive(vault, "wrap", purpose, key);
    bool genuine = aead_open(key, (const unsigned char *)wrapped.at + WRAP_NONCE_AT,
                             bytes_slice(&associated), text, (unsigned char *)at);
    OPENSSL_cleanse(key, sizeof key);
    if (!genuine)
        return err_because(err, ERR_TEMPORARY, "A stored secret cannot be read",
                           "wrapped for '%s': altered, or wrapped for another purpose", purpose);
    out->len += text.len - AEAD_TAG_LEN;
    return true;
}

void vault_mac(struct vault *vault, const char *purpose, struct slice data,
               unsigned char out[VAULT_MAC_LEN])
{
    unsigned char key[VAULT_KEY_LEN];

    vault_derive(vault, "mac", purpose, key);
    openssl_must(HMAC(EVP_sha256(), key, sizeof key, (const unsigned char *)data.at, data.len, out,
                      NULL) != NULL);
    OPENSSL_cleanse(key, sizeof key);
}
