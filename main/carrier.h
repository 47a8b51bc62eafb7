/*
 * carrier — brings errands where their work is done, and home (architecture.md 4).
 *
 * worker → writer → home loop; run again on ERR_CONFLICT, three times at most.  DNS, FETCH, RESOLVE and DIAL errands
 * go to the outward loop.  Threads: carrier_carry() runs on the loop that sends.
 */
#ifndef NESTBOX_MAIN_CARRIER_H
#define NESTBOX_MAIN_CARRIER_H

#include "errand.h"

struct activitypub;
struct dialer;
struct fetcher;
struct loop;
struct resolver;
struct store;
struct workers;

struct carrier { /* all borrowed; set before the first session begins */
    struct workers *workers;
    struct store *store;
    struct resolver *resolver;
    struct fetcher *fetcher;
    struct dialer *dialer;
    struct activitypub *activitypub;
};
/* For loop_set_carrier(); ctx is a struct carrier.  Takes the errand until it is home. */
void carrier_carry(void *ctx, struct errand *errand, struct loop *home);

#endif
