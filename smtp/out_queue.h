/*
 * out_queue — which mails are on their way.
 *
 * Claims live here, in memory alone: after a crash all is due again.  Those of one text and sender for one host
 * travel together; two couriers at a time go to a host.  Outward loop alone.
 */
#ifndef NESTBOX_SMTP_OUT_QUEUE_H
#define NESTBOX_SMTP_OUT_QUEUE_H

#include "slice.h"

enum {
    OUT_CLAIMS_MAX = 1024,
    OUT_COURIERS_MAX = 128,
    OUT_PER_HOST = 2,
    OUT_TOGETHER = 100, /* recipients of one transaction (RFC 5321 4.5.3.1.8) */
};

enum out_claim_state {
    OUT_WAITING, /* for a place */
    OUT_CARRIED, /* by a courier */
    OUT_RESTING, /* what came of it could not be recorded: not again before rest_until_ms */
};
struct out_claim {
    int64_t id, text_id;
    char *mail_from;
    struct out_host *host;
    enum out_claim_state state;
    int64_t rest_until_ms; /* monotonic */
};
struct out_host {
    char *name;
    int claims, couriers;
};
struct out_queue {
    struct out_claim claims[OUT_CLAIMS_MAX];
    size_t claim_count;
    struct out_host *hosts[OUT_CLAIMS_MAX];
    size_t host_count;
    int couriers;
    bool closing;
};
struct out_batch { /* what one courier carries */
    struct out_host *host;
    int64_t ids[OUT_TOGETHER];
    size_t count;
};

/* Stays due, and is found at the next look, when the queue is full. */
void out_queue_add(struct out_queue *queue, int64_t id, const char *host, int64_t text_id,
                   const char *mail_from);
struct out_batch *out_queue_next(struct out_queue *queue); /* NULL: nothing may start now */
/* Takes the batch.  rest_ms 0: done with, else not again before. */
void out_queue_ended(struct out_queue *queue, struct out_batch *batch, int64_t rest_ms,
                     int64_t now_ms);
/* Forgets those that have rested; gives when the next one has (INT64_MAX: none rests). */
int64_t out_queue_wake(struct out_queue *queue, int64_t now_ms);
int64_t *out_queue_busy(const struct out_queue *queue,
                        size_t *out_count);    /* all ids, sorted; heap */
void out_queue_clear(struct out_queue *queue); /* after its couriers have ended */

#endif
