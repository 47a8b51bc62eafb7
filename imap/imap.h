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
struct roll;
struct spools;
struct store;

struct imap_parts { /* all borrowed until imap_free() */
    const struct config *config;
    struct bridge *bridge;
    struct store *store;
    struct spools *spools;
    struct logins *logins;
    struct roll *roll;                /* who is logged in, by any protocol */
    bool (*is_login_busy)(void *ctx); /* many passwords wait to be checked; NULL: never */
    void *ctx;
};
struct imap;
struct imap *imap_new(const struct imap_parts *parts);
void imap_free(struct imap *it); /* after the loops have ended */
SCOPED(imap, imap_free)

/* For listeners; ctx is a struct imap. */
extern const struct session_kind imap_session_kind;
void *imap_session_new(void *imap, const struct peer *peer);

#endif
