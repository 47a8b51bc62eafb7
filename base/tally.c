#include "tally.h"

#include "memory.h"

#include <assert.h>

enum { BUCKETS = 256 };

struct entry {
    uint64_t key;
    unsigned count;
    struct entry *next;
};

struct tally {
    struct entry *buckets[BUCKETS];
};

struct tally *tally_new(void)
{
    return must_new(struct tally);
}

void tally_free(struct tally *tally)
{
    for (size_t i = 0; tally && i < BUCKETS; i++) {
        while (tally->buckets[i]) {
            struct entry *entry = tally->buckets[i];
            tally->buckets[i] = entry->next;
            free(entry);
        }
    }
    free(tally);
}

static size_t bucket_of(uint64_t key)
{
    return key * 0x9e3779b97f4a7c15u >> 56;
}

static struct entry **find(struct tally *tally, uint64_t key)
{
    struct entry **at = &tally->buckets[bucket_of(key)];

    while (*at && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

unsigned tally_of(const struct tally *tally, uint64_t key)
{
    const struct entry *entry = tally->buckets[bucket_of(key)];

    while (entry && entry->key != key)
        entry = entry->next;
    return entry ? entry->count : 0;
}

void tally_enter(struct tally *tally, uint64_t key)
{
    struct entry **at = find(tally, key);

    if (!*at) {
        *at = must_new(struct entry);
        (*at)->key = key;
    }
    (*at)->count++;
}

void tally_leave(struct tally *tally, uint64_t key)
{
    struct entry **at = find(tally, key), *entry = *at;

    assert(entry);
    if (--entry->count > 0)
        return;
    *at = entry->next;
    free(entry);
}
