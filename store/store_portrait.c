/* The pictures of those who ask. */
#include "store_contact.h"
#include "store_private.h"
#include "store_write.h"

void portrait_clear(struct portrait *portrait)
{
    free(portrait->type);
    bytes_clear(&portrait->content);
    *portrait = (struct portrait){0};
}

static void read_portrait(struct sql_rows *rows, void *out)
{
    struct portrait *portrait = out;

    portrait->type = take_text(rows);
    portrait->content = take_bytes(rows);
}

enum found store_portrait(struct store_view *view, int64_t person_id, struct portrait *out,
                          struct err *err)
{
    return sql_find(view->sql, "SELECT type, content FROM portrait WHERE person_id = ?",
                    with(as_number(person_id)), read_portrait, out, err);
}

bool store_has_portrait(struct store_view *view, int64_t person_id, bool *out, struct err *err)
{
    int64_t count = 0;
    bool good = sql_count(view->sql, "SELECT count(*) FROM portrait WHERE person_id = ?",
                          with(as_number(person_id)), &count, err);

    *out = count > 0;
    return good;
}

bool store_put_portrait(struct store_tx *tx, int64_t person_id, const struct portrait *portrait,
                        int most, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT OR REPLACE INTO portrait (person_id, type, content) VALUES (?, ?, ?)",
                   with(as_number(person_id), as_text(portrait->type),
                        as_blob(bytes_slice(&portrait->content))),
                   err) &&
           sql_run(tx->sql,
                   "DELETE FROM portrait WHERE id IN"
                   " (SELECT id FROM portrait ORDER BY id DESC LIMIT -1 OFFSET ?)",
                   with(as_number(most)), err);
}

bool store_forget_portrait(struct store_tx *tx, int64_t person_id, struct err *err)
{
    return sql_run(tx->sql,
                   "DELETE FROM portrait WHERE person_id = ?1"
                   " AND NOT EXISTS (SELECT 1 FROM contact WHERE person_id = ?1)",
                   with(as_number(person_id)), err);
}
