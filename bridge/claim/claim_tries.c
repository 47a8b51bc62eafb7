#include "claim_tries.h"

#include "clock.h"
#include "memory.h"
#include "rate.h"

#include <pthread.h>

enum { AN_HOUR = 20, AN_HOUR_IN_ALL = 60, KEYS = 4096 };

struct claim_tries {
    pthread_mutex_t lock;
    struct rate *of_one; /* networks and domains */
    struct rate *of_all;
};

struct claim_tries *claim_tries_new(void)
{
    struct claim_tries *tries = must_new(struct claim_tries);

    pthread_mutex_init(&tries->lock, NULL);
    tries->of_one = rate_new(KEYS, HOUR_MS / AN_HOUR);
    tries->of_all = rate_new(1, HOUR_MS / AN_HOUR_IN_ALL);
    return tries;
}

void claim_tries_free(struct claim_tries *tries)
{
    if (!tries)
        return;
    pthread_mutex_destroy(&tries->lock);
    rate_free(tries->of_one);
    rate_free(tries->of_all);
    free(tries);
}

static uint64_t key_of(const unsigned char digest[32])
{
    uint64_t key;

    memcpy(&key, digest, sizeof key);
    return key;
}

bool claim_tries_take(struct claim_tries *tries, const unsigned char *network_key,
                      const unsigned char domain_key[32], int64_t now_ms)
{
    const uint64_t all = 1, domain = key_of(domain_key);
    const uint64_t network = network_key ? key_of(network_key) : domain;

    pthread_mutex_lock(&tries->lock);
    bool within = rate_level(tries->of_all, all, now_ms) < AN_HOUR_IN_ALL &&
                  rate_level(tries->of_one, network, now_ms) < AN_HOUR &&
                  rate_level(tries->of_one, domain, now_ms) < AN_HOUR;
    if (within) {
        rate_add(tries->of_all, all, 1, now_ms);
        rate_add(tries->of_one, domain, 1, now_ms);
        if (network_key)
            rate_add(tries->of_one, network, 1, now_ms);
    }
    pthread_mutex_unlock(&tries->lock);
    return within;
}
