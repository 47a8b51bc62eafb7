/*
 * clock — what time it is, asked of somebody, so that tests need no sleep.
 *
 * Wall time is milliseconds since 1970 UTC and goes into rows; loop time never goes back and is for
 * deadlines.
 */
#ifndef NESTBOX_BASE_CLOCK_H
#define NESTBOX_BASE_CLOCK_H

#include "slice.h"

#include <stdint.h>

struct clock {
    int64_t (*now_ms)(const struct clock *);
};
extern const struct clock system_clock;

struct test_clock { /* stands still until the test moves it */
    struct clock clock;
    _Atomic int64_t now_ms;
};
void test_clock_init(struct test_clock *t, int64_t now_ms);

static inline int64_t clock_now(const struct clock *clock)
{
    return clock->now_ms(clock);
}
/* How long until `due_ms` of wall time (INT64_MAX: never), which may be over or far away: 1 to most_ms. */
static inline int64_t clock_wait(const struct clock *clock, int64_t due_ms, int64_t most_ms)
{
    int64_t wait_ms = due_ms - clock_now(clock);

    return wait_ms < 1 ? 1 : wait_ms < most_ms ? wait_ms : most_ms;
}
int64_t monotonic_ms(void);

/* 64 bits wide, for 25 days are too many milliseconds for an int. */
#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Written in UTC into `out`, NUL-terminated. */
enum { DATE_TEXT_SIZE = 48 };
void date_rfc5322(int64_t ms, char out[DATE_TEXT_SIZE]); /* Sun, 22 Nov 2026 08:30:00 +0000 */
void date_http(int64_t ms, char out[DATE_TEXT_SIZE]);    /* Sun, 22 Nov 2026 08:30:00 GMT */
void date_rfc3339(int64_t ms, char out[DATE_TEXT_SIZE]); /* 2026-11-22T08:30:00Z */
bool date_from_http(struct slice text, int64_t *out_ms); /* IMF-fixdate only */
bool date_from_asctime(
    struct slice text,
    int64_t *out_ms); /* "Sun Nov  8 08:30:00 2026", a zone before the year or none */
bool date_from_rfc3339(struct slice text, int64_t *out_ms); /* offsets and fractions understood */

#endif
