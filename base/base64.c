/*
 * base64, base64url, hex.
 */
#include "text.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Three bytes at most become four letters; of an incomplete group len + 1 of them mean something.
 */
static size_t group(const char *alphabet, struct slice raw, char out[4])
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 3; i++)
        bits = bits << 8 | (i < raw.len ? (unsigned char)raw.at[i] : 0u);
    for (size_t i = 0; i < 4; i++)
        out[i] = alphabet[bits >> (18 - 6 * i) & 63];
    return raw.len + 1;
}

static void add(struct bytes *out, const char *alphabet, bool padded, struct slice raw)
{
    for (; raw.len > 0; raw = slice_from(raw, 3)) {
        char letters[4];
        size_t len = group(alphabet, slice_first(raw, 3), letters);
        bytes_add(out, (struct slice){letters, len});
        for (; padded && len < 4; len++)
            bytes_add_char(out, '=');
    }
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
