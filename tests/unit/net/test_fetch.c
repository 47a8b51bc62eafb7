/*
 * The fetcher against the server of world.h.
 */
#include "clock.h"
#include "fetch_private.h"
#include "memory.h"
#include "test.h"
#include "world.h"

#include <stdio.h>

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
    world_open(&w);
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
    world_close(&w);
}

static void a_path_goes_out_as_it_is(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    outward_start(&w.outward);
    struct fetch *fetch = get(&w, "https://a.test/a/../b", FETCH_ANSWERED);
    assert_int_equal(fetch->status, 200);
    assert_non_null(strstr(fetch->answer.at, "/a/../b"));
    fetch_free(&fetch->errand);
    world_close(&w);
}

static void a_redirect_is_told_and_not_followed(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    outward_start(&w.outward);
    struct fetch *fetch = get(&w, "https://a.test/moved", FETCH_ANSWERED);
    assert_int_equal(fetch->status, 302);
    assert_text(fetch->location, "https://a.test/echo?moved");
    fetch_free(&fetch->errand);
    world_close(&w);
}

static void retry_after_is_told(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    outward_start(&w.outward);
    struct fetch *fetch = get(&w, "https://a.test/busy", FETCH_ANSWERED);
    assert_int_equal(fetch->status, 429);
    assert_int_equal(fetch->retry_after_s, 120);
    fetch_free(&fetch->errand);
    world_close(&w);
}

static void gzip_is_undone_and_its_size_counted_behind_it(void **state)
{
    struct world w;
    struct fetch *bomb = fetch_new("https://a.test/bomb");

    (void)state;
    world_open(&w);
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
    world_close(&w);
}

static void a_server_that_falls_silent_is_left(void **state)
{
    struct world w;
    struct fetch *fetch = fetch_new("https://a.test/silence");

    (void)state;
    world_open(&w);
    outward_start(&w.outward);
    fetch->total_ms = 300;
    outward_fetch(&w.outward, fetch);
    expect(fetch, FETCH_SILENT);
    fetch_free(&fetch->errand);
    world_close(&w);
}

static void a_certificate_must_be_known_and_for_the_name(void **state)
{
    struct certificate other;
    struct world w;

    (void)state;
    world_open(&w);
    world_route(&w, "b.test");
    outward_start(&w.outward);
    get_only(&w, "https://b.test/echo", FETCH_TLS);
    world_close(&w);

    world_open(&w);
    certificate_make(&other, "a.test", 2);
    snprintf(w.outward.config.ca_file, sizeof w.outward.config.ca_file, "%s", other.file);
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_TLS);
    world_close(&w);
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
    world_open(&w);
    outward_start(&w.outward);
    for (size_t i = 0; i < COUNT_OF(urls); i++)
        get_only(&w, urls[i], FETCH_BLOCKED);
    world_close(&w);
}

static void without_a_route_loopback_is_blocked_by_name(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    w.outward.config.connect_to_count = 0;
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_BLOCKED);
    world_close(&w);
}

static void a_laboratory_may_allow_private_addresses_and_ports(void **state)
{
    struct world w;
    char url[64];

    (void)state;
    world_open(&w);
    w.outward.config.connect_to_count = 0;
    w.outward.config.allow_private = true;
    outward_start(&w.outward);
    snprintf(url, sizeof url, "https://a.test:%d/echo", listener_port(w.listener));
    struct fetch *fetch = get(&w, url, FETCH_ANSWERED);
    assert_int_equal(fetch->status, 200);
    fetch_free(&fetch->errand);
    world_close(&w);
}

/* DNS may say one thing when asked and another when curl connects: so the guard looks at the socket. */
static void the_guard_looks_at_the_address_of_the_socket(void **state)
{
    struct world w;
    struct transfer *t = must_new(struct transfer);
    struct idle_handles idle = {.count = 0};

    (void)state;
    world_open(&w);
    outward_start(&w.outward);
    t->idle = &idle;
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
    assert_int_equal(idle.count, 1); /* for the next */
    idle_handles_clear(&idle);
    world_close(&w);
}

static void what_dns_says_becomes_an_outcome(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    outward_start(&w.outward);
    get_only(&w, "https://no.test/", FETCH_NO_HOST);
    get_only(&w, "https://mail.test/", FETCH_NO_HOST);
    get_only(&w, "https://sick.test/", FETCH_SILENT);
    world_close(&w);
}

static void a_refused_connection_is_silence(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    w.outward.config.connect_to[0].to_port = 1;
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_SILENT);
    world_close(&w);
}

static void the_source_address_is_used(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    snprintf(w.outward.config.source_address, sizeof w.outward.config.source_address, "127.0.0.9");
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_ANSWERED);
    world_close(&w);

    world_open(&w);
    snprintf(w.outward.config.source_address, sizeof w.outward.config.source_address, "192.0.2.1");
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_SILENT); /* not ours: cannot be bound */
    world_close(&w);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct world w;

    (void)state;
    setenv("https_proxy", "http://127.0.0.1:1", 1); /* before there are threads */
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    world_open(&w);
    outward_start(&w.outward);
    get_only(&w, "https://a.test/echo", FETCH_ANSWERED);
    world_close(&w);
    unsetenv("https_proxy");
    unsetenv("all_proxy");
}

static void an_unwanted_or_late_fetch_is_not_made(void **state)
{
    struct fetch *unwanted = fetch_new("https://a.test/echo"),
                 *late = fetch_new("https://a.test/echo");
    struct world w;

    (void)state;
    world_open(&w);
    outward_start(&w.outward);
    unwanted->errand.unwanted = true;
    late->errand.deadline_ms = monotonic_ms() - 1;
    outward_fetch(&w.outward, unwanted);
    outward_fetch(&w.outward, late);
    expect(unwanted, FETCH_SILENT);
    expect(late, FETCH_SILENT);
    fetch_free(&unwanted->errand);
    fetch_free(&late->errand);
    world_close(&w);
}

static void hundreds_at_once_all_come_back(void **state)
{
    enum { FETCHES = 600 }; /* more than are let out at once */
    struct fetch *fetches[FETCHES];
    struct world w;

    (void)state;
    world_open(&w);
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
    world_close(&w);
}

static void what_is_out_at_the_end_comes_back_failed(void **state)
{
    static const char *const urls[] = {"https://a.test/silence", "https://sick.test/"};
    struct fetch *fetches[COUNT_OF(urls)];
    struct world w;

    (void)state;
    world_open(&w);
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
    world_close(&w);
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
