/*
 * monitor — /healthz and /metrics, for programs that watch the server (docs/metrics.md).
 *
 * For this machine, and for the addresses of [policy] monitors; others are told 404, as of any address that is not there.
 */
#ifndef NESTBOX_MAIN_MONITOR_H
#define NESTBOX_MAIN_MONITOR_H

#include "command.h"
#include "http.h"

/* `house` is borrowed for the routes' life, and filled before the first request. */
struct http_face monitor_face(struct house *house);
/* Is the path one of these, and the host one by which this machine calls itself? */
bool monitor_is_asked(const struct http_request *request);

#endif
