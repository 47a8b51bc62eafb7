/*
 * SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side.
 *
 *     SaltedPassword = PBKDF2(password, salt, iterations)     forgotten at once
 *     StoredKey      = SHA-256(HMAC(SaltedPassword, "Client Key"))
 *     ServerKey      = HMAC(SaltedPassword, "Server Key")
 *
 * Passwords are the octets as given: no SASLprep, which clients apply differently or not at all.
 */
#include "digest.h"
#include "id.h"
#include "vault_private.h"

#include <assert.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

static_assert((int)SCRAM_KEY_LEN == SHA256_LEN && (int)SCRAM_KEY_LEN == VAULT_MAC_LEN,
              "one hash for all");

static struct slice slice_octets(const unsigned char *at, size_t len)
{
    return (struct slice){(const char *)at, len};
}

static void hmac(const unsigned char key[SCRAM_KEY_LEN], struct slice data,
                 unsigned char out[SCRAM_KEY_LEN])
{
    openssl_must(HMAC(EVP_sha256(), key, SCRAM_KEY_LEN, (const unsigned char *)data.at, data.len,
                      out, NULL) != NULL);
}

static void salt_password(struct slice password, const struct scram_keys *keys,
                          unsigned char out[SCRAM_KEY_LEN])
{
    char hash[] = "SHA256";
    unsigned char salt[SCRAM_SALT_LEN];
    int iterations = keys->iterations;
    EVP_KDF *pbkdf2 = EVP_KDF_fetch(NULL, "PBKDF2", NULL);
    openssl_must(pbkdf2 != NULL);
    EVP_KDF_CTX *run = EVP_KDF_CTX_new(pbkdf2);
    openssl_must(run != NULL);

    memcpy(salt, keys->salt, sizeof salt);
    void *secret = NULL;
    memcpy(&secret, &password.at, sizeof secret); /* OSSL_PARAM takes no const, and reads only */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, secret, password.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof salt),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_ITER, &iterations),
        OSSL_PARAM_construct_end(),
    };
    openssl_must(EVP_KDF_derive(run, out, SCRAM_KEY_LEN, params));
    EVP_KDF_CTX_free(run);
    EVP_KDF_free(pbkdf2);
}

void scram_derive(struct slice password, struct scram_keys *keys)
{
    unsigned char salted[SCRAM_KEY_LEN];
    unsigned char client_key[SCRAM_KEY_LEN];

    salt_password(password, keys, salted);
    hmac(salted, SLICE("Client Key"), client_key);
    sha256(slice_octets(client_key, sizeof client_key), keys->stored_key);
    hmac(salted, SLICE("Server Key"), keys->server_key);
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(client_key, sizeof client_key);
}

void scram_keys_make(struct slice password, struct scram_keys *out)
{
    *out = (struct scram_keys){.iterations = SCRAM_ITERATIONS};
    random_bytes(out->salt, sizeof out->salt);
    scram_derive(password, out);
}

bool scram_password_is(const struct scram_keys *keys, struct slice password)
{
    struct scram_keys tried = *keys;

    scram_derive(password, &tried);
    bool same = CRYPTO_memcmp(tried.stored_key, keys->stored_key, SCRAM_KEY_LEN) == 0;
    OPENSSL_cleanse(&tried, sizeof tried);
    return same;
}

void scram_keys_decoy(struct vault *vault, struct slice name, struct scram_keys *out)
{
    unsigned char salt[VAULT_MAC_LEN];

    *out = (struct scram_keys){.iterations = SCRAM_ITERATIONS};
    vault_mac(vault, "scram decoy salt", name, salt);
    memcpy(out->salt, salt, sizeof out->salt);
    vault_mac(vault, "scram decoy stored key", name, out->stored_key);
    vault_mac(vault, "scram decoy server key", name, out->server_key);
}

bool scram_proof_is(const struct scram_keys *keys, struct slice auth_message, struct slice proof,
                    unsigned char out_server_signature[SCRAM_KEY_LEN])
{
    unsigned char client_key[SCRAM_KEY_LEN];
    unsigned char stored_key[SCRAM_KEY_LEN];

    if (proof.len != SCRAM_KEY_LEN)
        return false;
    hmac(keys->stored_key, auth_message, client_key); /* ClientSignature, then: */
    for (size_t i = 0; i < SCRAM_KEY_LEN; i++)
        client_key[i] = (unsigned char)(client_key[i] ^ (unsigned char)proof.at[i]);
    sha256(slice_octets(client_key, sizeof client_key), stored_key);
    OPENSSL_cleanse(client_key, sizeof client_key);
    if (CRYPTO_memcmp(stored_key, keys->stored_key, SCRAM_KEY_LEN) != 0)
        return false;
    hmac(keys->server_key, auth_message, out_server_signature);
    return true;
}
