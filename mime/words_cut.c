/*
 * words_cut — what the author did not write themselves is cut (behaviour.md 3.1), in this order:
 * the other mail behind a forward mark or header block, attribution lines, signature, "Sent from my …",
 * quotations.  In doubt a line is cut: the worst failure is a private word made public.
 */
#include "words_private.h"

#include "memory.h"
#include "mime_private.h"
#include "text.h"

enum {
    LOOK_INTO_QUOTE = 3,
    ATTRIBUTION_LINES = 3,
    HEADER_LINES = 8,
    MAX_KEPT_QUOTES = 200, /* each is looked for in the whole parent */
    REPEATED_BYTES = 8,
    REPEATED_LINES = 1000, /* likewise */
};

static struct slice text_of(const struct line *line)
{
    return slice_of(line->text);
}

static bool quote_begins(const struct lines *lines, size_t i)
{
    return i < lines->count && lines->at[i].quote > 0 && (i == 0 || lines->at[i - 1].quote == 0);
}

static void cut_from(struct lines *lines, size_t i)
{
    for (; i < lines->count; i++)
        lines->at[i].cut = true;
}

/* Three fields of a header in a row (one line between them may be the rest of a long one), a From or both
 * subject and date among them. */
static bool header_block_begins(const struct lines *lines, size_t i)
{
    unsigned seen = mark_header_field(text_of(&lines->at[i]));
    int strangers = 0;
    int fields = 0;

    if (seen == 0 || seen == SHOWS_OTHER)
        return false;
    for (size_t k = i; k < lines->count && k < i + HEADER_LINES && strangers < 2; k++) {
        unsigned shows = mark_header_field(text_of(&lines->at[k]));

        strangers += shows == 0;
        fields += shows != 0 && (k == i || !(seen & shows) || shows == SHOWS_OTHER);
        seen |= shows;
    }
    bool tells = (seen & SHOWS_FROM) || ((seen & SHOWS_SUBJECT) && (seen & SHOWS_DATE));
    return fields >= 3 && tells;
}

/* The same in a language we do not know: three labels in a row, a "<a@b>" and a moment among them. */
static bool unknown_header_begins(const struct lines *lines, size_t i)
{
    bool address = false;
    bool moment = false;
    size_t count = 0;

    for (; count < HEADER_LINES && i + count < lines->count; count++) {
        struct slice text = text_of(&lines->at[i + count]);

        if (!mark_is_label(text))
            break;
        address |= mark_has_bracket_address(text);
        moment |= mark_has_moment(text);
    }
    return count >= 3 && address && moment;
}

static enum mark mark_at(const struct lines *lines, size_t i)
{
    const struct line *line = &lines->at[i];

    if (line->forward)
        return MARK_FORWARD;
    enum mark mark = mark_of(text_of(line));
    if (mark == MARK_NONE &&
        (line->tail || header_block_begins(lines, i) || unknown_header_begins(lines, i)))
        return MARK_ORIGINAL;
    return mark;
}

/* Lines in a row, joined by blanks. */
static void join(const struct lines *lines, size_t first, size_t count, struct bytes *out)
{
    for (size_t i = first; i < first + count; i++) {
        if (i > first)
            bytes_add_char(out, ' ');
        bytes_add(out, text_of(&lines->at[i]));
    }
}

static bool joined_is(const struct lines *lines, size_t first, size_t count,
                      bool (*is)(struct slice))
{
    scoped_value(bytes) text = {0};

    join(lines, first, count, &text);
    return is(bytes_slice(&text));
}

/* May line i - 1 be the beginning of the attribution that continues in line i? */
static bool attribution_continues_above(const struct lines *lines, size_t i)
{
    const struct line *above = i > 0 ? &lines->at[i - 1] : NULL;

    if (!above || above->quote > 0 || above->own_quote || lines->at[i].breaks)
        return false;
    if (mark_opens_attribution(text_of(above)))
        return true;
    return mark_has_date(text_of(above)) && !mark_has_date(text_of(&lines->at[i]));
}

/* How many lines directly before `quote` say who wrote what follows. */
static size_t attribution_before(const struct lines *lines, size_t quote)
{
    size_t marked = 0;
    size_t found = 0;

    while (marked < quote && lines->at[quote - 1 - marked].attribution)
        marked++;
    if (marked > 0)
        return marked;
    for (size_t count = 1; count <= ATTRIBUTION_LINES && count <= quote; count++) {
        size_t first = quote - count;

        if (lines->at[first].quote > 0 || lines->at[first].own_quote)
            break;
        if (joined_is(lines, first, count, mark_is_attribution))
            found = count;
        else if (count == 1)
            break;
        if (!attribution_continues_above(lines, first))
            break;
    }
    return found;
}

/* A quotation whose first lines are a forward's, with nobody introducing it. */
static enum mark mark_in_quote(const struct lines *lines, size_t begin)
{
    for (size_t i = begin; i < lines->count && i < begin + LOOK_INTO_QUOTE; i++) {
        if (lines->at[i].quote == 0)
            break;
        enum mark mark = mark_at(lines, i);
        if (mark != MARK_NONE)
            return mark;
    }
    return MARK_NONE;
}

/* "On … wrote:" with day and time, and what follows is not marked as a quotation: it is one all the same. */
static bool unmarked_quote_begins(const struct lines *lines, size_t i)
{
    if (lines->at[i].attribution)
        return false;
    for (size_t count = 1; count <= 2 && i + count <= lines->count; count++) {
        const struct line *line = &lines->at[i + count - 1];

        if (line->quote > 0 ||
            (count > 1 && (line->breaks || mark_is_full_attribution(text_of(line)))))
            return false;
        if (joined_is(lines, i, count, mark_is_full_attribution))
            return i + count == lines->count || !quote_begins(lines, i + count);
    }
    return false;
}

static enum mark mark_of_other_mail(const struct lines *lines, const struct words_orders *orders,
                                    size_t i)
{
    enum mark mark = MARK_NONE;

    if (lines->at[i].quote == 0) {
        mark = mark_at(lines, i);
        return mark == MARK_NONE && unmarked_quote_begins(lines, i) ? MARK_ORIGINAL : mark;
    }
    if (quote_begins(lines, i) && (attribution_before(lines, i) == 0 || lines->at[i].attribution))
        mark = mark_in_quote(lines, i);
    /* In an answer it is a quotation like any other. */
    return mark == MARK_ORIGINAL && orders->is_reply ? MARK_NONE : mark;
}

/* A long name breaks the row in front of the address. */
static char *from_in_row(const struct lines *lines, size_t i)
{
    scoped_value(bytes) both = {0};
    char *address = mark_address(text_of(&lines->at[i]));

    if (address || i + 1 == lines->count || lines->at[i + 1].breaks ||
        mark_header_field(text_of(&lines->at[i + 1])) != 0)
        return address;
    join(lines, i, 2, &both);
    return mark_address(bytes_slice(&both));
}

/* Its From is a row of the header that the mark begins.  Of other rows one may be broken, but may name nobody: in a
 * language that is not known it may be the From. */
static char *from_of_other_mail(const struct lines *lines, size_t begins)
{
    int strangers = 0;

    for (size_t i = begins; i < lines->count && i <= begins + HEADER_LINES; i++) {
        struct slice text = text_of(&lines->at[i]);
        unsigned shows = mark_header_field(text);

        if (shows == SHOWS_FROM)
            return from_in_row(lines, i);
        if (shows || i == begins)
            continue;
        if (slice_find(text, '@') != SIZE_MAX || ++strangers > 1)
            return NULL;
    }
    return NULL;
}

static void tell_other_mail(const struct lines *lines, size_t begins, struct words *out)
{
    bool ended = false;

    for (size_t i = begins; i < lines->count; i++) {
        const struct line *line = &lines->at[i];

        bytes_print(&out->other, "%s\n", line->text);
        for (size_t k = 0; k < line->count; k++)
            if (line->pieces[k].href)
                bytes_print(&out->other, "%s\n", line->pieces[k].href);
        if (ended && (line->signature || mark_is_signature(text_of(line))))
            ended = false;
        out->doubtful |= ended;
        if (i > begins && line->quote == 0 && mark_is_framed(text_of(line)))
            ended = mark_of(text_of(line)) == MARK_NONE;
    }
    out->other_from = from_of_other_mail(lines, begins);
}

/* The other mail below one's own words: behind a forward mark, a header block, or an unmarked "wrote:". */
static void cut_other_mail(struct lines *lines, const struct words_orders *orders,
                           struct words *out)
{
    enum mark mark = MARK_NONE;
    size_t begins = 0;

    for (; begins < lines->count && mark == MARK_NONE; begins++)
        mark = mark_of_other_mail(lines, orders, begins);
    if (mark == MARK_NONE)
        return;
    if (mark == MARK_FORWARD || !orders->is_reply)
        out->forwarded = true;
    else
        out->cut_quote = true;
    cut_from(lines, --begins);
    if (out->forwarded)
        tell_other_mail(lines, begins, out);
    while (begins > 0 && mark_is_rule(text_of(&lines->at[begins - 1])))
        lines->at[--begins].cut = true;
}

/* An indented passage is one's own unless the mail answers or somebody is said to have written it. */
static void settle_own_quotes(struct lines *lines, const struct words_orders *orders)
{
    bool quoted = orders->is_reply;

    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->at[i];

        if (!line->own_quote) {
            quoted = orders->is_reply;
            continue;
        }
        if ((i == 0 || !lines->at[i - 1].own_quote) && attribution_before(lines, i) > 0)
            quoted = true;
        if (!quoted)
            continue;
        line->quote++;
    }
    for (size_t i = 0; i < lines->count; i++)
        if (lines->at[i].quote > 0)
            lines->at[i].own_quote = false;
}

static void cut_attributions(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->at[i].attribution)
            lines->at[i].cut = true;
        if (!quote_begins(lines, i))
            continue;
        for (size_t count = attribution_before(lines, i); count > 0; count--)
            lines->at[i - count].cut = true;
    }
}

static void cut_signature(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->at[i];

        if (line->quote > 0 || line->cut)
            continue;
        if (line->signature || mark_is_signature(text_of(line))) {
            cut_from(lines, i);
            return;
        }
    }
}

static struct line *last_own(struct lines *lines)
{
    for (size_t i = lines->count; i > 0; i--) {
        struct line *line = &lines->at[i - 1];
        if (!line->cut && line->quote == 0 && line->text[0])
            return line;
    }
    return NULL;
}

static void cut_sent_from(struct lines *lines)
{
    for (int twice = 0; twice < 2; twice++) {
        struct line *line = last_own(lines);

        if (!line || !mark_is_sent_from(text_of(line)))
            return;
        line->cut = true;
    }
}

static bool own_words_in(const struct lines *lines, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (!lines->at[i].cut && lines->at[i].quote == 0 && lines->at[i].text[0])
            return true;
    return false;
}

static bool stands_in(struct slice parent, struct slice text)
{
    return parent.len > 0 && slice_find_text(parent, text) != SIZE_MAX;
}

/* A quoted line stays only between one's own passages, and only if the post being answered holds it. */
static void cut_quotes(struct lines *lines, const struct words_orders *orders, struct words *out)
{
    scoped_value(bytes) parent = {0};
    size_t first = 0;
    size_t last = lines->count;
    int kept = 0;

    squeeze_add(&parent, orders->parent_plain);
    while (first < lines->count && !own_words_in(lines, first, first + 1))
        first++;
    while (last > first && !own_words_in(lines, last - 1, last))
        last--;
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->at[i];

        if (line->quote == 0)
            continue;
        bool between = !line->cut && i > first && i < last && line->picture_count == 0;
        if (between && kept < MAX_KEPT_QUOTES && stands_in(bytes_slice(&parent), text_of(line))) {
            kept++;
            continue;
        }
        line->cut = true;
        out->cut_quote = true;
    }
}

/* Before anything but the other mail is cut: is there a sign that more than that is somebody else's? */
static bool is_doubtful(const struct lines *lines, const struct words_orders *orders)
{
    enum { ROWS = 3 };
    scoped_value(bytes) parent = {0};
    int labels = 0;

    squeeze_add(&parent, orders->parent_plain);
    for (size_t i = 0; i < lines->count && !lines->at[i].cut; i++) {
        const struct line *line = &lines->at[i];
        struct slice text = text_of(line);

        if (line->signature || mark_is_signature(text))
            break;
        labels = mark_is_label(text) ? labels + 1 : 0;
        if (line->quote > 0 || line->own_quote || line->attribution || labels == ROWS ||
            mark_is_attribution(text) || mark_is_framed(text) ||
            (parent.len > 0 && i >= REPEATED_LINES) ||
            (text.len >= REPEATED_BYTES && stands_in(bytes_slice(&parent), text)))
            return true;
    }
    return false;
}

static bool begins_with_quote(const struct lines *lines)
{
    size_t i = 0;

    while (i < lines->count && lines->at[i].quote == 0 && i <= ATTRIBUTION_LINES)
        i++;
    return quote_begins(lines, i) && attribution_before(lines, i) == i;
}

void words_cut(struct lines *lines, const struct words_orders *orders, struct words *out)
{
    settle_own_quotes(lines, orders);
    out->begins_with_quote = begins_with_quote(lines);
    cut_other_mail(lines, orders, out);
    out->doubtful |= is_doubtful(lines, orders);
    cut_attributions(lines);
    cut_signature(lines);
    cut_sent_from(lines);
    cut_quotes(lines, orders, out);
}
