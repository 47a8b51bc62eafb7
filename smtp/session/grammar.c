#include "grammar.h"

#include "text.h"

enum { LOCAL_MAX = 64, DOMAIN_MAX = 255 };

static bool is_atext(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL) || c >= 0x80;
}

/* Underscores are no host names, yet laboratories and some hosts have them (Delta Chat's _a.test). */
static bool is_domain_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c >= 0x80;
}

struct path_text { /* being written */
    char *out;
    size_t len;
};

static bool put(struct path_text *text, char c)
{
    if (text->len + 1 >= ADDRESS_SIZE)
        return false;
    text->out[text->len++] = c;
    text->out[text->len] = '\0';
    return true;
}

static bool read_quoted(struct slice *rest, struct path_text *text)
{
    *rest = slice_from(*rest, 1);
    while (rest->len > 0 && rest->at[0] != '"') {
        if (rest->at[0] == '\\')
            *rest = slice_from(*rest, 1);
        if (rest->len == 0 || (unsigned char)rest->at[0] < 0x20 || !put(text, rest->at[0]))
            return false;
        *rest = slice_from(*rest, 1);
    }
    if (rest->len == 0 || text->len == 0)
        return false;
    *rest = slice_from(*rest, 1);
    return true;
}

static bool read_dot_string(struct slice *rest, struct path_text *text)
{
    char before = '.';

    while (rest->len > 0 && is_atext((unsigned char)rest->at[0])) {
        char c = rest->at[0];
        if ((c == '.' && before == '.') || !put(text, c))
            return false;
        before = c;
        *rest = slice_from(*rest, 1);
    }
    return text->len > 0 && before != '.';
}

static bool read_local(struct slice *rest, struct path_text *text)
{
    if (rest->len > 0 && rest->at[0] == '"')
        return read_quoted(rest, text);
    return read_dot_string(rest, text);
}

/* [192.0.2.1] and [IPv6:…]: kept as text; nobody here has such an address. */
static bool read_literal(struct slice *rest, struct path_text *text)
{
    size_t end = slice_find(*rest, ']');

    if (end == SIZE_MAX)
        return false;
    for (size_t i = 0; i <= end; i++) {
        unsigned char c = (unsigned char)rest->at[i];
        if (c <= 0x20 || c >= 0x7f || c == '<' || c == '>' || !put(text, (char)c))
            return false;
    }
    *rest = slice_from(*rest, end + 1);
    return true;
}

static bool read_domain(struct slice *rest, struct path_text *text)
{
    size_t start = text->len;

    if (rest->len > 0 && rest->at[0] == '[')
        return read_literal(rest, text);
    while (rest->len > 0 && is_domain_char((unsigned char)rest->at[0])) {
        if (!put(text, rest->at[0]))
            return false;
        *rest = slice_from(*rest, 1);
    }
    struct slice domain = {text->out + start, text->len - start};
    return domain.len > 0 && domain.len <= DOMAIN_MAX && domain.at[0] != '.' &&
           domain.at[domain.len - 1] != '.' && !slice_has(domain, "..");
}

static bool take_char(struct slice *rest, char c)
{
    if (rest->len == 0 || rest->at[0] != c)
        return false;
    *rest = slice_from(*rest, 1);
    return true;
}

static bool skip_source_route(struct slice *rest)
{
    if (rest->len == 0 || rest->at[0] != '@')
        return true;
    size_t colon = slice_find(*rest, ':');
    if (colon == SIZE_MAX || slice_find(*rest, '>') < colon)
        return false;
    *rest = slice_from(*rest, colon + 1);
    return true;
}

/* Bytes that are no UTF-8 (RFC 6531 3.3) would go into headers, tables and JSON, which take nothing else. */
static enum path_result judge(const char *out, size_t local_len)
{
    if (!utf8_valid(slice_of(out)))
        return PATH_MALFORMED;
    for (const char *c = out; *c; c++)
        if ((unsigned char)*c >= 0x80)
            return PATH_NEEDS_UTF8;
    return local_len > LOCAL_MAX ? PATH_LOCAL_TOO_LONG : PATH_GOOD;
}

enum path_result path_read(struct slice *rest, char out[ADDRESS_SIZE])
{
    struct path_text text = {.out = out};

    out[0] = '\0';
    if (!take_char(rest, '<'))
        return PATH_MALFORMED;
    if (take_char(rest, '>'))
        return PATH_GOOD;
    if (!skip_source_route(rest) || !read_local(rest, &text))
        return PATH_MALFORMED;
    size_t local_len = text.len;
    if (take_char(rest, '>'))
        return slice_is_nocase(slice_of(out), "postmaster") ? PATH_GOOD : PATH_MALFORMED;
    if (!take_char(rest, '@') || !put(&text, '@') || !read_domain(rest, &text) ||
        !take_char(rest, '>'))
        return PATH_MALFORMED;
    return judge(out, local_len);
}
