/*
 * flood — how often somebody may do something in a minute.
 *
 * A table of fixed size: who does not fit takes the place of whoever was quiet longest.  Not thread-safe.
 */
#ifndef NESTBOX_ACTIVITYPUB_FLOOD_H
#define NESTBOX_ACTIVITYPUB_FLOOD_H

#include "slice.h"

enum { FLOOD_PLACES = 512 };
struct flood {
    struct flood_place {
        uint64_t who;
        int64_t since_ms; /* start of this minute of theirs; 0: free */
        int count;
    } places[FLOOD_PLACES];
};
/* Counts one more; false: above `most` in this minute. */
bool flood_allows(struct flood *flood, struct slice who, int most, int64_t now_ms);

#endif
