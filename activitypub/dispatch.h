/*
 * dispatch — which deliveries are under way.
 *
 * One dispatcher session looks what is due whenever deliveries change or one falls due; couriers carry one
 * delivery each.  Claims live here, in memory alone: after a crash all is due again.  Outward loop alone.
 */
#ifndef NESTBOX_ACTIVITYPUB_DISPATCH_H
#define NESTBOX_ACTIVITYPUB_DISPATCH_H

#include "slice.h"

enum { CLAIMS_MAX = 1024, COURIERS_MAX = 512, COURIERS_PER_HOST = 2 };

enum claim_state {
    CLAIM_WAITING, /* for a place */
    CLAIM_OUT,     /* a courier has it */
    CLAIM_RESTING, /* its end could not be recorded: not again before rest_until_ms */
};
struct claim {
    int64_t delivery_id;
    struct dispatch_host *host;
    enum claim_state state;
    int64_t rest_until_ms; /* monotonic */
};
struct dispatch_host {
    char *name;
    int claims, out;
};
struct dispatch {
    struct claim claims[CLAIMS_MAX];
    size_t claim_count;
    struct dispatch_host *hosts[CLAIMS_MAX];
    size_t host_count;
    int out;
    bool closing;
};

void dispatch_add(struct dispatch *dispatch, int64_t delivery_id, const char *host);
/* The next one that may start now, as CLAIM_OUT; false if there is none. */
bool dispatch_next(struct dispatch *dispatch, int64_t *out_delivery_id);
/* rest_ms 0: done, else not again before. */
void dispatch_ended(struct dispatch *dispatch, int64_t delivery_id, int64_t rest_ms,
                    int64_t now_ms);
/* Forgets those that have rested; gives when the next one has (INT64_MAX: none rests). */
int64_t dispatch_wake(struct dispatch *dispatch, int64_t now_ms);
/* All claimed ids, sorted; heap. */
int64_t *dispatch_busy(const struct dispatch *dispatch, size_t *out_count);
void dispatch_clear(struct dispatch *dispatch);

#endif
