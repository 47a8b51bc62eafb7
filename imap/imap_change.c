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

void gathered_clear(struct gathered *gathered)
{
    number_set_clear(&gathered->uids);
    number_set_clear(&gathered->new_uids);
    errand_free(gathered->failed);
    *gathered = (struct gathered){0};
}

static void add_all(struct number_set *set, const struct number_set *more)
{
    for (size_t i = 0; i < more->count; i++)
        number_set_add(set, more->at[i].first, more->at[i].last);
}

/* What was gathered stands in a code: one line, which may have a million numbers.  True: all is said. */
static bool tell_sets(struct imap_session *s)
{
    enum { RANGES_AT_ONCE = 4000 };
    struct gathered *it = &s->gathered;
    const struct number_set *set = it->first_told ? &it->new_uids : &it->uids;

    it->at = number_set_print_some(set, it->at, RANGES_AT_ONCE, s->turn->out);
    if (it->at < set->count || it->first_told || it->new_uids.count == 0)
        return it->at == set->count;
    bytes_add_char(s->turn->out, ' ');
    it->first_told = true;
    it->at = number_set_print_some(&it->new_uids, 0, RANGES_AT_ONCE, s->turn->out);
    return it->at == it->new_uids.count;
}

/* ---- STORE ---- */

static enum next tell_modified(struct imap_session *s)
{
    if (!tell_sets(s)) {
        s->more = tell_modified;
        return NEXT_MORE;
    }
    gathered_clear(&s->gathered);
    bytes_add_text(s->turn->out, "] Some had changed meanwhile\r\n");
    return NEXT_READ;
}

static enum next begin_modified(struct imap_session *s)
{
    bytes_add_text(s->turn->out, "[MODIFIED ");
    return tell_modified(s);
}

/* By number where the client speaks so: numbers stay what they are during a STORE. */
static void gather_modified(struct imap_session *s, const struct number_set *uids)
{
    scoped_value(number_set) numbers = {0};

    if (!s->uid)
        numbers_of(&s->selected, uids, &numbers);
    add_all(&s->gathered.uids, s->uid ? uids : &numbers);
}

static enum next stored(struct imap_session *s, struct errand *back)
{
    struct imap_changes *changes = container_of(back, struct imap_changes, base.errand);

    if (errand_failed(back)) {
        gathered_clear(&s->gathered);
        return no_errand(s, back);
    }
    for (size_t i = 0; i < changes->count; i++) {
        if (!s->silent)
            tell_entry(s, &changes->at[i], s->uid || s->condstore);
        else if (s->condstore && number_of(&s->selected, changes->at[i].uid))
            say(s, "%u FETCH (UID %u MODSEQ (%lld))", number_of(&s->selected, changes->at[i].uid),
                changes->at[i].uid, (long long)changes->at[i].modseq);
    }
    advance(&s->selected, changes->modseq_before, changes->modseq);
    gather_modified(s, &changes->modified);
    if (changes->base.more)
        return next_slice(s, back, stored);
    errand_free(back);
    if (s->gathered.uids.count > 0)
        s->coda = begin_modified;
    return finish(s, "", "Stored");
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
    s->tells_modseq = s->tells_modseq || (s->qresync && changes->vanished.count > 0);
    while (!tell_vanished(s, &changes->vanished)) /* a slice has few */
        continue;
    advance(&s->selected, changes->modseq_before, changes->modseq);
    if (changes->base.more)
        return next_slice(s, back, expunged);
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

static void gather(struct imap_session *s, const struct imap_copied *copied)
{
    for (size_t i = 0; i < copied->count; i++) {
        number_set_add(&s->gathered.uids, copied->from[i], copied->from[i]);
        number_set_add(&s->gathered.new_uids, copied->to[i], copied->to[i]);
    }
    s->gathered.uid_validity = copied->uid_validity;
    s->gathered.target_id = copied->target_id;
}

/* Both sets rise, so that the first of one went to the first of the other. */
static void begin_copyuid(struct imap_session *s)
{
    bytes_print(s->turn->out, "[COPYUID %u ", s->gathered.uid_validity);
}

static enum next tell_copied(struct imap_session *s)
{
    if (!tell_sets(s)) {
        s->more = tell_copied;
        return NEXT_MORE;
    }
    gathered_clear(&s->gathered);
    bytes_add_text(s->turn->out, "] Copied\r\n");
    return NEXT_READ;
}

static enum next begin_copied(struct imap_session *s)
{
    begin_copyuid(s);
    return tell_copied(s);
}

static enum next taken_back(struct imap_session *s, struct errand *back)
{
    const struct imap_changes *changes = container_of(back, struct imap_changes, base.errand);

    if (!errand_failed(back) && changes->base.more)
        return next_slice(s, back, taken_back);
    errand_free(back);
    struct errand *why = steal(&s->gathered.failed);
    gathered_clear(&s->gathered);
    return no_errand_as(s, why, "TRYCREATE", "CANNOT");
}

/* All or nothing (RFC 9051 6.4.7): what earlier slices brought there goes again. */
static enum next copy_failed(struct imap_session *s, struct errand *back)
{
    if (s->gathered.new_uids.count == 0)
        return no_errand_as(s, back, "TRYCREATE", "CANNOT");
    s->gathered.failed = back;
    return await_errand(
        s, s->duties->take_out(s->duties->ctx, s->gathered.target_id, &s->gathered.new_uids),
        taken_back);
}

static enum next copied(struct imap_session *s, struct errand *back)
{
    const struct imap_copied *result = container_of(back, struct imap_copied, base.errand);

    if (errand_failed(back))
        return copy_failed(s, back);
    gather(s, result);
    if (result->base.more)
        return next_slice(s, back, copied);
    if (s->gathered.uids.count > 0)
        s->coda = begin_copied;
    errand_free(back);
    s->selected.dirty = true; /* as behind APPEND */
    return finish(s, "", "Copied");
}

static enum next tell_leaving(struct imap_session *s)
{
    if (!tell_vanished(s, &s->gathered.uids)) {
        s->more = tell_leaving;
        return NEXT_MORE;
    }
    struct errand *why = steal(&s->gathered.failed);
    gathered_clear(&s->gathered);
    return why ? no_errand_as(s, why, "TRYCREATE", "CANNOT") : finish(s, "", "Moved");
}

static enum next tell_where_to(struct imap_session *s)
{
    if (!tell_sets(s)) {
        s->more = tell_where_to;
        return NEXT_MORE;
    }
    bytes_add_text(s->turn->out, "] Moved\r\n");
    s->more = tell_leaving;
    return NEXT_MORE;
}

/* COPYUID comes first, while the numbers still are what they were (RFC 6851 4.3).  Ends the command. */
static enum next tell_moved(struct imap_session *s)
{
    s->tells_modseq = s->qresync && s->gathered.uids.count > 0;
    if (s->gathered.uids.count == 0)
        return tell_leaving(s);
    bytes_add_text(s->turn->out, "* OK ");
    begin_copyuid(s);
    return tell_where_to(s);
}

/* Each message is moved or is not; when a later slice fails, what was moved is told (RFC 6851 3.3). */
static enum next moved(struct imap_session *s, struct errand *back)
{
    struct imap_copied *copied = container_of(back, struct imap_copied, base.errand);

    if (errand_failed(back)) {
        s->gathered.failed = back;
        return tell_moved(s);
    }
    gather(s, copied);
    if (copied->target_id == s->selected.id)
        s->selected.dirty = true; /* they came here again, and were not told yet */
    else
        advance(&s->selected, copied->modseq_before, copied->modseq);
    if (copied->base.more)
        return next_slice(s, back, moved);
    errand_free(back);
    return tell_moved(s);
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
