/* Web Push: RFC 8291 (encryption), RFC 8188 (its form), RFC 8292 (who sends). */
#include "push.h"

#include "id.h"
#include "vault_private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#define PURPOSE_VAPID "vapid key"

enum { RECORD_SIZE = 4096, CEK_LEN = 16, NONCE_LEN = 12, TAG_LEN = 16 };

/* ---- keys ---- */
static EVP_PKEY *key_of(OSSL_PARAM_BLD *build, int selection)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *run = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);

    openssl_must(run && parameters && EVP_PKEY_fromdata_init(run) == 1);
    if (EVP_PKEY_fromdata(run, &key, selection, parameters) != 1)
        key = NULL;
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(run);
    return key;
}

static OSSL_PARAM_BLD *build_point(const unsigned char point[PUSH_POINT_LEN])
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();

    openssl_must(
        build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, PUSH_POINT_LEN));
    return build;
}

static EVP_PKEY *public_key(const unsigned char point[PUSH_POINT_LEN])
{
    return key_of(build_point(point), EVP_PKEY_PUBLIC_KEY);
}

/* The whole key of a scalar, which is reduced into the group's range first. */
static EVP_PKEY *private_key(const unsigned char scalar[PUSH_SCALAR_LEN],
                             unsigned char out_point[PUSH_POINT_LEN])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *number = BN_bin2bn(scalar, PUSH_SCALAR_LEN, BN_secure_new());
    BIGNUM *range = BN_dup(group ? EC_GROUP_get0_order(group) : NULL);
    BN_CTX *ctx = BN_CTX_new();
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;

    openssl_must(number && range && ctx && point);
    if (BN_is_zero(number) || BN_cmp(number, range) >= 0)
        openssl_must(BN_sub_word(range, 1) && BN_mod(number, number, range, ctx) &&
                     BN_add_word(number, 1));
    openssl_must(EC_POINT_mul(group, point, number, NULL, NULL, ctx) == 1 &&
                 EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out_point,
                                    PUSH_POINT_LEN, ctx) == PUSH_POINT_LEN);
    OSSL_PARAM_BLD *build = build_point(out_point);
    openssl_must(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number));
    EVP_PKEY *key = key_of(build, EVP_PKEY_KEYPAIR);
    openssl_must(key != NULL);
    BN_clear_free(number);
    BN_free(range);
    EC_POINT_free(point);
    BN_CTX_free(ctx);
    EC_GROUP_free(group);
    return key;
}

static EVP_PKEY *vapid_key(struct vault *vault, unsigned char out_point[PUSH_POINT_LEN])
{
    unsigned char scalar[VAULT_MAC_LEN];

    vault_mac(vault, PURPOSE_VAPID, SLICE("P-256"), scalar);
    EVP_PKEY *key = private_key(scalar, out_point);
    explicit_bzero(scalar, sizeof scalar);
    return key;
}

void push_public_key(struct vault *vault, unsigned char out[PUSH_POINT_LEN])
{
    EVP_PKEY_free(vapid_key(vault, out));
}

bool push_point_is_good(const unsigned char point[PUSH_POINT_LEN])
{
    EVP_PKEY *key = point[0] == POINT_CONVERSION_UNCOMPRESSED ? public_key(point) : NULL;

    EVP_PKEY_free(key);
    return key != NULL;
}

/* ---- who sends ---- */
void push_sign(struct vault *vault, struct slice data, unsigned char out[PUSH_SIGNATURE_LEN])
{
    unsigned char point[PUSH_POINT_LEN], der[80];
    size_t len = sizeof der;
    const unsigned char *at = der;
    EVP_PKEY *key = vapid_key(vault, point);
    EVP_MD_CTX *run = EVP_MD_CTX_new();

    openssl_must(run && EVP_DigestSignInit(run, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestSign(run, der, &len, (const unsigned char *)data.at, data.len) == 1);
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)len);
    openssl_must(signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32) == 32 &&
                 BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32) == 32);
    ECDSA_SIG_free(signature);
    EVP_MD_CTX_free(run);
    EVP_PKEY_free(key);
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
    EVP_PKEY *theirs = public_key(device->point), *own = private_key(scalar, ours);
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
