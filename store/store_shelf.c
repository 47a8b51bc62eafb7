/* Mailboxes as IMAP sees them: reading. */
#include "store_shelf.h"
#include "store_private.h"

static void read_counts(struct sql_rows *rows, void *out)
{
    struct mailbox_counts *counts = out;

    counts->exists = take_number(rows);
    counts->unseen = take_number(rows);
    counts->deleted = take_number(rows);
    counts->octets = take_number(rows);
    counts->deleted_octets = take_number(rows);
}

bool store_mailbox_counts(struct store_view *view, int64_t mailbox_id, struct mailbox_counts *out,
                          struct err *err)
{
    /* FLAG_SEEN is 1, FLAG_DELETED 8. */
    return sql_find(view->sql,
                    "SELECT count(*), coalesce(sum(flags & 1 = 0), 0),"
                    " coalesce(sum(flags & 8 <> 0), 0),"
                    " (SELECT bytes FROM mailbox WHERE id = ?1),"
                    " coalesce(sum(CASE WHEN flags & 8 <> 0 THEN"
                    "  (SELECT size FROM copy WHERE id = copy_id) ELSE 0 END), 0)"
                    " FROM entry WHERE mailbox_id = ?1",
                    with(as_number(mailbox_id)), read_counts, out, err) == FOUND;
}

void entry_mark_clear(struct entry_mark *mark)
{
    free(mark->keywords);
    *mark = (struct entry_mark){0};
}

static void read_mark(struct sql_rows *rows, void *out)
{
    struct entry_mark *mark = out;

    mark->uid = (uint32_t)take_number(rows);
    mark->flags = (unsigned)take_number(rows);
    mark->keywords = take_text(rows);
    mark->modseq = take_number(rows);
}

bool store_entry_marks(struct store_view *view, int64_t mailbox_id, uint32_t first, uint32_t last,
                       int64_t since, bool (*each)(void *ctx, const struct entry_mark *), void *ctx,
                       struct err *err)
{
    return sql_walk(
        view->sql,
        "SELECT uid, flags, keywords, modseq FROM entry"
        " WHERE mailbox_id = ? AND uid BETWEEN ? AND ? AND modseq > ? ORDER BY uid",
        with(as_number(mailbox_id), as_number(first), as_number(last), as_number(since)),
        entry_mark, read_mark, entry_mark_clear, each, ctx, err);
}

struct gone {
    uint32_t uid;
};

static void read_gone(struct sql_rows *rows, void *out)
{
    ((struct gone *)out)->uid = (uint32_t)take_number(rows);
}

static void gone_clear(struct gone *gone)
{
    (void)gone;
}

struct gone_teller {
    bool (*each)(void *ctx, const uint32_t *uid);
    void *ctx;
};

static bool tell_gone(void *ctx, const struct gone *gone)
{
    const struct gone_teller *teller = ctx;

    return teller->each(teller->ctx, &gone->uid);
}

bool store_expunged_uids(struct store_view *view, int64_t mailbox_id, int64_t since,
                         bool (*each)(void *ctx, const uint32_t *uid), void *ctx, struct err *err)
{
    struct gone_teller teller = {each, ctx};

    return sql_walk(view->sql,
                    "SELECT uid FROM expunged WHERE mailbox_id = ? AND modseq > ? ORDER BY uid",
                    with(as_number(mailbox_id), as_number(since)), gone, read_gone, gone_clear,
                    tell_gone, &teller, err);
}

void entry_row_clear(struct entry_row *row)
{
    entry_mark_clear(&row->mark);
    free(row->envelope);
    free(row->structure);
    free(row->parts);
    *row = (struct entry_row){0};
}

static void read_row(struct sql_rows *rows, void *out)
{
    struct entry_row *row = out;

    read_mark(rows, &row->mark);
    row->body_id = take_number(rows);
    row->octets = take_number(rows);
    row->received_ms = take_number(rows);
    row->envelope = take_secret(rows);
    row->structure = take_secret(rows);
    row->parts = take_secret(rows);
}

bool store_entry_rows(struct store_view *view, int64_t mailbox_id, uint32_t first, uint32_t last,
                      int64_t since, bool (*each)(void *ctx, const struct entry_row *), void *ctx,
                      struct err *err)
{
    return sql_walk(
        view->sql,
        "SELECT e.uid, e.flags, e.keywords, e.modseq, c.body_id, c.size, c.received_ms,"
        " c.envelope, c.structure, c.parts FROM entry e JOIN copy c ON c.id = e.copy_id"
        " WHERE e.mailbox_id = ? AND e.uid BETWEEN ? AND ? AND e.modseq > ?"
        " ORDER BY e.uid",
        with(as_number(mailbox_id), as_number(first), as_number(last), as_number(since)), entry_row,
        read_row, entry_row_clear, each, ctx, err);
}

/* ---- notes ---- */

void annotation_clear(struct annotation *note)
{
    free(note->name);
    free(note->value);
    *note = (struct annotation){0};
}

static void read_annotation(struct sql_rows *rows, void *out)
{
    struct annotation *note = out;

    note->name = take_text(rows);
    note->value = take_secret(rows);
}

bool store_annotations(struct store_view *view, int64_t account_id, int64_t mailbox_id,
                       bool (*each)(void *ctx, const struct annotation *), void *ctx,
                       struct err *err)
{
    return sql_walk(view->sql,
                    "SELECT name, value FROM annotation WHERE account_id = ? AND mailbox_id = ?"
                    " ORDER BY name",
                    with(as_number(account_id), as_number(mailbox_id)), annotation, read_annotation,
                    annotation_clear, each, ctx, err);
}

bool store_annotation_count(struct store_view *view, int64_t account_id, int64_t *out,
                            struct err *err)
{
    return sql_count(view->sql, "SELECT count(*) FROM annotation WHERE account_id = ?",
                     with(as_number(account_id)), out, err);
}
