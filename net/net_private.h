/*
 * net_private — what loop.c, connection.c, driver.c, news.c and listen.c share: a loop and a session on it.
 *
 * A connection is a session with or without a wire.  All fields belong to the loop's thread, but for
 * those marked.  Nothing frees a connection but the loop's ready round, so that no function below it on
 * the stack loses what it works on: connection_end() only marks it.
 */
#ifndef NESTBOX_NET_PRIVATE_H
#define NESTBOX_NET_PRIVATE_H

#include "listen.h"
#include "loop.h"
#include "wire.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    NEWS_BUCKETS = 256,
    CROWD = 500, /* sessions on a loop whose peers are not known */
};

/*
 *   SHAKING --> READING <--> AWAY (an errand is out)
 *                 | ^ ^----> SENDING (NEXT_MORE)
 *      STARTING_TLS  SHAKING          (and COMPRESSING --> READING)
 *   any --> HANGING_UP --> LINGERING --> DEAD
 */
enum step {
    STEP_BEGIN,
    STEP_SHAKING,
    STEP_READING,
    STEP_AWAY,
    STEP_SENDING,
    STEP_STARTING_TLS,
    STEP_COMPRESSING,
    STEP_HANGING_UP,
    STEP_LINGERING,
    STEP_DEAD,
};

struct connection {
    struct loop *loop;
    struct connection *next, *before; /* of the loop's sessions */
    struct connection *next_ready;    /* of the loop's ready round */
    bool ready;
    const struct session_kind *kind;
    void *session;
    struct peer peer;
    struct wire *wire;    /* NULL: a session without a connection */
    struct bytes dropped; /* where such a session writes */
    struct tls_server *tls;
    const struct listen_protocol *protocols; /* NULL: one */
    void *protocols_ctx;
    int64_t handshake_ms,
        stalled_ms; /* patience with a handshake, with a peer that takes nothing */
    enum step step;
    bool begun;
    bool fresh;            /* bring what is in wire->in even if nothing new came */
    struct errand *errand; /* out; it belongs to the carrier, but for `unwanted` */
    int64_t watch;
    struct connection *next_watcher, **watch_slot;
    bool look_again; /* news came */
    bool told_closing;
    bool at_home;        /* counted in loop->at_home */
    size_t weighs;       /* of loop->buffered */
    int64_t wake_at_ms;  /* the session's, 0 never */
    int64_t limit_at_ms; /* the driver's: handshake, stalled peer, lingering; 0 none */
    struct event *timer;
    int64_t timer_at_ms;                                /* armed for, 0 not */
    void (*on_end)(void *ctx, const struct peer *peer); /* or NULL */
    void *on_end_ctx;
    SSL *client_tls;             /* of a connection that we made: for its handshake; else NULL */
    enum tls_trust trust;        /* why that handshake failed */
    void (*on_freed)(void *ctx); /* behind its session's free(); or NULL */
    void *on_freed_ctx;
};

struct post {
    void (*fn)(void *arg);
    void *arg;
    struct post *next;
};

struct loop {
    const char *name;
    struct event_base *base;
    _Atomic(pthread_t) owner;
    _Atomic bool running;
    _Atomic bool stopping;
    _Atomic size_t session_count;
    size_t at_home; /* sessions whose peers are known */
    size_t
        trim_below; /* sessions: then memory goes back, and again at half as many; 0: no crowd was here */
    size_t buffered; /* bytes that wires hold, when they were last weighed */
    struct connection *sessions;
    struct connection *ready, **ready_end;
    struct event *ready_event;
    void (*carry)(void *ctx, struct errand *errand, struct loop *home);
    void *carry_ctx;
    struct connection *watchers[NEWS_BUCKETS];
    _Atomic unsigned
        listening[NEWS_BUCKETS]; /* of these, who has no news to look at yet; any thread */
    bool closing;
    void (*closed)(void *ctx, bool all_ended); /* NULL once it was called */
    void *closed_ctx;
    struct event *closing_timer;
    int wake_fd; /* an eventfd */
    struct event *wake_event;
    pthread_mutex_t mutex; /* guards posts */
    struct post *posts, **posts_end;
    int signal_fd; /* -1 none */
    struct event *signal_event;
    void (*on_signal)(void *ctx, int signal);
    void *on_signal_ctx;
};

/* loop.c */
void loop_run_posts(struct loop *loop);  /* what was posted so far */
void loop_ready_soon(struct loop *loop); /* a ready round, when sockets were looked at */

/* connection.c */
struct connection *connection_new(struct loop *loop, const struct session_kind *kind,
                                  void *session);
void connection_soon(struct connection *c); /* in the next ready round */
void connection_end(struct connection *c);
void connection_weigh(struct connection *c, size_t bytes); /* what its wire holds now */
void connection_reap(struct connection *c);                /* frees it; loop.c alone */

/* driver.c */
/* Takes fd and session; begins when it is driven.  options->tls and protocols must outlive it. */
struct connection *connection_accept(struct loop *loop, int fd, const struct peer *peer,
                                     const struct listen_options *options, void *session);
void connection_drive(struct connection *c); /* as far as it goes now */
void connection_errand_home(struct connection *c, struct errand *errand);

/* news.c */
void news_watch(struct connection *c, int64_t topic); /* 0: nothing */
void news_heard(struct loop *loop, int64_t topic);
bool news_waits(
    struct connection *c); /* whether there is news; it is taken: the session looks now */

/* tls.c */
SSL_CTX *tls_server_context(struct tls_server *tls);
void tls_facts_of(SSL *ssl, struct tls_facts *out);
/* The row that ALPN chose; NULL: none was asked for. */
const struct listen_protocol *tls_protocol_of(SSL *ssl, const struct listen_protocol *protocols);
enum tls_trust tls_trust_of(SSL *ssl);

#endif
