#include "processors.h"

#include <sched.h>

unsigned processor_count(void)
{
    cpu_set_t processors;

    if (sched_getaffinity(0, sizeof processors, &processors) < 0)
        return 1;
    return (unsigned)CPU_COUNT(&processors);
}
