#include "signature_private.h"

#include <stdlib.h>

void signature_clear(struct signature *signature)
{
    free(signature->key_id);
    bytes_clear(&signature->value);
    bytes_clear(&signature->base);
    bytes_clear(&signature->base_without_query);
    *signature = (struct signature){0};
}

bool signature_is_there(const struct http_request *request)
{
    return http_field(request, "Signature", NULL).at != NULL;
}

/* Two readers of a repeated field may see two different things. */
static bool nothing_twice(const struct http_request *request, struct err *err)
{
    static const char *const once[] = {"Host",   "Date",          "Signature", "Signature-Input",
                                       "Digest", "Content-Digest"};

    for (size_t i = 0; i < COUNT_OF(once); i++) {
        size_t count = 0;
        (void)http_field(request, once[i], &count);
        if (count > 1)
            return err_set(err, ERR_REFUSED, "The %s field was sent twice", once[i]);
    }
    return true;
}

bool signature_read(const struct http_request *request, int64_t now_ms, struct signature *out,
                    struct err *err)
{
    bool read = false;

    *out = (struct signature){0};
    if (!signature_is_there(request))
        return err_set(err, ERR_REFUSED, "The request is not signed");
    if (!nothing_twice(request, err))
        return false;
    if (slice_is(request->method, "POST") && !signature_digest_fits(request, err))
        return false;
    if (http_field(request, "Signature-Input", NULL).at)
        read = rfc9421_read(request, now_ms, out, err);
    else
        read = cavage_read(request, now_ms, out, err);
    if (!read)
        signature_clear(out);
    return read;
}
