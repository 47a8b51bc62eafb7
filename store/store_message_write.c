/* Messages: writing. */
#include "store_private.h"
#include "store_write.h"

static const char no_message[] = "No such message";

bool store_add_message(struct store_tx *tx, const struct message *message, int64_t *out_id,
                       struct err *err)
{
    return sql_insert(
        tx->sql,
        "INSERT INTO message (ref, author_id, account_id, visibility, state, version, activity_id, "
        "message_id,"
        " url, parent_id, parent_uri, conversation, reference_ids, published_ms, updated_ms, "
        "release_ms,"
        " language, sensitive, wrapped, html, plain, warning, subject, evidence, quoted_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        with(as_text(message->ref), as_number(message->author_id), as_id(message->account_id),
             as_number(message->visibility), as_number(message->state),
             as_number(message->version ? message->version : 1), as_text(message->activity_id),
             as_text(message->message_id), as_text(message->url), as_id(message->parent_id),
             as_text(message->parent_uri), as_text(message->conversation),
             as_text(message->references), as_number(message->published_ms),
             as_number(message->updated_ms), as_number(message->release_ms),
             as_text(message->language), as_number(message->sensitive), as_number(message->wrapped),
             as_bytes(&message->html), as_bytes(&message->plain), as_bytes(&message->warning),
             as_bytes(&message->subject), as_number(message->evidence), as_id(message->quoted_id)),
        out_id, err);
}

bool store_update_message(struct store_tx *tx, const struct message *message, struct err *err)
{
    return sql_change(
        tx->sql,
        "UPDATE message SET visibility = ?, state = ?, version = ?, url = ?, published_ms = ?, "
        "updated_ms = ?, release_ms = ?,"
        " language = ?, sensitive = ?, wrapped = ?, html = ?, plain = ?, warning = "
        "?, subject = ? WHERE id = ?",
        with(as_number(message->visibility), as_number(message->state), as_number(message->version),
             as_text(message->url), as_number(message->published_ms),
             as_number(message->updated_ms), as_number(message->release_ms),
             as_text(message->language), as_number(message->sensitive), as_number(message->wrapped),
             as_bytes(&message->html), as_bytes(&message->plain), as_bytes(&message->warning),
             as_bytes(&message->subject), as_number(message->id)),
        no_message, err);
}

/* Which bodies the attachments had is asked one by one, so that nothing need be remembered. */
static bool forget_attachments(struct store_tx *tx, int64_t message_id, struct err *err)
{
    int64_t id = 0, body_id = 0;
    enum found found;

    while ((found = sql_number(tx->sql, "SELECT id FROM attachment WHERE message_id = ? LIMIT 1",
                               with(as_number(message_id)), &id, err)) == FOUND) {
        const struct sql_value *of_id = with(as_number(id));
        if (!sql_count(tx->sql, "SELECT body_id FROM attachment WHERE id = ?", of_id, &body_id,
                       err) ||
            !sql_run(tx->sql, "DELETE FROM attachment WHERE id = ?", of_id, err) ||
            !store_body_release(tx, body_id, err))
            return false;
    }
    return found == ABSENT;
}

static bool forget_words(struct store_tx *tx, int64_t id, struct err *err)
{
    return sql_run(tx->sql,
                   "UPDATE message SET html = NULL, plain = NULL, warning = NULL, subject = NULL, "
                   "wrapped = 0"
                   " WHERE id = ?",
                   with(as_number(id)), err) &&
           store_clear_tags(tx, id, err) && forget_attachments(tx, id, err) &&
           store_forget_poll(tx, id, err);
}

bool store_set_message_state(struct store_tx *tx, int64_t id, enum message_state state,
                             struct err *err)
{
    if (!sql_change(tx->sql, "UPDATE message SET state = ? WHERE id = ?",
                    with(as_number(state), as_number(id)), no_message, err))
        return false;
    return (state != MESSAGE_WITHDRAWN && state != MESSAGE_UNDONE) || forget_words(tx, id, err);
}
