/*
 * route — which way a connection of ours may and must go: `connect_to`, the guard, `source_address`.
 *
 * Private to net.  Pure but for route_bind().
 */
#ifndef NESTBOX_NET_ROUTE_H
#define NESTBOX_NET_ROUTE_H

#include "config.h"

#include <sys/socket.h>

/* What the administrator said of this host and port, or NULL. */
const struct connect_to *route_find(const struct config *config, const char *host, int port);
/* False: `text` is no IP address. */
bool route_address(const char *text, int port, struct sockaddr_storage *out);
void route_set_port(struct sockaddr_storage *address, int port);
socklen_t route_len(const struct sockaddr_storage *address);
/* Binds to the address connections are to come from.  False: not possible for this family. */
bool route_bind(const struct config *config, int fd, int family);

#endif
