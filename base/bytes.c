#include "bytes.h"

#include "memory.h"

#include <assert.h>
#include <stdio.h>

enum { SMALLEST = 32, SMALL = 1024 };
enum { PRINTED = 100 }; /* octets: as much as a printed line mostly has */

/* Capacity counts the NUL, so len < capacity whenever there is memory. */
static void make_room(struct bytes *b, size_t more)
{
    assert(more < SIZE_MAX / 4 && b->len < SIZE_MAX / 4);
    size_t need = b->len + more + 1;

    if (need <= b->capacity)
        return;
    size_t capacity = b->capacity ? b->capacity : SMALLEST;
    while (capacity < need)
        capacity *= capacity < SMALL ? 4 : 2; /* most that grow at all grow to a line or a page */
    b->at = must_grow(b->at, capacity, 1);
    b->capacity = capacity;
}

void bytes_add(struct bytes *b, struct slice s)
{
    make_room(b, s.len);
    if (s.len)
        memcpy(b->at + b->len, s.at, s.len);
    b->len += s.len;
    b->at[b->len] = '\0';
}

void bytes_add_text(struct bytes *b, const char *text)
{
    bytes_add(b, slice_of(text));
}

void bytes_add_char(struct bytes *b, char c)
{
    if (b->len + 1 >= b->capacity)
        make_room(b, 1);
    b->at[b->len++] = c;
    b->at[b->len] = '\0';
}

void bytes_print(struct bytes *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    bytes_vprint(b, fmt, args);
    va_end(args);
}

/* Mostly what is printed fits behind what is there. */
void bytes_vprint(struct bytes *b, const char *fmt, va_list args)
{
    va_list again;

    make_room(b, PRINTED);
    va_copy(again, args);
    int len = vsnprintf(b->at + b->len, b->capacity - b->len, fmt, again);
    va_end(again);
    assert(len >= 0);
    if ((size_t)len >= b->capacity - b->len) {
        make_room(b, (size_t)len);
        vsnprintf(b->at + b->len, (size_t)len + 1, fmt, args);
    }
    b->len += (size_t)len;
}

char *bytes_reserve(struct bytes *b, size_t more)
{
    make_room(b, more);
    memset(b->at + b->len, 0, more + 1);
    return b->at + b->len;
}

void bytes_drop_front(struct bytes *b, size_t count)
{
    if (count == 0)
        return;
    assert(count <= b->len);
    b->len -= count;
    memmove(b->at, b->at + count, b->len + 1);
}

void bytes_cut(struct bytes *b, size_t len)
{
    assert(len <= b->len);
    b->len = len;
    if (b->at)
        b->at[len] = '\0';
}

void bytes_reset(struct bytes *b)
{
    bytes_cut(b, 0);
}

void bytes_clear(struct bytes *b)
{
    free(b->at);
    *b = (struct bytes){0};
}

void bytes_wipe(struct bytes *b)
{
    if (b->at)
        explicit_bzero(b->at, b->capacity);
    bytes_clear(b);
}

char *bytes_take(struct bytes *b)
{
    char *text = b->at ? b->at : must_copy(SLICE(""));

    *b = (struct bytes){0};
    return text;
}
