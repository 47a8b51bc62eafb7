/*
 * http_server — the strict HTTP/1.1 reader, as a session kind; docs/http.md has its rules.
 *
 * Requests become values (base/http.h), routed by method, path and Accept to the faces' handlers.
 * Anything that two readers could understand differently is 400 and the end of the connection.
 * The session's functions are pure but for the sum of all bodies: bytes in, replies and next step out.  Threads: the
 * loop's own; all sessions of a server live on one.
 */
#ifndef NESTBOX_NET_HTTP_SERVER_H
#define NESTBOX_NET_HTTP_SERVER_H

#include "challenges.h"
#include "clock.h"
#include "http.h"
#include "scope.h"

struct http_options {
    const struct http_face *faces; /* the array is copied, its routes kept by borrow */
    size_t face_count;
    const struct clock *clock; /* wall time, for Date; NULL: the system's */
    const struct clock *timer; /* loop time, for deadlines; NULL: monotonic_ms() */
    /* Is this Host (and peer, and path) for us?  Otherwise 421.  NULL: always. */
    bool (*is_ours)(void *ctx, const struct http_request *request);
    bool (*is_busy)(void *ctx); /* new requests hear 503 then.  NULL: never */
    void *ctx;
    /* Tokens that certificate authorities ask for at the plain service, before all else; NULL: none.  Kept by borrow. */
    struct challenges *challenges;
    bool redirect_only; /* the plain service: GET and HEAD are sent to https, else 405 */
    int https_port;     /* where redirect_only sends; 0: 443 */
    size_t head_max;    /* 0: 16 KiB (request line, fields, empty line) */
    size_t body_max;    /* 0: 1 MiB */
    size_t bodies_max;  /* all bodies held at a time; who would go beyond hears 503; 0: 64 MiB */
    int64_t request_ms; /* first to last byte of one request; 0: 30 s */
    int64_t idle_ms;    /* between two requests; 0: 60 s */
    int64_t slow_rate;  /* bytes a second that a request must reach after 5 s; 0: 128 */
};
struct http_server;
struct http_server *http_server_new(const struct http_options *options);
void http_server_free(struct http_server *server); /* after the loops that use it */
SCOPED(http_server, http_server_free)

/* For struct listen_options: kind = &http_session_kind, new_session = http_session_new, ctx = the
 * server. */
extern const struct session_kind http_session_kind;
void *http_session_new(void *server, const struct peer *peer);

#endif
