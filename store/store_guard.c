/* Guards: what was seen before, how often something was done. */
#include "store_message.h"
#include "store_private.h"
#include "store_write.h"

static struct sql_value as_digest(const unsigned char digest[32])
{
    return as_blob((struct slice){(const char *)digest, 32});
}

enum found store_seen(struct store_view *view, enum seen_kind kind, const unsigned char digest[32],
                      struct err *err)
{
    int64_t one = 0;

    return sql_number(
        view->sql,
        "SELECT 1 FROM seen WHERE kind = ? AND digest = ? AND (expires_ms = 0 OR expires_ms > ?)",
        with(as_number(kind), as_digest(digest), as_number(clock_now(view->store->clock))), &one,
        err);
}

bool store_see(struct store_tx *tx, enum seen_kind kind, const unsigned char digest[32],
               int64_t expires_ms, bool *out_new, struct err *err)
{
    if (!sql_run(
            tx->sql,
            "INSERT INTO seen (kind, digest, expires_ms) VALUES (?1, ?2, ?3) ON CONFLICT (kind, "
            "digest)"
            " DO UPDATE SET expires_ms = ?3 WHERE expires_ms > 0 AND expires_ms <= ?4",
            with(as_number(kind), as_digest(digest), as_number(expires_ms), as_number(tx_now(tx))),
            err))
        return false;
    *out_new = sqlite3_changes(tx->sql->db) > 0;
    return true;
}

bool store_limited_count(struct store_view *view, int64_t account_id, enum limited what,
                         int64_t since_ms, int64_t *out, int64_t *out_oldest_ms, struct err *err)
{
    const struct sql_value *values =
        with(as_number(account_id), as_number(what), as_number(since_ms));

    return sql_count(
               view->sql,
               "SELECT count(*) FROM limited WHERE account_id = ? AND what = ? AND at_ms >= ?",
               values, out, err) &&
           sql_count(view->sql,
                     "SELECT coalesce(min(at_ms), 0) FROM limited"
                     " WHERE account_id = ? AND what = ? AND at_ms >= ?",
                     values, out_oldest_ms, err);
}

bool store_count_limited(struct store_tx *tx, int64_t account_id, enum limited what, int64_t at_ms,
                         struct err *err)
{
    return sql_run(tx->sql, "INSERT INTO limited (account_id, what, at_ms) VALUES (?, ?, ?)",
                   with(as_number(account_id), as_number(what), as_number(at_ms)), err);
}
