#include "wire.h"

#include "clock.h"
#include "courier.h"
#include "finder.h"
#include "memory.h"

enum { COURIERS_MAX = 512, NETWORKS = 512 };

struct activitypub *activitypub_wire_new(const struct wire_parts *parts)
{
    struct activitypub *it = must_new(struct activitypub);

    it->parts = *parts;
    it->posts = rate_new(NETWORKS, MINUTE_MS / POSTS_PER_MINUTE);
    it->claims.couriers_max = COURIERS_MAX;
    return it;
}

void activitypub_free(struct activitypub *it)
{
    if (!it)
        return;
    rate_free(it->posts);
    claims_clear(&it->claims);
    if (it->parts.free_work)
        it->parts.free_work(it->parts.duties.ctx);
    free(it);
}

void activitypub_find(struct activitypub *it, struct errand *errand,
                      void (*done)(void *ctx, struct errand *errand), void *ctx)
{
    it->parts.start_session(it->parts.ctx, &finder_kind,
                            finder_new(&it->parts.duties, errand, done, ctx));
}

void activitypub_deliver(struct activitypub *it)
{
    it->parts.start_session(it->parts.ctx, &dispatcher_kind, dispatcher_new(it));
}
