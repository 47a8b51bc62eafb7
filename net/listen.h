/*
 * listen — listeners: an address on which sessions of one kind begin.
 *
 * Bound at once (so before privileges are dropped), accepting when the loop runs.  A connection
 * above a limit is closed, with a word where the protocol has one; who is in stays.  When descriptors
 * run out accepting rests for a second.
 * Threads: the loop's own.
 */
#ifndef NESTBOX_NET_LISTEN_H
#define NESTBOX_NET_LISTEN_H

#include "loop.h"
#include "tls.h"

struct listen_protocol { /* one of several behind one port */
    const char *name;    /* "imap" */
    const char *service; /* becomes peer.service */
    const struct session_kind *kind;
    void *(*new_session)(void *ctx, const struct peer *peer);
};
struct listen_options {
    const char *address;    /* "0.0.0.0", "::" (IPv6 and IPv4), without brackets */
    int port;               /* 0: a free one, see listener_port() */
    const char *service;    /* becomes peer.service; kept by borrow as long as sessions live */
    struct tls_server *tls; /* for implicit TLS and for NEXT_START_TLS; NULL: none */
    bool implicit_tls;      /* shake hands before begin() */
    /* What ALPN may name (RFC 7301), ended by a row without a name, kept by borrow; NULL: ALPN is ignored.  Who names
     * nothing gets kind, who names nothing of these no connection. */
    const struct listen_protocol *protocols;
    const struct session_kind *kind;
    void *(*new_session)(void *ctx, const struct peer *peer); /* NULL answer: not welcome, closed */
    void *ctx;
    unsigned max_connections; /* in all; 0: 4096 */
    unsigned max_per_block;   /* of one IPv4 /24 or IPv6 /56; 0: 50, without limit from loopback */
    /* New ones of such a block: so many at once, and then so many a second; 0: any number. */
    unsigned burst_per_block, rate_per_block;
    size_t max_buffered; /* bytes of all connections of the loop; 0: 128 MiB */
    /* Said to who is turned away, before the connection is closed: "421 …\r\n".  NULL: nothing. */
    const char *full_words, *block_words;
    int64_t handshake_ms; /* TLS must stand by then; 0: 30 s */
};
struct listener;
MUST_CHECK struct listener *listener_open(struct loop *loop, const struct listen_options *options,
                                          struct err *err);
int listener_port(const struct listener *listener);
void listener_close(struct listener *listener); /* its sessions live on; before loop_free() */
SCOPED(listener, listener_close)

/* A socket that came from elsewhere: one session on it as if accepted.  Takes fd (non-blocking
 * stream socket).  Only tls, implicit_tls, protocols, handshake_ms, service, kind, new_session, ctx
 * count. */
void connection_start(struct loop *loop, int fd, const struct listen_options *options);

#endif
