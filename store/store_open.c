/*
 * Opening: folders, database file, tables, sweep, writer, in this order.
 *
 * SQLite wants a path, and everything of ours goes through the data folder's descriptor: the path leads through
 * /proc/self/fd.  The file is made here first, so that it (and with it -wal and -shm) has mode 0600 whatever
 * the umask.  Nobody else in the process may open it: closing any descriptor of it would drop SQLite's locks.
 */
#include "store_private.h"

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool open_folder(int parent, const char *name, int *out, struct err *err)
{
    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
        return err_system(err, "The data folder cannot be used", "make folder %s", name);
    *out = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (*out < 0 || fsync(parent) != 0)
        return err_system(err, "The data folder cannot be used", "open folder %s", name);
    return true;
}

static bool make_file(int data_dir, struct err *err)
{
    int file = openat(data_dir, "nestbox.db", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (file < 0)
        return errno == EEXIST || err_system(err, "The database cannot be made", "make nestbox.db");
    bool ok = fchmod(file, 0600) == 0 && fsync(data_dir) == 0;
    close(file);
    return ok || err_system(err, "The database cannot be made", "make nestbox.db");
}

static void read_mode(struct sql_rows *rows, void *out)
{
    *(char **)out = take_text(rows);
}

static bool use_wal(struct sql *sql, struct err *err)
{
    scoped_text char *mode = NULL;
    enum found found = sql_find(sql, "PRAGMA journal_mode = WAL", NULL, read_mode, &mode, err);

    if (found == FAILED)
        return false;
    if (!mode || strcmp(mode, "wal") != 0)
        return err_set(err, ERR_TEMPORARY,
                       "The data folder's file system cannot hold a database (no WAL)");
    return true;
}

static bool open_database(struct store *store, struct err *err)
{
    snprintf(store->path, sizeof store->path, "/proc/self/fd/%d/nestbox.db", store->data_dir);
    if (!make_file(store->data_dir, err))
        return false;
    store->tx.sql = sql_open(store->path, WRITER_CACHE_KIB, err);
    store->tx.view.sql = store->tx.sql;
    return store->tx.sql && store_migrate(store->tx.sql, err) && use_wal(store->tx.sql, err) &&
           (fsync(store->data_dir) == 0 ||
            err_system(err, "The database cannot be made", "sync data folder"));
}

static struct store *new_store(int data_dir, const struct clock *clock)
{
    struct store *store = must_new(struct store);

    store->clock = clock;
    store->data_dir = fcntl(data_dir, F_DUPFD_CLOEXEC, 3);
    store->bodies = -1;
    store->incoming = -1;
    store->last = &store->first;
    store->people_max = PEOPLE_MAX;
    store->tx.store = store;
    store->tx.view.store = store;
    pthread_mutex_init(&store->lock, NULL);
    sem_init(&store->bell, 0, 0);
    return store;
}

static void close_folder(int folder)
{
    if (folder >= 0)
        close(folder);
}

static void free_store(struct store *store)
{
    store_views_close(store);
    sql_close(store->tx.sql);
    close_folder(store->incoming);
    close_folder(store->bodies);
    close_folder(store->data_dir);
    sem_destroy(&store->bell);
    pthread_mutex_destroy(&store->lock);
    free(store->tx.topics);
    free(store->tx.taken);
    free(store);
}

/* SQLite counts its memory under one lock for all connections, at each call; nobody asks it for the sum. */
static void set_up_sqlite(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool store_open(int data_dir, const struct clock *clock, struct store **out, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct store *store = new_store(data_dir, clock);

    pthread_once(&once, set_up_sqlite);
    bool ok = store->data_dir >= 0 || err_system(err, "The data folder cannot be used", "dup");
    ok = ok && open_folder(store->data_dir, "bodies", &store->bodies, err) &&
         open_folder(store->bodies, "incoming", &store->incoming, err) &&
         open_database(store, err) && store_sweep(store, err) && store_writer_start(store, err);
    if (!ok) {
        free_store(store);
        return false;
    }
    *out = store;
    return true;
}

void store_wrap_with(struct store *store, struct vault *vault)
{
    store->vault = vault;
    store->tx.sql->vault = vault;
    store_views_close(store); /* those at rest know nothing of it */
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store_writer_stop(store);
    store_views_close(store); /* before the checkpoint: a reader would keep the WAL */
    sqlite3_wal_checkpoint_v2(store->tx.sql->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    free_store(store);
}
