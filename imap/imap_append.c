/*
 * APPEND, of one message or several (RFC 3502): messages go to the spool as they come.
 *
 *     tag APPEND mailbox [flags] [date] {n} … [ [flags] [date] {n} … ] CRLF
 *
 * Between two messages the session reads lines as ever; what stands in them belongs to the next.  Once more is announced
 * than stays in memory the quota is asked, before any of it comes.  From its first message to its end an APPEND keeps
 * the pace that SMTP asks of a text, with the patience that anybody has who is logged in.
 */
#include "clock.h"
#include "imap_date.h"
#include "imap_private.h"
#include "memory.h"
#include "pace.h"

enum { ASK_ABOVE = 64 * 1024 }; /* octets: what is longer is spooled to files */
#define APPEND_MS (2 * HOUR_MS)

static const struct pace_terms terms = {IDLE_MS, 128};

struct append {
    char *mailbox;
    int64_t announced; /* octets, of all literals */
    bool asked;        /* how much room there is */
    int64_t room;
    struct imap_message pending; /* its literal is announced, and the quota being asked */
    struct literal literal;
    struct imap_message messages[APPEND_MESSAGES_MAX];
    size_t count; /* the last is under way while `left` > 0 */
    int64_t left;
    bool cancelled; /* by a message without an octet (RFC 3502 6.3.11) */
    bool broken;    /* it is refused: the rest is read and dropped */
    const char *code;
    struct err err;
    struct pace pace;
    int64_t began_ms, left_ms; /* left: when an errand was sent, and nothing is read */
};

static void message_clear(const struct imap_session *s, struct imap_message *message)
{
    if (message->body)
        s->duties->body_free(message->body);
    free(message->keywords);
    *message = (struct imap_message){0};
}

void append_free(struct imap_session *s)
{
    struct append *append = s->append;

    if (!append)
        return;
    for (size_t i = 0; i < append->count; i++)
        message_clear(s, &append->messages[i]);
    message_clear(s, &append->pending);
    free(append->mailbox);
    free(append);
    s->append = NULL;
}

/* What was kept of it makes room for others, however long the rest takes. */
static void drop_bodies(const struct imap_session *s)
{
    for (size_t i = 0; i < s->append->count; i++) {
        struct imap_body **body = &s->append->messages[i].body;
        if (*body)
            s->duties->body_free(*body);
        *body = NULL;
    }
}

static void refuse(const struct imap_session *s, const char *code, const struct err *err)
{
    s->append->broken = true;
    s->append->code = code;
    s->append->err = *err;
    drop_bodies(s);
}

/* [SP flags] [SP "date"] SP, up to the literal. */
static bool read_message(struct lexer *lexer, struct imap_message *out)
{
    struct slice date;

    *out = (struct imap_message){0};
    if (!lex_space(lexer))
        return false;
    if (lex_peek(lexer) == '(' &&
        (!lex_flags(lexer, &out->flags, &out->keywords) || !lex_space(lexer)))
        return false;
    if (lex_peek(lexer) == '"' && (!lex_string(lexer, &date) ||
                                   !imap_date_time_read(date, &out->date_ms) || !lex_space(lexer)))
        return false;
    lex_char(lexer, '~'); /* literal8: what is in it is kept as it is */
    return lex_char(lexer, '{');
}

static bool read_first(struct imap_session *s, char **out_mailbox)
{
    struct slice word;

    return read_tag(s) && lex_space(&s->lexer) && lex_atom(&s->lexer, &word) &&
           slice_is_nocase(word, "APPEND") && lex_space(&s->lexer) && lex_mailbox(s, out_mailbox);
}

static void begin_body(struct imap_session *s)
{
    struct append *append = s->append;
    const struct literal *literal = &append->literal;

    append->messages[append->count++] = append->pending;
    append->pending = (struct imap_message){0};
    append->left = literal->size;
    append->cancelled |= literal->size == 0;
    if (append->cancelled)
        drop_bodies(s);
    else if (!append->broken)
        append->messages[append->count - 1].body = s->duties->body_new(s->duties->ctx);
    bytes_reset(&s->command);
    s->line_at = 0;
    if (!literal->at_once)
        bytes_add_text(s->turn->out, "+ Go on\r\n");
    s->mode = literal->size > 0 ? MODE_APPEND : MODE_COMMAND;
}

static enum next await(struct imap_session *s, struct errand *errand,
                       enum next (*resumed)(struct imap_session *, struct errand *back))
{
    s->append->left_ms = imap_now(s);
    return await_errand(s, errand, resumed);
}

static void errand_is_home(struct imap_session *s)
{
    pace_rested(&s->append->pace, imap_now(s) - s->append->left_ms);
}

int64_t append_ends_ms(const struct imap_session *s)
{
    int64_t slow_ms = pace_ends_ms(&s->append->pace, &terms);
    int64_t old_ms = s->append->began_ms + APPEND_MS;

    return slow_ms < old_ms ? slow_ms : old_ms;
}

enum next append_is_over(struct imap_session *s)
{
    bytes_add_text(s->turn->out, "* BYE This message comes too slowly. Please send it again\r\n");
    return NEXT_HANG_UP;
}

/* The literal that is announced comes, unless it is known by now that there is no room for it. */
static enum next take_or_refuse(struct imap_session *s)
{
    struct append *append = s->append;

    if (append->asked && append->announced > append->room && !append->broken) {
        struct err err;
        err_set(&err, ERR_FULL, "The mailbox is full; delete something first");
        refuse(s, "OVERQUOTA", &err);
    }
    if (!append->broken || append->literal.at_once) { /* where it comes anyhow it is dropped */
        begin_body(s);
        return NEXT_READ;
    }
    const char *code = append->code;
    struct err err = append->err;
    append_free(s);
    forget_command(s);
    return no(s, code, err.said);
}

static enum next room_found(struct imap_session *s, struct errand *back)
{
    const struct imap_quota *quota = container_of(back, struct imap_quota, base.errand);
    struct append *append = s->append;

    errand_is_home(s);
    if (back->ok) {
        append->room = quota->limit - quota->used;
        append->asked = true;
    } else {
        refuse(s, "UNAVAILABLE", &back->err);
    }
    errand_free(back);
    return take_or_refuse(s);
}

bool append_begins(struct imap_session *s, const struct literal *literal, enum next *out_next)
{
    struct imap_message message = {0};
    scoped_text char *mailbox = NULL;

    if (s->state == NOT_AUTHENTICATED || literal->size > s->duties->message_max ||
        (s->append && s->append->count == APPEND_MESSAGES_MAX))
        return false;
    lexer_clear(&s->lexer);
    s->lexer.rest = bytes_slice(&s->command);
    if ((!s->append && !read_first(s, &mailbox)) || !read_message(&s->lexer, &message)) {
        message_clear(s, &message);
        return false;
    }
    if (!s->append) {
        s->append = must_new(struct append);
        s->append->mailbox = steal(&mailbox);
        s->append->began_ms = imap_now(s);
        pace_begin(&s->append->pace, s->append->began_ms);
    }
    s->append->pending = message;
    s->append->literal = *literal;
    s->append->announced += literal->size;
    if (s->append->announced <= ASK_ABOVE || s->append->asked)
        *out_next = take_or_refuse(s);
    else
        *out_next = await(s, s->duties->quota(s->duties->ctx, s->account_id), room_found);
    return true;
}

static enum next flushed(struct imap_session *s, struct errand *back)
{
    errand_is_home(s);
    if (!back->ok) /* a full disk is no full mailbox: deleting helps nobody */
        refuse(s, "UNAVAILABLE", &back->err);
    errand_free(back);
    return NEXT_READ;
}

enum next append_read(struct imap_session *s)
{
    struct append *append = s->append;
    struct imap_body *body = append->messages[append->count - 1].body;
    struct turn *turn = s->turn;
    struct slice here = slice_from(turn->in, turn->used);

    here = slice_first(here, (int64_t)here.len > append->left ? (size_t)append->left : here.len);
    turn->used += here.len;
    append->left -= (int64_t)here.len;
    pace_brought(&append->pace, &terms, (int64_t)here.len, imap_now(s));
    if (append->left == 0)
        s->mode = MODE_COMMAND;
    else if (imap_now(s) > append_ends_ms(s))
        return append_is_over(s);
    if (body && s->duties->body_add(body, here))
        return await(s, s->duties->body_flush(body), flushed);
    return NEXT_READ;
}

static enum next appended(struct imap_session *s, struct errand *back)
{
    struct imap_copied *copied = container_of(back, struct imap_copied, base.errand);
    scoped_value(number_set) uids = {0};
    scoped_value(bytes) code = {0};

    if (errand_failed(back))
        return no_errand_as(s, back, "TRYCREATE", "CANNOT");
    for (size_t i = 0; i < copied->count; i++)
        number_set_add(&uids, copied->to[i], copied->to[i]);
    bytes_print(&code, "APPENDUID %u ", copied->uid_validity);
    number_set_print(&uids, &code);
    errand_free(back);
    s->selected.dirty = true; /* it may have come here; the nudge comes behind this errand */
    return finish(s, code.at, "It is there");
}

enum next append_line(struct imap_session *s)
{
    struct append *append = s->append;

    if (s->command.len > 0) {
        append_free(s);
        return bad(s, "Behind the message stands nothing, or the next message");
    }
    if (append->cancelled) {
        append_free(s);
        return no(s, "", "Nothing was taken: a message of no octets cancels all of them");
    }
    if (append->broken) {
        const char *code = append->code;
        struct err err = append->err;
        append_free(s);
        return no(s, code, err.said);
    }
    struct errand *errand = s->duties->append(
        s->duties->ctx, s->account_id, slice_of(append->mailbox), append->messages, append->count);
    append->count = 0; /* given away */
    append_free(s);
    return await_errand(s, errand, appended);
}

enum next imap_on_append(struct imap_session *s)
{
    return bad(s, "APPEND wants a mailbox, flags and a date if you like, and a literal");
}
