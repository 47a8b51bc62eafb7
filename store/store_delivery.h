/*
 * store_delivery — what should be true elsewhere, and what is: reading.
 *
 * Deliveries are state (architecture.md 5): target has version d, should have version w.  d = 0 < w: Create;
 * 0 < d < w: Update; withdrawn: Delete, or nothing if never delivered.  Claims live in memory alone; after a
 * crash all is due again.  A broadcast is an audience still to be expanded into deliveries.
 */
#ifndef NESTBOX_STORE_DELIVERY_H
#define NESTBOX_STORE_DELIVERY_H

#include "claims.h"
#include "envelope.h"
#include "store.h"

enum delivery_subject {
    SUBJECT_MESSAGE = 1,   /* subject_id: message */
    SUBJECT_FOLLOW_ANSWER, /* follow: wanted 1 Accept, 2 Reject; by mail 1 the question, 2 goodbye,
                              else the day of an evening mail */
    SUBJECT_FOLLOW,        /* follow of ours: wanted 1 Follow, 2 Undo */
    SUBJECT_ACTOR, /* account: wanted n Update(Person) or Move; by mail that it moved; withdrawn: Delete(actor) */
    SUBJECT_REPORT,   /* by mail: a report of TLS (RFC 8460), a number of its own; below 0: an
                         answer to a claim */
    SUBJECT_REACTION, /* reaction of ours: wanted its version, odd Like or Announce, even its Undo */
};
enum delivery_target { TARGET_INBOX = 1, TARGET_PERSON, TARGET_MAIL };
enum delivery_tell { /* with due_ms DELIVERY_PARKED_MS: what its author is still to hear */
                     TELL_NOTHING,
                     TELL_GIVEN_UP,
                     TELL_RELAYED, /* taken by a server that makes no reports */
};
enum cipher {              /* TARGET_MAIL: how its text leaves */
              CIPHER_NONE, /* as it was written */
              CIPHER_OPEN, /* not decided: the keys of all who get it are looked for */
              CIPHER_ALL,  /* encrypted to whom it goes to, as all copies of it */
};
#define DELIVERY_PARKED_MS INT64_C(253402300799000) /* due then: the end of time */
struct delivery {
    int64_t id;
    enum delivery_subject subject;
    int64_t subject_id;
    int64_t account_id; /* who speaks: signs */
    enum delivery_target target;
    char *inbox;       /* TARGET_INBOX: URL */
    int64_t person_id; /* TARGET_PERSON: whose inbox must be found first; TARGET_MAIL: whom */
    char *host;        /* for per-host limits: of the inbox, or the mail domain */
    int wanted, delivered;
    bool withdrawn; /* wanted: not to be there; `wanted` is the Delete's version */
    int tries;      /* failed ones; never 0 again while d = 0, since one of them may have arrived */
    int64_t due_ms, first_ms; /* next try; when it was first wanted */
    char *last_reply;         /* one line; or NULL */
    int64_t body_id; /* TARGET_MAIL: the mail as it goes out; 0: rendered when it is sent */
    char *mail_from, *rcpt_to; /* TARGET_MAIL, as all below */
    struct mail_terms terms;   /* eight_bit and utf8 alone are not kept: the text tells */
    struct recipient_terms wish;
    enum delivery_tell tell;
    enum cipher cipher;
    /* How its host fares; 0 and NULL: well.  Nothing is tried before host_next_ms. */
    int64_t host_next_ms;
    char *host_reply;
};
void delivery_clear(struct delivery *delivery);
SCOPED_VALUE(delivery, delivery_clear)
/* Unfinished deliveries to `targets` (mask 1 << target) due at now_ms, earliest first, but for what is `held`.  Only
 * the index is read: the row itself is, when its time has come. */
struct due_row {
    int64_t id;
    const char *host; /* borrowed for the call; "" none */
};
MUST_CHECK bool store_deliveries_due(struct store_view *view, unsigned targets, int64_t now_ms,
                                     const struct claims_held *held, int limit,
                                     bool (*each)(void *ctx, const struct due_row *), void *ctx,
                                     struct err *err);
/* When the first one behind after_ms falls due (INT64_MAX: none does). */
MUST_CHECK bool store_delivery_next_due(struct store_view *view, unsigned targets, int64_t after_ms,
                                        int64_t *out_ms, struct err *err);
enum found store_delivery(struct store_view *view, int64_t id, struct delivery *out,
                          struct err *err);
/* Those of one text whose cipher is open. */
MUST_CHECK bool store_deliveries_open(struct store_view *view, int64_t body_id,
                                      bool (*each)(void *ctx, struct delivery *), void *ctx,
                                      struct err *err);
/* Unfinished ones for `queue list`, id above `after`. */
MUST_CHECK bool store_queue(struct store_view *view, int64_t after, int limit,
                            bool (*each)(void *ctx, const struct delivery *), void *ctx,
                            struct err *err);
MUST_CHECK bool store_queue_count(struct store_view *view, int64_t *out, struct err *err);

/* Host health: dead hosts are not tried until they speak to us again, silent ones are asked by one delivery at a time. */
struct host {
    char *name;
    int64_t failing_since_ms; /* 0: well */
    int64_t last_success_ms;
    int scheme;      /* signature scheme that worked: 0 unknown, 1 draft-cavage, 2 RFC 9421 */
    int silences;    /* in a row: nobody answered */
    int64_t next_ms; /* not asked before; 0: any time */
};
void host_clear(struct host *host);
SCOPED_VALUE(host, host_clear)
enum found store_host(struct store_view *view, struct slice name, struct host *out,
                      struct err *err);

/* Of mail: domains nobody answered for.  Those that are well have no row.  Where all mail goes to a smarthost, it alone
 * has one. */
#define MAIL_HOST_OF_ALL "*"
struct mail_host {
    int64_t failing_since_ms, next_ms;
    int tries;
};
enum found store_mail_host(struct store_view *view, const char *name, struct mail_host *out,
                           struct err *err);

/* Did that mail domain say lately that it takes encrypted mail only? */
MUST_CHECK bool store_encrypted_only(struct store_view *view, const char *host, int64_t now_ms,
                                     bool *out, struct err *err);

/* Whether an edit or a withdrawal has not come to all of its rows yet. */
MUST_CHECK bool store_changes_wait(struct store_view *view, bool *out, struct err *err);

/* The version of an account's profile that changes now: its time in seconds, or one more than what anybody has been told. */
MUST_CHECK bool store_profile_version(struct store_view *view, int64_t account_id, int64_t now_ms,
                                      int *out, struct err *err);
/* Held messages whose release_ms has come, and broadcasts still to expand. */
MUST_CHECK bool store_held_due(struct store_view *view, int64_t now_ms, int64_t *out_ids,
                               size_t max, size_t *out_count, int64_t *out_next_ms,
                               struct err *err);
struct broadcast {
    int64_t id, message_id, account_id;
    int64_t
        reaction_id; /* the account's boost of the message is what goes; 0: the message itself */
    int64_t cursor;  /* last follow id expanded */
    int tries;       /* failed ones, of this page */
    int64_t due_ms;  /* 0: at once */
};
/* The one that is due first, or will be. */
enum found store_broadcast_next(struct store_view *view, struct broadcast *out, struct err *err);

#endif
