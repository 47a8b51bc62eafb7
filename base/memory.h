/*
 * memory — small allocations that abort when there is none.
 *
 * The 250 is only said after the commit, so a crash loses nothing, and untested out-of-memory branches
 * are bugs.  Whatever a peer can size is bounded by config first and refused with an err.
 */
#ifndef NESTBOX_BASE_MEMORY_H
#define NESTBOX_BASE_MEMORY_H

#include "slice.h"

#include <stddef.h>
#include <stdlib.h> /* free() */

void *must_alloc(size_t bytes);                        /* zeroed */
void *must_alloc_array(size_t count, size_t each);     /* zeroed, overflow aborts */
void *must_grow(void *old, size_t count, size_t each); /* realloc, overflow aborts, not zeroed */
char *must_copy(struct slice s);                       /* with a NUL behind it */
char *must_dup(const char *text);                      /* NULL stays NULL */
char *must_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define must_new(type) ((type *)must_alloc(sizeof(type)))

/* Room for one more in an array whose capacity (a size_t) doubles. */
void *must_room(void *array, size_t count, size_t *capacity, size_t each);
#define must_make_room(array, count, capacity)                                                     \
    ((array) = must_room((array), (count), &(capacity), sizeof *(array)))

#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
