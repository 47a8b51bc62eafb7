/*
 * The canonical forms (RFC 6376 3.4).  A body is hashed as it comes, in pieces of any size: what may still turn out to
 * be nothing (spaces at the end of a line, line ends at the end of the body) is counted, not kept.
 */
#include "dkim_private.h"

enum { FLUSH_AT = 16 * 1024 };

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
    run->len += (int64_t)run->ready.len;
    sha256_add(run->hash, bytes_slice(&run->ready));
    bytes_reset(&run->ready);
}

/* What was held back counts, since text follows. */
static void settle(struct dkim_body_run *run)
{
    for (; run->line_ends > 0; run->line_ends--) {
        bytes_add(&run->ready, SLICE("\r\n"));
        if (run->ready.len >= FLUSH_AT)
            flush(run);
    }
    if (run->space)
        bytes_add_char(&run->ready, ' ');
    run->space = false;
}

static void add_text(struct dkim_body_run *run, struct slice text)
{
    settle(run);
    bytes_add(&run->ready, text);
    if (run->ready.len >= FLUSH_AT)
        flush(run);
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
        add_text(run, SLICE("\r"));
    run->cr = c == '\r';
    if (c == '\n')
        add_text(run, SLICE("\n"));
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
            add_text(run, SLICE("\r"));
        run->cr = false;
        add_text(run, slice_first(piece, len));
        piece = slice_from(piece, len);
    }
}

void dkim_body_end(struct dkim_body_run *run, unsigned char out[SHA256_LEN])
{
    if (run->cr)
        add_text(run, SLICE("\r"));
    /* One line end at the end, whether there were many or none; nothing at all has one only in the simple form. */
    bool nothing = run->len == 0 && run->ready.len == 0;
    if (!nothing || run->canon == DKIM_SIMPLE)
        bytes_add(&run->ready, SLICE("\r\n"));
    flush(run);
    bytes_clear(&run->ready);
    sha256_end(run->hash, out);
    run->hash = NULL;
}
