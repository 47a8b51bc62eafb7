/*
 * request_copy — a request that an errand can take along.
 */
#ifndef NESTBOX_ACTIVITYPUB_REQUEST_COPY_H
#define NESTBOX_ACTIVITYPUB_REQUEST_COPY_H

#include "http.h"

/* One heap block with all its bytes; `peer` is NULL in it.  Released by free(). */
struct http_request *request_copy(const struct http_request *request);

#endif
