/* Policies of mail domains, and how TLS fared on the way to them. */
#include "store_transport.h"

#include "memory.h"
#include "store_private.h"
#include "store_write.h"

/* People here choose whom they write to, and subscribers where they read; so there are limits, kept with every
 * TRIM_EVERYth new row. */
enum { POLICIES_MAX = 20000, COUNTS_A_DAY = 20000, TRIM_EVERY = 256, HEARD_MAX = 1000 };

void sts_row_clear(struct sts_row *row)
{
    free(row->domain);
    free(row->policy_id);
    free(row->patterns);
    free(row->failed_id);
    *row = (struct sts_row){0};
}

static void read_sts(struct sql_rows *rows, void *out)
{
    struct sts_row *row = out;

    row->domain = take_text(rows);
    row->policy_id = take_text(rows);
    row->mode = take_int(rows);
    row->max_age_s = take_number(rows);
    row->patterns = take_text(rows);
    row->fetched_ms = take_number(rows);
    row->failed_id = take_text(rows);
    row->failed_ms = take_number(rows);
}

enum found store_sts(struct store_view *view, const char *domain, struct sts_row *out,
                     struct err *err)
{
    return sql_find(view->sql,
                    "SELECT domain, policy_id, mode, max_age_s, patterns, fetched_ms, failed_id,"
                    " failed_ms FROM sts_policy WHERE domain = ?",
                    with(as_text(domain)), read_sts, out, err);
}

static void read_domain(struct sql_rows *rows, void *out)
{
    *(char **)out = take_text(rows);
}

enum found store_sts_stale(struct store_view *view, int64_t now_ms, const char *after, char **out,
                           struct err *err)
{
    return sql_find(view->sql,
                    "SELECT domain FROM sts_policy WHERE domain > ?1 AND policy_id IS NOT NULL"
                    " AND mode > 0 AND fetched_ms < ?2 - ?3 AND fetched_ms + max_age_s * 1000 > ?2"
                    " ORDER BY domain LIMIT 1",
                    with(as_text(after), as_number(now_ms), as_number(DAY_MS)), read_domain, out,
                    err);
}

/* Those that were fetched, or failed, longest ago. */
static bool trim_policies(struct store_tx *tx, struct err *err)
{
    return sql_run(tx->sql,
                   "DELETE FROM sts_policy WHERE id IN (SELECT id FROM sts_policy"
                   " ORDER BY max(fetched_ms, failed_ms), id"
                   " LIMIT max(0, (SELECT count(*) FROM sts_policy) - ?))",
                   with(as_number(POLICIES_MAX)), err);
}

bool store_put_sts(struct store_tx *tx, const struct sts_row *row, struct err *err)
{
    int64_t id = 0;
    const struct sql_value *values =
        with(as_text(row->policy_id), as_number(row->mode), as_number(row->max_age_s),
             as_text(row->patterns), as_number(row->fetched_ms), as_text(row->failed_id),
             as_number(row->failed_ms), as_text(row->domain));

    if (!sql_run(tx->sql,
                 "UPDATE sts_policy SET policy_id = ?, mode = ?, max_age_s = ?, patterns = ?,"
                 " fetched_ms = ?, failed_id = ?, failed_ms = ? WHERE domain = ?",
                 values, err))
        return false;
    if (sqlite3_changes(tx->sql->db) > 0)
        return true;
    return sql_insert(tx->sql,
                      "INSERT INTO sts_policy (policy_id, mode, max_age_s, patterns, fetched_ms,"
                      " failed_id, failed_ms, domain) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                      values, &id, err) &&
           (id % TRIM_EVERY != 0 || trim_policies(tx, err));
}

/* ---- counts ---- */
void tls_row_clear(struct tls_row *row)
{
    free(row->domain);
    free(row->host);
    free(row->address);
    free(row->policy);
    *row = (struct tls_row){0};
}

static void read_tls(struct sql_rows *rows, void *out)
{
    struct tls_row *row = out;

    row->day = take_number(rows);
    row->domain = take_text(rows);
    row->judge = take_int(rows);
    row->result = take_int(rows);
    row->host = take_text(rows);
    row->address = take_text(rows);
    row->policy = take_text(rows);
    row->count = take_number(rows);
}

bool store_tls_counts(struct store_view *view, int64_t day, const char *domain,
                      bool (*each)(void *ctx, const struct tls_row *), void *ctx, struct err *err)
{
    return sql_walk(view->sql,
                    "SELECT day, domain, judge, result, host, address, policy, count FROM tls_count"
                    " WHERE ?1 IS NULL OR (day = ?2 AND domain = ?1)"
                    " ORDER BY day, domain, judge, result, host, address",
                    with(as_text(domain), as_number(day)), tls_row, read_tls, tls_row_clear, each,
                    ctx, err);
}

enum found store_tls_number(struct store_view *view, int64_t day, const char *domain, int64_t *out,
                            struct err *err)
{
    return sql_number(view->sql,
                      "SELECT id FROM tls_count WHERE day = ? AND domain = ? ORDER BY id LIMIT 1",
                      with(as_number(day), as_text(domain)), out, err);
}

struct next_report {
    int64_t day;
    char *domain;
};

static void read_next(struct sql_rows *rows, void *out)
{
    struct next_report *next = out;

    next->day = take_number(rows);
    next->domain = take_text(rows);
}

enum found store_tls_next(struct store_view *view, int64_t end_day, int64_t after_day,
                          const char *after_domain, int64_t *out_day, char **out_domain,
                          struct err *err)
{
    struct next_report next = {0};
    enum found found =
        sql_find(view->sql,
                 "SELECT day, domain FROM tls_count WHERE day < ?1 AND (day, domain) > (?2, ?3)"
                 " ORDER BY day, domain LIMIT 1",
                 with(as_number(end_day), as_number(after_day), as_text(after_domain)), read_next,
                 &next, err);

    if (found == FOUND) {
        *out_day = next.day;
        *out_domain = next.domain;
    }
    return found;
}

static bool has_room(struct store_tx *tx, int64_t day, bool *out, struct err *err)
{
    int64_t count = 0;

    if (!sql_count(tx->sql,
                   "SELECT count(*) FROM (SELECT 1 FROM tls_count WHERE day = ?1 LIMIT ?2)",
                   with(as_number(day), as_number(COUNTS_A_DAY)), &count, err))
        return false;
    *out = count < COUNTS_A_DAY;
    return true;
}

bool store_count_tls(struct store_tx *tx, const struct tls_row *row, struct err *err)
{
    bool room = false;
    int64_t id;
    const struct sql_value *values = with(
        as_number(row->count), as_number(row->day), as_text(row->domain), as_number(row->judge),
        as_number(row->result), as_text(row->host), as_text(row->address), as_text(row->policy));

    if (!sql_run(
            tx->sql,
            "UPDATE tls_count SET count = count + ?1 WHERE day = ?2 AND domain = ?3"
            " AND judge = ?4 AND result = ?5 AND host = ?6 AND address = ?7 AND ?8 IS NOT NULL",
            values, err))
        return false;
    if (sqlite3_changes(tx->sql->db) > 0)
        return true;
    if (!has_room(tx, row->day, &room, err))
        return false;
    return !room ||
           sql_insert(tx->sql,
                      "INSERT INTO tls_count (count, day, domain, judge, result, host, address,"
                      " policy) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                      values, &id, err);
}

bool store_end_tls(struct store_tx *tx, int64_t day, const char *domain, struct err *err)
{
    return sql_run(tx->sql, "DELETE FROM tls_count WHERE day = ? AND domain = ?",
                   with(as_number(day), as_text(domain)), err);
}

/* ---- what others tell of us ---- */
void tls_heard_row_clear(struct tls_heard_row *row)
{
    free(row->domain);
    free(row->reporter);
    free(row->trouble);
    *row = (struct tls_heard_row){0};
}

static void read_heard(struct sql_rows *rows, void *out)
{
    struct tls_heard_row *row = out;

    row->day = take_number(rows);
    row->domain = take_text(rows);
    row->reporter = take_text(rows);
    row->good = take_number(rows);
    row->bad = take_number(rows);
    row->trouble = take_text(rows);
}

bool store_tls_heard(struct store_view *view, int64_t from_day,
                     bool (*each)(void *ctx, const struct tls_heard_row *), void *ctx,
                     struct err *err)
{
    return sql_walk(view->sql,
                    "SELECT day, domain, reporter, good, bad, trouble FROM tls_heard"
                    " WHERE day >= ? ORDER BY day DESC, domain, reporter",
                    with(as_number(from_day)), tls_heard_row, read_heard, tls_heard_row_clear, each,
                    ctx, err);
}

bool store_put_tls_heard(struct store_tx *tx, const struct tls_heard_row *row, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT OR REPLACE INTO tls_heard (day, domain, reporter, good, bad, trouble)"
                   " VALUES (?, ?, ?, ?, ?, ?)",
                   with(as_number(row->day), as_text(row->domain), as_text(row->reporter),
                        as_number(row->good), as_number(row->bad), as_text(row->trouble)),
                   err) &&
           sql_run(tx->sql,
                   "DELETE FROM tls_heard WHERE id IN (SELECT id FROM tls_heard ORDER BY id DESC"
                   " LIMIT -1 OFFSET ?)",
                   with(as_number(HEARD_MAX)), err);
}
