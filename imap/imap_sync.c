/*
 * What the client knows of the selected mailbox: UIDs in rising order and one modification sequence.
 *
 * An errand brings what changed since that sequence; tell_changes() says it in untagged responses and brings our
 * knowledge to the same state.  Repeating it says nothing new, so a lost or doubled nudge does no harm.
 */
#include "imap_private.h"
#include "memory.h"

#include <stdio.h>

void selected_clear(struct selected *selected)
{
    free(selected->uids);
    number_set_clear(&selected->saved);
    *selected = (struct selected){0};
}

/* Where `uid` stands, or where it would. */
static size_t place_of(const struct selected *selected, uint32_t uid)
{
    size_t low = 0;
    size_t high = selected->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (selected->uids[middle] < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t number_of(const struct selected *selected, uint32_t uid)
{
    size_t place = place_of(selected, uid);

    return place < selected->count && selected->uids[place] == uid ? (uint32_t)place + 1 : 0;
}

void tell_entry(struct imap_session *s, const struct imap_entry *entry, bool with_uid)
{
    struct bytes *out = s->turn->out;
    uint32_t number = number_of(&s->selected, entry->uid);

    if (number == 0)
        return;
    bytes_print(out, "* %u FETCH (", number);
    if (with_uid)
        bytes_print(out, "UID %u ", entry->uid);
    bytes_add_text(out, "FLAGS ");
    add_flags(out, entry->flags, entry->keywords);
    if (s->condstore)
        bytes_print(out, " MODSEQ (%lld)", (long long)entry->modseq);
    bytes_add_text(out, ")\r\n");
}

struct places {
    size_t begin, end;
};

/* Of the messages that the client knows with UIDs in that range. */
static struct places places_of(const struct selected *selected, const struct number_range *range)
{
    size_t end = range->last == UINT32_MAX ? selected->count : place_of(selected, range->last + 1);

    return (struct places){place_of(selected, range->first), end};
}

struct leaving { /* places, from the highest down */
    struct places *at;
    size_t count, capacity;
};

/* Takes the highest of `vanished` out of it, `most` messages that the client knows. */
static void choose_leaving(const struct selected *selected, struct number_set *vanished,
                           size_t most, struct leaving *out)
{
    while (vanished->count > 0 && most > 0) {
        uint32_t first = vanished->at[vanished->count - 1].first;
        struct places gone = places_of(selected, &vanished->at[vanished->count - 1]);
        if (gone.end - gone.begin > most) {
            gone.begin = gone.end - most;
            first = selected->uids[gone.begin];
        }
        number_set_cut(vanished, first);
        most -= gone.end - gone.begin;
        must_make_room(out->at, out->count, out->capacity);
        out->at[out->count++] = gone;
    }
}

/* What stays moves together; each is moved once. */
static void close_ranks(struct selected *selected, const struct leaving *leaving)
{
    size_t kept = leaving->at[leaving->count - 1].begin;

    for (size_t i = leaving->count; i > 0; i--) {
        size_t begin = leaving->at[i - 1].end;
        size_t end = i > 1 ? leaving->at[i - 2].begin : selected->count;
        if (begin < end)
            memmove(&selected->uids[kept], &selected->uids[begin],
                    (end - begin) * sizeof selected->uids[0]);
        kept += end - begin;
    }
    selected->count = kept;
}

/* From the highest number down, so that each is right when it is said. */
static void say_expunged(struct imap_session *s, const struct leaving *leaving)
{
    for (size_t i = 0; i < leaving->count; i++)
        for (size_t n = leaving->at[i].end; n > leaving->at[i].begin; n--)
            say(s, "%zu EXPUNGE", n);
}

static void say_vanished(struct imap_session *s, const struct leaving *leaving)
{
    scoped_value(number_set) uids = {0};

    for (size_t i = leaving->count; i > 0; i--)
        for (size_t k = leaving->at[i - 1].begin; k < leaving->at[i - 1].end; k++)
            number_set_add(&uids, s->selected.uids[k], s->selected.uids[k]);
    if (uids.count == 0)
        return;
    bytes_add_text(s->turn->out, "* VANISHED ");
    number_set_print(&uids, s->turn->out);
    bytes_add_text(s->turn->out, "\r\n");
}

bool tell_vanished(struct imap_session *s, struct number_set *vanished)
{
    struct leaving leaving = {0};

    choose_leaving(&s->selected, vanished, VANISHED_AT_ONCE, &leaving);
    if (leaving.count > 0) {
        (s->qresync ? say_vanished : say_expunged)(s, &leaving);
        close_ranks(&s->selected, &leaving);
    }
    free(leaving.at);
    return vanished->count == 0;
}

static bool add_uid(struct selected *selected, uint32_t uid)
{
    if (selected->count > 0 && uid <= selected->uids[selected->count - 1])
        return false;
    if (selected->count >= UID_MAX_KEPT)
        return false;
    must_make_room(selected->uids, selected->count, selected->capacity);
    selected->uids[selected->count++] = uid;
    return true;
}

/* New messages, and flags of those that were there. */
static void tell_entries(struct imap_session *s, const struct imap_changes *changes, size_t begin,
                         size_t end)
{
    struct selected *selected = &s->selected;
    size_t before = selected->count;

    for (size_t i = begin; i < end; i++)
        add_uid(selected, changes->at[i].uid);
    if (selected->count != before)
        say(s, "%zu EXISTS", selected->count);
    for (size_t i = begin; i < end; i++)
        if (number_of(selected, changes->at[i].uid) <= before)
            tell_entry(s, &changes->at[i], s->qresync || s->condstore);
}

/* ---- what changed, a piece at a time: it may be a million rows ---- */

enum { TOLD_AT_ONCE = 1000 };

static enum next tell_some(struct imap_session *s)
{
    struct telling *telling = &s->telling;
    struct imap_changes *changes = telling->changes;
    size_t begin = telling->at, rest = changes->count - begin;
    size_t end = begin + (rest < TOLD_AT_ONCE ? rest : TOLD_AT_ONCE);

    s->more = tell_some;
    if (telling->may_expunge && !tell_vanished(s, &changes->vanished))
        return NEXT_MORE;
    tell_entries(s, changes, begin, end);
    telling->at = end;
    if (end < changes->count)
        return NEXT_MORE;
    s->more = NULL;
    if (changes->vanished.count > 0) /* held back */
        s->selected.dirty = true;    /* told once more behind the next command that lets us */
    else if (changes->modseq > s->selected.modseq)
        s->selected.modseq = changes->modseq;
    errand_free(steal(&telling->home));
    return telling->then(s);
}

enum next tell_changes(struct imap_session *s, struct errand *back, bool may_expunge,
                       enum next (*then)(struct imap_session *))
{
    struct imap_changes *changes = container_of(back, struct imap_changes, base.errand);

    s->telling = (struct telling){
        .home = back, .changes = changes, .may_expunge = may_expunge, .then = then};
    return tell_some(s);
}

/* One line, which may have a million numbers.  True: all is said. */
static bool tell_some_earlier(struct imap_session *s)
{
    struct telling *telling = &s->telling;
    const struct number_set *vanished = &telling->changes->vanished;

    if (telling->earlier_told || vanished->count == 0)
        return true;
    bytes_add_text(s->turn->out, telling->at == 0 ? "* VANISHED (EARLIER) " : "");
    telling->at = number_set_print_some(vanished, telling->at, VANISHED_AT_ONCE, s->turn->out);
    if (telling->at < vanished->count)
        return false;
    bytes_add_text(s->turn->out, "\r\n");
    telling->earlier_told = true;
    telling->at = 0;
    return true;
}

static enum next tell_only_earlier(struct imap_session *s)
{
    if (!tell_some_earlier(s)) {
        s->more = tell_only_earlier;
        return NEXT_MORE;
    }
    errand_free(steal(&s->telling.home));
    return s->telling.then(s);
}

enum next tell_earlier(struct imap_session *s, struct errand *back,
                       enum next (*then)(struct imap_session *))
{
    struct imap_changes *changes = container_of(back, struct imap_changes, base.errand);

    s->telling = (struct telling){.home = back, .changes = changes, .then = then};
    return tell_only_earlier(s);
}

static enum next tell_some_since(struct imap_session *s)
{
    struct telling *telling = &s->telling;
    const struct imap_changes *changes = telling->changes;

    if (!tell_some_earlier(s)) {
        s->more = tell_some_since;
        return NEXT_MORE;
    }
    size_t rest = changes->count - telling->at;
    size_t end = telling->at + (rest < TOLD_AT_ONCE ? rest : TOLD_AT_ONCE);

    for (; telling->at < end; telling->at++)
        tell_entry(s, &changes->at[telling->at], true);
    if (end < changes->count) {
        s->more = tell_some_since;
        return NEXT_MORE;
    }
    errand_free(steal(&telling->home));
    return telling->then(s);
}

enum next tell_since(struct imap_session *s, struct errand *back,
                     enum next (*then)(struct imap_session *))
{
    struct imap_changes *changes = container_of(back, struct imap_changes, base.errand);

    s->telling = (struct telling){.home = back, .changes = changes, .then = then};
    return tell_some_since(s);
}

void numbers_of(const struct selected *selected, const struct number_set *uids,
                struct number_set *out)
{
    *out = (struct number_set){0};
    for (size_t i = 0; i < uids->count; i++) {
        struct places places = places_of(selected, &uids->at[i]);
        if (places.begin < places.end)
            number_set_add(out, (uint32_t)places.begin + 1, (uint32_t)places.end);
    }
}

/* "$" is what the last search saved; numbers must be there, UIDs need not. */
bool lex_messages(struct imap_session *s, struct number_set *out_uids)
{
    struct selected *selected = &s->selected;
    scoped_value(number_set) numbers = {0};
    struct slice text;

    *out_uids = (struct number_set){0};
    if (!lex_set(&s->lexer, &text))
        return false;
    if (slice_is(text, "$")) {
        number_set_copy(&selected->saved, out_uids);
        return true;
    }
    if (s->uid)
        return number_set_read(text, selected->count ? selected->uids[selected->count - 1] : 0,
                               out_uids);
    if (!number_set_read(text, (uint32_t)selected->count, &numbers))
        return false;
    for (size_t i = 0; i < numbers.count; i++) {
        struct number_range range = numbers.at[i];
        if (range.last > selected->count) {
            number_set_clear(out_uids);
            return false;
        }
        /* A range of numbers is a range of UIDs: what lies between them and is not known has vanished. */
        number_set_add(out_uids, selected->uids[range.first - 1], selected->uids[range.last - 1]);
    }
    return true;
}
