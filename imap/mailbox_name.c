#include "mailbox_name.h"

#include "text.h"

/* Base64 with ',' for '/' and without padding. */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

struct bit_writer {
    uint32_t bits;
    int count;
};

static void put_unit(struct bytes *out, struct bit_writer *w, uint32_t unit)
{
    w->bits = w->bits << 16 | unit;
    w->count += 16;
    while (w->count >= 6) {
        w->count -= 6;
        bytes_add_char(out, alphabet[w->bits >> w->count & 63]);
    }
}

static void put_code(struct bytes *out, struct bit_writer *w, uint32_t code)
{
    if (code < 0x10000) {
        put_unit(out, w, code);
        return;
    }
    put_unit(out, w, 0xd800 + ((code - 0x10000) >> 10));
    put_unit(out, w, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

static void end_run(struct bytes *out, struct bit_writer *w)
{
    if (w->count > 0)
        bytes_add_char(out, alphabet[w->bits << (6 - w->count) & 63]);
    bytes_add_char(out, '-');
    *w = (struct bit_writer){0};
}

static bool is_plain(uint32_t code)
{
    return code >= 0x20 && code <= 0x7e;
}

void mutf7_add(struct bytes *out, struct slice utf8)
{
    struct bit_writer w = {0};
    bool inside = false;

    while (utf8.len > 0) {
        uint32_t code;
        size_t len = utf8_read(utf8, &code);
        utf8 = slice_from(utf8, len ? len : 1);
        if (!len)
            code = 0xfffd;
        if (is_plain(code) == inside) {
            if (inside)
                end_run(out, &w);
            else
                bytes_add_char(out, '&');
            inside = !inside;
        }
        if (inside)
            put_code(out, &w, code);
        else
            bytes_add_text(out, code == '&' ? "&-" : (char[]){(char)code, '\0'});
    }
    if (inside)
        end_run(out, &w);
}

static int digit_of(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

/* One UTF-16 unit; surrogates are joined. */
static bool take_unit(uint32_t unit, uint32_t *high, struct bytes *out)
{
    bool is_low = unit >= 0xdc00 && unit < 0xe000;

    if ((*high != 0) != is_low)
        return false;
    if (unit >= 0xd800 && unit < 0xdc00) {
        *high = unit;
        return true;
    }
    if (*high)
        unit = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
    *high = 0;
    if (is_plain(unit) || unit == 0)
        return false;
    utf8_add(out, unit);
    return true;
}

static bool read_run(struct slice run, struct bytes *out)
{
    uint32_t bits = 0, high = 0;
    int count = 0;

    for (size_t i = 0; i < run.len; i++) {
        int digit = digit_of(run.at[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        count += 6;
        if (count >= 16) {
            count -= 16;
            if (!take_unit(bits >> count & 0xffff, &high, out))
                return false;
        }
    }
    return high == 0 && count < 6 && (bits & ((1U << count) - 1)) == 0;
}

bool mutf7_read(struct slice text, struct bytes *out_utf8)
{
    struct slice rest = text;

    while (rest.len > 0) {
        char c = rest.at[0];
        if ((unsigned char)c < 0x20 || (unsigned char)c > 0x7e)
            return false;
        rest = slice_from(rest, 1);
        if (c != '&') {
            bytes_add_char(out_utf8, c);
            continue;
        }
        size_t end = slice_find(rest, '-');
        if (end == SIZE_MAX)
            return false;
        if (end == 0)
            bytes_add_char(out_utf8, '&');
        else if (!read_run(slice_first(rest, end), out_utf8))
            return false;
        rest = slice_from(rest, end + 1);
    }
    return true;
}

bool mailbox_name_good(struct slice name)
{
    struct slice rest = name;
    int levels = 0;

    if (name.len == 0 || name.len > MAILBOX_NAME_MAX || !utf8_valid(name))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f || name.at[i] == '%' ||
            name.at[i] == '*')
            return false;
    while (rest.at) {
        struct slice level = slice_cut(&rest, '/');
        if (level.len == 0 || ++levels > MAILBOX_LEVELS_MAX)
            return false;
    }
    return true;
}

/* A wildcard in the pattern, and up to where it has eaten the name. */
struct wildcard {
    size_t p, at;
    bool met;
};

static bool eats_more(const struct wildcard *w, struct slice name)
{
    return w->met && (name.len > w->at) && name.at[w->at] != '/';
}

/* Two places are tried again: the last '%', and when that must not go on, the last '*'. */
bool mailbox_name_fits(struct slice name, struct slice pattern)
{
    struct wildcard star = {0};
    struct wildcard percent = {0};
    size_t at = 0;
    size_t p = 0;

    for (;;) {
        int c = p < pattern.len ? pattern.at[p] : '\0';
        if (c == '*' || c == '%') {
            *(c == '*' ? &star : &percent) = (struct wildcard){p, at, true};
            percent.met = c == '%'; /* behind a '*' older ones cannot matter */
            p++;
        } else if (at < name.len && p < pattern.len && c == name.at[at]) {
            p++;
            at++;
        } else if (at == name.len && p == pattern.len) {
            return true;
        } else if (eats_more(&percent, name)) {
            p = percent.p + 1;
            at = ++percent.at;
        } else if (star.met && star.at < name.len) {
            percent.met = false;
            p = star.p + 1;
            at = ++star.at;
        } else {
            return false;
        }
    }
}
