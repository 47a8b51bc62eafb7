/* A key record (RFC 6376 3.6.1, RFC 8463 4). */
#include "dkim_private.h"

void dkim_key_record_clear(struct dkim_key_record *record)
{
    bytes_clear(&record->key);
}

static bool read_scheme(struct slice kind, enum dkim_scheme *out)
{
    *out = slice_is(kind, "ed25519") ? DKIM_ED25519_SHA256 : DKIM_RSA_SHA256;
    return *out == DKIM_ED25519_SHA256 || slice_is(kind, "rsa");
}

bool dkim_key_record_read(struct slice text, struct dkim_key_record *out)
{
    struct dkim_tags tags;

    if (!dkim_tags_read(text, &tags))
        return false;
    const struct dkim_tag *version = dkim_tag(&tags, "v");
    if (version && (version != &tags.at[0] || !slice_is(version->value, "DKIM1")))
        return false;
    struct slice services = dkim_tag_or(&tags, "s", "*"), flags = dkim_tag_or(&tags, "t", "");
    out->for_mail = dkim_list_has(services, "*") || dkim_list_has(services, "email");
    out->testing = dkim_list_has(flags, "y");
    out->own_domain_only = dkim_list_has(flags, "s");
    out->sha256 = dkim_list_has(dkim_tag_or(&tags, "h", "sha256"), "sha256");
    const struct dkim_tag *key = dkim_tag(&tags, "p");
    return key && read_scheme(dkim_tag_or(&tags, "k", "rsa"), &out->scheme) &&
           dkim_base64(key->value, &out->key);
}
