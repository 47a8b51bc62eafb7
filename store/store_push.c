/* Devices that are told of contact requests by Web Push. */
#include "store_push.h"

#include "store_contact.h"
#include "store_private.h"
#include "store_write.h"

#include <assert.h>

void push_clear(struct push *push)
{
    free(push->endpoint);
    *push = (struct push){0};
}

static void read_octets(struct sql_rows *rows, unsigned char *into, size_t len)
{
    scoped_value(bytes) bytes = take_bytes(rows);

    assert(bytes.len == len); /* a CHECK of the table */
    memcpy(into, bytes.at, len);
}

static void read_push(struct sql_rows *rows, void *out)
{
    struct push *push = out;

    push->id = take_number(rows);
    push->account_id = take_number(rows);
    push->endpoint = take_text(rows);
    read_octets(rows, push->point, sizeof push->point);
    read_octets(rows, push->auth, sizeof push->auth);
    push->event = take_number(rows);
    push->tries = take_number(rows);
    push->due_ms = take_number(rows);
}

enum found store_push_next(struct store_view *view, int64_t now_ms, struct push *out,
                           int64_t *out_next_ms, struct err *err)
{
    enum found found =
        sql_find(view->sql,
                 "SELECT id, account_id, endpoint, point, auth, event, tries, due_ms FROM push p"
                 " WHERE EXISTS (SELECT 1 FROM contact c WHERE c.account_id = p.account_id"
                 " AND c.event > p.event AND c.event > 0 AND c.state = ?)"
                 " ORDER BY due_ms, id LIMIT 1",
                 with(as_number(CONTACT_ASKED)), read_push, out, err);

    *out_next_ms = found == FOUND ? out->due_ms : 0;
    if (found != FOUND || out->due_ms <= now_ms)
        return found;
    push_clear(out);
    return ABSENT;
}

bool store_push_count(struct store_view *view, int64_t account_id, int64_t *out, struct err *err)
{
    return sql_count(view->sql, "SELECT count(*) FROM push WHERE account_id = ?",
                     with(as_number(account_id)), out, err);
}

bool store_put_push(struct store_tx *tx, const struct push *push, int most, struct err *err)
{
    return sql_run(tx->sql, "DELETE FROM push WHERE account_id = ? AND endpoint = ?",
                   with(as_number(push->account_id), as_text(push->endpoint)), err) &&
           sql_run(tx->sql,
                   "INSERT INTO push (account_id, endpoint, point, auth, event, tries, due_ms)"
                   " VALUES (?, ?, ?, ?, ?, 0, 0)",
                   with(as_number(push->account_id), as_text(push->endpoint),
                        as_blob((struct slice){(const char *)push->point, sizeof push->point}),
                        as_blob((struct slice){(const char *)push->auth, sizeof push->auth}),
                        as_number(push->event)),
                   err) &&
           sql_run(tx->sql,
                   "DELETE FROM push WHERE id IN (SELECT id FROM push WHERE account_id = ?"
                   " ORDER BY id DESC LIMIT -1 OFFSET ?)",
                   with(as_number(push->account_id), as_number(most)), err);
}

bool store_push_fares(struct store_tx *tx, const struct push *push, struct err *err)
{
    return sql_run(tx->sql, "UPDATE push SET event = ?, tries = ?, due_ms = ? WHERE id = ?",
                   with(as_number(push->event), as_number(push->tries), as_number(push->due_ms),
                        as_number(push->id)),
                   err);
}

bool store_end_push(struct store_tx *tx, int64_t account_id, const char *endpoint, struct err *err)
{
    return sql_run(tx->sql,
                   endpoint ? "DELETE FROM push WHERE account_id = ? AND endpoint = ?"
                            : "DELETE FROM push WHERE account_id = ?1 AND ?2 IS NULL",
                   with(as_number(account_id), as_text(endpoint)), err);
}
