/*
 * slice — bytes that belong to somebody else.
 *
 * Whatever came from outside is a slice, never a C string by hope: it may hold NUL and has no end mark.
 */
#ifndef NESTBOX_BASE_SLICE_H
#define NESTBOX_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *at;
    size_t len;
};

#define SLICE(literal) ((struct slice){("" literal), sizeof(literal) - 1})
/* printf("%.*s", SLICE_ARGS(s)) */
#define SLICE_ARGS(s) (int)(s).len, (s).at

static inline struct slice slice_of(const char *text) /* NULL gives the empty slice */
{
    return (struct slice){text ? text : "", text ? strlen(text) : 0};
}
static inline bool slice_empty(struct slice s)
{
    return s.len == 0;
}
static inline struct slice slice_from(struct slice s, size_t start) /* start past the end: empty */
{
    if (start >= s.len)
        return (struct slice){s.len ? s.at + s.len : s.at, 0};
    return (struct slice){s.at + start, s.len - start};
}
static inline struct slice slice_first(struct slice s, size_t len)
{
    return (struct slice){s.at, len < s.len ? len : s.len};
}

bool slice_eq(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);
bool slice_eq_nocase(struct slice a, struct slice b); /* ASCII letters only */
bool slice_is_nocase(struct slice a, const char *text);
bool slice_starts(struct slice s, struct slice with);
bool slice_starts_nocase(struct slice s, const char *with);
bool slice_ends(struct slice s, struct slice with);
bool slice_ends_nocase(struct slice s, const char *with);
int slice_compare(struct slice a, struct slice b); /* as memcmp, shorter first */

/* Position of the first / last `c`, or SIZE_MAX. */
size_t slice_find(struct slice s, char c);
size_t slice_find_last(struct slice s, char c);
size_t slice_find_text(struct slice s, struct slice what);       /* SIZE_MAX if absent */
size_t slice_find_text_nocase(struct slice s, const char *what); /* ASCII, SIZE_MAX if absent */
bool slice_has(struct slice s, const char *what);

struct slice slice_trim(struct slice s); /* space, tab, CR, LF at both ends */

/* Cut `*rest` at the first `c`: returns what stood before it, leaves what stands behind it.
 * Without a `c` returns all and leaves the empty slice with at == NULL, so a loop ends on
 * `while (rest.at)`. */
struct slice slice_cut(struct slice *rest, char c);

/* The next line without its CRLF or LF; the same loop rule as slice_cut(). */
struct slice slice_line(struct slice *rest);

/* Decimal digits only, no sign, no space, at most `max`. */
bool slice_to_number(struct slice s, int64_t max, int64_t *out);

/* Constant time for equal lengths: for secrets (lengths are not secret). */
bool slice_eq_secret(struct slice a, struct slice b);

#endif
