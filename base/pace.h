/*
 * pace — how long somebody may bring less than they should, however much they brought before.
 *
 * Who falls behind a speed has so much patience, and what comes then makes it longer, as long as it would take at that speed.
 * Who has caught up has all of it again, and no more: a lead is not kept.  So a pause as long as the patience harms nobody,
 * and whoever brings much at once and then drips is as soon at an end as who drips from the beginning.
 */
#ifndef NESTBOX_BASE_PACE_H
#define NESTBOX_BASE_PACE_H

#include <stdint.h>

struct pace_terms {
    int64_t patience_ms, octets_a_second;
};

struct pace {
    int64_t on_time_ms; /* when it was not behind for the last time */
    int64_t octets;     /* that came since */
};

void pace_begin(struct pace *pace, int64_t now_ms);
void pace_brought(struct pace *pace, const struct pace_terms *terms, int64_t octets,
                  int64_t now_ms);
/* For so long nothing was taken from the peer: it is not to blame. */
void pace_rested(struct pace *pace, int64_t ms);
int64_t pace_ends_ms(const struct pace *pace, const struct pace_terms *terms);

#endif
