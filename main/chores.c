#include "chores.h"

#include "bridge.h"
#include "log.h"
#include "memory.h"

/* Many commits in a row are looked at once each ROUND_MS, the first of them at once. */
enum { AFTER_FAILURE_MS = 10 * SECOND_MS, ROUND_MS = 50 };

struct chores {
    struct bridge *bridge;
    int64_t next_round_ms; /* monotonic: not before */
    bool closing;
};

struct round { /* one errand */
    struct errand errand;
    struct bridge *bridge;
    int64_t next_ms; /* wall time */
};

static bool do_round(struct errand *errand, struct err *err)
{
    struct round *round = container_of(errand, struct round, errand);

    return bridge_chores(round->bridge, &round->next_ms, err);
}

static void round_free(struct errand *errand)
{
    free(container_of(errand, struct round, errand));
}

static enum next start_round(struct chores *chores, struct turn *turn)
{
    struct round *round = must_new(struct round);

    round->errand = (struct errand){.lane = LANE_BULK, .work = do_round, .free = round_free};
    round->bridge = chores->bridge;
    chores->next_round_ms = monotonic_ms() + ROUND_MS;
    turn->errand = &round->errand;
    turn->watch = TOPIC_SOMETHING;
    return NEXT_WAIT;
}

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    (void)peer;
    return start_round(session, turn);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct chores *chores = session;
    struct round *round = container_of(back, struct round, errand);
    int64_t wait_ms = AFTER_FAILURE_MS;

    if (back->ok)
        wait_ms = clock_wait(&system_clock, round->next_ms, HOUR_MS); /* it may be set meanwhile */
    else
        log_error("chores failed, again in 10 s: %s (%s)", back->err.said, back->err.cause);
    turn->wake_at_ms = monotonic_ms() + wait_ms;
    turn->watch = TOPIC_SOMETHING;
    errand_free(back);
    return chores->closing ? NEXT_HANG_UP : NEXT_READ;
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    struct chores *chores = session;

    if (why == NUDGE_CLOSING) {
        chores->closing = true;
        return NEXT_HANG_UP;
    }
    if (why == NUDGE_CHANGE && monotonic_ms() < chores->next_round_ms) {
        turn->wake_at_ms = chores->next_round_ms; /* and nothing is watched: it looks then anyway */
        return NEXT_READ;
    }
    return start_round(chores, turn);
}

const struct session_kind chores_kind = {
    .name = "chores",
    .begin = on_begin,
    .resume = on_resume,
    .nudged = on_nudge,
    .free = free,
};

void *chores_new(struct bridge *bridge)
{
    struct chores *chores = must_new(struct chores);

    chores->bridge = bridge;
    return chores;
}
