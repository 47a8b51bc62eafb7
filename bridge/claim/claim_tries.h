/*
 * claim_tries — how many mails of strangers were judged at the key desk lately, whatever came of them.
 *
 * To judge one costs GnuPG's time, which all who come share; so they are counted before, in memory of a fixed size.
 */
#ifndef NESTBOX_BRIDGE_CLAIM_TRIES_H
#define NESTBOX_BRIDGE_CLAIM_TRIES_H

#include "scope.h"

#include <stdbool.h>
#include <stdint.h>

struct claim_tries;
struct claim_tries *claim_tries_new(void);
void claim_tries_free(struct claim_tries *tries);
/* One more, from that network (NULL: not counted by it) and that domain; false: they are too many already. */
bool claim_tries_take(struct claim_tries *tries, const unsigned char *network_key,
                      const unsigned char domain_key[32], int64_t now_ms);

#endif
