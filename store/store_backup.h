/*
 * store_backup — one moment of the store, to be copied while it goes on; and a copy put to use (docs/backup.md).
 */
#ifndef NESTBOX_STORE_BACKUP_H
#define NESTBOX_STORE_BACKUP_H

#include "store.h"

/* While it lives no body file is removed.  One at a time: ERR_REFUSED. */
struct store_snapshot;
struct snapshot_body {
    char path[40]; /* below bodies/: "ab/abcdef…" */
    int64_t size;
};
/* Copies the database aside, into data_dir, without waiting for those who write and without keeping them waiting; needs
 * room for it.  `step` hears how much of it is done, and gives false to end it.  Control threads. */
MUST_CHECK bool store_snapshot(struct store *store,
                               bool (*step)(void *ctx, int64_t done, int64_t all), void *ctx,
                               struct store_snapshot **out, struct err *err);
void store_snapshot_free(struct store_snapshot *snapshot);
SCOPED(store_snapshot, store_snapshot_free)
int store_snapshot_database(const struct store_snapshot *snapshot, int64_t *out_size); /* its fd */
size_t store_snapshot_bodies(const struct store_snapshot *snapshot,
                             const struct snapshot_body **out);
/* A descriptor of the caller's; -1 on failure. */
int store_snapshot_open(const struct store_snapshot *snapshot, const struct snapshot_body *body,
                        struct err *err);

/*
 * What was copied back into data_dir (a descriptor; nobody has opened the store yet): is it sound, and is every body there?
 * No UID or modification sequence that may have been given out since the copy was made is given again: both go on
 * with a gap.  `renumber`: mailboxes get a new UIDVALIDITY besides, for a store that went on after the copy.
 */
MUST_CHECK bool store_restored(int data_dir, bool renumber, struct err *err);

#endif
