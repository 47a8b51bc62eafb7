/*
 * dns_memory — what DNS said a moment ago, for the next mail: most mails come from few domains, and each asks the same.
 *
 * libunbound keeps answers as well, but behind two hops between threads.  Nothing stays here longer than its own TTL,
 * nor than DNS_MEMORY_MS; that a name or record does not exist stays as long as its zone says (RFC 2308 5); what failed
 * or was bogus is never kept, nor what is larger than DNS_MEMORY_ANSWER_MAX.  A table of fixed size: where a set of
 * neighbours is full, the one that ends first makes room.  Any thread.
 */
#ifndef NESTBOX_SMTP_DNS_MEMORY_H
#define NESTBOX_SMTP_DNS_MEMORY_H

#include "clock.h"
#include "dns.h"
#include "scope.h"

enum { DNS_MEMORY_PLACES = 1024, DNS_MEMORY_ANSWER_MAX = 4096 };
#define DNS_MEMORY_MS (30 * SECOND_MS)

struct dns_memory;
struct dns_memory *dns_memory_new(const struct clock *timer); /* borrowed; NULL: monotonic_ms() */
void dns_memory_free(struct dns_memory *memory);
SCOPED(dns_memory, dns_memory_free)

void dns_memory_keep(struct dns_memory *memory, const struct dns_question *question,
                     const struct dns_answer *answer); /* copies */
/* False: ask.  True: *out_answer is a copy, the caller's. */
bool dns_memory_recall(struct dns_memory *memory, const struct dns_question *question,
                       struct dns_answer *out_answer);

#endif
