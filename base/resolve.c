#include "resolve.h"

#include "clock.h"
#include "memory.h"

struct resolve *resolve_new(const char *user, const char *host, const char *actor_id)
{
    struct resolve *resolve = must_new(struct resolve);

    resolve->errand = (struct errand){.lane = LANE_RESOLVE, .free = resolve_free};
    resolve->user = must_dup(user);
    resolve->host = must_dup(host);
    resolve->actor_id = must_dup(actor_id);
    resolve->total_ms = 10 * SECOND_MS;
    return resolve;
}

void resolve_free(struct errand *errand)
{
    struct resolve *resolve = container_of(errand, struct resolve, errand);

    free(resolve->user);
    free(resolve->host);
    free(resolve->actor_id);
    free(resolve->alias);
    free(resolve);
}
