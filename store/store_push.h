/* store_push — devices that are told of contact requests by Web Push (docs/contact-events.md): reading. */
#ifndef NESTBOX_STORE_PUSH_H
#define NESTBOX_STORE_PUSH_H

#include "store.h"

enum { PUSH_POINT_OCTETS = 65, PUSH_AUTH_OCTETS = 16 };
struct push { /* strings are heap */
    int64_t id, account_id;
    char *endpoint;
    unsigned char point[PUSH_POINT_OCTETS], auth[PUSH_AUTH_OCTETS];
    int64_t event; /* the last it was told of */
    int64_t tries; /* since it was last reached */
    int64_t due_ms;
    bool damaged; /* its point or its secret could not be read */
};
void push_clear(struct push *push);
SCOPED_VALUE(push, push_clear)

enum { PUSHES_AT_ONCE = 64 };
struct pushes { /* devices that are being told at this moment */
    int64_t ids[PUSHES_AT_ONCE];
    size_t count;
};
/* The next that must be told that somebody waits, but for those.  *out_next_ms: when another is due; 0: none waits. */
enum found store_push_next(struct store_view *view, int64_t now_ms, const struct pushes *but,
                           struct push *out, int64_t *out_next_ms, struct err *err);
MUST_CHECK bool store_push_count(struct store_view *view, int64_t account_id, int64_t *out,
                                 struct err *err);

#endif
