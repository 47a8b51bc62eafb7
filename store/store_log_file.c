/*
 * SQLite's log (the WAL), written in one go.
 *
 * SQLite writes each page of a commit by two calls, for its head of 24 octets and for itself: some sixty calls a commit.
 * Here what is written one behind the other waits in memory until it is to be on the disk, or is read: a commit is one
 * write and one sync.  Nobody can miss what waits: other connections read a page of the log once its commit stands in the
 * shared index, which is behind the sync (store_sql.c: synchronous = FULL).
 *
 * A write that fails late fails the sync, and with it the commit, which is what the write itself would have done.
 */
#include "store_log_file.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

enum { WAITING_MAX = 128 * 1024 };

struct log_file {
    sqlite3_file file;
    sqlite3_file *real; /* lies behind this struct */
    char *waiting;      /* NULL until something is written */
    int len;
    sqlite3_int64 at; /* where in the file it belongs */
};

static sqlite3_vfs ours, *real_vfs;

static struct log_file *log_of(sqlite3_file *file)
{
    return (struct log_file *)(void *)file;
}

static int write_out(struct log_file *log)
{
    int len = log->len;

    log->len = 0;
    return len == 0 ? SQLITE_OK
                    : log->real->pMethods->xWrite(log->real, log->waiting, len, log->at);
}

static int log_write(sqlite3_file *file, const void *from, int count, sqlite3_int64 at)
{
    struct log_file *log = log_of(file);
    bool fits = at == log->at + log->len && count <= WAITING_MAX - log->len;
    int code = fits ? SQLITE_OK : write_out(log);

    if (code != SQLITE_OK)
        return code;
    if (count > WAITING_MAX)
        return log->real->pMethods->xWrite(log->real, from, count, at);
    if (!log->waiting && !(log->waiting = sqlite3_malloc(WAITING_MAX)))
        return SQLITE_NOMEM;
    if (log->len == 0)
        log->at = at;
    memcpy(log->waiting + log->len, from, (size_t)count);
    log->len += count;
    return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *into, int count, sqlite3_int64 at)
{
    struct log_file *log = log_of(file);
    int code = write_out(log);

    return code == SQLITE_OK ? log->real->pMethods->xRead(log->real, into, count, at) : code;
}

static int log_sync(sqlite3_file *file, int flags)
{
    struct log_file *log = log_of(file);
    int code = write_out(log);

    return code == SQLITE_OK ? log->real->pMethods->xSync(log->real, flags) : code;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct log_file *log = log_of(file);
    int code = write_out(log);

    return code == SQLITE_OK ? log->real->pMethods->xTruncate(log->real, size) : code;
}

static int log_size(sqlite3_file *file, sqlite3_int64 *out)
{
    struct log_file *log = log_of(file);
    int code = write_out(log);

    return code == SQLITE_OK ? log->real->pMethods->xFileSize(log->real, out) : code;
}

static int log_close(sqlite3_file *file)
{
    struct log_file *log = log_of(file);
    int code = write_out(log);
    int closed = log->real->pMethods->xClose(log->real);

    sqlite3_free(log->waiting);
    return code == SQLITE_OK ? closed : code;
}

static int log_lock(sqlite3_file *file, int kind)
{
    struct log_file *log = log_of(file);

    return log->real->pMethods->xLock(log->real, kind);
}

static int log_unlock(sqlite3_file *file, int kind)
{
    struct log_file *log = log_of(file);

    return log->real->pMethods->xUnlock(log->real, kind);
}

static int log_is_reserved(sqlite3_file *file, int *out)
{
    struct log_file *log = log_of(file);

    return log->real->pMethods->xCheckReservedLock(log->real, out);
}

static int log_control(sqlite3_file *file, int what, void *arg)
{
    struct log_file *log = log_of(file);

    return log->real->pMethods->xFileControl(log->real, what, arg);
}

static int log_sector(sqlite3_file *file)
{
    struct log_file *log = log_of(file);

    return log->real->pMethods->xSectorSize(log->real);
}

static int log_traits(sqlite3_file *file)
{
    struct log_file *log = log_of(file);

    return log->real->pMethods->xDeviceCharacteristics(log->real);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1, /* the shared index belongs to the database's file */
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_is_reserved,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_traits,
};

/* All other files are the system's own. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *out_flags)
{
    struct log_file *log = log_of(file);

    (void)vfs;
    if (!(flags & SQLITE_OPEN_WAL))
        return real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
    *log = (struct log_file){.real = (sqlite3_file *)(void *)(log + 1)};
    int code = real_vfs->xOpen(real_vfs, name, log->real, flags, out_flags);
    if (code == SQLITE_OK)
        log->file.pMethods = &log_methods;
    return code;
}

static void register_ours(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    ours = *real_vfs;
    ours.pNext = NULL;
    ours.zName = "nestbox";
    ours.szOsFile = real_vfs->szOsFile + (int)sizeof(struct log_file);
    ours.xOpen = open_file;
    sqlite3_vfs_register(&ours, 0);
}

const char *store_log_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, register_ours);
    return ours.zName;
}
