#include "pace.h"

#include "clock.h"

void pace_begin(struct pace *pace, int64_t now_ms)
{
    *pace = (struct pace){.on_time_ms = now_ms};
}

void pace_brought(struct pace *pace, const struct pace_terms *terms, int64_t octets, int64_t now_ms)
{
    pace->octets += octets;
    if (pace->octets * SECOND_MS >= (now_ms - pace->on_time_ms) * terms->octets_a_second)
        pace_begin(pace, now_ms);
}

void pace_rested(struct pace *pace, int64_t ms)
{
    pace->on_time_ms += ms;
}

int64_t pace_ends_ms(const struct pace *pace, const struct pace_terms *terms)
{
    return pace->on_time_ms + terms->patience_ms +
           pace->octets * SECOND_MS / terms->octets_a_second;
}
