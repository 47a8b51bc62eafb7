#include "rate.h"

#include "digest.h"
#include "id.h"
#include "memory.h"

#include <arpa/inet.h>

enum { NEIGHBOURS = 8 };

struct entry {
    uint64_t key;
    int64_t empty_at_ms; /* when its level has fallen to nothing */
};

struct rate {
    size_t mask; /* of neighbourhoods */
    int64_t fall_ms;
    uint64_t seed;
    struct entry entries[];
};

struct rate *rate_new(size_t keys, int64_t fall_ms)
{
    size_t count = 1;

    while (count * NEIGHBOURS < keys)
        count *= 2;
    struct rate *rate = must_alloc(sizeof *rate + count * NEIGHBOURS * sizeof rate->entries[0]);
    rate->mask = count - 1;
    rate->fall_ms = fall_ms;
    random_bytes(&rate->seed, sizeof rate->seed);
    return rate;
}

void rate_free(struct rate *rate)
{
    free(rate);
}

/* The finalizer of splitmix64. */
static uint64_t mixed(uint64_t key)
{
    key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9u;
    key = (key ^ key >> 27) * 0x94d049bb133111ebu;
    return key ^ key >> 31;
}

static size_t neighbourhood(const struct rate *rate, uint64_t key)
{
    return ((size_t)mixed(key ^ rate->seed) & rate->mask) * NEIGHBOURS;
}

/* Of what is left, rounded up. */
static int64_t level(const struct rate *rate, const struct entry *entry, int64_t now_ms)
{
    int64_t left = entry->empty_at_ms - now_ms;

    return left > 0 ? (left + rate->fall_ms - 1) / rate->fall_ms : 0;
}

int64_t rate_level(const struct rate *rate, uint64_t key, int64_t now_ms)
{
    const struct entry *at = rate->entries + neighbourhood(rate, key);

    for (int i = 0; i < NEIGHBOURS; i++)
        if (at[i].key == key)
            return level(rate, &at[i], now_ms);
    return 0;
}

/* Its own place, or that of who is forgotten first. */
static struct entry *place_for(struct rate *rate, uint64_t key)
{
    struct entry *at = rate->entries + neighbourhood(rate, key), *lowest = at;

    for (int i = 0; i < NEIGHBOURS; i++) {
        if (at[i].key == key && at[i].empty_at_ms)
            return &at[i];
        if (at[i].empty_at_ms < lowest->empty_at_ms)
            lowest = &at[i];
    }
    *lowest = (struct entry){.key = key};
    return lowest;
}

int64_t rate_add(struct rate *rate, uint64_t key, int64_t count, int64_t now_ms)
{
    struct entry *entry = place_for(rate, key);

    if (entry->empty_at_ms < now_ms)
        entry->empty_at_ms = now_ms;
    entry->empty_at_ms += count * rate->fall_ms;
    return level(rate, entry, now_ms);
}

uint64_t rate_key_of_text(struct slice text)
{
    unsigned char digest[SHA256_LEN];
    scoped_text char *lower = must_copy(text);
    uint64_t key;

    for (size_t i = 0; i < text.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    sha256((struct slice){lower, text.len}, digest);
    memcpy(&key, digest, sizeof key);
    return key;
}

uint64_t rate_key_of_block(const struct sockaddr_storage *address)
{
    enum { BLOCK_BYTES = 7 }; /* of IPv6 */
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    uint64_t key = 1; /* what no address has */

    if (address->ss_family == AF_INET) {
        memcpy(&in, address, sizeof in);
        return (uint64_t)1 << 62 | ntohl(in.sin_addr.s_addr) >> 8;
    }
    if (address->ss_family != AF_INET6)
        return key;
    memcpy(&in6, address, sizeof in6);
    key = 1u << 7;
    for (int i = 0; i < BLOCK_BYTES; i++)
        key = key << 8 | in6.sin6_addr.s6_addr[i];
    return key;
}

uint64_t rate_key_of_both(uint64_t one, uint64_t other)
{
    return mixed(one) ^ (mixed(other) << 1 | mixed(other) >> 63);
}
