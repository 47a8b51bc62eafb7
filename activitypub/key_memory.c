#include "key_memory.h"

#include "digest.h"

enum { NEIGHBOURS = 8 };

void key_memory_init(struct key_memory *memory)
{
    memset(memory->places, 0, sizeof memory->places);
    pthread_mutex_init(&memory->lock, NULL);
}

void key_memory_clear(struct key_memory *memory)
{
    pthread_mutex_destroy(&memory->lock);
}

static uint64_t name_of(struct slice key_id)
{
    unsigned char digest[SHA256_LEN];
    uint64_t name = 0;

    sha256(key_id, digest);
    memcpy(&name, digest, sizeof name);
    return name;
}

/* The key's place, or the one of its neighbours that is needed least. */
static struct key_memory_place *place_of(struct key_memory *memory, uint64_t key)
{
    struct key_memory_place *least = &memory->places[key % KEY_MEMORY_PLACES];

    for (size_t i = 0; i < NEIGHBOURS; i++) {
        struct key_memory_place *place = &memory->places[(key + i) % KEY_MEMORY_PLACES];
        if (place->key == key && place->until_ms != 0)
            return place;
        if (place->until_ms < least->until_ms)
            least = place;
    }
    return least;
}

void key_memory_put(struct key_memory *memory, struct slice key_id, enum key_trouble trouble,
                    int64_t now_ms, int64_t for_ms)
{
    uint64_t key = name_of(key_id);

    pthread_mutex_lock(&memory->lock);
    *place_of(memory, key) =
        (struct key_memory_place){.key = key, .until_ms = now_ms + for_ms, .trouble = trouble};
    pthread_mutex_unlock(&memory->lock);
}

enum key_trouble key_memory_look(struct key_memory *memory, struct slice key_id, int64_t now_ms)
{
    uint64_t key = name_of(key_id);

    pthread_mutex_lock(&memory->lock);
    const struct key_memory_place *place = place_of(memory, key);
    bool has = place->key == key && place->until_ms > now_ms;
    enum key_trouble trouble = has ? place->trouble : KEY_NO_TROUBLE;
    pthread_mutex_unlock(&memory->lock);
    return trouble;
}
