/*
 * Listeners: limits of one block of addresses, and connections that are reset.
 */
#include "house.h"
#include "test.h"

#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

static struct listen_options toys(struct house *h, const char *address)
{
    return (struct listen_options){
        .address = address, .service = "toy", .kind = &toy_kind, .new_session = toy_new, .ctx = h};
}

static int connect_to(int port)
{
    const struct timeval patience = {.tv_sec = 60}; /* of a busy machine */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

struct opening {
    struct house *house;
    struct listen_options options;
    struct listener *listener;
};

static void open_listener(void *arg)
{
    struct opening *o = arg;
    struct err err;

    o->listener = listener_open(o->house->loop, &o->options, &err);
    if (!o->listener)
        fail_msg("%s", err.cause);
}

static void close_listener(void *arg)
{
    struct opening *o = arg;

    listener_close(o->listener);
}

static void a_listener_takes_so_many_of_one_block(void **state)
{
    struct house h;
    struct opening o = {.house = &h};
    int fds[3];

    (void)state;
    house_open(&h);
    o.options = toys(&h, "127.0.0.1");
    o.options.max_per_block = 3;
    house_call(&h, open_listener, &o);
    int port = listener_port(o.listener);
    assert_true(port > 0);
    for (int i = 0; i < 3; i++) {
        fds[i] = connect_to(port);
        hear(fds[i], "hello\n");
    }
    int fourth = connect_to(port);
    hear_end(fourth);
    close(fourth);
    say(fds[0], "quit\n");
    hear(fds[0], "bye\n");
    hear_end(fds[0]);
    close(fds[0]);
    house_wait_sessions(&h, 2); /* its place is free again */
    fds[0] = connect_to(port);
    hear(fds[0], "hello\n");
    house_call(&h, close_listener, &o);
    say(fds[1], "echo still here\n");
    hear(fds[1], "still here\n");
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    house_close(&h);
}

static void from_loopback_any_number_comes_unless_told(void **state)
{
    enum { MANY = 60 };
    struct house h;
    struct opening o = {.house = &h};
    int fds[MANY];

    (void)state;
    house_open(&h);
    o.options = toys(&h, "127.0.0.1");
    house_call(&h, open_listener, &o);
    for (int i = 0; i < MANY; i++) {
        fds[i] = connect_to(listener_port(o.listener));
        hear(fds[i], "hello\n");
    }
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    house_call(&h, close_listener, &o);
    house_close(&h);
}

static void a_listener_has_a_limit_in_all(void **state)
{
    struct house h;
    struct opening o = {.house = &h};

    (void)state;
    house_open(&h);
    o.options = toys(&h, "::");
    o.options.max_connections = 1;
    house_call(&h, open_listener, &o);
    int fd = connect_to(listener_port(o.listener)); /* IPv4 comes to the IPv6 wildcard */
    hear(fd, "hello\n");
    int second = connect_to(listener_port(o.listener));
    hear_end(second);
    close(fd);
    close(second);
    house_call(&h, close_listener, &o);
    house_close(&h);
}

static void who_is_turned_away_is_told_why(void **state)
{
    struct house h;
    struct opening o = {.house = &h};

    (void)state;
    house_open(&h);
    o.options = toys(&h, "127.0.0.1");
    o.options.max_connections = 2;
    o.options.max_per_block = 1;
    o.options.full_words = "full\n";
    o.options.block_words = "too many of you\n";
    house_call(&h, open_listener, &o);
    int fd = connect_to(listener_port(o.listener));
    hear(fd, "hello\n");
    int second = connect_to(listener_port(o.listener));
    hear(second, "too many of you\n");
    hear_end(second);
    say(fd, "echo still here\n");
    hear(fd, "still here\n");
    close(fd);
    close(second);
    house_call(&h, close_listener, &o);
    house_close(&h);
}

static void a_network_that_comes_too_often_is_turned_away(void **state)
{
    struct house h;
    struct opening o = {.house = &h};

    (void)state;
    house_open(&h);
    o.options = toys(&h, "127.0.0.1");
    o.options.max_per_block = 50;
    o.options.burst_per_block = 3;
    o.options.rate_per_block = 1;
    o.options.block_words = "too often\n";
    house_call(&h, open_listener, &o);
    for (int i = 0; i < 3; i++) {
        int fd = connect_to(listener_port(o.listener));
        hear(fd, "hello\n");
        close(fd);
    }
    char got = 'h';
    for (int i = 0; got == 'h' && i < 100;
         i++) { /* one more for each second the test was kept from running */
        int fd = connect_to(listener_port(o.listener));
        assert_int_equal(recv(fd, &got, 1, 0), 1);
        if (got == 't') {
            hear(fd, "oo often\n");
            hear_end(fd);
        }
        close(fd);
    }
    assert_int_equal(got, 't');
    house_call(&h, close_listener, &o);
    house_close(&h);
}

/* "hello" or "full": until the first letter is the wanted one. */
static void wait_for_greeting(struct listener *listener, char wanted)
{
    for (char got = 0; got != wanted;) {
        int fd = connect_to(listener_port(listener));
        assert_int_equal(recv(fd, &got, 1, 0), 1);
        assert_true(got == 'h' || got == 'f');
        close(fd);
    }
}

/* What arrived and was not taken weighs; who is in stays. */
static void new_ones_are_shed_when_memory_is_short(void **state)
{
    static char line[20000], heard[20000 - 5 + 1]; /* "echo " goes, a line end comes */
    struct house h;
    struct opening o = {.house = &h};

    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line, "echo ", 5);
    house_open(&h);
    o.options = toys(&h, "127.0.0.1");
    o.options.max_buffered = 10000;
    o.options.full_words = "full\n";
    house_call(&h, open_listener, &o);
    int fd = connect_to(listener_port(o.listener));
    hear(fd, "hello\n");
    assert_int_equal(write(fd, line, sizeof line), sizeof line); /* half a line, so it is kept */
    wait_for_greeting(o.listener, 'f');                          /* until the loop has read it */
    say(fd, "\n");
    assert_int_equal(recv(fd, heard, sizeof heard, MSG_WAITALL), sizeof heard);
    wait_for_greeting(o.listener, 'h'); /* until it has seen that all is gone */
    close(fd);
    house_call(&h, close_listener, &o);
    house_close(&h);
}

static void a_reset_with_an_errand_out_makes_it_unwanted(void **state)
{
    const struct linger at_once = {.l_onoff = 1};
    struct house h;
    struct opening o = {.house = &h};

    (void)state;
    house_open(&h);
    o.options = toys(&h, "127.0.0.1");
    house_call(&h, open_listener, &o);
    int fd = connect_to(listener_port(o.listener));
    say(fd, "wait\n");
    struct errand *errand = house_errand(&h);
    say(fd, "echo ahead\n"); /* unread in the server's socket */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    while (!errand->unwanted)
        sched_yield();
    house_call(&h, close_listener, &o);
    house_close(&h);
}

static void an_address_that_cannot_be_had_is_an_error(void **state)
{
    static const struct {
        const char *address;
        const char *part;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"    },
        {"localhost", "no IP address"},
    };
    struct house h;
    struct err err;

    (void)state;
    house_open(&h);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct loop *loop = loop_new("other", &err);
        struct listen_options options = toys(&h, rows[i].address);
        assert_null(listener_open(loop, &options, &err));
        assert_true(strstr(err.cause, rows[i].part) || strstr(err.said, rows[i].part));
        loop_free(loop);
    }
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_takes_so_many_of_one_block),
        cmocka_unit_test(from_loopback_any_number_comes_unless_told),
        cmocka_unit_test(a_listener_has_a_limit_in_all),
        cmocka_unit_test(who_is_turned_away_is_told_why),
        cmocka_unit_test(a_network_that_comes_too_often_is_turned_away),
        cmocka_unit_test(new_ones_are_shed_when_memory_is_short),
        cmocka_unit_test(a_reset_with_an_errand_out_makes_it_unwanted),
        cmocka_unit_test(an_address_that_cannot_be_had_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
