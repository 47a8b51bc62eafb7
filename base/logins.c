#include "logins.h"

#include "clock.h"
#include "memory.h"
#include "rate.h"

enum {
    KEYS = 4096,
    NETWORK_FREE = 20, /* wrong passwords of a network before it waits; one is forgiven a minute */
    NETWORK_FREE_GUESSED = 5, /* where the account is being guessed */
    ACCOUNT_GUESSED = 50, /* wrong passwords of an account, from anywhere: it is being guessed */
    SLOWER_MS = 500,
    SLOWEST_MS = 5000,
};

struct logins {
    struct rate *networks, *accounts; /* wrong passwords */
    struct rate *pairs;               /* the same, of an account from a network */
    struct rate *known;               /* networks from which an account logged in */
};

struct logins *logins_new(void)
{
    struct logins *logins = must_new(struct logins);

    logins->networks = rate_new(KEYS, MINUTE_MS);
    logins->accounts = rate_new(KEYS, MINUTE_MS);
    logins->pairs = rate_new(KEYS, MINUTE_MS);
    logins->known = rate_new(KEYS, 30 * DAY_MS);
    return logins;
}

void logins_free(struct logins *logins)
{
    if (!logins)
        return;
    rate_free(logins->networks);
    rate_free(logins->accounts);
    rate_free(logins->pairs);
    rate_free(logins->known);
    free(logins);
}

struct keys {
    uint64_t network, account, pair;
};

static struct keys keys_of(const struct sockaddr_storage *from, struct slice name)
{
    struct keys keys = {.network = rate_key_of_block(from), .account = rate_key_of_text(name)};

    keys.pair = rate_key_of_both(keys.network, keys.account);
    return keys;
}

int64_t logins_wait_min(const struct logins *logins, const struct sockaddr_storage *from,
                        struct slice name, int64_t now_ms)
{
    struct keys keys = keys_of(from, name);
    bool guessed = rate_level(logins->accounts, keys.account, now_ms) >= ACCOUNT_GUESSED;
    bool known = rate_level(logins->known, keys.pair, now_ms) > 0;
    int64_t failed = known ? rate_level(logins->pairs, keys.pair, now_ms)
                           : rate_level(logins->networks, keys.network, now_ms);
    int64_t over = failed - (guessed && !known ? NETWORK_FREE_GUESSED : NETWORK_FREE);

    return over >= 0 ? over + 1 : 0;
}

int64_t logins_failed(struct logins *logins, const struct sockaddr_storage *from, struct slice name,
                      int64_t now_ms)
{
    struct keys keys = keys_of(from, name);
    int64_t failed = rate_add(logins->pairs, keys.pair, 1, now_ms);

    rate_add(logins->networks, keys.network, 1, now_ms);
    rate_add(logins->accounts, keys.account, 1, now_ms);
    return failed * SLOWER_MS < SLOWEST_MS ? failed * SLOWER_MS : SLOWEST_MS;
}

void logins_succeeded(struct logins *logins, const struct sockaddr_storage *from, struct slice name,
                      int64_t now_ms)
{
    uint64_t pair = keys_of(from, name).pair;

    if (rate_level(logins->known, pair, now_ms) == 0)
        rate_add(logins->known, pair, 1, now_ms);
}
