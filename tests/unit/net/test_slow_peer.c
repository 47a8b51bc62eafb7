/*
 * Peers that read slowly or not at all: what waits for them is bounded, and nobody else waits.
 */
#include "clock.h"
#include "house.h"
#include "net_private.h"
#include "test.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void a_peer_that_does_not_read_is_not_served(void **state)
{
    enum { LINES = 2000, TEXT = 1000 };
    char line[TEXT + 8], text[TEXT + 1];
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    memset(text, 'a', TEXT);
    text[TEXT] = '\0';
    snprintf(line, sizeof line, "echo %s\n", text);
    struct timeval patience = {.tv_usec = 200 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    size_t sent = 0;
    while (sent < LINES && write(fd, line, TEXT + 6) == TEXT + 6)
        sent++;
    assert_true(sent < LINES); /* our end is full: the driver reads no more */
    pthread_mutex_lock(&h.mutex);
    assert_true(h.most_unsent <= 64 * 1024 + TEXT + 1);
    pthread_mutex_unlock(&h.mutex);
    toy_close(&h, fd);
}

struct stall { /* of the session that was here first */
    struct loop *loop;
    size_t unsent;
    int64_t patience_ms; /* 0: as ever */
};

static void look_at_stall(void *arg)
{
    struct stall *stall = arg;
    struct connection *c = stall->loop->sessions;

    while (c->next)
        c = c->next;
    if (stall->patience_ms)
        c->stalled_ms = stall->patience_ms;
    stall->unsent = wire_unsent(c->wire);
}

/* The peer reads nothing of what it asks for, until so much waits. */
static void stall_until(struct house *h, int fd, struct stall *stall, size_t least)
{
    char line[1008];

    memset(line, 'a', sizeof line);
    memcpy(line, "echo ", 5);
    line[sizeof line - 2] = '\n';
    line[sizeof line - 1] = '\0';
    while (stall->unsent < least) {
        say(fd, line);
        house_call(h, look_at_stall, stall);
    }
}

/* Each of the news adds a few bytes to what waits for the peer, and none of them is a reason to wait longer. */
static void who_takes_nothing_is_hung_up_whatever_is_said_to_them(void **state)
{
    const int64_t topic = 7, until_ms = monotonic_ms() + 60 * SECOND_MS;
    struct house h;
    int fd = toy_open(&h);
    struct stall stall = {.loop = h.loop, .patience_ms = 300};

    (void)state;
    say(fd, "watch 7\n");
    hear(fd, "watching\n");
    stall_until(&h, fd, &stall, 1);
    /* Their patience holds a dozen ticks: news comes again and again within it, and never so much that it clogs. */
    int ticking = house_connect(&h, toy_options(&h));
    hear(ticking, "hello\n");
    while (loop_session_count(h.loop) > 1 && monotonic_ms() < until_ms) {
        loop_news(h.loop, &topic, 1);
        say(ticking, "timer 20\n");
        hear(ticking, "ding\n");
    }
    assert_int_equal(loop_session_count(h.loop), 1);
    close(ticking);
    toy_close(&h, fd);
}

/* A stream of events is this: each of the news says something to who watches, and one of them does not read. */
static void who_reads_no_news_holds_64_kib_and_nobody_up(void **state)
{
    enum { MOST = 64 * 1024, NEWS = 1000 };
    const int64_t topic = 7;
    struct house h;
    int slow = toy_open(&h);
    struct stall stall = {.loop = h.loop};

    (void)state;
    say(slow, "watch 7\n");
    hear(slow, "watching\n");
    stall_until(&h, slow, &stall, MOST - NEWS);
    int quick = house_connect(&h, toy_options(&h));
    hear(quick, "hello\n");
    say(quick, "watch 7\n");
    hear(quick, "watching\n");
    for (int i = 0; i < NEWS; i++) {
        loop_news(h.loop, &topic, 1);
        hear(quick, "news\n");
    }
    house_call(&h, look_at_stall, &stall);
    assert_in_range(stall.unsent, MOST, MOST + 1000);
    close(quick);
    toy_close(&h, slow);
}

static void more_is_called_when_the_peer_took_it(void **state)
{
    enum { PIECES = 100 };
    struct house h;
    int fd = toy_open(&h);
    char buffer[4096];
    size_t got = 0;

    (void)state;
    say(fd, "flood 100\necho end\n");
    while (got < PIECES * 32 * 1024) {
        size_t left = PIECES * 32 * 1024 - got;
        ssize_t more = read(fd, buffer, left < sizeof buffer ? left : sizeof buffer);
        assert_true(more > 0);
        got += (size_t)more;
    }
    hear(fd, "end\n");
    toy_close(&h, fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_does_not_read_is_not_served),
        cmocka_unit_test(who_takes_nothing_is_hung_up_whatever_is_said_to_them),
        cmocka_unit_test(who_reads_no_news_holds_64_kib_and_nobody_up),
        cmocka_unit_test(more_is_called_when_the_peer_took_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
