/*
 * resolver — DNS errands (LANE_DNS, base/dns.h), by libunbound on the outward loop.
 *
 * Asks config->dns_server, or else the system's resolvers (/etc/resolv.conf), and validates DNSSEC
 * itself with config->trust_anchor, so it need not trust them.  One cache for the whole server.
 */
#ifndef NESTBOX_NET_RESOLVER_H
#define NESTBOX_NET_RESOLVER_H

#include "config.h"
#include "dns.h"
#include "loop.h"

struct resolver;
/* On the loop's thread or before it runs.  Keeps no borrow of config. */
MUST_CHECK struct resolver *resolver_new(struct loop *loop, const struct config *config,
                                         struct err *err);
/* Any thread.  `errand` is a struct dns_lookup's.  done() runs on the loop; errand->ok says it was
 * asked. */
void resolver_submit(struct resolver *resolver, struct errand *errand,
                     void (*done)(void *ctx, struct errand *errand), void *ctx);
/* After loop_run(), before loop_free(): what is still asked is done() with ok false. */
void resolver_free(struct resolver *resolver);
SCOPED(resolver, resolver_free)

#endif
