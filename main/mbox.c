#include "mbox.h"

#include "clock.h"

#include <ctype.h>
#include <string.h>

/* A longer line is not held to be looked at: what a line means depends on no more than that of it. */
enum { LINE_HELD_MAX = 1024, QUOTES_MAX = 64, FIELD_NAME_MAX = 100 };

/* ---- flags ---- */
/* "RO" of Status, "AF" of X-Status: what mail programs write into an mbox; and the letters of Maildir, in its order. */
static const char status_letters[] = "TFARD";
static const char maildir_letters[] = "DFRST";
static const unsigned mozilla_order[] = {0, 4, 2, 1, 8};

/* Thunderbird's bits, in the last of four digits; what it deleted stays in its files until they are compacted. */
static unsigned mozilla_bits(struct slice digits)
{
    unsigned bits = 0;

    digits = slice_trim(digits);
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.at[i];
        if (digits.len != 4 || !isxdigit((unsigned char)c))
            return 0;
        bits = (unsigned)(isdigit((unsigned char)c) ? c - '0' : (c | ' ') - 'a' + 10);
    }
    return bits;
}

static void read_flags(struct slice content, char flags[8])
{
    bool found[sizeof status_letters] = {false};
    size_t count = 0;

    while (content.at) {
        struct slice value = slice_line(&content);
        if (slice_empty(value))
            break;
        struct slice name = slice_cut(&value, ':');
        bool told = slice_is_nocase(name, "Status") || slice_is_nocase(name, "X-Status");
        unsigned bits = slice_is_nocase(name, "X-Mozilla-Status") ? mozilla_bits(value) : 0;
        for (size_t i = 0; status_letters[i]; i++)
            found[i] |= (told && slice_find(value, status_letters[i]) != SIZE_MAX) ||
                        (bits & mozilla_order[i]);
    }
    for (size_t i = 0; maildir_letters[i]; i++)
        if (found[i])
            flags[count++] = maildir_letters[i];
    flags[count] = '\0';
}

/* ---- a mail ---- */
/* The empty line before the next "From " is not the mail's. */
static struct slice without_last_blank(struct slice content)
{
    if (slice_ends(content, SLICE("\r\n\r\n")))
        content.len -= 2;
    else if (slice_ends(content, SLICE("\n\n")) || slice_is(content, "\n"))
        content.len--;
    return content;
}

static bool end_mail(struct mbox *mbox, struct err *err)
{
    struct mbox_mail mail = {.date_ms = mbox->date_ms, .too_large = mbox->too_large};

    if (!mbox->inside)
        return true;
    if (!mail.too_large) {
        mail.content = without_last_blank(bytes_slice(&mbox->content));
        read_flags(mail.content, mail.flags);
    }
    bool good = mbox->take(mbox->ctx, &mail, err);
    bytes_reset(&mbox->content);
    mbox->too_large = false;
    return good;
}

/* ---- lines ---- */
static bool is_month(struct slice word)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (size_t i = 0; word.len == 3 && months[i]; i += 3)
        if (slice_eq(word, (struct slice){months + i, 3}))
            return true;
    return false;
}

/* "9:30", "15:04:05" */
static bool is_time(struct slice word)
{
    int64_t hour;

    return slice_to_number(slice_cut(&word, ':'), 24, &hour) && word.len >= 2;
}

/* A month and a time stand behind the "From " that programs write, and seldom in a sentence that begins with it. */
static bool is_dated(struct slice line)
{
    bool month = false, time = false;

    while (line.at && line.len > 0) {
        struct slice word = slice_trim(slice_cut(&line, ' '));
        month |= is_month(word);
        time |= is_time(word);
    }
    return month && time;
}

enum from_line { FROM_NONE, FROM_DOUBTFUL, FROM_MARK };

/* Whoever writes dates into one writes them into all, but not whoever writes into it next. */
static enum from_line judge_from(struct mbox *mbox, struct slice line)
{
    if (!slice_starts(line, SLICE("From ")) || (mbox->inside && !mbox->behind_blank))
        return FROM_NONE;
    bool held = line.len <= LINE_HELD_MAX, dated = held && is_dated(line);
    if (!mbox->inside)
        mbox->dates = dated;
    if (dated || !mbox->dates)
        return FROM_MARK;
    return held ? FROM_DOUBTFUL : FROM_NONE;
}

/* "Subject" of "Subject: x"; of "http://x" in a text nothing. */
static struct slice field_name(struct slice line)
{
    size_t len = 0;

    while (len < line.len && len < FIELD_NAME_MAX && line.at[len] > ' ' && line.at[len] < 127 &&
           line.at[len] != ':')
        len++;
    bool good =
        len + 1 < line.len && line.at[len] == ':' && isspace((unsigned char)line.at[len + 1]);
    return slice_first(line, good ? len : 0);
}

/* A field that mails begin with: "Note: x" stands below many a sentence. */
static bool opens_header(struct slice line)
{
    static const char *const names[] = {"Return-Path", "Received",    "From",        "To",
                                        "Date",        "Subject",     "Sender",      "Reply-To",
                                        "Message-ID",  "References",  "Status",      "MIME-Version",
                                        "In-Reply-To", "Envelope-To", "Delivered-To"};
    static const char *const beginnings[] = {"X-",    "Content-", "DKIM-",     "ARC-",
                                             "List-", "Resent-",  "Received-", "Authentication-"};
    struct slice name = field_name(line);

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_is_nocase(name, names[i]))
            return true;
    for (size_t i = 0; i < COUNT_OF(beginnings); i++)
        if (slice_starts_nocase(name, beginnings[i]))
            return true;
    return false;
}

static bool is_blank(struct slice line)
{
    return line.len > 0 && line.len <= LINE_HELD_MAX && slice_empty(slice_trim(line));
}

/* What stands below a header's first line: a field, the rest of one, or the end of the header. */
static bool continues_header(struct slice line)
{
    bool is_rest = line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t');

    return is_rest || field_name(line).len > 0 || is_blank(line);
}

static void begin_mail(struct mbox *mbox, struct slice line)
{
    struct slice rest = slice_trim(slice_from(line, sizeof "From " - 1));

    mbox->inside = true;
    mbox->date_ms = 0;
    slice_cut(&rest, ' '); /* who sent it */
    if (line.len <= LINE_HELD_MAX && rest.at &&
        !date_from_asctime(slice_trim(rest), &mbox->date_ms))
        mbox->date_ms = 0;
}

static void add_content(struct mbox *mbox, struct slice bytes)
{
    mbox->too_large |= mbox->content.len + bytes.len > mbox->max_bytes;
    if (!mbox->too_large)
        bytes_add(&mbox->content, bytes);
}

static bool is_quoted(struct slice line)
{
    size_t marks = 0;

    while (marks < line.len && marks < QUOTES_MAX && line.at[marks] == '>')
        marks++;
    return marks > 0 && slice_starts(slice_from(line, marks), SLICE("From "));
}

static bool take_mark(struct mbox *mbox, struct slice line, struct err *err)
{
    if (!end_mail(mbox, err))
        return false;
    begin_mail(mbox, line);
    mbox->behind_blank = false;
    return true;
}

/*
 * `line` is the one below what is in doubt, a "From " line and perhaps the field below it; or nothing, at the end.
 * *out_held: it is in doubt with them.  One that is too long to be held is believed for its beginning.
 */
static bool settle_doubt(struct mbox *mbox, struct slice line, bool *out_held, struct err *err)
{
    struct slice held = bytes_slice(&mbox->doubtful), field = held;
    bool good = true;

    *out_held = false;
    if (held.len == 0)
        return true;
    slice_line(&field);
    bool is_mark = slice_empty(field) ? opens_header(line) : continues_header(line);
    if (is_mark && slice_empty(field) && line.len <= LINE_HELD_MAX) {
        bytes_add(&mbox->doubtful, line);
        *out_held = true;
        return true;
    }
    if (is_mark) {
        good = take_mark(mbox, slice_first(held, held.len - field.len), err);
        add_content(mbox, field);
    } else {
        add_content(mbox, held);
    }
    bytes_reset(&mbox->doubtful);
    return good;
}

/* A line with its end, or the head of a very long one. */
static bool take_line(struct mbox *mbox, struct slice line, struct err *err)
{
    bool is_head = !mbox->in_line, held;

    mbox->in_line = !slice_ends(line, SLICE("\n"));
    if (!settle_doubt(mbox, line, &held, err))
        return false;
    if (held)
        return true;
    switch (is_head ? judge_from(mbox, line) : FROM_NONE) {
    case FROM_NONE: break;
    case FROM_DOUBTFUL:
        bytes_add(&mbox->doubtful, line);
        mbox->behind_blank = false;
        return true;
    case FROM_MARK: mbox->in_mark = mbox->in_line; return take_mark(mbox, line, err);
    }
    if (!is_head && mbox->in_mark) {
        mbox->in_mark = mbox->in_line;
        return true;
    }
    bool blank = is_head && is_blank(line);
    mbox->behind_blank = blank;
    if (!mbox->inside) /* before the first */
        return blank || err_set(err, ERR_MALFORMED, "This is no mbox: it does not begin with From");
    add_content(mbox, is_head && is_quoted(line) ? slice_from(line, 1) : line);
    return true;
}

bool mbox_read(struct mbox *mbox, struct slice bytes, struct err *err)
{
    while (bytes.len > 0) {
        size_t end = slice_find(bytes, '\n');
        size_t len = end == SIZE_MAX ? bytes.len : end + 1;
        if (mbox->line.len == 0 && (end != SIZE_MAX || mbox->in_line)) {
            if (!take_line(mbox, slice_first(bytes, len), err))
                return false;
        } else {
            bytes_add(&mbox->line, slice_first(bytes, len));
            bool enough = end != SIZE_MAX || mbox->line.len > LINE_HELD_MAX;
            if (enough && !take_line(mbox, bytes_slice(&mbox->line), err))
                return false;
            if (enough)
                bytes_reset(&mbox->line);
        }
        bytes = slice_from(bytes, len);
    }
    return true;
}

bool mbox_end(struct mbox *mbox, struct err *err)
{
    if (mbox->line.len > 0 && !take_line(mbox, bytes_slice(&mbox->line), err))
        return false;
    bool held;
    if (!settle_doubt(mbox, SLICE(""), &held, err))
        return false;
    return mbox->inside ? end_mail(mbox, err)
                        : err_set(err, ERR_MALFORMED, "There is no mail in this mbox");
}

void mbox_clear(struct mbox *mbox)
{
    bytes_clear(&mbox->line);
    bytes_clear(&mbox->doubtful);
    bytes_clear(&mbox->content);
}
