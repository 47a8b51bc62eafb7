#include "certificate.h"

#include "scope.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

static void must(int ok)
{
    if (!ok)
        abort();
}

static void add_extension(X509 *x509, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension != NULL && X509_add_ext(x509, extension, -1));
    X509_EXTENSION_free(extension);
}

static X509 *sign_self(EVP_PKEY *key, const char *host, long serial)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    char names[300];

    snprintf(names, sizeof names, "DNS:%s", host);
    must(X509_set_version(x509, 2));
    must(ASN1_INTEGER_set(X509_get_serialNumber(x509), serial));
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 24L * 3600);
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1,
                                    0));
    must(X509_set_issuer_name(x509, name) && X509_set_pubkey(x509, key));
    add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(x509, NID_subject_alt_name, names);
    must(X509_sign(x509, key, EVP_sha256()));
    return x509;
}

void certificate_key_digest(const struct certificate *c, unsigned char out[32])
{
    FILE *file = fopen(c->file, "r");
    must(file != NULL);
    X509 *x509 = PEM_read_X509(file, NULL, NULL, NULL);
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);

    must(len > 0 && EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL));
    OPENSSL_free(der);
    X509_free(x509);
    fclose(file);
}

static FILE *create(const struct certificate *c, const char *name)
{
    char path[96];

    snprintf(path, sizeof path, "%s/%s", c->folder, name);
    FILE *file = fopen(path, "w");
    must(file != NULL);
    return file;
}

static void move(const struct certificate *c, const char *name, const char *to)
{
    char path[96];

    snprintf(path, sizeof path, "%s/%s", c->folder, name);
    must(rename(path, to) == 0);
}

void certificate_replace(struct certificate *c, const char *host, long serial)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = sign_self(key, host, serial);
    FILE *file = create(c, "new.pem");

    must(PEM_write_X509(file, x509));
    fclose(file);
    file = create(c, "new.key");
    must(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
    fclose(file);
    move(c, "new.key", c->key);
    move(c, "new.pem", c->file);
    X509_free(x509);
    EVP_PKEY_free(key);
}

void certificate_make(struct certificate *c, const char *host, long serial)
{
    const char *parent = getenv("TMPDIR");

    snprintf(c->folder, sizeof c->folder, "%.40s/nestbox-XXXXXX", parent ? parent : "/tmp");
    must(mkdtemp(c->folder) != NULL);
    snprintf(c->file, sizeof c->file, "%s/cert.pem", c->folder);
    snprintf(c->key, sizeof c->key, "%s/key.pem", c->folder);
    certificate_replace(c, host, serial);
}

void certificate_remove(struct certificate *c)
{
    unlink(c->file);
    unlink(c->key);
    rmdir(c->folder);
}
