/*
 * The two libraries, put together.
 */
#include "activitypub.h"

#include "memory.h"
#include "wire.h"
#include "work.h"

static void free_work(void *ctx)
{
    struct activitypub_work *work = ctx;

    key_memory_clear(&work->keys);
    key_memory_clear(&work->pictures);
    key_memory_clear(&work->moves);
    said_clear(&work->said);
    free(work);
}

struct activitypub *activitypub_new(const struct activitypub_parts *parts)
{
    struct activitypub_work *work = must_new(struct activitypub_work);

    work->config = parts->config;
    work->clock = parts->clock;
    work->bridge = parts->bridge;
    work->store = parts->store;
    work->vault = parts->vault;
    work->version = parts->version;
    key_memory_init(&work->keys);
    key_memory_init(&work->pictures);
    key_memory_init(&work->moves);
    said_init(&work->said);
    return activitypub_wire_new(&(struct wire_parts){
        .duties = {work, work_show, work_judge, work_find, work_look_due, work_deliver},
        .clock = parts->clock,
        .start_session = parts->start_session,
        .ctx = parts->ctx,
        .rest_ms = parts->config->retry_count ? parts->config->retry_ms[0] : MINUTE_MS,
        .free_work = free_work,
    });
}
