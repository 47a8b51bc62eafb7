/*
 * What rests changes its form: a copy gets another body, and each of its places another UID, since what a UID names never
 * changes (RFC 9051 2.3.1.1).
 */
#include "store_mailbox.h"
#include "store_place.h"
#include "store_private.h"
#include "store_write.h"

static void read_unsealed(struct sql_rows *rows, void *out)
{
    struct unsealed_copy *copy = out;

    copy->id = take_number(rows);
    copy->body_id = take_number(rows);
    copy->received_ms = take_number(rows);
    copy->from = take_secret(rows);
    copy->subject = take_secret(rows);
    copy->entry_id = take_number(rows);
}

void unsealed_copy_clear(struct unsealed_copy *copy)
{
    free(copy->from);
    free(copy->subject);
    *copy = (struct unsealed_copy){0};
}

#define UNSEALED                                                                                   \
    " FROM copy WHERE account_id = ? AND form IN (3, 4) " /* PGP_SERVER_KEY, PGP_CLEAR_BY_CHOICE */

enum found store_unsealed_copy(struct store_view *view, int64_t account_id, int64_t after,
                               struct unsealed_copy *out, struct err *err)
{
    return sql_find(
        view->sql,
        "SELECT id, body_id, received_ms, sender, subject,"
        " coalesce((SELECT min(e.id) FROM entry e WHERE e.copy_id = copy.id), 0)" UNSEALED
        "AND id > ? ORDER BY id LIMIT 1",
        with(as_number(account_id), as_number(after)), read_unsealed, out, err);
}

bool store_count_unsealed(struct store_view *view, int64_t account_id, int64_t *out,
                          struct err *err)
{
    return sql_count(view->sql, "SELECT count(*)" UNSEALED, with(as_number(account_id)), out, err);
}

struct old_copy {
    int64_t size, body_id, form;
};

static void read_old_copy(struct sql_rows *rows, void *out)
{
    struct old_copy *old = out;

    old->size = take_number(rows);
    old->body_id = take_number(rows);
    old->form = take_number(rows);
}

static void read_moving(struct sql_rows *rows, void *out)
{
    struct moving *moving = out;

    moving->entry_id = take_number(rows);
    moving->mailbox_id = take_number(rows);
    moving->uid = take_number(rows);
}

/* Out with the old size, in with the new one. */
static bool replace_places(struct store_tx *tx, int64_t copy_id, int64_t old_size, int64_t size,
                           struct err *err)
{
    struct moving moving = {0};
    enum found found;

    while ((found = sql_find(tx->sql,
                             "SELECT id, mailbox_id, uid FROM entry WHERE copy_id = ? AND id > ?"
                             " ORDER BY id LIMIT 1",
                             with(as_number(copy_id), as_number(moving.entry_id)), read_moving,
                             &moving, err)) == FOUND) {
        moving.size = old_size;
        if (!place_leave(tx, &moving, err) ||
            !place_enter(tx, &moving, moving.mailbox_id, size, err))
            return false;
    }
    return found == ABSENT;
}

static bool update_copy(struct store_tx *tx, int64_t copy_id, const struct new_copy *copy,
                        enum pgp_form form, int64_t size, int64_t body_id, struct err *err)
{
    return sql_run(tx->sql,
                   "UPDATE copy SET body_id = ?, form = ?, size = ?, sender = ?, subject = ?,"
                   " envelope = ?, structure = ?, parts = ? WHERE id = ?",
                   with(as_number(body_id), as_number(form), as_number(size), as_open(copy->from),
                        as_open(copy->subject), as_text(copy->envelope), as_text(copy->structure),
                        as_text(copy->parts), as_number(copy_id)),
                   err);
}

bool store_reseal_copy(struct store_tx *tx, int64_t copy_id, const struct new_copy *copy,
                       const struct pgp_sealed *sealed, struct store_body *body, bool *out_done,
                       struct err *err)
{
    struct old_copy old = {0};
    int64_t body_id = 0, size = store_body_size(body);
    enum pgp_form form = pgp_sealed_form(sealed);
    enum found found = sql_find(tx->sql, "SELECT size, body_id, form FROM copy WHERE id = ?",
                                with(as_number(copy_id)), read_old_copy, &old, err);

    *out_done = found == FOUND && (old.form == PGP_SERVER_KEY || old.form == PGP_CLEAR_BY_CHOICE);
    if (!*out_done)
        return found != FAILED;
    return copy_is_vouched(sealed, body, err) && store_body_take(tx, body, &body_id, err) &&
           update_copy(tx, copy_id, copy, form, size, body_id, err) &&
           store_body_release(tx, old.body_id, err) &&
           replace_places(tx, copy_id, old.size, size, err);
}
