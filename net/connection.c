/*
 * A connection's birth and end.  What it does between them: driver.c.
 */
#include "net_private.h"

#include "memory.h"

#include <malloc.h>

static void on_timer(int fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct connection *c = arg;

    c->timer_at_ms = 0;
    if (c->step != STEP_DEAD)
        connection_drive(c);
}

struct connection *connection_new(struct loop *loop, const struct session_kind *kind, void *session)
{
    struct connection *c = must_new(struct connection);

    c->loop = loop;
    c->kind = kind;
    c->session = session;
    c->timer = evtimer_new(loop->base, on_timer, c);
    if (!c->timer)
        abort();
    c->next = loop->sessions;
    if (c->next)
        c->next->before = c;
    loop->sessions = c;
    if (atomic_fetch_add(&loop->session_count, 1) >= CROWD)
        loop->trim_below = CROWD / 2;
    return c;
}

void connection_soon(struct connection *c)
{
    struct loop *loop = c->loop;

    if (c->ready)
        return;
    c->ready = true;
    c->next_ready = NULL;
    *loop->ready_end = c;
    loop->ready_end = &c->next_ready;
    loop_ready_soon(loop);
}

void connection_weigh(struct connection *c, size_t bytes)
{
    c->loop->buffered = c->loop->buffered - c->weighs + bytes;
    c->weighs = bytes;
}

void connection_end(struct connection *c)
{
    if (c->step == STEP_DEAD)
        return;
    c->step = STEP_DEAD;
    connection_weigh(c, 0);
    news_watch(c, 0);
    event_del(c->timer);
    if (c->wire) {
        wire_clear(c->wire);
        free(c->wire);
        c->wire = NULL;
    }
    if (c->on_end)
        c->on_end(c->on_end_ctx, &c->peer);
    if (c->errand)
        atomic_store(&c->errand->unwanted, true);
    connection_soon(c);
}

void connection_reap(struct connection *c)
{
    c->kind->free(c->session);
    if (c->on_freed)
        c->on_freed(c->on_freed_ctx);
    SSL_free(c->client_tls);
    event_free(c->timer);
    bytes_clear(&c->dropped);
    if (c->next)
        c->next->before = c->before;
    if (c->before)
        c->before->next = c->next;
    else
        c->loop->sessions = c->next;
    struct loop *loop = c->loop;
    loop->at_home -= c->at_home;
    free(c);
    size_t left = atomic_fetch_sub(&loop->session_count, 1) - 1;
    if (left < loop->trim_below) {
        loop->trim_below = left / 2;
        malloc_trim(0); /* what a crowd had would stay ours, in holes between what others have */
    }
}
