#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void *have(void *memory)
{
    if (!memory) {
        fputs("error out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *must_alloc(size_t bytes)
{
    return have(calloc(1, bytes ? bytes : 1));
}

void *must_alloc_array(size_t count, size_t each)
{
    return have(calloc(count ? count : 1, each ? each : 1));
}

void *must_grow(void *old, size_t count, size_t each)
{
    return have(reallocarray(old, count ? count : 1, each ? each : 1));
}

char *must_copy(struct slice s)
{
    char *copy = have(malloc(s.len + 1));

    if (s.len)
        memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    return copy;
}

char *must_dup(const char *text)
{
    return text ? must_copy(slice_of(text)) : NULL;
}

char *must_print(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    return have(len < 0 ? NULL : text);
}

void *must_room(void *array, size_t count, size_t *capacity, size_t each)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity > 0 ? *capacity * 2 : 8;
    return must_grow(array, *capacity, each);
}
