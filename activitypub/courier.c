/*
 * A courier makes one attempt after the other: ask, fetch what it wants (a person to be found, the POST, a second
 * knock), ask again, end.  A claim ends with its attempt, whatever happened; the courier ends when none may start.
 */
#include "courier.h"

#include "log.h"
#include "memory.h"

#include <stdlib.h>

/* A fault of ours must not spin.  Each end of a delivery is news: many are looked at once each LOOK_PAUSE_MS, and where
 * there is enough to do for that long (BUSY), each BUSY_PAUSE_MS.  A look walks over all that is due, so it takes as much
 * as there is room for. */
enum { LOOK_AGAIN_MS = 30 * SECOND_MS, BUSY = 256, LOOK_PAUSE_MS = 30, BUSY_PAUSE_MS = 120 };

struct courier {
    struct activitypub *it;
    struct claims_batch *batch; /* of one; NULL: it has none any more */
    struct asking asking;
    int64_t rest_ms;
};

static void start_couriers(struct activitypub *it)
{
    struct claims_batch *batch;

    while ((batch = claims_next(&it->claims))) {
        struct courier *courier = must_new(struct courier);
        *courier = (struct courier){.it = it, .batch = batch};
        it->parts.start_session(it->parts.ctx, &courier_kind, courier);
    }
}

static enum next attempt(struct courier *courier, struct turn *turn)
{
    struct courier_ask *ask = courier_ask_new(&courier->it->parts.duties, courier->batch->ids[0]);

    /* unless it comes to its end, the delivery rests: one that is lost must not be sent again at once */
    courier->rest_ms = courier->it->parts.rest_ms;
    turn->errand = asking_begin(&courier->asking, &ask->ask);
    return NEXT_WAIT;
}

static enum next courier_begin(void *session, const struct peer *peer, struct turn *turn)
{
    (void)peer;
    return attempt(session, turn);
}

/* A session anew for each attempt costs more than its rows. */
static enum next go_on(struct courier *courier, struct turn *turn)
{
    struct claims *claims = &courier->it->claims;

    asking_clear(&courier->asking);
    claims_ended(claims, courier->batch, courier->rest_ms, monotonic_ms());
    courier->batch = claims_next(claims);
    return courier->batch ? attempt(courier, turn) : NEXT_HANG_UP;
}

static enum next courier_resume(void *session, struct errand *back, struct turn *turn)
{
    struct courier *courier = session;

    turn->errand = asking_next(&courier->asking, back);
    if (turn->errand)
        return NEXT_WAIT;
    const struct errand *done = &courier->asking.held->errand;
    if (done->ok)
        courier->rest_ms = 0;
    else
        log_error("delivery %lld could not be tried or recorded: %s (%s)",
                  (long long)courier->batch->ids[0], done->err.said, done->err.cause);
    return go_on(courier, turn);
}

static enum next courier_nudged(void *session, enum nudge why, struct turn *turn)
{
    struct courier *courier = session;

    (void)turn;
    if (why == NUDGE_CLOSING)
        courier->it->claims.closing = true;
    return NEXT_HANG_UP;
}

static void courier_free(void *session)
{
    struct courier *courier = session;
    struct activitypub *it = courier->it;

    asking_clear(&courier->asking);
    if (courier->batch)
        claims_ended(&it->claims, courier->batch, courier->rest_ms, monotonic_ms());
    free(courier);
    start_couriers(it);
}

const struct session_kind courier_kind = {
    .name = "courier",
    .begin = courier_begin,
    .resume = courier_resume,
    .nudged = courier_nudged,
    .free = courier_free,
};

struct dispatcher {
    struct activitypub *it;
    int64_t next_look_ms; /* not before, if it is for news */
};

void *dispatcher_new(struct activitypub *it)
{
    struct dispatcher *dispatcher = must_new(struct dispatcher);

    dispatcher->it = it;
    return dispatcher;
}

/* Watches from now on, so that nothing that commits while it looks is missed. */
static enum next look(struct dispatcher *dispatcher, struct turn *turn)
{
    struct activitypub *it = dispatcher->it;

    turn->watch = topic_of(TOPIC_DELIVERIES, 0);
    bool busy = it->claims.count > BUSY;
    dispatcher->next_look_ms = monotonic_ms() + (busy ? BUSY_PAUSE_MS : LOOK_PAUSE_MS);
    int64_t rested_ms = claims_wake(&it->claims, monotonic_ms());
    if (it->claims.count + BUSY > CLAIMS_MAX) {
        turn->wake_at_ms = monotonic_ms() + SECOND_MS;
        return NEXT_READ;
    }
    struct due_ask *due = due_ask_new(&it->parts.duties);
    due->limit = CLAIMS_MAX - (int)it->claims.count;
    claims_held(&it->claims, &due->held);
    turn->wake_at_ms = rested_ms == INT64_MAX ? 0 : rested_ms;
    turn->errand = &due->ask.errand;
    return NEXT_WAIT;
}

static enum next dispatcher_begin(void *session, const struct peer *peer, struct turn *turn)
{
    (void)peer;
    return look(session, turn);
}

/* What is due already has a claim, or its host has enough of them: their ends are heard of. */
static int64_t wake_for(const struct activitypub *it, int64_t next_due_ms)
{
    return monotonic_ms() + clock_wait(it->parts.clock, next_due_ms, LOOK_AGAIN_MS);
}

static enum next dispatcher_resume(void *session, struct errand *back, struct turn *turn)
{
    struct dispatcher *dispatcher = session;
    struct activitypub *it = dispatcher->it;
    struct due_ask *due = container_of(back, struct due_ask, ask.errand);
    bool more = due->ask.errand.ok && due->count >= (size_t)due->limit;

    if (!due->ask.errand.ok)
        log_error("what is due could not be read: %s (%s)", due->ask.errand.err.said,
                  due->ask.errand.err.cause);
    for (size_t i = 0; i < due->count; i++) {
        claims_add(&it->claims, due->due[i].id, due->due[i].host, NULL);
        claims_doubt(&it->claims, due->due[i].host, due->due[i].doubtful);
    }
    int64_t wake_ms = wake_for(it, due->ask.errand.ok ? due->next_due_ms : INT64_MAX);
    errand_free(back);
    start_couriers(it);
    if (more)
        return look(dispatcher, turn);
    int64_t rested_ms = claims_wake(&it->claims, monotonic_ms());
    turn->watch = topic_of(TOPIC_DELIVERIES, 0);
    turn->wake_at_ms = rested_ms < wake_ms ? rested_ms : wake_ms;
    return NEXT_READ;
}

static enum next dispatcher_nudged(void *session, enum nudge why, struct turn *turn)
{
    struct dispatcher *dispatcher = session;

    if (why == NUDGE_CLOSING)
        return NEXT_HANG_UP;
    if (why == NUDGE_CHANGE && monotonic_ms() < dispatcher->next_look_ms) {
        turn->wake_at_ms =
            dispatcher->next_look_ms; /* and nothing is watched: it looks then anyway */
        return NEXT_READ;
    }
    return look(dispatcher, turn);
}

/* Without a dispatcher nobody starts couriers: the loop ends. */
static void dispatcher_free(void *session)
{
    struct dispatcher *dispatcher = session;

    dispatcher->it->claims.closing = true;
    free(dispatcher);
}

const struct session_kind dispatcher_kind = {
    .name = "dispatcher",
    .begin = dispatcher_begin,
    .resume = dispatcher_resume,
    .nudged = dispatcher_nudged,
    .free = dispatcher_free,
};
