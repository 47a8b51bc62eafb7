/*
 * Signing keys.  A private key rests as PKCS#8 wrapped under the purpose below; unwrapped ones are
 * cached under the caller's name for them, the least recently used one makes room.  A cached key is
 * used only while the wrapped bytes are the same, so a rotated key is never signed with by mistake.
 *
 * With an RSA key a prepared context is kept, and each signature made with a copy of it: to prepare one takes OpenSSL
 * longer than to copy it.
 */
#include "digest.h"
#include "memory.h"
#include "vault_private.h"

#include <assert.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>

static const char purpose[] = "signing key";

enum { RSA_BITS = 2048 };

struct signer {
    char *name;
    struct bytes wrapped;
    EVP_PKEY *key;
    EVP_PKEY_CTX *prepared; /* NULL: it is no RSA key */
    uint64_t used_at;
};

/* To sign with once: one of the two. */
struct pen {
    EVP_PKEY *key;
    EVP_PKEY_CTX *prepared;
};

struct signers {
    pthread_mutex_t lock; /* over everything below; not held while signing */
    struct signer each[SIGNERS_MAX];
    size_t count;
    uint64_t uses;
};

struct signers *signers_new(void)
{
    struct signers *signers = must_new(struct signers);

    pthread_mutex_init(&signers->lock, NULL);
    return signers;
}

static void signer_clear(struct signer *signer)
{
    free(signer->name);
    bytes_clear(&signer->wrapped);
    EVP_PKEY_CTX_free(signer->prepared);
    EVP_PKEY_free(signer->key); /* wipes the private numbers with the last reference */
    *signer = (struct signer){0};
}

void signers_free(struct signers *signers)
{
    if (!signers)
        return;
    for (size_t i = 0; i < signers->count; i++)
        signer_clear(&signers->each[i]);
    pthread_mutex_destroy(&signers->lock);
    free(signers);
}

size_t signers_count(struct signers *signers)
{
    pthread_mutex_lock(&signers->lock);
    size_t count = signers->count;
    pthread_mutex_unlock(&signers->lock);
    return count;
}

static struct signer *find_named(struct signers *signers, const char *name)
{
    for (size_t i = 0; i < signers->count; i++)
        if (strcmp(signers->each[i].name, name) == 0)
            return &signers->each[i];
    return NULL;
}

static EVP_PKEY_CTX *prepare_rsa(EVP_PKEY *key)
{
    EVP_PKEY_CTX *run = EVP_PKEY_CTX_new(key, NULL);

    openssl_must(run != NULL);
    openssl_must(EVP_PKEY_sign_init(run));
    openssl_must(EVP_PKEY_CTX_set_rsa_padding(run, RSA_PKCS1_PADDING));
    openssl_must(EVP_PKEY_CTX_set_signature_md(run, EVP_sha256()));
    return run;
}

static void signer_fill(struct signer *signer, struct pen *out)
{
    if (signer->prepared) {
        out->prepared = EVP_PKEY_CTX_dup(signer->prepared);
        openssl_must(out->prepared != NULL);
        return;
    }
    out->key = signer->key;
    EVP_PKEY_up_ref(out->key);
}

static void pen_clear(struct pen *pen)
{
    EVP_PKEY_CTX_free(pen->prepared);
    EVP_PKEY_free(pen->key);
}

static bool signers_find(struct signers *signers, const char *name, struct slice wrapped,
                         struct pen *out)
{
    pthread_mutex_lock(&signers->lock);
    struct signer *signer = find_named(signers, name);
    bool known = signer && slice_eq(bytes_slice(&signer->wrapped), wrapped);
    if (known) {
        signer->used_at = ++signers->uses;
        signer_fill(signer, out);
    }
    pthread_mutex_unlock(&signers->lock);
    return known;
}

static struct signer *make_place(struct signers *signers, const char *name)
{
    struct signer *place = find_named(signers, name);

    if (!place && signers->count < SIGNERS_MAX)
        return &signers->each[signers->count++];
    if (!place) {
        place = &signers->each[0];
        for (size_t i = 1; i < signers->count; i++)
            if (signers->each[i].used_at < place->used_at)
                place = &signers->each[i];
    }
    signer_clear(place);
    return place;
}

/* Takes the key. */
static void signers_keep(struct signers *signers, const char *name, struct slice wrapped,
                         EVP_PKEY *key, struct pen *out)
{
    EVP_PKEY_CTX *prepared = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? prepare_rsa(key) : NULL;

    pthread_mutex_lock(&signers->lock);
    struct signer *place = make_place(signers, name);
    place->name = must_dup(name);
    bytes_add(&place->wrapped, wrapped);
    place->key = key;
    place->prepared = prepared;
    place->used_at = ++signers->uses;
    signer_fill(place, out);
    pthread_mutex_unlock(&signers->lock);
}

static void wrap_private(struct vault *vault, EVP_PKEY *key, struct bytes *out)
{
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    openssl_must(info != NULL);
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    openssl_must(len);

    vault_wrap(vault, purpose, (struct slice){(const char *)der, (size_t)len}, out);
    OPENSSL_clear_free(der, (size_t)len);
    PKCS8_PRIV_KEY_INFO_free(info);
}

static char *public_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *at = NULL;

    openssl_must(bio != NULL);
    openssl_must(PEM_write_bio_PUBKEY(bio, key));
    long len = BIO_get_mem_data(bio, &at);
    char *pem = must_copy((struct slice){at, (size_t)len});
    BIO_free(bio);
    return pem;
}

bool vault_key_new(struct vault *vault, enum vault_scheme scheme, struct bytes *out_wrapped,
                   char **out_public_pem, struct err *err)
{
    EVP_PKEY *key = scheme == VAULT_ED25519
                        ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                        : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS);
    if (!key)
        return err_because(err, ERR_TEMPORARY, "No key could be made", "keygen: %s",
                           openssl_reason());

    wrap_private(vault, key, out_wrapped);
    *out_public_pem = public_pem(key);
    EVP_PKEY_free(key);
    return true;
}

static EVP_PKEY *unwrap_private(struct vault *vault, struct slice wrapped, struct err *err)
{
    scoped_value(bytes) plain = {0};

    if (!vault_unwrap(vault, purpose, wrapped, &plain, err))
        return NULL;
    const unsigned char *at = (const unsigned char *)plain.at;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)plain.len);
    OPENSSL_cleanse(plain.at, plain.len);
    if (!key)
        err_because(err, ERR_TEMPORARY, "A stored secret cannot be read", "private key: %s",
                    openssl_reason());
    return key;
}

static void sign_rsa(EVP_PKEY_CTX *run, struct slice data, struct bytes *out)
{
    unsigned char digest[SHA256_LEN];
    size_t len = (size_t)EVP_PKEY_get_size(EVP_PKEY_CTX_get0_pkey(run));
    unsigned char *at = (unsigned char *)bytes_reserve(out, len);

    sha256(data, digest);
    openssl_must(EVP_PKEY_sign(run, at, &len, digest, sizeof digest));
    out->len += len;
}

/* Ed25519 hashes by itself. */
static void sign_ed25519(EVP_PKEY *key, struct slice data, struct bytes *out)
{
    size_t len = (size_t)EVP_PKEY_get_size(key);
    unsigned char *at = (unsigned char *)bytes_reserve(out, len);
    EVP_MD_CTX *run = EVP_MD_CTX_new();

    openssl_must(run != NULL);
    openssl_must(EVP_DigestSignInit(run, NULL, NULL, NULL, key));
    openssl_must(EVP_DigestSign(run, at, &len, (const unsigned char *)data.at, data.len));
    EVP_MD_CTX_free(run);
    out->len += len;
}

bool vault_sign(struct vault *vault, const char *name, struct slice wrapped, struct slice data,
                struct bytes *out_signature, struct err *err)
{
    struct pen pen = {0};

    if (!signers_find(vault->signers, name, wrapped, &pen)) {
        EVP_PKEY *key = unwrap_private(vault, wrapped, err);
        if (!key)
            return false;
        signers_keep(vault->signers, name, wrapped, key, &pen);
    }
    if (pen.prepared)
        sign_rsa(pen.prepared, data, out_signature);
    else
        sign_ed25519(pen.key, data, out_signature);
    pen_clear(&pen);
    return true;
}

bool vault_key_rewrap(struct vault *vault, struct slice wrapped, struct bytes *out, struct err *err)
{
    return vault_rewrap(vault, purpose, wrapped, out, err);
}
