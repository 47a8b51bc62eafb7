/* schedules — how often mail servers of the world try again, and for how long (schedules.txt). */
#ifndef NESTBOX_TESTS_BRIDGE_SCHEDULES_H
#define NESTBOX_TESTS_BRIDGE_SCHEDULES_H

#include "clock.h"

enum { PHASES_MAX = 6, SCHEDULES_MAX = 20, SCHEDULE_WORDS = 64 };

struct phase { /* minutes */
    double gap;
    double times, most; /* the gap grows from try to try; 0: it does not, without end */
    double until;       /* of the time since the first try; 0: it is the last */
};
struct schedule {
    char name[SCHEDULE_WORDS], helo[SCHEDULE_WORDS], source[SCHEDULE_WORDS];
    double gives_up_hours;
    struct phase phases[PHASES_MAX];
};

/* Fails the test if the file is not well formed. */
size_t schedules_read(const char *path, struct schedule out[SCHEDULES_MAX]);
/* How long it waits now; `age_ms` since the first try, `gap_ms` the last wait (0 at first).  -1: it gives up. */
int64_t schedule_next_gap_ms(const struct schedule *schedule, int64_t age_ms, int64_t gap_ms);

#endif
