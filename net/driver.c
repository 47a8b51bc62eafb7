/*
 * The one driver: carries out a session's named next steps (loop.h says the rules, net_private.h has the
 * states).
 *
 * connection_drive() takes small steps until one of them must wait; then settle() asks libevent for
 * exactly what that step waits for.  Replies go out when the session has nothing more to do, so what
 * was pipelined is answered in few packets.
 */
#include "net_private.h"

#include "clock.h"
#include "log.h"
#include "memory.h"

#include <assert.h>
#include <openssl/err.h>

enum {
    STEPS_AT_ONCE = 32, /* then others have their turn; */
    AT_ONCE_MS = 1,     /* or when so long went by */
    CROWDED_SHAKE_MS = 10 * SECOND_MS,
    STALLED_MS = 60 * SECOND_MS,
    LAST_WORDS_MS = 10 * SECOND_MS,
    LINGER_MS = 2 * SECOND_MS,
};

static bool is_crowded(const struct connection *c)
{
    return loop_session_count(c->loop) > CROWD + c->loop->at_home;
}

static struct turn turn_of(struct connection *c)
{
    return (struct turn){
        .in = SLICE(""),
        .out = c->wire ? wire_out(c->wire) : &c->dropped,
        .crowded = is_crowded(c),
    };
}

static void send_away(struct connection *c, struct errand *errand)
{
    assert(errand && !c->errand && c->loop->carry);
    errand->home = c;
    c->errand = errand;
    c->loop->carry(c->loop->carry_ctx, errand, c->loop);
}

static const enum step step_after[] = {
    [NEXT_READ] = STEP_READING,       [NEXT_WAIT] = STEP_AWAY,
    [NEXT_MORE] = STEP_SENDING,       [NEXT_START_TLS] = STEP_STARTING_TLS,
    [NEXT_HANG_UP] = STEP_HANGING_UP, [NEXT_COMPRESS] = STEP_COMPRESSING,
};

/* Carries over what a turn asked for. */
static void act(struct connection *c, enum next next, const struct turn *turn)
{
    assert(next == NEXT_WAIT || !turn->errand);
    /* That of a handshake; or last words have one of their own.  A peer that takes nothing has no longer for being told more. */
    if (c->step == STEP_SHAKING || next == NEXT_HANG_UP)
        c->limit_at_ms = 0;
    c->step = step_after[next];
    c->wake_at_ms = turn->wake_at_ms;
    c->fresh = true;
    if (turn->at_home && !c->at_home) {
        c->at_home = true;
        c->loop->at_home++;
    }
    if (next != NEXT_WAIT || turn->watch)
        news_watch(c, turn->watch);
    if (!c->wire)
        bytes_reset(&c->dropped);
    if (next == NEXT_WAIT)
        send_away(c, turn->errand);
}

static bool call_begin(struct connection *c)
{
    struct turn turn = turn_of(c);

    c->begun = true;
    turn.early = c->wire && !c->wire->ssl && wire_holds_early_bytes(c->wire);
    act(c, c->kind->begin(c->session, &c->peer, &turn), &turn);
    return true;
}

static void call_secured(struct connection *c)
{
    struct turn turn = turn_of(c);
    struct tls_facts facts;

    tls_facts_of(c->wire->ssl, &facts);
    act(c, c->kind->secured(c->session, &facts, &turn), &turn);
}

static bool call_nudged(struct connection *c, enum nudge why)
{
    struct turn turn = turn_of(c);

    act(c, c->kind->nudged(c->session, why, &turn), &turn);
    return true;
}

static bool call_more(struct connection *c)
{
    struct turn turn = turn_of(c);

    act(c, c->kind->more(c->session, &turn), &turn);
    return true;
}

static bool call_read(struct connection *c)
{
    struct wire *w = c->wire;
    struct turn turn = turn_of(c);

    turn.in = wire_unread(w);
    act(c, c->kind->read(c->session, &turn), &turn);
    assert(turn.used <= turn.in.len);
    if (turn.used == 0 && turn.in.len >= WIRE_UNREAD_MAX && c->step == STEP_READING)
        c->step = STEP_HANGING_UP;
    if (turn.used == 0 && c->step == STEP_READING)
        c->fresh = false;
    wire_take(w, turn.used);
    return true;
}

/* A nudge that is due, if any: closing once, news once a look, the timer at its time. */
static bool nudge_due(struct connection *c, enum nudge *out_why)
{
    if (c->loop->closing && !c->told_closing) {
        c->told_closing = true;
        *out_why = NUDGE_CLOSING;
        return true;
    }
    if (news_waits(c)) {
        *out_why = NUDGE_CHANGE;
        return true;
    }
    if (c->wake_at_ms && c->wake_at_ms <= monotonic_ms()) {
        c->wake_at_ms = 0;
        *out_why = NUDGE_TIMER;
        return true;
    }
    return false;
}

/* The peer leaves too much unread. */
static bool is_clogged(struct connection *c)
{
    if (!c->wire || wire_unsent(c->wire) < WIRE_UNSENT_MAX)
        return false;
    wire_flush(c->wire);
    return wire_unsent(c->wire) >= WIRE_UNSENT_MAX;
}

/* Each step function: true if it went on, so that there may be more to do at once. */
static bool go_on_reading(struct connection *c)
{
    enum nudge why;
    struct wire *w = c->wire;

    if (is_clogged(c))
        return false;
    if (nudge_due(c, &why))
        return call_nudged(c, why);
    if (!w)
        return false;
    if (c->fresh && wire_unread(w).len > 0)
        return call_read(c);
    if (wire_fill(w))
        return call_read(c);
    wire_flush(w);
    if (w->ended) /* a part of a command remains, or nothing: no more will come */
        c->step = STEP_HANGING_UP;
    return w->ended;
}

static bool go_on_sending(struct connection *c)
{
    enum nudge why;

    if (is_clogged(c))
        return false;
    if (nudge_due(c, &why))
        return call_nudged(c, why);
    if (c->wire) {
        wire_flush(c->wire);
        if (c->wire->broken || wire_unsent(c->wire) > 0)
            return false;
    }
    return call_more(c);
}

static void limit(struct connection *c, int64_t within_ms)
{
    c->limit_at_ms = monotonic_ms() + within_ms;
}

/* The peer is told why (OpenSSL sent an alert) and gets the time to read it. */
static bool give_up_shaking(struct connection *c)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    log_debug("service=%s peer=%s handshake failed: %s", c->peer.service, c->peer.text,
              reason ? reason : "connection closed");
    ERR_clear_error();
    c->trust = tls_trust_of(c->wire->ssl);
    wire_goodbye(c->wire);
    c->step = STEP_LINGERING;
    limit(c, LINGER_MS);
    return true;
}

/* The session that waited for the handshake gives way to that of the protocol which was asked for. */
static bool change_protocol(struct connection *c)
{
    const struct listen_protocol *asked = tls_protocol_of(c->wire->ssl, c->protocols);

    if (!asked || asked->kind == c->kind)
        return true;
    struct peer peer = c->peer;
    peer.service = asked->service;
    void *session = asked->new_session(c->protocols_ctx, &peer);
    if (!session)
        return false;
    c->kind->free(c->session);
    c->kind = asked->kind;
    c->session = session;
    c->peer = peer;
    return true;
}

static bool secured(struct connection *c)
{
    if (!c->begun && c->protocols && !change_protocol(c)) {
        connection_end(c);
        return false;
    }
    if (!c->begun)
        call_begin(c);
    if (c->step == STEP_HANGING_UP)
        return true;
    assert(!c->errand); /* loop.h: begin() under implicit TLS gives no errand */
    call_secured(c);
    return true;
}

static bool go_on_shaking(struct connection *c)
{
    switch (wire_shake(c->wire)) {
    case SHAKE_GOES_ON: return false;
    case SHAKE_FAILED: return give_up_shaking(c);
    case SHAKE_DONE: return secured(c);
    }
    return false;
}

static bool start_shaking(struct connection *c)
{
    bool started = c->client_tls
                       ? wire_take_tls(c->wire, steal(&c->client_tls))
                       : wire_start_tls(c->wire, tls_server_context(c->tls), c->protocols);
    if (!started) {
        connection_end(c);
        return false;
    }
    c->step = STEP_SHAKING;
    limit(c,
          is_crowded(c) && c->handshake_ms > CROWDED_SHAKE_MS ? CROWDED_SHAKE_MS : c->handshake_ms);
    return true;
}

/* What came before the 220 left was said in clear by whoever is in the middle (mail.md 1.5).  Looking
 * ends with the 220: from then on every byte goes to OpenSSL, which takes it for a handshake or fails. */
static bool go_on_starting_tls(struct connection *c)
{
    assert(c->wire && (c->tls || c->client_tls) && !c->wire->ssl);
    if (wire_holds_early_bytes(c->wire)) {
        log_info("service=%s peer=%s ended: bytes behind STARTTLS", c->peer.service, c->peer.text);
        connection_end(c);
        return false;
    }
    wire_flush(c->wire);
    if (c->wire->broken || wire_unsent(c->wire) > 0)
        return false;
    return start_shaking(c);
}

/* What the peer sent before it read our yes could be meant either way. */
static bool go_on_compressing(struct connection *c)
{
    assert(c->wire && !c->wire->squeeze);
    if (wire_unread(c->wire).len > 0) {
        log_info("service=%s peer=%s ended: bytes behind COMPRESS", c->peer.service, c->peer.text);
        connection_end(c);
        return false;
    }
    wire_flush(c->wire);
    if (c->wire->broken || wire_unsent(c->wire) > 0)
        return false;
    wire_start_squeeze(c->wire);
    c->step = STEP_READING;
    return true;
}

static bool go_on_hanging_up(struct connection *c)
{
    struct wire *w = c->wire;

    if (!w) {
        connection_end(c);
        return false;
    }
    wire_flush(w);
    if (!w->broken && wire_unsent(w) > 0)
        return false;
    wire_goodbye(w);
    c->step = STEP_LINGERING;
    limit(c, LINGER_MS);
    return true;
}

static bool go_on_lingering(struct connection *c)
{
    if (wire_drained(c->wire))
        connection_end(c);
    return false;
}

static bool go_on(struct connection *c)
{
    if (c->loop->closing && !c->begun) { /* nobody was greeted yet */
        connection_end(c);
        return false;
    }
    switch (c->step) {
    case STEP_BEGIN: return c->peer.secured ? start_shaking(c) : call_begin(c);
    case STEP_SHAKING: return go_on_shaking(c);
    case STEP_READING: return go_on_reading(c);
    case STEP_AWAY:
        if (c->wire)
            wire_flush(c->wire);
        return false;
    case STEP_SENDING: return go_on_sending(c);
    case STEP_STARTING_TLS: return go_on_starting_tls(c);
    case STEP_COMPRESSING: return go_on_compressing(c);
    case STEP_HANGING_UP: return go_on_hanging_up(c);
    case STEP_LINGERING: return go_on_lingering(c);
    case STEP_DEAD: break;
    }
    return false;
}

static unsigned waits_for(const struct connection *c)
{
    const struct wire *w = c->wire;
    unsigned write = wire_unsent(w) > 0 ? WAIT_WRITE : 0;

    switch (c->step) {
    case STEP_SHAKING: return WAIT_READ;
    case STEP_READING: return wire_unsent(w) >= WIRE_UNSENT_MAX ? write : write | WAIT_READ;
    case STEP_AWAY: return write | WAIT_GONE;
    case STEP_LINGERING: return WAIT_READ;
    case STEP_BEGIN:
    case STEP_SENDING:
    case STEP_STARTING_TLS:
    case STEP_COMPRESSING:
    case STEP_HANGING_UP:
    case STEP_DEAD: return write;
    }
    return 0;
}

/* The driver's own deadline for the step that waits now. */
static void set_limit(struct connection *c)
{
    if (c->step == STEP_SHAKING || c->step == STEP_LINGERING)
        return;
    if (wire_unsent(c->wire) == 0)
        c->limit_at_ms = 0;
    else if (c->step == STEP_HANGING_UP && !c->limit_at_ms)
        limit(c, LAST_WORDS_MS);
    else if (c->step != STEP_HANGING_UP && (!c->limit_at_ms || c->wire->moved))
        limit(c, c->stalled_ms);
    c->wire->moved = false;
}

static void arm_timer(struct connection *c)
{
    bool clogged = c->wire && wire_unsent(c->wire) >= WIRE_UNSENT_MAX;
    bool nudges = (c->step == STEP_READING || c->step == STEP_SENDING) && !clogged;
    int64_t at = nudges ? c->wake_at_ms : 0;

    if (c->limit_at_ms && (!at || c->limit_at_ms < at))
        at = c->limit_at_ms;
    /* A timer that strikes too early is cheap; one moved with each command is not. */
    if (!at || (c->timer_at_ms && c->timer_at_ms <= at))
        return;
    int64_t wait = at - monotonic_ms();
    if (wait < 0)
        wait = 0;
    struct timeval within = {.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000};
    if (event_add(c->timer, &within) == 0)
        c->timer_at_ms = at;
}

static void settle(struct connection *c)
{
    if (c->step == STEP_DEAD)
        return;
    if (c->wire) {
        if (c->wire->broken) {
            connection_end(c);
            return;
        }
        set_limit(c);
        wire_rest(c->wire);
        connection_weigh(c, wire_weight(c->wire));
        wire_wait(c->wire, waits_for(c));
    }
    arm_timer(c);
}

void connection_drive(struct connection *c)
{
    if (c->limit_at_ms && c->limit_at_ms <= monotonic_ms()) {
        connection_end(c);
        return;
    }
    int64_t began_ms = monotonic_ms();
    for (int i = 0; i < STEPS_AT_ONCE && (i == 0 || monotonic_ms() - began_ms < AT_ONCE_MS); i++) {
        if (!go_on(c)) {
            settle(c);
            return;
        }
    }
    /* The yes to STARTTLS leaves when nothing of the peer's can be taken for an early byte any more. */
    if (c->wire && c->step != STEP_STARTING_TLS && c->step != STEP_COMPRESSING)
        wire_flush(c->wire);
    connection_soon(c);
}

void connection_errand_home(struct connection *c, struct errand *errand)
{
    assert(c->errand == errand);
    c->errand = NULL;
    if (c->step == STEP_DEAD) {
        errand_free(errand);
        connection_soon(c);
        return;
    }
    struct turn turn = turn_of(c);
    act(c, c->kind->resume(c->session, errand, &turn), &turn);
    connection_drive(c);
}

static void on_wire(int fd, short what, void *arg)
{
    (void)fd;
    struct connection *c = arg;

    if (c->step == STEP_DEAD)
        return;
    if (c->step == STEP_AWAY && wire_peer_gone(c->wire)) {
        connection_end(c);
        return;
    }
    if (c->step == STEP_AWAY && what & EV_READ)
        wire_wait(c->wire, WAIT_GONE_ONLY); /* it sends ahead */
    if (what & EV_READ || c->wire->read_awaits_write)
        c->wire->may_read = true;
    if (!c->ready) /* else it had its share, and its turn comes */
        connection_drive(c);
}

struct connection *connection_accept(struct loop *loop, int fd, const struct peer *peer,
                                     const struct listen_options *options, void *session)
{
    struct connection *c = connection_new(loop, options->kind, session);

    c->peer = *peer;
    c->tls = options->tls;
    c->protocols = options->protocols;
    c->protocols_ctx = options->ctx;
    c->handshake_ms = options->handshake_ms ? options->handshake_ms : 30 * SECOND_MS;
    c->stalled_ms = STALLED_MS;
    c->wire = must_new(struct wire);
    wire_init(c->wire, fd, loop->base, on_wire, c);
    return c;
}
