/*
 * workers — the five lanes of threads that do errands' work (architecture.md 2).
 *
 * QUICK has two threads, HEAVY and DELIVER one for each core (niced), BULK two and SLOW one (niced).
 * Threads: any may call; an errand's work and `done` run on a worker.
 */
#ifndef NESTBOX_NET_WORKERS_H
#define NESTBOX_NET_WORKERS_H

#include "errand.h"
#include "scope.h"

enum { WORKER_LANES = LANE_SLOW + 1 };

struct workers_options {
    unsigned threads[WORKER_LANES]; /* 0: as above */
    size_t busy_at[WORKER_LANES];   /* waiting errands from which workers_busy() says so; 0: 2000,
                                       256,   1024, 64, 64 */
    size_t one_by_one_busy_at;      /* of any lane; 0: 32 */
};
struct workers;
/* `options` may be NULL. */
MUST_CHECK struct workers *workers_new(const struct workers_options *options, struct err *err);

/* Queues, never blocks, never refuses.  errand->lane is one of the five.  done() gets
 * the errand back with `ok` and `err` filled.  Past its deadline, or unwanted, it is not worked on:
 * ok is false.  After workers_join(): done() at once with ok false. */
void workers_submit(struct workers *workers, struct errand *errand,
                    void (*done)(void *ctx, struct errand *errand), void *ctx);
/* Whether new work (a MAIL, a request) should hear 451 or 503 now; work begun is finished. */
bool workers_busy(const struct workers *workers, enum lane lane);
/* The same for errands that go one by one: they wait in a line of their own, and others pass between them. */
bool workers_busy_one_by_one(const struct workers *workers, enum lane lane);
/* Asked by work that would now wait for a slow process in which others stand in line.  True: it gives up at once, with
 * whatever result, and is begun anew on LANE_SLOW, so that nobody behind it waits with it.  False: it goes on, since it is
 * there already, or may not be moved, or runs on no worker. */
bool workers_step_aside(struct workers *workers);
void workers_join(struct workers *workers); /* all that is queued is done, then the threads end */
/* The same, but waits until then (monotonic) at most.  False: work goes on, and nothing it uses may be freed. */
MUST_CHECK bool workers_join_until(struct workers *workers, int64_t until_ms, struct err *err);
void workers_free(struct workers *workers); /* joins first */
SCOPED(workers, workers_free)

#endif
