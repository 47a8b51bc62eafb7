/*
 * Web Push: the sessions that tell devices (docs/contact-events.md); they have no peer.
 *
 * Once somebody is asked about, the pusher looks for devices that were not told, and starts a courier for each, which sends
 * one message and records how it fared: a service that is silent holds up no other.  What must be told is in the rows, so a
 * crash or a lost nudge loses nothing; whom a courier is under way to stands in memory alone.
 */
#include "web_private.h"

#include "bridge_push.h"
#include "fetch.h"
#include "log.h"

enum {
    ANSWER_WITHIN_MS = 10 * SECOND_MS,
    ANSWER_MAX = 16 * 1024, /* octets; none of them is read */
    LOOK_AGAIN_MS = 60 * SECOND_MS,
    LOOK_SOON_MS =
        SECOND_MS, /* while couriers are under way: one may come back with nothing done */
};

/* ---- one device ---- */
struct push_courier {
    struct web *web;
    int64_t id;
    struct push_job job;
    enum { COURIER_SENDS, COURIER_RECORDS } state;
};

struct push_end_ask {
    struct errand errand;
    struct bridge *bridge;
    struct push_job job;
    enum push_end end;
    int64_t retry_after_s;
};

static bool record_end(struct errand *errand, struct store_tx *tx, struct err *err)
{
    const struct push_end_ask *ask = container_of(errand, struct push_end_ask, errand);

    return bridge_push_ended(ask->bridge, tx, &ask->job, ask->end, ask->retry_after_s, err);
}

static void end_free(struct errand *errand)
{
    struct push_end_ask *ask = container_of(errand, struct push_end_ask, errand);

    push_job_clear(&ask->job);
    free(ask);
}

static enum next courier_ends(struct push_courier *courier, enum push_end end,
                              int64_t retry_after_s, struct turn *turn)
{
    struct push_end_ask *ask = must_new(struct push_end_ask);

    ask->errand = (struct errand){.lane = LANE_DELIVER, .write = record_end, .free = end_free};
    ask->bridge = courier->web->parts.bridge;
    ask->job = courier->job;
    ask->end = end;
    ask->retry_after_s = retry_after_s;
    courier->job = (struct push_job){0};
    courier->state = COURIER_RECORDS;
    turn->errand = &ask->errand;
    return NEXT_WAIT;
}

static enum next courier_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct push_courier *courier = session;

    (void)peer;
    if (courier->job.damaged) {
        log_warn("a device of account %lld cannot be told: what it registered with is damaged, and "
                 "is forgotten",
                 (long long)courier->job.account_id);
        return courier_ends(courier, PUSH_GONE, 0, turn);
    }
    struct fetch *fetch = fetch_new(courier->job.endpoint);
    fetch->post = true;
    fetch->max_bytes = ANSWER_MAX;
    fetch->total_ms = ANSWER_WITHIN_MS;
    bytes_add(&fetch->fields, bytes_slice(&courier->job.fields));
    bytes_add(&fetch->body, bytes_slice(&courier->job.body));
    turn->errand = &fetch->errand;
    return NEXT_WAIT;
}

/* RFC 8030 5 and 7.3: 201 is right, others say 200, 202 or 204; 404 and 410 end the registration. */
static enum push_end end_of(const struct fetch *fetch)
{
    if (fetch->outcome == FETCH_BLOCKED)
        return PUSH_GONE;
    if (fetch->outcome == FETCH_TOO_LARGE)
        return PUSH_TAKEN; /* it said more than was wanted, and said yes or no long before */
    if (fetch->outcome != FETCH_ANSWERED)
        return PUSH_AGAIN;
    if (fetch->status >= 200 && fetch->status < 300)
        return PUSH_TAKEN;
    return fetch->status == 404 || fetch->status == 410 ? PUSH_GONE : PUSH_AGAIN;
}

/* What could not be recorded must not be sent again at once: the device keeps its courier for a while. */
static enum next courier_recorded(struct errand *back, struct turn *turn)
{
    bool good = back->ok;

    if (!good)
        log_error("web push failed: %s (%s)", back->err.said, back->err.cause);
    errand_free(back);
    turn->wake_at_ms = monotonic_ms() + LOOK_AGAIN_MS;
    return good ? NEXT_HANG_UP : NEXT_READ;
}

static enum next courier_resume(void *session, struct errand *back, struct turn *turn)
{
    struct push_courier *courier = session;

    if (courier->state == COURIER_RECORDS)
        return courier_recorded(back, turn);
    const struct fetch *fetch = container_of(back, struct fetch, errand);
    enum push_end end = end_of(fetch);
    int64_t retry_after_s = fetch->retry_after_s;
    log_debug("push ended %d, status %d", (int)end, fetch->status);
    errand_free(back);
    return courier_ends(courier, end, retry_after_s, turn);
}

static enum next courier_nudged(void *session, enum nudge why, struct turn *turn)
{
    (void)session, (void)why, (void)turn;
    return NEXT_HANG_UP;
}

static void courier_free(void *session)
{
    struct push_courier *courier = session;
    struct pushes *pushes = &courier->web->pushes;
    size_t at = 0;

    while (pushes->ids[at] != courier->id)
        at++;
    pushes->ids[at] = pushes->ids[--pushes->count];
    push_job_clear(&courier->job);
    free(courier);
}

static const struct session_kind courier_kind = {
    .name = "push courier",
    .begin = courier_begin,
    .resume = courier_resume,
    .nudged = courier_nudged,
    .free = courier_free,
};

/* Takes the job. */
static void start_courier(struct web *web, struct push_job *job)
{
    struct push_courier *courier = must_new(struct push_courier);

    courier->web = web;
    courier->id = job->id;
    courier->job = *job;
    *job = (struct push_job){0};
    web->pushes.ids[web->pushes.count++] = courier->id;
    web->parts.start_session(web->parts.ctx, &courier_kind, courier);
}

/* ---- who looks ---- */
struct pusher {
    struct web *web;
};

struct push_look {
    struct errand errand;
    const struct web *web;
    struct pushes but; /* as they were when it began */
    struct push_job job;
    bool found;
    int64_t next_ms; /* wall time; 0: nothing waits */
};

static bool find_job(struct errand *errand, struct err *err)
{
    struct push_look *it = container_of(errand, struct push_look, errand);
    scoped(store_view) view = store_look(it->web->parts.store, err);
    enum found found =
        view ? bridge_push_next(it->web->parts.bridge, view, &it->but, &it->job, &it->next_ms, err)
             : FAILED;

    it->found = found == FOUND;
    return found != FAILED;
}

static void look_free(struct errand *errand)
{
    struct push_look *it = container_of(errand, struct push_look, errand);

    push_job_clear(&it->job);
    free(it);
}

static enum next rest(int64_t wait_ms, struct turn *turn)
{
    turn->watch = topic_of(TOPIC_PUSH, 0);
    turn->wake_at_ms = monotonic_ms() + wait_ms;
    return NEXT_READ;
}

static enum next look(struct pusher *pusher, struct turn *turn)
{
    struct web *web = pusher->web;

    if (web->pushes.count == PUSHES_AT_ONCE)
        return rest(LOOK_SOON_MS, turn);
    struct push_look *it = must_new(struct push_look);
    it->errand = (struct errand){.lane = LANE_DELIVER, .work = find_job, .free = look_free};
    it->web = web;
    it->but = web->pushes;
    turn->errand = &it->errand;
    turn->watch = topic_of(TOPIC_PUSH, 0);
    return NEXT_WAIT;
}

static int64_t wait_of(const struct web *web, const struct push_look *it)
{
    int64_t most_ms = web->pushes.count > 0 ? LOOK_SOON_MS : LOOK_AGAIN_MS;

    return it->next_ms ? clock_wait(web->parts.clock, it->next_ms, most_ms) : most_ms;
}

static enum next pusher_resume(void *session, struct errand *back, struct turn *turn)
{
    struct pusher *pusher = session;
    struct push_look *it = container_of(back, struct push_look, errand);
    bool found = back->ok && it->found;

    if (!back->ok)
        log_error("web push failed: %s (%s)", back->err.said, back->err.cause);
    if (found)
        start_courier(pusher->web, &it->job);
    int64_t wait_ms = back->ok ? wait_of(pusher->web, it) : LOOK_AGAIN_MS;
    errand_free(back);
    return found ? look(pusher, turn) : rest(wait_ms, turn);
}

static enum next pusher_begin(void *session, const struct peer *peer, struct turn *turn)
{
    (void)peer;
    return look(session, turn);
}

static enum next pusher_nudged(void *session, enum nudge why, struct turn *turn)
{
    return why == NUDGE_CLOSING ? NEXT_HANG_UP : look(session, turn);
}

static void pusher_free(void *session)
{
    free(session);
}

const struct session_kind web_push_kind = {
    .name = "push",
    .begin = pusher_begin,
    .resume = pusher_resume,
    .nudged = pusher_nudged,
    .free = pusher_free,
};

void *web_push_new(struct web *it)
{
    struct pusher *pusher = must_new(struct pusher);

    pusher->web = it;
    return pusher;
}
