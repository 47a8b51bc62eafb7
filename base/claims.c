#include "claims.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>

static struct claims_host *known_host(const struct claims *claims, const char *name)
{
    for (size_t i = 0; i < claims->host_count; i++)
        if (strcmp(claims->hosts[i]->name, name) == 0)
            return claims->hosts[i];
    return NULL;
}

static struct claims_host *find_host(struct claims *claims, const char *name)
{
    struct claims_host *known = known_host(claims, name);

    if (known)
        return known;
    assert(claims->host_count < CLAIMS_MAX); /* every host has a claim */
    struct claims_host *host = must_new(struct claims_host);
    host->name = must_dup(name);
    claims->hosts[claims->host_count++] = host;
    return host;
}

static void forget_host(struct claims *claims, const struct claims_host *host)
{
    for (size_t i = 0; i < claims->host_count; i++) {
        if (claims->hosts[i] != host)
            continue;
        free(claims->hosts[i]->name);
        free(claims->hosts[i]);
        claims->hosts[i] = claims->hosts[--claims->host_count];
        return;
    }
}

void claims_add(struct claims *claims, int64_t id, const char *host, const char *load)
{
    if (claims->count == CLAIMS_MAX)
        return;
    struct claims_host *its_host = find_host(claims, host);
    if (its_host->claims == CLAIMS_PER_HOST)
        return;
    its_host->claims++;
    struct claim *claim = must_new(struct claim);
    *claim = (struct claim){.id = id, .load = must_dup(load), .host = its_host};
    claims->at[claims->count++] = claim;
}

bool claims_full(const struct claims *claims, const char *host)
{
    const struct claims_host *known = known_host(claims, host);

    return claims->count == CLAIMS_MAX || (known && known->claims == CLAIMS_PER_HOST);
}

void claims_doubt(struct claims *claims, const char *name, bool doubtful)
{
    struct claims_host *host = known_host(claims, name);

    if (host)
        host->doubtful = doubtful;
}

static bool travel_together(const struct claim *a, const struct claim *b)
{
    return a == b || (a->host == b->host && a->load && b->load && strcmp(a->load, b->load) == 0);
}

static struct claims_batch *gather(struct claims *claims, size_t first)
{
    struct claims_batch *batch = must_new(struct claims_batch);

    size_t end = claims->at[first]->load ? claims->count : first + 1;
    batch->host = claims->at[first]->host;
    for (size_t i = first; i < end; i++) {
        struct claim *claim = claims->at[i];
        if (claim->state != CLAIM_WAITING || !travel_together(claims->at[first], claim))
            continue;
        claim->state = CLAIM_CARRIED;
        batch->ids[batch->count++] = claim->id;
    }
    batch->doubtful = batch->host->doubtful;
    batch->host->couriers++;
    claims->couriers++;
    claims->doubtful += batch->doubtful;
    return batch;
}

static bool may_start(const struct claims *claims, const struct claims_host *host)
{
    int most = claims->couriers_per_host ? claims->couriers_per_host : COURIERS_PER_HOST;

    if (!host->doubtful)
        return host->couriers < most;
    return host->couriers == 0 && claims->doubtful * DOUBTFUL_PART < claims->couriers_max;
}

struct claims_batch *claims_next(struct claims *claims)
{
    if (claims->couriers >= claims->couriers_max || claims->closing)
        return NULL;
    for (size_t i = 0; i < claims->count; i++)
        if (claims->at[i]->state == CLAIM_WAITING && may_start(claims, claims->at[i]->host))
            return gather(claims, i);
    return NULL;
}

struct claims_batch *claims_more(struct claims *claims, const struct claims_host *host)
{
    for (size_t i = 0; i < claims->count && !claims->closing; i++)
        if (claims->at[i]->state == CLAIM_WAITING && claims->at[i]->host == host)
            return gather(claims, i);
    return NULL;
}

/* Order is kept: who waits longest goes first. */
static void remove_claim(struct claims *claims, size_t i)
{
    struct claim *claim = claims->at[i];

    if (--claim->host->claims == 0)
        forget_host(claims, claim->host);
    claims->count--;
    for (; i < claims->count; i++)
        claims->at[i] = claims->at[i + 1];
    free(claim->load);
    free(claim);
}

static bool carries(const struct claims_batch *batch, int64_t id)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->ids[i] == id)
            return true;
    return false;
}

static void leave_host(struct claims *claims, const struct claims_batch *batch)
{
    batch->host->couriers--;
    claims->couriers--;
    claims->doubtful -= batch->doubtful;
}

void claims_put_back(struct claims *claims, struct claims_batch *batch)
{
    leave_host(claims, batch);
    for (size_t i = 0; i < claims->count; i++)
        if (claims->at[i]->state == CLAIM_CARRIED && carries(batch, claims->at[i]->id))
            claims->at[i]->state = CLAIM_WAITING;
    free(batch);
}

void claims_ended(struct claims *claims, struct claims_batch *batch, int64_t rest_ms,
                  int64_t now_ms)
{
    leave_host(claims, batch);
    size_t left = batch->count; /* and they are among the first */
    for (size_t i = 0; i < claims->count && left > 0;) {
        struct claim *claim = claims->at[i];
        bool carried = claim->state == CLAIM_CARRIED && carries(batch, claim->id);
        left -= carried;
        if (carried && rest_ms == 0) {
            remove_claim(claims, i);
            continue;
        }
        if (carried) {
            claim->state = CLAIM_RESTING;
            claim->rest_until_ms = now_ms + rest_ms;
        }
        i++;
    }
    free(batch);
}

int64_t claims_wake(struct claims *claims, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;

    for (size_t i = claims->count; i > 0; i--) {
        const struct claim *claim = claims->at[i - 1];
        if (claim->state != CLAIM_RESTING)
            continue;
        if (claim->rest_until_ms <= now_ms)
            remove_claim(claims, i - 1);
        else if (claim->rest_until_ms < next_ms)
            next_ms = claim->rest_until_ms;
    }
    return next_ms;
}

void claims_clear(struct claims *claims)
{
    while (claims->count > 0)
        remove_claim(claims, claims->count - 1);
}

static int by_number(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

    return (first > second) - (first < second);
}

void claims_held(const struct claims *claims, struct claims_held *out)
{
    *out = (struct claims_held){.id_count = claims->count};
    out->ids = must_alloc_array(claims->count + 1, sizeof *out->ids);
    for (size_t i = 0; i < claims->count; i++)
        out->ids[i] = claims->at[i]->id;
    qsort(out->ids, out->id_count, sizeof *out->ids, by_number);
    for (size_t i = 0; i < claims->host_count; i++)
        if (claims->hosts[i]->claims == CLAIMS_PER_HOST)
            out->hosts[out->host_count++] = must_dup(claims->hosts[i]->name);
}

void claims_held_clear(struct claims_held *held)
{
    free(held->ids);
    for (size_t i = 0; i < held->host_count; i++)
        free(held->hosts[i]);
    *held = (struct claims_held){0};
}
