/* Posts that wait for a reader's evening mail, and how many mails they got on a day. */
#include "store_people.h"
#include "store_private.h"
#include "store_write.h"

bool store_gathered(struct store_view *view, int64_t follow_id, int64_t day, int64_t *out_ids,
                    size_t max, size_t *out_count, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    size_t count = 0;
    enum found found;

    if (!sql_ask(&rows, view->sql,
                 "SELECT DISTINCT message_id FROM gathered WHERE follow_id = ? AND day <= ?"
                 " ORDER BY message_id LIMIT ?",
                 with(as_number(follow_id), as_number(day), as_number((int64_t)max)), err))
        return false;
    while ((found = sql_next(&rows, err)) == FOUND)
        out_ids[count++] = take_number(&rows);
    *out_count = count;
    return found != FAILED;
}

bool store_count_mail(struct store_tx *tx, int64_t follow_id, int64_t day, int64_t *out_count,
                      struct err *err)
{
    return sql_change(tx->sql,
                      "UPDATE follow SET mail_count = CASE WHEN mail_day = ?1 THEN mail_count ELSE "
                      "0 END + 1, mail_day = ?1 WHERE id = ?2",
                      with(as_number(day), as_number(follow_id)), "No such follow", err) &&
           sql_count(tx->sql, "SELECT mail_count FROM follow WHERE id = ?",
                     with(as_number(follow_id)), out_count, err);
}

bool store_gather(struct store_tx *tx, int64_t follow_id, int64_t day, int64_t message_id,
                  struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT OR IGNORE INTO gathered (follow_id, day, message_id) VALUES (?, ?, ?)",
                   with(as_number(follow_id), as_number(day), as_number(message_id)), err);
}

bool store_end_gathered(struct store_tx *tx, int64_t follow_id, int64_t day, struct err *err)
{
    return sql_run(tx->sql, "DELETE FROM gathered WHERE follow_id = ? AND day <= ?",
                   with(as_number(follow_id), as_number(day)), err);
}
