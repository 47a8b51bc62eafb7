/*
 * How bytes become commands: lines and literals are gathered until a command is whole.
 *
 * A literal that is too long is refused before it is sent, or read and dropped where the peer does not wait for our "+".
 */
#include "imap_private.h"

void forget_command(struct imap_session *s)
{
    bytes_reset(&s->command);
    if (s->command.capacity > COMMAND_MAX_BEFORE)
        bytes_clear(&s->command); /* a session at rest costs little */
    s->line_at = 0;
    s->too_long = false;
}

static size_t command_max(const struct imap_session *s)
{
    return s->state == NOT_AUTHENTICATED ? COMMAND_MAX_BEFORE : COMMAND_MAX;
}

static enum next refuse_literal(struct imap_session *s, const struct literal *literal)
{
    if (s->append) {
        append_free(s);
    } else if (!s->too_long) { /* else it is one more of a command whose tag was read */
        lexer_clear(&s->lexer);
        s->lexer.rest = bytes_slice(&s->command);
        if (!read_tag(s))
            s->tag[0] = '\0';
    }
    if (literal->at_once) { /* it comes whatever we say: read on and drop it */
        s->skip_left = literal->size;
        s->too_long = true;
        return NEXT_READ;
    }
    forget_command(s);
    return no(s, "TOOBIG", "This literal is too long");
}

static enum next literal_begins(struct imap_session *s, const struct literal *literal)
{
    enum next next;

    if (!s->too_long && append_begins(s, literal, &next))
        return next;
    if (s->too_long || (size_t)literal->size > command_max(s) ||
        s->command.len + (size_t)literal->size > command_max(s))
        return refuse_literal(s, literal);
    bytes_add_text(&s->command, "\r\n");
    s->literal_left = literal->size;
    if (!literal->at_once)
        bytes_add_text(s->turn->out, "+ Go on\r\n");
    return NEXT_READ;
}

static enum next command_ends(struct imap_session *s)
{
    enum next next;

    s->line_at = 0;
    if (s->too_long)
        next = no(s, "TOOBIG", "This command is too long");
    else if (s->append)
        next = append_line(s);
    else if (s->command.len == 0)
        next = NEXT_READ; /* an empty line asks nothing */
    else
        next = run_command(s);
    if (next == NEXT_READ)
        forget_command(s);
    return next;
}

/* Takes one line, or what is here of it. */
static enum next take_line(struct imap_session *s, struct slice *rest, bool *out_absent)
{
    size_t end = slice_find(*rest, '\n');
    struct slice line = slice_first(*rest, end == SIZE_MAX ? rest->len : end);
    struct literal literal;

    if (s->command.len + line.len > command_max(s)) {
        bytes_add_text(s->turn->out, "* BYE This command is too long\r\n");
        return NEXT_HANG_UP;
    }
    bytes_add(&s->command, line);
    *rest = slice_from(*rest, end == SIZE_MAX ? rest->len : end + 1);
    if (end == SIZE_MAX) {
        *out_absent = true;
        return NEXT_READ;
    }
    if (s->command.len > s->line_at && s->command.at[s->command.len - 1] == '\r')
        bytes_cut(&s->command, s->command.len - 1);
    struct slice whole = slice_from(bytes_slice(&s->command), s->line_at);
    if (literal_ends(whole, &literal))
        return literal_begins(s, &literal);
    return command_ends(s);
}

static void take_literal(struct imap_session *s, struct slice *rest)
{
    size_t count = rest->len;

    if (s->skip_left > 0) {
        count = (int64_t)count > s->skip_left ? (size_t)s->skip_left : count;
        s->skip_left -= (int64_t)count;
    } else {
        count = (int64_t)count > s->literal_left ? (size_t)s->literal_left : count;
        bytes_add(&s->command, slice_first(*rest, count));
        s->literal_left -= (int64_t)count;
    }
    *rest = slice_from(*rest, count);
    s->line_at = s->command.len;
}

/* A line of SASL or IDLE. */
static enum next take_answer(struct imap_session *s, struct slice *rest, bool *out_absent)
{
    size_t end = slice_find(*rest, '\n');

    *out_absent = end == SIZE_MAX;
    if (end == SIZE_MAX) {
        if (rest->len <= COMMAND_MAX_BEFORE)
            return NEXT_READ; /* it is brought again with more behind it */
        bytes_add_text(s->turn->out, "* BYE This line is too long\r\n");
        return NEXT_HANG_UP;
    }
    struct slice line = slice_trim(slice_first(*rest, end));
    *rest = slice_from(*rest, end + 1);
    return s->mode == MODE_SASL ? sasl_line(s, line) : idle_line(s, line);
}

static enum next read_some(struct imap_session *s, struct slice *rest, bool *out_absent)
{
    switch (s->mode) {
    case MODE_COMMAND:
        if (s->literal_left == 0 && s->skip_left == 0)
            return take_line(s, rest, out_absent);
        take_literal(s, rest);
        return NEXT_READ;
    case MODE_SASL:
    case MODE_IDLE: return take_answer(s, rest, out_absent);
    case MODE_APPEND: return append_read(s);
    }
    __builtin_unreachable();
}

enum {
    PIECES_A_TURN = 32
}; /* lines and literals; then others have theirs, and the client takes what was said */

enum next read_on(struct imap_session *s)
{
    struct turn *turn = s->turn;
    enum next next = NEXT_READ;
    bool absent = false;
    int pieces = 0;

    while (next == NEXT_READ && !absent && !s->late && turn->used < turn->in.len &&
           pieces++ < PIECES_A_TURN) {
        struct slice rest = slice_from(turn->in, turn->used);
        enum imap_mode mode = s->mode;
        next = read_some(s, &rest, &absent);
        if (mode != MODE_APPEND) /* which counts for itself */
            turn->used = turn->in.len - rest.len;
    }
    return next;
}
