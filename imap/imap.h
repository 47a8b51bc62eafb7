/*
 * imap — the mail programs' face: the one store over IMAP4rev2 and IMAP4rev1 (RFC 9051, 3501).
 *
 * Does:     speak IMAP; show mailboxes, bring flags, moves and appended messages to the bridge.
 * May use:  base, config, vault, bridge, mime, store (reading).
 * Must not: open sockets, decide, or write the store (the bridge does).
 *
 * Two libraries: imap_wire (base alone: the session and its parsers) and imap_work (what errands do).  Between them
 * stands struct imap_duties (imap_duties.h).
 */
#ifndef NESTBOX_IMAP_H
#define NESTBOX_IMAP_H

#include "scope.h"
#include "session.h"

struct bridge;
struct config;
struct logins;
struct spools;
struct store;

struct imap_parts { /* all borrowed until imap_free() */
    const struct config *config;
    struct bridge *bridge;
    struct store *store;
    struct spools *spools;
    struct logins *logins;
    bool (*is_login_busy)(void *ctx); /* many passwords wait to be checked; NULL: never */
    void *ctx;
};
struct imap;
struct imap *imap_new(const struct imap_parts *parts);
void imap_free(struct imap *it); /* after the loops have ended */
SCOPED(imap, imap_free)

/* On the loop of the sessions: those of this account were logged in by a password that is no more.  nudge() is given what
 * each of them watches. */
void imap_end_sessions(struct imap *it, int64_t account_id, void (*nudge)(void *ctx, int64_t topic),
                       void *ctx);

/* For listeners; ctx is a struct imap. */
extern const struct session_kind imap_session_kind;
void *imap_session_new(void *imap, const struct peer *peer);

#endif
