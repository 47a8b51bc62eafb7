/* push_read — what a device registers with for Web Push, taken apart.  Pure; any thread. */
#ifndef NESTBOX_BRIDGE_PUSH_READ_H
#define NESTBOX_BRIDGE_PUSH_READ_H

#include "err.h"
#include "slice.h"

struct push;

/* Fills point and auth; each text or NULL.  ERR_MALFORMED in words for the program's author. */
MUST_CHECK bool push_read(const char *endpoint, const char *p256dh, const char *auth,
                          struct push *out, struct err *err);
/* "https://push.example" of an endpoint that push_read() took: whom a token is for (RFC 8292 2). */
struct slice push_origin(const char *endpoint);

#endif
