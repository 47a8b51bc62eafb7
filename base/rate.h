/*
 * rate — how often something happened lately, for any number of keys, in a fixed piece of memory.
 *
 * A key's level rises with each event and falls by one every `fall_ms`.  Where there is no room for one more key, the
 * neighbour with the lowest level is forgotten: strangers can make the table full, never larger, and which keys are
 * neighbours is not theirs to know.
 * Threads: its holder's own.
 */
#ifndef NESTBOX_BASE_RATE_H
#define NESTBOX_BASE_RATE_H

#include "scope.h"
#include "session.h"

struct rate;
struct rate *rate_new(size_t keys,
                      int64_t fall_ms); /* 16 bytes a key, rounded up to a power of two */
void rate_free(struct rate *rate);
SCOPED(rate, rate_free)

int64_t rate_level(const struct rate *rate, uint64_t key, int64_t now_ms);
int64_t rate_add(struct rate *rate, uint64_t key, int64_t count,
                 int64_t now_ms); /* the level then */

/* Keys. */
uint64_t rate_key_of_text(struct slice text);                /* ASCII case ignored */
uint64_t rate_key_of_block(const struct sockaddr_storage *); /* IPv4 /24, IPv6 /56: one network */
uint64_t rate_key_of_both(uint64_t one, uint64_t other);

#endif
