/*
 * Public keys of strangers.  A key is bounded before it is used: size and exponent decide how long
 * one check may take.
 */
#include "vault.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

enum { PEM_MOST = 16 * 1024, RSA_BITS_LEAST = 1024, RSA_BITS_MOST = 8192, EXPONENT_BITS_MOST = 64 };

static EVP_PKEY *key_from_der(const char *label, const unsigned char *der, long len)
{
    if (strcmp(label, PEM_STRING_PUBLIC) == 0)
        return d2i_PUBKEY(NULL, &der, len);
    if (strcmp(label, PEM_STRING_RSA_PUBLIC) == 0)
        return d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, len);
    return NULL;
}

static EVP_PKEY *key_from_pem(struct slice pem)
{
    char *label = NULL;
    char *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    EVP_PKEY *key = NULL;

    if (pem.len > PEM_MOST)
        return NULL;
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    if (bio && PEM_read_bio(bio, &label, &header, &der, &len) == 1) {
        key = key_from_der(label, der, len);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    BIO_free(bio);
    return key;
}

static bool exponent_fits(const EVP_PKEY *key)
{
    BIGNUM *exponent = NULL;
    bool fits = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                BN_num_bits(exponent) <= EXPONENT_BITS_MOST;

    BN_free(exponent);
    return fits;
}

static bool key_is_fit(const EVP_PKEY *key)
{
    int kind = EVP_PKEY_get_base_id(key);

    if (kind == EVP_PKEY_ED25519)
        return true;
    int bits = EVP_PKEY_get_bits(key);
    return kind == EVP_PKEY_RSA && bits >= RSA_BITS_LEAST && bits <= RSA_BITS_MOST &&
           exponent_fits(key);
}

static bool signature_fits(EVP_PKEY *key, struct slice data, struct slice signature)
{
    const EVP_MD *hash = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    EVP_MD_CTX *run = EVP_MD_CTX_new();
    bool fits = run && EVP_DigestVerifyInit(run, NULL, hash, NULL, key) == 1 &&
                EVP_DigestVerify(run, (const unsigned char *)signature.at, signature.len,
                                 (const unsigned char *)data.at, data.len) == 1;

    EVP_MD_CTX_free(run);
    return fits;
}

bool vault_verify(struct slice public_pem, struct slice data, struct slice signature)
{
    EVP_PKEY *key = key_from_pem(public_pem);
    bool good = key && key_is_fit(key) && signature_fits(key, data, signature);

    EVP_PKEY_free(key);
    ERR_clear_error();
    return good;
}
