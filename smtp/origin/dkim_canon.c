/*
 * The canonical forms (RFC 6376 3.4).  A body is hashed as it comes, in pieces of any size: what may still turn out to
 * be nothing (spaces at the end of a line, line ends at the end of the body) is counted, not kept.
 */
#include "dkim_private.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\r' || c == '\n';
}

/* ---- fields ---- */

static void add_lower(struct slice name, struct bytes *out)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        bytes_add_char(out, c);
    }
}

/* Runs of white space, folds among them, become one space. */
static void add_squeezed(struct slice value, struct bytes *out)
{
    size_t at = 0;

    while (at < value.len) {
        size_t end = at;
        while (end < value.len && !is_space(value.at[end]))
            end++;
        bytes_add(out, (struct slice){value.at + at, end - at});
        for (at = end; at < value.len && is_space(value.at[at]); at++)
            ;
        if (at > end && at < value.len)
            bytes_add_char(out, ' ');
    }
}

void dkim_canon_field(enum dkim_canon canon, struct slice field, struct bytes *out)
{
    if (canon == DKIM_SIMPLE) {
        bytes_add(out, field);
    } else {
        struct slice value = field;
        struct slice name = slice_trim(slice_cut(&value, ':'));
        add_lower(name, out);
        bytes_add_char(out, ':');
        add_squeezed(slice_trim(value), out);
    }
    bytes_add(out, SLICE("\r\n"));
}

/* ---- bodies ---- */

static void flush(struct dkim_body_run *run)
{
    sha256_add(run->hash, (struct slice){run->ready, run->ready_len});
    run->ready_len = 0;
}

static void put(struct dkim_body_run *run, char c)
{
    if (run->ready_len == sizeof run->ready)
        flush(run);
    run->ready[run->ready_len++] = c;
    run->len++;
}

/* What was held back counts, since text follows. */
static void settle(struct dkim_body_run *run)
{
    for (; run->line_ends > 0; run->line_ends--) {
        put(run, '\r');
        put(run, '\n');
    }
    if (run->space)
        put(run, ' ');
    run->space = false;
}

static void add_char(struct dkim_body_run *run, char c)
{
    settle(run);
    put(run, c);
}

/* Long runs need no copy. */
static void add_text(struct dkim_body_run *run, struct slice text)
{
    settle(run);
    if (text.len > sizeof run->ready - run->ready_len)
        flush(run);
    if (text.len > sizeof run->ready) {
        sha256_add(run->hash, text);
    } else {
        memcpy(run->ready + run->ready_len, text.at, text.len);
        run->ready_len += text.len;
    }
    run->len += (int64_t)text.len;
}

static bool is_plain(const struct dkim_body_run *run, char c)
{
    return c != '\r' && c != '\n' && !(run->canon == DKIM_RELAXED && is_blank(c));
}

static void add_special(struct dkim_body_run *run, char c)
{
    if (c == '\n' && run->cr) {
        run->cr = run->space = false;
        run->line_ends++;
        return;
    }
    if (run->cr) /* alone: text */
        add_char(run, '\r');
    run->cr = c == '\r';
    if (c == '\n')
        add_char(run, '\n');
    else if (c != '\r')
        run->space = true;
}

static size_t plain_run(const struct dkim_body_run *run, struct slice piece)
{
    size_t len = 0;

    while (len < piece.len && is_plain(run, piece.at[len]))
        len++;
    return len;
}

void dkim_body_add(struct dkim_body_run *run, struct slice piece)
{
    while (piece.len > 0) {
        size_t len = plain_run(run, piece);
        if (len == 0) {
            add_special(run, piece.at[0]);
            piece = slice_from(piece, 1);
            continue;
        }
        if (run->cr)
            add_char(run, '\r');
        run->cr = false;
        add_text(run, slice_first(piece, len));
        piece = slice_from(piece, len);
    }
}

void dkim_body_end(struct dkim_body_run *run, unsigned char out[SHA256_LEN])
{
    if (run->cr)
        add_char(run, '\r');
    /* One line end at the end, whether there were many or none; nothing at all has one only in the simple form. */
    if (run->len > 0 || run->canon == DKIM_SIMPLE) {
        put(run, '\r');
        put(run, '\n');
    }
    flush(run);
    sha256_end(run->hash, out);
    run->hash = NULL;
}
