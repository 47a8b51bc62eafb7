/*
 * sequence_set — "1:4,7,9:*" (RFC 9051 9, sequence-set).  Pure.
 *
 * Held as ranges in rising order that neither touch nor overlap, so that whoever walks it meets each number once.
 */
#ifndef NESTBOX_IMAP_SEQUENCE_SET_H
#define NESTBOX_IMAP_SEQUENCE_SET_H

#include "bytes.h"
#include "slice.h"

enum { SET_RANGES_MAX = 10000 };
struct number_range {
    uint32_t first, last; /* first <= last */
};
struct number_set {
    struct number_range *at;
    size_t count, capacity;
};
void number_set_clear(struct number_set *set);
SCOPED_VALUE(number_set, number_set_clear)

/* `star` is what "*" stands for: the highest number there is, 0 if there is none.  False: broken, a zero, or more than
 * SET_RANGES_MAX ranges. */
bool number_set_read(struct slice text, uint32_t star, struct number_set *out);
/* In any order; at the end of the set it costs next to nothing. */
void number_set_add(struct number_set *set, uint32_t first, uint32_t last);
void number_set_copy(const struct number_set *from, struct number_set *out);
/* What is in both. */
void number_set_common(const struct number_set *a, const struct number_set *b,
                       struct number_set *out);
void number_set_cut(struct number_set *set, uint32_t from); /* takes out what is `from` or above */
bool number_set_has(const struct number_set *set, uint32_t number);
void number_set_print(const struct number_set *set, struct bytes *out); /* "" if empty */
/* A part of it, `count` ranges at most from the range `begin` on; where the next begins. */
size_t number_set_print_some(const struct number_set *set, size_t begin, size_t count,
                             struct bytes *out);

#endif
