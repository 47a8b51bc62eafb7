/*
 * smtp — the mail face: ingress on 25, submission on 587 and 465 (RFC 5321, 6409, 8314), delivery elsewhere (out.h).
 *
 * Does:     speak SMTP; bring a mail, its envelope and who sent it to the bridge; translate its verdict once.
 * May use:  base, config, vault, bridge, mime, store (reading).
 * Must not: open sockets, decide who is welcome, or write the store (the bridge does).
 *
 * Two libraries: smtp_wire (base alone: the session, framing, grammar) and smtp_work (what errands do).  Between
 * them stands struct smtp_duties (duties.h).
 */
#ifndef NESTBOX_SMTP_H
#define NESTBOX_SMTP_H

#include "clock.h"
#include "scope.h"
#include "session.h"

struct bridge;
struct config;
struct logins;
struct roll;
struct spools;
struct store;
struct vault;

struct smtp_parts { /* all borrowed until smtp_free() */
    const struct config *config;
    const struct clock *clock;
    struct bridge *bridge;
    struct store *store;
    struct vault *vault;
    struct spools *spools;
    struct logins *logins;            /* who guesses passwords; the same for every protocol */
    struct roll *roll;                /* who is logged in; likewise */
    bool (*is_busy)(void *ctx);       /* a lane is past its length: MAIL hears 451; NULL: never */
    bool (*is_login_busy)(void *ctx); /* so is the line of passwords: AUTH hears 454; NULL: never */
    /* Starts a session without a connection on the outward loop.  Any thread; takes `session`. */
    void (*start_session)(void *ctx, const struct session_kind *kind, void *session);
    void *ctx;
};
struct smtp;
struct smtp *smtp_new(const struct smtp_parts *parts);
void smtp_free(struct smtp *it); /* after the loops have ended */
SCOPED(smtp, smtp_free)

/* For listeners; ctx is a struct smtp.  peer->service says which door: "smtp", "submission", "submissions". */
extern const struct session_kind smtp_session_kind;
void *smtp_session_new(void *smtp, const struct peer *peer);

/* Starts sending what is due to people elsewhere, and goes on until the outward loop closes.  Any thread, once. */
void smtp_deliver(struct smtp *it);

#endif
