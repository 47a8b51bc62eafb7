/* Who has moved, and who an account says it is too. */
#include "store_move.h"

#include "store_private.h"
#include "store_write.h"

#define MOVE "SELECT person_id, to_id, at_ms, open, account_after, follow_after FROM move "

static void read_move(struct sql_rows *rows, void *out)
{
    struct move *move = out;

    move->person_id = take_number(rows);
    move->to_id = take_number(rows);
    move->at_ms = take_number(rows);
    move->open = take_bool(rows);
    move->account_after = take_number(rows);
    move->follow_after = take_number(rows);
}

enum found store_move(struct store_view *view, int64_t person_id, struct move *out, struct err *err)
{
    return sql_find(view->sql, MOVE "WHERE person_id = ?", with(as_number(person_id)), read_move,
                    out, err);
}

enum found store_move_open(struct store_view *view, struct move *out, struct err *err)
{
    return sql_find(view->sql, MOVE "WHERE open = 1 ORDER BY at_ms LIMIT 1", NULL, read_move, out,
                    err);
}

enum found store_account_tied(struct store_view *view, int64_t person_id, int64_t after,
                              int64_t *out_account_id, struct err *err)
{
    return sql_number(
        view->sql,
        "SELECT id FROM (SELECT a.id AS id FROM follow f JOIN account a"
        " ON a.person_id = f.follower_id WHERE f.followed_id = ?1 AND f.state IN (1, 2)"
        " UNION SELECT account_id FROM contact WHERE person_id = ?1)"
        " WHERE id > ?2 ORDER BY id LIMIT 1",
        with(as_number(person_id), as_number(after)), out_account_id, err);
}

bool store_put_move(struct store_tx *tx, const struct move *move, struct err *err)
{
    if (!sql_run(tx->sql,
                 "INSERT INTO move (person_id, to_id, at_ms, open, account_after, follow_after)"
                 " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (person_id) DO UPDATE SET"
                 " to_id = excluded.to_id, at_ms = excluded.at_ms, open = excluded.open,"
                 " account_after = excluded.account_after, follow_after = excluded.follow_after",
                 with(as_number(move->person_id), as_id(move->to_id), as_number(move->at_ms),
                      as_number(move->open), as_number(move->account_after),
                      as_number(move->follow_after)),
                 err))
        return false;
    store_note(tx, TOPIC_PERSON, move->person_id);
    return true;
}

/* ---- aliases ---- */
void aliases_clear(struct aliases *aliases)
{
    for (size_t i = 0; i < aliases->count; i++)
        free(aliases->at[i]);
    *aliases = (struct aliases){.count = 0};
}

bool store_aliases(struct store_view *view, int64_t account_id, struct aliases *out,
                   struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found = FAILED;

    out->count = 0;
    if (!sql_ask(&rows, view->sql,
                 "SELECT actor_id FROM alias WHERE account_id = ? ORDER BY id LIMIT ?",
                 with(as_number(account_id), as_number(ALIASES_MAX)), err))
        return false;
    while ((found = sql_next(&rows, err)) == FOUND)
        out->at[out->count++] = take_text(&rows);
    return found != FAILED;
}

bool store_put_alias(struct store_tx *tx, int64_t account_id, const char *actor_id, bool present,
                     struct err *err)
{
    const struct sql_value *pair = with(as_number(account_id), as_text(actor_id));

    return present ? sql_run(tx->sql,
                             "INSERT INTO alias (account_id, actor_id) VALUES (?, ?) ON CONFLICT DO"
                             " NOTHING",
                             pair, err)
                   : sql_run(tx->sql, "DELETE FROM alias WHERE account_id = ? AND actor_id = ?",
                             pair, err);
}
