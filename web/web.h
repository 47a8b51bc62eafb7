/*
 * web — pages for people: profile, post, pictures, and the few words a stranger is referred to.
 *
 * Does:     show what is public as HTML that works without JavaScript, on a phone, in the dark, read aloud.
 * May use:  base, bridge, store (reading).
 * Must not: show anything that is not public or unlisted; load anything from elsewhere.
 */
#ifndef NESTBOX_WEB_H
#define NESTBOX_WEB_H

#include "clock.h"
#include "http.h"
#include "scope.h"
#include "session.h"

struct bridge;
struct config;
struct store;

struct web_parts { /* all borrowed until web_free() */
    const struct config *config;
    const struct clock *clock;
    struct bridge *bridge;
    struct store *store;
    const char *version;
    /* Takes `session`, which the outward loop runs. */
    void (*start_session)(void *ctx, const struct session_kind *kind, void *session);
    void *ctx;
};
struct web;
struct web *web_new(const struct web_parts *parts);
void web_free(struct web *it); /* after the inward loop has ended */
SCOPED(web, web_free)

/* Tells owners' devices by Web Push: a session without a peer, for the outward loop. */
extern const struct session_kind web_push_kind;
void *web_push_new(struct web *it);

/* Routes for main's table; they run on the inward loop.  Borrowed until web_free(). */
struct http_face web_face(struct web *it);

#endif
