/*
 * http_peer — the HTTP reader without a socket, and a face whose handlers write down what they saw.
 *
 * Drives http_session_kind as net's driver does: what a session left is brought again, at once if it
 * took something, else when more has arrived.
 */
#ifndef NESTBOX_TEST_HTTP_PEER_H
#define NESTBOX_TEST_HTTP_PEER_H

#include "http_server.h"

struct http_peer {
    struct test_clock wall, timer;
    struct http_server *server;
    struct peer peer;
    void *session;
    struct bytes unread; /* by the session */
    struct bytes out;    /* everything it answered */
    struct bytes seen;   /* one line for each call of a handler */
    enum next next;
    struct errand *errand; /* out */
    int64_t watch, wake_at_ms;
    bool hung_up;
    bool busy;
    size_t states; /* handlers' states not freed yet */
};

/* Options but for faces, clocks and ctx, which are the peer's. */
void http_peer_open(struct http_peer *p, struct http_options options);
/* One more connection to the server of `first`, which is closed last. */
void http_peer_join(struct http_peer *p, const struct http_peer *first);
void http_peer_close(struct http_peer *p);
void http_peer_send(struct http_peer *p, struct slice bytes);
void http_peer_come_home(struct http_peer *p); /* the errand that is out */
void http_peer_more(struct http_peer *p);      /* while the session wants to send more */
void http_peer_nudge(struct http_peer *p, enum nudge why);
void http_peer_pass(struct http_peer *p,
                    int64_t ms); /* time; nudges when the session asked for it */
/* "200 404 kept" or "400 closed": the answers so far, and the connection.  Heap text. */
char *http_peer_summary(const struct http_peer *p);

#endif
