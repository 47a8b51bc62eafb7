/* What a device registers with, taken apart: bytes of its choice (docs/contact-events.md).  Pure. */
#include "push_read.h"

#include "bridge_push.h"
#include "push.h"
#include "store_push.h"
#include "text.h"

#include <string.h>

/* Some pad, and some write the other alphabet of base64. */
static bool read_octets(const char *base64url, unsigned char *out, size_t len)
{
    scoped_value(bytes) text = {0};
    scoped_value(bytes) raw = {0};
    size_t said = base64url ? strcspn(base64url, "=") : 0;

    if (said == 0 || said > 2 * len)
        return false;
    for (size_t i = 0; i < said; i++)
        bytes_add_char(&text, (char)(base64url[i] == '-'   ? '+'
                                     : base64url[i] == '_' ? '/'
                                                           : base64url[i]));
    while (text.len % 4)
        bytes_add_char(&text, '=');
    if (!base64_read(bytes_slice(&text), &raw) || raw.len != len)
        return false;
    memcpy(out, raw.at, len);
    return true;
}

static bool is_endpoint(const char *text)
{
    struct url url;

    if (!text || strlen(text) > PUSH_ENDPOINT_MAX || !url_read(slice_of(text), &url))
        return false;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c >= 0x7F || *c == '#')
            return false;
    return url.https;
}

bool push_read(const char *endpoint, const char *p256dh, const char *auth, struct push *out,
               struct err *err)
{
    if (!is_endpoint(endpoint))
        return err_set(err, ERR_MALFORMED, "endpoint is an https URL of at most 1024 characters");
    if (!read_octets(p256dh, out->point, sizeof out->point) || !push_point_is_good(out->point))
        return err_set(err, ERR_MALFORMED, "p256dh is a point of P-256, 65 octets as base64url");
    if (!read_octets(auth, out->auth, sizeof out->auth))
        return err_set(err, ERR_MALFORMED, "auth is 16 octets as base64url");
    return true;
}

struct slice push_origin(const char *endpoint)
{
    size_t scheme = strlen("https://");

    return slice_first(slice_of(endpoint), scheme + strcspn(endpoint + scheme, "/?#"));
}
