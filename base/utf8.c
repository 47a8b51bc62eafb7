/*
 * UTF-8 as RFC 3629 has it: shortest form, no surrogates, nothing above U+10FFFF.
 */
#include "text.h"

/* How many bytes follow a first byte, and the least code point that needs so many. */
static size_t length_from(unsigned char first, uint32_t *bits, uint32_t *least)
{
    if (first < 0x80) {
        *bits = first;
        *least = 0;
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        *bits = first & 0x1f;
        *least = 0x80;
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        *bits = first & 0x0f;
        *least = 0x800;
        return 3;
    }
    *bits = first & 0x07;
    *least = 0x10000;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static bool character(uint32_t code)
{
    return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

size_t utf8_read(struct slice at, uint32_t *out)
{
    uint32_t code = 0, least = 0;
    size_t len = at.len ? length_from((unsigned char)at.at[0], &code, &least) : 0;

    if (len == 0 || len > at.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        unsigned char c = (unsigned char)at.at[i];
        if ((c & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c & 0x3f);
    }
    if (code < least || !character(code))
        return 0;
    *out = code;
    return len;
}

/* Length of the code point, or 1 for a byte that belongs to none. */
static size_t step(struct slice at)
{
    uint32_t code = 0;
    size_t len = utf8_read(at, &code);

    return len ? len : 1;
}

bool utf8_valid(struct slice s)
{
    uint32_t code = 0;

    while (s.len > 0) {
        size_t len = utf8_read(s, &code);
        if (len == 0 || code == 0)
            return false;
        s = slice_from(s, len);
    }
    return true;
}

struct slice utf8_first(struct slice s, size_t max_chars)
{
    size_t len = 0;

    for (size_t chars = 0; chars < max_chars && len < s.len; chars++)
        len += step(slice_from(s, len));
    return slice_first(s, len);
}

size_t utf8_count(struct slice s)
{
    size_t chars = 0;

    for (; s.len > 0; s = slice_from(s, step(s)))
        chars++;
    return chars;
}

void utf8_add(struct bytes *out, uint32_t code)
{
    if (!character(code))
        code = 0xfffd;
    if (code < 0x80) {
        bytes_add_char(out, (char)code);
        return;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    char text[4];
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        text[i] = (char)(0x80 | (code & 0x3f));
    text[0] = (char)((0xf00u >> len & 0xff) | code);
    bytes_add(out, (struct slice){text, len});
}

bool utf8_turns_line(uint32_t code)
{
    return code == 0x061C || code == 0x200E || code == 0x200F ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}
