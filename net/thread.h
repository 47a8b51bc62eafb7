/*
 * thread — how every thread of ours starts: all signals blocked, 512 KiB of stack, a name.
 */
#ifndef NESTBOX_NET_THREAD_H
#define NESTBOX_NET_THREAD_H

#include "err.h"

#include <pthread.h>

struct thread {
    pthread_t id;
    bool started;
};
/* `name` at most 15 characters; `nice` is added to the thread's niceness.  Join with thread_join().
 */
MUST_CHECK bool thread_start(struct thread *out, const char *name, int nice, void (*run)(void *arg),
                             void *arg, struct err *err);
void thread_join(struct thread *thread); /* nothing if it was not started */

#endif
