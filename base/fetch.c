#include "fetch.h"

#include "clock.h"
#include "memory.h"

#include <stdlib.h>

struct fetch *fetch_new(const char *url)
{
    struct fetch *fetch = must_new(struct fetch);

    fetch->errand.lane = LANE_FETCH;
    fetch->errand.free = fetch_free;
    fetch->url = must_dup(url);
    fetch->max_bytes = (size_t)1024 * 1024;
    fetch->total_ms = 30 * SECOND_MS;
    return fetch;
}

void fetch_free(struct errand *errand)
{
    struct fetch *fetch = container_of(errand, struct fetch, errand);

    free(fetch->url);
    bytes_clear(&fetch->fields);
    bytes_clear(&fetch->body);
    bytes_clear(&fetch->answer);
    free(fetch->content_type);
    free(fetch->location);
    for (size_t i = 0; i < FETCH_WANTED_MAX; i++)
        free(fetch->found[i]);
    free(fetch);
}
