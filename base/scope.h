/*
 * scope — release on every way out, and hand on.
 *
 *     SCOPED(spool, spool_free)              beside spool_free(), once, in the header
 *     scoped(spool) spool = spool_new(...);  released when the block ends
 *     return steal(&spool);                  handed on instead
 *
 * Every release accepts NULL.
 */
#ifndef NESTBOX_BASE_SCOPE_H
#define NESTBOX_BASE_SCOPE_H

#include <stdlib.h>

#define SCOPED(type, release)                                                                      \
    static inline void type##_leave_scope(struct type **it)                                        \
    {                                                                                              \
        release(*it);                                                                              \
    }
#define scoped(type) __attribute__((cleanup(type##_leave_scope))) struct type *

/* The same for a plain heap block (`scoped_text char *line = must_copy(...)`). */
static inline void text_leave_scope(char **it)
{
    free(*it);
}
#define scoped_text __attribute__((cleanup(text_leave_scope)))

/* For structs that live in the caller's frame: `scoped_value(bytes) out = {0};` calls bytes_clear(). */
#define SCOPED_VALUE(type, clear)                                                                  \
    static inline void type##_value_leave_scope(struct type *it)                                   \
    {                                                                                              \
        clear(it);                                                                                 \
    }
#define scoped_value(type) __attribute__((cleanup(type##_value_leave_scope))) struct type

#define steal(pointer)                                                                             \
    ({                                                                                             \
        __typeof__(*(pointer)) stolen_ = *(pointer);                                               \
        *(pointer) = NULL;                                                                         \
        stolen_;                                                                                   \
    })

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
