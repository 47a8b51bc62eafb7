/*
 * bridge — the product: who is this really, are they welcome, who is the audience, which face must it be
 * shown to.
 *
 * Does:     identity, policy, publishing, receiving, rendering, audiences, commands; alone writes the store.
 * May use:  base, config, vault, mime, pgp, store.
 * Must not: know SMTP replies, HTTP or JSON; open sockets.  What a person meets is settled in docs/behaviour.md.
 *
 * Its public headers are split by caller: bridge_mail.h (smtp), bridge_activity.h (activitypub), bridge_people.h
 * (command line), names.h (everybody).  Inside: address.c and policy_*.c (pure), publish_*.c, receive_*.c,
 * render_*.c, command_*.c, people_*.c, chores.c.
 *
 * The shape of every slow thing (architecture.md rule 3): prepare() on a worker looks and does the work;
 * record() on the writer checks again and writes.
 */
#ifndef NESTBOX_BRIDGE_H
#define NESTBOX_BRIDGE_H

#include "clock.h"
#include "config.h"
#include "err.h"

struct bridge;
struct store;
struct vault;
struct pgp;

struct bridge_parts { /* all borrowed until bridge_free() */
    const struct config *config;
    const struct clock *clock;
    struct store *store;
    struct vault *vault;
    struct pgp *pgp;
};
struct bridge *bridge_new(const struct bridge_parts *parts);
void bridge_free(struct bridge *bridge);

/* Recurring work, in slices on the BULK lane: releases held posts, expands broadcasts (500 rows at a time), fills
 * Maildirs, tidies.  *out_next_ms (wall time): when there is something to do again unless news come first. */
MUST_CHECK bool bridge_chores(struct bridge *bridge, int64_t *out_next_ms, struct err *err);

#endif
