/*
 * spool — where an arriving body lies until it is judged (architecture.md 7).
 *
 * Under 64 KiB it stays in memory.  From there on full pieces of 16 KiB go, sealed with AES-256-GCM under a
 * random key that exists only in memory, to an unlinked-by-nobody file in `bodies/incoming`; a crash leaves
 * noise, which the store sweeps at start.  All spools of a server share a memory budget (16 MiB): when it is
 * spent, further bodies go to file at once.
 *
 * What is taken is written once more, into the store, and whoever sends a thousand mails at once must not fill the
 * disk.  So on file there may lie at most a part of what it would have free without any spool: for a stranger's text all of
 * them together come to half of it, for one of our own to three quarters.  The quarter between is ours alone.
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
/* Removing a file of 100 MiB takes ext4 20 to 100 ms, which no loop has.  So a spool that goes leaves its file behind, and
 * when one is there `wake` is called, on the thread that freed the spool: it has spools_remove() called on a worker.  Set
 * before the first spool; without it spool_free() removes.  What is left then, spools_close() removes. */
void spools_on_leaving(struct spools *spools, void (*wake)(void *ctx), void *ctx);
void spools_remove(struct spools *spools);
int64_t spools_in_memory(const struct spools *spools); /* octets, over all spools: for status */
enum spool_class {
    SPOOL_STRANGER, /* from somebody who did not log in */
    SPOOL_OWN,      /* from somebody who lives here, or what we send */
    SPOOL_CLASSES
};
/* Whether a body of so many octets would have room, as it was when the last piece was filed; true if that is more than
 * two seconds ago, for then filing it is how to know.  Any thread; never blocks. */
bool spools_have_room(const struct spools *spools, enum spool_class of, int64_t octets);
/* For tests: as if the disk had so many octets free without any spool; -1: as it is. */
void spools_pretend_disk(struct spools *spools, int64_t free_octets);

struct spool;
struct spool *spool_new(struct spools *spools, enum spool_class of);
/* Forgets the key, and leaves the file to be removed.  Any thread; never blocks where somebody waits for what is left. */
void spool_free(struct spool *spool);
SCOPED(spool, spool_free)

/* Copies `s`; never blocks, runs on the loop.  True: pieces wait, call spool_flush() on a worker before
 * adding more. */
MUST_CHECK bool spool_add(struct spool *spool, struct slice s);
/* Worker.  Files all full pieces; the rest, less than one, stays in memory.  ERR_FULL on a full disk, or
 * where this class has its share of it; may be tried again, nothing is lost. */
MUST_CHECK bool spool_flush(struct spool *spool, struct err *err);
int64_t spool_size(const struct spool *spool);
/* Reads at any offset, on any worker, flushed or not; keeps a borrow of the spool until freed.  Several at
 * once are fine; nothing may be added meanwhile. */
struct source *spool_source(struct spool *spool);

#endif
