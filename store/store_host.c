/* What is known of remote hosts: how they fare, which signature they took. */
#include "store_delivery.h"
#include "store_private.h"
#include "store_write.h"

/* Strangers name hosts, so there is a limit.  It is kept with every TRIM_EVERYth new one: counting is not
 * free.  Those that fare well are forgotten first, the one longest silent before all. */
enum { HOSTS_MAX = 100000, TRIM_EVERY = 256 };

void host_clear(struct host *host)
{
    free(host->name);
    *host = (struct host){0};
}

static void read_host(struct sql_rows *rows, void *out)
{
    struct host *host = out;

    host->name = take_text(rows);
    host->failing_since_ms = take_number(rows);
    host->last_success_ms = take_number(rows);
    host->scheme = take_int(rows);
    host->silences = take_int(rows);
    host->next_ms = take_number(rows);
}

enum found store_host(struct store_view *view, struct slice name, struct host *out, struct err *err)
{
    return sql_find(
        view->sql,
        "SELECT name, failing_since_ms, last_success_ms, scheme, silences, next_ms FROM host"
        " WHERE name = ?",
        with(as_slice(name)), read_host, out, err);
}

static bool trim(struct store_tx *tx, struct err *err)
{
    return sql_run(tx->sql,
                   "DELETE FROM host WHERE id IN (SELECT id FROM host"
                   " ORDER BY failing_since_ms <> 0, last_success_ms, id"
                   " LIMIT max(0, (SELECT count(*) FROM host) - ?))",
                   with(as_number(HOSTS_MAX)), err);
}

/* ---- domains of mail ---- */
static void read_mail_host(struct sql_rows *rows, void *out)
{
    struct mail_host *host = out;

    host->failing_since_ms = take_number(rows);
    host->tries = take_int(rows);
    host->next_ms = take_number(rows);
}

enum found store_mail_host(struct store_view *view, const char *name, struct mail_host *out,
                           struct err *err)
{
    return sql_find(view->sql,
                    "SELECT failing_since_ms, tries, next_ms FROM mail_host WHERE name = ?",
                    with(as_text(name)), read_mail_host, out, err);
}

bool store_mail_host_failed(struct store_tx *tx, const char *name, int64_t next_ms,
                            const char *reply, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT INTO mail_host (name, failing_since_ms, tries, next_ms, last_reply)"
                   " VALUES (?, ?, 1, ?, ?) ON CONFLICT (name) DO UPDATE SET tries = tries + 1,"
                   " next_ms = excluded.next_ms, last_reply = excluded.last_reply",
                   with(as_text(name), as_number(tx_now(tx)), as_number(next_ms), as_text(reply)),
                   err);
}

bool store_mail_host_well(struct store_tx *tx, const char *name, struct err *err)
{
    return sql_run(tx->sql, "DELETE FROM mail_host WHERE name = ?", with(as_text(name)), err);
}

/* ---- those that take encrypted mail only ---- */
enum { SAID_DAYS = 7, SAID_MOST = 1000 };

bool store_encrypted_only(struct store_view *view, const char *host, int64_t now_ms, bool *out,
                          struct err *err)
{
    int64_t count = 0;

    *out = false;
    if (!sql_count(view->sql, "SELECT count(*) FROM encrypted_only WHERE host = ? AND said_ms > ?",
                   with(as_text(host), as_number(now_ms - SAID_DAYS * DAY_MS)), &count, err))
        return false;
    *out = count > 0;
    return true;
}

bool store_note_encrypted_only(struct store_tx *tx, const char *host, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT INTO encrypted_only (host, said_ms) VALUES (?, ?)"
                   " ON CONFLICT (host) DO UPDATE SET said_ms = excluded.said_ms",
                   with(as_text(host), as_number(tx_now(tx))), err) &&
           sql_run(tx->sql,
                   "DELETE FROM encrypted_only WHERE host IN (SELECT host FROM encrypted_only"
                   " ORDER BY said_ms DESC LIMIT -1 OFFSET ?)",
                   with(as_number(SAID_MOST)), err);
}

/* ---- all hosts ---- */
bool store_put_host(struct store_tx *tx, const struct host *host, struct err *err)
{
    int64_t id = 0;
    const struct sql_value *values =
        with(as_number(host->failing_since_ms), as_number(host->last_success_ms),
             as_number(host->scheme), as_number(host->silences), as_number(host->next_ms),
             as_text(host->name));

    if (!sql_run(
            tx->sql,
            "UPDATE host SET failing_since_ms = ?, last_success_ms = ?, scheme = ?, silences = ?,"
            " next_ms = ? WHERE name = ?",
            values, err))
        return false;
    if (sqlite3_changes(tx->sql->db) > 0)
        return true;
    return sql_insert(tx->sql,
                      "INSERT INTO host (failing_since_ms, last_success_ms, scheme, silences,"
                      " next_ms, name) VALUES (?, ?, ?, ?, ?, ?)",
                      values, &id, err) &&
           (id % TRIM_EVERY != 0 || trim(tx, err));
}
