/*
 * wire — the room's object as its sessions see it.
 */
#ifndef NESTBOX_ACTIVITYPUB_WIRE_H
#define NESTBOX_ACTIVITYPUB_WIRE_H

#include "activitypub.h"
#include "claims.h"
#include "duties.h"
#include "rate.h"

enum { POSTS_PER_MINUTE = 3000 }; /* of one network */
struct wire_parts {
    struct activitypub_duties duties;
    const struct clock *clock;
    void (*start_session)(void *ctx, const struct session_kind *kind, void *session);
    void *ctx;
    int64_t rest_ms; /* before a delivery is tried again that could not be tried or recorded */
    void (*free_work)(void *work); /* duties.ctx, at the end; or NULL */
};
struct activitypub {
    struct wire_parts parts;
    struct rate *posts;   /* of networks, to inboxes; inward loop alone */
    struct claims claims; /* of deliveries; outward loop alone */
};
struct activitypub *activitypub_wire_new(const struct wire_parts *parts);

/* What the files of the routes share. */
enum next inbox_begin(void *face, struct http_turn *turn);
enum next inbox_resume(void *face, struct http_turn *turn, struct errand *back);
/* Keeps the ask's holder in the turn and sends the ask out. */
enum next turn_send(struct http_turn *turn, struct ask *ask);
/* The next errand of the turn's ask, or NULL with *out_done. */
enum next turn_next(struct http_turn *turn, struct errand *back, struct ask **out_done);
/* {"error": "…"}, for a status above 399. */
void answer_error(struct http_response *response, int status, const char *why);
void answer_err(struct http_response *response, const struct err *err);

#endif
