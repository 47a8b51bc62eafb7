/*
 * /contacts/stream: what happens to an owner's contact requests, as server-sent events (docs/contact-events.md).
 *
 * The stream is a response that never ends.  A commit nudges it, and then it looks for events behind the last that it
 * told; nothing is queued for a device that is slow.  Each look asks again whether the owner is still signed in.
 */
#include "web_private.h"

#include "log.h"

enum { STREAMS_MOST = 8, HEARTBEAT_MS = 25 * SECOND_MS, LOOK_WITHIN_MS = 10 * SECOND_MS };

struct stream { /* the handler's state */
    const struct web *web;
    struct stream **list, *next; /* among all of this server */
    struct caller caller;
    int64_t account_id; /* 0: not known yet */
    int64_t after;      /* the last event told; below 0: none */
};

struct stream_look { /* an errand */
    struct errand errand;
    const struct web *web;
    struct caller caller;
    bool allowed;
    int64_t account_id, after;
    struct bytes piece;
};

static void look_free(struct errand *errand)
{
    struct stream_look *look = container_of(errand, struct stream_look, errand);

    caller_clear(&look->caller);
    bytes_clear(&look->piece);
    free(look);
}

static bool look_for_events(struct errand *errand, struct err *err)
{
    struct stream_look *look = container_of(errand, struct stream_look, errand);
    bool first = look->account_id == 0;
    scoped(store_view) view = store_look(look->web->parts.store, err);

    enum found found =
        view ? caller_account(look->web, view, &look->caller, &look->account_id, err) : FAILED;
    look->allowed = found == FOUND;
    if (found != FOUND || first) /* events are looked for once the stream listens */
        return found != FAILED;
    return bridge_contact_events(view, look->account_id, &look->after, &look->piece, err);
}

static enum next send_look(struct stream *stream, struct http_turn *turn)
{
    struct stream_look *look = must_new(struct stream_look);

    look->errand = (struct errand){.lane = LANE_QUICK,
                                   .work = look_for_events,
                                   .free = look_free,
                                   .deadline_ms = monotonic_ms() + LOOK_WITHIN_MS};
    look->web = stream->web;
    look->caller.session = stream->caller.session ? must_dup(stream->caller.session) : NULL;
    look->caller.device = stream->caller.device ? must_dup(stream->caller.device) : NULL;
    look->account_id = stream->account_id;
    look->after = stream->after;
    turn->errand = &look->errand;
    return NEXT_WAIT;
}

/* ---- all streams ---- */
static void stream_free(void *state)
{
    struct stream *stream = state;

    if (stream->list) {
        *stream->list = stream->next;
        if (stream->next)
            stream->next->list = stream->list;
    }
    caller_clear(&stream->caller);
    free(stream);
}

static bool is_one_too_many(const struct web *web, int64_t account_id)
{
    int count = 0;

    for (const struct stream *one = web->streams; one; one = one->next)
        count += one->account_id == account_id;
    return count >= STREAMS_MOST;
}

static void join(struct web *web, struct stream *stream)
{
    stream->list = &web->streams;
    stream->next = web->streams;
    if (stream->next)
        stream->next->list = &stream->next;
    web->streams = stream;
}

/* ---- the handler ---- */
enum next stream_begin(void *face, struct http_turn *turn)
{
    struct stream *stream = must_new(struct stream);
    struct slice last = http_field(turn->request, "Last-Event-ID", NULL);

    stream->web = face;
    caller_read(turn->request, &stream->caller);
    if (!last.at || !slice_to_number(last, INT64_MAX, &stream->after))
        stream->after = -1;
    turn->state = stream;
    turn->free_state = stream_free;
    return send_look(stream, turn);
}

static void begin_answer(struct http_response *response)
{
    http_add_field(response, "Cache-Control", "no-store");
    http_add_field(response, "X-Content-Type-Options", "nosniff");
    http_add_field(response, "X-Accel-Buffering",
                   "no"); /* a proxy before us shall not wait for more */
    http_answer(response, 200, "text/event-stream", SLICE("retry: 5000\n\n"));
}

static enum next welcome(void *face, struct stream *stream, struct http_turn *turn)
{
    if (is_one_too_many(face, stream->account_id)) {
        http_add_field(turn->response, "Retry-After", "60");
        http_answer_text(turn->response, 429, "This account has 8 streams open already.");
        return NEXT_READ;
    }
    join(face, stream);
    begin_answer(turn->response);
    turn->watch = topic_of(TOPIC_ACCOUNT, stream->account_id);
    return send_look(stream, turn); /* it listens from here on, so nothing falls between */
}

static enum next answer(void *face, struct stream *stream, struct http_turn *turn,
                        struct stream_look *look)
{
    bool first = stream->account_id == 0;

    if (!look->allowed && first) {
        caller_answer_401(turn->response);
        return NEXT_READ;
    }
    if (!look->allowed)
        return NEXT_HANG_UP; /* signed out meanwhile */
    stream->account_id = look->account_id;
    if (first)
        return welcome(face, stream, turn);
    stream->after = look->after;
    turn->watch = topic_of(TOPIC_ACCOUNT, stream->account_id);
    turn->wake_at_ms = monotonic_ms() + (look->piece.len > 0 ? 1 : HEARTBEAT_MS);
    bytes_add(&turn->response->body,
              look->piece.len > 0 ? bytes_slice(&look->piece) : SLICE(":\n\n"));
    return NEXT_MORE;
}

enum next stream_resume(void *face, struct http_turn *turn, struct errand *back)
{
    struct stream *stream = turn->state;
    struct stream_look *look = container_of(back, struct stream_look, errand);
    enum next next = NEXT_HANG_UP; /* the device comes again */

    if (back->ok)
        next = answer(face, stream, turn, look);
    else
        log_error("web stream failed: %s (%s)", back->err.said, back->err.cause);
    errand_free(back);
    return next;
}

enum next stream_more(void *face, struct http_turn *turn)
{
    (void)face;
    return send_look(turn->state, turn);
}
