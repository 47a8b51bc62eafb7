/*
 * Digest (RFC 3230, "SHA-256=…") and Content-Digest (RFC 9530, "sha-256=:…:"): SHA-256 of the body as it came.
 */
#include "digest.h"
#include "signature_private.h"
#include "text.h"

static bool is_sha256_of(struct slice base64, struct slice body)
{
    scoped_value(bytes) said = {0};
    unsigned char is[SHA256_LEN];

    if (!base64_read(base64, &said) || said.len != SHA256_LEN)
        return false;
    sha256(body, is);
    return memcmp(said.at, is, SHA256_LEN) == 0;
}

/* The one sha-256 of a comma list; at == NULL if there is none, or more than one. */
static struct slice the_sha256(struct slice list)
{
    struct slice found = {NULL, 0};
    size_t count = 0;

    while (list.at) {
        struct slice value = slice_trim(slice_cut(&list, ','));
        struct slice name = slice_trim(slice_cut(&value, '='));
        if (!slice_is_nocase(name, "sha-256") || !value.at)
            continue;
        count++;
        found = slice_trim(value);
    }
    return count == 1 ? found : (struct slice){NULL, 0};
}

static bool fits(const struct http_request *request, const char *field, bool in_colons,
                 struct err *err)
{
    struct slice digest = the_sha256(http_field(request, field, NULL));

    if (!digest.at)
        return err_set(err, ERR_REFUSED, "The %s field needs one sha-256", field);
    if (in_colons) {
        if (digest.len < 2 || digest.at[0] != ':' || digest.at[digest.len - 1] != ':')
            return err_set(err, ERR_REFUSED, "The sha-256 of the %s field has no colons around it",
                           field);
        digest = (struct slice){digest.at + 1, digest.len - 2};
    }
    if (!is_sha256_of(digest, request->body))
        return err_set(err, ERR_REFUSED, "The %s field does not fit the body", field);
    return true;
}

bool signature_digest_fits(const struct http_request *request, struct err *err)
{
    size_t old = 0, new = 0;

    (void)http_field(request, "Digest", &old);
    (void)http_field(request, "Content-Digest", &new);
    if (old > 1 || new > 1)
        return err_set(err, ERR_REFUSED, "The digest was sent twice");
    if (old + new == 0)
        return err_set(err, ERR_REFUSED, "The request has no Digest field");
    if (old && !fits(request, "Digest", false, err))
        return false;
    return !new || fits(request, "Content-Digest", true, err);
}
