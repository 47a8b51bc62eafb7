/*
 * Routes and sessions with duties that only pretend.
 */
#include "test.h"

#include "clock.h"
#include "courier.h"
#include "finder.h"
#include "memory.h"
#include "request.h"
#include "wire.h"

#include <arpa/inet.h>
#include <stdio.h>

static bool pretend(struct errand *errand, struct err *err)
{
    (void)errand, (void)err;
    return true;
}

struct started { /* sessions the room asked for */
    const struct session_kind *kind[8];
    void *session[8];
    size_t count;
};

static void start(void *ctx, const struct session_kind *kind, void *session)
{
    struct started *started = ctx;

    assert_true(started->count < COUNT_OF(started->kind));
    started->kind[started->count] = kind;
    started->session[started->count++] = session;
}

static struct started started;
static struct test_clock wall;

static struct activitypub *new_room(void)
{
    started = (struct started){0};
    test_clock_init(&wall, 1778918400000);
    return activitypub_wire_new(&(struct wire_parts){
        .duties = {NULL, pretend, pretend, pretend, pretend, pretend},
        .clock = &wall.clock,
        .start_session = start,
        .ctx = &started,
        .rest_ms = MINUTE_MS,
    });
}

struct call { /* one request to a route */
    struct http_request request;
    struct http_response response;
    struct http_turn turn;
    const struct http_route *route;
    struct peer peer;
};

static void begin(struct call *call, struct activitypub *room, const char *path, const char *text)
{
    struct http_face face = activitypub_face(room);

    *call = (struct call){0};
    request_read(text, &call->request);
    strcpy(call->peer.text, "192.0.2.7");
    call->request.peer = &call->peer;
    call->turn = (struct http_turn){.request = &call->request, .response = &call->response};
    for (size_t i = 0; i < face.count; i++)
        if (strcmp(face.routes[i].path, path) == 0)
            call->route = &face.routes[i];
    assert_non_null(call->route);
}

static void end(struct call *call)
{
    if (call->turn.free_state)
        call->turn.free_state(call->turn.state);
    bytes_clear(&call->response.fields);
    bytes_clear(&call->response.body);
}

static void documents(void **state)
{
    static const struct {
        const char *name, *path, *request, *user, *ref;
        enum shown what;
        bool signed_too;
    } rows[] = {
        {"WebFinger",            "/.well-known/webfinger",
         "GET /.well-known/webfinger?resource=acct%3Aalice%40example.org HTTP/1.1\nHost: "
         "example.org\n\n",                                                                                                  NULL,    NULL,            SHOW_WEBFINGER, false},
        {"an actor",             "/users/{}",              "GET /users/alice HTTP/1.1\nHost: example.org\nSignature: x\n\n",
         "alice",                                                                                                                     NULL,            SHOW_ACTOR,     false},
        {"a page of the outbox", "/users/{}/outbox",
         "GET /users/alice/outbox?page=true&before=12 HTTP/1.1\nHost: example.org\n\n",                                      "alice",
         NULL,                                                                                                                                         SHOW_OUTBOX,    false},
        {"a post, unsigned",     "/users/{}/posts/{}",
         "GET /users/alice/posts/4k2m9qd4x7h3r HTTP/1.1\nHost: example.org\n\n",                                             "alice",
         "4k2m9qd4x7h3r",                                                                                                                              SHOW_POST,      false},
        {"a post, signed",       "/users/{}/posts/{}",
         "GET /users/alice/posts/4k2m9qd4x7h3r HTTP/1.1\nHost: example.org\nSignature: x\n\n",                               "alice", "4k2m9qd4x7h3r", SHOW_POST,      true },
    };
    struct activitypub *room = new_room();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call call;
        begin(&call, room, rows[i].path, rows[i].request);
        call.turn.parts[0] = rows[i].user ? slice_of(rows[i].user) : (struct slice){0};
        call.turn.parts[1] = rows[i].ref ? slice_of(rows[i].ref) : (struct slice){0};
        assert_int_equal(call.route->begin(room, &call.turn), NEXT_WAIT);
        struct show_ask *ask = container_of(call.turn.errand, struct show_ask, ask.errand);
        assert_int_equal(ask->what, rows[i].what);
        assert_text(ask->host, "example.org");
        assert_int_equal(ask->request != NULL, rows[i].signed_too);
        assert_int_equal(ask->ask.errand.lane, rows[i].signed_too ? LANE_HEAVY : LANE_QUICK);
        if (rows[i].what == SHOW_WEBFINGER)
            assert_text(ask->resource, "acct:alice@example.org");
        if (rows[i].what == SHOW_OUTBOX)
            assert_true(ask->page && ask->before == 12);
        ask->ask.errand.ok = true;
        ask->status = 200;
        ask->type = "application/activity+json";
        bytes_add_text(&ask->body, "{}");
        assert_int_equal(call.route->resume(room, &call.turn, &ask->ask.errand), NEXT_READ);
        assert_int_equal(call.response.status, 200);
        assert_non_null(
            strstr(call.response.fields.at, "Content-Type: application/activity+json\r\n"));
        assert_non_null(strstr(call.response.fields.at, "Access-Control-Allow-Origin: *\r\n"));
        bool varies = strstr(call.response.fields.at, "Vary: Accept\r\n") != NULL;
        assert_int_equal(varies, rows[i].what == SHOW_ACTOR || rows[i].what == SHOW_POST);
        end(&call);
    }
    activitypub_free(room);
}

static void what_depends_on_the_signer_is_kept_by_nobody(void **state)
{
    struct activitypub *room = new_room();
    struct call call;

    (void)state;
    begin(&call, room, "/users/{}/posts/{}",
          "GET /users/alice/posts/1 HTTP/1.1\nHost: example.org\n\n");
    assert_int_equal(call.route->begin(room, &call.turn), NEXT_WAIT);
    struct show_ask *ask = container_of(call.turn.errand, struct show_ask, ask.errand);
    ask->ask.errand.ok = true;
    ask->status = 404;
    ask->for_signer = true;
    snprintf(ask->why, sizeof ask->why, "There is no such post here");
    assert_int_equal(call.route->resume(room, &call.turn, &ask->ask.errand), NEXT_READ);
    assert_int_equal(call.response.status, 404);
    assert_text(call.response.body.at, "{\"error\":\"There is no such post here\"}");
    assert_non_null(strstr(call.response.fields.at, "Vary: Accept, Signature\r\n"));
    assert_non_null(strstr(call.response.fields.at, "Cache-Control: no-store\r\n"));
    end(&call);
    activitypub_free(room);
}

#define INBOX "POST /users/alice/inbox HTTP/1.1\nHost: example.org\nContent-Type: "

static void what_an_inbox_answers(void **state)
{
    static const struct {
        const char *name;
        bool ok;
        enum err_kind kind;
        int status, answer;
        const char *said, *field;
    } rows[] = {
        {"taken",               true,  0,             202, 202, "",                    NULL             },
        {"a bad signature",     true,  0,             401, 401, "{\"error\":\"why\"}",
         "WWW-Authenticate: Signature"                                                                  },
        {"nobody of that name", true,  0,             404, 404, "{\"error\":\"why\"}", NULL             },
        {"their key is slow",   true,  0,             503, 503, "{\"error\":\"why\"}", "Retry-After: 60"},
        {"our disk is full",    false, ERR_FULL,      202, 503, "{\"error\":\"why\"}", "Retry-After: 60"},
        {"our store is busy",   false, ERR_TEMPORARY, 202, 503, "{\"error\":\"why\"}",
         "Retry-After: 60"                                                                              },
    };
    struct activitypub *room = new_room();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call call;
        begin(&call, room, "/users/{}/inbox", INBOX "application/activity+json\n\n{}");
        call.turn.parts[0] = SLICE("alice");
        assert_int_equal(call.route->begin(room, &call.turn), NEXT_WAIT);
        struct inbox_ask *ask = container_of(call.turn.errand, struct inbox_ask, ask.errand);
        assert_text(ask->user, "alice");
        assert_true(slice_is(ask->request->body, "{}"));
        ask->ask.errand.ok = rows[i].ok;
        if (!rows[i].ok)
            err_set(&ask->ask.errand.err, rows[i].kind, "why");
        ask->status = rows[i].status;
        snprintf(ask->why, sizeof ask->why, "why");
        assert_int_equal(call.route->resume(room, &call.turn, &ask->ask.errand), NEXT_READ);
        if (call.response.status != rows[i].answer)
            fail_msg("%s: %d", rows[i].name, call.response.status);
        assert_true(slice_is(bytes_slice(&call.response.body), rows[i].said));
        if (rows[i].field)
            assert_non_null(strstr(call.response.fields.at, rows[i].field));
        end(&call);
    }
    activitypub_free(room);
}

static void what_an_inbox_does_not_take(void **state)
{
    static const struct {
        const char *type;
        int status;
    } rows[] = {
        {"application/activity+json",          0  },
        {"Application/LD+JSON; profile=\"x\"", 0  },
        {"application/json",                   415},
        {"text/html",                          415},
        {"",                                   415},
    };
    struct activitypub *room = new_room();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call call;
        scoped_text char *text = must_print(INBOX "%s\n\n{}", rows[i].type);
        begin(&call, room, "/inbox", text);
        enum next next = call.route->begin(room, &call.turn);
        assert_int_equal(next, rows[i].status ? NEXT_READ : NEXT_WAIT);
        assert_int_equal(call.response.status, rows[i].status);
        if (next == NEXT_WAIT)
            errand_free(call.turn.errand);
        end(&call);
    }
    activitypub_free(room);
}

/* Whoever has an IPv6 network has addresses without end to post from. */
static void speaks_from(struct call *call, int number)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};

    snprintf(call->peer.text, sizeof call->peer.text, "2001:db8::%x", number + 1);
    assert_int_equal(inet_pton(AF_INET6, call->peer.text, &address.sin6_addr), 1);
    memcpy(&call->peer.address, &address, sizeof address);
}

static void a_flood_hears_429(void **state)
{
    struct activitypub *room = new_room();
    struct call call;
    enum next next = NEXT_WAIT;

    (void)state;
    for (int i = 0; i < 4000 && next == NEXT_WAIT; i++) {
        begin(&call, room, "/inbox", INBOX "application/activity+json\n\n{}");
        speaks_from(&call, i);
        next = call.route->begin(room, &call.turn);
        if (next == NEXT_WAIT)
            errand_free(call.turn.errand);
        if (next == NEXT_READ) {
            assert_int_equal(call.response.status, 429);
            assert_non_null(strstr(call.response.fields.at, "Retry-After"));
        }
        end(&call);
    }
    assert_int_equal(next, NEXT_READ);
    activitypub_free(room);
}

/* The dispatcher looks, couriers go out, two to a host, and each goes on with what waits. */
static void the_dispatcher_sends_couriers(void **state)
{
    struct activitypub *room = new_room();
    struct turn turn = {0};

    (void)state;
    activitypub_deliver(room);
    assert_ptr_equal(started.kind[0], &dispatcher_kind);
    void *dispatcher = started.session[0];
    assert_int_equal(dispatcher_kind.begin(dispatcher, NULL, &turn), NEXT_WAIT);
    assert_int_equal(turn.watch, topic_of(TOPIC_DELIVERIES, 0));
    struct due_ask *due = container_of(turn.errand, struct due_ask, ask.errand);
    due->due = must_alloc_array(3, sizeof *due->due);
    due->count = 3;
    for (int i = 0; i < 3; i++)
        due->due[i] = (struct due){.id = i + 1, .host = must_dup("m.example")};
    due->next_due_ms = wall.now_ms + 5000;
    due->ask.errand.ok = true;
    turn = (struct turn){0};
    assert_int_equal(dispatcher_kind.resume(dispatcher, &due->ask.errand, &turn), NEXT_READ);
    assert_true(turn.wake_at_ms > monotonic_ms() && turn.wake_at_ms <= monotonic_ms() + 5000);
    assert_int_equal(started.count, 3);

    assert_int_equal(courier_kind.begin(started.session[1], NULL, &turn), NEXT_WAIT);
    struct courier_ask *ask = container_of(turn.errand, struct courier_ask, ask.errand);
    assert_int_equal(ask->delivery_id, 1);
    ask->ask.errand.ok = true;
    /* the third had waited for its host: the same courier goes on with it */
    assert_int_equal(courier_kind.resume(started.session[1], &ask->ask.errand, &turn), NEXT_WAIT);
    ask = container_of(turn.errand, struct courier_ask, ask.errand);
    assert_int_equal(ask->delivery_id, 3);
    errand_free(turn.errand);

    turn = (struct turn){0};
    enum next next = dispatcher_kind.nudged(dispatcher, NUDGE_CHANGE, &turn);
    if (next ==
        NEXT_READ) { /* it looked a moment ago (unless the machine is slow): soon, and deaf till then */
        assert_int_equal(turn.watch, 0);
        assert_true(turn.wake_at_ms > 0 && turn.wake_at_ms <= monotonic_ms() + 100);
        next = dispatcher_kind.nudged(dispatcher, NUDGE_TIMER, &turn);
    }
    assert_int_equal(next, NEXT_WAIT);
    due = container_of(turn.errand, struct due_ask, ask.errand);
    assert_int_equal(due->held.id_count, 2); /* 2 and 3: 1 is done */
    assert_int_equal(due->held.ids[0], 2);
    errand_free(turn.errand);
    assert_int_equal(dispatcher_kind.nudged(dispatcher, NUDGE_CLOSING, &turn), NEXT_HANG_UP);
    dispatcher_kind.free(dispatcher);
    courier_kind.free(started.session[1]);
    courier_kind.free(started.session[2]);
    assert_int_equal(started.count, 3);
    activitypub_free(room);
}

struct home {
    int times;
    enum resolve_outcome outcome;
    bool ok;
};

static void come_home(void *ctx, struct errand *errand)
{
    struct home *home = ctx;

    home->times++;
    home->outcome = container_of(errand, struct resolve, errand)->outcome;
    home->ok = errand->ok;
    errand_free(errand);
}

static void a_finder_always_comes_home(void **state)
{
    struct activitypub *room = new_room();
    struct home home = {0};
    struct turn turn = {0};

    (void)state;
    activitypub_find(room, &resolve_new("bob", "m.example", NULL)->errand, come_home, &home);
    assert_ptr_equal(started.kind[0], &finder_kind);
    assert_int_equal(finder_kind.begin(started.session[0], NULL, &turn), NEXT_WAIT);
    struct find_ask *find = container_of(turn.errand, struct find_ask, ask.errand);
    assert_text(find->user, "bob");
    find->ask.errand.ok = true;
    find->outcome = RESOLVE_FOUND;
    find->person_id = 5;
    assert_int_equal(finder_kind.resume(started.session[0], &find->ask.errand, &turn),
                     NEXT_HANG_UP);
    assert_int_equal(home.times, 0);
    finder_kind.free(started.session[0]);
    assert_int_equal(home.times, 1);
    assert_true(home.ok && home.outcome == RESOLVE_FOUND);

    activitypub_find(room, &resolve_new("bob", "m.example", NULL)->errand, come_home, &home);
    finder_kind.free(started.session[1]); /* the loop ends before it began */
    assert_int_equal(home.times, 2);
    assert_true(!home.ok && home.outcome == RESOLVE_SILENT);
    activitypub_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(what_depends_on_the_signer_is_kept_by_nobody),
        cmocka_unit_test(what_an_inbox_answers),
        cmocka_unit_test(what_an_inbox_does_not_take),
        cmocka_unit_test(a_flood_hears_429),
        cmocka_unit_test(the_dispatcher_sends_couriers),
        cmocka_unit_test(a_finder_always_comes_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
