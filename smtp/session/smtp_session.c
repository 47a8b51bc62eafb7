/* The session: bytes into lines, lines into commands, errands home. */
#include "log.h"
#include "memory.h"
#include "smtp_private.h"

#include <assert.h>

#define IN(state) (1u << (state))
#define ANYWHERE (~(IN(HANDSHAKE) | IN(BODY) | IN(CHUNK) | IN(AUTHENTICATING)))

/* The diagram of smtp_private.h, executable. */
static const unsigned may_follow[STATES] = {
    /* clang-format off */
    [CONNECTED]      = IN(CONNECTED) | IN(GREETED),
    [GREETED]        = IN(GREETED) | IN(HANDSHAKE) | IN(AUTHENTICATING) | IN(SENDER),
    [HANDSHAKE]      = IN(CONNECTED),
    [AUTHENTICATING] = IN(GREETED),
    [SENDER]         = IN(GREETED) | IN(RECIPIENTS),
    [RECIPIENTS]     = IN(GREETED) | IN(RECIPIENTS) | IN(BODY) | IN(CHUNK),
    [BODY]           = IN(GREETED),
    [CHUNK]          = IN(GREETED) | IN(BETWEEN_CHUNKS),
    [BETWEEN_CHUNKS] = IN(GREETED) | IN(CHUNK),
    /* clang-format on */
};

void enter(struct smtp_session *s, enum state next)
{
    assert(may_follow[s->state] & IN(next));
    s->state = next;
}

void transaction_clear(struct smtp_session *s)
{
    for (size_t i = 0; i < s->recipient_count; i++) {
        free(s->recipients[i]);
        recipient_terms_clear(&s->recipient_terms[i]);
    }
    free(s->recipients);
    free(s->recipient_terms);
    free(s->mail_from);
    mail_terms_clear(&s->terms);
    recipient_terms_clear(&s->candidate_terms);
    body_drop(s);
    s->recipients = NULL;
    s->recipient_terms = NULL;
    s->recipient_count = 0;
    s->mail_from = NULL;
    s->body_size = 0;
    s->too_large = s->broken = false;
}

/* Sends the errand, or what it needs first; or goes on, where it is answered. */
static enum next proceed(struct smtp_session *s, struct smtp_errand *errand)
{
    if (errand->answered) {
        enum next next = s->resumed(s, errand);
        errand_free(&errand->errand);
        return next;
    }
    s->turn->errand = &errand->errand;
    if (errand->first) {
        s->waiting = errand;
        s->turn->errand = errand->first;
        errand->first = NULL;
    }
    return NEXT_WAIT;
}

enum next send_errand(struct smtp_session *s, struct errand *errand,
                      enum next (*resumed)(struct smtp_session *, struct smtp_errand *))
{
    s->resumed = resumed;
    return proceed(s, container_of(errand, struct smtp_errand, errand));
}

enum next send_login(struct smtp_session *s, struct errand *errand,
                     enum next (*judged)(struct smtp_session *, struct errand *))
{
    s->judged = judged;
    s->turn->errand = errand;
    return NEXT_WAIT;
}

static enum next on_rset(struct smtp_session *s, struct slice args)
{
    if (args.len > 0)
        return reply_bad(s, 501, "5.5.4", "RSET takes no argument");
    transaction_clear(s);
    if (s->state != CONNECTED)
        enter(s, GREETED);
    return reply(s, 250, "2.0.0", "Forgotten");
}

static enum next on_noop(struct smtp_session *s, struct slice args)
{
    (void)args;
    return reply(s, 250, "2.0.0", "OK");
}

static enum next on_quit(struct smtp_session *s, struct slice args)
{
    if (args.len > 0)
        return reply_bad(s, 501, "5.5.4", "QUIT takes no argument");
    reply(s, 221, "2.0.0", "Goodbye");
    return NEXT_HANG_UP;
}

static enum next on_vrfy(struct smtp_session *s, struct slice args)
{
    (void)args;
    return reply(s, 252, "2.0.0", "Send the mail and see");
}

static enum next on_expn(struct smtp_session *s, struct slice args)
{
    (void)args;
    return reply_bad(s, 502, "5.5.1", "Lists are not told");
}

static enum next on_help(struct smtp_session *s, struct slice args)
{
    (void)args;
    return reply(s, 214, "2.0.0",
                 "EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP QUIT; RFC 5321");
}

#define TLS_FIRST "Must issue a STARTTLS command first"

enum {
    BEFORE_TLS = 1 << 0, /* may be said in clear even where policy demands TLS (RFC 3207 4) */
    ENDS_GROUP = 1 << 1, /* nothing may be pipelined behind it (RFC 2920 3.1, RFC 3207 4) */
    EMPTY = 1 << 3,      /* brings no mail forward */
    HAS_OCTETS = 1 << 2, /* they come even if it is refused */
};

/* A new verb is one row and one handler; dispatch() does not change. */
static const struct command {
    const char *verb;
    unsigned legal;
    unsigned flags;
    enum next (*run)(struct smtp_session *, struct slice args);
} commands[] = {
    {"EHLO",     ANYWHERE,                                         BEFORE_TLS | ENDS_GROUP | EMPTY, on_ehlo    },
    {"HELO",     ANYWHERE,                                         BEFORE_TLS | ENDS_GROUP | EMPTY, on_helo    },
    {"STARTTLS", IN(GREETED),                                      BEFORE_TLS | ENDS_GROUP,         on_starttls},
    {"AUTH",     IN(GREETED),                                      BEFORE_TLS | ENDS_GROUP,         on_auth    },
    {"MAIL",     IN(GREETED),                                      0,                               on_mail    },
    {"RCPT",     IN(SENDER) | IN(RECIPIENTS),                      0,                               on_rcpt    },
    {"DATA",     IN(RECIPIENTS) | IN(SENDER),                      ENDS_GROUP,                      on_data    },
    {"BDAT",     IN(RECIPIENTS) | IN(SENDER) | IN(BETWEEN_CHUNKS), HAS_OCTETS,                      on_bdat    },
    {"RSET",     ANYWHERE,                                         BEFORE_TLS | EMPTY,              on_rset    },
    {"NOOP",     ANYWHERE,                                         BEFORE_TLS | ENDS_GROUP | EMPTY, on_noop    },
    {"QUIT",     ANYWHERE,                                         BEFORE_TLS,                      on_quit    },
    {"VRFY",     ANYWHERE,                                         ENDS_GROUP | EMPTY,              on_vrfy    },
    {"EXPN",     ANYWHERE,                                         ENDS_GROUP | EMPTY,              on_expn    },
    {"HELP",     ANYWHERE,                                         BEFORE_TLS | ENDS_GROUP | EMPTY, on_help    },
};

static const struct command *find_command(struct slice verb)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (slice_is_nocase(verb, commands[i].verb))
            return &commands[i];
    return NULL;
}

/* A page can make a browser send a request here, with commands in its text that look as if they came from the browser's
 * network.  No line of one is read on. */
static bool is_http(struct slice line)
{
    static const char *const methods[] = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                          "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
    struct slice rest = line;
    struct slice verb = slice_trim(slice_cut(&rest, ' '));

    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (slice_is_nocase(verb, methods[i]))
            return true;
    return slice_starts_nocase(line, "Host:");
}

static enum next refuse_http(struct smtp_session *s)
{
    log_info("s=%s smtp hung up on %s: it speaks HTTP", s->id, s->peer.text);
    reply(s, 554, "5.7.1", "This is a mail server, and that is HTTP");
    return NEXT_HANG_UP;
}

static bool tls_is_demanded(const struct smtp_session *s)
{
    return s->duties->require_tls || s->door == SMTP_DOOR_SUBMISSION;
}

static const char *order_words(const struct smtp_session *s)
{
    switch (s->state) {
    case CONNECTED: return "Say EHLO first";
    case GREETED: return "MAIL comes first";
    case BETWEEN_CHUNKS: return "Send the rest of the mail by BDAT; RSET forgets it";
    default: return "Not now: a mail has begun; RSET forgets it";
    }
}

static enum next refuse(struct smtp_session *s, const struct command *command, struct slice args,
                        struct refusal refusal)
{
    if (command->flags & HAS_OCTETS)
        return refuse_bdat(s, args, refusal);
    return reply_bad(s, refusal.code, refusal.status, refusal.words);
}

static enum next dispatch(struct smtp_session *s, struct slice line, bool more_behind)
{
    struct slice args = line;
    struct slice verb = slice_cut(&args, ' ');
    const struct command *command = find_command(slice_trim(verb));
    enum next next;

    if (s->state != BETWEEN_CHUNKS &&
        !patience_with_command(s, !command || command->flags & EMPTY, &next))
        return next;
    if (!command && is_http(line))
        return refuse_http(s);
    if (!command)
        return reply_bad(s, 500, "5.5.2", "This command is not known here");
    if (more_behind && (command->flags & ENDS_GROUP)) {
        reply(s, 554, "5.5.0", "Wait for the answer before sending on");
        return NEXT_HANG_UP;
    }
    args = args.at ? slice_trim(args) : SLICE("");
    if (!s->secured && tls_is_demanded(s) && !(command->flags & BEFORE_TLS))
        return refuse(s, command, args, (struct refusal){530, "5.7.0", TLS_FIRST});
    if (!(command->legal & IN(s->state)))
        return refuse(s, command, args, (struct refusal){503, "5.5.1", order_words(s)});
    return command->run(s, args);
}

/* ---- lines ---- */

static size_t line_limit(const struct smtp_session *s)
{
    return s->state == AUTHENTICATING ? AUTH_LINE_MAX : LINE_MAX;
}

/* One line without its CRLF.  ABSENT_LINE: not all of it is here. */
enum line_result { LINE_ABSENT, LINE_GOOD, LINE_BAD, LINE_TOO_LONG };

static enum line_result take_line(struct smtp_session *s, struct slice *rest, struct slice *out)
{
    size_t end = slice_find(*rest, '\n');
    bool skipping = s->skipping_line;

    if (end == SIZE_MAX) {
        if (rest->len <= line_limit(s))
            return LINE_ABSENT;
        *rest = slice_from(*rest, rest->len); /* forget it up to its end */
        s->skipping_line = true;
        return LINE_ABSENT;
    }
    *out = slice_first(*rest, end);
    *rest = slice_from(*rest, end + 1);
    s->skipping_line = false;
    if (skipping || out->len > line_limit(s))
        return LINE_TOO_LONG;
    if (out->len == 0 || out->at[out->len - 1] != '\r')
        return LINE_BAD;
    out->len--;
    return slice_find(*out, '\r') == SIZE_MAX && slice_find(*out, '\0') == SIZE_MAX ? LINE_GOOD
                                                                                    : LINE_BAD;
}

static enum next take_command(struct smtp_session *s, struct slice *rest, bool *out_absent)
{
    struct slice line;

    switch (take_line(s, rest, &line)) {
    case LINE_ABSENT: *out_absent = true; return NEXT_READ;
    case LINE_TOO_LONG: return reply_bad(s, 500, "5.5.2", "This line is too long");
    case LINE_BAD:
        if (is_http(line) && s->state != AUTHENTICATING)
            return refuse_http(s);
        return reply_bad(s, 500, "5.5.2", "A line ends with CR LF and has none inside");
    case LINE_GOOD: break;
    }
    if (s->state == AUTHENTICATING)
        return auth_line(s, line);
    return dispatch(s, line, rest->len > 0);
}

bool text_comes(const struct smtp_session *s)
{
    return s->state == BODY || s->state == CHUNK || s->chunk_refused.code;
}

static enum next read_on(struct smtp_session *s)
{
    struct turn *turn = s->turn;
    enum next next = NEXT_READ;
    bool absent = false;

    while (next == NEXT_READ && !absent && !s->late && !must_leave(s)) {
        if (text_comes(s)) {
            next = s->chunk_refused.code ? chunk_drop(s) : body_read(s);
            absent = next == NEXT_READ && text_comes(s);
            continue;
        }
        struct slice rest = slice_from(turn->in, turn->used);
        if (rest.len == 0)
            break;
        next = take_command(s, &rest, &absent);
        turn->used = turn->in.len - rest.len;
    }
    return next;
}

/* ---- the session kind ---- */

static struct smtp_session *begin_turn(void *session, struct turn *turn)
{
    struct smtp_session *s = session;

    s->turn = turn;
    return s;
}

bool must_leave(const struct smtp_session *s)
{
    return s->seat.dismissed && s->state != BODY && s->state != CHUNK && s->state != BETWEEN_CHUNKS;
}

/* Nothing is read while an answer is late: its time comes as a nudge. */
static enum next end_turn(struct smtp_session *s, enum next next)
{
    if (next == NEXT_READ && must_leave(s)) {
        log_info("s=%s smtp logged out account=%lld", s->id, (long long)s->account_id);
        reply(s, 421, "4.7.0", LOGGED_OUT);
        return NEXT_HANG_UP;
    }
    s->turn->watch = s->seat.watch = s->account_id ? topic_of(TOPIC_LOGIN, s->account_id) : 0;
    s->turn->wake_at_ms = patience_ends_ms(s);
    s->turn->at_home = s->account_id != 0;
    return next;
}

static enum next say_closing(struct smtp_session *s)
{
    reply(s, 421, "4.3.2", "This server is stopping. Please come again in a minute");
    return NEXT_HANG_UP;
}

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct smtp_session *s = begin_turn(session, turn);

    (void)peer;
    s->began_ms = s->answered_ms = session_now(s);
    if (turn->early) { /* a bot that reads no answers (mail.md 1.4) */
        log_info("s=%s smtp hung up on %s: it spoke before the greeting", s->id, s->peer.text);
        reply(s, 554, "5.5.0", "Wait for the greeting before you speak");
        return NEXT_HANG_UP;
    }
    bytes_print(turn->out, "220 %s ESMTP Nestbox\r\n", s->duties->hostname);
    return end_turn(s, NEXT_READ);
}

static enum next on_read(void *session, struct turn *turn)
{
    struct smtp_session *s = begin_turn(session, turn);

    return end_turn(s, s->late ? NEXT_READ : read_on(s));
}

static enum next say_late(struct smtp_session *s)
{
    bytes_add_text(s->turn->out, s->late);
    free(s->late);
    s->late = NULL;
    s->answered_ms = session_now(s);
    return NEXT_READ;
}

static enum next go_on(struct smtp_session *s, struct smtp_errand *errand)
{
    enum next next = proceed(s, errand);

    return s->turn->errand ? next : end_turn(s, next); /* or it is still out */
}

static enum next login_is_home(struct smtp_session *s, struct errand *back)
{
    enum next (*judged)(struct smtp_session *, struct errand *) = s->judged;

    s->judged = NULL;
    enum next next = judged(s, back);
    errand_free(back);
    return end_turn(s, next);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct smtp_session *s = begin_turn(session, turn);

    if (s->judged)
        return login_is_home(s, back);
    if (s->waiting) { /* `back` is what it needed first */
        struct smtp_errand *waiting = s->waiting;
        s->waiting = NULL;
        s->duties->fed(waiting, back);
        return go_on(s, waiting);
    }
    struct smtp_errand *errand = container_of(back, struct smtp_errand, errand);
    errand->answered = !back->ok || !errand->first;
    return go_on(s, errand);
}

static enum next on_secured(void *session, const struct tls_facts *tls, struct turn *turn)
{
    struct smtp_session *s = begin_turn(session, turn);

    s->tls = *tls;
    s->secured = true;
    s->ehlo[0] = '\0';
    s->extended = false;
    s->answered_ms = session_now(s);
    enter(s, CONNECTED);
    return end_turn(s, NEXT_READ);
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    struct smtp_session *s = begin_turn(session, turn);

    switch (why) {
    case NUDGE_TIMER: return s->late ? end_turn(s, say_late(s)) : patience_is_over(s);
    case NUDGE_CLOSING: return say_closing(s);
    case NUDGE_CHANGE: return end_turn(s, NEXT_READ);
    }
    __builtin_unreachable();
}

static enum next on_more(void *session, struct turn *turn)
{
    return end_turn(begin_turn(session, turn), NEXT_READ);
}

static void session_free(void *session)
{
    struct smtp_session *s = session;

    if (s->waiting)
        errand_free(&s->waiting->errand);
    transaction_clear(s);
    auth_clear(&s->auth);
    roll_leave(&s->seat);
    if (s->account_id)
        tally_leave(s->duties->owners, (uint64_t)s->account_id);
    free(s->late);
    free(s);
}

const struct session_kind smtp_session_kind = {
    .name = "smtp",
    .begin = on_begin,
    .read = on_read,
    .resume = on_resume,
    .more = on_more,
    .secured = on_secured,
    .nudged = on_nudge,
    .free = session_free,
};

void *smtp_wire_session_new(const struct smtp_duties *duties, const struct peer *peer)
{
    struct smtp_session *s = must_new(struct smtp_session);

    session_name(s->id);
    s->duties = duties;
    s->peer = *peer;
    s->secured = peer->secured;
    s->door = strcmp(peer->service, "smtp") == 0 ? SMTP_DOOR_MX : SMTP_DOOR_SUBMISSION;
    return s;
}
