/*
 * /media/TOKEN.jpg: the pictures of posts, sent in pieces of 64 KiB so that a large one costs no memory.
 *
 * The address cannot be guessed; who was sent the post may fetch it.  A held, undone or deleted post shows none.
 */
#include "web_private.h"

#include "log.h"

enum { PIECE = 64 * 1024 };

struct picture_read { /* an errand: find it, or read on */
    struct errand errand;
    const struct web *web;
    char *token;
    struct source *body; /* set by the first piece, goes from errand to errand */
    char *type;
    int64_t offset;
    struct bytes piece;
    bool absent, for_everybody;
};

struct media { /* the handler's state between pieces */
    struct source *body;
    int64_t offset;
};

static void media_free(void *state)
{
    struct media *media = state;

    if (media)
        source_free(media->body);
    free(media);
}

static void read_free(struct errand *errand)
{
    struct picture_read *read = container_of(errand, struct picture_read, errand);

    source_free(read->body);
    bytes_clear(&read->piece);
    free(read->token);
    free(read->type);
    free(read);
}

static bool find_body(struct picture_read *read, struct err *err)
{
    int64_t message_id;
    scoped_value(attachment) attachment = {0};
    scoped_value(message) message = {0};
    scoped(store_view) view = store_look(read->web->parts.store, err);

    if (!view)
        return false;
    enum found found =
        store_attachment_by_token(view, slice_of(read->token), &attachment, &message_id, err);
    if (found == FOUND)
        found = store_message(view, message_id, &message, err);
    if (found == FAILED)
        return false;
    read->absent = found == ABSENT || message.state != MESSAGE_SENT;
    if (read->absent)
        return true;
    read->for_everybody =
        message.visibility == VISIBILITY_PUBLIC || message.visibility == VISIBILITY_UNLISTED;
    read->type = must_dup(attachment.type);
    read->body = store_body_source(view, attachment.body_id, err);
    return read->body != NULL;
}

static bool read_piece(struct errand *errand, struct err *err)
{
    struct picture_read *read = container_of(errand, struct picture_read, errand);
    size_t len;

    if (!read->body && !find_body(read, err))
        return false;
    if (read->absent)
        return true;
    if (!source_read(read->body, read->offset, bytes_reserve(&read->piece, PIECE), PIECE, &len,
                     err))
        return false;
    read->piece.len = len;
    return true;
}

static enum next send_read(void *face, struct http_turn *turn, struct media *media, char *token)
{
    struct picture_read *read = must_new(struct picture_read);

    read->errand = (struct errand){.lane = LANE_QUICK, .work = read_piece, .free = read_free};
    read->web = face;
    read->token = token;
    if (media) {
        read->body = steal(&media->body);
        read->offset = media->offset;
    }
    turn->errand = &read->errand;
    return NEXT_WAIT;
}

enum next media_begin(void *face, struct http_turn *turn)
{
    struct slice rest = turn->parts[0]; /* TOKEN.jpg */

    return send_read(face, turn, NULL, must_copy(slice_cut(&rest, '.')));
}

static void begin_answer(struct http_turn *turn, const struct picture_read *read)
{
    struct http_response *response = turn->response;

    http_add_field(response, "Content-Security-Policy", "default-src 'none'; sandbox");
    http_add_field(response, "X-Content-Type-Options", "nosniff");
    http_add_field(response, "Cache-Control",
                   read->for_everybody ? "public, max-age=604800, immutable" : "private, no-store");
    http_answer(response, 200, read->type, SLICE(""));
    response->length = read->body->size;
}

enum next media_resume(void *face, struct http_turn *turn, struct errand *back)
{
    struct picture_read *read = container_of(back, struct picture_read, errand);
    struct media *media = turn->state;
    enum next next = NEXT_READ;

    (void)face;
    if (!back->ok) {
        log_error("web picture failed: %s (%s)", back->err.said, back->err.cause);
        if (media)
            next = NEXT_HANG_UP; /* the head is gone already: only the end of the line can tell */
        else
            http_answer_text(turn->response, 503, "This picture cannot be shown just now.");
    } else if (read->absent) {
        http_answer_text(turn->response, 404, "There is nothing here.");
    } else {
        if (!media) {
            turn->state = media = must_new(struct media);
            turn->free_state = media_free;
            begin_answer(turn, read);
        }
        bytes_add(&turn->response->body, bytes_slice(&read->piece));
        media->offset = read->offset + (int64_t)read->piece.len;
        media->body = steal(&read->body);
        next = media->offset < media->body->size ? NEXT_MORE : NEXT_READ;
    }
    errand_free(back);
    return next;
}

enum next media_more(void *face, struct http_turn *turn)
{
    return send_read(face, turn, turn->state, NULL);
}
