/*
 * Sweeping: at open what a crash left of bodies, and in slices, while all runs, what has expired.
 */
#include "store_delivery.h"
#include "store_private.h"
#include "store_write.h"

#include "memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_ROWS = 500, SLICE_FILES = 100 };

/* How long what was counted against a limit is remembered, and a row withdrawn before it was said: longer than
 * any attempt to say it can last. */
enum {
    PEER_DAYS = 400,
    LIMITED_DAYS = 32,
    SILENT_HOURS = 1,
    HOST_DAYS = 7 /* nobody wrote there since */,
    REQUEST_KEY_DAYS = 30
};

static DIR *open_listing(int parent, const char *name, struct err *err)
{
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *listing = folder < 0 ? NULL : fdopendir(folder);

    if (!listing) {
        err_system(err, "The data folder cannot be used", "list %s", name);
        if (folder >= 0)
            close(folder);
    }
    return listing;
}

/* Calls `each` for every name but . and .. */
static bool each_name(int parent, const char *folder,
                      bool (*each)(void *ctx, int folder, const char *name, struct err *err),
                      void *ctx, struct err *err)
{
    DIR *listing = open_listing(parent, folder, err);
    bool ok = listing != NULL;
    struct dirent *found;

    while (ok &&
           (found = readdir(listing))) /* NOLINT(concurrency-mt-unsafe): a listing of our own */
        if (found->d_name[0] != '.')
            ok = each(ctx, dirfd(listing), found->d_name, err);
    if (listing)
        closedir(listing);
    return ok;
}

static bool remove_name(void *ctx, int folder, const char *name, struct err *err)
{
    (void)ctx;
    return unlinkat(folder, name, 0) == 0 ||
           err_system(err, "The data folder cannot be used", "remove %s", name);
}

struct sweep {
    struct store *store;
    struct timespec start;
};

static bool is_older(const struct stat *stat, const struct timespec *start)
{
    return stat->st_mtim.tv_sec < start->tv_sec ||
           (stat->st_mtim.tv_sec == start->tv_sec && stat->st_mtim.tv_nsec <= start->tv_nsec);
}

static bool remove_orphan(void *ctx, int folder, const char *name, struct err *err)
{
    struct sweep *sweep = ctx;
    struct stat stat;
    int64_t named = 0;

    if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(stat.st_mode) ||
        !is_older(&stat, &sweep->start))
        return true;
    enum found found = sql_number(sweep->store->tx.sql,
                                  "SELECT 1 FROM body WHERE file = ?1 UNION ALL"
                                  " SELECT 1 FROM body_garbage WHERE file = ?1",
                                  with(as_text(name)), &named, err);
    if (found == ABSENT)
        return remove_name(NULL, folder, name, err);
    return found == FOUND;
}

static bool sweep_letters(void *ctx, int folder, const char *name, struct err *err)
{
    return strlen(name) != 2 || each_name(folder, name, remove_orphan, ctx, err);
}

bool store_sweep(struct store *store, struct err *err)
{
    struct sweep sweep = {.store = store};

    clock_gettime(CLOCK_REALTIME, &sweep.start);
    unlinkat(store->data_dir, "backup.db", 0); /* of a backup that died */
    return each_name(store->bodies, "incoming", remove_name, NULL, err) &&
           each_name(store->data_dir, "bodies", sweep_letters, &sweep, err);
}

/* Recurring work */

struct tidy {
    struct store_change change;
    int64_t ids[SLICE_FILES];
    size_t count;
    bool more;
};

static bool expire(struct store_tx *tx, const char *text, int64_t before_ms, bool *more,
                   struct err *err)
{
    if (!sql_run(tx->sql, text, with(as_number(before_ms), as_number(SLICE_ROWS)), err))
        return false;
    *more = *more || sqlite3_changes(tx->sql->db) == SLICE_ROWS;
    return true;
}

/* What was put off by a clock that has been set back since would wait for years. */
#define AT_ONCE(table, id, column, of)                                                             \
    "UPDATE " table " SET " column " = ?1 WHERE " id " IN (SELECT " id " FROM " table " WHERE " of \
    " AND " column " > ?2 AND " column " < ?3 LIMIT ?4)"
static const struct {
    const char *text;
    int64_t most_ms; /* nothing is put off for longer */
} put_off[] = {
    {AT_ONCE("delivery",  "id",   "due_ms",     "target = 1"),                   8 * DAY_MS },
    {AT_ONCE("delivery",  "id",   "due_ms",     "target = 2"),                   8 * DAY_MS },
    {AT_ONCE("delivery",  "id",   "due_ms",     "target = 3"),                   8 * DAY_MS },
    {AT_ONCE("host",      "id",   "next_ms",    "next_ms > 0"),                  8 * DAY_MS },
    {AT_ONCE("mail_host", "name", "next_ms",    "next_ms > 0"),                  8 * DAY_MS },
    {AT_ONCE("message",   "id",   "release_ms", "state = 1 AND release_ms > 0"), 2 * HOUR_MS},
};

static bool mend_times(struct store_tx *tx, int64_t now_ms, bool *more, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(put_off); i++) {
        if (!sql_run(tx->sql, put_off[i].text,
                     with(as_number(now_ms), as_number(now_ms + put_off[i].most_ms),
                          as_number(DELIVERY_PARKED_MS), as_number(SLICE_ROWS)),
                     err))
            return false;
        if (sqlite3_changes(tx->sql->db) == 0)
            continue;
        store_note(tx, TOPIC_DELIVERIES, 0);
        *more = true;
    }
    return true;
}

static bool tidy_rows(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct tidy *tidy = container_of(change, struct tidy, change);
    int64_t now_ms = tx_now(tx);

    tidy->more = tidy->count == SLICE_FILES;
    for (size_t i = 0; i < tidy->count; i++)
        if (!sql_run(tx->sql, "DELETE FROM body_garbage WHERE id = ?",
                     with(as_number(tidy->ids[i])), err))
            return false;
    return mend_times(tx, now_ms, &tidy->more, err) &&
           store_expire_tokens(tx, now_ms, SLICE_ROWS, &tidy->more, err) &&
           expire(tx,
                  "DELETE FROM asked WHERE id IN (SELECT id FROM asked WHERE at_ms < ? LIMIT ?)",
                  now_ms - (int64_t)LIMITED_DAYS * DAY_MS, &tidy->more, err) &&
           expire(
               tx,
               "DELETE FROM pass WHERE id IN (SELECT id FROM pass WHERE expires_ms <= ? LIMIT ?)",
               now_ms, &tidy->more, err) &&
           expire(tx,
                  "DELETE FROM seen WHERE (kind, digest) IN (SELECT kind, digest FROM seen"
                  " WHERE expires_ms > 0 AND expires_ms <= ? LIMIT ?)",
                  now_ms, &tidy->more, err) &&
           expire(
               tx,
               "DELETE FROM limited WHERE id IN (SELECT id FROM limited WHERE at_ms < ? LIMIT ?)",
               now_ms - (int64_t)LIMITED_DAYS * DAY_MS, &tidy->more, err) &&
           expire(tx,
                  "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery"
                  " WHERE withdrawn_ms < ? AND due_ms IS NULL LIMIT ?)",
                  now_ms - (int64_t)SILENT_HOURS * HOUR_MS, &tidy->more, err) &&
           expire(tx,
                  "DELETE FROM mail_host WHERE name IN (SELECT name FROM mail_host"
                  " WHERE next_ms < ? LIMIT ?)",
                  now_ms - (int64_t)HOST_DAYS * DAY_MS, &tidy->more, err) &&
           expire(tx,
                  "DELETE FROM peer_key WHERE id IN (SELECT id FROM peer_key"
                  " WHERE seen_ms < ? LIMIT ?)",
                  now_ms - (int64_t)PEER_DAYS * DAY_MS, &tidy->more, err) &&
           expire(tx, /* of a contact request that is over */
                  "DELETE FROM own_key WHERE id IN (SELECT k.id FROM own_key k"
                  " WHERE k.made_ms < ? AND k.address LIKE '%+contact@%' AND NOT EXISTS"
                  " (SELECT 1 FROM message m JOIN contact c ON c.notice_id = m.id"
                  "  WHERE m.ref = substr(k.address, 1, instr(k.address, '+') - 1)) LIMIT ?)",
                  now_ms - (int64_t)REQUEST_KEY_DAYS * DAY_MS, &tidy->more, err);
}

static bool is_copied(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    bool copied = store->copied;
    pthread_mutex_unlock(&store->lock);
    return copied;
}

/* Removes the files first: dying in between leaves rows for files that are gone, which is nothing. */
static bool remove_garbage(struct store *store, struct tidy *tidy, struct err *err)
{
    if (is_copied(store))
        return true;
    scoped(store_view) view = store_look(store, err);
    if (!view)
        return false;
    scoped_value(sql_rows) rows = {0};
    if (!sql_ask(&rows, view->sql, "SELECT id, file FROM body_garbage ORDER BY id LIMIT ?",
                 with(as_number(SLICE_FILES)), err))
        return false;
    enum found found;
    while ((found = sql_next(&rows, err)) == FOUND) {
        char path[BODY_NAME_SIZE + 4];
        tidy->ids[tidy->count++] = take_number(&rows);
        scoped_text char *file = take_text(&rows);
        store_body_path(file, path);
        unlinkat(store->bodies, path, 0);
    }
    return found != FAILED;
}

bool store_tidy(struct store *store, bool *out_more, struct err *err)
{
    struct tidy tidy = {.change = {.apply = tidy_rows}};

    if (!remove_garbage(store, &tidy, err) || !store_commit(store, &tidy.change, err))
        return false;
    *out_more = tidy.more;
    return true;
}
