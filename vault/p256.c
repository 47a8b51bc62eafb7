/* Keys of P-256, and those of them that are made of the server key. */
#include "vault_private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

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

static OSSL_PARAM_BLD *build_point(const unsigned char point[P256_POINT_LEN])
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();

    openssl_must(
        build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, P256_POINT_LEN));
    return build;
}

EVP_PKEY *p256_public(const unsigned char point[P256_POINT_LEN])
{
    return key_of(build_point(point), EVP_PKEY_PUBLIC_KEY);
}

/* The whole key of a scalar, which is reduced into the group's range first. */
EVP_PKEY *p256_private(const unsigned char scalar[P256_SCALAR_LEN],
                       unsigned char out_point[P256_POINT_LEN])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *number = BN_bin2bn(scalar, P256_SCALAR_LEN, BN_secure_new());
    BIGNUM *range = BN_dup(group ? EC_GROUP_get0_order(group) : NULL);
    BN_CTX *ctx = BN_CTX_new();
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;

    openssl_must(number && range && ctx && point);
    if (BN_is_zero(number) || BN_cmp(number, range) >= 0)
        openssl_must(BN_sub_word(range, 1) && BN_mod(number, number, range, ctx) &&
                     BN_add_word(number, 1));
    openssl_must(EC_POINT_mul(group, point, number, NULL, NULL, ctx) == 1 &&
                 EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out_point,
                                    P256_POINT_LEN, ctx) == P256_POINT_LEN);
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

static EVP_PKEY *derived_key(struct vault *vault, const char *purpose,
                             unsigned char out_point[P256_POINT_LEN])
{
    unsigned char scalar[P256_SCALAR_LEN];

    vault_mac(vault, purpose, SLICE("P-256"), scalar);
    EVP_PKEY *key = p256_private(scalar, out_point);
    explicit_bzero(scalar, sizeof scalar);
    return key;
}

void vault_es256_point(struct vault *vault, const char *purpose, unsigned char out[P256_POINT_LEN])
{
    EVP_PKEY_free(derived_key(vault, purpose, out));
}

void vault_es256_sign(struct vault *vault, const char *purpose, struct slice data,
                      unsigned char out[ES256_LEN])
{
    unsigned char point[P256_POINT_LEN], der[80];
    size_t len = sizeof der;
    const unsigned char *at = der;
    EVP_PKEY *key = derived_key(vault, purpose, point);
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
