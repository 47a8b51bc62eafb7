/*
 * own_addresses — by which addresses others can reach this machine.
 */
#ifndef NESTBOX_NET_OWN_ADDRESSES_H
#define NESTBOX_NET_OWN_ADDRESSES_H

#include "config.h"

enum { OWN_ADDRESS_SIZE = 64 };
/* What `endpoint` listens on, as text: its address, or for "0.0.0.0" and "::" those of the interfaces; public ones
 * alone (ssrf.h), so behind a router there may be none.  Gives how many. */
size_t own_addresses(const struct endpoint *endpoint, char out[][OWN_ADDRESS_SIZE], size_t max);

#endif
