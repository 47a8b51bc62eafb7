/*
 * fetcher — FETCH errands (LANE_FETCH, base/fetch.h), by curl's multi handle on the outward loop.
 *
 * Resolves by the resolver, checks every address (ssrf.h) before and on the connected socket; https
 * on 443 only, unless config->allow_private; no proxy, no redirect, no cookie; 512 transfers at
 * once, more wait.
 */
#ifndef NESTBOX_NET_FETCHER_H
#define NESTBOX_NET_FETCHER_H

#include "config.h"
#include "fetch.h"
#include "loop.h"
#include "resolver.h"

struct fetcher;
/* Keeps a borrow of config and resolver.  curl_global_init() was called. */
MUST_CHECK struct fetcher *fetcher_new(struct loop *loop, struct resolver *resolver,
                                       const struct config *config, struct err *err);
/* Any thread.  `errand` is a struct fetch's.  done() runs on the loop. */
void fetcher_submit(struct fetcher *fetcher, struct errand *errand,
                    void (*done)(void *ctx, struct errand *errand), void *ctx);
/* After loop_run(), before resolver_free(): what is still out is done() with ok false. */
void fetcher_free(struct fetcher *fetcher);
SCOPED(fetcher, fetcher_free)

#endif
