/* Web Push: RFC 8291 (encryption), RFC 8188 (its form), RFC 8292 (who sends). */
#include "push.h"

#include "id.h"
#include "vault_private.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define PURPOSE_VAPID "vapid key"

enum { RECORD_SIZE = 4096, CEK_LEN = 16, NONCE_LEN = 12, TAG_LEN = 16 };

void push_public_key(struct vault *vault, unsigned char out[PUSH_POINT_LEN])
{
    vault_es256_point(vault, PURPOSE_VAPID, out);
}

bool push_point_is_good(const unsigned char point[PUSH_POINT_LEN])
{
    EVP_PKEY *key = point[0] == POINT_CONVERSION_UNCOMPRESSED ? p256_public(point) : NULL;

    EVP_PKEY_free(key);
    return key != NULL;
}

void push_sign(struct vault *vault, struct slice data, unsigned char out[PUSH_SIGNATURE_LEN])
{
    vault_es256_sign(vault, PURPOSE_VAPID, data, out);
}

/* ---- what is sent ---- */
static void hmac(const unsigned char *key, size_t key_len, struct slice data,
                 unsigned char out[SHA256_LEN])
{
    openssl_must(HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)data.at, data.len,
                      out, NULL) != NULL);
}

static bool agree(EVP_PKEY *ours, EVP_PKEY *theirs, unsigned char out[32])
{
    EVP_PKEY_CTX *run = EVP_PKEY_CTX_new(ours, NULL);
    size_t len = 32;
    bool agreed = run && EVP_PKEY_derive_init(run) == 1 &&
                  EVP_PKEY_derive_set_peer(run, theirs) == 1 &&
                  EVP_PKEY_derive(run, out, &len) == 1 && len == 32;

    EVP_PKEY_CTX_free(run);
    return agreed;
}

static void add_octets(struct bytes *out, const unsigned char *at, size_t len)
{
    bytes_add(out, (struct slice){(const char *)at, len});
}

/* RFC 8291 3.4 and RFC 8188 2.2, 2.3: one block of HKDF each. */
static void derive_keys(const struct push_device *device, const unsigned char ours[PUSH_POINT_LEN],
                        const unsigned char secret[32], const unsigned char salt[PUSH_SALT_LEN],
                        unsigned char out_key[SHA256_LEN], unsigned char out_nonce[SHA256_LEN])
{
    static const char key_info[] = "WebPush: info", cek_info[] = "Content-Encoding: aes128gcm\0\1",
                      nonce_info[] = "Content-Encoding: nonce\0\1";
    unsigned char prk[SHA256_LEN], ikm[SHA256_LEN];
    scoped_value(bytes) info = {0};

    bytes_add(&info, (struct slice){key_info, sizeof key_info}); /* with its NUL */
    add_octets(&info, device->point, PUSH_POINT_LEN);
    add_octets(&info, ours, PUSH_POINT_LEN);
    bytes_add_char(&info, 1);
    hmac(device->auth, PUSH_AUTH_LEN, (struct slice){(const char *)secret, 32}, prk);
    hmac(prk, sizeof prk, bytes_slice(&info), ikm);
    hmac(salt, PUSH_SALT_LEN, (struct slice){(const char *)ikm, sizeof ikm}, prk);
    hmac(prk, sizeof prk, (struct slice){cek_info, sizeof cek_info - 1}, out_key);
    hmac(prk, sizeof prk, (struct slice){nonce_info, sizeof nonce_info - 1}, out_nonce);
    explicit_bzero(prk, sizeof prk);
    explicit_bzero(ikm, sizeof ikm);
}

static void seal_record(const unsigned char key[CEK_LEN], const unsigned char nonce[NONCE_LEN],
                        struct slice plain, struct bytes *out)
{
    static const unsigned char last_record = 2;
    unsigned char sealed[PUSH_PLAIN_MAX + 1 + TAG_LEN];
    int len = 0, more = 0;
    EVP_CIPHER_CTX *run = EVP_CIPHER_CTX_new();

    openssl_must(
        run && EVP_EncryptInit_ex2(run, EVP_aes_128_gcm(), key, nonce, NULL) == 1 &&
        EVP_EncryptUpdate(run, sealed, &len, (const unsigned char *)plain.at, (int)plain.len) == 1);
    openssl_must(EVP_EncryptUpdate(run, sealed + len, &more, &last_record, 1) == 1);
    len += more;
    openssl_must(EVP_EncryptFinal_ex(run, sealed + len, &more) == 1);
    len += more;
    openssl_must(EVP_CIPHER_CTX_ctrl(run, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, sealed + len) == 1);
    EVP_CIPHER_CTX_free(run);
    add_octets(out, sealed, (size_t)len + TAG_LEN);
}

bool push_seal_with(const struct push_device *device, const unsigned char scalar[PUSH_SCALAR_LEN],
                    const unsigned char salt[PUSH_SALT_LEN], struct slice plain, struct bytes *out,
                    struct err *err)
{
    static const unsigned char record_size[] = {0, 0, RECORD_SIZE >> 8, 0, PUSH_POINT_LEN};
    unsigned char ours[PUSH_POINT_LEN], secret[32], key[SHA256_LEN], nonce[SHA256_LEN];

    if (plain.len > PUSH_PLAIN_MAX)
        return err_set(err, ERR_MALFORMED, "This is too long to be pushed");
    EVP_PKEY *theirs = p256_public(device->point), *own = p256_private(scalar, ours);
    bool agreed = theirs && agree(own, theirs, secret);
    EVP_PKEY_free(theirs);
    EVP_PKEY_free(own);
    if (!agreed)
        return err_set(err, ERR_MALFORMED, "The device's key cannot be used");
    derive_keys(device, ours, secret, salt, key, nonce);
    add_octets(out, salt, PUSH_SALT_LEN);
    add_octets(out, record_size, sizeof record_size);
    add_octets(out, ours, PUSH_POINT_LEN);
    seal_record(key, nonce, plain, out);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(key, sizeof key);
    return true;
}

bool push_seal(const struct push_device *device, struct slice plain, struct bytes *out,
               struct err *err)
{
    unsigned char scalar[PUSH_SCALAR_LEN], salt[PUSH_SALT_LEN];

    random_bytes(scalar, sizeof scalar);
    random_bytes(salt, sizeof salt);
    bool sealed = push_seal_with(device, scalar, salt, plain, out, err);
    explicit_bzero(scalar, sizeof scalar);
    return sealed;
}
