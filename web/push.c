/*
 * Web Push: /contacts/push, where devices register, and the session that sends (docs/contact-events.md).
 *
 * The session has no peer.  Once somebody is asked about, it looks for devices that were not told, tells one after the other,
 * and records how each fared: what must be told is in the rows, so a crash or a lost nudge loses nothing.
 */
#include "web_private.h"

#include "bridge_push.h"
#include "fetch.h"
#include "json.h"
#include "log.h"

enum {
    ANSWER_WITHIN_MS = 10 * SECOND_MS, /* one that is silent holds up the others for so long */
    ANSWER_MAX = 16 * 1024,            /* octets; none of them is read */
    LOOK_AGAIN_MS = 60 * SECOND_MS,
};

/* ---- registering ---- */
struct registering {
    struct errand errand;
    const struct web *web;
    struct caller caller;
    bool post, remove;
    char *endpoint, *p256dh, *auth;
    int64_t account_id; /* 0: not signed in */
    struct bytes answer;
};

static bool look_who(struct errand *errand, struct err *err)
{
    struct registering *it = container_of(errand, struct registering, errand);
    struct json json = json_to(&it->answer);
    scoped(store_view) view = store_look(it->web->parts.store, err);
    enum found found =
        view ? caller_account(it->web, view, &it->caller, &it->account_id, err) : FAILED;
    scoped_value(bytes) key = {0};

    if (found != FOUND)
        it->account_id = 0;
    bytes_reset(&it->answer);
    bridge_push_key(it->web->parts.bridge, &key);
    json_open(&json, NULL);
    json_text(&json, "key", key.at);
    json_end(&json);
    return found != FAILED;
}

static bool record_registration(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct registering *it = container_of(errand, struct registering, errand);

    if (!it->account_id)
        return true;
    if (it->remove)
        return bridge_push_remove(tx, it->account_id, it->endpoint, err);
    return bridge_push_add(it->web->parts.bridge, tx, it->account_id, it->endpoint, it->p256dh,
                           it->auth, err);
}

static void registering_free(struct errand *errand)
{
    struct registering *it = container_of(errand, struct registering, errand);

    caller_clear(&it->caller);
    free(it->endpoint);
    free(it->p256dh);
    free(it->auth);
    bytes_clear(&it->answer);
    free(it);
}

enum next push_begin(void *face, struct http_turn *turn)
{
    struct registering *it = must_new(struct registering);
    const struct http_request *request = turn->request;
    scoped_text char *remove = http_form_value(request->body, "remove");

    it->errand = (struct errand){.lane = LANE_QUICK,
                                 .work = look_who,
                                 .free = registering_free,
                                 .deadline_ms = monotonic_ms() + ANSWER_WITHIN_MS};
    it->web = face;
    caller_read(request, &it->caller);
    if (slice_is(request->method, "POST")) {
        it->errand.write = record_registration;
        free(steal(&it->caller.session)); /* a form of another site brings no bearer along */
    }
    it->remove = remove != NULL;
    it->endpoint = http_form_value(request->body, "endpoint");
    it->p256dh = http_form_value(request->body, "p256dh");
    it->auth = http_form_value(request->body, "auth");
    turn->errand = &it->errand;
    return NEXT_WAIT;
}

enum next push_resume(void *face, struct http_turn *turn, struct errand *back)
{
    const struct registering *it = container_of(back, struct registering, errand);
    struct http_response *response = turn->response;

    (void)face;
    if (!back->ok && (back->err.kind == ERR_MALFORMED || back->err.kind == ERR_REFUSED)) {
        http_answer_text(response, back->err.kind == ERR_REFUSED ? 403 : 400, back->err.said);
    } else if (!back->ok) {
        log_error("web push registration failed: %s (%s)", back->err.said, back->err.cause);
        http_answer_text(response, 503, "Try again soon.");
    } else if (!it->account_id) {
        caller_answer_401(response);
    } else {
        http_add_field(response, "Cache-Control", "no-store");
        http_add_field(response, "X-Content-Type-Options", "nosniff");
        http_answer(response, 200, "application/json", bytes_slice(&it->answer));
    }
    errand_free(back);
    return NEXT_READ;
}

/* ---- sending ---- */
struct pusher {
    const struct web *web;
    struct push_job job; /* that is under way */
    enum { PUSHER_RESTS, PUSHER_LOOKS, PUSHER_SENDS, PUSHER_RECORDS } state;
    bool closing;
};

struct pusher_look { /* an errand: the next job, or how one ended */
    struct errand errand;
    const struct web *web;
    struct push_job job;
    bool found;
    int64_t next_ms; /* wall time; 0: nothing waits */
    enum push_end end;
    int64_t retry_after_s;
};

static struct pusher_look *look_of(struct errand *errand)
{
    return container_of(errand, struct pusher_look, errand);
}

static bool find_job(struct errand *errand, struct err *err)
{
    struct pusher_look *look = look_of(errand);
    scoped(store_view) view = store_look(look->web->parts.store, err);
    enum found found =
        view ? bridge_push_next(look->web->parts.bridge, view, &look->job, &look->next_ms, err)
             : FAILED;

    look->found = found == FOUND;
    return found != FAILED;
}

static bool record_end(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct pusher_look *look = look_of(errand);

    return bridge_push_ended(look->web->parts.bridge, tx, &look->job, look->end,
                             look->retry_after_s, err);
}

static void look_free(struct errand *errand)
{
    push_job_clear(&look_of(errand)->job);
    free(look_of(errand));
}

static struct pusher_look *look_new(const struct pusher *pusher)
{
    struct pusher_look *look = must_new(struct pusher_look);

    look->errand = (struct errand){.lane = LANE_DELIVER, .free = look_free};
    look->web = pusher->web;
    return look;
}

static enum next start_look(struct pusher *pusher, struct turn *turn)
{
    struct pusher_look *look = look_new(pusher);

    look->errand.work = find_job;
    pusher->state = PUSHER_LOOKS;
    turn->errand = &look->errand;
    turn->watch = topic_of(TOPIC_PUSH, 0);
    return NEXT_WAIT;
}

static enum next rest(struct pusher *pusher, int64_t wait_ms, struct turn *turn)
{
    pusher->state = PUSHER_RESTS;
    turn->watch = topic_of(TOPIC_PUSH, 0);
    turn->wake_at_ms = monotonic_ms() + wait_ms;
    return NEXT_READ;
}

static enum next send_job(struct pusher *pusher, struct turn *turn)
{
    struct fetch *fetch = fetch_new(pusher->job.endpoint);

    fetch->post = true;
    fetch->max_bytes = ANSWER_MAX;
    fetch->total_ms = ANSWER_WITHIN_MS;
    bytes_add(&fetch->fields, bytes_slice(&pusher->job.fields));
    bytes_add(&fetch->body, bytes_slice(&pusher->job.body));
    pusher->state = PUSHER_SENDS;
    turn->errand = &fetch->errand;
    return NEXT_WAIT;
}

static enum next looked(struct pusher *pusher, struct errand *back, struct turn *turn)
{
    struct pusher_look *look = look_of(back);
    int64_t wait_ms = LOOK_AGAIN_MS;

    if (!back->ok)
        log_error("web push failed: %s (%s)", back->err.said, back->err.cause);
    bool found = back->ok && look->found;
    if (found) {
        pusher->job = look->job;
        look->job = (struct push_job){0};
    } else if (look->next_ms) {
        wait_ms = clock_wait(pusher->web->parts.clock, look->next_ms, LOOK_AGAIN_MS);
    }
    errand_free(back);
    return found ? send_job(pusher, turn) : rest(pusher, wait_ms, turn);
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

static enum next sent(struct pusher *pusher, struct errand *back, struct turn *turn)
{
    const struct fetch *fetch = container_of(back, struct fetch, errand);
    struct pusher_look *look = look_new(pusher);

    look->end = end_of(fetch);
    look->retry_after_s = fetch->retry_after_s;
    look->job = pusher->job;
    look->errand.write = record_end;
    pusher->job = (struct push_job){0};
    pusher->state = PUSHER_RECORDS;
    log_debug("push ended %d, status %d", (int)look->end, fetch->status);
    turn->errand = &look->errand;
    errand_free(back);
    return NEXT_WAIT;
}

static enum next recorded(struct pusher *pusher, struct errand *back, struct turn *turn)
{
    bool good = back->ok;

    if (!good)
        log_error("web push failed: %s (%s)", back->err.said, back->err.cause);
    errand_free(back);
    return good ? start_look(pusher, turn) : rest(pusher, LOOK_AGAIN_MS, turn);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct pusher *pusher = session;

    if (pusher->closing) {
        errand_free(back);
        return NEXT_HANG_UP;
    }
    switch (pusher->state) {
    case PUSHER_SENDS: return sent(pusher, back, turn);
    case PUSHER_RECORDS: return recorded(pusher, back, turn);
    case PUSHER_LOOKS:
    case PUSHER_RESTS: break;
    }
    return looked(pusher, back, turn);
}

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    (void)peer;
    return start_look(session, turn);
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    struct pusher *pusher = session;

    if (why == NUDGE_CLOSING) {
        pusher->closing = true;
        return NEXT_HANG_UP;
    }
    return start_look(pusher, turn);
}

static void pusher_free(void *session)
{
    struct pusher *pusher = session;

    push_job_clear(&pusher->job);
    free(pusher);
}

const struct session_kind web_push_kind = {
    .name = "push",
    .begin = on_begin,
    .resume = on_resume,
    .nudged = on_nudge,
    .free = pusher_free,
};

void *web_push_new(struct web *it)
{
    struct pusher *pusher = must_new(struct pusher);

    pusher->web = it;
    return pusher;
}
