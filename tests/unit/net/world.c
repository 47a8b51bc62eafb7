#include "world.h"

#include "test.h"

#include <signal.h>
#include <stdio.h>

static const char gzip_hello[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07"
                                 "\x00\x86\xa6\x10\x36\x05\x00\x00";
static const char gzip_zeros[] = /* 100,000 of them */
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x31\x01\x00\x00\x00\xc2\xa0\xf5\x4f\x6d"
    "\x0d\x0f\xa0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x57\x03\x7d\x95\x11\xd4\xa0\x86\x01";

static enum next on_echo(void *face, struct http_turn *turn)
{
    const struct http_request *r = turn->request;
    scoped_value(bytes) text = {0};

    (void)face;
    bytes_print(&text, "%.*s %.*s host=%.*s probe=%.*s body=%.*s", SLICE_ARGS(r->method),
                SLICE_ARGS(r->target), SLICE_ARGS(http_field(r, "Host", NULL)),
                SLICE_ARGS(http_field(r, "X-Probe", NULL)), SLICE_ARGS(r->body));
    http_answer(turn->response, 200, "application/activity+json", bytes_slice(&text));
    return NEXT_READ;
}

static enum next on_gzip(void *face, struct http_turn *turn)
{
    (void)face;
    http_answer(turn->response, 200, "text/plain", (struct slice){gzip_hello, sizeof gzip_hello});
    http_add_field(turn->response, "Content-Encoding", "gzip");
    return NEXT_READ;
}

static enum next on_bomb(void *face, struct http_turn *turn)
{
    (void)face;
    http_answer(turn->response, 200, "text/plain", (struct slice){gzip_zeros, sizeof gzip_zeros});
    http_add_field(turn->response, "Content-Encoding", "gzip");
    return NEXT_READ;
}

static enum next on_moved(void *face, struct http_turn *turn)
{
    (void)face;
    http_answer_text(turn->response, 302, "over there");
    http_add_field(turn->response, "Location", "/echo?moved");
    return NEXT_READ;
}

static enum next on_busy(void *face, struct http_turn *turn)
{
    (void)face;
    http_answer_text(turn->response, 429, "slowly");
    http_add_field(turn->response, "Retry-After", "120");
    return NEXT_READ;
}

static enum next on_silence(void *face, struct http_turn *turn)
{
    (void)face;
    http_answer(turn->response, 200, "text/plain", SLICE("a"));
    turn->response->length = 1000;
    turn->wake_at_ms = INT64_MAX; /* and never another byte */
    return NEXT_MORE;
}

static const struct http_route routes[] = {
    {"GET",  "/echo",    ACCEPT_ANY, on_echo,    NULL, NULL},
    {"POST", "/echo",    ACCEPT_ANY, on_echo,    NULL, NULL},
    {"GET",  "/a/../b",  ACCEPT_ANY, on_echo,    NULL, NULL},
    {"GET",  "/gzip",    ACCEPT_ANY, on_gzip,    NULL, NULL},
    {"GET",  "/bomb",    ACCEPT_ANY, on_bomb,    NULL, NULL},
    {"GET",  "/moved",   ACCEPT_ANY, on_moved,   NULL, NULL},
    {"GET",  "/busy",    ACCEPT_ANY, on_busy,    NULL, NULL},
    {"GET",  "/silence", ACCEPT_ANY, on_silence, NULL, NULL},
};

static const struct fake_record records[] = {
    {"a.test",       DNS_A,    0, NULL, {"\x7f\0\0\1", 4}                       },
    {"private.test", DNS_A,    0, NULL, {"\x0a\0\0\1", 4}                       },
    {"v6.test",      DNS_AAAA, 0, NULL, {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16}},
    {"sick.test",    DNS_A,    2, NULL, {NULL, 0}                               },
    {"mail.test",    DNS_MX,   0, NULL, {"\0\0\0", 3}                           },
};

static void run(void *arg)
{
    loop_run(arg);
}

static void open_server(struct world *w)
{
    static const struct listen_protocol protocols[] = {
        {"http/1.1", "https", &http_session_kind, http_session_new},
        {NULL,       NULL,    NULL,               NULL            },
    };
    const struct http_face face = {routes, COUNT_OF(routes), w};
    struct err err;

    certificate_make(&w->certificate, "a.test", 1);
    w->tls = tls_server_open(w->certificate.file, w->certificate.key, &err);
    w->inward = loop_new("inward", &err);
    w->http = http_server_new(&(struct http_options){.faces = &face, .face_count = 1});
    w->listener = listener_open(w->inward,
                                &(struct listen_options){.address = "127.0.0.1",
                                                         .service = "https",
                                                         .tls = w->tls,
                                                         .implicit_tls = true,
                                                         .protocols = protocols,
                                                         .kind = &http_session_kind,
                                                         .new_session = http_session_new,
                                                         .ctx = w->http},
                                &err);
    assert_non_null(w->listener);
    assert_true(thread_start(&w->thread, "inward", 0, run, w->inward, &err));
}

void world_route(struct world *w, const char *name)
{
    struct config *config = &w->outward.config;
    struct connect_to *route = &config->connect_to[config->connect_to_count++];

    snprintf(route->name, sizeof route->name, "%s", name);
    snprintf(route->address, sizeof route->address, "127.0.0.1");
    route->port = 443;
    route->to_port = listener_port(w->listener);
}

void world_open(struct world *w)
{
    signal(SIGPIPE, SIG_IGN);
    outward_open(&w->outward, records, COUNT_OF(records));
    open_server(w);
    world_route(w, "a.test");
    snprintf(w->outward.config.ca_file, sizeof w->outward.config.ca_file, "%s",
             w->certificate.file);
}

void world_close(struct world *w)
{
    outward_close(&w->outward);
    loop_stop(w->inward);
    thread_join(&w->thread);
    listener_close(w->listener);
    loop_free(w->inward);
    http_server_free(w->http);
    tls_server_close(w->tls);
    certificate_remove(&w->certificate);
}
