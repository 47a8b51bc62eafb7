#include "archive.h"

#include "text.h"

#include <stdio.h>

/* POSIX ustar.  A size beyond eight octal gigabytes is written in base 256, as GNU tar does. */
enum {
    NAME_AT = 0,
    MODE_AT = 100,
    UID_AT = 108,
    GID_AT = 116,
    SIZE_AT = 124,
    SIZE_LEN = 12,
    TIME_AT = 136,
    SUM_AT = 148,
    SUM_LEN = 8,
    KIND_AT = 156,
    MAGIC_AT = 257,
    MAGIC_LEN = 6,
    VERSION_AT = MAGIC_AT + MAGIC_LEN,
    VERSION_LEN = 2,
    OCTAL_SIZE_BITS = 33,
    FILE_MODE = 0600,
};
#define BINARY_MARK ((char)0x80)

/* What the sum's own place counts as: spaces. */
static unsigned sum_of(const char block[ARCHIVE_BLOCK])
{
    unsigned sum = 0;

    for (int i = 0; i < ARCHIVE_BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : (unsigned char)block[i];
    return sum;
}

static void write_size(int64_t size, char *out)
{
    if (size >> OCTAL_SIZE_BITS == 0) {
        snprintf(out, SIZE_LEN, "%011llo", (unsigned long long)size);
        return;
    }
    out[0] = BINARY_MARK;
    for (int i = SIZE_LEN - 1; i >= SIZE_LEN - 8; i--, size >>= 8)
        out[i] = (char)(size & 0xff);
}

void archive_header(const struct archive_entry *entry, int64_t now_s, char out[ARCHIVE_BLOCK])
{
    memset(out, 0, ARCHIVE_BLOCK);
    snprintf(out + NAME_AT, ARCHIVE_NAME_SIZE, "%s", entry->name);
    snprintf(out + MODE_AT, 8, "%07o", FILE_MODE);
    snprintf(out + UID_AT, 8, "%07o", 0);
    snprintf(out + GID_AT, 8, "%07o", 0);
    write_size(entry->size, out + SIZE_AT);
    snprintf(out + TIME_AT, 12, "%011llo", (unsigned long long)now_s);
    out[KIND_AT] = '0';
    snprintf(out + MAGIC_AT, MAGIC_LEN, "ustar");
    memset(out + VERSION_AT, '0', VERSION_LEN);
    snprintf(out + SUM_AT, SUM_LEN, "%06o", sum_of(out));
    out[SUM_AT + SUM_LEN - 1] = ' ';
}

static bool read_octal(const char *at, size_t len, int64_t *out)
{
    size_t i = 0;

    for (*out = 0; i < len && at[i] >= '0' && at[i] <= '7'; i++)
        *out = *out * 8 + (at[i] - '0');
    return i > 0 && (i == len || at[i] == '\0' || at[i] == ' ');
}

static bool read_size(const char *at, int64_t *out)
{
    if (at[0] != BINARY_MARK)
        return read_octal(at, SIZE_LEN, out);
    *out = 0;
    for (int i = 1; i < SIZE_LEN; i++) {
        if (*out >> 47)
            return false;
        *out = *out << 8 | (unsigned char)at[i];
    }
    return true;
}

static bool is_zero(const char block[ARCHIVE_BLOCK])
{
    for (int i = 0; i < ARCHIVE_BLOCK; i++)
        if (block[i])
            return false;
    return true;
}

enum archive_kind archive_read(const char block[ARCHIVE_BLOCK], struct archive_entry *out)
{
    int64_t sum;

    if (is_zero(block))
        return ARCHIVE_END;
    if (!read_octal(block + SUM_AT, SUM_LEN, &sum) || sum != sum_of(block) ||
        block[SUM_AT + SUM_LEN - 1] != ' ' || memcmp(block + MAGIC_AT, "ustar", 5) != 0 ||
        block[KIND_AT] != '0' || !memchr(block + NAME_AT, '\0', ARCHIVE_NAME_SIZE) ||
        !read_size(block + SIZE_AT, &out->size))
        return ARCHIVE_BROKEN;
    snprintf(out->name, sizeof out->name, "%s", block + NAME_AT);
    return ARCHIVE_FILE;
}

static bool is_plain(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && !strchr("-_.", c))
            return false;
    }
    return name.len > 0 && name.at[0] != '.';
}

bool archive_name_is_ours(const char *name)
{
    struct slice rest = slice_of(name);
    struct slice folder = slice_cut(&rest, '/');

    if (!rest.at)
        return slice_is(folder, ARCHIVE_ABOUT) || slice_is(folder, ARCHIVE_DATABASE) ||
               slice_is(folder, ARCHIVE_SUMS);
    if (slice_is(folder, "keys") || slice_is(folder, "tls"))
        return is_plain(rest);
    struct slice letters = slice_cut(&rest, '/');
    return slice_is(folder, "bodies") && letters.len == 2 && is_plain(letters) && rest.at &&
           is_plain(rest) && rest.len > 2 && slice_starts(rest, letters);
}

void archive_add_sum(struct bytes *sums, const unsigned char digest[SHA256_LEN], const char *name)
{
    hex_add(sums, (struct slice){(const char *)digest, SHA256_LEN});
    bytes_print(sums, "  %s\n", name);
}

size_t archive_padding(int64_t size)
{
    return (size_t)(-size & (ARCHIVE_BLOCK - 1));
}
