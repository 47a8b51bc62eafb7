#include "slice.h"

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool same_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/* memcmp() may not be given NULL, and an empty slice may hold it. */
static bool same(const char *a, const char *b, size_t len)
{
    return len == 0 || memcmp(a, b, len) == 0;
}

bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && same(a.at, b.at, a.len);
}

bool slice_is(struct slice a, const char *text)
{
    return slice_eq(a, slice_of(text));
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    return a.len == b.len && same_nocase(a.at, b.at, a.len);
}

bool slice_is_nocase(struct slice a, const char *text)
{
    return slice_eq_nocase(a, slice_of(text));
}

bool slice_starts(struct slice s, struct slice with)
{
    return s.len >= with.len && same(s.at, with.at, with.len);
}

bool slice_starts_nocase(struct slice s, const char *with)
{
    return slice_is_nocase(slice_first(s, strlen(with)), with);
}

static struct slice last(struct slice s, size_t len)
{
    return slice_from(s, s.len > len ? s.len - len : 0);
}

bool slice_ends(struct slice s, struct slice with)
{
    return slice_eq(last(s, with.len), with);
}

bool slice_ends_nocase(struct slice s, const char *with)
{
    return slice_is_nocase(last(s, strlen(with)), with);
}

int slice_compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.at, b.at, len) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

size_t slice_find(struct slice s, char c)
{
    const char *found = s.len ? memchr(s.at, c, s.len) : NULL;

    return found ? (size_t)(found - s.at) : SIZE_MAX;
}

size_t slice_find_last(struct slice s, char c)
{
    const char *found = s.len ? memrchr(s.at, c, s.len) : NULL;

    return found ? (size_t)(found - s.at) : SIZE_MAX;
}

size_t slice_find_text(struct slice s, struct slice what)
{
    if (what.len == 0)
        return 0;
    const char *found = s.len ? memmem(s.at, s.len, what.at, what.len) : NULL;
    return found ? (size_t)(found - s.at) : SIZE_MAX;
}

size_t slice_find_text_nocase(struct slice s, const char *what)
{
    size_t len = strlen(what);

    for (size_t i = 0; i + len <= s.len; i++)
        if (same_nocase(s.at + i, what, len))
            return i;
    return len == 0 ? 0 : SIZE_MAX;
}

bool slice_has(struct slice s, const char *what)
{
    return slice_find_text(s, slice_of(what)) != SIZE_MAX;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
    while (s.len && blank(s.at[0]))
        s = slice_from(s, 1);
    while (s.len && blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

struct slice slice_cut(struct slice *rest, char c)
{
    struct slice all = *rest;
    size_t found = slice_find(all, c);

    if (found == SIZE_MAX) {
        *rest = (struct slice){NULL, 0};
        return all;
    }
    *rest = slice_from(all, found + 1);
    return slice_first(all, found);
}

struct slice slice_line(struct slice *rest)
{
    struct slice line = slice_cut(rest, '\n');

    if (rest->at && line.len && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

bool slice_to_number(struct slice s, int64_t max, int64_t *out)
{
    int64_t number = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        int digit = s.at[i] - '0';
        if (number > (max - digit) / 10 || max < digit)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return true;
}

bool slice_eq_secret(struct slice a, struct slice b)
{
    unsigned char differ = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        differ |= (unsigned char)(((const volatile char *)a.at)[i] ^ b.at[i]);
    return differ == 0;
}
