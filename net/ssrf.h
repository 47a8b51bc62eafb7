/*
 * ssrf — which addresses a stranger's URL may lead us to (activitypub.md 6.2).
 */
#ifndef NESTBOX_NET_SSRF_H
#define NESTBOX_NET_SSRF_H

#include <stdbool.h>
#include <sys/socket.h>

/* False for every special, private, local, multicast or translated range, and for what is neither
 * IPv4 nor IPv6.  Mapped IPv4 is judged as the IPv4 inside. */
bool address_is_public(const struct sockaddr *address);

#endif
