/*
 * tally — how many of each key are there now: connections of a network, log-ins of an account.
 *
 * As large as what is counted, so it is bounded by whoever bounds that.
 * Threads: its holder's own.
 */
#ifndef NESTBOX_BASE_TALLY_H
#define NESTBOX_BASE_TALLY_H

#include "scope.h"

#include <stdbool.h>
#include <stdint.h>

struct tally;
struct tally *tally_new(void);
void tally_free(struct tally *tally);
SCOPED(tally, tally_free)

unsigned tally_of(const struct tally *tally, uint64_t key);
void tally_enter(struct tally *tally, uint64_t key);
void tally_leave(struct tally *tally, uint64_t key); /* after tally_enter() */

#endif
