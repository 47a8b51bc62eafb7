/*
 * spool — where an arriving body lies until it is judged (architecture.md 7).
 *
 * Under 64 KiB it stays in memory.  From there on full pieces of 16 KiB go, sealed with AES-256-GCM under a
 * random key that exists only in memory, to an unlinked-by-nobody file in `bodies/incoming`; a crash leaves
 * noise, which the store sweeps at start.  All spools of a server share a memory budget (16 MiB): when it is
 * spent, further bodies go to file at once.
 */
#ifndef NESTBOX_VAULT_SPOOL_H
#define NESTBOX_VAULT_SPOOL_H

#include "err.h"
#include "scope.h"
#include "stream.h"

struct spools; /* the folder and the budget, one per server */
MUST_CHECK bool spools_open(int data_dir, int64_t memory_budget, struct spools **out,
                            struct err *err);
void spools_close(struct spools *spools); /* after the last spool */
SCOPED(spools, spools_close)
int64_t spools_in_memory(const struct spools *spools); /* octets, over all spools: for status */

struct spool;
struct spool *spool_new(struct spools *spools);
void spool_free(struct spool *spool); /* worker, if filed: forgets the key and removes the file */
SCOPED(spool, spool_free)

/* Copies `s`; never blocks, runs on the loop.  True: pieces wait, call spool_flush() on a worker before
 * adding more. */
MUST_CHECK bool spool_add(struct spool *spool, struct slice s);
/* Worker.  Files all full pieces; the rest, less than one, stays in memory.  ERR_FULL on a full disk; may
 * be tried again, nothing is lost. */
MUST_CHECK bool spool_flush(struct spool *spool, struct err *err);
int64_t spool_size(const struct spool *spool);
/* Reads at any offset, on any worker, flushed or not; keeps a borrow of the spool until freed.  Several at
 * once are fine; nothing may be added meanwhile. */
struct source *spool_source(struct spool *spool);

#endif
