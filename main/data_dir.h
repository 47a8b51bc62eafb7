/*
 * data_dir — the one folder where everything rests, reached from one descriptor.
 *
 * nestbox.db, bodies/, keys/, tls/, control, lock, ports.json.  Who holds `lock` owns it: one process writes.
 */
#ifndef NESTBOX_MAIN_DATA_DIR_H
#define NESTBOX_MAIN_DATA_DIR_H

#include "bytes.h"
#include "config.h"
#include "err.h"

struct data_dir {
    int fd;   /* -1: not open */
    int lock; /* -1: not held */
};

/* Opens the folder, or makes it (0700).  Takes no lock. */
MUST_CHECK bool data_dir_open(const struct config *config, struct data_dir *out, struct err *err);
void data_dir_close(struct data_dir *dir);
/* Not blocking: *out_held false means that another process owns the folder. */
MUST_CHECK bool data_dir_lock(struct data_dir *dir, bool *out_held, struct err *err);
/* A self-signed certificate where the settings name none and there is none yet. */
MUST_CHECK bool data_dir_make_certificate(const struct data_dir *dir, const struct config *config,
                                          struct err *err);
/* Writes a small file at once or not at all (temporary name, fsync, rename). */
MUST_CHECK bool data_dir_write(const struct data_dir *dir, const char *name, struct slice content,
                               struct err *err);
/* Adds at most `max` bytes of a small file to *out; a path that begins with / is taken as it is. */
MUST_CHECK bool data_dir_read(const struct data_dir *dir, const char *name, size_t max,
                              struct bytes *out, struct err *err);

#endif
