/* Deliveries: how it went, and broadcasts still to be expanded. */
#include "store_private.h"
#include "store_write.h"

static const char no_delivery[] = "No such delivery";
static const char no_broadcast[] = "No such broadcast";

enum { REPLY_MAX = 500 }; /* a peer's words: one line */

/* It may repeat what it answers. */
static struct sql_value as_reply(const char *reply)
{
    return reply ? (struct sql_value){.kind = SQL_SECRET,
                                      .bytes = slice_first(slice_of(reply), REPLY_MAX)}
                 : as_text(NULL);
}

/* Nothing is left to say: a withdrawn row whose Delete went out, a mail that was sent. */
#define IS_OVER "((target = 3 OR withdrawn_ms IS NOT NULL) AND (?1 >= wanted OR ?1 <= 0))"

/* Of follows the newest wish counts, also a lower number: a Reject that was said while Accept came to be wanted is no Accept. */
#define SAID_NOW "CASE WHEN " IS_FOLLOW " AND ?1 > wanted THEN 0 ELSE max(delivered, ?1) END"

/* What was answered to a thing that went well is no news. */
bool store_delivery_done(struct store_tx *tx, int64_t id, int version, struct err *err)
{
    if (!sql_run(tx->sql,
                 "UPDATE delivery SET delivered = " SAID_NOW
                 ", tries = 0, tell = 0, last_reply = NULL,"
                 " due_ms = CASE WHEN wanted > " SAID_NOW " THEN ?2 END,"
                 " first_ms = CASE WHEN wanted > " SAID_NOW " THEN ?2 ELSE first_ms END"
                 " WHERE id = ?3 AND NOT " IS_OVER,
                 with(as_number(version), as_number(tx_now(tx)), as_number(id)), err))
        return false;
    if (sqlite3_changes(tx->sql->db) == 0)
        return store_delivery_end(tx, id, err);
    store_note(tx, TOPIC_DELIVERIES, 0);
    return true;
}

bool store_delivery_later(struct store_tx *tx, int64_t id, int64_t due_ms, const char *reply,
                          struct err *err)
{
    if (!sql_change(tx->sql,
                    "UPDATE delivery SET tries = tries + 1, last_reply = ?,"
                    " due_ms = CASE WHEN wanted > delivered THEN ? END WHERE id = ?",
                    with(as_reply(reply), as_number(due_ms), as_number(id)), no_delivery, err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return true;
}

bool store_delivery_park(struct store_tx *tx, int64_t id, enum delivery_tell tell,
                         const char *reply, struct err *err)
{
    if (!sql_change(
            tx->sql,
            "UPDATE delivery SET tries = tries + 1, last_reply = ?, due_ms = ?, tell = ?"
            " WHERE id = ?",
            with(as_reply(reply), as_number(DELIVERY_PARKED_MS), as_number(tell), as_number(id)),
            no_delivery, err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return true;
}

bool store_delivery_put_off(struct store_tx *tx, int64_t id, int64_t due_ms, struct err *err)
{
    return sql_change(tx->sql, "UPDATE delivery SET due_ms = ? WHERE id = ? AND due_ms IS NOT NULL",
                      with(as_number(due_ms), as_number(id)), no_delivery, err);
}

bool store_delivery_rest(struct store_tx *tx, int64_t id, const char *reply, struct err *err)
{
    if (!sql_change(tx->sql,
                    "UPDATE delivery SET tries = tries + 1, last_reply = ?, due_ms = NULL, tell = 0"
                    " WHERE id = ?",
                    with(as_reply(reply), as_number(id)), no_delivery, err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return true;
}

bool store_delivery_drop(struct store_tx *tx, int64_t id, const char *reply, struct err *err)
{
    (void)reply;
    return store_delivery_end(tx, id, err);
}

/* Parked rows stay parked: nothing is left to be tried. */
bool store_delivery_due_now(struct store_tx *tx, int64_t id, struct err *err)
{
    int64_t now_ms = tx_now(tx);

    if (!sql_change(tx->sql,
                    "UPDATE delivery SET due_ms = min(due_ms, ?) WHERE id = ? AND due_ms < ?",
                    with(as_number(now_ms), as_number(id), as_number(DELIVERY_PARKED_MS)),
                    "There is nothing to be tried: it is done, or was given up", err) ||
        !sql_run(tx->sql,
                 "UPDATE mail_host SET next_ms = min(next_ms, ?1) WHERE name IN"
                 " (SELECT host FROM delivery WHERE id = ?2 AND target = 3 UNION ALL"
                 " SELECT '" MAIL_HOST_OF_ALL "' FROM delivery WHERE id = ?2 AND target = 3)",
                 with(as_number(now_ms), as_number(id)), err) ||
        !sql_run(tx->sql,
                 "UPDATE host SET next_ms = 0 WHERE name ="
                 " (SELECT host FROM delivery WHERE id = ? AND target <> 3)",
                 with(as_number(id)), err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return true;
}

bool store_deliveries_due_now(struct store_tx *tx, int64_t after, int limit, int64_t *out_last,
                              struct err *err)
{
    int64_t now_ms = tx_now(tx);

    if (!sql_count(tx->sql,
                   "SELECT coalesce(max(id), 0) FROM (SELECT id FROM delivery"
                   " WHERE due_ms IS NOT NULL AND id > ? ORDER BY id LIMIT ?)",
                   with(as_number(after), as_number(limit)), out_last, err) ||
        !sql_run(tx->sql,
                 "UPDATE delivery SET due_ms = ?1 WHERE id > ?2 AND id <= ?3 AND due_ms > ?1"
                 " AND due_ms < ?4",
                 with(as_number(now_ms), as_number(after), as_number(*out_last),
                      as_number(DELIVERY_PARKED_MS)),
                 err) ||
        !sql_run(tx->sql, "UPDATE mail_host SET next_ms = ?1 WHERE next_ms > ?1",
                 with(as_number(now_ms)), err) ||
        !sql_run(tx->sql, "UPDATE host SET next_ms = 0 WHERE next_ms > 0", NULL, err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return true;
}

bool store_add_boost_broadcast(struct store_tx *tx, int64_t reaction_id, int64_t message_id,
                               int64_t account_id, struct err *err)
{
    if (!sql_run(tx->sql,
                 "INSERT INTO broadcast (reaction_id, message_id, account_id, cursor, due_ms)"
                 " VALUES (?1, ?2, ?3, 0, (SELECT coalesce(max(due_ms), 0) FROM broadcast"
                 " WHERE message_id = ?2 AND reaction_id = 0))",
                 with(as_number(reaction_id), as_number(message_id), as_number(account_id)), err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return true;
}

bool store_add_broadcast(struct store_tx *tx, int64_t message_id, int64_t account_id,
                         struct err *err)
{
    return store_add_boost_broadcast(tx, 0, message_id, account_id, err);
}

bool store_move_broadcast(struct store_tx *tx, int64_t id, int64_t cursor, struct err *err)
{
    return sql_change(tx->sql,
                      "UPDATE broadcast SET cursor = ?, tries = 0, due_ms = 0 WHERE id = ?",
                      with(as_number(cursor), as_number(id)), no_broadcast, err);
}

bool store_put_off_broadcast(struct store_tx *tx, int64_t id, int64_t due_ms, struct err *err)
{
    return sql_change(tx->sql,
                      "UPDATE broadcast SET tries = tries + (id = ?2), due_ms = max(due_ms, ?1)"
                      " WHERE id = ?2 OR (reaction_id > 0 AND message_id ="
                      " (SELECT message_id FROM broadcast WHERE id = ?2 AND reaction_id = 0))",
                      with(as_number(due_ms), as_number(id)), no_broadcast, err);
}

bool store_end_broadcast(struct store_tx *tx, int64_t id, struct err *err)
{
    return sql_change(tx->sql, "DELETE FROM broadcast WHERE id = ?", with(as_number(id)),
                      no_broadcast, err);
}
