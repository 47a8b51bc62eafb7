/* Messages: reading.  What hangs on them is in store_message_parts.c. */
#include "store_message.h"
#include "store_private.h"

#define MESSAGE                                                                                    \
    "SELECT m.id, m.ref, m.author_id, m.account_id, m.visibility, m.state, m.version, "            \
    "m.activity_id,"                                                                               \
    " m.message_id, m.url, m.parent_id, m.parent_uri, m.conversation, m.reference_ids, "           \
    "m.published_ms,"                                                                              \
    " m.updated_ms, m.release_ms, m.language, m.sensitive, m.wrapped, m.html, m.plain, "           \
    "m.warning, m.subject,"                                                                        \
    " m.evidence, m.quoted_id FROM message m "
/* Answered from the index message_account alone, up to the rows wanted. */
#define OF_ACCOUNT "account_id = ? AND (?  >> state) & 1 AND (? >> visibility) & 1"

enum { REPLIES_MAX = 200 };

void message_clear(struct message *message)
{
    free(message->ref);
    free(message->activity_id);
    free(message->message_id);
    free(message->url);
    free(message->parent_uri);
    free(message->conversation);
    free(message->references);
    free(message->language);
    bytes_clear(&message->html);
    bytes_clear(&message->plain);
    bytes_clear(&message->warning);
    bytes_clear(&message->subject);
    *message = (struct message){0};
}

static void read_message(struct sql_rows *rows, void *out)
{
    struct message *message = out;

    message->id = take_number(rows);
    message->ref = take_text(rows);
    message->author_id = take_number(rows);
    message->account_id = take_number(rows);
    message->visibility = (enum visibility)take_int(rows);
    message->state = (enum message_state)take_int(rows);
    message->version = take_int(rows);
    message->activity_id = take_text(rows);
    message->message_id = take_text(rows);
    message->url = take_text(rows);
    message->parent_id = take_number(rows);
    message->parent_uri = take_text(rows);
    message->conversation = take_text(rows);
    message->references = take_text(rows);
    message->published_ms = take_number(rows);
    message->updated_ms = take_number(rows);
    message->release_ms = take_number(rows);
    message->language = take_text(rows);
    message->sensitive = take_bool(rows);
    message->wrapped = take_bool(rows);
    message->html = take_bytes(rows);
    message->plain = take_bytes(rows);
    message->warning = take_bytes(rows);
    message->subject = take_bytes(rows);
    message->evidence = take_int(rows);
    message->quoted_id = take_number(rows);
}

enum found store_message(struct store_view *view, int64_t id, struct message *out, struct err *err)
{
    return sql_find(view->sql, MESSAGE "WHERE m.id = ?", with(as_number(id)), read_message, out,
                    err);
}

enum found store_message_by_ref(struct store_view *view, struct slice ref, struct message *out,
                                struct err *err)
{
    return sql_find(view->sql, MESSAGE "WHERE m.ref = ?", with(as_slice(ref)), read_message, out,
                    err);
}

enum found store_message_by_activity(struct store_view *view, struct slice activity_id,
                                     struct message *out, struct err *err)
{
    return sql_find(view->sql, MESSAGE "WHERE m.activity_id = ?", with(as_slice(activity_id)),
                    read_message, out, err);
}

enum found store_message_by_message_id(struct store_view *view, struct slice message_id,
                                       struct message *out, struct err *err)
{
    return sql_find(view->sql, MESSAGE "WHERE m.message_id = ?", with(as_slice(message_id)),
                    read_message, out, err);
}

bool store_messages_of(struct store_view *view, int64_t account_id, unsigned states,
                       unsigned visibilities, int64_t before, int limit,
                       bool (*each)(void *ctx, const struct message *), void *ctx, struct err *err)
{
    return sql_walk(view->sql, MESSAGE "WHERE " OF_ACCOUNT " AND id < ? ORDER BY id DESC LIMIT ?",
                    with(as_number(account_id), as_number(states), as_number(visibilities),
                         as_number(before ? before : INT64_MAX), as_number(limit)),
                    message, read_message, message_clear, each, ctx, err);
}

bool store_message_count(struct store_view *view, int64_t account_id, unsigned states,
                         unsigned visibilities, int64_t *out, struct err *err)
{
    return sql_count(view->sql, "SELECT count(*) FROM message WHERE " OF_ACCOUNT,
                     with(as_number(account_id), as_number(states), as_number(visibilities)), out,
                     err);
}

bool store_replies(struct store_view *view, int64_t message_id,
                   bool (*each)(void *ctx, const struct message *), void *ctx, struct err *err)
{
    return sql_walk(view->sql,
                    MESSAGE "WHERE m.parent_id = ? AND m.state = ? AND m.visibility IN (1, 2)"
                            /* nor of whom the author lets wait, refuses or ignores */
                            " AND NOT EXISTS (SELECT 1 FROM copy c JOIN held h ON h.copy_id = c.id"
                            " WHERE c.message_id = m.id)"
                            " AND NOT EXISTS (SELECT 1 FROM contact k JOIN message p"
                            " ON p.id = m.parent_id WHERE k.person_id = m.author_id"
                            " AND k.account_id = p.account_id AND k.state IN (4, 5))"
                            " ORDER BY m.id LIMIT ?",
                    with(as_number(message_id), as_number(MESSAGE_SENT), as_number(REPLIES_MAX)),
                    message, read_message, message_clear, each, ctx, err);
}
