/* Keys that sign mail. */
#include "store_dkim.h"

#include "store_private.h"
#include "store_write.h"

void dkim_key_clear(struct dkim_key *key)
{
    free(key->domain);
    free(key->selector);
    free(key->public_key);
    bytes_clear(&key->private_key);
    *key = (struct dkim_key){0};
}

static void read_key(struct sql_rows *rows, void *out)
{
    struct dkim_key *key = out;

    key->id = take_number(rows);
    key->domain = take_text(rows);
    key->selector = take_text(rows);
    key->kind = (enum dkim_kind)take_int(rows);
    key->state = (enum dkim_state)take_int(rows);
    key->public_key = take_text(rows);
    key->private_key = take_bytes(rows);
    key->since_ms = take_number(rows);
}

bool store_dkim_keys(struct store_view *view, struct slice domain,
                     bool (*each)(void *ctx, const struct dkim_key *), void *ctx, struct err *err)
{
    return sql_walk(view->sql,
                    "SELECT k.id, d.name, k.selector, k.kind, k.state, k.public_key, k.private_key,"
                    " k.since_ms FROM dkim_key k JOIN domain d ON d.id = k.domain_id"
                    " WHERE d.name = ? ORDER BY k.id",
                    with(as_slice(domain)), dkim_key, read_key, dkim_key_clear, each, ctx, err);
}

bool store_add_dkim_key(struct store_tx *tx, const struct dkim_key *key, struct err *err)
{
    int64_t domain_id = 0;
    enum found found = sql_number(tx->sql, "SELECT id FROM domain WHERE name = ?",
                                  with(as_text(key->domain)), &domain_id, err);

    if (found != FOUND)
        return found == ABSENT ? err_set(err, ERR_ABSENT, "No such domain") : false;
    return sql_run(tx->sql,
                   "INSERT INTO dkim_key (domain_id, selector, kind, state, public_key,"
                   " private_key, since_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
                   with(as_number(domain_id), as_text(key->selector), as_number(key->kind),
                        as_number(key->state), as_text(key->public_key),
                        as_bytes(&key->private_key), as_number(tx_now(tx))),
                   err);
}

bool store_move_dkim_key(struct store_tx *tx, int64_t id, enum dkim_state from, enum dkim_state to,
                         struct err *err)
{
    int64_t held = 0;
    enum found found = sql_number(tx->sql, "SELECT 1 FROM dkim_key WHERE id = ? AND state = ?",
                                  with(as_number(id), as_number(from)), &held, err);

    if (found != FOUND)
        return found == ABSENT ? err_set(err, ERR_CONFLICT, "The key has moved on") : false;
    return sql_run(tx->sql,
                   "UPDATE dkim_key SET state = ?2, since_ms = ?3,"
                   " private_key = CASE WHEN ?2 > 2 THEN NULL ELSE private_key END WHERE id = ?1",
                   with(as_number(id), as_number(to), as_number(tx_now(tx))), err);
}
