/*
 * even_time — an answer does not tell by its time whether a mailbox is sealed.
 *
 * To seal costs more than to rest otherwise.  So what rests otherwise is given the time that sealing took lately: in
 * processor time, which a crowded machine does not stretch, and by the size of the mail.  Up to 2 ms of it are spent by
 * turning in circles, since sleeping takes longer where others want the processor.  Where nothing is sealed nobody waits.
 */
#ifndef NESTBOX_BRIDGE_EVEN_TIME_H
#define NESTBOX_BRIDGE_EVEN_TIME_H

#include <stdint.h>

enum { EVEN_SIZES = 48 }; /* octaves */

struct even_time { /* `{0}` to begin with; any thread */
    _Atomic int64_t sealed_ns[EVEN_SIZES];
};

/* Processor time of this thread. */
int64_t even_time_spent_ns(void);
/* A mail of `size` octets was sealed in `ns`. */
void even_time_sealed(struct even_time *even, int64_t size, int64_t ns);
/* One that was not took `ns`: how much it lacks, at most two seconds. */
int64_t even_time_lacks_ns(const struct even_time *even, int64_t size, int64_t ns);
/* On a worker. */
void even_time_wait(int64_t ns);

#endif
