/*
 * The driver, on a thread of its own, with a toy session (house.h).
 */
#include "clock.h"
#include "house.h"
#include "memory.h"
#include "net_private.h"
#include "test.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void pipelined_lines_are_brought_one_after_the_other(void **state)
{
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    say(fd, "echo a\necho b\nmore\necho c\nec");
    hear(fd, "a\nb\none\ntwo\nthree\nc\n");
    say(fd, "ho d\nquit\necho e\n");
    hear(fd, "d\nbye\n");
    hear_end(fd);
    toy_close(&h, fd);
}

static void nothing_is_brought_while_an_errand_is_out(void **state)
{
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    say(fd, "wait\necho a\n");
    house_errand(&h);
    say(fd, "echo b\n");
    house_bring_home(&h);
    hear(fd, "back\na\nb\n");
    toy_close(&h, fd);
}

static void a_peer_that_goes_with_an_errand_out_makes_it_unwanted(void **state)
{
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    say(fd, "wait\necho never\n");
    struct errand *errand = house_errand(&h);
    assert_false(atomic_load(&errand->unwanted));
    close(fd);
    while (!atomic_load(&errand->unwanted)) /* the loop sees the end */
        sched_yield();
    assert_int_equal(h.sessions, 1); /* kept for the errand */
    assert_int_equal(loop_session_count(h.loop), 1);
    house_bring_home(&h);
    house_wait_sessions(&h, 0);
    house_close(&h);
}

static void many_peers_die_with_their_errands_out(void **state)
{
    enum { PEERS = 200 };
    struct house h;
    int fds[PEERS];

    (void)state;
    house_open(&h);
    for (int i = 0; i < PEERS; i++) {
        fds[i] = house_connect(&h, toy_options(&h));
        say(fds[i], "wait\n");
    }
    for (int i = 0; i < PEERS; i++) {
        house_bring_home(&h);
        if (i % 2)
            close(fds[PEERS - i]);
    }
    for (int i = 0; i < PEERS; i += 2)
        close(fds[i]);
    house_wait_sessions(&h, 0);
    house_close(&h);
}

/* Who is known may wait in any number; the crowd is the others. */
static void who_is_at_home_is_no_crowd(void **state)
{
    enum { PEERS = 501 };
    const struct rlimit files = {4096, 4096};
    struct house h;
    int fds[PEERS];

    (void)state;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    house_open(&h);
    for (int i = 0; i < PEERS; i++)
        fds[i] = house_connect(&h, toy_options(&h));
    house_wait_hello(&h, PEERS);
    say(fds[0], "crowd\nhome\ncrowd\nhome\ncrowd\n");
    hear(fds[0], "hello\nmany\nhome\nfew\nhome\nfew\n");
    close(fds[0]);
    house_wait_sessions(&h, PEERS - 1);
    fds[0] = house_connect(&h, toy_options(&h));
    say(fds[0], "crowd\n");
    hear(fds[0], "hello\nmany\n");
    for (int i = 0; i < PEERS; i++)
        close(fds[i]);
    house_wait_sessions(&h, 0);
    house_close(&h);
}

static void what_was_said_before_the_end_is_still_answered(void **state)
{
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    say(fd, "echo a\necho half");
    shutdown(fd, SHUT_WR);
    hear(fd, "a\n");
    hear_end(fd);
    house_wait_sessions(&h, 0);
    toy_close(&h, fd);
}

static void news_nudge_those_who_watch(void **state)
{
    const int64_t topics[] = {5, 7, 5};
    struct house h;
    int fd = toy_open(&h), other = house_connect(&h, toy_options(&h));

    (void)state;
    say(fd, "watch 7\n");
    hear(fd, "watching\n");
    say(other, "watch 8\n");
    hear(other, "hello\nwatching\n");
    loop_news(h.loop, topics, COUNT_OF(topics));
    hear(fd, "news\n");
    say(other, "echo quiet\n");
    hear(other, "quiet\n");
    close(other);
    toy_close(&h, fd);
}

static void news_wait_for_who_is_away_and_come_once(void **state)
{
    const int64_t topic = 7;
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    say(fd, "lookwatch 7\n"); /* watches from the moment it looks */
    house_errand(&h);
    for (int i = 0; i < 1000; i++)
        loop_news(h.loop, &topic, 1);
    house_bring_home(&h);
    hear(fd, "back\nnews\n");
    say(fd, "echo quiet\n");
    hear(fd, "quiet\n");
    toy_close(&h, fd);
}

static void a_timer_strikes(void **state)
{
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    say(fd, "timer 5\n");
    hear(fd, "ding\n");
    toy_close(&h, fd);
}

static void a_timer_is_replaced_by_the_next_turn(void **state)
{
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    say(fd, "timer 1\necho a\ntimer 20\n");
    hear(fd, "a\nding\n");
    say(fd, "echo b\n");
    hear(fd, "b\n");
    toy_close(&h, fd);
}

static void a_line_without_an_end_is_hung_up(void **state)
{
    enum { CAP = 64 * 1024 };
    struct house h;
    int fd = toy_open(&h);
    char *text = must_alloc(CAP);

    (void)state;
    memset(text, 'a', CAP);
    assert_int_equal(write(fd, text, CAP), CAP);
    hear_end(fd);
    free(text);
    toy_close(&h, fd);
}

static void closing_nudges_all_and_ends_when_the_last_has_gone(void **state)
{
    struct house h;
    int fd = toy_open(&h), away = house_connect(&h, toy_options(&h));

    (void)state;
    say(away, "wait\n");
    house_errand(&h);
    house_start_closing(&h, 60 * SECOND_MS);
    hear(fd, "closing\n");
    hear_end(fd);
    close(fd);
    house_bring_home(&h);
    hear(away, "hello\nback\nclosing\n");
    hear_end(away);
    close(away);
    assert_true(house_wait_closed(&h));
    house_close(&h);
}

static void closing_ends_who_stays_beyond_the_deadline(void **state)
{
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    say(fd, "wait\n");
    struct errand *errand = house_errand(&h);
    house_start_closing(&h, 10);
    assert_false(house_wait_closed(&h));
    assert_true(atomic_load(&errand->unwanted));
    hear_end(fd);
    toy_close(&h, fd);
}

static void closing_an_empty_loop_is_over_at_once(void **state)
{
    struct house h;

    (void)state;
    house_open(&h);
    house_start_closing(&h, 60 * SECOND_MS);
    assert_true(house_wait_closed(&h));
    house_close(&h);
}

static void a_new_session_hears_of_the_closing_too(void **state)
{
    struct house h;
    int fd = toy_open(&h);

    (void)state;
    say(fd, "wait\n");
    house_errand(&h);
    house_start_closing(&h, 60 * SECOND_MS);
    int late = house_connect(&h, toy_options(&h));
    hear_end(late);
    close(late);
    toy_close(&h, fd);
}

/* A session without a connection: looks, watches, ends at the news. */
struct clerk {
    struct house *house;
    struct toy *toy;
};

static enum next clerk_begin(void *session, const struct peer *peer, struct turn *turn)
{
    (void)session;
    assert_string_equal(peer->service, "clerk");
    bytes_add_text(turn->out, "nobody reads this");
    turn->watch = 9;
    return NEXT_MORE;
}

static enum next clerk_more(void *session, struct turn *turn)
{
    (void)session;
    assert_int_equal(turn->out->len, 0);
    turn->watch = 9;
    turn->wake_at_ms = monotonic_ms() + 1;
    return NEXT_READ;
}

static enum next clerk_nudged(void *session, enum nudge why, struct turn *turn)
{
    struct clerk *clerk = session;

    turn->watch = 9;
    if (why == NUDGE_CHANGE)
        return NEXT_HANG_UP;
    const int64_t topic = 9; /* the timer struck: tell ourselves */
    loop_news(clerk->house->loop, &topic, 1);
    return NEXT_READ;
}

static void clerk_free(void *session)
{
    struct clerk *clerk = session;

    toy_kind.free(clerk->toy);
    free(clerk);
}

static const struct session_kind clerk_kind = {
    .name = "clerk",
    .begin = clerk_begin,
    .more = clerk_more,
    .nudged = clerk_nudged,
    .free = clerk_free,
};

static void a_session_without_a_connection_lives_by_nudges(void **state)
{
    struct house h;
    struct clerk *clerk = must_new(struct clerk);

    (void)state;
    house_open(&h);
    clerk->house = &h;
    clerk->toy = toy_new(&h, NULL);
    loop_start(h.loop, &clerk_kind, clerk);
    house_wait_sessions(&h, 0);
    house_close(&h);
}

/* Bytes that lie there before begin(): a bot that does not wait for the greeting. */
static void who_speaks_first_is_noticed(void **state)
{
    struct house h;
    int ends[2], waiting[2];

    (void)state;
    house_open(&h);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    assert_int_equal(write(ends[0], "early", 5), 5);
    house_start_toy(&h, ends[1], toy_options(&h));
    house_wait_hello(&h, 1);
    assert_true(h.early);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, waiting),
                     0);
    house_start_toy(&h, waiting[1], toy_options(&h));
    house_wait_hello(&h, 2);
    assert_false(h.early);
    close(ends[0]);
    close(waiting[0]);
    house_close(&h);
}

static void sessions_and_errands_left_at_the_end_are_freed(void **state)
{
    struct house h;
    int fd = toy_open(&h), other = house_connect(&h, toy_options(&h));

    (void)state;
    say(fd, "wait\n");
    house_errand(&h);
    house_close(&h);
    close(fd);
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelined_lines_are_brought_one_after_the_other),
        cmocka_unit_test(nothing_is_brought_while_an_errand_is_out),
        cmocka_unit_test(a_peer_that_goes_with_an_errand_out_makes_it_unwanted),
        cmocka_unit_test(many_peers_die_with_their_errands_out),
        cmocka_unit_test(what_was_said_before_the_end_is_still_answered),
        cmocka_unit_test(news_nudge_those_who_watch),
        cmocka_unit_test(news_wait_for_who_is_away_and_come_once),
        cmocka_unit_test(a_timer_strikes),
        cmocka_unit_test(a_timer_is_replaced_by_the_next_turn),
        cmocka_unit_test(who_is_at_home_is_no_crowd),
        cmocka_unit_test(a_line_without_an_end_is_hung_up),
        cmocka_unit_test(closing_nudges_all_and_ends_when_the_last_has_gone),
        cmocka_unit_test(closing_ends_who_stays_beyond_the_deadline),
        cmocka_unit_test(closing_an_empty_loop_is_over_at_once),
        cmocka_unit_test(a_new_session_hears_of_the_closing_too),
        cmocka_unit_test(a_session_without_a_connection_lives_by_nudges),
        cmocka_unit_test(who_speaks_first_is_noticed),
        cmocka_unit_test(sessions_and_errands_left_at_the_end_are_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
