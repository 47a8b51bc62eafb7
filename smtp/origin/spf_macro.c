/* Macros of SPF (RFC 7208 7): their syntax, and what they become. */
#include "clock.h"
#include "memory.h"
#include "spf_private.h"
#include "text.h"

#include <stdio.h>

enum { NAME_MAX_LEN = 253, PARTS_MAX = 128 };

struct macro {    /* "%{d2r.-}" taken apart */
    char letter;  /* lower case */
    bool escaped; /* written as a capital */
    bool reversed;
    size_t parts; /* 0: all */
    struct slice delimiters;
};

static bool is_delimiter(char c)
{
    return spf_is_one_of(c, ".-+,/_=");
}

/* What stands between the braces. */
static bool read_macro(struct slice text, bool explaining, struct macro *out)
{
    const char *letters = explaining ? "slodiphvcrt" : "slodiphv";
    size_t at = 1, digits = 0;

    if (text.len == 0)
        return false;
    *out = (struct macro){.letter = (char)(text.at[0] | 0x20)};
    out->escaped = out->letter != text.at[0];
    if (!spf_is_one_of(out->letter, letters))
        return false;
    for (; at < text.len && text.at[at] >= '0' && text.at[at] <= '9'; at++, digits++)
        if (out->parts < PARTS_MAX)
            out->parts = out->parts * 10 + (size_t)(text.at[at] - '0');
    if (digits > 0 && out->parts == 0)
        return false;
    if (at < text.len && (text.at[at] | 0x20) == 'r') {
        out->reversed = true;
        at++;
    }
    out->delimiters = slice_from(text, at);
    for (; at < text.len; at++)
        if (!is_delimiter(text.at[at]))
            return false;
    return true;
}

/* How long the macro at the head of `text` is, with its percent sign; 0: it is none. */
static size_t macro_length(struct slice text, bool explaining)
{
    struct macro macro;

    if (text.len < 2)
        return 0;
    if (text.at[1] != '{')
        return spf_is_one_of(text.at[1], "%_-") ? 2 : 0;
    size_t end = slice_find(text, '}');
    if (end == SIZE_MAX ||
        !read_macro(slice_first(slice_from(text, 2), end - 2), explaining, &macro))
        return 0;
    return end + 1;
}

bool spf_macros_fit(struct slice text, bool explaining)
{
    while (text.len > 0) {
        size_t len = 1;
        if (text.at[0] == '%')
            len = macro_length(text, explaining);
        else if (text.at[0] > '~' || text.at[0] < (explaining ? ' ' : '!'))
            len = 0;
        if (len == 0)
            return false;
        text = slice_from(text, len);
    }
    return true;
}

/* ---- values ---- */
static struct slice sender_local(const struct spf_check *check)
{
    struct slice sender = check->question->sender;
    size_t at = slice_find_last(sender, '@');

    return at == SIZE_MAX || at == 0 ? SLICE("postmaster") : slice_first(sender, at);
}

static struct slice sender_domain(const struct spf_check *check)
{
    struct slice sender = check->question->sender;
    size_t at = slice_find_last(sender, '@');

    return at == SIZE_MAX ? sender : slice_from(sender, at + 1);
}

/* Dotted: octets of IPv4, nibbles of IPv6. */
static void add_dotted(const struct spf_client *client, struct bytes *out)
{
    if (!client->ip6) {
        bytes_add_text(out, client->text);
        return;
    }
    for (size_t i = 0; i < IP6_LEN; i++)
        bytes_print(out, "%s%X.%X", i ? "." : "", client->address[i] >> 4, client->address[i] & 15);
}

static bool add_own_name(struct spf_check *check, const char *domain, struct bytes *out)
{
    char name[DNS_NAME_SIZE];
    enum spf_names found = spf_own_name(check, domain, name);

    if (found == SPF_NAMES_OPEN)
        return false;
    if (found != SPF_NAMES_FOUND)
        found = spf_own_name(check, "", name);
    if (found == SPF_NAMES_OPEN)
        return false;
    bytes_add_text(out, found == SPF_NAMES_FOUND ? name : "unknown");
    return true;
}

static bool add_value(struct spf_check *check, char letter, const char *domain, struct bytes *out)
{
    switch (letter) {
    case 's':
        bytes_add(out, sender_local(check));
        bytes_add_char(out, '@');
        bytes_add(out, sender_domain(check));
        break;
    case 'l': bytes_add(out, sender_local(check)); break;
    case 'o': bytes_add(out, sender_domain(check)); break;
    case 'd': bytes_add_text(out, domain); break;
    case 'i': add_dotted(&check->client, out); break;
    case 'p': return add_own_name(check, domain, out);
    case 'h': bytes_add(out, check->question->helo); break;
    case 'v': bytes_add_text(out, check->client.ip6 ? "ip6" : "in-addr"); break;
    case 'c': bytes_add_text(out, check->client.text); break;
    case 'r': bytes_add_text(out, check->receiver ? check->receiver : "unknown"); break;
    case 't': bytes_print(out, "%lld", (long long)(check->now_ms / SECOND_MS)); break;
    default: break;
    }
    return true;
}

/* ---- transformers ---- */
static size_t split(struct slice value, struct slice delimiters, struct slice *parts)
{
    size_t count = 0, from = 0;

    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && !memchr(delimiters.at, value.at[i], delimiters.len))
            continue;
        if (count == PARTS_MAX) /* nothing that DNS can hold has so many */
            return count;
        parts[count++] = slice_first(slice_from(value, from), i - from);
        from = i + 1;
    }
    return count;
}

static void transform(const struct macro *macro, struct slice value, struct bytes *out)
{
    struct slice parts[PARTS_MAX];
    struct slice delimiters = macro->delimiters.len > 0 ? macro->delimiters : SLICE(".");
    size_t count = split(value, delimiters, parts);
    size_t kept = macro->parts > 0 && macro->parts < count ? macro->parts : count;

    for (size_t i = count - kept; i < count; i++) {
        if (i > count - kept)
            bytes_add_char(out, '.');
        bytes_add(out, parts[macro->reversed ? count - 1 - i : i]);
    }
}

static bool expand_macro(struct spf_check *check, struct slice text, const char *domain,
                         struct bytes *out)
{
    scoped_value(bytes) value = {0};
    scoped_value(bytes) transformed = {0};
    struct macro macro;

    if (!read_macro(text, true, &macro) || !add_value(check, macro.letter, domain, &value))
        return false;
    if (macro.parts > 0 || macro.reversed || macro.delimiters.len > 0)
        transform(&macro, bytes_slice(&value), &transformed);
    else
        bytes_add(&transformed, bytes_slice(&value));
    if (macro.escaped)
        percent_add(out, bytes_slice(&transformed));
    else
        bytes_add(out, bytes_slice(&transformed));
    return true;
}

static const char *short_macro(char c)
{
    if (c == '%')
        return "%";
    return c == '_' ? " " : "%20";
}

bool spf_expand(struct spf_check *check, struct slice text, const char *domain, struct bytes *out)
{
    while (text.len > 0) {
        size_t len = 1;
        if (text.at[0] != '%' || text.len < 2) {
            bytes_add_char(out, text.at[0]);
        } else if (text.at[1] != '{') {
            len = 2;
            bytes_add_text(out, short_macro(text.at[1]));
        } else {
            len = slice_find(text, '}') + 1;
            if (!expand_macro(check, slice_first(slice_from(text, 2), len - 3), domain, out))
                return false;
        }
        text = slice_from(text, len);
    }
    return true;
}

bool spf_expand_name(struct spf_check *check, struct slice text, const char *domain,
                     struct bytes *out)
{
    if (text.len == 0) {
        bytes_add_text(out, domain);
        return true;
    }
    if (!spf_expand(check, text, domain, out))
        return false;
    if (out->len > 0 && out->at[out->len - 1] == '.')
        bytes_cut(out, out->len - 1);
    while (out->len > NAME_MAX_LEN) {
        size_t dot = slice_find(bytes_slice(out), '.');
        bytes_drop_front(out, dot == SIZE_MAX ? out->len : dot + 1);
    }
    return true;
}
