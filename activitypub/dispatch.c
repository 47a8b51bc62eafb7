#include "dispatch.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>

static struct dispatch_host *host_of(struct dispatch *dispatch, const char *name)
{
    for (size_t i = 0; i < dispatch->host_count; i++)
        if (strcmp(dispatch->hosts[i]->name, name) == 0)
            return dispatch->hosts[i];
    assert(dispatch->host_count < CLAIMS_MAX); /* every host has a claim */
    struct dispatch_host *host = must_new(struct dispatch_host);
    host->name = must_dup(name);
    dispatch->hosts[dispatch->host_count++] = host;
    return host;
}

static void forget_host(struct dispatch *dispatch, const struct dispatch_host *host)
{
    for (size_t i = 0; i < dispatch->host_count; i++) {
        if (dispatch->hosts[i] != host)
            continue;
        free(dispatch->hosts[i]->name);
        free(dispatch->hosts[i]);
        dispatch->hosts[i] = dispatch->hosts[--dispatch->host_count];
        return;
    }
}

void dispatch_add(struct dispatch *dispatch, int64_t delivery_id, const char *host)
{
    if (dispatch->claim_count == CLAIMS_MAX)
        return; /* stays due, and is found at the next look */
    struct claim *claim = &dispatch->claims[dispatch->claim_count++];
    *claim = (struct claim){.delivery_id = delivery_id, .host = host_of(dispatch, host)};
    claim->host->claims++;
}

bool dispatch_next(struct dispatch *dispatch, int64_t *out_delivery_id)
{
    if (dispatch->out >= COURIERS_MAX || dispatch->closing)
        return false;
    for (size_t i = 0; i < dispatch->claim_count; i++) {
        struct claim *claim = &dispatch->claims[i];
        if (claim->state != CLAIM_WAITING || claim->host->out >= COURIERS_PER_HOST)
            continue;
        claim->state = CLAIM_OUT;
        claim->host->out++;
        dispatch->out++;
        *out_delivery_id = claim->delivery_id;
        return true;
    }
    return false;
}

/* Order is kept: who waits longest goes first. */
static void remove_claim(struct dispatch *dispatch, size_t i)
{
    struct dispatch_host *host = dispatch->claims[i].host;

    if (--host->claims == 0)
        forget_host(dispatch, host);
    dispatch->claim_count--;
    memmove(&dispatch->claims[i], &dispatch->claims[i + 1],
            (dispatch->claim_count - i) * sizeof dispatch->claims[0]);
}

void dispatch_ended(struct dispatch *dispatch, int64_t delivery_id, int64_t rest_ms, int64_t now_ms)
{
    for (size_t i = 0; i < dispatch->claim_count; i++) {
        struct claim *claim = &dispatch->claims[i];
        if (claim->delivery_id != delivery_id || claim->state != CLAIM_OUT)
            continue;
        claim->host->out--;
        dispatch->out--;
        claim->state = CLAIM_RESTING;
        claim->rest_until_ms = now_ms + rest_ms;
        if (rest_ms == 0)
            remove_claim(dispatch, i);
        return;
    }
}

int64_t dispatch_wake(struct dispatch *dispatch, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;

    for (size_t i = dispatch->claim_count; i > 0; i--) {
        const struct claim *claim = &dispatch->claims[i - 1];
        if (claim->state != CLAIM_RESTING)
            continue;
        if (claim->rest_until_ms <= now_ms)
            remove_claim(dispatch, i - 1);
        else if (claim->rest_until_ms < next_ms)
            next_ms = claim->rest_until_ms;
    }
    return next_ms;
}

static int by_number(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

    return (first > second) - (first < second);
}

int64_t *dispatch_busy(const struct dispatch *dispatch, size_t *out_count)
{
    int64_t *busy = must_alloc_array(dispatch->claim_count + 1, sizeof *busy);

    for (size_t i = 0; i < dispatch->claim_count; i++)
        busy[i] = dispatch->claims[i].delivery_id;
    qsort(busy, dispatch->claim_count, sizeof *busy, by_number);
    *out_count = dispatch->claim_count;
    return busy;
}

void dispatch_clear(struct dispatch *dispatch)
{
    for (size_t i = 0; i < dispatch->host_count; i++) {
        free(dispatch->hosts[i]->name);
        free(dispatch->hosts[i]);
    }
    *dispatch = (struct dispatch){0};
}
