#include "name_hashes.h"

#include "key_directory.h"
#include "memory.h"
#include "store_people.h"

#include <pthread.h>
#include <stdlib.h>

struct hashed_name {
    char hash[KEY_HASH_LEN];
    int64_t account_id;
};
struct name_hashes {
    pthread_mutex_t lock;
    struct hashed_name *at; /* by hash */
    size_t count, capacity;
    int64_t last_id;
};

struct name_hashes *name_hashes_new(void)
{
    struct name_hashes *hashes = must_new(struct name_hashes);

    pthread_mutex_init(&hashes->lock, NULL);
    return hashes;
}

void name_hashes_free(struct name_hashes *hashes)
{
    if (!hashes)
        return;
    pthread_mutex_destroy(&hashes->lock);
    free(hashes->at);
    free(hashes);
}

static bool add_name(void *ctx, int64_t account_id, const char *name)
{
    struct name_hashes *hashes = ctx;
    char hash[KEY_HASH_LEN + 1];

    key_directory_hash(slice_of(name), hash);
    must_make_room(hashes->at, hashes->count, hashes->capacity);
    struct hashed_name *added = &hashes->at[hashes->count++];
    memcpy(added->hash, hash, KEY_HASH_LEN);
    added->account_id = account_id;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct hashed_name *left = a, *right = b;

    return memcmp(left->hash, right->hash, KEY_HASH_LEN);
}

/* Those who came since. */
static bool learn(struct name_hashes *hashes, struct store_view *view, struct err *err)
{
    size_t before = hashes->count;

    if (!store_account_names(view, hashes->last_id, add_name, hashes, err)) {
        hashes->count = before;
        return false;
    }
    if (hashes->count == before)
        return true;
    hashes->last_id = hashes->at[hashes->count - 1].account_id;
    qsort(hashes->at, hashes->count, sizeof hashes->at[0], compare);
    return true;
}

static size_t first_of(const struct name_hashes *hashes, const char *hash)
{
    size_t low = 0, high = hashes->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(hashes->at[middle].hash, hash, KEY_HASH_LEN) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool name_hashes_find(struct name_hashes *hashes, struct store_view *view, struct slice hash,
                      bool (*each)(void *ctx, int64_t account_id), void *ctx, struct err *err)
{
    if (hash.len != KEY_HASH_LEN)
        return true;
    pthread_mutex_lock(&hashes->lock);
    bool good = learn(hashes, view, err), more = good;
    for (size_t i = more ? first_of(hashes, hash.at) : 0;
         more && i < hashes->count && memcmp(hashes->at[i].hash, hash.at, KEY_HASH_LEN) == 0; i++)
        more = each(ctx, hashes->at[i].account_id);
    pthread_mutex_unlock(&hashes->lock);
    return good;
}

size_t name_hashes_made(struct name_hashes *hashes)
{
    pthread_mutex_lock(&hashes->lock);
    size_t count = hashes->count;
    pthread_mutex_unlock(&hashes->lock);
    return count;
}
