/*
 * store_sql — one database connection, spoken to in sentences.
 *
 * Only store/ includes this.  A connection belongs to one thread at a time.  Statements are prepared once and
 * found again by the address of their text, so every text must be a literal.  Errors are mapped here and
 * nowhere else: a broken UNIQUE is ERR_CONFLICT, a broken reference ERR_ABSENT, a full disk ERR_FULL.
 *
 *     scoped_value(sql_rows) rows = {0};
 *     if (!sql_ask(&rows, sql, "SELECT id, name FROM tag WHERE message_id = ?", with(as_number(id)), err))
 *         return false;
 *     enum found found;
 *     while ((found = sql_next(&rows, err)) == FOUND)
 *         use(take_number(&rows), take_text(&rows)); (columns are taken from left to right)
 *     return found != FAILED;
 */
#ifndef NESTBOX_STORE_SQL_H
#define NESTBOX_STORE_SQL_H

#include "bytes.h"
#include "err.h"
#include "scope.h"
#include "store.h"

#include <sqlite3.h>
#include <string.h>

enum { SQL_CACHE = 160 };
struct sql_cached {
    const char *text;
    sqlite3_stmt *statement;
    uint64_t used_at;
    bool busy;
};
struct sql {
    sqlite3 *db;
    struct vault *vault; /* for secrets; NULL: they are kept as they are */
    uint64_t uses;
    size_t count;
    struct sql_cached cache[SQL_CACHE];
};

/* Opens the database file and sets what every connection needs.  `page_cache_kib` bounds its memory. */
struct sql *sql_open(const char *path, int page_cache_kib, struct err *err); /* NULL on failure */
void sql_close(struct sql *sql);
SCOPED(sql, sql_close)

/* Values to bind.  A string that is NULL binds NULL. */
enum sql_kind { SQL_END, SQL_NULL, SQL_NUMBER, SQL_TEXT, SQL_BLOB, SQL_SECRET };
struct sql_value {
    enum sql_kind kind;
    int64_t number;
    struct slice bytes;
};
#define with(...) ((const struct sql_value[]){__VA_ARGS__, as_end()}) /* without any: NULL */
static inline struct sql_value as_end(void)
{
    return (struct sql_value){.kind = SQL_END};
}
static inline struct sql_value as_number(int64_t number)
{
    return (struct sql_value){.kind = SQL_NUMBER, .number = number};
}
static inline struct sql_value as_id(int64_t id) /* 0 is none */
{
    return (struct sql_value){.kind = id ? SQL_NUMBER : SQL_NULL, .number = id};
}
static inline struct sql_value as_slice(struct slice s)
{
    return (struct sql_value){.kind = SQL_TEXT, .bytes = s};
}
static inline struct sql_value as_text(const char *text)
{
    return (struct sql_value){.kind = text ? SQL_TEXT : SQL_NULL, .bytes = slice_of(text)};
}
static inline struct sql_value as_blob(struct slice s)
{
    return (struct sql_value){.kind = SQL_BLOB, .bytes = s};
}
static inline struct sql_value as_bytes(const struct bytes *b) /* never filled is NULL */
{
    return (struct sql_value){.kind = b->at ? SQL_BLOB : SQL_NULL, .bytes = bytes_slice(b)};
}

/* A secret: text that SQL need not understand, kept in its column under the server key.  What was written before there
 * was a vault is found as it was; no comparing in SQL. */
static inline struct sql_value as_secret(const char *text)
{
    return (struct sql_value){.kind = text ? SQL_SECRET : SQL_NULL, .bytes = slice_of(text)};
}
/* What lies open in such a column, as strangers' words may: it must not begin as what was wrapped does. */
#define SECRET_MARK "\x01"
static inline struct sql_value as_open(const char *text)
{
    return as_text(text ? text + strspn(text, SECRET_MARK) : NULL);
}

/* Runs a statement to its end; rows are ignored.  `values` are borrowed for the call. */
MUST_CHECK bool sql_run(struct sql *sql, const char *text, const struct sql_value *values,
                        struct err *err);
/* As sql_run(); ERR_ABSENT with `missing` if it changed no row. */
MUST_CHECK bool sql_change(struct sql *sql, const char *text, const struct sql_value *values,
                           const char *missing, struct err *err);
/* As sql_run(); the id of the row inserted. */
MUST_CHECK bool sql_insert(struct sql *sql, const char *text, const struct sql_value *values,
                           int64_t *out_id, struct err *err);
/* store_secret.c: a text as it is kept, and back. */
struct vault;
void store_secret_text(struct vault *vault, struct slice text, struct bytes *out);
char *store_secret_read(struct vault *vault, struct slice kept); /* NULL: see take_secret() */

/* The first column of the first row. */
enum found sql_number(struct sql *sql, const char *text, const struct sql_value *values,
                      int64_t *out, struct err *err);
/* A row that is always there, as of count(*). */
MUST_CHECK bool sql_count(struct sql *sql, const char *text, const struct sql_value *values,
                          int64_t *out, struct err *err);

struct sql_rows {
    struct sql *sql;
    sqlite3_stmt *statement;
    size_t slot; /* in the cache; SQL_CACHE: a statement of its own */
    int column;  /* the next to take */
};
/* `values` must live until sql_end(): the rows keep a borrow. */
MUST_CHECK bool sql_ask(struct sql_rows *rows, struct sql *sql, const char *text,
                        const struct sql_value *values, struct err *err);
enum found sql_next(struct sql_rows *rows, struct err *err);
void sql_end(struct sql_rows *rows);
static inline void sql_rows_value_leave_scope(struct sql_rows *rows)
{
    sql_end(rows);
}
/* The first row, read into `out` by `read`. */
enum found sql_find(struct sql *sql, const char *text, const struct sql_value *values,
                    void (*read)(struct sql_rows *, void *out), void *out, struct err *err);

/* Tells every row to `each`, as struct `type` read by `read` and released by `release`; false from `each`
 * ends the walk.  An expression: false on failure. */
#define sql_walk(sql, text, values, type, read, release, each, ctx, err)                           \
    ({                                                                                             \
        scoped_value(sql_rows) rows_ = {0};                                                        \
        enum found found_ = FAILED;                                                                \
        bool more_ = sql_ask(&rows_, (sql), (text), (values), (err));                              \
        while (more_ && (found_ = sql_next(&rows_, (err))) == FOUND) {                             \
            struct type item_;                                                                     \
            read(&rows_, &item_);                                                                  \
            more_ = (each)((ctx), &item_);                                                         \
            release(&item_);                                                                       \
        }                                                                                          \
        found_ != FAILED;                                                                          \
    })

int64_t take_number(struct sql_rows *rows); /* NULL is 0 */
int take_int(struct sql_rows *rows);
bool take_bool(struct sql_rows *rows);
char *take_text(struct sql_rows *rows); /* a copy; NULL stays NULL */
struct bytes take_bytes(struct sql_rows *rows);
char *take_secret(struct sql_rows *rows); /* NULL, and said in the log: it cannot be read */
void take_exactly(struct sql_rows *rows, void *into,
                  size_t size); /* a blob of that size, zeros if it is not */

/* Without cache: pragmas, schema steps. */
MUST_CHECK bool sql_script(struct sql *sql, const char *script, struct err *err);
bool sql_failed(struct sql *sql, int code, struct err *err); /* maps, returns false */

#endif
