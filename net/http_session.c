/*
 * One HTTP connection as a session: head, body, handler, response, and again.
 *
 *   IDLE --first byte--> HEAD --empty line--> BODY --all there--> ANSWERING --> IDLE or hung up
 *
 * The head stays in the driver's buffer until it is whole; what a request costs lives in struct exchange,
 * so that a connection at rest is small.
 */
#include "http_private.h"

#include "log.h"
#include "memory.h"

enum { SLOW_AFTER_MS = 5 * SECOND_MS };

struct exchange {      /* one request and its response */
    struct bytes text; /* of the head; the request borrows from it */
    struct http_head head;
    struct http_request request;
    struct http_body body;
    size_t held; /* of the body, as the server counts it */
    struct http_match match;
    struct http_response response;
    struct http_turn turn;
    struct http_manner manner;
    bool head_sent;
    bool streaming; /* the handler waits for a nudge between two pieces */
};

struct http_session {
    struct http_server *server;
    struct peer peer;
    size_t looked_at;   /* how far the unread bytes were looked at */
    bool skipped_line;  /* the one empty line that may stand before a request */
    int64_t started_ms; /* first byte of this request; 0: none came */
    int64_t idle_since_ms;
    size_t received; /* bytes of this request */
    bool closing;
    struct exchange *now; /* from the end of the head on */
};

static int64_t loop_now(const struct http_session *s)
{
    const struct clock *timer = s->server->options.timer;

    return timer ? clock_now(timer) : monotonic_ms();
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void *http_session_new(void *server, const struct peer *peer)
{
    struct http_session *s = must_new(struct http_session);

    s->server = server;
    s->peer = *peer;
    return s;
}

static void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    if (x->turn.free_state)
        x->turn.free_state(x->turn.state);
    bytes_clear(&x->response.fields);
    bytes_clear(&x->response.body);
    http_body_clear(&x->body);
    http_head_clear(&x->head);
    bytes_clear(&x->text);
    free(x);
}

static void drop_exchange(struct http_session *s)
{
    if (s->now)
        s->server->bodies -= s->now->held;
    exchange_free(s->now);
    s->now = NULL;
}

static void on_free(void *session)
{
    struct http_session *s = session;

    drop_exchange(s);
    free(s);
}

/* When to be woken while bytes are awaited. */
static int64_t next_look_ms(const struct http_session *s)
{
    const struct http_options *o = &s->server->options;

    if (!s->started_ms)
        return s->idle_since_ms + o->idle_ms;
    int64_t slow_look = s->started_ms + SLOW_AFTER_MS;
    if (slow_look <= loop_now(s))
        slow_look = loop_now(s) + SECOND_MS;
    return earlier(s->started_ms + o->request_ms, slow_look);
}

static enum next await_bytes(struct http_session *s, struct turn *turn)
{
    turn->wake_at_ms = next_look_ms(s);
    return NEXT_READ;
}

/* Ready for another request, or done. */
static enum next end_exchange(struct http_session *s, struct turn *turn)
{
    bool keep = s->now->manner.keep;

    drop_exchange(s);
    s->started_ms = 0;
    s->received = 0;
    s->looked_at = 0;
    s->skipped_line = false;
    s->idle_since_ms = loop_now(s);
    return keep && !s->closing ? await_bytes(s, turn) : NEXT_HANG_UP;
}

static void log_exchange(const struct http_session *s)
{
    const struct exchange *x = s->now;

    /* The route's pattern: a path may hold a token. */
    log_debug("service=%s peer=%s http method=%.*s route=%s status=%d", s->peer.service,
              s->peer.text, SLICE_ARGS(slice_first(x->request.method, 16)),
              x->match.route ? x->match.route->path : "none", x->response.status);
}

static void send_head(struct http_session *s, struct turn *turn, bool in_pieces)
{
    struct exchange *x = s->now;
    struct http_manner *manner = &x->manner;

    manner->head_only = slice_is(x->request.method, "HEAD");
    manner->keep = manner->keep && !s->closing;
    if (in_pieces && x->response.length >= 0)
        manner->pieces = PIECES_LENGTH;
    else if (in_pieces)
        manner->pieces = x->head.old ? PIECES_UNTIL_CLOSE : PIECES_CHUNKED;
    manner->keep = manner->keep && manner->pieces != PIECES_UNTIL_CLOSE;
    if (!x->response.status) {
        log_error("http route=%s answered without a status",
                  x->match.route ? x->match.route->path : "none");
        x->response.status = 500;
    }
    http_write_head(turn->out, &x->response, manner, clock_now(s->server->options.clock));
    manner->head_only = manner->head_only || !http_status_has_body(x->response.status);
    x->head_sent = true;
    log_exchange(s);
}

static void send_piece(struct http_session *s, struct turn *turn)
{
    struct exchange *x = s->now;

    http_write_piece(turn->out, bytes_slice(&x->response.body), &x->manner);
    bytes_reset(&x->response.body);
}

static enum next finish(struct http_session *s, struct turn *turn)
{
    if (!s->now->head_sent)
        send_head(s, turn, false);
    send_piece(s, turn);
    http_write_end(turn->out, &s->now->manner);
    return end_exchange(s, turn);
}

static struct exchange *exchange_new(void)
{
    struct exchange *x = must_new(struct exchange);

    x->response.length = -1;
    return x;
}

/* An answer of the reader's own that ends the connection: what follows could be anything. */
static enum next refuse(struct http_session *s, const struct http_verdict *verdict,
                        struct turn *turn)
{
    if (!s->now)
        s->now = exchange_new();
    s->now->manner.keep = false;
    http_answer_text(&s->now->response, verdict->status, verdict->sentence);
    return finish(s, turn);
}

/* The same where the request was understood: the connection lives on if the body is behind us. */
static enum next answer(struct http_session *s, int status, const char *sentence, struct turn *turn)
{
    struct exchange *x = s->now;

    http_answer_text(&x->response, status, sentence);
    if (x->match.allow[0] && status == 405)
        http_add_field(&x->response, "Allow", x->match.allow);
    x->manner.keep = x->manner.keep && x->body.done;
    return finish(s, turn);
}

static enum next send_on(struct http_session *s, struct turn *turn)
{
    struct exchange *x = s->now;

    if (!x->head_sent)
        send_head(s, turn, true);
    send_piece(s, turn);
    if (x->manner.head_only)
        return end_exchange(s, turn);
    x->streaming = x->turn.watch || x->turn.wake_at_ms;
    return x->streaming ? NEXT_READ : NEXT_MORE;
}

/* Carries out what a handler answered. */
static enum next act(struct http_session *s, enum next next, struct turn *turn)
{
    struct http_turn *ht = &s->now->turn;

    turn->watch = ht->watch;
    turn->wake_at_ms = ht->wake_at_ms;
    switch (next) {
    case NEXT_READ: turn->watch = turn->wake_at_ms = 0; return finish(s, turn);
    case NEXT_WAIT:
        turn->errand = ht->errand;
        ht->errand = NULL;
        return NEXT_WAIT;
    case NEXT_MORE: return send_on(s, turn);
    case NEXT_HANG_UP: return NEXT_HANG_UP;
    case NEXT_COMPRESS:
    case NEXT_START_TLS: break; /* no handler's business */
    }
    abort();
}

static void clear_wishes(struct http_turn *ht)
{
    ht->watch = 0;
    ht->wake_at_ms = 0;
}

static enum next hand_over(struct http_session *s, struct turn *turn)
{
    struct exchange *x = s->now;

    x->request.body = bytes_slice(&x->body.data);
    x->turn.request = &x->request;
    x->turn.response = &x->response;
    memcpy(x->turn.parts, x->match.parts, sizeof x->turn.parts);
    return act(s, x->match.route->begin(x->match.face, &x->turn), turn);
}

static enum next redirect(struct http_session *s, struct turn *turn)
{
    struct exchange *x = s->now;
    int port = s->server->options.https_port;
    scoped_value(bytes) location = {0};

    bytes_print(&location, "https://%.*s", SLICE_ARGS(x->request.host));
    if (port != 443)
        bytes_print(&location, ":%d", port);
    bytes_add(&location, x->request.target);
    http_add_field(&x->response, "Location", location.at);
    return answer(s, 308, "This server speaks HTTPS.", turn);
}

/* What can be said before the body came.  False: go on. */
static bool answer_early(struct http_session *s, struct turn *turn, enum next *out)
{
    const struct http_options *o = &s->server->options;
    struct exchange *x = s->now;

    if (challenges_answer(o->challenges, &x->request, &x->response)) {
        x->manner.keep = x->manner.keep && x->body.done;
        *out = finish(s, turn);
    } else if (o->is_ours && !o->is_ours(o->ctx, &x->request)) {
        *out = answer(s, 421, "This host is not served here.", turn);
    } else if (o->redirect_only && http_is_get_or_head(&x->request)) {
        *out = redirect(s, turn);
    } else if (o->redirect_only) {
        memcpy(x->match.allow, "GET, HEAD", sizeof "GET, HEAD");
        *out = answer(s, 405, "This server speaks HTTPS.", turn);
    } else if (x->match.verdict.status) {
        *out = answer(s, x->match.verdict.status, x->match.verdict.sentence, turn);
    } else if (o->is_busy && o->is_busy(o->ctx)) {
        http_add_field(&x->response, "Retry-After", "30");
        *out = answer(s, 503, "The server is busy; try again later.", turn);
    } else {
        return false;
    }
    return true;
}

/* All the bodies at once are more than there is room for. */
static enum next refuse_body(struct http_session *s, struct turn *turn)
{
    http_add_field(&s->now->response, "Retry-After", "30");
    return refuse(s, &(struct http_verdict){503, "The server is busy; try again later."}, turn);
}

static enum next on_head(struct http_session *s, struct turn *turn)
{
    struct exchange *x = s->now;
    enum next next;

    http_find_route(s->server->faces, s->server->options.face_count, &x->request, &x->match);
    if (answer_early(s, turn, &next))
        return next;
    if (x->body.done)
        return hand_over(s, turn);
    if (x->head.framing == FRAMING_LENGTH && (uint64_t)x->head.length > x->body.max)
        return refuse(s, &(struct http_verdict){413, "The body is too large."}, turn);
    if (s->server->bodies >= s->server->options.bodies_max)
        return refuse_body(s, turn);
    if (x->head.wants_continue)
        bytes_add_text(turn->out, "HTTP/1.1 100 Continue\r\n\r\n");
    return await_bytes(s, turn);
}

static enum next start_exchange(struct http_session *s, struct slice text, struct turn *turn)
{
    struct exchange *x = s->now = exchange_new();

    bytes_add(&x->text, text);
    x->request.secured = s->peer.secured;
    x->request.peer = &s->peer;
    struct http_verdict verdict = http_head_read(bytes_slice(&x->text), &x->request, &x->head);
    if (verdict.status)
        return refuse(s, &verdict, turn);
    x->manner.keep = x->head.keep;
    http_body_init(&x->body, &x->head, s->server->options.body_max);
    return on_head(s, turn);
}

/* RFC 9112 2.2: one empty line before a request is read over. */
static struct slice skip_line(struct http_session *s, struct turn *turn)
{
    if (!s->skipped_line && s->looked_at == 0 && slice_starts(turn->in, SLICE("\r\n"))) {
        s->skipped_line = true;
        turn->used = 2;
    }
    return slice_from(turn->in, turn->used);
}

static enum next read_head(struct http_session *s, struct turn *turn)
{
    struct slice in = skip_line(s, turn);
    size_t len;

    if (in.len == 0)
        return await_bytes(s, turn);
    if (!s->started_ms)
        s->started_ms = loop_now(s);
    s->received = in.len;
    if (slice_is(in, "\r") && !s->skipped_line)
        return await_bytes(s, turn); /* perhaps half of that empty line */
    struct http_verdict verdict =
        http_head_find(in, s->server->options.head_max, &s->looked_at, &len);
    if (verdict.status)
        return refuse(s, &verdict, turn);
    if (len == 0)
        return await_bytes(s, turn);
    turn->used += len;
    return start_exchange(s, slice_first(in, len), turn);
}

static enum next read_body(struct http_session *s, struct turn *turn)
{
    struct exchange *x = s->now;
    struct http_verdict verdict = http_body_take(&x->body, turn->in, &turn->used);

    s->received += turn->used;
    s->server->bodies += x->body.data.len - x->held;
    x->held = x->body.data.len;
    if (verdict.status)
        return refuse(s, &verdict, turn);
    if (s->server->bodies > s->server->options.bodies_max)
        return refuse_body(s, turn);
    return x->body.done ? hand_over(s, turn) : await_bytes(s, turn);
}

static enum next keep_streaming(struct http_session *s, struct turn *turn)
{
    turn->watch = s->now->turn.watch;
    turn->wake_at_ms = s->now->turn.wake_at_ms;
    return NEXT_READ;
}

static enum next on_read(void *session, struct turn *turn)
{
    struct http_session *s = session;

    if (!s->now)
        return read_head(s, turn);
    if (s->now->streaming)
        return keep_streaming(s, turn); /* what is pipelined waits */
    return read_body(s, turn);
}

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct http_session *s = session;

    (void)peer; /* known since http_session_new() */
    s->idle_since_ms = loop_now(s);
    return await_bytes(s, turn);
}

static enum next on_secured(void *session, const struct tls_facts *tls, struct turn *turn)
{
    (void)tls;
    return await_bytes(session, turn);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct http_session *s = session;
    struct exchange *x = s->now;

    clear_wishes(&x->turn);
    return act(s, x->match.route->resume(x->match.face, &x->turn, back), turn);
}

static enum next on_more(void *session, struct turn *turn)
{
    struct http_session *s = session;
    struct exchange *x = s->now;

    x->streaming = false;
    clear_wishes(&x->turn);
    return act(s, x->match.route->more(x->match.face, &x->turn), turn);
}

static bool is_too_slow(const struct http_session *s)
{
    const struct http_options *o = &s->server->options;
    int64_t passed_ms = loop_now(s) - s->started_ms;

    if (passed_ms >= o->request_ms)
        return true;
    return passed_ms >= SLOW_AFTER_MS &&
           (int64_t)s->received * SECOND_MS < o->slow_rate * passed_ms;
}

static enum next on_timer(struct http_session *s, struct turn *turn)
{
    const struct http_verdict late = {408, "The request took too long."};

    if (s->started_ms && is_too_slow(s))
        return refuse(s, &late, turn);
    if (!s->started_ms && next_look_ms(s) <= loop_now(s))
        return NEXT_HANG_UP;
    return await_bytes(s, turn);
}

static bool is_answering(const struct http_session *s)
{
    return s->now && s->now->head_sent;
}

static enum next on_closing(struct http_session *s, struct turn *turn)
{
    s->closing = true;
    if (!s->started_ms || (s->now && s->now->streaming))
        return NEXT_HANG_UP;
    return is_answering(s) ? NEXT_MORE : await_bytes(s, turn);
}

static enum next on_nudged(void *session, enum nudge why, struct turn *turn)
{
    struct http_session *s = session;

    if (why == NUDGE_CLOSING)
        return on_closing(s, turn);
    if (is_answering(s))
        return s->now->streaming ? on_more(s, turn) : NEXT_MORE;
    return on_timer(s, turn);
}

const struct session_kind http_session_kind = {
    .name = "http",
    .begin = on_begin,
    .read = on_read,
    .resume = on_resume,
    .more = on_more,
    .secured = on_secured,
    .nudged = on_nudged,
    .free = on_free,
};
