#include "http_peer.h"

#include "memory.h"

#include <stdio.h>

static void note(struct http_peer *p, const struct http_turn *turn)
{
    const struct http_request *r = turn->request;

    bytes_print(&p->seen, "%.*s %.*s host=%.*s", SLICE_ARGS(r->method), SLICE_ARGS(r->target),
                SLICE_ARGS(r->host));
    for (size_t i = 0; i < HTTP_PARTS_MAX && turn->parts[i].len; i++)
        bytes_print(&p->seen, " {%.*s}", SLICE_ARGS(turn->parts[i]));
    if (r->query.at)
        bytes_print(&p->seen, " ?%.*s", SLICE_ARGS(r->query));
    struct slice probe = http_field(r, "X-Probe", NULL);
    if (probe.at)
        bytes_print(&p->seen, " <%.*s>", SLICE_ARGS(probe));
    bytes_print(&p->seen, " [%.*s]\n", SLICE_ARGS(r->body));
}

static enum next on_echo(void *face, struct http_turn *turn)
{
    note(face, turn);
    http_answer(turn->response, 200, "text/plain", turn->request->body);
    return NEXT_READ;
}

static enum next on_gone(void *face, struct http_turn *turn)
{
    note(face, turn);
    http_answer(turn->response, 204, NULL, SLICE(""));
    return NEXT_READ;
}

static enum next on_activity(void *face, struct http_turn *turn)
{
    struct http_peer *p = face;

    bytes_add_text(&p->seen, "activity\n");
    http_answer(turn->response, 200, "application/activity+json", SLICE("{}"));
    return NEXT_READ;
}

static enum next on_page(void *face, struct http_turn *turn)
{
    struct http_peer *p = face;

    bytes_add_text(&p->seen, "page\n");
    http_answer(turn->response, 200, "text/html", SLICE("<p>"));
    return NEXT_READ;
}

static void free_errand(struct errand *errand)
{
    free(errand);
}

static enum next on_wait(void *face, struct http_turn *turn)
{
    note(face, turn);
    turn->errand = must_new(struct errand);
    turn->errand->free = free_errand;
    return NEXT_WAIT;
}

static enum next on_back(void *face, struct http_turn *turn, struct errand *back)
{
    (void)face;
    errand_free(back);
    http_answer_text(turn->response, 202, "done");
    return NEXT_READ;
}

struct pieces {
    struct http_peer *peer;
    int left;
};

static void free_pieces(void *state)
{
    struct pieces *pieces = state;

    pieces->peer->states--;
    free(pieces);
}

static void start_pieces(struct http_peer *p, struct http_turn *turn)
{
    struct pieces *pieces = must_new(struct pieces);

    *pieces = (struct pieces){p, 2};
    p->states++;
    turn->state = pieces;
    turn->free_state = free_pieces;
    http_answer(turn->response, 200, "text/plain", SLICE("one "));
}

static enum next on_pieces(void *face, struct http_turn *turn)
{
    start_pieces(face, turn);
    return NEXT_MORE;
}

static enum next on_sized(void *face, struct http_turn *turn)
{
    start_pieces(face, turn);
    turn->response->length = 12;
    return NEXT_MORE;
}

static enum next on_stream(void *face, struct http_turn *turn)
{
    start_pieces(face, turn);
    turn->watch = 77;
    return NEXT_MORE;
}

static enum next on_more(void *face, struct http_turn *turn)
{
    struct pieces *pieces = turn->state;

    (void)face;
    bytes_add_text(&turn->response->body, "two ");
    return --pieces->left ? NEXT_MORE : NEXT_READ;
}

static const struct http_route routes[] = {
    {"GET",     "/",               ACCEPT_ANY,      on_echo,     NULL,    NULL   },
    {"GET",     "/echo",           ACCEPT_ANY,      on_echo,     NULL,    NULL   },
    {"POST",    "/echo",           ACCEPT_ANY,      on_echo,     NULL,    NULL   },
    {"DELETE",  "/gone",           ACCEPT_ANY,      on_gone,     NULL,    NULL   },
    {"OPTIONS", "*",               ACCEPT_ANY,      on_gone,     NULL,    NULL   },
    {"POST",    "/wait",           ACCEPT_ANY,      on_wait,     on_back, NULL   },
    {"GET",     "/pieces",         ACCEPT_ANY,      on_pieces,   NULL,    on_more},
    {"GET",     "/sized",          ACCEPT_ANY,      on_sized,    NULL,    on_more},
    {"GET",     "/stream",         ACCEPT_ANY,      on_stream,   NULL,    on_more},
    {"GET",     "/users/{}",       ACCEPT_ACTIVITY, on_activity, NULL,    NULL   },
    {"GET",     "/users/{}",       ACCEPT_PAGE,     on_page,     NULL,    NULL   },
    {"POST",    "/users/{}/inbox", ACCEPT_ANY,      on_echo,     NULL,    NULL   },
    {"GET",     "/users/new",      ACCEPT_ANY,      on_echo,     NULL,    NULL   },
};
static const struct http_route more_routes[] = {
    {"GET", "/@{}",      ACCEPT_ANY, on_echo, NULL, NULL},
    {"GET", "/@{}.atom", ACCEPT_ANY, on_gone, NULL, NULL},
    {"GET", "/@{}/{}",   ACCEPT_ANY, on_echo, NULL, NULL},
};

static bool is_busy(void *ctx)
{
    const struct http_peer *p = ctx;

    return p->busy;
}

static struct turn turn_of(struct http_peer *p)
{
    return (struct turn){.in = SLICE(""), .out = &p->out};
}

static void act(struct http_peer *p, enum next next, const struct turn *turn)
{
    p->next = next;
    p->watch = turn->watch;
    p->wake_at_ms = turn->wake_at_ms;
    p->errand = turn->errand;
    p->hung_up = next == NEXT_HANG_UP;
    bytes_drop_front(&p->unread, turn->used);
}

static void read_on(struct http_peer *p)
{
    size_t used = 1;

    while (p->next == NEXT_READ && used > 0 && p->unread.len > 0) {
        struct turn turn = turn_of(p);
        turn.in = bytes_slice(&p->unread);
        enum next next = http_session_kind.read(p->session, &turn);
        used = turn.used;
        act(p, next, &turn);
    }
}

static void begin(struct http_peer *p, struct http_server *server)
{
    p->session = http_session_new(server, &p->peer);
    struct turn turn = turn_of(p);
    act(p, http_session_kind.begin(p->session, &p->peer, &turn), &turn);
}

void http_peer_join(struct http_peer *p, const struct http_peer *first)
{
    *p = (struct http_peer){.next = NEXT_READ};
    begin(p, first->server);
}

void http_peer_open(struct http_peer *p, struct http_options options)
{
    const struct http_face faces[] = {
        {routes,      COUNT_OF(routes),      p},
        {more_routes, COUNT_OF(more_routes), p}
    };

    *p = (struct http_peer){.next = NEXT_READ};
    test_clock_init(&p->wall, 1795336200000); /* Sun, 22 Nov 2026 08:30:00 GMT */
    test_clock_init(&p->timer, 1000);
    options.faces = faces;
    options.face_count = COUNT_OF(faces);
    options.clock = &p->wall.clock;
    options.timer = &p->timer.clock;
    options.is_busy = is_busy;
    options.ctx = p;
    p->server = http_server_new(&options);
    begin(p, p->server);
}

void http_peer_close(struct http_peer *p)
{
    http_session_kind.free(p->session);
    errand_free(p->errand);
    http_server_free(p->server);
    bytes_clear(&p->unread);
    bytes_clear(&p->out);
    bytes_clear(&p->seen);
}

void http_peer_send(struct http_peer *p, struct slice bytes)
{
    if (p->hung_up)
        return;
    bytes_add(&p->unread, bytes);
    read_on(p);
}

void http_peer_come_home(struct http_peer *p)
{
    struct errand *errand = p->errand;
    struct turn turn = turn_of(p);

    p->errand = NULL;
    errand->ok = true;
    act(p, http_session_kind.resume(p->session, errand, &turn), &turn);
    read_on(p);
}

void http_peer_more(struct http_peer *p)
{
    while (p->next == NEXT_MORE) {
        struct turn turn = turn_of(p);
        act(p, http_session_kind.more(p->session, &turn), &turn);
    }
    read_on(p);
}

void http_peer_nudge(struct http_peer *p, enum nudge why)
{
    struct turn turn = turn_of(p);

    act(p, http_session_kind.nudged(p->session, why, &turn), &turn);
    read_on(p);
}

void http_peer_pass(struct http_peer *p, int64_t ms)
{
    int64_t until = p->timer.now_ms + ms;

    while (!p->hung_up && p->wake_at_ms && p->wake_at_ms <= until) {
        p->timer.now_ms = p->wake_at_ms;
        http_peer_nudge(p, NUDGE_TIMER);
    }
    p->timer.now_ms = until;
}

char *http_peer_summary(const struct http_peer *p)
{
    struct slice rest = bytes_slice(&p->out);
    scoped_value(bytes) text = {0};

    for (;;) {
        size_t at = slice_find_text(rest, SLICE("HTTP/1.1 "));
        if (at == SIZE_MAX)
            break;
        rest = slice_from(rest, at + 9);
        bytes_print(&text, "%.*s ", SLICE_ARGS(slice_first(rest, 3)));
    }
    bytes_add_text(&text, p->hung_up ? "closed" : "kept");
    return bytes_take(&text);
}
