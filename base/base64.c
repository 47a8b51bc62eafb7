/*
 * base64, base64url, hex.
 */
#include "text.h"

#include <string.h>

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Of an incomplete group len + 1 letters mean something. */
static size_t last_group(const char *alphabet, bool padded, struct slice raw, char *out)
{
    uint32_t bits = (uint32_t)(unsigned char)raw.at[0] << 16;

    if (raw.len > 1)
        bits |= (uint32_t)(unsigned char)raw.at[1] << 8;
    memset(out, '=', 4);
    for (size_t i = 0; i <= raw.len; i++)
        out[i] = alphabet[bits >> (18 - 6 * i) & 63];
    return padded ? 4 : raw.len + 1;
}

static void add(struct bytes *out, const char *alphabet, bool padded, struct slice raw)
{
    char *to = bytes_reserve(out, raw.len / 3 * 4 + 4);
    const char *begin = to;
    const unsigned char *at = (const unsigned char *)raw.at;

    for (; raw.len >= 3; raw.len -= 3, at += 3, to += 4) {
        uint32_t bits = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
        to[0] = alphabet[bits >> 18];
        to[1] = alphabet[bits >> 12 & 63];
        to[2] = alphabet[bits >> 6 & 63];
        to[3] = alphabet[bits & 63];
    }
    if (raw.len > 0)
        to += last_group(alphabet, padded, (struct slice){(const char *)at, raw.len}, to);
    out->len += (size_t)(to - begin);
    *to = '\0';
}

void base64_add(struct bytes *out, struct slice raw)
{
    add(out, standard, true, raw);
}

void base64url_add(struct bytes *out, struct slice raw)
{
    add(out, for_urls, false, raw);
}

static bool letter_value(char c, uint32_t *out)
{
    int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+'             ? 62
                : c == '/'             ? 63
                                       : -1;

    *out = value < 0 ? 0 : (uint32_t)value;
    return value >= 0;
}

/* Four letters, of which the last one or two may be '=': 1 to 3 bytes, or 0 if they are not base64.
 */
static size_t ungroup(struct slice four, char out[3])
{
    size_t letters = four.at[3] != '=' ? 4 : four.at[2] != '=' ? 3 : 2;
    uint32_t bits = 0, value = 0;

    for (size_t i = 0; i < letters; i++) {
        if (!letter_value(four.at[i], &value))
            return 0;
        bits |= value << (18 - 6 * i);
    }
    for (size_t i = 0; i < 3; i++)
        out[i] = (char)(bits >> (16 - 8 * i) & 255);
    bool loose_bits = (letters == 2 && (bits & 0xffff)) || (letters == 3 && (bits & 0xff));
    return loose_bits ? 0 : letters - 1;
}

bool base64_read(struct slice text, struct bytes *out)
{
    size_t before = out->len;

    if (text.len % 4 != 0)
        return false;
    for (; text.len > 0; text = slice_from(text, 4)) {
        char raw[3];
        size_t len = ungroup(slice_first(text, 4), raw);
        if (len == 0 || (len < 3 && text.len > 4)) {
            bytes_cut(out, before);
            return false;
        }
        bytes_add(out, (struct slice){raw, len});
    }
    return true;
}

void hex_add(struct bytes *out, struct slice raw)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.at[i];
        bytes_add_char(out, digits[c >> 4]);
        bytes_add_char(out, digits[c & 15]);
    }
}
