/*
 * store — where messages rest.
 *
 * Does:     keep, find and forget people, messages, mailboxes, audiences and deliveries.
 * May use:  base, vault, and pgp's `struct pgp_sealed`.  The only room that includes sqlite3.h.
 * Must not: open sockets, speak a protocol, or decide who is welcome.
 * Promise:  what was committed is there after any crash (WAL, synchronous=FULL).  One process writes: the holder
 *           of data_dir/lock.
 *
 * Faces read (store_people.h, store_message.h, store_mailbox.h, store_delivery.h); only the bridge writes
 * (store_write.h).  These headers say nothing of SQLite.  Times are ms since 1970 UTC.
 */
#ifndef NESTBOX_STORE_H
#define NESTBOX_STORE_H

#include "clock.h"
#include "err.h"
#include "scope.h"
#include "session.h" /* topics */
#include "stream.h"

struct vault;
struct store;
struct store_tx;   /* writing, inside apply() alone */
struct store_view; /* a snapshot for reading, within one errand */

/* Opens data_dir (a descriptor) and makes or migrates `nestbox.db`, empties bodies/incoming, removes body
 * files no row names.  The caller holds data_dir/lock.  Starts the writer thread. */
MUST_CHECK bool store_open(int data_dir, const struct clock *clock, struct store **out,
                           struct err *err);
/* Once, before anything is wrapped or what was wrapped is read: the server key (borrowed). */
void store_wrap_with(struct store *store, struct vault *vault);
void store_close(struct store *store); /* writer empties its queue, checkpoint */

/* Called on the writer after each commit that noted something, before done(), duplicates merged
 * (architecture.md 6).  The ids: a mailbox's, an account's, a person's; deliveries have the one id 0. */
void store_on_news(struct store *store,
                   void (*tell)(void *ctx, const int64_t *topics, size_t count), void *ctx);

struct store_change {                                                      /* all or nothing */
    bool (*apply)(struct store_change *, struct store_tx *, struct err *); /* may run twice */
    void (*done)(struct store_change *, bool ok,
                 const struct err *); /* on the writer, after the fsync */
    struct store_change *link;        /* the store's own */
};
void store_submit(struct store *store,
                  struct store_change *change); /* never blocks; borrows until done() */
MUST_CHECK bool store_commit(struct store *store, struct store_change *change,
                             struct err *err); /* waits; done unused */

struct store_view *store_look(struct store *store, struct err *err); /* NULL on failure */
void store_view_free(struct store_view *view);
SCOPED(store_view, store_view_free)
/* Inside apply(): the same reading functions over the state the transaction sees. */
struct store_view *store_tx_view(struct store_tx *tx); /* borrowed from tx */

/* A lookup that may find nothing. */
enum found { FAILED, ABSENT, FOUND };

/* Bodies: up to 64 KiB in the row, larger in a synced file named before its row commits (architecture.md 5). */
struct store_body;
struct store_body *store_body_new(struct store *store,
                                  struct err *err); /* any thread, no transaction */
/* What only the server is to read, as long as it rests here: under the server key.  Reading unwraps. */
struct store_body *store_body_new_wrapped(struct store *store, struct err *err);
bool store_body_is_wrapped(const struct store_body *body);
struct sink *store_body_sink(struct store_body *body);
MUST_CHECK bool store_body_finish(struct store_body *body, struct err *err);
/* What was written, read back before any row has it; the body must outlive it.  NULL on failure. */
struct source *store_body_written(struct store_body *body, struct err *err);
int64_t store_body_size(const struct store_body *body); /* of what was written to its sink */
/* Frees the handle, and forgets what was written if no row took it.  A function that takes a body takes what was
 * written, not the handle: since apply() may run twice, the handle stays with its maker, who drops it after
 * done(), however that went. */
void store_body_drop(struct store_body *body);
SCOPED(store_body, store_body_drop)
/* Reading: holds an open descriptor (or the bytes), not a view. */
struct source *store_body_source(struct store_view *view, int64_t body_id,
                                 struct err *err); /* NULL on failure */

/* Slices of recurring work, on the BULK lane; each commits by itself and returns true while more is to do. */
MUST_CHECK bool store_tidy(struct store *store, bool *out_more,
                           struct err *err); /* body_garbage, expired seen and tokens */

#endif
