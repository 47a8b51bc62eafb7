/* A session that lives for a second: it waits for more to count, has all of it counted in the store, and ends. */
#include "out.h"

#include "log.h"
#include "memory.h"

enum { GATHER_MS = SECOND_MS };

struct counting {
    struct out *out;
};

static enum next carry(struct counting *it, struct turn *turn)
{
    const struct out_duties *duties = &it->out->duties;

    turn->errand = duties->count(duties->ctx, &it->out->ledger);
    return NEXT_WAIT;
}

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    (void)session, (void)peer;
    turn->wake_at_ms = monotonic_ms() + GATHER_MS;
    return NEXT_READ;
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    (void)session, (void)turn;
    if (!back->ok)
        log_error("how TLS fared could not be counted: %s (%s)", back->err.said, back->err.cause);
    errand_free(back);
    return NEXT_HANG_UP;
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    (void)why;
    return carry(session, turn);
}

static void on_free(void *session)
{
    struct counting *it = session;
    struct out *out = it->out;

    free(it);
    out->ledger.waited_for = false;
    if (!out->claims.closing)
        out_start_counting(out);
}

static const struct session_kind counting_kind = {
    .name = "mail-counting",
    .begin = on_begin,
    .resume = on_resume,
    .nudged = on_nudge,
    .free = on_free,
};

void out_start_counting(struct out *out)
{
    if (out->ledger.count == 0 || out->ledger.waited_for)
        return;
    struct counting *it = must_new(struct counting);
    it->out = out;
    out->ledger.waited_for = true;
    out->duties.start(out->duties.ctx, &counting_kind, it);
}
