/* What says that somebody is the owner of an account. */
#include "store_pass.h"

#include "store_private.h"
#include "store_write.h"

#include <assert.h>

static void read_pass(struct sql_rows *rows, void *out)
{
    struct pass *pass = out;

    pass->id = take_number(rows);
    pass->account_id = take_number(rows);
    pass->kind = (enum pass_kind)take_int(rows);
    scoped_value(bytes) digest = take_bytes(rows);
    assert(digest.len == sizeof pass->digest); /* a CHECK of the table */
    memcpy(pass->digest, digest.at, sizeof pass->digest);
    pass->made_ms = take_number(rows);
    pass->expires_ms = take_number(rows);
}

enum found store_pass(struct store_view *view, enum pass_kind kind,
                      const unsigned char digest[PASS_DIGEST_LEN], struct pass *out,
                      struct err *err)
{
    return sql_find(view->sql,
                    "SELECT id, account_id, kind, digest, made_ms, expires_ms FROM pass"
                    " WHERE digest = ? AND kind = ? AND expires_ms > ?",
                    with(as_blob((struct slice){(const char *)digest, PASS_DIGEST_LEN}),
                         as_number(kind), as_number(clock_now(view->store->clock))),
                    read_pass, out, err);
}

bool store_add_pass(struct store_tx *tx, const struct pass *pass, int most, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT INTO pass (account_id, kind, digest, made_ms, expires_ms)"
                   " VALUES (?, ?, ?, ?, ?)",
                   with(as_number(pass->account_id), as_number(pass->kind),
                        as_blob((struct slice){(const char *)pass->digest, sizeof pass->digest}),
                        as_number(pass->made_ms), as_number(pass->expires_ms)),
                   err) &&
           sql_run(tx->sql,
                   "DELETE FROM pass WHERE id IN (SELECT id FROM pass WHERE account_id = ?"
                   " AND kind = ? ORDER BY id DESC LIMIT -1 OFFSET ?)",
                   with(as_number(pass->account_id), as_number(pass->kind), as_number(most)), err);
}

bool store_end_pass(struct store_tx *tx, int64_t id, struct err *err)
{
    return sql_change(tx->sql, "DELETE FROM pass WHERE id = ?", with(as_number(id)), "No such pass",
                      err);
}

bool store_end_passes(struct store_tx *tx, int64_t account_id, struct err *err)
{
    return sql_run(tx->sql, "DELETE FROM pass WHERE account_id = ?", with(as_number(account_id)),
                   err);
}
