/*
 * dialer — DIAL errands (LANE_DIAL, base/dial.h) on the outward loop: connections that we make.
 *
 * Checks every address (ssrf.h) unless config->allow_private, `connect_to` or dial->named_by_admin lets it
 * through; binds config->source_address; 30 s to connect to each.  The session on a connection is driven as any
 * other (loop.h), but that NEXT_START_TLS begins the handshake as the client: TLS 1.2 or newer, with SNI.
 */
#ifndef NESTBOX_NET_DIALER_H
#define NESTBOX_NET_DIALER_H

#include "config.h"
#include "dial.h"
#include "loop.h"

struct dialer;
/* On the loop's thread or before it runs.  Keeps a borrow of config.  Certificates are judged by config->ca_file, or
 * else by the system's. */
MUST_CHECK struct dialer *dialer_new(struct loop *loop, const struct config *config,
                                     struct err *err);
/* On the loop.  `errand` is a struct dial's.  done() runs on the loop. */
void dialer_submit(struct dialer *dialer, struct errand *errand,
                   void (*done)(void *ctx, struct errand *errand), void *ctx);
/* After loop_run(), before loop_free(): what is not connected yet is done() with ok false; conversations are
 * done() when loop_free() has ended them. */
void dialer_free(struct dialer *dialer);
SCOPED(dialer, dialer_free)

#endif
