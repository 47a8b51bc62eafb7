/* Looks what is due whenever deliveries change, one falls due, or a claim has rested; and sends couriers. */
#include "out.h"

#include "log.h"
#include "memory.h"

/* A fault of ours must not spin.  Each end of a delivery is news: many are looked at once each LOOK_PAUSE_MS. */
enum { LOOK_AGAIN_MS = 30 * SECOND_MS, LOOK_LIMIT = 256, LOOK_PAUSE_MS = 30 };

struct dispatcher {
    struct out *out;
    int64_t next_look_ms; /* not before, if it is for news */
    bool crowded;         /* a host has all its claims: more may be due for it */
};

void *out_dispatcher_new(struct out *out)
{
    struct dispatcher *dispatcher = must_new(struct dispatcher);

    dispatcher->out = out;
    return dispatcher;
}

void out_start_couriers(struct out *out)
{
    struct claims_batch *batch;

    while ((batch = claims_next(&out->claims)))
        out->duties.start(out->duties.ctx, &out_courier_kind, out_courier_new(out, batch));
}

/* The host that all mail goes to; "": each goes its own way. */
static const char *relay_of(const struct out *out)
{
    return out->duties.relay_host;
}

/* What is claimed is a share of the host that is truly asked.  Mail for us would come back from a relay. */
static const char *way_of(const struct out *out, const char *domain)
{
    bool relayed = relay_of(out)[0] && !out->duties.is_ours(out->duties.ctx, slice_of(domain));

    return relayed ? relay_of(out) : domain;
}

static bool has_no_room(const struct out *out)
{
    return out->claims.count + LOOK_LIMIT > CLAIMS_MAX ||
           (relay_of(out)[0] && claims_full(&out->claims, relay_of(out)));
}

/* Watches from now on, so that nothing that commits while it looks is missed. */
static enum next look(struct dispatcher *dispatcher, struct turn *turn)
{
    struct out *out = dispatcher->out;
    int64_t rested_ms = claims_wake(&out->claims, monotonic_ms());
    scoped_value(claims_held) held = {0};

    turn->watch = topic_of(TOPIC_DELIVERIES, 0);
    dispatcher->next_look_ms = monotonic_ms() + LOOK_PAUSE_MS;
    if (has_no_room(out)) {
        turn->wake_at_ms = monotonic_ms() + SECOND_MS;
        return NEXT_READ;
    }
    claims_held(&out->claims, &held);
    dispatcher->crowded = held.host_count > 0;
    turn->wake_at_ms = rested_ms == INT64_MAX ? 0 : rested_ms;
    turn->errand = out->duties.look(out->duties.ctx, &held, LOOK_LIMIT);
    return NEXT_WAIT;
}

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    (void)peer;
    return look(session, turn);
}

/* What is due already has a claim, or its host has enough of them.  That one of these came to its end is news before the
 * claim goes, so what was too much for the host then is looked for again. */
static int64_t wake_for(const struct dispatcher *dispatcher, int64_t next_due_ms)
{
    return monotonic_ms() + clock_wait(dispatcher->out->duties.clock, next_due_ms,
                                       dispatcher->crowded ? SECOND_MS : LOOK_AGAIN_MS);
}

/* When to look again if nothing is heard before. */
static int64_t take_in(struct dispatcher *dispatcher, const struct out_look *found)
{
    struct out *out = dispatcher->out;

    if (!found->errand.ok)
        log_error("what mail is due could not be read: %s (%s)", found->errand.err.said,
                  found->errand.err.cause);
    for (size_t i = 0; i < found->count; i++) {
        const struct out_due *due = &found->due[i];
        scoped_text char *load = must_print("%lld %s", (long long)due->text_id, due->mail_from);
        dispatcher->crowded |= claims_full(&out->claims, way_of(out, due->host));
        claims_add(&out->claims, due->id, way_of(out, due->host), load);
    }
    return wake_for(dispatcher, found->errand.ok ? found->next_due_ms : INT64_MAX);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct dispatcher *dispatcher = session;
    struct out *out = dispatcher->out;
    const struct out_look *found = container_of(back, struct out_look, errand);
    bool more = back->ok && found->count >= LOOK_LIMIT;
    int64_t wake_ms = take_in(dispatcher, found);

    errand_free(back);
    out_start_couriers(out);
    if (more)
        return look(dispatcher, turn);
    int64_t rested_ms = claims_wake(&out->claims, monotonic_ms());
    turn->watch = topic_of(TOPIC_DELIVERIES, 0);
    turn->wake_at_ms = rested_ms < wake_ms ? rested_ms : wake_ms;
    return NEXT_READ;
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    struct dispatcher *dispatcher = session;

    if (why == NUDGE_CLOSING) {
        dispatcher->out->claims.closing = true;
        return NEXT_HANG_UP;
    }
    if (why == NUDGE_CHANGE && monotonic_ms() < dispatcher->next_look_ms) {
        turn->wake_at_ms =
            dispatcher->next_look_ms; /* and nothing is watched: it looks then anyway */
        return NEXT_READ;
    }
    return look(dispatcher, turn);
}

const struct session_kind out_dispatcher_kind = {
    .name = "mail-dispatcher",
    .begin = on_begin,
    .resume = on_resume,
    .nudged = on_nudge,
    .free = free,
};
