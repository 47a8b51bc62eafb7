/*
 * FETCH and UID FETCH.
 *
 *     [CHANGES] ─> [MARK \Seen] ─> ROWS ─> tell ─(a section longer than a piece)─> PIECE ─> tell … ─> ROWS ─> … ─> OK
 *
 * An errand brings as many rows as fit into one piece, with the beginnings of their sections; what is longer comes
 * in pieces of its own.  Nothing is brought before the client has taken what was said, so the cost of a
 * FETCH is one piece, whatever it asks for.
 */
#include "body_short.h"
#include "fetch_items.h"
#include "imap_date.h"
#include "imap_private.h"
#include "log.h"
#include "memory.h"

struct fetching {
    struct fetch_items items;
    struct number_set uids, marked;
    int64_t changed_since;
    bool vanished;                  /* asked for (RFC 7162 3.2.6) */
    bool marks;                     /* what is told was read by that */
    bool tells_flags, tells_modseq; /* asked for: those of `marked` need no word of their own */
    bool unknown_coding, too_large; /* some rows were passed over: NO at the end */
    struct errand *home;            /* the rows being told; owned */
    size_t row, item;               /* what comes next */
    const char *space;              /* before the next item of this row */
    struct source *body;            /* of the section under way; the row's */
    int64_t at, end;                /* at == end: none is */
};

void fetching_free(struct fetching *fetch)
{
    if (!fetch)
        return;
    fetch_items_clear(&fetch->items);
    number_set_clear(&fetch->uids);
    number_set_clear(&fetch->marked);
    errand_free(fetch->home);
    free(fetch);
}
SCOPED(fetching, fetching_free)

static enum next tell_rows(struct imap_session *s);

static enum next end_fetch(struct imap_session *s)
{
    bool unknown_coding = s->fetch->unknown_coding, too_large = s->fetch->too_large;

    fetching_free(s->fetch);
    s->fetch = NULL;
    if (unknown_coding)
        return no(s, "UNKNOWN-CTE", "A part is coded in a way not known here; fetch it by BODY");
    if (too_large)
        return no(s, "LIMIT", "A section is too large to be made here; fetch it by BODY");
    return finish(s, "", "Fetched");
}

/* ---- telling ---- */

static void tell_structure(struct bytes *out, const struct imap_row *row, bool extended)
{
    const char *structure = row->structure ? row->structure : "NIL";

    bytes_print(out, "%s ", extended ? "BODYSTRUCTURE" : "BODY");
    if (extended || !body_short_add(out, slice_of(structure)))
        bytes_add_text(out, structure);
}

static void tell_plain(struct bytes *out, const struct imap_row *row, enum fetch_kind kind)
{
    char date[IMAP_DATE_TIME_SIZE];

    switch (kind) {
    case FETCH_UID: bytes_print(out, "UID %u", row->entry.uid); return;
    case FETCH_FLAGS:
        bytes_add_text(out, "FLAGS ");
        add_flags(out, row->entry.flags, row->entry.keywords);
        return;
    case FETCH_MODSEQ: bytes_print(out, "MODSEQ (%lld)", (long long)row->entry.modseq); return;
    case FETCH_DATE:
        imap_date_time_print(row->received_ms, date);
        bytes_print(out, "INTERNALDATE \"%s\"", date);
        return;
    case FETCH_SIZE: bytes_print(out, "RFC822.SIZE %lld", (long long)row->octets); return;
    case FETCH_ENVELOPE:
        bytes_print(out, "ENVELOPE %s", row->envelope ? row->envelope : "NIL");
        return;
    case FETCH_BODY: tell_structure(out, row, false); return;
    case FETCH_STRUCTURE: tell_structure(out, row, true); return;
    case FETCH_SECTION: break;
    }
    __builtin_unreachable();
}

static void tell_section(struct fetching *fetch, const struct imap_row *row, size_t number,
                         struct bytes *out)
{
    const struct imap_section *section = &row->sections[number];
    enum section_kind kind = fetch->items.sections[number].kind;
    long long rest = (long long)(section->end - section->begin);

    bytes_print(out, "%s ", fetch->items.labels[number]);
    if (kind == SECTION_BINARY_SIZE) {
        bytes_print(out, "%lld", (long long)section->end);
        return;
    }
    if (section->absent) {
        bytes_add_text(out, "NIL");
        return;
    }
    bytes_print(out, "%s{%lld}\r\n", kind == SECTION_BINARY ? "~" : "",
                (long long)section->text.len + rest);
    bytes_add(out, bytes_slice(&section->text));
    fetch->body = row->body;
    fetch->at = section->begin;
    fetch->end = section->end;
}

static enum next piece_found(struct imap_session *s, struct errand *back)
{
    struct fetching *fetch = s->fetch;
    const struct imap_piece *piece = container_of(back, struct imap_piece, base.errand);
    bool good = !errand_failed(back) && piece->text.len > 0;

    if (!good) { /* amid a literal nothing can be said */
        log_error("s=%s imap a mail could not be read to its end: %s", s->id, back->err.cause);
        errand_free(back);
        return NEXT_HANG_UP;
    }
    bytes_add(s->turn->out, bytes_slice(&piece->text));
    fetch->at += (int64_t)piece->text.len;
    errand_free(back);
    s->more = tell_rows;
    return NEXT_MORE;
}

static enum next bring_piece(struct imap_session *s)
{
    struct fetching *fetch = s->fetch;
    int64_t end = fetch->at + IMAP_PIECE < fetch->end ? fetch->at + IMAP_PIECE : fetch->end;

    return await_errand(s, s->duties->piece(fetch->body, fetch->at, end), piece_found);
}

/* The row's items from `fetch->item` on, up to a section that has more to come. */
static void tell_items(struct imap_session *s, struct fetching *fetch, const struct imap_row *row)
{
    struct bytes *out = s->turn->out;

    while (fetch->item < fetch->items.count && fetch->at == fetch->end) {
        const struct fetch_item *item = &fetch->items.at[fetch->item++];
        bytes_add_text(out, fetch->space);
        fetch->space = " ";
        if (item->kind == FETCH_SECTION)
            tell_section(fetch, row, item->section, out);
        else
            tell_plain(out, row, item->kind);
    }
}

/* That it was read now is a change, and told as one (RFC 7162 3.1: with its MODSEQ). */
static void tell_mark(struct imap_session *s, const struct fetching *fetch,
                      const struct imap_row *row)
{
    struct bytes *out = s->turn->out;

    if (!fetch->tells_flags) {
        bytes_add_text(out, " FLAGS ");
        add_flags(out, row->entry.flags, row->entry.keywords);
    }
    if (s->condstore && !fetch->tells_modseq)
        bytes_print(out, " MODSEQ (%lld)", (long long)row->entry.modseq);
}

/* A row of which not all can be told is passed over, but that it was read now. */
static bool is_passed_over(struct imap_session *s, struct fetching *fetch,
                           const struct imap_row *row)
{
    bool unknown_coding = false, too_large = false;

    for (size_t i = 0; i < fetch->items.section_count; i++) {
        unknown_coding = unknown_coding || row->sections[i].unknown_coding;
        too_large = too_large || row->sections[i].too_large;
    }
    fetch->unknown_coding = fetch->unknown_coding || unknown_coding;
    fetch->too_large = fetch->too_large || too_large;
    if (!unknown_coding && !too_large)
        return false;
    if (number_set_has(&fetch->marked, row->entry.uid))
        tell_entry(s, &row->entry, s->uid || s->condstore);
    return true;
}

/* False: a section has more to come. */
static bool tell_row(struct imap_session *s, struct fetching *fetch, const struct imap_row *row)
{
    struct bytes *out = s->turn->out;
    uint32_t number = number_of(&s->selected, row->entry.uid);

    if (number == 0)
        return true; /* it came after our last look: EXISTS tells of it first */
    if (fetch->item == 0 && is_passed_over(s, fetch, row))
        return true;
    if (fetch->item == 0) {
        bytes_print(out, "* %u FETCH (", number);
        fetch->space = "";
    }
    tell_items(s, fetch, row);
    if (fetch->at < fetch->end)
        return false;
    if (number_set_has(&fetch->marked, row->entry.uid))
        tell_mark(s, fetch, row);
    bytes_add_text(out, ")\r\n");
    return true;
}

static enum next bring_rows(struct imap_session *s, uint32_t after);

static enum next tell_rows(struct imap_session *s)
{
    struct fetching *fetch = s->fetch;
    const struct imap_rows *rows = container_of(fetch->home, struct imap_rows, base.errand);

    if (fetch->at < fetch->end)
        return bring_piece(s);
    while (fetch->row < rows->count) {
        if (!tell_row(s, fetch, &rows->at[fetch->row]))
            return bring_piece(s);
        fetch->row++;
        fetch->item = 0;
    }
    if (!rows->more)
        return end_fetch(s);
    return bring_rows(s, rows->count ? rows->at[rows->count - 1].entry.uid : UINT32_MAX);
}

/* ---- bringing ---- */

static enum next rows_found(struct imap_session *s, struct errand *back)
{
    struct fetching *fetch = s->fetch;

    if (errand_failed(back)) {
        fetching_free(fetch);
        s->fetch = NULL;
        return no_errand(s, back);
    }
    errand_free(fetch->home);
    fetch->home = back;
    fetch->row = fetch->item = 0;
    return tell_rows(s);
}

static struct imap_wish wish_of(const struct fetching *fetch)
{
    struct imap_wish wish = {.sections = fetch->items.sections,
                             .section_count = fetch->items.section_count,
                             .changed_since = fetch->changed_since};

    for (size_t i = 0; i < fetch->items.count; i++) {
        enum fetch_kind kind = fetch->items.at[i].kind;
        wish.envelope = wish.envelope || kind == FETCH_ENVELOPE;
        wish.structure = wish.structure || kind == FETCH_BODY || kind == FETCH_STRUCTURE;
        wish.size = wish.size || kind == FETCH_SIZE;
        wish.date = wish.date || kind == FETCH_DATE;
    }
    return wish;
}

static bool asks_for(const struct fetching *fetch, enum fetch_kind kind)
{
    for (size_t i = 0; i < fetch->items.count; i++)
        if (fetch->items.at[i].kind == kind)
            return true;
    return false;
}

static enum next ask_rows(struct imap_session *s, uint32_t after)
{
    const struct imap_wish wish = wish_of(s->fetch);

    return await_errand(
        s, s->duties->rows(s->duties->ctx, s->selected.id, &s->fetch->uids, after, &wish),
        rows_found);
}

static enum next more_rows(struct imap_session *s)
{
    return ask_rows(s, s->fetch_after);
}

/* Behind the first rows the client must take what was said. */
static enum next bring_rows(struct imap_session *s, uint32_t after)
{
    s->fetch_after = after;
    s->more = more_rows;
    return NEXT_MORE;
}

static enum next marked(struct imap_session *s, struct errand *back)
{
    const struct imap_changes *changes = container_of(back, struct imap_changes, base.errand);

    if (errand_failed(back)) {
        fetching_free(s->fetch);
        s->fetch = NULL;
        return no_errand(s, back);
    }
    for (size_t i = 0; i < changes->count; i++)
        number_set_add(&s->fetch->marked, changes->at[i].uid, changes->at[i].uid);
    if (s->selected.modseq == changes->modseq_before)
        s->selected.modseq = changes->modseq;
    if (changes->base.more)
        return next_slice(s, back, marked);
    errand_free(back);
    return ask_rows(s, 0);
}

static enum next mark_and_ask(struct imap_session *s)
{
    const struct imap_flags_order order = {
        .how = FLAGS_ADD, .flags = IMAP_SEEN, .unchanged_since = -1};

    if (!s->fetch->marks)
        return ask_rows(s, 0);
    return await_errand(
        s, s->duties->flags(s->duties->ctx, s->selected.id, &s->fetch->uids, &order), marked);
}

/* CHANGEDSINCE: what did not change is not told, and so it is not read; once marked it would have changed. */
static void keep_changed(struct fetching *fetch, const struct imap_changes *changes)
{
    scoped_value(number_set) changed = {0};
    struct number_set all = fetch->uids;

    for (size_t i = 0; i < changes->count; i++)
        number_set_add(&changed, changes->at[i].uid, changes->at[i].uid);
    number_set_common(&all, &changed, &fetch->uids);
    number_set_clear(&all);
}

static enum next changes_known(struct imap_session *s, struct errand *back)
{
    struct imap_changes *changes = container_of(back, struct imap_changes, base.errand);
    struct number_set all = changes->vanished;

    if (errand_failed(back)) {
        fetching_free(s->fetch);
        s->fetch = NULL;
        return no_errand(s, back);
    }
    number_set_common(&all, &s->fetch->uids, &changes->vanished);
    number_set_clear(&all);
    keep_changed(s->fetch, changes);
    if (s->fetch->vanished)
        return tell_earlier(s, back, mark_and_ask);
    errand_free(back);
    return mark_and_ask(s);
}

/* ---- what is asked ---- */

static bool read_modifiers(struct imap_session *s, struct fetching *fetch)
{
    if (!lex_char(&s->lexer, '('))
        return false;
    do {
        if (lex_is(&s->lexer, "CHANGEDSINCE")) {
            if (!lex_space(&s->lexer) || !lex_number(&s->lexer, INT64_MAX, &fetch->changed_since))
                return false;
            s->condstore = true;
            fetch_items_need(&fetch->items, FETCH_MODSEQ);
        } else if (s->qresync && s->uid && lex_is(&s->lexer, "VANISHED")) {
            fetch->vanished = true;
        } else {
            return false;
        }
    } while (lex_space(&s->lexer));
    return lex_char(&s->lexer, ')') && (!fetch->vanished || fetch->changed_since);
}

enum next imap_on_fetch(struct imap_session *s)
{
    scoped(fetching) fetch = must_new(struct fetching);

    if (!lex_space(&s->lexer) || !lex_messages(s, &fetch->uids) || !lex_space(&s->lexer) ||
        !fetch_items_read(&s->lexer, &fetch->items))
        return bad(s, "FETCH wants messages and items");
    if (lex_space(&s->lexer) && !read_modifiers(s, fetch))
        return bad(s, "Behind the items stands (CHANGEDSINCE n) or nothing");
    if (!lexer_at_end(&s->lexer))
        return bad(s, "FETCH wants its items in brackets");
    if (s->uid)
        fetch_items_need(&fetch->items, FETCH_UID);
    fetch->marks = fetch->items.marks_seen && !s->selected.read_only;
    fetch->tells_flags = asks_for(fetch, FETCH_FLAGS);
    fetch->tells_modseq = asks_for(fetch, FETCH_MODSEQ);
    s->condstore = s->condstore || fetch->tells_modseq; /* RFC 7162 3.1 */
    s->fetch = steal(&fetch);
    if (s->fetch->changed_since && (s->fetch->vanished || s->fetch->marks))
        return await_errand(
            s, s->duties->changes(s->duties->ctx, s->selected.id, s->fetch->changed_since),
            changes_known);
    return mark_and_ask(s);
}
