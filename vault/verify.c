/*
 * Public keys of strangers.  A key is bounded before it is used: size and exponent decide how long
 * one check may take.
 *
 * To read a key takes OpenSSL three times as long as to check a signature with it, so those last used are kept, in
 * sets of neighbours of which the one unused for longest makes room.  Who asks is given a reference of its own.
 */
#include "memory.h"
#include "vault_private.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <pthread.h>

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

/* ---- keys and digests, as DKIM has them ---- */

enum { ED25519_LEN = 32, DER_MOST = 4096 };

static EVP_PKEY *key_from_bytes(enum vault_scheme scheme, struct slice key)
{
    const unsigned char *at = (const unsigned char *)key.at;

    if (scheme == VAULT_ED25519)
        return key.len == ED25519_LEN
                   ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, at, key.len)
                   : NULL;
    if (key.len > DER_MOST)
        return NULL;
    EVP_PKEY *read = d2i_PUBKEY(NULL, &at, (long)key.len);
    at = (const unsigned char *)key.at;
    return read ? read : d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)key.len);
}

static bool rsa_fits(EVP_PKEY *key, const unsigned char digest[SHA256_LEN], struct slice signature)
{
    EVP_PKEY_CTX *run = EVP_PKEY_CTX_new(key, NULL);
    bool fits = run && EVP_PKEY_verify_init(run) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(run, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_CTX_set_signature_md(run, EVP_sha256()) == 1 &&
                EVP_PKEY_verify(run, (const unsigned char *)signature.at, signature.len, digest,
                                SHA256_LEN) == 1;

    EVP_PKEY_CTX_free(run);
    return fits;
}

static enum vault_proof prove(EVP_PKEY *key, enum vault_scheme scheme,
                              const unsigned char digest[SHA256_LEN], struct slice signature)
{
    int kind = scheme == VAULT_ED25519 ? EVP_PKEY_ED25519 : EVP_PKEY_RSA;

    if (!key || EVP_PKEY_get_base_id(key) != kind)
        return VAULT_KEY_UNREADABLE;
    if (kind == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < RSA_BITS_LEAST)
        return VAULT_KEY_WEAK;
    if (!key_is_fit(key))
        return VAULT_KEY_UNREADABLE;
    bool fits =
        kind == EVP_PKEY_RSA
            ? rsa_fits(key, digest, signature)
            : signature_fits(key, (struct slice){(const char *)digest, SHA256_LEN}, signature);
    return fits ? VAULT_PROVED : VAULT_DISPROVED;
}

enum vault_proof vault_verify_digest(enum vault_scheme scheme, struct slice public_key,
                                     const unsigned char digest[SHA256_LEN], struct slice signature)
{
    EVP_PKEY *key = key_from_bytes(scheme, public_key);
    enum vault_proof proof = prove(key, scheme, digest, signature);

    EVP_PKEY_free(key);
    ERR_clear_error();
    return proof;
}

static bool add_raw(const EVP_PKEY *key, struct bytes *out)
{
    unsigned char raw[ED25519_LEN];
    size_t len = sizeof raw;

    if (EVP_PKEY_get_raw_public_key(key, raw, &len) != 1)
        return false;
    bytes_add(out, (struct slice){(const char *)raw, len});
    return true;
}

static bool add_der(const EVP_PKEY *key, struct bytes *out)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    if (len <= 0)
        return false;
    bytes_add(out, (struct slice){(const char *)der, (size_t)len});
    OPENSSL_free(der);
    return true;
}

bool vault_public_plain(struct slice public_pem, struct bytes *out)
{
    EVP_PKEY *key = key_from_pem(public_pem);
    bool done = key && (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? add_raw(key, out)
                                                                      : add_der(key, out));

    EVP_PKEY_free(key);
    ERR_clear_error();
    return done;
}

/* ---- keys that are kept ---- */
/* RSA-2048 takes about 4 KiB, so all of them 2 MiB. */
enum { NEIGHBOURS = 8, SETS = VERIFIERS_MAX / NEIGHBOURS, KEPT_MOST = 2048 };

struct verifier {
    struct bytes text; /* as it came: PEM, DER or octets; empty: a free place */
    EVP_PKEY *key;
    uint64_t used_at;
};
struct verifiers {
    pthread_mutex_t lock; /* over everything below; not held while reading a key or checking */
    struct verifier sets[SETS][NEIGHBOURS];
    uint64_t uses;
};

struct verifiers *verifiers_new(void)
{
    struct verifiers *verifiers = must_new(struct verifiers);

    pthread_mutex_init(&verifiers->lock, NULL);
    return verifiers;
}

static void verifier_clear(struct verifier *verifier)
{
    bytes_clear(&verifier->text);
    EVP_PKEY_free(verifier->key);
    *verifier = (struct verifier){0};
}

void verifiers_free(struct verifiers *verifiers)
{
    if (!verifiers)
        return;
    for (size_t i = 0; i < VERIFIERS_MAX; i++)
        verifier_clear(&verifiers->sets[i / NEIGHBOURS][i % NEIGHBOURS]);
    pthread_mutex_destroy(&verifiers->lock);
    free(verifiers);
}

/* FNV-1a.  Who makes keys that fall into one set pushes out those of others, and gains nothing. */
static struct verifier *set_of(struct verifiers *verifiers, struct slice text)
{
    uint64_t mixed = 0xcbf29ce484222325u;

    for (size_t i = 0; i < text.len; i++)
        mixed = (mixed ^ (unsigned char)text.at[i]) * 0x100000001b3u;
    return verifiers->sets[(mixed >> 32) % SETS];
}

static EVP_PKEY *find_kept(struct verifiers *verifiers, struct verifier *set, struct slice text)
{
    EVP_PKEY *key = NULL;

    pthread_mutex_lock(&verifiers->lock);
    for (size_t i = 0; i < NEIGHBOURS && !key; i++) {
        if (!set[i].key || !slice_eq(text, bytes_slice(&set[i].text)))
            continue;
        set[i].used_at = ++verifiers->uses;
        key = set[i].key;
        EVP_PKEY_up_ref(key);
    }
    pthread_mutex_unlock(&verifiers->lock);
    return key;
}

static void keep(struct verifiers *verifiers, struct verifier *set, struct slice text,
                 EVP_PKEY *key)
{
    struct verifier *place = &set[0];

    EVP_PKEY_up_ref(key);
    pthread_mutex_lock(&verifiers->lock);
    for (size_t i = 1; i < NEIGHBOURS; i++)
        if (set[i].used_at < place->used_at)
            place = &set[i];
    verifier_clear(place);
    bytes_add(&place->text, text);
    place->key = key;
    place->used_at = ++verifiers->uses;
    pthread_mutex_unlock(&verifiers->lock);
}

static void keep_if_fit(struct verifiers *verifiers, struct verifier *set, struct slice text,
                        EVP_PKEY *key)
{
    if (key && key_is_fit(key) && text.len <= KEPT_MOST)
        keep(verifiers, set, text, key);
}

/* Octets that are an Ed25519 key are no RSA key in DER, so one text stands for one key. */
enum vault_proof vault_verify_digest_again(struct vault *vault, enum vault_scheme scheme,
                                           struct slice public_key,
                                           const unsigned char digest[SHA256_LEN],
                                           struct slice signature)
{
    struct verifiers *verifiers = vault->verifiers;
    struct verifier *set = set_of(verifiers, public_key);
    EVP_PKEY *key = find_kept(verifiers, set, public_key);

    if (!key) {
        key = key_from_bytes(scheme, public_key);
        keep_if_fit(verifiers, set, public_key, key);
    }
    enum vault_proof proof = prove(key, scheme, digest, signature);

    EVP_PKEY_free(key);
    ERR_clear_error();
    return proof;
}

bool vault_verify_again(struct vault *vault, struct slice public_pem, struct slice data,
                        struct slice signature)
{
    struct verifiers *verifiers = vault->verifiers;
    struct verifier *set = set_of(verifiers, public_pem);
    EVP_PKEY *key = find_kept(verifiers, set, public_pem);

    if (!key) {
        key = key_from_pem(public_pem);
        keep_if_fit(verifiers, set, public_pem, key);
    }
    bool good = key && key_is_fit(key) && signature_fits(key, data, signature);

    EVP_PKEY_free(key);
    ERR_clear_error();
    return good;
}

bool vault_verify(struct slice public_pem, struct slice data, struct slice signature)
{
    EVP_PKEY *key = key_from_pem(public_pem);
    bool good = key && key_is_fit(key) && signature_fits(key, data, signature);

    EVP_PKEY_free(key);
    ERR_clear_error();
    return good;
}
