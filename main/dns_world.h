/*
 * dns_world — asks the world: DNS, and the ports of this server as others find them.
 *
 * A loop of its own on the caller's thread, which every function blocks: until all is answered, or 20 s.
 */
#ifndef NESTBOX_MAIN_DNS_WORLD_H
#define NESTBOX_MAIN_DNS_WORLD_H

#include "dns_check.h"

struct dns_world;
/* Keeps a borrow of config. */
MUST_CHECK struct dns_world *dns_world_open(const struct config *config, struct err *err);
void dns_world_close(struct dns_world *world);
SCOPED(dns_world, dns_world_close)

/* Answers what is open in `facts`. */
void dns_world_ask(struct dns_world *world, struct dns_facts *facts);
/* Goes where the records of this domain lead: its pages and its policy, and with the domain that the host name belongs
 * to, each mail port at each address.  `facts` as dns_check() left them. */
void dns_world_knock(struct dns_world *world, const struct dns_plan *plan, size_t domain,
                     struct dns_facts *facts, struct dns_complaints *out);

#endif
