/*
 * Deliveries: what is wanted.
 *
 * A row is silent (due_ms NULL) when what is wanted has been said.  It is kept then, so that an edit or a
 * Delete reaches whoever has the post; mails cannot be unsaid, so their rows go.
 *
 *   wanted, d = 0 ----done----> silent, d = w ----edit----> due, 0 < d < w ----done----> silent
 *        |                          |                              |
 *    withdrawn                  withdrawn                      withdrawn
 *        v                          v                              v
 *    gone, or silent            due, withdrawn, w + 1  <-----------+
 *    until nobody can           (Delete) ----done----> gone
 *    be saying it
 *
 * Claims live in the delivery client's memory, so a row withdrawn at d = 0 may be on its way at this moment.
 * Only one that was never due can not: it goes.  Others stay silent, so that store_delivery_done() finds them
 * and makes the Delete due; store_tidy() removes them after an hour.
 */
#include "store_private.h"
#include "store_write.h"

static bool find_inbox(struct store_tx *tx, const char *url, int64_t *out_id, struct err *err)
{
    enum found found =
        sql_number(tx->sql, "SELECT id FROM inbox WHERE url = ?", with(as_text(url)), out_id, err);

    if (found == ABSENT)
        return sql_insert(tx->sql, "INSERT INTO inbox (url) VALUES (?)", with(as_text(url)), out_id,
                          err);
    return found == FOUND;
}

static bool put_delivery(struct store_tx *tx, const struct delivery *delivery, int64_t inbox_id,
                         int64_t body_id, struct err *err)
{
    int64_t now_ms = tx_now(tx);

    return sql_run(
        tx->sql,
        "INSERT INTO delivery (subject, subject_id, account_id, target, inbox_id, "
        "person_id, host, wanted,"
        " delivered, tries, due_ms, first_ms, body_id, mail_from, rcpt_to,"
        " notify, dsn_return, envid, orcpt, require_tls, cipher)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (subject, subject_id, target, place) DO UPDATE SET"
        " wanted = CASE WHEN " IS_FOLLOW
        " THEN excluded.wanted ELSE max(wanted, excluded.wanted) END,"
        " delivered = CASE WHEN " IS_FOLLOW
        " AND excluded.wanted <= delivered THEN 0 WHEN excluded.wanted > wanted"
        " THEN " HEARD_PERHAPS " ELSE delivered END,"
        " first_ms = CASE WHEN due_ms IS NULL THEN excluded.first_ms ELSE first_ms END,"
        " due_ms = CASE WHEN " IS_FOLLOW " OR max(wanted, excluded.wanted) > delivered"
        " THEN excluded.due_ms END,"
        " tries = " TRIES_ANEW ", body_id = excluded.body_id, mail_from = excluded.mail_from, "
        "rcpt_to = excluded.rcpt_to, tell = 0, notify = excluded.notify,"
        " dsn_return = excluded.dsn_return, envid = excluded.envid, orcpt = excluded.orcpt,"
        " require_tls = excluded.require_tls, cipher = excluded.cipher"
        " WHERE withdrawn_ms IS NULL", /* what was taken back is not said again */
        with(as_number(delivery->subject), as_number(delivery->subject_id),
             as_id(delivery->account_id), as_number(delivery->target), as_id(inbox_id),
             as_id(delivery->person_id), as_text(delivery->host), as_number(delivery->wanted),
             as_number(delivery->due_ms ? delivery->due_ms : now_ms), as_number(now_ms),
             as_id(body_id), as_text(delivery->mail_from), as_text(delivery->rcpt_to),
             as_number(delivery->wish.notify), as_number(delivery->terms.dsn_return),
             as_text(delivery->terms.envid), as_text(delivery->wish.orcpt),
             as_number(delivery->terms.require_tls), as_number(delivery->cipher)),
        err);
}

bool store_want_delivery(struct store_tx *tx, const struct delivery *delivery, struct err *err)
{
    int64_t inbox_id = 0;

    if (delivery->target == TARGET_INBOX && !find_inbox(tx, delivery->inbox, &inbox_id, err))
        return false;
    if (!put_delivery(tx, delivery, inbox_id, 0, err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return true;
}

bool store_know_delivery(struct store_tx *tx, const struct delivery *delivery, struct err *err)
{
    int64_t inbox_id = 0;

    if (delivery->target == TARGET_INBOX && !find_inbox(tx, delivery->inbox, &inbox_id, err))
        return false;
    return sql_run(tx->sql,
                   "INSERT INTO delivery (subject, subject_id, account_id, target, inbox_id,"
                   " person_id, host, wanted, delivered, tries, first_ms)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 0, ?9)"
                   " ON CONFLICT (subject, subject_id, target, place) DO NOTHING",
                   with(as_number(delivery->subject), as_number(delivery->subject_id),
                        as_id(delivery->account_id), as_number(delivery->target), as_id(inbox_id),
                        as_id(delivery->person_id), as_text(delivery->host),
                        as_number(delivery->wanted), as_number(tx_now(tx))),
                   err);
}

bool store_want_mail(struct store_tx *tx, const struct delivery *delivery, struct store_body *body,
                     struct err *err)
{
    int64_t old_body_id = 0, body_id = 0;
    enum found found =
        sql_number(tx->sql,
                   "SELECT body_id FROM delivery WHERE subject = ? AND subject_id = ?"
                   " AND target = ? AND place = ?",
                   with(as_number(delivery->subject), as_number(delivery->subject_id),
                        as_number(TARGET_MAIL), as_number(delivery->person_id)),
                   &old_body_id, err);

    if (found == FAILED || !store_body_take(tx, body, &body_id, err) ||
        !put_delivery(tx, delivery, 0, body_id, err) || !store_body_release(tx, old_body_id, err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return true;
}

/* The row, what it alone named, and nothing else. */
bool store_delivery_end(struct store_tx *tx, int64_t id, struct err *err)
{
    const struct sql_value *of_id = with(as_number(id));
    int64_t body_id = 0, inbox_id = 0;
    enum found found =
        sql_number(tx->sql, "SELECT body_id FROM delivery WHERE id = ?", of_id, &body_id, err);

    if (found != FOUND)
        return found == ABSENT ? err_set(err, ERR_ABSENT, "No such delivery") : false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return sql_count(tx->sql, "SELECT inbox_id FROM delivery WHERE id = ?", of_id, &inbox_id,
                     err) &&
           sql_run(tx->sql, "DELETE FROM delivery WHERE id = ?", of_id, err) &&
           sql_run(tx->sql,
                   "DELETE FROM inbox WHERE id = ?1 AND NOT EXISTS"
                   " (SELECT 1 FROM delivery WHERE inbox_id = ?1)",
                   with(as_id(inbox_id)), err) &&
           store_body_release(tx, body_id, err);
}

bool store_deliveries_end(struct store_tx *tx, const char *next, int64_t of_id, struct err *err)
{
    int64_t id = 0;
    enum found found;

    while ((found = sql_number(tx->sql, next, with(as_number(of_id), as_number(id)), &id, err)) ==
           FOUND)
        if (!store_delivery_end(tx, id, err))
            return false;
    return found == ABSENT;
}
