/* The client session: replies in order, deadlines, and how it ends. */
#include "client_private.h"

#include "clock.h"
#include "memory.h"

#include <assert.h>
#include <stdio.h>

enum { MAILS_MAX = 100, MAILS_MS = 5 * MINUTE_MS }; /* over one connection */

#define IN(state) (1u << (state))

/* The diagram of client_private.h, executable. */
static const unsigned may_follow[CLIENT_STATES] = {
    /* clang-format off */
    [CLIENT_GREETING]  = IN(CLIENT_EHLO),
    [CLIENT_EHLO]      = IN(CLIENT_HELO) | IN(CLIENT_STARTTLS) | IN(CLIENT_AUTH) | IN(CLIENT_MAIL) | IN(CLIENT_RECORDING),
    [CLIENT_HELO]      = IN(CLIENT_MAIL) | IN(CLIENT_RECORDING),
    [CLIENT_STARTTLS]  = IN(CLIENT_HANDSHAKE) | IN(CLIENT_MAIL) | IN(CLIENT_RECORDING),
    [CLIENT_HANDSHAKE] = IN(CLIENT_GREETING) | IN(CLIENT_EHLO),
    [CLIENT_AUTH]      = IN(CLIENT_MAIL) | IN(CLIENT_RECORDING),
    [CLIENT_MAIL]      = IN(CLIENT_RCPT) | IN(CLIENT_RECORDING),
    [CLIENT_RCPT]      = IN(CLIENT_RCPT) | IN(CLIENT_DATA) | IN(CLIENT_RECORDING),
    [CLIENT_DATA]      = IN(CLIENT_TEXT) | IN(CLIENT_VOID) | IN(CLIENT_RECORDING),
    [CLIENT_TEXT]      = IN(CLIENT_DOT),
    [CLIENT_DOT]       = IN(CLIENT_RECORDING),
    [CLIENT_VOID]      = IN(CLIENT_RECORDING),
    [CLIENT_RECORDING] = IN(CLIENT_LOADING) | IN(CLIENT_RSET) | IN(CLIENT_MAIL) | IN(CLIENT_RECORDING),
    [CLIENT_LOADING]   = IN(CLIENT_RSET) | IN(CLIENT_MAIL) | IN(CLIENT_RECORDING),
    [CLIENT_RSET]      = IN(CLIENT_MAIL) | IN(CLIENT_RECORDING),
    /* clang-format on */
};

static enum next rset_answered(struct client *c, const struct smtp_reply *reply)
{
    return reply_is(reply, 2) ? client_mail(c) : client_turned_away(c, reply);
}

/* How each reply is waited for (RFC 5321 4.5.3.2) and who hears it. */
static const struct {
    const char *name;
    int64_t patience_ms;
    enum next (*answered)(struct client *, const struct smtp_reply *);
} waiting[CLIENT_STATES] = {
  /* clang-format off */
    [CLIENT_GREETING] = {"the greeting", 5 * MINUTE_MS,  client_greeted},
    [CLIENT_EHLO]     = {"EHLO",         5 * MINUTE_MS,  client_ehlo_answered},
    [CLIENT_HELO]     = {"HELO",         5 * MINUTE_MS,  client_helo_answered},
    [CLIENT_STARTTLS] = {"STARTTLS",     2 * MINUTE_MS,  client_starttls_answered},
    [CLIENT_AUTH]     = {"AUTH",         2 * MINUTE_MS,  client_auth_answered},
    [CLIENT_MAIL]     = {"MAIL",         5 * MINUTE_MS,  client_mail_answered},
    [CLIENT_RCPT]     = {"RCPT",         5 * MINUTE_MS,  client_rcpt_answered},
    [CLIENT_DATA]     = {"DATA",         2 * MINUTE_MS,  client_data_answered},
    [CLIENT_DOT]      = {"the text",     10 * MINUTE_MS, client_dot_answered},
    [CLIENT_VOID]     = {"no text",      10 * MINUTE_MS, client_void_answered},
    [CLIENT_RSET]     = {"RSET",         5 * MINUTE_MS,  rset_answered},
  /* clang-format on */
};

void client_enter(struct client *c, enum client_state state)
{
    assert(state == CLIENT_OVER || may_follow[c->state] & IN(state));
    c->state = state;
    c->deadline_ms = waiting[state].patience_ms ? monotonic_ms() + waiting[state].patience_ms : 0;
}

enum next client_end(struct client *c, enum talk_end end, const char *words)
{
    /* They may have it; the next host would give it to them a second time. */
    if (c->state == CLIENT_DOT)
        out_decide(c->talk->mail, OUT_LATER, words);
    c->talk->end = end;
    snprintf(c->talk->reply, sizeof c->talk->reply, "%s", words);
    client_enter(c, CLIENT_OVER);
    return NEXT_HANG_UP;
}

enum next client_turned_away(struct client *c, const struct smtp_reply *reply)
{
    char words[OUT_REPLY_SIZE];

    smtp_reply_print(reply, words, sizeof words);
    c->talk->code = reply->code;
    bytes_add(c->turn->out, SLICE("QUIT\r\n"));
    return client_end(c, TALK_TURNED_AWAY, words);
}

/* About the step under way: "the connection ended at RCPT". */
static enum next end_here(struct client *c, const char *what, const char *at)
{
    char words[OUT_REPLY_SIZE];

    snprintf(words, sizeof words, "%s%s", what, at);
    return client_end(c, TALK_CUT, words);
}

static const char *here(const struct client *c)
{
    return waiting[c->state].name ? waiting[c->state].name : "the text";
}

enum next client_no_sense(struct client *c)
{
    return end_here(c, "their server answered what makes no sense after ", here(c));
}

enum next client_quit(struct client *c)
{
    bytes_add(c->turn->out, SLICE("QUIT\r\n"));
    return client_end(c, TALK_DONE, "");
}

/* ---- another mail ---- */
static bool may_go_on(const struct client *c)
{
    const struct out_talk *talk = c->talk;

    return !c->tangled && !out_is_unrecorded(talk->mail) && client_may_say_mail(c) &&
           talk->mails + 1 < MAILS_MAX && monotonic_ms() - c->began_ms < MAILS_MS;
}

static void prepare(struct client *c)
{
    free(c->accepted);
    c->accepted = must_alloc_array(c->talk->mail->count, sizeof *c->accepted);
    c->asked = c->answered = 0;
    c->named = 0;
    c->data_said = c->full = false;
    c->text = (struct out_text){.at_start = true};
    c->offset = 0;
}

static enum next begin_another(struct client *c)
{
    c->talk->mails++;
    prepare(c);
    if (c->dotted)
        return client_mail(c);
    bytes_add(c->turn->out, SLICE("RSET\r\n"));
    client_enter(c, CLIENT_RSET);
    return NEXT_READ;
}

static enum next loaded(struct client *c, struct errand *back)
{
    return c->talk->fits(c->talk, back) ? begin_another(c) : client_quit(c);
}

/* First those of this mail for whom there was no room, then what else waits. */
static enum next go_on(struct client *c)
{
    struct out_talk *talk = c->talk;
    bool may = may_go_on(c);

    if (may && out_is_open(talk->mail))
        return begin_another(c);
    struct errand *errand = may && talk->more ? talk->more(talk) : NULL;
    if (!errand)
        return client_quit(c);
    client_enter(c, CLIENT_LOADING);
    c->turn->errand = errand;
    return NEXT_WAIT;
}

/* Recorded before anything else is said: if we die now, they get no second copy. */
enum next client_finish(struct client *c)
{
    const struct out_duties *duties = c->talk->duties;

    c->dotted = c->state == CLIENT_DOT || c->state == CLIENT_VOID || c->state == CLIENT_LOADING ||
                c->state == CLIENT_RECORDING || c->state == CLIENT_RSET;
    client_enter(c, CLIENT_RECORDING);
    if (!out_is_unrecorded(c->talk->mail))
        return go_on(c);
    c->turn->errand = duties->record(duties->ctx, c->talk->mail);
    return NEXT_WAIT;
}

/* 421 may come at any time; after the text it is the answer to it. */
static enum next hear(struct client *c, const struct smtp_reply *reply)
{
    if (reply->code == 421 && c->state != CLIENT_DOT)
        return client_turned_away(c, reply);
    return waiting[c->state].answered(c, reply);
}

/* ---- the session kind ---- */

static struct client *begin_turn(void *session, struct turn *turn)
{
    struct client *c = session;

    c->turn = turn;
    return c;
}

static enum next end_turn(struct client *c, enum next next)
{
    c->turn->wake_at_ms = c->deadline_ms;
    return next;
}

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct client *c = begin_turn(session, turn);

    snprintf(c->talk->address, sizeof c->talk->address, "%s", peer->text);
    if (c->state == CLIENT_HANDSHAKE)
        client_enter(c, CLIENT_GREETING);
    c->deadline_ms = monotonic_ms() + waiting[CLIENT_GREETING].patience_ms;
    return end_turn(c, NEXT_READ);
}

static enum next on_read(void *session, struct turn *turn)
{
    struct client *c = begin_turn(session, turn);
    struct slice rest = turn->in;
    struct smtp_reply reply;
    enum next next = NEXT_READ;

    while (next == NEXT_READ && rest.len > 0) {
        enum reply_result result = smtp_reply_read(&rest, &reply);
        if (result == REPLY_PART)
            break;
        next = result == REPLY_WHOLE
                   ? hear(c, &reply)
                   : end_here(c, "what their server says is no SMTP, at ", here(c));
        turn->used = turn->in.len - rest.len;
    }
    return end_turn(c, next);
}

static void mark_recorded(struct out_mail *mail)
{
    for (size_t i = 0; i < mail->count; i++)
        mail->recipients[i].recorded |= mail->recipients[i].fate != OUT_OPEN;
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct client *c = begin_turn(session, turn);

    if (c->state == CLIENT_TEXT)
        return end_turn(c, client_take_piece(c, back));
    if (c->state == CLIENT_LOADING)
        return end_turn(c, loaded(c, back));
    if (back->ok) /* if not, the courier tries once more */
        mark_recorded(c->talk->mail);
    errand_free(back);
    return end_turn(c, go_on(c));
}

static enum next on_more(void *session, struct turn *turn)
{
    struct client *c = begin_turn(session, turn);

    return end_turn(c, client_next_piece(c));
}

static enum next on_secured(void *session, const struct tls_facts *tls, struct turn *turn)
{
    struct client *c = begin_turn(session, turn);

    c->secured = true;
    snprintf(c->talk->tls_version, sizeof c->talk->tls_version, "%s", tls->version);
    c->talk->outcome.secured = true;
    c->talk->outcome.trust = tls->trust;
    c->offers = (struct smtp_offers){.size = 0};
    return end_turn(c, c->state == CLIENT_HANDSHAKE ? client_hello(c) : NEXT_READ);
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    struct client *c = begin_turn(session, turn);

    if (c->state == CLIENT_TEXT) /* begun work is finished */
        return end_turn(c, NEXT_MORE);
    if (why == NUDGE_TIMER)
        return end_here(c, "their server did not answer in time to ", here(c));
    if (why == NUDGE_CLOSING && c->state != CLIENT_DOT)
        return end_here(c, "our server was stopped at ", here(c));
    return end_turn(c, NEXT_READ);
}

static void on_free(void *session)
{
    struct client *c = session;

    if (c->state == CLIENT_HANDSHAKE)
        client_end(c, TALK_UNSHAKEN, "the TLS handshake failed");
    else if (c->state == CLIENT_RECORDING || c->state == CLIENT_LOADING)
        c->talk->end = TALK_DONE;
    else if (c->state != CLIENT_OVER)
        end_here(c, "the connection ended before an answer to ", here(c));
    client_forget_domains(c);
    free(c->accepted);
    free(c);
}

const struct session_kind smtp_client_kind = {
    .name = "smtp-out",
    .begin = on_begin,
    .read = on_read,
    .resume = on_resume,
    .more = on_more,
    .secured = on_secured,
    .nudged = on_nudge,
    .free = on_free,
};

void *smtp_client_new(struct out_talk *talk)
{
    struct client *c = must_new(struct client);

    c->talk = talk;
    c->state = talk->tls_at_once ? CLIENT_HANDSHAKE : CLIENT_GREETING;
    talk->outcome = (struct tls_outcome){
        .heard = talk->tls_at_once, .offered = talk->tls_at_once, .tried = talk->tls_at_once};
    c->began_ms = monotonic_ms();
    prepare(c);
    return c;
}
