#include "certificate.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { YEARS_10_S = 10 * 365 * 24 * 60 * 60 };

static bool add_extension(X509 *certificate, int what, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool name_it(X509 *certificate, const char *const *names, size_t count)
{
    scoped_value(bytes) alternatives = {0};

    for (size_t i = 0; i < count; i++)
        bytes_print(&alternatives, "%sDNS:%s", i > 0 ? "," : "", names[i]);
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)names[0],
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_subject_alt_name, alternatives.at);
}

static bool date_it(X509 *certificate)
{
    unsigned char serial[16];

    if (RAND_bytes(serial, sizeof serial) != 1)
        return false;
    serial[0] &= 0x7f; /* a positive INTEGER */
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    bool dated = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) &&
                 X509_set_version(certificate, X509_VERSION_3) == 1 &&
                 X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
                 X509_gmtime_adj(X509_getm_notAfter(certificate), YEARS_10_S);
    BN_free(number);
    return dated;
}

static void take_memory(BIO *bio, struct bytes *out)
{
    char *at = NULL;
    long len = BIO_get_mem_data(bio, &at);

    bytes_add(out, (struct slice){at, (size_t)len});
}

static bool write_pem(X509 *certificate, EVP_PKEY *key, struct bytes *out_certificate,
                      struct bytes *out_key)
{
    BIO *certificate_pem = BIO_new(BIO_s_mem());
    BIO *key_pem = BIO_new(BIO_s_secmem());
    bool written = certificate_pem && key_pem &&
                   PEM_write_bio_X509(certificate_pem, certificate) == 1 &&
                   PEM_write_bio_PKCS8PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) == 1;

    if (written) {
        take_memory(certificate_pem, out_certificate);
        take_memory(key_pem, out_key);
    }
    BIO_free(certificate_pem);
    BIO_free(key_pem);
    return written;
}

bool certificate_self_signed(const char *const *names, size_t count, struct bytes *out_certificate,
                             struct bytes *out_key, struct err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    bool made = key && certificate && date_it(certificate) &&
                X509_set_pubkey(certificate, key) == 1 && name_it(certificate, names, count) &&
                X509_sign(certificate, key, EVP_sha256()) > 0 &&
                write_pem(certificate, key, out_certificate, out_key);

    X509_free(certificate);
    EVP_PKEY_free(key);
    return made || err_because(err, ERR_TEMPORARY, "A certificate could not be made", "%s",
                               ERR_reason_error_string(ERR_get_error()));
}

static EVP_PKEY *read_private(struct slice pem)
{
    BIO *bio = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return key;
}

/* No subject: authorities read the names alone. */
static bool ask_for(X509_REQ *request, const char *const *names, size_t count)
{
    scoped_value(bytes) alternatives = {0};
    X509V3_CTX context;

    for (size_t i = 0; i < count; i++)
        bytes_print(&alternatives, "%sDNS:%s", i > 0 ? "," : "", names[i]);
    X509V3_set_ctx(&context, NULL, NULL, request, NULL, 0);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, alternatives.at);
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    bool pushed = extension && extensions && sk_X509_EXTENSION_push(extensions, extension) > 0;
    bool added = pushed && X509_REQ_add_extensions(request, extensions) == 1;
    if (!pushed)
        X509_EXTENSION_free(extension);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return added;
}

bool certificate_request(struct slice key_pem, const char *const *names, size_t count,
                         struct bytes *out, struct err *err)
{
    unsigned char *der = NULL;
    EVP_PKEY *key = read_private(key_pem);
    X509_REQ *request = X509_REQ_new();
    bool made = key && request && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
                X509_REQ_set_pubkey(request, key) == 1 && ask_for(request, names, count) &&
                X509_REQ_sign(request, key, EVP_sha256()) > 0;
    int len = made ? i2d_X509_REQ(request, &der) : -1;

    if (len > 0)
        bytes_add(out, (struct slice){(const char *)der, (size_t)len});
    OPENSSL_free(der);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return len > 0 || err_because(err, ERR_TEMPORARY, "The key of the certificate cannot be used",
                                  "%s", ERR_reason_error_string(ERR_get_error()));
}

static EVP_PKEY *read_key(struct slice pem)
{
    BIO *bio = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;

    if (bio && !certificate && BIO_reset(bio) >= 0)
        key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

bool certificate_key_digest(struct slice pem, unsigned char out[SHA256_LEN])
{
    EVP_PKEY *key = read_key(pem);
    unsigned char *der = NULL;
    int len = key ? i2d_PUBKEY(key, &der) : -1;

    if (len > 0)
        sha256((struct slice){(const char *)der, (size_t)len}, out);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return len > 0;
}
