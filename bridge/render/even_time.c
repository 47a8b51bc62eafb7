#include "even_time.h"

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

static const int64_t second_ns = 1000000000, longest_ns = 2000000000, asleep_ns = 2000000;

int64_t even_time_spent_ns(void)
{
    struct timespec spent = {0};

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return spent.tv_sec * second_ns + spent.tv_nsec;
}

static size_t octave_of(int64_t size)
{
    size_t octave = 0;

    for (; size > 1 && octave < EVEN_SIZES - 1; size /= 2)
        octave++;
    return octave;
}

void even_time_sealed(struct even_time *even, int64_t size, int64_t ns)
{
    atomic_store_explicit(&even->sealed_ns[octave_of(size)], ns, memory_order_relaxed);
}

/* Where none of its size was sealed yet, the next smaller one says at least a part. */
int64_t even_time_lacks_ns(const struct even_time *even, int64_t size, int64_t ns)
{
    size_t octave = octave_of(size);
    int64_t sealed_ns = 0;

    do
        sealed_ns = atomic_load_explicit(&even->sealed_ns[octave], memory_order_relaxed);
    while (sealed_ns == 0 && octave-- > 0);
    int64_t lacks_ns = sealed_ns - ns;
    return lacks_ns < 0 ? 0 : lacks_ns > longest_ns ? longest_ns : lacks_ns;
}

void even_time_wait(int64_t ns)
{
    const struct timespec wait = {.tv_sec = ns / second_ns, .tv_nsec = ns % second_ns};
    int64_t until_ns = even_time_spent_ns() + ns;

    if (ns > asleep_ns)
        nanosleep(&wait, NULL); /* all signals are blocked here */
    else
        while (even_time_spent_ns() < until_ns)
            ; /* who sleeps on a crowded machine is woken later than who works is done */
}
