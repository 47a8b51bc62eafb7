#include "out_queue.h"

#include "memory.h"

#include <assert.h>

static struct out_host *host_of(struct out_queue *queue, const char *name)
{
    for (size_t i = 0; i < queue->host_count; i++)
        if (strcmp(queue->hosts[i]->name, name) == 0)
            return queue->hosts[i];
    assert(queue->host_count < OUT_CLAIMS_MAX); /* every host has a claim */
    struct out_host *host = must_new(struct out_host);
    host->name = must_dup(name);
    queue->hosts[queue->host_count++] = host;
    return host;
}

static void forget_host(struct out_queue *queue, const struct out_host *host)
{
    for (size_t i = 0; i < queue->host_count; i++) {
        if (queue->hosts[i] != host)
            continue;
        free(queue->hosts[i]->name);
        free(queue->hosts[i]);
        queue->hosts[i] = queue->hosts[--queue->host_count];
        return;
    }
}

void out_queue_add(struct out_queue *queue, int64_t id, const char *host, int64_t text_id,
                   const char *mail_from)
{
    if (queue->claim_count == OUT_CLAIMS_MAX)
        return;
    struct out_claim *claim = &queue->claims[queue->claim_count++];
    *claim = (struct out_claim){.id = id, .text_id = text_id, .host = host_of(queue, host)};
    claim->mail_from = must_dup(mail_from);
    claim->host->claims++;
}

static bool travel_together(const struct out_claim *a, const struct out_claim *b)
{
    return a->host == b->host && a->text_id == b->text_id &&
           strcmp(a->mail_from, b->mail_from) == 0;
}

static struct out_batch *gather(struct out_queue *queue, size_t first)
{
    struct out_batch *batch = must_new(struct out_batch);

    batch->host = queue->claims[first].host;
    for (size_t i = first; i < queue->claim_count && batch->count < OUT_TOGETHER; i++) {
        struct out_claim *claim = &queue->claims[i];
        if (claim->state != OUT_WAITING || !travel_together(&queue->claims[first], claim))
            continue;
        claim->state = OUT_CARRIED;
        batch->ids[batch->count++] = claim->id;
    }
    batch->host->couriers++;
    queue->couriers++;
    return batch;
}

struct out_batch *out_queue_next(struct out_queue *queue)
{
    if (queue->couriers >= OUT_COURIERS_MAX || queue->closing)
        return NULL;
    for (size_t i = 0; i < queue->claim_count; i++)
        if (queue->claims[i].state == OUT_WAITING && queue->claims[i].host->couriers < OUT_PER_HOST)
            return gather(queue, i);
    return NULL;
}

/* Order is kept: who waits longest goes first. */
static void remove_claim(struct out_queue *queue, size_t i)
{
    struct out_claim *claim = &queue->claims[i];

    free(claim->mail_from);
    if (--claim->host->claims == 0)
        forget_host(queue, claim->host);
    queue->claim_count--;
    memmove(claim, claim + 1, (queue->claim_count - i) * sizeof *claim);
}

static bool carries(const struct out_batch *batch, int64_t id)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->ids[i] == id)
            return true;
    return false;
}

void out_queue_ended(struct out_queue *queue, struct out_batch *batch, int64_t rest_ms,
                     int64_t now_ms)
{
    batch->host->couriers--;
    queue->couriers--;
    for (size_t i = queue->claim_count; i > 0; i--) {
        struct out_claim *claim = &queue->claims[i - 1];
        if (claim->state != OUT_CARRIED || !carries(batch, claim->id))
            continue;
        claim->state = OUT_RESTING;
        claim->rest_until_ms = now_ms + rest_ms;
        if (rest_ms == 0)
            remove_claim(queue, i - 1);
    }
    free(batch);
}

int64_t out_queue_wake(struct out_queue *queue, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;

    for (size_t i = queue->claim_count; i > 0; i--) {
        const struct out_claim *claim = &queue->claims[i - 1];
        if (claim->state != OUT_RESTING)
            continue;
        if (claim->rest_until_ms <= now_ms)
            remove_claim(queue, i - 1);
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

int64_t *out_queue_busy(const struct out_queue *queue, size_t *out_count)
{
    int64_t *busy = must_alloc_array(queue->claim_count + 1, sizeof *busy);

    for (size_t i = 0; i < queue->claim_count; i++)
        busy[i] = queue->claims[i].id;
    qsort(busy, queue->claim_count, sizeof *busy, by_number);
    *out_count = queue->claim_count;
    return busy;
}

void out_queue_clear(struct out_queue *queue)
{
    while (queue->claim_count > 0)
        remove_claim(queue, queue->claim_count - 1);
}
