/* bridge_push — devices that are told of contact requests by Web Push (docs/contact-events.md): web asks and sends. */
#ifndef NESTBOX_BRIDGE_PUSH_H
#define NESTBOX_BRIDGE_PUSH_H

#include "bridge.h"
#include "bytes.h"
#include "store_push.h"

struct store_tx;
struct store_view;

enum { PUSH_DEVICES_MOST = 8, PUSH_ENDPOINT_MAX = 1024 };

/* The application server key that devices register with: base64url. */
void bridge_push_key(struct bridge *bridge, struct bytes *out);
/* In apply().  Keys as browsers and UnifiedPush give them, base64url.  ERR_MALFORMED in words for the program's author. */
MUST_CHECK bool bridge_push_add(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                                const char *endpoint, const char *p256dh, const char *auth,
                                struct err *err);
MUST_CHECK bool bridge_push_remove(struct store_tx *tx, int64_t account_id, const char *endpoint,
                                   struct err *err);

/* ---- sending ---- */
struct push_job {
    bool
        damaged; /* what the device registered with is: nothing can be sent, and PUSH_GONE is its end */
    int64_t id, account_id, tries;
    int64_t told, event; /* the last event before, and with this */
    char *endpoint;
    struct bytes fields; /* of the request */
    struct bytes body;   /* sealed */
};
void push_job_clear(struct push_job *job);
/* Of devices but those that are being told.  ABSENT: nothing is due; *out_next_ms: when something will be, 0 unknown.
 * Seals: DELIVER. */
enum found bridge_push_next(struct bridge *bridge, struct store_view *view,
                            const struct pushes *but, struct push_job *out, int64_t *out_next_ms,
                            struct err *err);
/* In apply(). */
enum push_end { PUSH_TAKEN, PUSH_GONE, PUSH_AGAIN };
MUST_CHECK bool bridge_push_ended(struct bridge *bridge, struct store_tx *tx,
                                  const struct push_job *job, enum push_end end,
                                  int64_t retry_after_s, struct err *err);

#endif
