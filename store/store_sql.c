/*
 * The statement cache is searched from front to end: it holds some dozen statements a connection, and their
 * keys fit a few cache lines.  A statement in use (a walk whose `each` asks the same again) is not shared; a
 * second one is prepared and thrown away after use.
 */
#include "store_sql.h"

#include "memory.h"
#include "store_log_file.h"

#include <assert.h>
#include <errno.h>

static const char setup[] =
    "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;"
    "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
    "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;";

enum { BUSY_MS = 5000 }; /* an administrator's sqlite3 beside us */

bool sql_failed(struct sql *sql, int code, struct err *err)
{
    const char *cause = sqlite3_errmsg(sql->db);
    int disk = sqlite3_system_errno(sql->db);

    if ((code & 0xff) == SQLITE_FULL ||
        ((code & 0xff) == SQLITE_IOERR && (disk == ENOSPC || disk == EDQUOT)))
        return err_because(err, ERR_FULL, "No room on our disk; try again later", "sqlite: %s",
                           cause);
    switch (sqlite3_extended_errcode(sql->db)) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
        return err_because(err, ERR_CONFLICT, "Try again", "sqlite: %s", cause);
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return err_because(err, ERR_ABSENT, "What this belongs to is not there", "sqlite: %s",
                           cause);
    case SQLITE_TOOBIG: return err_because(err, ERR_TOO_LARGE, "Too large", "sqlite: %s", cause);
    default:
        return err_because(err, ERR_TEMPORARY, "Our store has trouble; try again later",
                           "sqlite: %s (code %d, errno %d)", cause, code, disk);
    }
}

struct sql *sql_open(const char *path, int page_cache_kib, struct err *err)
{
    struct sql *sql = must_new(struct sql);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    char cache[48];

    int code = sqlite3_open_v2(path, &sql->db, flags, store_log_vfs());
    if (code != SQLITE_OK) {
        sql_failed(sql, code, err);
        sql_close(sql);
        return NULL;
    }
    sqlite3_busy_timeout(sql->db, BUSY_MS);
    sqlite3_snprintf(sizeof cache, cache, "PRAGMA cache_size = -%d", page_cache_kib);
    if (!sql_script(sql, setup, err) || !sql_script(sql, cache, err)) {
        sql_close(sql);
        return NULL;
    }
    return sql;
}

void sql_close(struct sql *sql)
{
    if (!sql)
        return;
    for (size_t i = 0; i < sql->count; i++)
        sqlite3_finalize(sql->cache[i].statement);
    sqlite3_close(sql->db);
    free(sql);
}

bool sql_script(struct sql *sql, const char *script, struct err *err)
{
    int code = sqlite3_exec(sql->db, script, NULL, NULL, NULL);

    return code == SQLITE_OK || sql_failed(sql, code, err);
}

static size_t find_cached(const struct sql *sql, const char *text)
{
    for (size_t i = 0; i < sql->count; i++)
        if (sql->cache[i].text == text)
            return i;
    return SQL_CACHE;
}

/* Where a new statement may live: a free place, else that of the one unused for longest. */
static size_t make_place(struct sql *sql)
{
    size_t oldest = SQL_CACHE;

    if (sql->count < SQL_CACHE)
        return sql->count++;
    for (size_t i = 0; i < SQL_CACHE; i++)
        if (!sql->cache[i].busy &&
            (oldest == SQL_CACHE || sql->cache[i].used_at < sql->cache[oldest].used_at))
            oldest = i;
    if (oldest < SQL_CACHE)
        sqlite3_finalize(sql->cache[oldest].statement);
    return oldest;
}

static bool prepare(struct sql_rows *rows, const char *text, struct err *err)
{
    struct sql *sql = rows->sql;
    size_t known = find_cached(sql, text);

    if (known < SQL_CACHE && !sql->cache[known].busy) {
        rows->statement = sql->cache[known].statement;
        rows->slot = known;
        return true;
    }
    unsigned flags = known < SQL_CACHE ? 0 : SQLITE_PREPARE_PERSISTENT;
    int code = sqlite3_prepare_v3(sql->db, text, -1, flags, &rows->statement, NULL);
    if (code != SQLITE_OK)
        return sql_failed(sql, code, err);
    rows->slot = known < SQL_CACHE ? SQL_CACHE : make_place(sql);
    if (rows->slot < SQL_CACHE)
        sql->cache[rows->slot] = (struct sql_cached){text, rows->statement, 0, false};
    return true;
}

static int bind_secret(struct sql_rows *rows, int at, struct slice text)
{
    scoped_value(bytes) kept = {0};

    store_secret_text(rows->sql->vault, text, &kept);
    return sqlite3_bind_text64(rows->statement, at, kept.len ? kept.at : "", kept.len,
                               SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind_value(struct sql_rows *rows, int at, const struct sql_value *value)
{
    sqlite3_stmt *statement = rows->statement;
    const char *bytes = value->bytes.at ? value->bytes.at : "";

    switch (value->kind) {
    case SQL_END:
    case SQL_NULL: return sqlite3_bind_null(statement, at);
    case SQL_NUMBER: return sqlite3_bind_int64(statement, at, value->number);
    case SQL_TEXT:
        return sqlite3_bind_text64(statement, at, bytes, value->bytes.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case SQL_SECRET: return bind_secret(rows, at, value->bytes);
    case SQL_BLOB:
        return sqlite3_bind_blob64(statement, at, bytes, value->bytes.len, SQLITE_STATIC);
    }
    __builtin_unreachable();
}

bool sql_ask(struct sql_rows *rows, struct sql *sql, const char *text,
             const struct sql_value *values, struct err *err)
{
    *rows = (struct sql_rows){.sql = sql, .slot = SQL_CACHE};
    if (!prepare(rows, text, err))
        return false;
    if (rows->slot < SQL_CACHE) {
        sql->cache[rows->slot].busy = true;
        sql->cache[rows->slot].used_at = ++sql->uses;
    }
    int count = 0;
    for (; values && values[count].kind != SQL_END; count++) {
        int code = bind_value(rows, count + 1, &values[count]);
        if (code != SQLITE_OK)
            return sql_failed(sql, code, err);
    }
    assert(count == sqlite3_bind_parameter_count(rows->statement));
    return true;
}

enum found sql_next(struct sql_rows *rows, struct err *err)
{
    int code = sqlite3_step(rows->statement);

    rows->column = 0;
    if (code == SQLITE_ROW)
        return FOUND;
    if (code == SQLITE_DONE)
        return ABSENT;
    sql_failed(rows->sql, code, err);
    return FAILED;
}

void sql_end(struct sql_rows *rows)
{
    if (!rows->statement)
        return;
    if (rows->slot == SQL_CACHE) {
        sqlite3_finalize(rows->statement);
    } else {
        sqlite3_reset(rows->statement);
        sqlite3_clear_bindings(rows->statement);
        rows->sql->cache[rows->slot].busy = false;
    }
    rows->statement = NULL;
}

bool sql_run(struct sql *sql, const char *text, const struct sql_value *values, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found = FOUND;

    if (!sql_ask(&rows, sql, text, values, err))
        return false;
    while (found == FOUND)
        found = sql_next(&rows, err);
    return found != FAILED;
}

bool sql_change(struct sql *sql, const char *text, const struct sql_value *values,
                const char *missing, struct err *err)
{
    if (!sql_run(sql, text, values, err))
        return false;
    return sqlite3_changes(sql->db) > 0 || err_set(err, ERR_ABSENT, "%s", missing);
}

bool sql_insert(struct sql *sql, const char *text, const struct sql_value *values, int64_t *out_id,
                struct err *err)
{
    if (!sql_run(sql, text, values, err))
        return false;
    *out_id = sqlite3_last_insert_rowid(sql->db);
    return true;
}

static void read_number(struct sql_rows *rows, void *out)
{
    *(int64_t *)out = take_number(rows);
}

enum found sql_number(struct sql *sql, const char *text, const struct sql_value *values,
                      int64_t *out, struct err *err)
{
    return sql_find(sql, text, values, read_number, out, err);
}

bool sql_count(struct sql *sql, const char *text, const struct sql_value *values, int64_t *out,
               struct err *err)
{
    enum found found = sql_number(sql, text, values, out, err);

    assert(found != ABSENT);
    return found == FOUND;
}

enum found sql_find(struct sql *sql, const char *text, const struct sql_value *values,
                    void (*read)(struct sql_rows *, void *out), void *out, struct err *err)
{
    scoped_value(sql_rows) rows = {0};

    if (!sql_ask(&rows, sql, text, values, err))
        return FAILED;
    enum found found = sql_next(&rows, err);
    if (found == FOUND)
        read(&rows, out);
    return found;
}

int64_t take_number(struct sql_rows *rows)
{
    return sqlite3_column_int64(rows->statement, rows->column++);
}

int take_int(struct sql_rows *rows)
{
    return sqlite3_column_int(rows->statement, rows->column++);
}

bool take_bool(struct sql_rows *rows)
{
    return take_number(rows) != 0;
}

static struct slice take_slice(struct sql_rows *rows)
{
    int column = rows->column++;
    const char *at = sqlite3_column_blob(rows->statement, column);

    return (struct slice){at, (size_t)sqlite3_column_bytes(rows->statement, column)};
}

static bool next_is_null(const struct sql_rows *rows)
{
    return sqlite3_column_type(rows->statement, rows->column) == SQLITE_NULL;
}

char *take_text(struct sql_rows *rows)
{
    bool is_null = next_is_null(rows);
    struct slice s = take_slice(rows);

    return is_null ? NULL : must_copy(s);
}

struct bytes take_bytes(struct sql_rows *rows)
{
    struct bytes b = {0};
    bool is_null = next_is_null(rows);
    struct slice s = take_slice(rows);

    if (!is_null) {
        bytes_reserve(&b, s.len);
        bytes_add(&b, s.len ? s : SLICE(""));
    }
    return b;
}

char *take_secret(struct sql_rows *rows)
{
    scoped_text char *kept = take_text(rows);

    return kept ? store_secret_read(rows->sql->vault, slice_of(kept)) : NULL;
}

void take_exactly(struct sql_rows *rows, void *into, size_t size)
{
    struct slice s = take_slice(rows);

    memset(into, 0, size);
    if (s.len == size)
        memcpy(into, s.at, size);
}
