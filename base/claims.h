/*
 * claims — which deliveries are under way.
 *
 * They live in memory alone: after a crash all is due again.  A claim waits for a place, is carried by a courier, or
 * rests because what came of it could not be recorded.  A host has a bounded share of the places and of the
 * claims, so that hosts that are silent leave room for others however much is due for them: whose share is
 * used up is not looked for (struct claims_held).  Hosts of which silence is known have one courier each, and all
 * together a quarter of the places.  One loop alone.
 */
#ifndef NESTBOX_BASE_CLAIMS_H
#define NESTBOX_BASE_CLAIMS_H

#include "scope.h"
#include "slice.h"

enum {
    CLAIMS_MAX = 2048,
    CLAIMS_PER_HOST = 32,
    CLAIMS_FULL_HOSTS = CLAIMS_MAX / CLAIMS_PER_HOST,
    COURIERS_PER_HOST = 2,
    DOUBTFUL_PART = 4, /* of the couriers: one in four */
};

enum claim_state { CLAIM_WAITING, CLAIM_CARRIED, CLAIM_RESTING };
struct claim {
    int64_t id;
    char *load; /* those of one host with the same load travel together; NULL: alone */
    struct claims_host *host;
    enum claim_state state;
    int64_t rest_until_ms; /* monotonic */
};
struct claims_host {
    char *name;
    int claims, couriers;
    bool doubtful;
};
struct claims {                   /* zeros, and couriers_max */
    struct claim *at[CLAIMS_MAX]; /* who waits longest first */
    size_t count;
    struct claims_host *hosts[CLAIMS_MAX];
    size_t host_count;
    int couriers, couriers_max;
    int couriers_per_host; /* 0: COURIERS_PER_HOST */
    int doubtful;          /* couriers to doubtful hosts */
    bool closing;          /* nobody starts any more */
};
struct claims_batch { /* what one courier carries */
    struct claims_host *host;
    int64_t ids[CLAIMS_PER_HOST];
    size_t count;
    bool doubtful;
};

/* What finds no room stays due, and is found at a later look.  Copies. */
void claims_add(struct claims *claims, int64_t id, const char *host, const char *load);
/* Whether that host has as many as it may. */
bool claims_full(const struct claims *claims, const char *host);
/* Whether silence is known of a host; of those without a claim nothing is kept. */
void claims_doubt(struct claims *claims, const char *host, bool doubtful);
struct claims_batch *claims_next(struct claims *claims); /* NULL: nothing may start now */
/* Another for that host, by a courier that has gone there; NULL: none waits. */
struct claims_batch *claims_more(struct claims *claims, const struct claims_host *host);
/* Takes the batch.  rest_ms 0: done with, else not again before. */
void claims_ended(struct claims *claims, struct claims_batch *batch, int64_t rest_ms,
                  int64_t now_ms);
/* Takes the batch, of which nothing was tried: it waits again. */
void claims_put_back(struct claims *claims, struct claims_batch *batch);
/* Forgets those that have rested; gives when the next one has (INT64_MAX: none rests). */
int64_t claims_wake(struct claims *claims, int64_t now_ms);
void claims_clear(struct claims *claims); /* after its couriers have ended */

struct claims_held { /* what is not to be looked for; a value of its own, for another thread */
    int64_t *ids;    /* sorted */
    size_t id_count;
    char *hosts[CLAIMS_FULL_HOSTS];
    size_t host_count;
};
void claims_held(const struct claims *claims, struct claims_held *out);
void claims_held_clear(struct claims_held *held);
SCOPED_VALUE(claims_held, claims_held_clear)

#endif
