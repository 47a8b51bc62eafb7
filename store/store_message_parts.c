/* What hangs on a message: audience, attachments, hashtags, reactions: reading. */
#include "store_message.h"
#include "store_private.h"

#define ATTACHMENT                                                                                 \
    "SELECT id, position, type, width, height, alt, token, remote_url, body_id, size, message_id"  \
    " FROM attachment "

static void read_audience(struct sql_rows *rows, void *out)
{
    struct audience *audience = out;

    audience->person_id = take_number(rows);
    audience->field = (enum audience_field)take_int(rows);
    audience->mentioned = take_bool(rows);
}

static void audience_clear(struct audience *audience)
{
    *audience = (struct audience){0};
}

bool store_audience(struct store_view *view, int64_t message_id,
                    bool (*each)(void *ctx, const struct audience *), void *ctx, struct err *err)
{
    return sql_walk(
        view->sql,
        "SELECT person_id, field, mentioned FROM audience WHERE message_id = ? ORDER BY id",
        with(as_number(message_id)), audience, read_audience, audience_clear, each, ctx, err);
}

void attachment_clear(struct attachment *attachment)
{
    free(attachment->type);
    free(attachment->alt);
    free(attachment->token);
    free(attachment->remote_url);
    *attachment = (struct attachment){0};
}

static void read_attachment(struct sql_rows *rows, void *out)
{
    struct attachment *attachment = out;

    attachment->id = take_number(rows);
    attachment->position = take_int(rows);
    attachment->type = take_text(rows);
    attachment->width = take_int(rows);
    attachment->height = take_int(rows);
    attachment->alt = take_secret(rows);
    attachment->token = take_text(rows);
    attachment->remote_url = take_text(rows);
    attachment->body_id = take_number(rows);
    attachment->size = take_number(rows);
}

bool store_attachments(struct store_view *view, int64_t message_id,
                       bool (*each)(void *ctx, const struct attachment *), void *ctx,
                       struct err *err)
{
    return sql_walk(view->sql, ATTACHMENT "WHERE message_id = ? ORDER BY position, id",
                    with(as_number(message_id)), attachment, read_attachment, attachment_clear,
                    each, ctx, err);
}

struct found_attachment {
    struct attachment attachment;
    int64_t message_id;
};

static void read_found_attachment(struct sql_rows *rows, void *out)
{
    struct found_attachment *found = out;

    read_attachment(rows, &found->attachment);
    found->message_id = take_number(rows);
}

enum found store_attachment_by_token(struct store_view *view, struct slice token,
                                     struct attachment *out, int64_t *out_message_id,
                                     struct err *err)
{
    struct found_attachment it = {0};
    enum found found = sql_find(view->sql, ATTACHMENT "WHERE token = ?", with(as_slice(token)),
                                read_found_attachment, &it, err);

    if (found == FOUND) {
        *out = it.attachment;
        *out_message_id = it.message_id;
    }
    return found;
}

bool store_hashtags(struct store_view *view, int64_t message_id,
                    bool (*each)(void *ctx, const char *tag), void *ctx, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found = FAILED;
    bool more = sql_ask(&rows, view->sql, "SELECT name FROM tag WHERE message_id = ? ORDER BY id",
                        with(as_number(message_id)), err);

    while (more && (found = sql_next(&rows, err)) == FOUND) {
        scoped_text char *tag = take_text(&rows);
        more = each(ctx, tag);
    }
    return found != FAILED;
}

bool store_reactions(struct store_view *view, int64_t message_id, int64_t *out_likes,
                     int64_t *out_boosts, struct err *err)
{
    static const char count[] = "SELECT count(*) FROM reaction WHERE message_id = ? AND kind = ?"
                                " AND version % 2 = 1";

    return sql_count(view->sql, count, with(as_number(message_id), as_number(1)), out_likes, err) &&
           sql_count(view->sql, count, with(as_number(message_id), as_number(2)), out_boosts, err);
}

/* ---- what somebody here did ---- */
#define OWN_REACTION "SELECT id, message_id, person_id, kind, version, at_ms FROM reaction "

static void read_own_reaction(struct sql_rows *rows, void *out)
{
    struct own_reaction *reaction = out;

    reaction->id = take_number(rows);
    reaction->message_id = take_number(rows);
    reaction->person_id = take_number(rows);
    reaction->kind = (enum reaction)take_int(rows);
    reaction->version = take_int(rows);
    reaction->at_ms = take_number(rows);
}

static void own_reaction_clear(struct own_reaction *reaction)
{
    *reaction = (struct own_reaction){0};
}

enum found store_own_reaction(struct store_view *view, int64_t id, struct own_reaction *out,
                              struct err *err)
{
    return sql_find(view->sql, OWN_REACTION "WHERE id = ?", with(as_number(id)), read_own_reaction,
                    out, err);
}

enum found store_own_reaction_to(struct store_view *view, int64_t message_id, int64_t person_id,
                                 enum reaction kind, struct own_reaction *out, struct err *err)
{
    return sql_find(view->sql, OWN_REACTION "WHERE message_id = ? AND kind = ? AND person_id = ?",
                    with(as_number(message_id), as_number(kind), as_number(person_id)),
                    read_own_reaction, out, err);
}

bool store_own_reactions(struct store_view *view, int64_t person_id, enum reaction kind,
                         int64_t before, int limit,
                         bool (*each)(void *ctx, const struct own_reaction *), void *ctx,
                         struct err *err)
{
    return sql_walk(view->sql,
                    OWN_REACTION "WHERE person_id = ? AND kind = ? AND id < ?"
                                 " AND version % 2 = 1 ORDER BY id DESC LIMIT ?",
                    with(as_number(person_id), as_number(kind),
                         as_number(before ? before : INT64_MAX), as_number(limit)),
                    own_reaction, read_own_reaction, own_reaction_clear, each, ctx, err);
}

bool store_own_reaction_count(struct store_view *view, int64_t person_id, enum reaction kind,
                              int64_t *out, struct err *err)
{
    return sql_count(view->sql,
                     "SELECT count(*) FROM reaction r JOIN message m ON m.id = r.message_id"
                     " WHERE r.person_id = ? AND r.kind = ? AND r.version % 2 = 1 AND m.state = ?",
                     with(as_number(person_id), as_number(kind), as_number(MESSAGE_SENT)), out,
                     err);
}
