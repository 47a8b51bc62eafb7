/* What hangs on a message: audience, attachments, hashtags, reactions: writing. */
#include "store_private.h"
#include "store_write.h"

bool store_add_audience(struct store_tx *tx, int64_t message_id, const struct audience *audience,
                        struct err *err)
{
    return sql_run(
        tx->sql,
        "INSERT INTO audience (message_id, person_id, field, mentioned) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (message_id, person_id) DO UPDATE SET field = min(field, excluded.field),"
        " mentioned = max(mentioned, excluded.mentioned)",
        with(as_number(message_id), as_number(audience->person_id), as_number(audience->field),
             as_number(audience->mentioned)),
        err);
}

bool store_add_hashtag(struct store_tx *tx, int64_t message_id, const char *tag, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT INTO tag (message_id, name) VALUES (?, ?) ON CONFLICT (message_id, "
                   "name) DO NOTHING",
                   with(as_number(message_id), as_text(tag)), err);
}

bool store_clear_tags(struct store_tx *tx, int64_t message_id, struct err *err)
{
    const struct sql_value *id = with(as_number(message_id));

    return sql_run(tx->sql, "DELETE FROM tag WHERE message_id = ?", id, err) &&
           sql_run(tx->sql, "UPDATE audience SET mentioned = 0 WHERE message_id = ?", id, err);
}

bool store_add_attachment(struct store_tx *tx, int64_t message_id,
                          const struct attachment *attachment, struct store_body *body,
                          struct err *err)
{
    int64_t body_id = 0;

    if (body && !store_body_take(tx, body, &body_id, err))
        return false;
    return sql_run(
        tx->sql,
        "INSERT INTO attachment (message_id, position, type, width, height, alt, token, remote_url,"
        " body_id, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        with(as_number(message_id), as_number(attachment->position), as_text(attachment->type),
             as_number(attachment->width), as_number(attachment->height),
             as_secret(attachment->alt), as_text(attachment->token),
             as_text(attachment->remote_url), as_id(body_id),
             as_number(body ? store_body_size(body) : attachment->size)),
        err);
}

bool store_put_reaction(struct store_tx *tx, int64_t message_id, int64_t person_id,
                        enum reaction reaction, const char *activity_id, bool present,
                        struct err *err)
{
    if (!present)
        return sql_run(tx->sql,
                       "DELETE FROM reaction WHERE message_id = ? AND kind = ? AND person_id = ?",
                       with(as_number(message_id), as_number(reaction), as_number(person_id)), err);
    return sql_run(
        tx->sql,
        "INSERT INTO reaction (message_id, kind, person_id, activity_id) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (message_id, kind, person_id) DO UPDATE SET activity_id = "
        "excluded.activity_id",
        with(as_number(message_id), as_number(reaction), as_number(person_id),
             as_text(activity_id)),
        err);
}

bool store_set_own_reaction(struct store_tx *tx, int64_t message_id, int64_t person_id,
                            enum reaction kind, bool present, struct own_reaction *out,
                            bool *out_changed, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    enum found found = store_own_reaction_to(view, message_id, person_id, kind, out, err);

    *out_changed = false;
    if (found == FAILED)
        return false;
    if (found == ABSENT)
        *out = (struct own_reaction){0};
    if (reaction_stands(out) == present)
        return true;
    *out_changed = true;
    return sql_run(tx->sql,
                   "INSERT INTO reaction (message_id, kind, person_id, version, at_ms)"
                   " VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT (message_id, kind, person_id)"
                   " DO UPDATE SET version = version + 1,"
                   " at_ms = CASE WHEN version % 2 = 0 THEN ?4 ELSE at_ms END",
                   with(as_number(message_id), as_number(kind), as_number(person_id),
                        as_number(tx_now(tx))),
                   err) &&
           store_own_reaction_to(view, message_id, person_id, kind, out, err) == FOUND;
}
