#include "dns_knock.h"

#include "clock.h"
#include "memory.h"

enum { PATIENCE_MS = 15 * SECOND_MS, LINE_MAX_LEN = 2048 };

enum stage { GREETING, OFFERS, GO_AHEAD };
struct talk {
    struct knock *knock;
    enum stage stage;
    bool offered;
};

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct talk *talk = session;

    (void)peer;
    talk->knock->result = talk->knock->language == KNOCK_TLS ? KNOCK_NO_TLS : KNOCK_STRANGE;
    turn->wake_at_ms = monotonic_ms() + PATIENCE_MS;
    return NEXT_READ;
}

static enum next say(struct talk *talk, struct turn *turn, enum stage next, const char *line)
{
    talk->stage = next;
    bytes_print(turn->out, "%s\r\n", line);
    return NEXT_READ;
}

static bool is_last(struct slice line)
{
    return line.len < 4 || line.at[3] != '-';
}

static enum next on_smtp(struct talk *talk, struct turn *turn, struct slice line)
{
    if (!slice_starts(line, talk->stage == OFFERS ? SLICE("250") : SLICE("220")))
        return NEXT_HANG_UP;
    if (talk->stage == OFFERS && slice_is_nocase(slice_from(line, 4), "STARTTLS"))
        talk->offered = true;
    if (!is_last(line))
        return NEXT_READ;
    if (talk->stage == GO_AHEAD) {
        talk->knock->result = KNOCK_NO_TLS; /* until the handshake is through */
        return NEXT_START_TLS;
    }
    if (talk->stage == OFFERS && !talk->offered) {
        talk->knock->result = KNOCK_NO_TLS;
        bytes_add_text(turn->out, "QUIT\r\n");
        return NEXT_HANG_UP;
    }
    if (talk->stage == OFFERS)
        return say(talk, turn, GO_AHEAD, "STARTTLS");
    scoped_text char *hello = must_print("EHLO %s", talk->knock->hello);
    return say(talk, turn, OFFERS, hello);
}

static enum next on_imap(struct talk *talk, struct turn *turn, struct slice line)
{
    if (talk->stage == GREETING && slice_starts(line, SLICE("* OK")))
        return say(talk, turn, GO_AHEAD, "a STARTTLS");
    if (talk->stage == GREETING)
        return NEXT_HANG_UP;
    if (slice_starts(line, SLICE("* ")))
        return NEXT_READ;
    talk->knock->result = KNOCK_NO_TLS;
    return slice_starts(line, SLICE("a OK")) ? NEXT_START_TLS : NEXT_HANG_UP;
}

static enum next on_read(void *session, struct turn *turn)
{
    struct talk *talk = session;
    enum next next = NEXT_READ;

    turn->wake_at_ms = monotonic_ms() + PATIENCE_MS;
    while (next == NEXT_READ) {
        struct slice rest = slice_from(turn->in, turn->used);
        size_t end = slice_find(rest, '\n');
        if (end == SIZE_MAX)
            return rest.len > LINE_MAX_LEN ? NEXT_HANG_UP : NEXT_READ;
        turn->used += end + 1;
        struct slice line = slice_trim(slice_first(rest, end));
        next = talk->knock->language == KNOCK_IMAP ? on_imap(talk, turn, line)
                                                   : on_smtp(talk, turn, line);
    }
    return next;
}

static enum next on_secured(void *session, const struct tls_facts *tls, struct turn *turn)
{
    struct talk *talk = session;

    talk->knock->result = KNOCK_SECURED;
    talk->knock->trust = tls->trust;
    if (talk->knock->language == KNOCK_SMTP)
        bytes_add_text(turn->out, "QUIT\r\n");
    return NEXT_HANG_UP;
}

static enum next on_more(void *session, struct turn *turn)
{
    (void)session, (void)turn;
    return NEXT_HANG_UP;
}

static enum next on_nudged(void *session, enum nudge why, struct turn *turn)
{
    (void)session, (void)why, (void)turn;
    return NEXT_HANG_UP;
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    (void)session, (void)turn;
    errand_free(back);
    return NEXT_HANG_UP;
}

static void on_free(void *session)
{
    free(session);
}

static const struct session_kind knocking = {
    .name = "knock",
    .begin = on_begin,
    .read = on_read,
    .resume = on_resume,
    .more = on_more,
    .secured = on_secured,
    .nudged = on_nudged,
    .free = on_free,
};

struct dial *knock_new(struct knock *knock, const char *host, int port)
{
    struct talk *talk = must_new(struct talk);

    talk->knock = knock;
    knock->result = KNOCK_SILENT;
    struct dial *dial = dial_new(host, port, &knocking, talk);
    dial->tls_at_once = knock->language == KNOCK_TLS;
    dial->named_by_admin = true;
    return dial;
}
