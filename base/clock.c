#include "clock.h"

#include <time.h>

static int64_t ms_of(clockid_t which)
{
    struct timespec now;

    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

static int64_t system_now(const struct clock *clock)
{
    (void)clock;
    return ms_of(CLOCK_REALTIME);
}

const struct clock system_clock = {system_now};

static int64_t test_now(const struct clock *clock)
{
    return ((const struct test_clock *)(const void *)clock)->now_ms;
}

void test_clock_init(struct test_clock *t, int64_t now_ms)
{
    t->clock.now_ms = test_now;
    t->now_ms = now_ms;
}

int64_t monotonic_ms(void)
{
    return ms_of(CLOCK_MONOTONIC);
}
