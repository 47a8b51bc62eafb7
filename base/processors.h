/*
 * processors — how many of them this process may use.
 */
#ifndef NESTBOX_BASE_PROCESSORS_H
#define NESTBOX_BASE_PROCESSORS_H

/* Those of sched_setaffinity(2) and of cgroups' cpusets; 1 if the kernel does not say.  Any thread. */
unsigned processor_count(void);

#endif
