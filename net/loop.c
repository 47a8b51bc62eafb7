/*
 * What a loop must keep true: only its own thread touches libevent, so libevent runs without locks;
 * other threads leave posts under the mutex and ring the eventfd.
 *
 * The ready round is the one place that frees connections and the fair queue: a connection with more
 * to do after its share stands at the end of it.
 */
#include "event_memory.h"
#include "net_private.h"

#include "clock.h"
#include "log.h"
#include "memory.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { ROUND_MS = 4 };

void loop_run_posts(struct loop *loop)
{
    uint64_t rung;

    if (read(loop->wake_fd, &rung, sizeof rung) < 0 && errno != EAGAIN)
        log_error("loop=%s cannot read its bell: %m", loop->name);
    pthread_mutex_lock(&loop->mutex);
    struct post *post = loop->posts;
    loop->posts = NULL;
    loop->posts_end = &loop->posts;
    pthread_mutex_unlock(&loop->mutex);
    while (post) {
        struct post *next = post->next;
        post->fn(post->arg);
        free(post);
        post = next;
    }
}

static void on_wake(int fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    loop_run_posts(arg);
}

/* True once everything has ended and somebody waits to hear it. */
static bool closing_is_over(const struct loop *loop)
{
    return loop->closed && atomic_load(&loop->session_count) == 0;
}

static void tell_closed(struct loop *loop, bool all_ended)
{
    void (*closed)(void *, bool) = loop->closed;

    loop->closed = NULL;
    event_del(loop->closing_timer);
    closed(loop->closed_ctx, all_ended);
}

/* A timer, not event_active(): libevent would run that again and again before it looks at a socket. */
void loop_ready_soon(struct loop *loop)
{
    static const struct timeval at_once = {0};

    if (!event_pending(loop->ready_event, EV_TIMEOUT, NULL))
        event_add(loop->ready_event, &at_once);
}

static struct connection *take_ready(struct loop *loop)
{
    struct connection *c = loop->ready;

    loop->ready = c->next_ready;
    if (!loop->ready)
        loop->ready_end = &loop->ready;
    c->ready = false;
    return c;
}

/* Those that wait now, as far as there is time: who has little to say shall not wait for all who have much. */
static void on_ready(int fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct loop *loop = arg;
    int64_t began_ms = monotonic_ms();
    size_t count = 0;

    for (const struct connection *c = loop->ready; c; c = c->next_ready)
        count++;
    for (size_t i = 0; i < count && (i == 0 || monotonic_ms() - began_ms < ROUND_MS); i++) {
        struct connection *c = take_ready(loop);
        if (c->step != STEP_DEAD)
            connection_drive(c);
        else if (!c->errand)
            connection_reap(c);
    }
    if (loop->ready)
        loop_ready_soon(loop);
    if (closing_is_over(loop))
        tell_closed(loop, true);
}

static void on_closing_deadline(int fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct loop *loop = arg;

    if (!loop->closed)
        return;
    for (struct connection *c = loop->sessions, *next; c; c = next) {
        next = c->next;
        connection_end(c);
    }
    tell_closed(loop, false);
}

MUST_CHECK static bool make_events(struct loop *loop, struct err *err)
{
    event_memory_use();
    struct event_config *config = event_config_new();

    /* What a session waits for changes with each of its steps; the kernel is told once a round. */
    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
        loop->base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!loop->base || loop->wake_fd < 0)
        return err_system(err, "The server cannot start", "event loop");
    loop->wake_event = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
    loop->ready_event = event_new(loop->base, -1, 0, on_ready, loop);
    loop->closing_timer = evtimer_new(loop->base, on_closing_deadline, loop);
    if (!loop->wake_event || !loop->ready_event || !loop->closing_timer ||
        event_add(loop->wake_event, NULL) < 0)
        return err_system(err, "The server cannot start", "events of a loop");
    return true;
}

struct loop *loop_new(const char *name, struct err *err)
{
    scoped(loop) loop = must_new(struct loop);

    loop->name = name;
    loop->wake_fd = loop->signal_fd = -1;
    loop->ready_end = &loop->ready;
    loop->posts_end = &loop->posts;
    pthread_mutex_init(&loop->mutex, NULL);
    if (!make_events(loop, err))
        return NULL;
    return steal(&loop);
}

static void end_everything(struct loop *loop)
{
    for (struct connection *c = loop->sessions, *next; c; c = next) {
        next = c->next;
        connection_end(c);
    }
    /* Twice: what a post or an ended session posted is run as well. */
    for (int i = 0; i < 2; i++) {
        loop_run_posts(loop);
        while (loop->ready)
            on_ready(-1, 0, loop);
    }
    if (loop->sessions)
        log_error("loop=%s ends while %zu errands are out", loop->name, loop_session_count(loop));
}

static void event_drop(struct event *event)
{
    if (event)
        event_free(event);
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->base && loop->closing_timer)
        end_everything(loop);
    event_drop(loop->wake_event);
    event_drop(loop->ready_event);
    event_drop(loop->closing_timer);
    event_drop(loop->signal_event);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    if (loop->signal_fd >= 0)
        close(loop->signal_fd);
    if (loop->base)
        event_base_free(loop->base);
    pthread_mutex_destroy(&loop->mutex);
    free(loop);
}

void loop_run(struct loop *loop)
{
    atomic_store(&loop->owner, pthread_self());
    atomic_store(&loop->running, true);
    while (!atomic_load(&loop->stopping))
        event_base_loop(loop->base, EVLOOP_ONCE);
    atomic_store(&loop->stopping, false);
    atomic_store(&loop->running, false);
}

static void nothing(void *arg)
{
    (void)arg;
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    loop_post(loop, nothing, NULL);
}

bool loop_is_mine(const struct loop *loop)
{
    return !atomic_load(&loop->running) || pthread_equal(atomic_load(&loop->owner), pthread_self());
}

void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg)
{
    struct post *post = must_new(struct post);
    const uint64_t one = 1;

    post->fn = fn;
    post->arg = arg;
    pthread_mutex_lock(&loop->mutex);
    bool first = !loop->posts;
    *loop->posts_end = post;
    loop->posts_end = &post->next;
    /* Inside the lock: the loop may end as soon as its last post ran. */
    if (first && write(loop->wake_fd, &one, sizeof one) < 0)
        log_error("loop=%s cannot be rung: %m", loop->name);
    pthread_mutex_unlock(&loop->mutex);
}

void loop_set_carrier(struct loop *loop,
                      void (*carry)(void *ctx, struct errand *errand, struct loop *home), void *ctx)
{
    loop->carry = carry;
    loop->carry_ctx = ctx;
}

static void arrive(void *arg)
{
    struct errand *errand = arg;

    connection_errand_home(errand->home, errand);
}

void loop_errand_home(struct loop *loop, struct errand *errand)
{
    loop_post(loop, arrive, errand);
}

size_t loop_session_count(const struct loop *loop)
{
    return atomic_load(&loop->session_count);
}

struct closing {
    struct loop *loop;
    int64_t within_ms;
    void (*done)(void *ctx, bool all_ended);
    void *ctx;
};

static void start_closing(void *arg)
{
    struct closing *order = arg;
    struct loop *loop = order->loop;
    struct timeval within = {.tv_sec = order->within_ms / 1000,
                             .tv_usec = order->within_ms % 1000 * 1000};

    loop->closing = true;
    loop->closed = order->done;
    loop->closed_ctx = order->ctx;
    free(order);
    event_add(loop->closing_timer, &within);
    for (struct connection *c = loop->sessions; c; c = c->next)
        connection_soon(c);
    loop_ready_soon(loop); /* there may be no session at all */
}

void loop_closing(struct loop *loop, int64_t within_ms, void (*done)(void *ctx, bool all_ended),
                  void *ctx)
{
    struct closing *order = must_new(struct closing);

    *order = (struct closing){loop, within_ms, done, ctx};
    loop_post(loop, start_closing, order);
}

static void on_signal(int fd, short what, void *arg)
{
    (void)what;
    struct loop *loop = arg;
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        loop->on_signal(loop->on_signal_ctx, (int)info.ssi_signo);
}

bool loop_on_signals(struct loop *loop, const int *signals, size_t count,
                     void (*fn)(void *ctx, int signal), void *ctx, struct err *err)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    loop->on_signal = fn;
    loop->on_signal_ctx = ctx;
    loop->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (loop->signal_fd < 0)
        return err_system(err, "The server cannot start", "signals");
    loop->signal_event =
        event_new(loop->base, loop->signal_fd, EV_READ | EV_PERSIST, on_signal, loop);
    if (!loop->signal_event || event_add(loop->signal_event, NULL) < 0)
        return err_system(err, "The server cannot start", "event of signals");
    return true;
}

struct start {
    struct loop *loop;
    const struct session_kind *kind;
    void *session;
};

static void start_session(void *arg)
{
    struct start *start = arg;
    struct connection *c = connection_new(start->loop, start->kind, start->session);

    c->peer.service = start->kind->name;
    free(start);
    connection_drive(c);
}

void loop_start(struct loop *loop, const struct session_kind *kind, void *session)
{
    struct start *start = must_new(struct start);

    *start = (struct start){loop, kind, session};
    loop_post(loop, start_session, start);
}
