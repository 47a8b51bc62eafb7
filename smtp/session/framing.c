#include "framing.h"

enum { LOOK_AHEAD = 128 };

void framing_init(struct framing *framing, bool chunked)
{
    *framing = (struct framing){.state = FRAMING_START, .chunked = chunked};
}

static enum framing_state in_text(struct framing *framing, char c, struct bytes *out)
{
    if (c == '\r')
        return FRAMING_CR;
    if (c == '\n') {
        bytes_add_text(out, "\r\n");
        return FRAMING_SOFT_START;
    }
    if (c == '\0')
        framing->nul = true;
    bytes_add_char(out, c);
    return FRAMING_LINE;
}

/* A CR that no LF follows is text, and reason enough to refuse. */
static enum framing_state after_cr(struct framing *framing, char c, struct bytes *out)
{
    if (c == '\n') {
        bytes_add_text(out, "\r\n");
        return FRAMING_START;
    }
    framing->smuggling = true;
    bytes_add_char(out, '\r');
    return in_text(framing, c, out);
}

static enum framing_state after_dot(struct framing *framing, char c, struct bytes *out)
{
    if (c == '\r')
        return FRAMING_DOT_CR;
    if (c == '\n')
        framing->smuggling = true;   /* CRLF . LF ends nothing */
    return in_text(framing, c, out); /* the stuffed dot is dropped (4.5.2) */
}

static enum framing_state after_dot_cr(struct framing *framing, char c, struct bytes *out)
{
    if (c == '\n')
        return FRAMING_END;
    framing->smuggling = true;
    bytes_add_char(out, '\r');
    return in_text(framing, c, out);
}

static enum framing_state step(struct framing *framing, char c, struct bytes *out)
{
    switch (framing->state) {
    case FRAMING_START:
        if (c == '.' && !framing->chunked)
            return FRAMING_DOT;
        return in_text(framing, c, out);
    case FRAMING_SOFT_START:
        if (c == '.' && !framing->chunked)
            framing->smuggling = true;
        return in_text(framing, c, out);
    case FRAMING_LINE: return in_text(framing, c, out);
    case FRAMING_CR: return after_cr(framing, c, out);
    case FRAMING_DOT: return after_dot(framing, c, out);
    case FRAMING_DOT_CR: return after_dot_cr(framing, c, out);
    case FRAMING_END: break;
    }
    __builtin_unreachable();
}

/* How many bytes of `in` are plain text of a line: the common case, copied at once. */
static size_t plain_run(struct slice in)
{
    struct slice run = slice_first(in, LOOK_AHEAD); /* further would be looked at again and again */

    run = slice_first(run, slice_find(run, '\n'));
    run = slice_first(run, slice_find(run, '\r'));
    return slice_first(run, slice_find(run, '\0')).len;
}

size_t framing_feed(struct framing *framing, struct slice in, struct bytes *out)
{
    size_t at = 0;

    while (at < in.len && framing->state != FRAMING_END) {
        if (framing->state == FRAMING_LINE) {
            size_t run = plain_run(slice_from(in, at));
            bytes_add(out, (struct slice){in.at + at, run});
            at += run;
            if (at == in.len)
                break;
        }
        framing->state = step(framing, in.at[at++], out);
    }
    return at;
}

void framing_finish(struct framing *framing, struct bytes *out)
{
    if (framing->state == FRAMING_CR)
        framing->smuggling = true;
    if (framing->state == FRAMING_LINE)
        bytes_add_text(out, "\r\n");
    framing->state = FRAMING_END;
}
