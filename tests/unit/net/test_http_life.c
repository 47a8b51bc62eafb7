/*
 * The life of an HTTP connection: what answers look like, handlers that wait or send in pieces, time, the end.
 */
#include "http_peer.h"
#include "test.h"

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a.test\r\n"
#define POST(fields, body) "POST /echo HTTP/1.1\r\nHost: a.test\r\n" fields "\r\n" body
#define NEXT_ONE GET("/echo") "\r\n"

static void add_times(struct bytes *b, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        bytes_add_text(b, text);
}

static void expect_out(const struct http_peer *p, const char *part)
{
    if (!slice_has(bytes_slice(&p->out), part))
        fail_msg("\"%s\" is not in \"%s\"", part, p->out.at ? p->out.at : "");
}

static void an_answer_carries_date_length_and_connection(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE(POST("Content-Length: 2\r\n", "hi")));
    assert_text(p.out.at, "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 08:30:00 GMT\r\n"
                          "Content-Type: text/plain\r\nContent-Length: 2\r\n"
                          "Connection: keep-alive\r\n\r\nhi");
    http_peer_close(&p);
}

static void a_405_says_what_is_allowed(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE("DELETE /echo HTTP/1.1\r\nHost: a.test\r\n\r\n"));
    expect_out(&p, "\r\nAllow: GET, HEAD, POST\r\n");
    http_peer_close(&p);
}

static void head_has_the_length_without_the_body(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE("HEAD /users/alice HTTP/1.1\r\nHost: a.test\r\n\r\n"));
    expect_out(&p, "\r\nContent-Length: 3\r\n");
    assert_true(slice_ends(bytes_slice(&p.out), SLICE("\r\n\r\n")));
    http_peer_close(&p);
}

static void a_204_has_no_length(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE("DELETE /gone HTTP/1.1\r\nHost: a.test\r\n\r\n"));
    assert_false(slice_has(bytes_slice(&p.out), "Content-Length"));
    assert_true(slice_ends(bytes_slice(&p.out), SLICE("\r\n\r\n")));
    http_peer_close(&p);
}

static void a_handler_waits_for_its_errand_and_what_is_pipelined_waits_too(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE("POST /wait HTTP/1.1\r\nHost: a.test\r\n\r\n" NEXT_ONE));
    assert_int_equal(p.next, NEXT_WAIT);
    assert_int_equal(p.out.len, 0);
    http_peer_come_home(&p);
    scoped_text char *answers = http_peer_summary(&p);
    assert_text(answers, "202 200 kept");
    http_peer_close(&p);
}

static void pieces_of_unknown_length_go_out_in_chunks(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE(GET("/pieces") "\r\n"));
    assert_int_equal(p.next, NEXT_MORE);
    http_peer_more(&p);
    expect_out(&p, "\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
                   "4\r\none \r\n4\r\ntwo \r\n4\r\ntwo \r\n0\r\n\r\n");
    assert_int_equal(p.states, 0);
    http_peer_close(&p);
}

static void to_http_1_0_they_end_with_the_connection(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    http_peer_more(&p);
    expect_out(&p, "\r\nConnection: close\r\n\r\none two two ");
    assert_true(p.hung_up);
    http_peer_close(&p);
}

static void pieces_of_known_length_go_out_as_they_are(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE(GET("/sized") "\r\n"));
    http_peer_more(&p);
    expect_out(&p, "\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\none two two ");
    http_peer_close(&p);
}

static void head_of_a_body_in_pieces_ends_after_the_head(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE("HEAD /sized HTTP/1.1\r\nHost: a.test\r\n\r\n" NEXT_ONE));
    http_peer_more(&p);
    expect_out(&p, "\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\nHTTP/1.1 200 OK\r\n");
    assert_int_equal(p.states, 0);
    http_peer_close(&p);
}

static void a_stream_goes_on_when_it_is_nudged(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE(GET("/stream") "\r\n" NEXT_ONE));
    assert_int_equal(p.next, NEXT_READ);
    assert_int_equal(p.watch, 77);
    http_peer_nudge(&p, NUDGE_CHANGE);
    http_peer_more(&p);
    scoped_text char *answers = http_peer_summary(&p);
    assert_text(answers, "200 200 kept"); /* the pipelined one after the end of the stream */
    http_peer_close(&p);
}

static void a_connection_dropped_in_the_middle_frees_the_handlers_state(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE(GET("/pieces") "\r\n"));
    assert_int_equal(p.states, 1);
    http_session_kind.free(p.session);
    assert_int_equal(p.states, 0);
    p.session = http_session_new(p.server, &p.peer);
    http_peer_close(&p);
}

static void an_idle_connection_is_cut(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){.idle_ms = 5000});
    http_peer_pass(&p, 4999);
    assert_false(p.hung_up);
    http_peer_send(&p, SLICE(NEXT_ONE));
    http_peer_pass(&p, 4999);
    assert_false(p.hung_up);
    http_peer_pass(&p, 1);
    scoped_text char *answers = http_peer_summary(&p);
    assert_text(answers, "200 closed");
    http_peer_close(&p);
}

static void one_header_line_every_two_seconds_does_not_outlive_the_deadline(void **state)
{
    struct http_peer p;
    int lines = 0;

    (void)state;
    http_peer_open(&p, (struct http_options){.slow_rate = 1});
    http_peer_send(&p, SLICE("GET /echo HTTP/1.1\r\n"));
    for (; !p.hung_up && lines < 100; lines++) {
        http_peer_pass(&p, 2000);
        http_peer_send(&p, SLICE("A: b\r\n"));
    }
    scoped_text char *answers = http_peer_summary(&p);
    assert_text(answers, "408 closed");
    assert_int_equal(lines, 15);
    http_peer_close(&p);
}

static void a_body_that_drips_is_cut_before_the_deadline(void **state)
{
    struct http_peer p;
    int bytes = 0;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE(POST("Content-Length: 100\r\n", "")));
    for (; !p.hung_up && bytes < 100; bytes++) {
        http_peer_pass(&p, 1000);
        http_peer_send(&p, SLICE("a"));
    }
    scoped_text char *answers = http_peer_summary(&p);
    assert_text(answers, "408 closed");
    assert_int_equal(bytes, 5);
    http_peer_close(&p);
}

static void a_fast_body_is_not(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    http_peer_send(&p, SLICE(POST("Content-Length: 20000\r\n", "")));
    for (int i = 0; i < 20; i++) {
        scoped_value(bytes) piece = {0};
        add_times(&piece, "a", 1000);
        http_peer_pass(&p, 1000);
        http_peer_send(&p, bytes_slice(&piece));
    }
    scoped_text char *answers = http_peer_summary(&p);
    assert_text(answers, "200 kept");
    http_peer_close(&p);
}

static void closing_ends_the_idle_and_lets_the_others_finish(void **state)
{
    struct http_peer idle, busy;

    (void)state;
    http_peer_open(&idle, (struct http_options){0});
    http_peer_nudge(&idle, NUDGE_CLOSING);
    assert_true(idle.hung_up);
    http_peer_close(&idle);

    http_peer_open(&busy, (struct http_options){0});
    http_peer_send(&busy, SLICE(POST("Content-Length: 5\r\n", "he")));
    http_peer_nudge(&busy, NUDGE_CLOSING);
    assert_false(busy.hung_up);
    http_peer_send(&busy, SLICE("llo"));
    expect_out(&busy, "\r\nConnection: close\r\n\r\nhello");
    assert_true(busy.hung_up);
    http_peer_close(&busy);
}

static void a_busy_server_says_so_before_the_body(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){0});
    p.busy = true;
    http_peer_send(&p, SLICE(POST("Content-Length: 5\r\n", "")));
    expect_out(&p, "HTTP/1.1 503 Service Unavailable\r\n");
    expect_out(&p, "\r\nRetry-After: 30\r\n");
    http_peer_close(&p);
}

static void all_bodies_together_have_a_limit(void **state)
{
    struct http_peer p, one, other;

    (void)state;
    http_peer_open(&p, (struct http_options){.bodies_max = 10});
    http_peer_join(&one, &p);
    http_peer_join(&other, &p);
    http_peer_send(&one, SLICE(POST("Content-Length: 9\r\n", "12345678")));
    http_peer_send(&other, SLICE(POST("Content-Length: 9\r\n", "12")));
    assert_int_equal(one.out.len + other.out.len, 0);
    http_peer_send(&p, SLICE(POST("Content-Length: 1\r\n", "x")));
    expect_out(&p, "HTTP/1.1 503 Service Unavailable\r\n");
    expect_out(&p, "\r\nRetry-After: 30\r\n");
    assert_true(p.hung_up);
    http_peer_send(&other, SLICE("3")); /* nor does one that grows find room */
    expect_out(&other, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_true(other.hung_up);
    http_peer_close(&other);
    http_peer_send(&one, SLICE("9" POST("Content-Length: 9\r\n", "123456789")));
    scoped_text char *answers = http_peer_summary(&one); /* what was answered is forgotten */
    assert_text(answers, "200 200 kept");
    http_peer_close(&one);
    http_peer_join(&one, &p); /* what was dropped is, too */
    http_peer_send(&one, SLICE(POST("Content-Length: 10\r\n", "123456789")));
    http_peer_close(&one);
    http_peer_join(&one, &p);
    http_peer_send(&one, SLICE(POST("Content-Length: 10\r\n", "1234567890")));
    scoped_text char *again = http_peer_summary(&one);
    assert_text(again, "200 kept");
    http_peer_close(&one);
    http_peer_close(&p);
}

static bool is_ours(void *ctx, const struct http_request *request)
{
    (void)ctx;
    return slice_is_nocase(request->host, "a.test");
}

static void a_foreign_host_is_misdirected(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){.is_ours = is_ours});
    http_peer_send(&p, SLICE("GET /echo HTTP/1.1\r\nHost: b.test\r\n\r\n" NEXT_ONE));
    scoped_text char *answers = http_peer_summary(&p);
    assert_text(answers, "421 200 kept");
    http_peer_close(&p);
}

static void the_plain_service_sends_readers_to_https(void **state)
{
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){.redirect_only = true, .https_port = 8443});
    http_peer_send(&p, SLICE("GET /@alice?x=1 HTTP/1.1\r\nHost: a.test:8080\r\n\r\n"));
    expect_out(&p, "HTTP/1.1 308 Permanent Redirect\r\n");
    expect_out(&p, "\r\nLocation: https://a.test:8443/@alice?x=1\r\n");
    http_peer_send(&p, SLICE(POST("Content-Length: 0\r\n", "")));
    expect_out(&p, "HTTP/1.1 405 Method Not Allowed\r\n");
    expect_out(&p, "\r\nAllow: GET, HEAD\r\n");
    http_peer_close(&p);
}

/* RFC 8555 8.3: whatever the host, before all that else is said. */
static void an_open_token_is_answered_in_clear(void **state)
{
    scoped(challenges) challenges = challenges_new();
    struct http_peer p;

    (void)state;
    http_peer_open(&p, (struct http_options){.redirect_only = true, .challenges = challenges});
#define ASK(method, token)                                                                         \
    SLICE(method " /.well-known/acme-challenge/" token " HTTP/1.1\r\nHost: any.test\r\n"           \
                 "Content-Length: 0\r\n\r\n")
    http_peer_send(&p, ASK("GET", "t-1"));
    expect_out(&p, "HTTP/1.1 308 Permanent Redirect\r\n");
    assert_true(challenges_open(challenges, "t-1", "t-1.proof"));
    http_peer_send(&p, ASK("GET", "t-1"));
    expect_out(&p, "HTTP/1.1 200 OK\r\n");
    expect_out(&p, "\r\nContent-Type: application/octet-stream\r\n");
    expect_out(&p, "\r\n\r\nt-1.proof");
    http_peer_send(&p, ASK("GET", "t-"));
    http_peer_send(&p, ASK("GET", ""));
    http_peer_send(&p, ASK("POST", "t-1"));
    challenges_close_all(challenges);
    http_peer_send(&p, ASK("GET", "t-1"));
    scoped_text char *summary = http_peer_summary(&p);
    assert_string_equal(summary, "308 200 308 308 405 308 kept");
    http_peer_close(&p);
}

static void tokens_have_a_limit(void **state)
{
    scoped(challenges) challenges = challenges_new();

    (void)state;
    for (size_t i = 0; i < CHALLENGES_MAX; i++)
        assert_true(challenges_open(challenges, "t", "p"));
    assert_false(challenges_open(challenges, "t", "p"));
    challenges_close_all(challenges);
    assert_true(challenges_open(challenges, "t", "p"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_carries_date_length_and_connection),
        cmocka_unit_test(a_405_says_what_is_allowed),
        cmocka_unit_test(head_has_the_length_without_the_body),
        cmocka_unit_test(a_204_has_no_length),
        cmocka_unit_test(a_handler_waits_for_its_errand_and_what_is_pipelined_waits_too),
        cmocka_unit_test(pieces_of_unknown_length_go_out_in_chunks),
        cmocka_unit_test(to_http_1_0_they_end_with_the_connection),
        cmocka_unit_test(pieces_of_known_length_go_out_as_they_are),
        cmocka_unit_test(head_of_a_body_in_pieces_ends_after_the_head),
        cmocka_unit_test(a_stream_goes_on_when_it_is_nudged),
        cmocka_unit_test(a_connection_dropped_in_the_middle_frees_the_handlers_state),
        cmocka_unit_test(an_idle_connection_is_cut),
        cmocka_unit_test(one_header_line_every_two_seconds_does_not_outlive_the_deadline),
        cmocka_unit_test(a_body_that_drips_is_cut_before_the_deadline),
        cmocka_unit_test(a_fast_body_is_not),
        cmocka_unit_test(closing_ends_the_idle_and_lets_the_others_finish),
        cmocka_unit_test(a_busy_server_says_so_before_the_body),
        cmocka_unit_test(all_bodies_together_have_a_limit),
        cmocka_unit_test(a_foreign_host_is_misdirected),
        cmocka_unit_test(the_plain_service_sends_readers_to_https),
        cmocka_unit_test(an_open_token_is_answered_in_clear),
        cmocka_unit_test(tokens_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
