/*
 * The fetcher against a TLS server on loopback: our own listener and HTTP reader, with a face that does what
 * its paths say.
 */
#include "certificate.h"
#include "clock.h"
#include "fetch_private.h"
#include "http_server.h"
#include "listen.h"
#include "memory.h"
#include "outward.h"
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

struct world {
    struct outward outward; /* first: outward_on_back() */
    struct certificate certificate;
    struct loop *inward;
    struct thread thread;
    struct tls_server *tls;
    struct http_server *http;
    struct listener *listener;
};

static void run(void *arg)
{
    loop_run(arg);
}

static void open_server(struct world *w)
{
    static const char *const protocols[] = {"http/1.1", NULL};
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
                                                         .alpn = protocols,
                                                         .kind = &http_session_kind,
                                                         .new_session = http_session_new,
                                                         .ctx = w->http},
                                &err);
    assert_non_null(w->listener);
    assert_true(thread_start(&w->thread, "inward", 0, run, w->inward, &err));
}

static void route_to_server(struct world *w, const char *name)
{
    struct config *config = &w->outward.config;
    struct connect_to *route = &config->connect_to[config->connect_to_count++];

    snprintf(route->name, sizeof route->name, "%s", name);
    snprintf(route->address, sizeof route->address, "127.0.0.1");
    route->port = 443;
    route->to_port = listener_port(w->listener);
}

/* A world as a laboratory sets it up: a route to the server, and its certificate as the CA. */
static void open_world(struct world *w)
{
    signal(SIGPIPE, SIG_IGN);
    outward_open(&w->outward, records, COUNT_OF(records));
    open_server(w);
    route_to_server(w, "a.test");
    snprintf(w->outward.config.ca_file, sizeof w->outward.config.ca_file, "%s",
             w->certificate.file);
}

static void close_world(struct world *w)
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

static void expect(const struct fetch *fetch, enum fetch_outcome outcome)
{
    if (fetch->outcome != outcome)
        fail_msg("%s: outcome %d instead of %d: %s", fetch->url, (int)fetch->outcome, (int)outcome,
                 fetch->errand.err.cause);
    assert_int_equal(fetch->errand.ok, outcome == FETCH_ANSWERED);
}

/* Fetches url and expects that; the fetch is the caller's. */
static struct fetch *get(struct world *w, const char *url, enum fetch_outcome outcome)
{
    struct fetch *fetch = fetch_new(url);

    outward_fetch(&w->outward, fetch);
    expect(fetch, outcome);
    return fetch;
}

static void get_only(struct world *w, const char *url, enum fetch_outcome outcome)
{
    fetch_free(&get(w, url, outcome)->errand);
}

static void a_post_goes_to_the_name_by_the_given_way(void **state)
{
    struct world w;
    struct fetch *fetch = fetch_new("https://A.test/echo?q=%20#fragment");

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    fetch->post = true;
    bytes_add_text(&fetch->fields, "X-Probe: 1\r\nContent-Type: application/activity+json\r\n");
    bytes_add_text(&fetch->body, "{}");
    outward_fetch(&w.outward, fetch);
    expect(fetch, FETCH_ANSWERED);
    assert_int_equal(fetch->status, 200);
    assert_text(fetch->answer.at, "POST /echo?q=%20 host=a.test probe=1 body={}");
    assert_text(fetch->content_type, "application/activity+json");
    assert_null(fetch->location);
    fetch_free(&fetch->errand);
    close_world(&w);
}

static void a_path_goes_out_as_it_is(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    struct fetch *fetch = get(&w, "https://a.test/a/../b", FETCH_ANSWERED);
    assert_int_equal(fetch->status, 200);
    assert_non_null(strstr(fetch->answer.at, "/a/../b"));
    fetch_free(&fetch->errand);
    close_world(&w);
}

static void a_redirect_is_told_and_not_followed(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    struct fetch *fetch = get(&w, "https://a.test/moved", FETCH_ANSWERED);
    assert_int_equal(fetch->status, 302);
    assert_text(fetch->location, "https://a.test/echo?moved");
    fetch_free(&fetch->errand);
    close_world(&w);
}

static void retry_after_is_told(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    struct fetch *fetch = get(&w, "https://a.test/busy", FETCH_ANSWERED);
    assert_int_equal(fetch->status, 429);
    assert_int_equal(fetch->retry_after_s, 120);
    fetch_free(&fetch->errand);
    close_world(&w);
}

static void gzip_is_undone_and_its_size_counted_behind_it(void **state)
{
    struct world w;
    struct fetch *bomb = fetch_new("https://a.test/bomb");

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    struct fetch *fetch = get(&w, "https://a.test/gzip", FETCH_ANSWERED);
    assert_text(fetch->answer.at, "hello");
    fetch_free(&fetch->errand);
    bomb->max_bytes = 99999;
    outward_fetch(&w.outward, bomb);
    expect(bomb, FETCH_TOO_LARGE);
    assert_true(bomb->answer.len <= bomb->max_bytes);
    fetch_free(&bomb->errand);
    bomb = fetch_new("https://a.test/bomb");
    bomb->max_bytes = 100000;
    outward_fetch(&w.outward, bomb);
    expect(bomb, FETCH_ANSWERED);
    assert_int_equal(bomb->answer.len, 100000);
    fetch_free(&bomb->errand);
    close_world(&w);
}

static void a_server_that_falls_silent_is_left(void **state)
{
    struct world w;
    struct fetch *fetch = fetch_new("https://a.test/silence");

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    fetch->total_ms = 300;
    outward_fetch(&w.outward, fetch);
    expect(fetch, FETCH_SILENT);
    fetch_free(&fetch->errand);
    close_world(&w);
}

static void a_certificate_must_be_known_and_for_the_name(void **state)
{
    struct certificate other;
    struct world w;

    (void)state;
    open_world(&w);
    route_to_server(&w, "b.test");
    outward_start(&w.outward);
    get_only(&w, "https://b.test/echo", FETCH_TLS);
    close_world(&w);

    open_world(&w);
    certificate_make(&other, "a.test", 2);
    snprintf(w.outward.config.ca_file, sizeof w.outward.config.ca_file, "%s", other.file);
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_TLS);
    close_world(&w);
    certificate_remove(&other);
}

static void what_is_not_allowed_goes_nowhere(void **state)
{
    static const char *const urls[] = {
        "http://a.test/echo",
        "https://a.test:8443/echo",
        "https://u@a.test/echo",
        "https://u:p@a.test/echo",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://8.8.8.8/",
        "https://localhost/",
        "https://2130706433/",
        "https://0x7f.1/",
        "file:///etc/passwd",
        "ftp://a.test/",
        "gopher://a.test/",
        "a.test/echo",
        "",
        "https://a.test\\@b.test/",
        "https:// a.test/",
        "https://a.test/\r\nX: y",
        "https://private.test/echo",
        "https://v6.test/echo",
    };
    struct world w;

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    for (size_t i = 0; i < COUNT_OF(urls); i++)
        get_only(&w, urls[i], FETCH_BLOCKED);
    close_world(&w);
}

static void without_a_route_loopback_is_blocked_by_name(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    w.outward.config.connect_to_count = 0;
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_BLOCKED);
    close_world(&w);
}

static void a_laboratory_may_allow_private_addresses_and_ports(void **state)
{
    struct world w;
    char url[64];

    (void)state;
    open_world(&w);
    w.outward.config.connect_to_count = 0;
    w.outward.config.allow_private = true;
    outward_start(&w.outward);
    snprintf(url, sizeof url, "https://a.test:%d/echo", listener_port(w.listener));
    struct fetch *fetch = get(&w, url, FETCH_ANSWERED);
    assert_int_equal(fetch->status, 200);
    fetch_free(&fetch->errand);
    close_world(&w);
}

/* DNS may say one thing when asked and another when curl connects: so the guard looks at the socket. */
static void the_guard_looks_at_the_address_of_the_socket(void **state)
{
    struct world w;
    struct transfer *t = must_new(struct transfer);

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    t->config = &w.outward.config;
    t->fetch = fetch_new("https://b.test/echo");
    t->started_ms = monotonic_ms();
    assert_true(transfer_aim(t));
    t->resolved = curl_slist_append(NULL, "+b.test:443:127.0.0.1"); /* past the first look */
    CURLcode code = curl_easy_perform(transfer_easy(t));
    transfer_read_result(t, code);
    expect(t->fetch, FETCH_BLOCKED);
    fetch_free(&t->fetch->errand);
    transfer_free(t);
    close_world(&w);
}

static void what_dns_says_becomes_an_outcome(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    get_only(&w, "https://no.test/", FETCH_NO_HOST);
    get_only(&w, "https://mail.test/", FETCH_NO_HOST);
    get_only(&w, "https://sick.test/", FETCH_SILENT);
    close_world(&w);
}

static void a_refused_connection_is_silence(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    w.outward.config.connect_to[0].to_port = 1;
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_SILENT);
    close_world(&w);
}

static void the_source_address_is_used(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    snprintf(w.outward.config.source_address, sizeof w.outward.config.source_address, "127.0.0.9");
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_ANSWERED);
    close_world(&w);

    open_world(&w);
    snprintf(w.outward.config.source_address, sizeof w.outward.config.source_address, "192.0.2.1");
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_SILENT); /* not ours: cannot be bound */
    close_world(&w);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct world w;

    (void)state;
    setenv("https_proxy", "http://127.0.0.1:1", 1); /* before there are threads */
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    open_world(&w);
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_ANSWERED);
    close_world(&w);
    unsetenv("https_proxy");
    unsetenv("all_proxy");
}

static void an_unwanted_or_late_fetch_is_not_made(void **state)
{
    struct fetch *unwanted = fetch_new("https://a.test/echo"),
                 *late = fetch_new("https://a.test/echo");
    struct world w;

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    unwanted->errand.unwanted = true;
    late->errand.deadline_ms = monotonic_ms() - 1;
    outward_fetch(&w.outward, unwanted);
    outward_fetch(&w.outward, late);
    expect(unwanted, FETCH_SILENT);
    expect(late, FETCH_SILENT);
    fetch_free(&unwanted->errand);
    fetch_free(&late->errand);
    close_world(&w);
}

static void hundreds_at_once_all_come_back(void **state)
{
    enum { FETCHES = 600 }; /* more than are let out at once */
    struct fetch *fetches[FETCHES];
    struct world w;

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    for (int i = 0; i < FETCHES; i++) {
        fetches[i] = fetch_new(i % 2 ? "https://private.test/" : "https://no.test/");
        fetcher_submit(w.outward.fetcher, &fetches[i]->errand, outward_on_back, &w);
    }
    for (int i = 0; i < FETCHES; i++)
        sem_wait(&w.outward.back);
    for (int i = 0; i < FETCHES; i++) {
        expect(fetches[i], i % 2 ? FETCH_BLOCKED : FETCH_NO_HOST);
        fetch_free(&fetches[i]->errand);
    }
    close_world(&w);
}

static void what_is_out_at_the_end_comes_back_failed(void **state)
{
    static const char *const urls[] = {"https://a.test/silence", "https://sick.test/"};
    struct fetch *fetches[COUNT_OF(urls)];
    struct world w;

    (void)state;
    open_world(&w);
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_ANSWERED);
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        fetches[i] = fetch_new(urls[i]);
        fetcher_submit(w.outward.fetcher, &fetches[i]->errand, outward_on_back, &w);
    }
    loop_stop(w.outward.loop);
    thread_join(&w.outward.thread);
    fetcher_free(w.outward.fetcher);
    w.outward.fetcher = NULL;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        sem_wait(&w.outward.back);
        assert_false(fetches[i]->errand.ok);
    }
    for (size_t i = 0; i < COUNT_OF(urls); i++)
        fetch_free(&fetches[i]->errand);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_goes_to_the_name_by_the_given_way),
        cmocka_unit_test(a_path_goes_out_as_it_is),
        cmocka_unit_test(a_redirect_is_told_and_not_followed),
        cmocka_unit_test(retry_after_is_told),
        cmocka_unit_test(gzip_is_undone_and_its_size_counted_behind_it),
        cmocka_unit_test(a_server_that_falls_silent_is_left),
        cmocka_unit_test(a_certificate_must_be_known_and_for_the_name),
        cmocka_unit_test(what_is_not_allowed_goes_nowhere),
        cmocka_unit_test(without_a_route_loopback_is_blocked_by_name),
        cmocka_unit_test(a_laboratory_may_allow_private_addresses_and_ports),
        cmocka_unit_test(the_guard_looks_at_the_address_of_the_socket),
        cmocka_unit_test(what_dns_says_becomes_an_outcome),
        cmocka_unit_test(a_refused_connection_is_silence),
        cmocka_unit_test(the_source_address_is_used),
        cmocka_unit_test(proxies_of_the_environment_are_ignored),
        cmocka_unit_test(an_unwanted_or_late_fetch_is_not_made),
        cmocka_unit_test(hundreds_at_once_all_come_back),
        cmocka_unit_test(what_is_out_at_the_end_comes_back_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
