/*
 * activitypub — the Fediverse face: WebFinger, actors, posts, inbox, finding people, delivery.
 *
 * Does:     answer and ask other servers in ActivityPub; sign, verify, read and write its JSON.
 * May use:  base, config, vault, bridge, store (reading), jansson for reading JSON.
 * Must not: open sockets (sessions and errands do), decide who is welcome, or write the store (the bridge does).
 *
 * Two libraries: activitypub_wire (base and jansson alone: sessions, parsers, pure functions) and
 * activitypub_work (what errands do).  Between them stands struct activitypub_duties (duties.h).
 * What we send and accept: docs/federation.md.
 */
#ifndef NESTBOX_ACTIVITYPUB_H
#define NESTBOX_ACTIVITYPUB_H

#include "clock.h"
#include "http.h"
#include "resolve.h"
#include "scope.h"
#include "session.h"

struct bridge;
struct config;
struct store;
struct vault;

struct activitypub_parts { /* all borrowed until activitypub_free() */
    const struct config *config;
    const struct clock *clock;
    struct bridge *bridge;
    struct store *store;
    struct vault *vault;
    const char *version; /* for NodeInfo and User-Agent: "0.1.0" */
    /* Starts a session without a connection on the outward loop.  Any thread; takes `session`. */
    void (*start_session)(void *ctx, const struct session_kind *kind, void *session);
    void *ctx;
};
struct activitypub;
struct activitypub *activitypub_new(const struct activitypub_parts *parts);
void activitypub_free(struct activitypub *it); /* after both loops have ended */
SCOPED(activitypub, activitypub_free)

/* Routes for main's table; they run on the inward loop.  Borrowed until activitypub_free(). */
struct http_face activitypub_face(struct activitypub *it);

/* The carrier's LANE_RESOLVE.  Any thread.  `errand` is a struct resolve's; done() gets it back on the outward
 * loop, always, with outcome, and errand.ok if it is RESOLVE_FOUND. */
void activitypub_find(struct activitypub *it, struct errand *errand,
                      void (*done)(void *ctx, struct errand *errand), void *ctx);

/* Starts delivering what is due, and goes on until the outward loop closes.  Any thread, once. */
void activitypub_deliver(struct activitypub *it);

#endif
