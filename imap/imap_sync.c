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

/* From the highest number down, so that each is right when it is said. */
static void tell_expunged(struct imap_session *s, const struct number_set *vanished)
{
    struct selected *selected = &s->selected;
    scoped_value(number_set) known = {0};
    size_t kept = 0;

    for (size_t i = selected->count; i > 0; i--)
        if (number_set_has(vanished, selected->uids[i - 1])) {
            if (s->qresync)
                number_set_add(&known, selected->uids[i - 1], selected->uids[i - 1]);
            else
                say(s, "%zu EXPUNGE", i);
        }
    for (size_t i = 0; i < selected->count; i++)
        if (!number_set_has(vanished, selected->uids[i]))
            selected->uids[kept++] = selected->uids[i];
    selected->count = kept;
    if (known.count > 0) {
        bytes_add_text(s->turn->out, "* VANISHED ");
        number_set_print(&known, s->turn->out);
        bytes_add_text(s->turn->out, "\r\n");
    }
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

void tell_changes(struct imap_session *s, struct imap_changes *changes, bool may_expunge)
{
    struct selected *selected = &s->selected;
    size_t before;
    bool held_back = !may_expunge && changes->vanished.count > 0;

    if (may_expunge)
        tell_expunged(s, &changes->vanished);
    before = selected->count;
    for (size_t i = 0; i < changes->count; i++)
        add_uid(selected, changes->at[i].uid);
    if (selected->count != before)
        say(s, "%zu EXISTS", selected->count);
    for (size_t i = 0; i < changes->count; i++)
        if (number_of(selected, changes->at[i].uid) <= before)
            tell_entry(s, &changes->at[i], s->qresync || s->condstore);
    if (held_back)
        selected->dirty = true; /* told once more behind the next command that lets us */
    else if (changes->modseq > selected->modseq)
        selected->modseq = changes->modseq;
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
        for (size_t i = 0; i < selected->saved.count; i++)
            number_set_add(out_uids, selected->saved.at[i].first, selected->saved.at[i].last);
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
