/*
 * said — the post that is being sent to many, as it was written for the first of them.
 *
 * A post for a thousand inboxes is the same JSON a thousand times.  It is remembered by message and version for a few
 * seconds: what it shows of others (names of who is mentioned) may change meanwhile.  Any worker.
 */
#ifndef NESTBOX_ACTIVITYPUB_SAID_H
#define NESTBOX_ACTIVITYPUB_SAID_H

#include "bridge_activity.h"
#include "bytes.h"
#include "digest.h"

#include <pthread.h>

struct said {
    pthread_mutex_t lock; /* of all below */
    int64_t message_id;
    int version;
    enum outgoing_kind kind;
    int64_t until_ms; /* monotonic */
    struct bytes body;
    unsigned char digest[SHA256_LEN]; /* of it */
};

void said_init(struct said *said);
void said_clear(struct said *said);
/* False: it is not known, and said_keep() is told when it has been written. */
bool said_known(struct said *said, const struct outgoing *outgoing, int64_t now_ms,
                struct bytes *out, unsigned char out_digest[SHA256_LEN]);
void said_keep(struct said *said, const struct outgoing *outgoing, int64_t now_ms,
               struct slice body, const unsigned char digest[SHA256_LEN]);

#endif
