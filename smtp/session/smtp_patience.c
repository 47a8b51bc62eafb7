/*
 * Patience: how long a peer may take, and how much it may ask for, before it has brought a mail (RFC 5321 4.5.3.2).
 *
 * A command's time runs from the answer before it to its last byte, so that dribbling bytes gains nothing; a text has
 * to keep its pace to the end, in however many chunks it comes.  In a crowd whoever does nothing goes sooner, so that there is room for others;
 * how slowly a text came before the crowd is not held against it.
 */
#include "clock.h"
#include "smtp_private.h"

enum {
    COMMAND_MS = 300 * SECOND_MS, /* RFC 5321 4.5.3.2.7 */
    CROWDED_COMMAND_MS = 60 * SECOND_MS,
    CROWDED_IDLE_MS = 10 * SECOND_MS, /* no mail has begun */
    SESSION_MS = 2 * HOUR_MS,         /* then no command is taken any more */
    TEXT_MS = 2 * HOUR_MS,            /* of one mail */
    COMMANDS_MAX = 1000,              /* without a mail that was taken */
    EMPTY_MAX = 100,                  /* the same, of commands that bring no mail forward */
    REFUSED_MAX = 50, /* the same, of recipients: who asks for more is guessing names */
};

static const struct pace_terms text_terms = {300 * SECOND_MS, 128},
                               crowded_text_terms = {30 * SECOND_MS, 1024};

int64_t session_now(const struct smtp_session *s)
{
    return s->duties->timer ? clock_now(s->duties->timer) : monotonic_ms();
}

/* Who is logged in is no part of a crowd of strangers, and its mail is the one that somebody here waits for. */
static bool is_crowded(const struct smtp_session *s)
{
    return s->turn->crowded && !s->account_id;
}

static int64_t command_ms(const struct smtp_session *s)
{
    if (!is_crowded(s))
        return COMMAND_MS;
    return s->mail_from ? CROWDED_COMMAND_MS : CROWDED_IDLE_MS;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static const struct pace_terms *terms_of(const struct smtp_session *s)
{
    return s->hurried ? &crowded_text_terms : &text_terms;
}

static int64_t command_ends_ms(const struct smtp_session *s)
{
    return sooner(s->answered_ms + command_ms(s), s->began_ms + SESSION_MS);
}

static int64_t text_ends_ms(const struct smtp_session *s)
{
    return sooner(pace_ends_ms(&s->pace, terms_of(s)), s->body_began_ms + TEXT_MS);
}

/* A crowd came: its pace is asked from now on. */
static void mind_the_crowd(struct smtp_session *s)
{
    if (is_crowded(s) && !s->hurried)
        pace_begin(&s->pace, session_now(s));
    s->hurried = is_crowded(s);
}

int64_t patience_ends_ms(struct smtp_session *s)
{
    mind_the_crowd(s);
    if (s->late)
        return s->late_at_ms;
    if (text_comes(s))
        return text_ends_ms(s);
    if (s->state == BETWEEN_CHUNKS)
        return sooner(text_ends_ms(s), command_ends_ms(s));
    return command_ends_ms(s);
}

enum next patience_is_over(struct smtp_session *s)
{
    if (text_comes(s) || (s->state == BETWEEN_CHUNKS && session_now(s) < command_ends_ms(s)))
        reply(s, 421, "4.4.2", "This mail comes too slowly. Please send it again");
    else if (session_now(s) >= s->began_ms + SESSION_MS)
        reply(s, 421, "4.4.2", "This connection is two hours old. Please open a new one");
    else
        reply(s, 421, "4.4.2", "No whole command came for too long. Please come again");
    return NEXT_HANG_UP;
}

void text_begins(struct smtp_session *s)
{
    s->body_began_ms = session_now(s);
    pace_begin(&s->pace, s->body_began_ms);
}

void text_came(struct smtp_session *s, int64_t octets)
{
    mind_the_crowd(s);
    pace_brought(&s->pace, terms_of(s), octets, session_now(s));
}

bool text_is_too_slow(const struct smtp_session *s)
{
    return session_now(s) > text_ends_ms(s);
}

static enum next give_up(struct smtp_session *s, const char *words)
{
    reply(s, 421, "4.7.0", words);
    return NEXT_HANG_UP;
}

bool patience_with_command(struct smtp_session *s, bool empty, enum next *out_next)
{
    bool old = session_now(s) >= s->began_ms + SESSION_MS;

    s->empty_commands += empty;
    if (old)
        *out_next = patience_is_over(s);
    else if (++s->commands > COMMANDS_MAX || s->empty_commands > EMPTY_MAX)
        *out_next = give_up(s, "Too many commands, and no mail. Come again with one");
    return !old && s->commands <= COMMANDS_MAX && s->empty_commands <= EMPTY_MAX;
}

enum next patience_with_refused(struct smtp_session *s, const struct smtp_errand *errand)
{
    if (s->door == SMTP_DOOR_MX && errand->errand.ok && errand->code >= 500 &&
        ++s->refused > REFUSED_MAX)
        return give_up(
            s, "Too many of these recipients are not here. Check your list, then come again");
    return reply_errand(s, errand);
}

void patience_renewed(struct smtp_session *s)
{
    s->commands = s->empty_commands = s->refused = s->errors = 0;
}
