/* What a certificate says. */
#include "certificate.h"
#include "clock.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

static bool read_time(const ASN1_TIME *time, int64_t *out)
{
    struct tm parts;

    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return false;
    *out = (int64_t)timegm(&parts) * SECOND_MS;
    return true;
}

static bool is_plain(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= ' ' || name.at[i] >= 0x7f)
            return false;
    return name.len > 0;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static void add_name(const ASN1_IA5STRING *value, struct bytes *out)
{
    struct slice name = {(const char *)ASN1_STRING_get0_data(value),
                         (size_t)ASN1_STRING_length(value)};

    if (!is_plain(name))
        return;
    if (out->len > 0)
        bytes_add_char(out, ' ');
    for (size_t i = 0; i < name.len; i++)
        bytes_add_char(out, lower(name.at[i]));
}

static void read_names(X509 *certificate, struct bytes *out)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);
        if (one->type == GEN_DNS)
            add_name(one->d.dNSName, out);
    }
    GENERAL_NAMES_free(all);
}

bool certificate_read(struct slice pem, struct certificate_facts *out)
{
    BIO *bio = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    *out = (struct certificate_facts){0};
    bool read = certificate && read_time(X509_get0_notBefore(certificate), &out->from_ms) &&
                read_time(X509_get0_notAfter(certificate), &out->until_ms);
    if (read) {
        out->self_signed = X509_NAME_cmp(X509_get_subject_name(certificate),
                                         X509_get_issuer_name(certificate)) == 0;
        read_names(certificate, &out->names);
    }
    X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    return read;
}

bool certificate_has_name(const struct certificate_facts *facts, const char *name)
{
    struct slice rest = bytes_slice(&facts->names);

    while (rest.at)
        if (slice_is(slice_cut(&rest, ' '), name))
            return true;
    return false;
}

void certificate_facts_clear(struct certificate_facts *facts)
{
    bytes_clear(&facts->names);
}
