/* Invitations, and accounts that people made themselves. */
#include "store_invitation.h"

#include "store_private.h"
#include "store_write.h"

#define INVITATION                                                                                 \
    "SELECT id, name, digest, seed, uses, uses_max, made_ms, expires_ms, account_life_ms"          \
    " FROM invitation "

static struct sql_value as_octets(const unsigned char *at, size_t len)
{
    return as_blob((struct slice){(const char *)at, len});
}

void invitation_clear(struct invitation *invitation)
{
    free(invitation->name);
    *invitation = (struct invitation){0};
}

static void read_invitation(struct sql_rows *rows, void *out)
{
    struct invitation *invitation = out;

    invitation->id = take_number(rows);
    invitation->name = take_text(rows);
    take_exactly(rows, invitation->digest, sizeof invitation->digest);
    take_exactly(rows, invitation->seed, sizeof invitation->seed);
    invitation->uses = take_number(rows);
    invitation->uses_max = take_number(rows);
    invitation->made_ms = take_number(rows);
    invitation->expires_ms = take_number(rows);
    invitation->account_life_ms = take_number(rows);
}

enum found store_invitation(struct store_view *view, const unsigned char digest[TOKEN_DIGEST_LEN],
                            struct invitation *out, struct err *err)
{
    return sql_find(
        view->sql,
        INVITATION "WHERE digest = ? AND (uses_max = 0 OR uses < uses_max)"
                   " AND (expires_ms = 0 OR expires_ms > ?)",
        with(as_octets(digest, TOKEN_DIGEST_LEN), as_number(clock_now(view->store->clock))),
        read_invitation, out, err);
}

enum found store_invitation_holds(struct store_view *view, int64_t id, struct err *err)
{
    int64_t one;

    return sql_number(
        view->sql, "SELECT 1 FROM invitation WHERE id = ? AND (expires_ms = 0 OR expires_ms > ?)",
        with(as_number(id), as_number(clock_now(view->store->clock))), &one, err);
}

enum found store_invitation_named(struct store_view *view, struct slice name,
                                  struct invitation *out, struct err *err)
{
    return sql_find(view->sql, INVITATION "WHERE name = ?", with(as_slice(name)), read_invitation,
                    out, err);
}

bool store_invitations(struct store_view *view, int64_t after, int limit,
                       bool (*each)(void *ctx, const struct invitation *), void *ctx,
                       struct err *err)
{
    return sql_walk(view->sql, INVITATION "WHERE id > ? ORDER BY id LIMIT ?",
                    with(as_number(after), as_number(limit)), invitation, read_invitation,
                    invitation_clear, each, ctx, err);
}

bool store_add_invitation(struct store_tx *tx, const struct invitation *invitation, struct err *err)
{
    return sql_run(
        tx->sql,
        "INSERT INTO invitation (name, digest, seed, uses, uses_max, made_ms, expires_ms,"
        " account_life_ms) VALUES (?, ?, ?, 0, ?, ?, ?, ?)",
        with(as_text(invitation->name), as_octets(invitation->digest, TOKEN_DIGEST_LEN),
             as_octets(invitation->seed, TOKEN_SEED_LEN), as_number(invitation->uses_max),
             as_number(tx_now(tx)), as_number(invitation->expires_ms),
             as_number(invitation->account_life_ms)),
        err);
}

bool store_use_invitation(struct store_tx *tx, int64_t id, struct err *err)
{
    if (!sql_run(tx->sql,
                 "UPDATE invitation SET uses = uses + 1 WHERE id = ?"
                 " AND (uses_max = 0 OR uses < uses_max) AND (expires_ms = 0 OR expires_ms > ?)",
                 with(as_number(id), as_number(tx_now(tx))), err))
        return false;
    return sqlite3_changes(tx->sql->db) > 0 ||
           err_set(err, ERR_CONFLICT, "The invitation was used up");
}

bool store_remove_invitation(struct store_tx *tx, const char *name, struct err *err)
{
    return sql_change(tx->sql, "DELETE FROM invitation WHERE name = ?", with(as_text(name)),
                      "There is no invitation of that name; see nestbox token list", err);
}

/* ---- accounts that people made themselves ---- */

bool store_account_used(struct store_tx *tx, int64_t id, struct err *err)
{
    return sql_run(tx->sql, "UPDATE account SET used_ms = ? WHERE id = ?",
                   with(as_number(tx_now(tx)), as_number(id)), err);
}

bool store_account_chats(struct store_tx *tx, int64_t id, struct err *err)
{
    return sql_run(tx->sql, "UPDATE account SET chat = ? WHERE id = ? AND chat = ?",
                   with(as_number(CHAT_YES), as_number(id), as_number(CHAT_UNKNOWN)), err);
}

bool store_accounts_over(struct store_view *view, int64_t never_before_ms, int64_t unused_before_ms,
                         int64_t *out_ids, size_t max, size_t *out_count, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    const struct sql_value *values =
        with(as_number(clock_now(view->store->clock)), as_number(never_before_ms),
             as_number(unused_before_ms), as_number(ACCOUNT_ACTIVE), as_number((int64_t)max));
    enum found found;

    *out_count = 0;
    if (!sql_ask(&rows, view->sql,
                 "SELECT id FROM account WHERE ends_ms > 0 AND ends_ms <= ?1 AND state = ?4"
                 " UNION SELECT id FROM account WHERE self_made = 1 AND state = ?4"
                 " AND ((used_ms = 0 AND created_ms < ?2) OR (used_ms > 0 AND used_ms < ?3))"
                 " LIMIT ?5",
                 values, err))
        return false;
    while ((found = sql_next(&rows, err)) == FOUND && *out_count < max)
        out_ids[(*out_count)++] = take_number(&rows);
    return found != FAILED;
}

enum found store_account_end_near(struct store_view *view, int64_t *out_id, struct err *err)
{
    return sql_number(
        view->sql,
        "SELECT id FROM account WHERE ends_ms > 0 AND ends_ms > ?1 AND state = ?2 AND end_told = 0"
        " AND ends_ms - min(?3, (ends_ms - created_ms) / 2) <= ?1 LIMIT 1",
        with(as_number(clock_now(view->store->clock)), as_number(ACCOUNT_ACTIVE),
             as_number(7 * DAY_MS)),
        out_id, err);
}

bool store_account_end_told(struct store_tx *tx, int64_t id, struct err *err)
{
    return sql_run(tx->sql, "UPDATE account SET end_told = 1 WHERE id = ?", with(as_number(id)),
                   err);
}

enum found store_account_to_end(struct store_view *view, int64_t asleep_before_ms, int64_t *out_id,
                                bool *out_removed, struct err *err)
{
    enum found found =
        sql_number(view->sql,
                   "SELECT id FROM account WHERE state = ? AND self_made = 1"
                   " AND asleep_since_ms < ? LIMIT 1",
                   with(as_number(ACCOUNT_ASLEEP), as_number(asleep_before_ms)), out_id, err);

    *out_removed = found == ABSENT;
    if (found != ABSENT)
        return found;
    return sql_number(view->sql,
                      "SELECT a.id FROM account a WHERE a.state = ?"
                      " AND EXISTS (SELECT 1 FROM mailbox m WHERE m.account_id = a.id) LIMIT 1",
                      with(as_number(ACCOUNT_REMOVED)), out_id, err);
}
