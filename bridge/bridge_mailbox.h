/*
 * bridge_mailbox — what imap asks the bridge: flags, moves, mailboxes, messages put in by hand.
 *
 * All but the preparing of an append runs on the writer, inside an errand's write(), and may run twice.  A mailbox is
 * a view of messages: what leaves one is neither unsaid nor called back (behaviour.md 11).
 *
 * Long work comes in slices of MAILBOX_SLICE entries, each a transaction of its own, so that nobody's commit waits
 * for it: an outcome with `more` is asked again, with uids.after = outcome.reached.
 */
#ifndef NESTBOX_BRIDGE_MAILBOX_H
#define NESTBOX_BRIDGE_MAILBOX_H

#include "bridge.h"
#include "store_shelf.h"
#include "stream.h"

struct store_tx;

enum { MAILBOX_SLICE = 500 };

struct uid_range {
    uint32_t first, last;
};
struct uid_ranges { /* rising, apart */
    const struct uid_range *at;
    size_t count;
    uint32_t after; /* those up to this one were done in earlier slices */
};

enum mail_flags_how { MAIL_FLAGS_SET, MAIL_FLAGS_ADD, MAIL_FLAGS_REMOVE };
struct mail_flags {
    enum mail_flags_how how;
    unsigned flags;          /* enum entry_flag */
    const char *keywords;    /* "$Forwarded Work", or NULL */
    int64_t unchanged_since; /* -1: whatever they are */
};

struct mailbox_outcome { /* `{0}` is an empty one; filled anew by each call */
    bool gone;           /* with ERR_ABSENT: the mailbox itself, not a target */
    int64_t modseq_before, modseq;
    struct entry_mark *marks; /* as they are now, of entries that changed */
    size_t mark_count, mark_capacity;
    uint32_t *
        uids; /* flags: left alone, because of `unchanged_since`; expunge: gone; copy: from where */
    size_t uid_count, uid_capacity;
    uint32_t *new_uids; /* copy, append */
    size_t new_count, new_capacity;
    uint32_t uid_validity; /* copy, append: of the target */
    int64_t target_id;     /* copy: the same */
    uint32_t uid_next;     /* copy: of the mailbox they were in, before */
    bool more;             /* not all was done: ask again for those after `reached` */
    uint32_t reached;
};
void mailbox_outcome_clear(struct mailbox_outcome *outcome);

MUST_CHECK bool bridge_mailbox_flags(struct store_tx *tx, int64_t mailbox_id,
                                     struct uid_ranges uids, const struct mail_flags *flags,
                                     struct mailbox_outcome *out, struct err *err);
/* Those marked deleted, among `uids`. */
MUST_CHECK bool bridge_mailbox_expunge(struct store_tx *tx, int64_t mailbox_id,
                                       struct uid_ranges uids, struct mailbox_outcome *out,
                                       struct err *err);
struct mail_copy {
    int64_t account_id, mailbox_id;
    struct slice to;
    int64_t to_id; /* 0: the mailbox named `to`; in later slices target_id of the first */
    bool move;
    struct bridge
        *bridge; /* a request that comes to Contacts/ is answered by that; NULL: nothing is */
};
/* ERR_ABSENT: no such target; it is not made.  A copy is all or nothing to whoever asked: when a later slice fails, the
 * asker takes back what earlier ones made. */
MUST_CHECK bool bridge_mailbox_copy(struct store_tx *tx, const struct mail_copy *copy,
                                    struct uid_ranges uids, struct mailbox_outcome *out,
                                    struct err *err);
/* Takes entries out of a mailbox, marked deleted or not. */
MUST_CHECK bool bridge_mailbox_take_out(struct store_tx *tx, int64_t mailbox_id,
                                        struct uid_ranges uids, struct mailbox_outcome *out,
                                        struct err *err);

/* Whole mailboxes.  A refusal is ERR_REFUSED or ERR_ABSENT with words for the client. */
MUST_CHECK bool bridge_mailbox_create(struct store_tx *tx, int64_t account_id, struct slice name,
                                      int special,
                                      struct err *err); /* there already: ERR_REFUSED */
/* In slices: *out_more is true until all is done, `again` from the second on.  *out_id: the mailbox that goes. */
MUST_CHECK bool bridge_mailbox_delete(struct store_tx *tx, int64_t account_id, struct slice name,
                                      int64_t *out_id, bool *out_more, struct err *err);
MUST_CHECK bool bridge_mailbox_rename(struct store_tx *tx, int64_t account_id, struct slice name,
                                      struct slice new_name, bool again, bool *out_more,
                                      struct err *err);
/* Who deletes a mailbox stays subscribed to its name; there is no subscribing to a name without a mailbox. */
MUST_CHECK bool bridge_mailbox_subscribe(struct store_tx *tx, int64_t account_id, struct slice name,
                                         bool subscribed, struct err *err);

/* A note on a mailbox, or on the server: "" (RFC 5464).  NULL takes it away.  Too many: ERR_REFUSED. */
MUST_CHECK bool bridge_mailbox_annotate(struct store_tx *tx, int64_t account_id,
                                        struct slice mailbox, const char *name, const char *value,
                                        struct err *err);

/* Messages put into a mailbox by a mail program: drafts, copies of what was sent. */
struct appended {           /* one; all members heap, released by appended_clear() */
    struct source *content; /* borrowed until it is prepared */
    unsigned flags;
    char *keywords;
    int64_t date_ms;       /* 0: now */
    struct letter *letter; /* the bridge's own, between prepare and record */
};
void appended_clear(struct appended *appended);
/* HEAVY lane (BULK above 1 MiB). */
MUST_CHECK bool bridge_append_prepare(struct bridge *bridge, int64_t account_id,
                                      struct appended *appended, struct err *err);
/* ERR_ABSENT: no such mailbox; ERR_FULL: over quota. */
MUST_CHECK bool bridge_append_record(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                                     struct slice mailbox, struct appended *appended, size_t count,
                                     struct mailbox_outcome *out, struct err *err);

/* Taken over from elsewhere by `nestbox import`; blocking. */
struct imported {
    int64_t account_id;
    struct slice mailbox; /* made if it is missing; a good name */
    struct slice content; /* lines end in CRLF */
    unsigned flags;
    int64_t date_ms; /* 0: now */
};
/* *out_new false: it came before, within 30 days, to the same mailbox; nothing was done.  ERR_FULL: over quota. */
MUST_CHECK bool bridge_import_mail(struct bridge *bridge, const struct imported *mail,
                                   bool *out_new, struct err *err);

#endif
