/* FETCH: rows with the beginnings of their sections, and pieces of what is longer. */
#include "imap_work.h"
#include "mail.h"
#include "structure.h"

enum {
    ROWS_AT_ONCE = 200,
    ROOM_FOR_ONE = 16 * 1024,        /* of a section, before it comes in pieces */
    ROOM_FOR_ROW = 16 * 1024 * 1024, /* of what is made here: once it is full, BINARY is refused */
};

struct rows {
    struct imap_rows base;
    struct imap *imap;
    int64_t mailbox_id;
    struct number_set uids;
    uint32_t after;
    struct imap_wish wish;
    struct imap_section_wish *sections; /* the wish's own */
    /* while they are walked */
    struct store_view *view;
    size_t octets;
    struct err *err;
    bool good;
};

static struct rows *rows_of(struct errand *errand)
{
    return container_of(errand, struct rows, base.base.errand);
}

static const char plain_envelope[] = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";

/* A copy from before structures were kept, or one that is no mail: looked at now. */
static bool make_structure(struct source *source, struct mail_structure *out, struct err *err)
{
    scoped(mail) mail = NULL;
    struct err broken;

    if (mail_parse(source, &mail, &broken))
        return mail_structure_of(mail, out, err);
    bytes_add_text(&out->envelope, plain_envelope);
    bytes_print(&out->structure, "(\"text\" \"plain\" NIL NIL NIL \"8bit\" %lld 0 NIL NIL NIL NIL)",
                (long long)source->size);
    bytes_print(&out->parts, "0 0 0 %lld 0 8bit\n1 0 0 %lld 0 8bit\n", (long long)source->size,
                (long long)source->size);
    return true;
}

static bool is_binary(const struct imap_section_wish *wish)
{
    return wish->kind == SECTION_BINARY || wish->kind == SECTION_BINARY_SIZE;
}

static bool read_sections(struct rows *rows, struct source *source, const char *parts,
                          struct imap_row *row)
{
    if (rows->wish.section_count == 0)
        return true;
    row->sections = must_alloc_array(rows->wish.section_count, sizeof row->sections[0]);
    for (size_t i = 0; i < rows->wish.section_count; i++) {
        if (rows->octets > ROOM_FOR_ROW) {
            row->sections[i].absent = true;
            row->sections[i].too_large = is_binary(&rows->sections[i]);
            continue;
        }
        if (!section_read(source, parts, &rows->sections[i], ROOM_FOR_ONE, &row->sections[i],
                          rows->err))
            return false;
        rows->octets += row->sections[i].text.len;
    }
    return true;
}

static bool has_more(const struct rows *rows, const struct imap_row *row)
{
    for (size_t i = 0; i < rows->wish.section_count; i++)
        if (row->sections[i].begin < row->sections[i].end)
            return true;
    return false;
}

static bool fill_row(struct rows *rows, const struct entry_row *found, struct imap_row *row)
{
    bool structured = found->structure && found->parts && found->envelope;
    bool wants = rows->wish.envelope || rows->wish.structure || rows->wish.section_count > 0;
    scoped_value(mail_structure) made = {0};
    scoped(source) source = NULL;

    if (rows->wish.section_count > 0 || (wants && !structured)) {
        source = store_body_source(rows->view, found->body_id, rows->err);
        if (!source)
            return false;
    }
    if (wants && !structured && !make_structure(source, &made, rows->err))
        return false;
    if (rows->wish.envelope)
        row->envelope = must_dup(structured ? found->envelope : made.envelope.at);
    if (rows->wish.structure)
        row->structure = must_dup(structured ? found->structure : made.structure.at);
    rows->octets += 100 + (row->envelope ? strlen(row->envelope) : 0) +
                    (row->structure ? strlen(row->structure) : 0);
    if (!read_sections(rows, source, structured ? found->parts : made.parts.at, row))
        return false;
    if (has_more(rows, row)) /* kept open: it may be expunged while it is being sent */
        row->body = steal(&source);
    return true;
}

static bool keep_row(void *ctx, const struct entry_row *found)
{
    struct rows *rows = ctx;

    if (rows->base.count >= ROWS_AT_ONCE || rows->octets >= IMAP_PIECE) {
        rows->base.more = true;
        return false;
    }
    must_make_room(rows->base.at, rows->base.count, rows->base.capacity);
    struct imap_row *row = &rows->base.at[rows->base.count++];
    *row = (struct imap_row){
        .entry = {found->mark.uid, found->mark.flags, must_dup(found->mark.keywords),
                  found->mark.modseq},
        .octets = found->octets,
        .received_ms = found->received_ms,
    };
    rows->good = fill_row(rows, found, row);
    return rows->good;
}

static bool find_rows(struct errand *errand, struct err *err)
{
    struct rows *rows = rows_of(errand);
    scoped(store_view) view = store_look(rows->imap->parts.store, err);
    scoped_value(mailbox) mailbox = {0};

    if (!view || !find_selected(view, rows->mailbox_id, &mailbox, &rows->base.base, err))
        return false;
    rows->view = view;
    rows->err = err;
    rows->good = true;
    for (size_t i = 0; i < rows->uids.count && !rows->base.more; i++) {
        struct number_range range = rows->uids.at[i];
        if (range.last <= rows->after)
            continue;
        uint32_t first = range.first > rows->after ? range.first : rows->after + 1;
        if (!store_entry_rows(view, rows->mailbox_id, first, range.last, rows->wish.changed_since,
                              keep_row, rows, err) ||
            !rows->good)
            return false;
    }
    return true;
}

static void rows_free(struct errand *errand)
{
    struct rows *rows = rows_of(errand);

    imap_rows_clear(&rows->base);
    for (size_t i = 0; i < rows->wish.section_count; i++)
        imap_section_wish_clear(&rows->sections[i]);
    free(rows->sections);
    number_set_clear(&rows->uids);
    free(rows);
}

static void copy_wish(const struct imap_section_wish *from, struct imap_section_wish *out)
{
    *out = *from;
    out->part = must_dup(from->part);
    out->fields = must_alloc_array(from->field_count, sizeof out->fields[0]);
    for (size_t i = 0; i < from->field_count; i++)
        out->fields[i] = must_dup(from->fields[i]);
}

/* Reading files is not for the quick ones, and decoding a large part is for the patient one. */
static enum lane lane_of(const struct imap_wish *wish)
{
    for (size_t i = 0; i < wish->section_count; i++)
        if (is_binary(&wish->sections[i]))
            return LANE_BULK;
    return wish->section_count > 0 ? LANE_HEAVY : LANE_QUICK;
}

struct errand *duty_rows(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                         uint32_t after, const struct imap_wish *wish)
{
    struct rows *rows = must_new(struct rows);

    rows->base.base.errand =
        (struct errand){.lane = lane_of(wish), .work = find_rows, .free = rows_free};
    rows->imap = ctx;
    rows->mailbox_id = mailbox_id;
    number_set_copy(uids, &rows->uids);
    rows->after = after;
    rows->wish = *wish;
    rows->sections = must_alloc_array(wish->section_count, sizeof rows->sections[0]);
    rows->base.section_count = wish->section_count;
    for (size_t i = 0; i < wish->section_count; i++)
        copy_wish(&wish->sections[i], &rows->sections[i]);
    return &rows->base.base.errand;
}

/* ---- pieces ---- */

struct piece {
    struct imap_piece base;
    struct source *body; /* borrowed: the session waits for us, dead or alive */
    int64_t begin, end;
};

static bool read_piece(struct errand *errand, struct err *err)
{
    struct piece *piece = container_of(errand, struct piece, base.base.errand);
    size_t wanted = (size_t)(piece->end - piece->begin);
    char *into = bytes_reserve(&piece->base.text, wanted);
    size_t got = 0;

    if (!source_read(piece->body, piece->begin, into, wanted, &got, err))
        return false;
    piece->base.text.len += got;
    return true;
}

static void piece_free(struct errand *errand)
{
    struct piece *piece = container_of(errand, struct piece, base.base.errand);

    bytes_clear(&piece->base.text);
    free(piece);
}

struct errand *duty_piece(struct source *body, int64_t begin, int64_t end)
{
    struct piece *piece = must_new(struct piece);

    piece->base.base.errand =
        (struct errand){.lane = LANE_QUICK, .work = read_piece, .free = piece_free};
    piece->body = body;
    piece->begin = begin;
    piece->end = end;
    return &piece->base.base.errand;
}
