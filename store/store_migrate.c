/*
 * user_version counts the steps a database has gone through.  The steps it lacks and the new number commit
 * together: after a crash or an error it is what it was, and the Nestbox that made it can still open it.  It is
 * also one wait for the disk instead of one for each step.  A released step is never edited.
 */
#include "store_private.h"

/* store/schema, embedded by embed.cmake */
extern const char *const store_schema[];
extern const size_t store_schema_steps;

enum { APPLICATION_ID = 0x4e657374 }; /* "Nest" */

static bool set_version(struct sql *sql, size_t version, struct err *err)
{
    char script[96];

    sqlite3_snprintf(sizeof script, script, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                     APPLICATION_ID, (int)version);
    return sql_script(sql, script, err);
}

static bool run_steps(struct sql *sql, const char *const *all, size_t from, size_t count,
                      struct err *err)
{
    struct err ignored;

    if (!sql_script(sql, "BEGIN IMMEDIATE", err))
        return false;
    bool ok = true;
    for (size_t step = from; ok && step < count; step++)
        ok = sql_script(sql, all[step], err);
    if (ok && set_version(sql, count, err) && sql_script(sql, "COMMIT", err))
        return true;
    (void)!sql_script(sql, "ROLLBACK", &ignored);
    return false;
}

/* Somebody else's database is not ours to fill with tables. */
static bool check_owner(struct sql *sql, int64_t version, struct err *err)
{
    int64_t application = 0, tables = 0;

    if (!sql_count(sql, "SELECT application_id FROM pragma_application_id", NULL, &application,
                   err) ||
        !sql_count(sql, "SELECT count(*) FROM sqlite_schema", NULL, &tables, err))
        return false;
    if (application == APPLICATION_ID || (version == 0 && tables == 0))
        return true;
    return err_set(err, ERR_REFUSED, "nestbox.db was not made by Nestbox");
}

bool store_migrate_steps(struct sql *sql, const char *const *all, size_t count, struct err *err)
{
    int64_t version = 0;

    if (!sql_count(sql, "SELECT user_version FROM pragma_user_version", NULL, &version, err) ||
        !check_owner(sql, version, err))
        return false;
    if (version < 0 || version > (int64_t)count)
        return err_set(err, ERR_REFUSED,
                       "nestbox.db was made by a newer Nestbox; install that one");
    return version == (int64_t)count || run_steps(sql, all, (size_t)version, count, err);
}

bool store_migrate(struct sql *sql, struct err *err)
{
    return store_migrate_steps(sql, store_schema, store_schema_steps, err);
}
