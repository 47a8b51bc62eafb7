/* The commands as a table, and the turns of the session. */
#include "clock.h"
#include "imap_private.h"
#include "log.h"
#include "memory.h"

#include <assert.h>
#include <stdio.h>

void enter_state(struct imap_session *s, enum imap_state state)
{
    if (s->state == SELECTED)
        selected_clear(&s->selected);
    s->state = state;
}

enum next await_errand(struct imap_session *s, struct errand *errand,
                       enum next (*resumed)(struct imap_session *, struct errand *back))
{
    s->resumed = resumed;
    s->turn->errand = errand;
    return NEXT_WAIT;
}

static enum next send_slice(struct imap_session *s)
{
    struct imap_errand *errand = container_of(steal(&s->sliced), struct imap_errand, errand);

    errand->after = errand->reached;
    return await_errand(s, &errand->errand, s->resumed);
}

enum next next_slice(struct imap_session *s, struct errand *back,
                     enum next (*resumed)(struct imap_session *, struct errand *back))
{
    s->sliced = back;
    s->resumed = resumed;
    s->more = send_slice;
    return NEXT_MORE;
}

/* ---- the end of a command ---- */

static void add_end(struct bytes *out, const char *code, const char *words)
{
    if (code[0])
        bytes_print(out, "[%s] ", code);
    bytes_print(out, "%s\r\n", words);
}

static void tagged(struct imap_session *s, const char *word, const char *code, const char *words)
{
    bytes_print(s->turn->out, "%s %s ", s->tag[0] ? s->tag : "*", word);
    add_end(s->turn->out, code, words);
}

/* The beginning of the tagged OK.  What stands in it of the sequence is true when everything was told. */
static void add_ok(struct imap_session *s)
{
    bytes_print(s->turn->out, "%s OK ", s->tag);
    if (s->tells_modseq)
        bytes_print(s->turn->out, "[HIGHESTMODSEQ %lld] ", (long long)s->selected.modseq);
}

enum next no(struct imap_session *s, const char *code, const char *words)
{
    tagged(s, "NO", code, words);
    return NEXT_READ;
}

enum next bad(struct imap_session *s, const char *words)
{
    tagged(s, "BAD", "", words);
    if (++s->errors < ERRORS_MAX)
        return NEXT_READ;
    bytes_add_text(s->turn->out, "* BYE Too many errors. Look at what your program sends\r\n");
    return NEXT_HANG_UP;
}

bool errand_failed(struct errand *back)
{
    return !back->ok || container_of(back, struct imap_errand, errand)->refused;
}

bool mailbox_is_gone(const struct imap_session *s, struct errand *back)
{
    return s->state == SELECTED && !back->ok &&
           container_of(back, struct imap_errand, errand)->gone;
}

static const char *code_of(const struct err *err, const char *absent, const char *refused)
{
    switch (err->kind) {
    case ERR_TEMPORARY:
    case ERR_CONFLICT: return "UNAVAILABLE";
    case ERR_MALFORMED: return "CLIENTBUG";
    case ERR_ABSENT: return absent;
    case ERR_REFUSED: return refused;
    case ERR_TOO_LARGE: return "TOOBIG";
    case ERR_FULL: return "OVERQUOTA";
    }
    __builtin_unreachable();
}

enum next no_errand_as(struct imap_session *s, struct errand *back, const char *absent,
                       const char *refused)
{
    struct imap_errand *errand = container_of(back, struct imap_errand, errand);

    if (back->ok) {
        no(s, errand->code, errand->words);
    } else if (mailbox_is_gone(s, back)) {
        s->selected.gone = true;
        no(s, "NONEXISTENT", back->err.said);
    } else {
        if (back->err.kind == ERR_TEMPORARY || back->err.kind == ERR_CONFLICT)
            log_error("s=%s imap failed: %s (%s)", s->id, back->err.said, back->err.cause);
        no(s, code_of(&back->err, absent, refused), back->err.said);
    }
    errand_free(back);
    return NEXT_READ;
}

enum next no_errand(struct imap_session *s, struct errand *back)
{
    return no_errand_as(s, back, "NONEXISTENT", "CANNOT");
}

static enum next changes_told(struct imap_session *s)
{
    add_ok(s);
    if (s->coda)
        return steal(&s->coda)(s);
    bytes_add(s->turn->out, bytes_slice(&s->command)); /* the rest of it, which finish() kept */
    bytes_reset(&s->command);
    return NEXT_READ;
}

static enum next changes_found(struct imap_session *s, struct errand *back)
{
    if (!errand_failed(back))
        return tell_changes(s, back, !s->numbers_stay, changes_told);
    bool gone = mailbox_is_gone(s, back);

    errand_free(back);
    if (gone && s->deleting) { /* by its own DELETE: it knows */
        enter_state(s, AUTHENTICATED);
        return changes_told(s);
    }
    s->selected.gone = gone;
    s->selected.dirty = true;
    return changes_told(s);
}

enum next finish(struct imap_session *s, const char *code, const char *words)
{
    if (s->state != SELECTED || !s->selected.dirty) {
        add_ok(s);
        if (s->coda)
            return steal(&s->coda)(s);
        add_end(s->turn->out, code, words);
        return NEXT_READ;
    }
    /* The command's text is done with: its room keeps the answer until the changes stand before it. */
    bytes_reset(&s->command);
    add_end(&s->command, code, words);
    s->selected.dirty = false;
    return await_errand(s, s->duties->changes(s->duties->ctx, s->selected.id, s->selected.modseq),
                        changes_found);
}

/* ---- the commands ---- */

enum {
    IN_ANY = 1 << NOT_AUTHENTICATED | 1 << AUTHENTICATED | 1 << SELECTED,
    IN_FIRST = 1 << NOT_AUTHENTICATED,
    IN_LOGGED_IN = 1 << AUTHENTICATED | 1 << SELECTED,
    IN_SELECTED = 1 << SELECTED,
};
enum {
    HAS_UID = 1 << 0,      /* "UID FETCH" exists */
    NUMBERS_STAY = 1 << 1, /* without UID, no EXPUNGE during it */
    BARE = 1 << 2,         /* takes no argument */
};

/* A new command is one row and one handler; run_command() does not change. */
static const struct command {
    const char *name;
    unsigned legal, flags;
    enum next (*run)(struct imap_session *);
} commands[] = {
    {"CAPABILITY",   IN_ANY,       BARE,                   imap_on_capability  },
    {"NOOP",         IN_ANY,       BARE,                   imap_on_noop        },
    {"LOGOUT",       IN_ANY,       BARE,                   imap_on_logout      },
    {"ID",           IN_ANY,       0,                      imap_on_id          },
    {"STARTTLS",     IN_FIRST,     BARE,                   imap_on_starttls    },
    {"LOGIN",        IN_FIRST,     0,                      imap_on_login       },
    {"AUTHENTICATE", IN_FIRST,     0,                      imap_on_authenticate},
    {"ENABLE",       IN_LOGGED_IN, 0,                      imap_on_enable      },
    {"COMPRESS",     IN_LOGGED_IN, 0,                      imap_on_compress    },
    {"NAMESPACE",    IN_LOGGED_IN, BARE,                   imap_on_namespace   },
    {"LIST",         IN_LOGGED_IN, 0,                      imap_on_list        },
    {"LSUB",         IN_LOGGED_IN, 0,                      imap_on_lsub        },
    {"CREATE",       IN_LOGGED_IN, 0,                      imap_on_create      },
    {"DELETE",       IN_LOGGED_IN, 0,                      imap_on_delete      },
    {"RENAME",       IN_LOGGED_IN, 0,                      imap_on_rename      },
    {"SUBSCRIBE",    IN_LOGGED_IN, 0,                      imap_on_subscribe   },
    {"UNSUBSCRIBE",  IN_LOGGED_IN, 0,                      imap_on_unsubscribe },
    {"STATUS",       IN_LOGGED_IN, 0,                      imap_on_status      },
    {"GETQUOTA",     IN_LOGGED_IN, 0,                      imap_on_getquota    },
    {"GETQUOTAROOT", IN_LOGGED_IN, 0,                      imap_on_getquotaroot},
    {"GETMETADATA",  IN_LOGGED_IN, 0,                      imap_on_getmetadata },
    {"SETMETADATA",  IN_LOGGED_IN, 0,                      imap_on_setmetadata },
    {"SELECT",       IN_LOGGED_IN, 0,                      imap_on_select      },
    {"EXAMINE",      IN_LOGGED_IN, 0,                      imap_on_examine     },
    {"APPEND",       IN_LOGGED_IN, 0,                      imap_on_append      },
    {"IDLE",         IN_LOGGED_IN, BARE,                   imap_on_idle        },
    {"CHECK",        IN_SELECTED,  BARE,                   imap_on_check       },
    {"CLOSE",        IN_SELECTED,  BARE,                   imap_on_close       },
    {"UNSELECT",     IN_SELECTED,  BARE,                   imap_on_unselect    },
    {"EXPUNGE",      IN_SELECTED,  HAS_UID,                imap_on_expunge     },
    {"SEARCH",       IN_SELECTED,  HAS_UID | NUMBERS_STAY, imap_on_search      },
    {"SORT",         IN_SELECTED,  HAS_UID | NUMBERS_STAY, imap_on_sort        },
    {"THREAD",       IN_SELECTED,  HAS_UID | NUMBERS_STAY, imap_on_thread      },
    {"FETCH",        IN_SELECTED,  HAS_UID | NUMBERS_STAY, imap_on_fetch       },
    {"STORE",        IN_SELECTED,  HAS_UID | NUMBERS_STAY, imap_on_store       },
    {"COPY",         IN_SELECTED,  HAS_UID,                imap_on_copy        },
    {"MOVE",         IN_SELECTED,  HAS_UID,                imap_on_move        },
};

static const struct command *find_command(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (slice_is_nocase(name, commands[i].name))
            return &commands[i];
    return NULL;
}

static const char *order_words(const struct imap_session *s)
{
    switch (s->state) {
    case NOT_AUTHENTICATED: return "Log in first";
    case AUTHENTICATED: return "Select a mailbox first";
    case SELECTED: return "You are logged in already";
    }
    __builtin_unreachable();
}

bool read_tag(struct imap_session *s)
{
    struct slice tag;

    s->numbers_stay = s->tells_modseq = s->deleting = false; /* of the command before */
    s->tag[0] = '\0';
    if (!lex_astring(&s->lexer, &tag) || tag.len > TAG_MAX || slice_find(tag, '+') != SIZE_MAX ||
        slice_find(tag, '\r') != SIZE_MAX || slice_find(tag, ' ') != SIZE_MAX)
        return false;
    snprintf(s->tag, sizeof s->tag, "%.*s", SLICE_ARGS(tag));
    return true;
}

/* A command is whole; its text is s->command. */
enum next run_command(struct imap_session *s)
{
    struct slice name;

    lexer_clear(&s->lexer);
    s->lexer.rest = bytes_slice(&s->command);
    if (!read_tag(s) || !lex_space(&s->lexer) || !lex_atom(&s->lexer, &name))
        return bad(s, "A command is a tag, a name and its arguments");
    s->uid = slice_is_nocase(name, "UID");
    if (s->uid && (!lex_space(&s->lexer) || !lex_atom(&s->lexer, &name)))
        return bad(s, "UID wants a command");
    const struct command *command = find_command(name);
    if (!command || (s->uid && !(command->flags & HAS_UID)))
        return bad(s, "This command is not known here");
    if (!(command->legal & 1U << s->state))
        return bad(s, order_words(s));
    if (command->flags & BARE && !lexer_at_end(&s->lexer))
        return bad(s, "This command takes no argument");
    s->numbers_stay = command->flags & NUMBERS_STAY && !s->uid;
    return command->run(s);
}

/* ---- the session kind ---- */

static struct imap_session *begin_turn(void *session, struct turn *turn)
{
    struct imap_session *s = session;

    s->turn = turn;
    return s;
}

int64_t imap_now(const struct imap_session *s)
{
    return s->duties->timer ? clock_now(s->duties->timer) : monotonic_ms();
}

static int64_t wake_at(const struct imap_session *s)
{
    if (s->late)
        return s->late_at_ms;
    if (s->state == NOT_AUTHENTICATED)
        return s->began_ms + (s->turn->crowded ? CROWDED_LOGIN_MS : LOGIN_MS);
    if (s->append)
        return append_ends_ms(s);
    if (s->mode == MODE_IDLE)
        return imap_now(s) + (s->selected.dirty ? LOOK_AGAIN_MS : STILL_HERE_MS);
    return imap_now(s) + IDLE_MS;
}

/* What every turn ends with. */
static enum next end_turn(struct imap_session *s, enum next next)
{
    if (next == NEXT_READ && s->seat.dismissed) {
        bytes_add_text(s->turn->out, "* BYE " LOGGED_OUT "\r\n");
        return NEXT_HANG_UP;
    }
    if (next == NEXT_READ && s->selected.gone) { /* its numbers are of nothing (RFC 2180 3.3) */
        bytes_add_text(s->turn->out, "* BYE The mailbox that you had open was deleted\r\n");
        return NEXT_HANG_UP;
    }
    if (next == NEXT_MORE &&
        s->seat.dismissed) /* amid an answer, where BYE could be read as a mail's text */
        return NEXT_HANG_UP;
    if (next == NEXT_READ && s->closing && s->mode != MODE_APPEND) {
        bytes_add_text(s->turn->out, "* BYE [UNAVAILABLE] This server is stopping\r\n");
        return NEXT_HANG_UP;
    }
    s->turn->watch = s->seat.watch = watched_topic(s);
    s->turn->wake_at_ms = wake_at(s);
    s->turn->at_home = s->account_id != 0;
    return next;
}

static enum next greet(struct imap_session *s)
{
    bytes_add_text(s->turn->out, "* OK [CAPABILITY ");
    add_capabilities(s, s->turn->out);
    bytes_print(s->turn->out, "] %s Nestbox\r\n", s->duties->hostname);
    return end_turn(s, NEXT_READ);
}

/* Under TLS from the first byte the greeting waits for secured(): what can be bound to stands in it. */
static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct imap_session *s = begin_turn(session, turn);

    s->began_ms = imap_now(s);
    return peer->secured ? end_turn(s, NEXT_READ) : greet(s);
}

static enum next on_read(void *session, struct turn *turn)
{
    struct imap_session *s = begin_turn(session, turn);

    return end_turn(s, s->late ? NEXT_READ : read_on(s));
}

/* A command came to its end while an errand was out: the next may be here already. */
static enum next go_on(struct imap_session *s, enum next next)
{
    if (next != NEXT_READ)
        return end_turn(s, next);
    if (s->mode != MODE_APPEND) /* IDLE and AUTHENTICATE go on, but their first line is done with */
        forget_command(s);
    return end_turn(s, NEXT_READ);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct imap_session *s = begin_turn(session, turn);

    return go_on(s, s->resumed(s, back));
}

static enum next on_more(void *session, struct turn *turn)
{
    struct imap_session *s = begin_turn(session, turn);

    return go_on(s, steal(&s->more)(s));
}

static enum next on_secured(void *session, const struct tls_facts *tls, struct turn *turn)
{
    struct imap_session *s = begin_turn(session, turn);

    s->tls = *tls;
    if (s->secured) /* from the first byte */
        return greet(s);
    s->secured = true;
    return end_turn(s, NEXT_READ);
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    struct imap_session *s = begin_turn(session, turn);

    switch (why) {
    case NUDGE_TIMER:
        if (s->late) {
            bytes_add_text(turn->out, s->late);
            free(s->late);
            s->late = NULL;
            return end_turn(s, NEXT_READ);
        }
        if (s->mode == MODE_IDLE && s->selected.dirty)
            return end_turn(s, idle_changed(s));
        if (s->mode == MODE_IDLE) {
            bytes_add_text(turn->out, "* OK Still here\r\n");
            return end_turn(s, NEXT_READ);
        }
        if (s->append)
            return append_is_over(s);
        bytes_add_text(turn->out, "* BYE Nothing came for a long time\r\n");
        return NEXT_HANG_UP;
    case NUDGE_CLOSING: s->closing = true; return end_turn(s, s->more ? NEXT_MORE : NEXT_READ);
    case NUDGE_CHANGE:
        s->selected.dirty = true;
        if (s->more)
            return end_turn(s, NEXT_MORE);
        return end_turn(s, s->mode == MODE_IDLE ? idle_changed(s) : NEXT_READ);
    }
    __builtin_unreachable();
}

static void session_free(void *session)
{
    struct imap_session *s = session;

    if (s->account_id)
        tally_leave(s->duties->owners, (uint64_t)s->account_id);
    roll_leave(&s->seat);
    selected_clear(&s->selected);
    sasl_clear(&s->sasl);
    free(s->late);
    append_free(s);
    fetching_free(s->fetch);
    listing_free(s->listing);
    asking_free(s->asking);
    finding_free(s->finding);
    errand_free(s->sliced);
    errand_free(s->telling.home);
    gathered_clear(&s->gathered);
    lexer_clear(&s->lexer);
    bytes_clear(&s->command);
    free(s);
}

const struct session_kind imap_session_kind = {
    .name = "imap",
    .begin = on_begin,
    .read = on_read,
    .resume = on_resume,
    .more = on_more,
    .secured = on_secured,
    .nudged = on_nudge,
    .free = session_free,
};

void *imap_wire_session_new(const struct imap_duties *duties, const struct peer *peer)
{
    struct imap_session *s = must_new(struct imap_session);

    session_name(s->id);
    s->duties = duties;
    s->peer = *peer;
    s->secured = peer->secured;
    return s;
}
