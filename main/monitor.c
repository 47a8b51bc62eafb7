/* Who may watch, and what they are answered. */
#include "monitor.h"

#include "acme.h"
#include "clock.h"
#include "log.h"
#include "memory.h"
#include "vitals.h"

enum { LOOK_WITHIN_MS = 10 * SECOND_MS }; /* as long as Prometheus waits */

struct look { /* an errand */
    struct errand errand;
    const struct house *house;
    struct bytes text;
};

/* A proxy beside us comes from loopback whoever stands behind it, and says that it is one. */
static bool came_through_a_proxy(const struct http_request *request)
{
    static const char *const marks[] = {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"};

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (http_field(request, marks[i], NULL).at)
            return true;
    return false;
}

static bool may_watch(const struct house *house, const struct http_request *request)
{
    struct slice from = slice_of(request->peer->text);
    bool loopback = slice_starts(from, SLICE("127.")) || slice_is(from, "::1");

    return (loopback || config_is_monitor(house->config, request->peer->text)) &&
           !came_through_a_proxy(request);
}

bool monitor_is_asked(const struct http_request *request)
{
    static const char *const hosts[] = {"127.0.0.1", "[::1]", "localhost"};

    if (!slice_is(request->path, "/metrics") && !slice_is(request->path, "/healthz"))
        return false;
    for (size_t i = 0; i < COUNT_OF(hosts); i++)
        if (slice_is_nocase(request->host, hosts[i]))
            return true;
    return false;
}

static void answer(struct http_response *response, const char *type, struct slice text)
{
    http_add_field(response, "Cache-Control", "no-store");
    http_add_field(response, "X-Content-Type-Options", "nosniff");
    http_answer(response, 200, type, text);
}

static enum next on_health(void *face, struct http_turn *turn)
{
    if (may_watch(face, turn->request))
        answer(turn->response, "text/plain; charset=utf-8", SLICE("ok\n"));
    else
        http_answer_text(turn->response, 404, "There is nothing here.");
    return NEXT_READ;
}

/* ---- /metrics ---- */
static bool look_around(struct errand *errand, struct err *err)
{
    struct look *look = container_of(errand, struct look, errand);
    const struct house *house = look->house;
    scoped_value(vitals) vitals = {0};
    struct certificate_told certificate;

    if (!vitals_take(house, &vitals, err))
        return false;
    acme_tell(house->config, house->dir, &certificate);
    bytes_reset(&look->text);
    vitals_write(&vitals, &certificate, house->started_ms, &look->text);
    return true;
}

static void look_free(struct errand *errand)
{
    struct look *look = container_of(errand, struct look, errand);

    bytes_clear(&look->text);
    free(look);
}

static enum next on_metrics(void *face, struct http_turn *turn)
{
    if (!may_watch(face, turn->request)) {
        http_answer_text(turn->response, 404, "There is nothing here.");
        return NEXT_READ;
    }
    struct look *look = must_new(struct look);
    look->errand = (struct errand){.lane = LANE_HEAVY,
                                   .work = look_around,
                                   .free = look_free,
                                   .deadline_ms = monotonic_ms() + LOOK_WITHIN_MS};
    look->house = face;
    turn->errand = &look->errand;
    return NEXT_WAIT;
}

static enum next metrics_taken(void *face, struct http_turn *turn, struct errand *back)
{
    const struct look *look = container_of(back, struct look, errand);

    (void)face;
    if (back->ok) {
        answer(turn->response, "text/plain; version=0.0.4; charset=utf-8",
               bytes_slice(&look->text));
    } else {
        log_error("metrics failed: %s (%s)", back->err.said, back->err.cause);
        http_answer_text(turn->response, 503, "The metrics cannot be read just now.");
    }
    errand_free(back);
    return NEXT_READ;
}

static const struct http_route routes[] = {
    {"GET", "/healthz", ACCEPT_ANY, on_health,  NULL,          NULL},
    {"GET", "/metrics", ACCEPT_ANY, on_metrics, metrics_taken, NULL},
};

struct http_face monitor_face(struct house *house)
{
    return (struct http_face){.routes = routes, .count = COUNT_OF(routes), .face = house};
}
