/* What FETCH brings. */
#include "fake_duties.h"
#include "memory.h"

#include <stdio.h>

void fake_text(uint32_t uid, char out[100])
{
    snprintf(out, 100, "Subject: Mail %u\r\n\r\nText %u\r\n", uid, uid);
}

static void rows_clear(struct done *done)
{
    imap_rows_clear(&done->any.rows);
}

/* Every section is the whole text; half of it comes by piece(). */
static void fill_section(uint32_t uid, const struct imap_section_wish *wish, struct imap_row *row,
                         struct imap_section *out)
{
    char text[100];
    size_t half;

    fake_text(uid, text);
    half = strlen(text) / 2;
    if (wish->part[0] == '9') {
        out->absent = true;
        return;
    }
    if (wish->part[0] == '8' && uid == 20) {
        out->unknown_coding = out->absent = true;
        return;
    }
    if (wish->kind == SECTION_BINARY_SIZE) {
        out->end = (int64_t)strlen(text);
        return;
    }
    bytes_add(&out->text, slice_first(slice_of(text), half));
    out->begin = (int64_t)half;
    out->end = (int64_t)strlen(text);
    if (!row->body) {
        scoped_value(bytes) whole = {0};
        bytes_add_text(&whole, text);
        row->body = source_of_bytes(&whole);
    }
}

struct errand *fake_rows(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                         uint32_t after, const struct imap_wish *wish)
{
    enum { AT_ONCE = 3 };
    const struct fake *fake = ctx;

    (void)mailbox_id;
    if (fake->inbox_gone)
        return fake_gone();
    struct done *done = done_new(rows_clear);
    struct imap_rows *rows = &done->any.rows;

    rows->section_count = wish->section_count;
    for (size_t i = 0; i < fake->count; i++) {
        const struct fake_message *message = &fake->messages[i];
        if (message->uid <= after || !number_set_has(uids, message->uid) ||
            message->modseq <= wish->changed_since)
            continue;
        if (rows->count == AT_ONCE) {
            rows->more = true;
            break;
        }
        must_make_room(rows->at, rows->count, rows->capacity);
        struct imap_row *row = &rows->at[rows->count++];
        *row = (struct imap_row){
            .entry = {.uid = message->uid, .flags = message->flags, .modseq = message->modseq},
            .octets = 30,
            .received_ms = INT64_C(1795336200000)
        };
        row->envelope = must_dup("(NIL \"Mail\" NIL NIL NIL NIL NIL NIL NIL NIL)");
        row->structure =
            must_dup("(\"text\" \"plain\" NIL NIL NIL \"7bit\" 9 1 NIL (\"inline\" NIL) NIL NIL)");
        row->sections = must_alloc_array(wish->section_count, sizeof row->sections[0]);
        for (size_t k = 0; k < wish->section_count; k++)
            fill_section(message->uid, &wish->sections[k], row, &row->sections[k]);
    }
    return errand_of(done);
}

static void piece_clear(struct done *done)
{
    bytes_clear(&done->any.piece.text);
}

struct errand *fake_piece(struct source *body, int64_t begin, int64_t end)
{
    struct done *done = done_new(piece_clear);
    struct bytes *text = &done->any.piece.text;
    size_t got = 0;
    struct err err;

    if (source_read(body, begin, bytes_reserve(text, (size_t)(end - begin)), (size_t)(end - begin),
                    &got, &err))
        text->len += got;
    return errand_of(done);
}
