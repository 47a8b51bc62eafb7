/*
 * bytes — a growing buffer that the holder owns.  `{0}` is an empty one.
 *
 * `at` always has a NUL behind `len` once anything was added, so it can be printed.
 */
#ifndef NESTBOX_BASE_BYTES_H
#define NESTBOX_BASE_BYTES_H

#include "scope.h"
#include "slice.h"

#include <stdarg.h>

struct bytes {
    char *at;
    size_t len;
    size_t capacity;
};

void bytes_add(struct bytes *b, struct slice s);
void bytes_add_text(struct bytes *b, const char *text);
void bytes_add_char(struct bytes *b, char c);
void bytes_print(struct bytes *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bytes_vprint(struct bytes *b, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Zeroed room behind len for `more`; the caller raises len by what was filled. */
char *bytes_reserve(struct bytes *b, size_t more);
void bytes_drop_front(struct bytes *b, size_t count);
void bytes_cut(struct bytes *b, size_t len); /* shorten to len */
void bytes_reset(struct bytes *b);           /* empty, memory kept */
void bytes_clear(struct bytes *b);           /* empty, memory released */
/* The same, and nothing of it lies in the released memory.  What grows leaves a copy behind: reserve before. */
void bytes_wipe(struct bytes *b);
char *bytes_take(struct bytes *b); /* the text, now the caller's; "" (heap) if empty */
static inline struct slice bytes_slice(const struct bytes *b)
{
    return (struct slice){b->at ? b->at : "", b->len};
}
SCOPED_VALUE(bytes, bytes_clear)

#endif
