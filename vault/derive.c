/*
 * What is derived from a server key (RFC 5869), and what of it is kept.
 *
 * A purpose is a word in the code, so there are some twenty keys: each is derived once and kept, since HKDF costs as much as
 * ten short wraps.  Keys of a server key that was forgotten are wiped with all others.
 */
#include "memory.h"
#include "vault_private.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

enum { KEPT_MAX = 64 };

struct derived {
    unsigned char root[VAULT_KEY_LEN];
    const char *use, *purpose; /* constants of their callers */
    unsigned char key[VAULT_KEY_LEN];
};

struct derivations {
    pthread_mutex_t lock;
    size_t count;
    struct derived kept[KEPT_MAX];
};

struct derivations *derivations_new(void)
{
    struct derivations *derivations = must_new(struct derivations);

    pthread_mutex_init(&derivations->lock, NULL);
    return derivations;
}

void derivations_free(struct derivations *derivations)
{
    if (!derivations)
        return;
    derivations_forget(derivations);
    pthread_mutex_destroy(&derivations->lock);
    free(derivations);
}

void derivations_forget(struct derivations *derivations)
{
    pthread_mutex_lock(&derivations->lock);
    OPENSSL_cleanse(derivations->kept, sizeof derivations->kept);
    derivations->count = 0;
    pthread_mutex_unlock(&derivations->lock);
}

static void compute(struct derived *derived)
{
    char hash[] = "SHA256";
    scoped_text char *info = must_print("nestbox 1 %s: %s", derived->use, derived->purpose);
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    openssl_must(hkdf != NULL);
    EVP_KDF_CTX *run = EVP_KDF_CTX_new(hkdf);
    openssl_must(run != NULL);

    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, derived->root, VAULT_KEY_LEN),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, strlen(info)),
        OSSL_PARAM_construct_end(),
    };
    openssl_must(EVP_KDF_derive(run, derived->key, VAULT_KEY_LEN, params));
    EVP_KDF_CTX_free(run);
    EVP_KDF_free(hkdf);
}

static const struct derived *find(const struct derivations *derivations,
                                  const struct derived *wanted)
{
    for (size_t i = 0; i < derivations->count; i++) {
        const struct derived *it = &derivations->kept[i];
        if (strcmp(it->purpose, wanted->purpose) == 0 && strcmp(it->use, wanted->use) == 0 &&
            memcmp(it->root, wanted->root, VAULT_KEY_LEN) == 0)
            return it;
    }
    return NULL;
}

void derive(struct derivations *derivations, const unsigned char root[VAULT_KEY_LEN],
            const char *use, const char *purpose, unsigned char out[VAULT_KEY_LEN])
{
    struct derived wanted = {.use = use, .purpose = purpose};

    memcpy(wanted.root, root, VAULT_KEY_LEN);
    pthread_mutex_lock(&derivations->lock);
    const struct derived *found = find(derivations, &wanted);
    if (!found) {
        compute(&wanted);
        if (derivations->count < KEPT_MAX)
            derivations->kept[derivations->count++] = wanted;
        found = &wanted;
    }
    memcpy(out, found->key, VAULT_KEY_LEN);
    pthread_mutex_unlock(&derivations->lock);
    OPENSSL_cleanse(&wanted, sizeof wanted);
}
