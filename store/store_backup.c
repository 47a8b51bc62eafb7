/*
 * A view holds the moment; SQLite copies its pages into a file beside the database, a few at a time, while the writer
 * goes on.  That file has no name any more as soon as it is whole.
 */
#include "store_backup.h"

#include "memory.h"
#include "store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A gap of 2^20 leaves room for 4,000 restores, and is more than a mailbox gets between two backups. */
enum { PAGES_A_STEP = 512, GAP = 1 << 20, UID_MAX = 4000000000 };

static const char copy_name[] = "backup.db";
static const char trouble[] = "The backup cannot be made";

struct store_snapshot {
    struct store *store;
    int database;
    int64_t size;
    struct snapshot_body *bodies;
    size_t count, capacity;
};

/* ---- one at a time ---- */
static bool begin(struct store *store, struct err *err)
{
    pthread_mutex_lock(&store->lock);
    bool was_copied = store->copied;
    store->copied = true;
    pthread_mutex_unlock(&store->lock);
    return !was_copied ||
           err_set(err, ERR_REFUSED, "A backup is being made already; wait for its end");
}

static void end(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->copied = false;
    pthread_mutex_unlock(&store->lock);
}

/* ---- the database ---- */
static bool make_copy(struct store *store, struct err *err)
{
    if (unlinkat(store->data_dir, copy_name, 0) != 0 && errno != ENOENT)
        return err_system(err, trouble, "remove %s", copy_name);
    int file = openat(store->data_dir, copy_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return err_system(err, trouble, "make %s", copy_name);
    close(file);
    return true;
}

static bool copy_pages(struct sql *from, struct sql *to,
                       bool (*step)(void *ctx, int64_t done, int64_t all), void *ctx,
                       struct err *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
    int code = SQLITE_OK;
    bool wanted = true;

    if (!backup)
        return sql_failed(to, sqlite3_errcode(to->db), err);
    while (wanted && (code = sqlite3_backup_step(backup, PAGES_A_STEP)) == SQLITE_OK) {
        int all = sqlite3_backup_pagecount(backup);
        wanted = step(ctx, all - sqlite3_backup_remaining(backup), all);
    }
    sqlite3_backup_finish(backup);
    if (!wanted)
        return err_set(err, ERR_TEMPORARY, "The backup was given up");
    return code == SQLITE_DONE || sql_failed(to, code, err);
}

/* It is thrown away if anything happens to it: nothing needs to be synced. */
static bool copy_database(struct store_snapshot *it, struct store_view *view,
                          bool (*step)(void *ctx, int64_t done, int64_t all), void *ctx,
                          struct err *err)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", it->store->data_dir, copy_name);
    if (!make_copy(it->store, err))
        return false;
    scoped(sql) to = sql_open(path, WRITER_CACHE_KIB, err);
    return to && sql_script(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", err) &&
           copy_pages(view->sql, to, step, ctx, err);
}

static bool keep_copy(struct store_snapshot *it, struct err *err)
{
    struct stat stat;

    it->database = openat(it->store->data_dir, copy_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (it->database < 0 || fstat(it->database, &stat) != 0)
        return err_system(err, trouble, "open %s", copy_name);
    it->size = stat.st_size;
    return true;
}

/* ---- bodies ---- */
static bool list_bodies(struct store_snapshot *it, struct store_view *view, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found;

    if (!sql_ask(&rows, view->sql, "SELECT file, size FROM body WHERE file IS NOT NULL ORDER BY id",
                 NULL, err))
        return false;
    while ((found = sql_next(&rows, err)) == FOUND) {
        scoped_text char *file = take_text(&rows);
        must_make_room(it->bodies, it->count, it->capacity);
        struct snapshot_body *body = &it->bodies[it->count++];
        store_body_path(file, body->path);
        body->size = take_number(&rows);
    }
    return found != FAILED;
}

static bool take(struct store_snapshot *it, bool (*step)(void *ctx, int64_t done, int64_t all),
                 void *ctx, struct err *err)
{
    scoped(store_view) view = store_look(it->store, err);
    bool ok = view && list_bodies(it, view, err) && copy_database(it, view, step, ctx, err) &&
              keep_copy(it, err);

    unlinkat(it->store->data_dir, copy_name, 0);
    return ok;
}

bool store_snapshot(struct store *store, bool (*step)(void *ctx, int64_t done, int64_t all),
                    void *ctx, struct store_snapshot **out, struct err *err)
{
    if (!begin(store, err))
        return false;
    struct store_snapshot *it = must_new(struct store_snapshot);
    it->store = store;
    it->database = -1;
    if (!take(it, step, ctx, err)) {
        store_snapshot_free(it);
        return false;
    }
    *out = it;
    return true;
}

void store_snapshot_free(struct store_snapshot *snapshot)
{
    if (!snapshot)
        return;
    if (snapshot->database >= 0)
        close(snapshot->database);
    end(snapshot->store);
    free(snapshot->bodies);
    free(snapshot);
}

int store_snapshot_database(const struct store_snapshot *snapshot, int64_t *out_size)
{
    *out_size = snapshot->size;
    return snapshot->database;
}

size_t store_snapshot_bodies(const struct store_snapshot *snapshot,
                             const struct snapshot_body **out)
{
    *out = snapshot->bodies;
    return snapshot->count;
}

int store_snapshot_open(const struct store_snapshot *snapshot, const struct snapshot_body *body,
                        struct err *err)
{
    int file = openat(snapshot->store->bodies, body->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (file < 0)
        err_system(err, trouble, "body file %s", body->path);
    return file;
}

/* ---- put to use ---- */
static bool is_sound(struct sql *sql, struct err *err)
{
    int64_t sound = 0;

    return sql_count(sql,
                     "SELECT (SELECT count(*) = 1 AND min(quick_check) = 'ok' FROM"
                     " pragma_quick_check(10)) AND NOT EXISTS (SELECT 1 FROM"
                     " pragma_foreign_key_check)",
                     NULL, &sound, err) &&
           (sound || err_set(err, ERR_REFUSED, "The database in the backup is damaged"));
}

static bool has_bodies(struct sql *sql, int data_dir, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found;

    if (!sql_ask(&rows, sql, "SELECT file, size FROM body WHERE file IS NOT NULL", NULL, err))
        return false;
    while ((found = sql_next(&rows, err)) == FOUND) {
        char below[BODY_NAME_SIZE + 4], path[BODY_NAME_SIZE + 16];
        struct stat stat;
        scoped_text char *file = take_text(&rows);
        int64_t size = take_number(&rows);
        store_body_path(file, below);
        snprintf(path, sizeof path, "bodies/%s", below);
        if (fstatat(data_dir, path, &stat, AT_SYMLINK_NOFOLLOW) != 0 || stat.st_size != size)
            return err_because(err, ERR_REFUSED, "A mail is missing in the backup", "%s", path);
    }
    return found != FAILED;
}

/* Peers know our Follows by the numbers of their rows, and the log knows deliveries: none is given again, of tables that
 * were empty neither. */
static bool skip_numbers(struct sql *sql, struct err *err)
{
    return sql_run(sql,
                   "INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM sqlite_schema"
                   " WHERE type = 'table' AND sql LIKE '% AUTOINCREMENT%'"
                   " AND name NOT IN (SELECT name FROM sqlite_sequence)",
                   NULL, err) &&
           sql_run(sql, "UPDATE sqlite_sequence SET seq = seq + ?", with(as_number(GAP)), err);
}

static bool leave_gap(struct sql *sql, bool renumber, struct err *err)
{
    return sql_run(sql,
                   "UPDATE mailbox SET uid_next = min(uid_next + ?1, ?2), modseq = modseq + ?1",
                   with(as_number(GAP), as_number(UID_MAX)), err) &&
           skip_numbers(sql, err) &&
           (!renumber || sql_run(sql,
                                 "UPDATE mailbox SET uid_validity ="
                                 " max(?, (SELECT max(uid_validity) FROM mailbox)) + id",
                                 with(as_number(clock_now(&system_clock) / SECOND_MS)), err));
}

bool store_restored(int data_dir, bool renumber, struct err *err)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fd/%d/nestbox.db", data_dir);
    scoped(sql) sql = sql_open(path, WRITER_CACHE_KIB, err);
    return sql && store_migrate(sql, err) && is_sound(sql, err) && has_bodies(sql, data_dir, err) &&
           leave_gap(sql, renumber, err);
}
