/*
 * text — encodings more than one room needs: base64, hex, percent, UTF-8, host names, HTML escaping, lines
 * for a terminal, strings of IMAP.
 */
#ifndef NESTBOX_BASE_TEXT_H
#define NESTBOX_BASE_TEXT_H

#include "bytes.h"
#include "err.h"

void base64_add(struct bytes *out, struct slice raw); /* standard, padded, one line */
/* Strict: no space, right padding.  False leaves `out` as it was; so does percent_read(). */
MUST_CHECK bool base64_read(struct slice text, struct bytes *out);
void base64url_add(struct bytes *out, struct slice raw); /* no padding */
void hex_add(struct bytes *out, struct slice raw);       /* lower case */
void percent_add(struct bytes *out, struct slice raw);   /* all but RFC 3986 unreserved */
MUST_CHECK bool percent_read(struct slice text, struct bytes *out); /* false: broken escape, NUL */

bool utf8_valid(struct slice s); /* no overlong, no surrogates, no NUL */
/* At most `max_chars` code points, cut on a boundary. */
struct slice utf8_first(struct slice s, size_t max_chars);
size_t utf8_count(struct slice s); /* a broken byte counts as one */
/* Length of the code point at `at` (1–4), its value in *out; 0 if broken. */
size_t utf8_read(struct slice at, uint32_t *out);
void utf8_add(struct bytes *out, uint32_t code); /* what is no character becomes U+FFFD */
/* A mark that turns the line around (UAX 9): in a stranger's words it makes others' read differently. */
bool utf8_turns_line(uint32_t code);

void html_escape_add(struct bytes *out, struct slice s); /* & < > " ' */
void html_paragraph_add(struct bytes *out, struct slice words);
/* <a>, which tells the other end nothing of who comes, and lends it no weight. */
void html_link_add(struct bytes *out, const char *href, const char *words);
/* The words of `text` in lines of at most 78 octets, each behind `margin` and ended; a longer word stands alone. */
void text_wrap(struct bytes *out, const char *margin, const char *text);
void quoted_add(struct bytes *out, struct slice text); /* in quotes, with \" and \\ */
void imap_string_add(struct bytes *out,
                     struct slice text); /* quoted, or a literal (RFC 9051 4.3) */

/* The one canonical form of a host: lower case, A-labels (IDNA 2008), no trailing dot, at least one dot,
 * no IP literal, no userinfo, no port.  ERR_MALFORMED otherwise.  `out` is heap text.  '_' may stand in a
 * label: Delta Chat's laboratories and service names have it. */
MUST_CHECK bool host_canonical(struct slice host, char **out, struct err *err);

/* Takes apart https://host[:port]/path?query#fragment.  False: not an absolute http(s) URL, userinfo,
 * space or control bytes, blank host, backslash before the path, a query without a path.  Slices point
 * into `text`. */
struct url {
    bool https;
    struct slice host;   /* as written */
    int port;            /* 443 or 80 if not written */
    struct slice target; /* path and query as sent in a request line; "/" if empty */
    struct slice fragment;
};
MUST_CHECK bool url_read(struct slice text, struct url *out);
bool url_same_origin(struct slice a, struct slice b); /* scheme, host (case ignored), port */

#endif
