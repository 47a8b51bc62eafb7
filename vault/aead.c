#include "aead.h"

#include "vault_private.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

static EVP_CIPHER *kind; /* for as long as the process is */

static void fetch_kind(void)
{
    kind = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    openssl_must(kind != NULL);
}

static const unsigned char *octets(struct slice s)
{
    return (const unsigned char *)s.at;
}

/* Found once: EVP_aes_256_gcm() is looked up anew at each use. */
static const EVP_CIPHER *cipher_kind(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fetch_kind);
    return kind;
}

static int int_len(struct slice s)
{
    assert(s.len <= INT_MAX);
    return (int)s.len;
}

void aead_seal(const unsigned char key[AEAD_KEY_LEN], const unsigned char nonce[AEAD_NONCE_LEN],
               struct slice associated, struct slice plain, unsigned char *out)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int len = 0;

    openssl_must(cipher != NULL);
    openssl_must(EVP_EncryptInit_ex2(cipher, cipher_kind(), key, nonce, NULL));
    openssl_must(EVP_EncryptUpdate(cipher, NULL, &len, octets(associated), int_len(associated)));
    openssl_must(EVP_EncryptUpdate(cipher, out, &len, octets(plain), int_len(plain)));
    openssl_must(EVP_EncryptFinal_ex(cipher, out + plain.len, &len));
    openssl_must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, out + plain.len));
    EVP_CIPHER_CTX_free(cipher);
}

bool aead_open(const unsigned char key[AEAD_KEY_LEN], const unsigned char nonce[AEAD_NONCE_LEN],
               struct slice associated, struct slice sealed, unsigned char *out)
{
    if (sealed.len < AEAD_TAG_LEN)
        return false;
    struct slice text = slice_first(sealed, sealed.len - AEAD_TAG_LEN);
    unsigned char tag[AEAD_TAG_LEN];
    memcpy(tag, sealed.at + text.len, sizeof tag);

    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int len = 0;
    openssl_must(cipher != NULL);
    openssl_must(EVP_DecryptInit_ex2(cipher, cipher_kind(), key, nonce, NULL));
    openssl_must(EVP_DecryptUpdate(cipher, NULL, &len, octets(associated), int_len(associated)));
    openssl_must(EVP_DecryptUpdate(cipher, out, &len, octets(text), int_len(text)));
    openssl_must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, tag));
    bool genuine = EVP_DecryptFinal_ex(cipher, out + text.len, &len) == 1;
    EVP_CIPHER_CTX_free(cipher);
    if (!genuine)
        OPENSSL_cleanse(out, text.len);
    return genuine;
}
