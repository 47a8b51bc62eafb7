/* SELECT and EXAMINE, with CONDSTORE and QRESYNC (RFC 7162); CLOSE, UNSELECT. */
#include "imap_private.h"
#include "memory.h"

struct select_wish {
    bool read_only, qresync;
    uint32_t uid_validity; /* that the client remembers */
    int64_t modseq;
    struct number_set known; /* UIDs that it still has; empty: all up to its last */
    bool known_given;
};
static void select_wish_clear(struct select_wish *wish)
{
    number_set_clear(&wish->known);
}
SCOPED_VALUE(select_wish, select_wish_clear)

/* QRESYNC (validity modseq [known-uids [(seqs uids)]]): the last is a hint that we do not need. */
static bool read_qresync(struct lexer *lexer, struct select_wish *wish)
{
    int64_t validity;
    struct slice set;

    if (!lex_space(lexer) || !lex_char(lexer, '(') || !lex_number(lexer, UINT32_MAX, &validity) ||
        !lex_space(lexer) || !lex_number(lexer, INT64_MAX, &wish->modseq))
        return false;
    wish->uid_validity = (uint32_t)validity;
    wish->qresync = true;
    if (lex_space(lexer) && lex_peek(lexer) != '(') {
        number_set_clear(&wish->known);
        if (!lex_set(lexer, &set) || !number_set_read(set, 0, &wish->known))
            return false;
        wish->known_given = true;
        lex_space(lexer);
    }
    if (lex_char(lexer, '(') && (!lex_set(lexer, &set) || !lex_space(lexer) ||
                                 !lex_set(lexer, &set) || !lex_char(lexer, ')')))
        return false;
    return lex_char(lexer, ')');
}

static bool read_options(struct imap_session *s, struct select_wish *wish)
{
    if (!lex_char(&s->lexer, '('))
        return false;
    do {
        if (lex_is(&s->lexer, "CONDSTORE"))
            s->condstore = true;
        else if (!s->qresync || !lex_is(&s->lexer, "QRESYNC") || !read_qresync(&s->lexer, wish))
            return false;
    } while (lex_space(&s->lexer));
    return lex_char(&s->lexer, ')');
}

/* ---- what is found ---- */

static void tell_flags(struct imap_session *s, const struct imap_opened *opened)
{
    struct bytes *out = s->turn->out;
    const unsigned all = IMAP_SEEN | IMAP_ANSWERED | IMAP_FLAGGED | IMAP_DELETED | IMAP_DRAFT;

    bytes_add_text(out, "* FLAGS ");
    add_flags(out, all, opened->keywords);
    bytes_add_text(out, "\r\n* OK [PERMANENTFLAGS ");
    if (s->selected.read_only) {
        bytes_add_text(out, "()] Nothing can be changed\r\n");
        return;
    }
    add_flags(out, all, opened->keywords);
    bytes_cut(out, out->len - 1);
    bytes_add_text(out, " \\*)] These are kept\r\n");
}

static void tell_mailbox(struct imap_session *s, const struct imap_opened *opened)
{
    const struct imap_mailbox *mailbox = &opened->mailbox;

    tell_flags(s, opened);
    say(s, "%zu EXISTS", s->selected.count);
    if (!s->rev2)
        say(s, "0 RECENT");
    if (opened->first_unseen && !s->rev2)
        say(s, "OK [UNSEEN %u] The first that was not read",
            number_of(&s->selected, opened->first_unseen));
    say(s, "OK [UIDVALIDITY %u] UIDs are valid", mailbox->uid_validity);
    say(s, "OK [UIDNEXT %u] The next UID", mailbox->uid_next);
    say(s, "OK [HIGHESTMODSEQ %lld] The last change", (long long)opened->changes.modseq);
    if (s->rev2) {
        bytes_add_text(s->turn->out, "* LIST () \"/\" ");
        add_mailbox(s, s->turn->out, mailbox->name);
        bytes_add_text(s->turn->out, "\r\n");
    }
}

/* Only from here on this mailbox is watched.  What came behind the look is told behind the OK: the UIDNEXT above it knows
 * nothing of it. */
static enum next opened_wholly(struct imap_session *s)
{
    s->selected.dirty = false;
    enum next next = finish(s, s->selected.read_only ? "READ-ONLY" : "READ-WRITE", "Open");
    s->selected.dirty = true;
    return next;
}

static enum next opened(struct imap_session *s, struct errand *back)
{
    struct imap_opened *found = container_of(back, struct imap_opened, changes.base.errand);

    if (errand_failed(back))
        return no_errand(s, back);
    bool read_only = s->select_read_only;
    enter_state(s, SELECTED);
    s->selected = (struct selected){
        .id = found->mailbox.id,
        .uid_validity = found->mailbox.uid_validity,
        .read_only = read_only,
        .uids = found->uids,
        .count = found->count,
        .capacity = found->count,
        .modseq = found->changes.modseq,
    };
    found->uids = NULL;
    found->count = 0;
    tell_mailbox(s, found);
    if (s->select_validity == found->mailbox.uid_validity)
        return tell_since(s, back, opened_wholly);
    errand_free(back);
    return opened_wholly(s);
}

static enum next open_mailbox(struct imap_session *s, bool read_only)
{
    scoped_value(select_wish) wish = {0};
    scoped_text char *name = NULL;

    if (!lex_space(&s->lexer) || !lex_mailbox(s, &name))
        return bad(s, "The name of a mailbox is missing, or cannot be one");
    if (lex_space(&s->lexer) && !read_options(s, &wish))
        return bad(s, "Behind the name stands (CONDSTORE), (QRESYNC (...)) once that is enabled, "
                      "or nothing");
    if (!lexer_at_end(&s->lexer))
        return bad(s, "One mailbox at a time");
    if (s->state == SELECTED) { /* closed even if the other cannot be opened (RFC 9051 6.3.2) */
        enter_state(s, AUTHENTICATED);
        if (s->qresync || s->rev2)
            say(s, "OK [CLOSED] The mailbox before is closed");
    }
    s->select_read_only = read_only;
    s->select_validity = wish.qresync ? wish.uid_validity : 0;
    return await_errand(s,
                        s->duties->open(s->duties->ctx, s->account_id, slice_of(name),
                                        wish.qresync ? wish.modseq : 0,
                                        wish.known_given ? &wish.known : NULL),
                        opened);
}

enum next imap_on_select(struct imap_session *s)
{
    return open_mailbox(s, false);
}

enum next imap_on_examine(struct imap_session *s)
{
    return open_mailbox(s, true);
}

enum next imap_on_unselect(struct imap_session *s)
{
    enter_state(s, AUTHENTICATED);
    return finish(s, "", "Closed");
}

static enum next closed(struct imap_session *s, struct errand *back)
{
    if (errand_failed(back) && !mailbox_is_gone(s, back))
        return no_errand(s, back);
    if (back->ok && container_of(back, struct imap_errand, errand)->more)
        return next_slice(s, back, closed);
    errand_free(back);
    return imap_on_unselect(s);
}

/* What is marked \Deleted goes, and nobody is told (RFC 9051 6.4.1). */
enum next imap_on_close(struct imap_session *s)
{
    if (s->selected.read_only)
        return imap_on_unselect(s);
    return await_errand(s, s->duties->expunge(s->duties->ctx, s->selected.id, NULL), closed);
}
