/* Commands that change what lies in the mailbox: STORE, EXPUNGE, COPY, MOVE. */
#include "imap_private.h"
#include "memory.h"

/* A change of our own is known as it is made, unless something else happened between. */
static void advance(struct selected *selected, int64_t before, int64_t after)
{
    if (selected->modseq == before)
        selected->modseq = after;
    else
        selected->dirty = true;
}

static bool lex_set_then_space(struct imap_session *s, struct number_set *out)
{
    return lex_space(&s->lexer) && lex_messages(s, out) && lex_space(&s->lexer);
}

/* ---- STORE ---- */

static enum next stored(struct imap_session *s, struct errand *back)
{
    struct imap_changes *changes = container_of(back, struct imap_changes, base.errand);
    scoped_value(bytes) code = {0};

    if (errand_failed(back))
        return no_errand(s, back);
    for (size_t i = 0; i < changes->count; i++) {
        if (!s->silent)
            tell_entry(s, &changes->at[i], s->uid || s->condstore);
        else if (s->condstore && number_of(&s->selected, changes->at[i].uid))
            say(s, "%u FETCH (UID %u MODSEQ (%lld))", number_of(&s->selected, changes->at[i].uid),
                changes->at[i].uid, (long long)changes->at[i].modseq);
    }
    advance(&s->selected, changes->modseq_before, changes->modseq);
    if (changes->modified.count > 0) {
        bytes_add_text(&code, "MODIFIED ");
        if (s->uid) {
            number_set_print(&changes->modified, &code);
        } else {
            scoped_value(number_set) numbers = {0};
            for (size_t i = 0; i < s->selected.count; i++)
                if (number_set_has(&changes->modified, s->selected.uids[i]))
                    number_set_add(&numbers, (uint32_t)i + 1, (uint32_t)i + 1);
            number_set_print(&numbers, &code);
        }
    }
    errand_free(back);
    return finish(s, code.len ? code.at : "", code.len ? "Some had changed meanwhile" : "Stored");
}

static bool read_how(struct imap_session *s, struct imap_flags_order *order)
{
    struct lexer *lexer = &s->lexer;

    order->how = FLAGS_SET;
    if (lex_char(lexer, '+'))
        order->how = FLAGS_ADD;
    else if (lex_char(lexer, '-'))
        order->how = FLAGS_REMOVE;
    s->silent = lex_is(lexer, "FLAGS.SILENT");
    return s->silent || lex_is(lexer, "FLAGS");
}

static bool read_unchanged_since(struct imap_session *s, struct imap_flags_order *order)
{
    order->unchanged_since = -1;
    if (!lex_char(&s->lexer, '('))
        return true;
    s->condstore = true;
    return lex_is(&s->lexer, "UNCHANGEDSINCE") && lex_space(&s->lexer) &&
           lex_number(&s->lexer, INT64_MAX, &order->unchanged_since) && lex_char(&s->lexer, ')') &&
           lex_space(&s->lexer);
}

enum next imap_on_store(struct imap_session *s)
{
    scoped_value(number_set) uids = {0};
    scoped_text char *keywords = NULL;
    struct imap_flags_order order = {0};

    if (!lex_set_then_space(s, &uids) || !read_unchanged_since(s, &order) || !read_how(s, &order) ||
        !lex_space(&s->lexer) || !lex_flags(&s->lexer, &order.flags, &keywords) ||
        !lexer_at_end(&s->lexer))
        return bad(s, "STORE wants messages, FLAGS, +FLAGS or -FLAGS, and flags");
    if (s->selected.read_only)
        return no(s, "CANNOT", "This mailbox was opened for reading");
    order.keywords = keywords;
    return await_errand(s, s->duties->flags(s->duties->ctx, s->selected.id, &uids, &order), stored);
}

/* ---- EXPUNGE ---- */

static enum next expunged(struct imap_session *s, struct errand *back)
{
    struct imap_changes *changes = container_of(back, struct imap_changes, base.errand);

    if (errand_failed(back))
        return no_errand(s, back);
    int64_t known = s->selected.modseq;
    int64_t after = changes->modseq;
    changes->modseq = 0; /* advance() says how far we know */
    tell_changes(s, changes, true);
    s->selected.modseq = known;
    advance(&s->selected, changes->modseq_before, after);
    errand_free(back);
    return finish(s, "", "Gone");
}

enum next imap_on_expunge(struct imap_session *s)
{
    scoped_value(number_set) uids = {0};

    if (s->uid && (!lex_space(&s->lexer) || !lex_messages(s, &uids)))
        return bad(s, "UID EXPUNGE wants UIDs");
    if (!lexer_at_end(&s->lexer))
        return bad(s, "EXPUNGE takes no argument");
    if (s->selected.read_only)
        return no(s, "CANNOT", "This mailbox was opened for reading");
    return await_errand(
        s, s->duties->expunge(s->duties->ctx, s->selected.id, s->uid ? &uids : NULL), expunged);
}

/* ---- COPY and MOVE ---- */

static void add_pairs(const struct imap_copied *copied, struct bytes *out)
{
    scoped_value(number_set) from = {0};
    scoped_value(number_set) to = {0};

    for (size_t i = 0; i < copied->count; i++) {
        number_set_add(&from, copied->from[i], copied->from[i]);
        number_set_add(&to, copied->to[i], copied->to[i]);
    }
    bytes_print(out, "COPYUID %u ", copied->uid_validity);
    number_set_print(&from, out);
    bytes_add_char(out, ' ');
    number_set_print(&to, out);
}

static enum next copied(struct imap_session *s, struct errand *back)
{
    struct imap_copied *copied = container_of(back, struct imap_copied, base.errand);
    scoped_value(bytes) code = {0};

    if (errand_failed(back))
        return no_errand_as(s, back, "TRYCREATE", "CANNOT");
    if (copied->count > 0)
        add_pairs(copied, &code);
    errand_free(back);
    s->selected.dirty = true; /* as behind APPEND */
    return finish(s, code.len ? code.at : "", "Copied");
}

/* COPYUID comes first, while the numbers still are what they were (RFC 6851 4.3). */
static enum next moved(struct imap_session *s, struct errand *back)
{
    struct imap_copied *copied = container_of(back, struct imap_copied, base.errand);
    struct imap_changes gone = {0};

    if (errand_failed(back))
        return no_errand_as(s, back, "TRYCREATE", "CANNOT");
    if (copied->count > 0) {
        bytes_add_text(s->turn->out, "* OK [");
        add_pairs(copied, s->turn->out);
        bytes_add_text(s->turn->out, "] Moved\r\n");
    }
    for (size_t i = 0; i < copied->count; i++)
        number_set_add(&gone.vanished, copied->from[i], copied->from[i]);
    int64_t known = s->selected.modseq;
    tell_changes(s, &gone, true);
    s->selected.modseq = known;
    advance(&s->selected, copied->modseq_before, copied->modseq);
    number_set_clear(&gone.vanished);
    errand_free(back);
    return finish(s, "", "Moved");
}

static enum next begin_copy(struct imap_session *s, bool move)
{
    scoped_value(number_set) uids = {0};
    scoped_text char *to = NULL;

    if (!lex_set_then_space(s, &uids) || !lex_mailbox(s, &to) || !lexer_at_end(&s->lexer))
        return bad(s, "Messages and the name of a mailbox are wanted");
    if (move && s->selected.read_only)
        return no(s, "CANNOT", "This mailbox was opened for reading");
    return await_errand(
        s,
        s->duties->copy(s->duties->ctx, s->account_id, s->selected.id, &uids, slice_of(to), move),
        move ? moved : copied);
}

enum next imap_on_copy(struct imap_session *s)
{
    return begin_copy(s, false);
}

enum next imap_on_move(struct imap_session *s)
{
    return begin_copy(s, true);
}
