/*
 * http and https URLs, strictly: what two readers could understand differently is refused.
 */
#include "text.h"

static bool clean(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= 0x20 || text.at[i] == 0x7f)
            return false;
    return true;
}

static bool take_scheme(struct slice *rest, bool *https)
{
    *https = slice_starts_nocase(*rest, "https://");
    if (!*https && !slice_starts_nocase(*rest, "http://"))
        return false;
    *rest = slice_from(*rest, *https ? 8 : 7);
    return true;
}

/* host, host:port, [v6], [v6]:port; an empty port is the usual one (RFC 3986 3.2.3). */
static bool read_authority(struct slice authority, struct url *url)
{
    size_t bracket = slice_find(authority, ']');
    int64_t port = 0;

    if (slice_find(authority, '@') != SIZE_MAX || slice_find(authority, '\\') != SIZE_MAX)
        return false;
    if (slice_starts(authority, SLICE("[")) != (bracket != SIZE_MAX))
        return false;
    size_t host_from = bracket == SIZE_MAX ? 0 : bracket + 1;
    struct slice behind = slice_from(authority, host_from);
    size_t colon = slice_find(behind, ':');
    size_t host_len = host_from + (colon == SIZE_MAX ? behind.len : colon);
    url->host = slice_first(authority, host_len);
    if (bracket != SIZE_MAX && host_len != host_from)
        return false;
    if (colon == SIZE_MAX || colon + 1 == behind.len)
        return url->host.len > 0;
    if (!slice_to_number(slice_from(behind, colon + 1), 65535, &port) || port == 0)
        return false;
    url->port = (int)port;
    return url->host.len > 0;
}

static size_t authority_len(struct slice rest)
{
    size_t len = 0;

    while (len < rest.len && rest.at[len] != '/' && rest.at[len] != '?' && rest.at[len] != '#')
        len++;
    return len;
}

bool url_read(struct slice text, struct url *out)
{
    struct url url = {0};
    struct slice rest = text;

    if (!clean(text) || !take_scheme(&rest, &url.https))
        return false;
    url.port = url.https ? 443 : 80;
    size_t len = authority_len(rest);
    if (!read_authority(slice_first(rest, len), &url))
        return false;
    rest = slice_from(rest, len);
    size_t hash = slice_find(rest, '#');
    url.fragment = hash == SIZE_MAX ? SLICE("") : slice_from(rest, hash + 1);
    url.target = slice_first(rest, hash);
    if (slice_empty(url.target))
        url.target = SLICE("/");
    if (url.target.at[0] != '/')
        return false;
    *out = url;
    return true;
}

bool url_same_origin(struct slice a, struct slice b)
{
    struct url first, second;

    return url_read(a, &first) && url_read(b, &second) && first.https == second.https &&
           first.port == second.port && slice_eq_nocase(first.host, second.host);
}
