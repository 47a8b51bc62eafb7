#include "house.h"

#include "clock.h"
#include "memory.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FLOOD_PIECE = 32 * 1024 };

struct toy {
    struct house *house;
    int64_t pieces_left;
    bool flooding;
    bool tls_after;
    int64_t watch;
};

struct toy_errand {
    struct errand errand;
};

static void toy_errand_free(struct errand *errand)
{
    free(container_of(errand, struct toy_errand, errand));
}

void *toy_new(void *house, const struct peer *peer)
{
    struct house *h = house;
    struct toy *toy = must_new(struct toy);

    (void)peer;
    toy->house = h;
    pthread_mutex_lock(&h->mutex);
    h->sessions++;
    pthread_mutex_unlock(&h->mutex);
    return toy;
}

static void toy_free(void *session)
{
    struct toy *toy = session;
    struct house *h = toy->house;

    pthread_mutex_lock(&h->mutex);
    h->sessions--;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->mutex);
    free(toy);
}

static enum next toy_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct house *h = ((struct toy *)session)->house;

    (void)peer;
    pthread_mutex_lock(&h->mutex);
    h->early = turn->early;
    h->greeted++;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->mutex);
    bytes_add_text(turn->out, "hello\n");
    return NEXT_READ;
}

static enum next toy_wait(struct turn *turn)
{
    struct toy_errand *errand = must_new(struct toy_errand);

    errand->errand.free = toy_errand_free;
    turn->errand = &errand->errand;
    return NEXT_WAIT;
}

static enum next toy_flood(struct toy *toy, struct turn *turn)
{
    memset(bytes_reserve(turn->out, FLOOD_PIECE), 'x', FLOOD_PIECE);
    turn->out->len += FLOOD_PIECE;
    toy->pieces_left--;
    return toy->pieces_left ? NEXT_MORE : NEXT_READ;
}

static enum next toy_more(void *session, struct turn *turn)
{
    static const char *const words[] = {"three\n", "two\n"};
    struct toy *toy = session;

    if (toy->flooding)
        return toy_flood(toy, turn);
    bytes_add_text(turn->out, words[--toy->pieces_left]);
    return toy->pieces_left ? NEXT_MORE : NEXT_READ;
}

static int64_t number_behind(struct slice line)
{
    int64_t number = 0;

    if (!slice_to_number(slice_from(line, slice_find(line, ' ') + 1), INT64_MAX, &number))
        abort();
    return number;
}

static enum next toy_send(struct toy *toy, struct slice line, struct turn *turn)
{
    toy->flooding = slice_starts(line, SLICE("flood "));
    if (toy->flooding) {
        toy->pieces_left = number_behind(line);
        return toy_flood(toy, turn);
    }
    toy->pieces_left = 2;
    bytes_add_text(turn->out, "one\n");
    return NEXT_MORE;
}

static enum next toy_watch(struct toy *toy, struct slice line, struct turn *turn)
{
    turn->watch = toy->watch = number_behind(line);
    if (slice_starts(line, SLICE("look")))
        return toy_wait(turn);
    bytes_add_text(turn->out, "watching\n");
    return NEXT_READ;
}

static enum next toy_say(struct turn *turn, const char *text, enum next next)
{
    bytes_add_text(turn->out, text);
    return next;
}

static enum next toy_obey(struct toy *toy, struct slice line, struct turn *turn)
{
    if (slice_starts(line, SLICE("echo "))) {
        bytes_print(turn->out, "%.*s\n", SLICE_ARGS(slice_from(line, 5)));
        return NEXT_READ;
    }
    if (slice_is(line, "wait") || slice_is(line, "slowtls")) {
        toy->tls_after = slice_is(line, "slowtls");
        return toy_wait(turn);
    }
    if (slice_is(line, "home")) {
        turn->at_home = true;
        return toy_say(turn, "home\n", NEXT_READ);
    }
    if (slice_is(line, "crowd"))
        return toy_say(turn, turn->crowded ? "many\n" : "few\n", NEXT_READ);
    if (slice_is(line, "starttls"))
        return toy_say(turn, "go\n", NEXT_START_TLS);
    if (slice_is(line, "more") || slice_starts(line, SLICE("flood ")))
        return toy_send(toy, line, turn);
    if (slice_has(line, "watch "))
        return toy_watch(toy, line, turn);
    if (slice_starts(line, SLICE("timer "))) {
        turn->wake_at_ms = monotonic_ms() + number_behind(line);
        return NEXT_READ;
    }
    return toy_say(turn, "bye\n", NEXT_HANG_UP);
}

/* One line a call: the rest must be brought again. */
static enum next toy_read(void *session, struct turn *turn)
{
    struct toy *toy = session;
    struct house *h = toy->house;
    size_t end = slice_find(turn->in, '\n');

    pthread_mutex_lock(&h->mutex);
    if (turn->out->len > h->most_unsent)
        h->most_unsent = turn->out->len;
    pthread_mutex_unlock(&h->mutex);
    turn->watch = toy->watch;
    if (end == SIZE_MAX)
        return NEXT_READ;
    turn->used = end + 1;
    return toy_obey(toy, slice_first(turn->in, end), turn);
}

static enum next toy_resume(void *session, struct errand *back, struct turn *turn)
{
    struct toy *toy = session;

    errand_free(back);
    turn->watch = toy->watch;
    if (toy->tls_after)
        return toy_say(turn, "go\n", NEXT_START_TLS);
    return toy_say(turn, "back\n", NEXT_READ);
}

static enum next toy_secured(void *session, const struct tls_facts *tls, struct turn *turn)
{
    struct toy *toy = session;
    struct house *h = toy->house;

    pthread_mutex_lock(&h->mutex);
    h->facts = *tls;
    pthread_mutex_unlock(&h->mutex);
    return toy_say(turn, "secured\n", NEXT_READ);
}

static enum next toy_nudged(void *session, enum nudge why, struct turn *turn)
{
    struct toy *toy = session;

    turn->watch = toy->watch;
    switch (why) {
    case NUDGE_TIMER: return toy_say(turn, "ding\n", NEXT_READ);
    case NUDGE_CHANGE: return toy_say(turn, "news\n", NEXT_READ);
    case NUDGE_CLOSING: return toy_say(turn, "closing\n", NEXT_HANG_UP);
    }
    return NEXT_HANG_UP;
}

const struct session_kind toy_kind = {
    .name = "toy",
    .begin = toy_begin,
    .read = toy_read,
    .resume = toy_resume,
    .more = toy_more,
    .secured = toy_secured,
    .nudged = toy_nudged,
    .free = toy_free,
};

static void carry(void *ctx, struct errand *errand, struct loop *home)
{
    struct house *h = ctx;
    struct errand **end = &h->errands;

    (void)home;
    pthread_mutex_lock(&h->mutex);
    while (*end)
        end = &(*end)->link;
    errand->link = NULL;
    *end = errand;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->mutex);
}

static void run(void *arg)
{
    loop_run(arg);
}

void house_open(struct house *h)
{
    struct err err;

    *h = (struct house){0};
    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->changed, NULL);
    h->loop = loop_new("test", &err);
    loop_set_carrier(h->loop, carry, h);
    assert_true(thread_start(&h->thread, "test-loop", 0, run, h->loop, &err));
}

static bool take_home(struct house *h)
{
    pthread_mutex_lock(&h->mutex);
    struct errand *errand = h->errands;
    if (errand)
        h->errands = errand->link;
    pthread_mutex_unlock(&h->mutex);
    if (errand)
        loop_errand_home(h->loop, errand);
    return errand != NULL;
}

void house_close(struct house *h)
{
    loop_stop(h->loop);
    thread_join(&h->thread);
    while (take_home(h))
        continue;
    loop_free(h->loop);
    assert_int_equal(h->sessions, 0);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->mutex);
}

struct call {
    struct house *house;
    void (*fn)(void *arg);
    void *arg;
    bool done;
};

static void make_call(void *arg)
{
    struct call *call = arg;

    call->fn(call->arg);
    pthread_mutex_lock(&call->house->mutex);
    call->done = true;
    pthread_cond_broadcast(&call->house->changed);
    pthread_mutex_unlock(&call->house->mutex);
}

void house_call(struct house *h, void (*fn)(void *arg), void *arg)
{
    struct call call = {h, fn, arg, false};

    loop_post(h->loop, make_call, &call);
    pthread_mutex_lock(&h->mutex);
    while (!call.done)
        pthread_cond_wait(&h->changed, &h->mutex);
    pthread_mutex_unlock(&h->mutex);
}

struct start {
    struct house *house;
    int fd;
    const struct listen_options *options;
};

static void start_toy(void *arg)
{
    struct start *start = arg;

    connection_start(start->house->loop, start->fd, start->options);
}

void house_start_toy(struct house *h, int fd, const struct listen_options *options)
{
    house_call(h, start_toy, &(struct start){h, fd, options});
}

void house_wait_hello(struct house *h, int count)
{
    pthread_mutex_lock(&h->mutex);
    while (h->greeted < count)
        pthread_cond_wait(&h->changed, &h->mutex);
    pthread_mutex_unlock(&h->mutex);
}

int house_connect(struct house *h, const struct listen_options *options)
{
    const struct timeval patience = {.tv_sec = 60}; /* of a busy machine */
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    /* The loop's end must not block; ends[0] may. */
    int server = ends[1];
    assert_int_equal(fcntl(server, F_SETFL, O_NONBLOCK), 0);
    house_start_toy(h, server, options);
    return ends[0];
}

struct errand *house_errand(struct house *h)
{
    pthread_mutex_lock(&h->mutex);
    while (!h->errands)
        pthread_cond_wait(&h->changed, &h->mutex);
    struct errand *errand = h->errands;
    pthread_mutex_unlock(&h->mutex);
    return errand;
}

void house_bring_home(struct house *h)
{
    house_errand(h);
    take_home(h);
}

void house_wait_sessions(struct house *h, size_t count)
{
    pthread_mutex_lock(&h->mutex);
    while (h->sessions != count)
        pthread_cond_wait(&h->changed, &h->mutex);
    pthread_mutex_unlock(&h->mutex);
}

static void on_closed(void *ctx, bool all_ended)
{
    struct house *h = ctx;

    pthread_mutex_lock(&h->mutex);
    h->closed = true;
    h->all_ended = all_ended;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->mutex);
}

void house_start_closing(struct house *h, int64_t within_ms)
{
    loop_closing(h->loop, within_ms, on_closed, h);
}

bool house_wait_closed(struct house *h)
{
    pthread_mutex_lock(&h->mutex);
    while (!h->closed)
        pthread_cond_wait(&h->changed, &h->mutex);
    bool all_ended = h->all_ended;
    pthread_mutex_unlock(&h->mutex);
    return all_ended;
}

void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

void hear(int fd, const char *expected)
{
    char got[256] = {0};
    size_t len = strlen(expected), have = 0;

    while (have < len) {
        ssize_t more = read(fd, got + have, len - have);
        if (more <= 0)
            fail_msg("heard \"%s\" and no more, instead of \"%s\"", got, expected);
        have += (size_t)more;
    }
    assert_string_equal(got, expected);
}

void hear_end(int fd)
{
    char byte;
    ssize_t got = read(fd, &byte, 1);

    if (got > 0)
        fail_msg("heard '%c' instead of the end", byte);
    if (got < 0 && errno != ECONNRESET) /* closed with something of ours unread */
        fail_msg("the end did not come: %s", strerror(errno));
}

const struct listen_options *toy_options(struct house *h)
{
    static struct listen_options options;

    options = (struct listen_options){
        .service = "toy", .kind = &toy_kind, .new_session = toy_new, .ctx = h};
    return &options;
}

int toy_open(struct house *h)
{
    house_open(h);
    int fd = house_connect(h, toy_options(h));
    hear(fd, "hello\n");
    return fd;
}

void toy_close(struct house *h, int fd)
{
    close(fd);
    house_close(h);
}
