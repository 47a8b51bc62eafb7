#include "event_memory.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PIECE = 64, PIECES = 64 * 1024 }; /* 4 MiB of addresses; memory comes as it is used */

union piece {
    union piece *next; /* of the free ones */
    max_align_t aligned;
    char bytes[PIECE];
};

static struct { // one for the process, as libevent's functions are
    pthread_mutex_t mutex;
    union piece *place;
    size_t used;
    union piece *free;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool is_ours(const void *at)
{
    const char *byte = at, *start = (const char *)pool.place;

    return byte >= start && byte < start + (size_t)PIECES * PIECE;
}

/* NULL: none left. */
static void *piece_take(void)
{
    pthread_mutex_lock(&pool.mutex);
    union piece *piece = pool.free;
    if (piece)
        pool.free = piece->next;
    else if (pool.used < PIECES)
        piece = &pool.place[pool.used++];
    pthread_mutex_unlock(&pool.mutex);
    return piece;
}

static void piece_give(void *at)
{
    union piece *piece = at;

    pthread_mutex_lock(&pool.mutex);
    piece->next = pool.free;
    pool.free = piece;
    pthread_mutex_unlock(&pool.mutex);
}

static void *take(size_t size)
{
    void *piece = size <= PIECE ? piece_take() : NULL;

    return piece ? piece : malloc(size);
}

static void give(void *at)
{
    if (is_ours(at))
        piece_give(at);
    else
        free(at);
}

static void *resize(void *at, size_t size)
{
    if (!at)
        return take(size);
    if (!is_ours(at))
        return realloc(at, size);
    if (size <= PIECE)
        return at;
    void *larger = malloc(size);
    if (larger) {
        memcpy(larger, at, PIECE);
        piece_give(at);
    }
    return larger;
}

static void use_once(void)
{
    void *place = mmap(NULL, (size_t)PIECES * PIECE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (place == MAP_FAILED)
        return;
    pool.place = place;
    event_set_mem_functions(take, resize, give);
}

void event_memory_use(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, use_once);
}
