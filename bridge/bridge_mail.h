/*
 * bridge_mail — what smtp asks the bridge: may this recipient be written to, and what becomes of this mail.
 *
 * A verdict is not an error: it is an enum with words for the author, and smtp translates it into a reply
 * once (the table is in the comments).  `struct err` is for what failed.
 */
#ifndef NESTBOX_BRIDGE_MAIL_H
#define NESTBOX_BRIDGE_MAIL_H

#include "bridge.h"
#include "envelope.h"
#include "evidence.h"
#include "mail.h"
#include "store.h"
#include "stream.h"

enum verdict {
    VERDICT_TAKEN,        /* 250 2.0.0 */
    VERDICT_LATER,        /* 450 4.7.1 */
    VERDICT_UNSURE,       /* 451 4.7.0: DNS does not say who this is */
    VERDICT_FULL_FOR_NOW, /* 452 4.2.2 */
    VERDICT_NOBODY,       /* 550 5.1.1 */
    VERDICT_CLOSED,       /* 550 5.2.1 */
    VERDICT_FULL,         /* 552 5.2.2 */
    VERDICT_TOO_LONG,     /* 552 5.3.4 */
    VERDICT_UNFIT,        /* 550 5.6.0 */
    VERDICT_NOT_ALLOWED,  /* 550 5.7.1 */
    VERDICT_LOOP,         /* 554 5.4.6 */
};
struct answer {
    enum verdict verdict;
    char words[401]; /* one ASCII line */
};

enum mail_door { MAIL_DOOR_MX, MAIL_DOOR_SUBMISSION };

struct contact_visit;
struct store_tx;
struct asked_recipient { /* what RCPT asks; borrowed */
    enum mail_door door;
    struct slice mail_from, recipient;
    /* Of mail from outside: its address, and what it calls itself; else empty. */
    struct slice client, helo;
};
/* At RCPT, QUICK lane.  A later try of somebody who is known by now is answered as it would be after DATA: then *out_knock is
 * set, and bridge_knock_record() must follow before the peer hears the answer.  (NULL, or no client: the text is read.) */
MUST_CHECK bool bridge_recipient(struct bridge *bridge, struct store_view *view,
                                 const struct asked_recipient *asked, struct answer *out,
                                 struct contact_visit **out_knock, struct err *err);
MUST_CHECK bool bridge_knock_record(struct bridge *bridge, struct store_tx *tx,
                                    struct contact_visit *knock, struct err *err);
void bridge_knock_free(struct contact_visit *knock);
/* At MAIL on submission: does this login own that sender?  (Null sender: yes.) */
MUST_CHECK bool bridge_sender(struct bridge *bridge, struct store_view *view, int64_t account_id,
                              struct slice mail_from, struct answer *out, struct err *err);

struct handle { /* a Fediverse person who must be found first (base/resolve.h) */
    char *user, *host;
    bool asked, silent; /* the caller tried; and their server did not answer */
    bool nobody;        /* the caller tried; there is no such person */
};
struct mail_plan;     /* the bridge's own, between prepare and record */
struct mail_arrival { /* one mail after its final dot; owned by smtp's errand, all members heap */
    /* filled by smtp */
    enum mail_door door;
    int64_t account_id;
    char *mail_from; /* "" is the null sender */
    char **recipients;
    size_t recipient_count;
    struct mail_terms terms;                 /* what MAIL said beside the address */
    struct recipient_terms *recipient_terms; /* one for each recipient; NULL: none said anything */
    struct source *body;  /* as received, borrowed from the spool until mail_arrival_clear() */
    char *received_field; /* our own "Received: …\r\n" for copies that stay or go on by mail */
    char *helo;           /* what its server calls itself; or NULL */
    struct mail *mail;    /* `body` taken apart; NULL: not yet, or not any more */
    struct evidence evidence; /* mail from outside: what proves where it comes from */
    struct bytes arc_chain;   /* and its sets of ARC, if evidence.arc is a pass */
    int64_t received_ms;
    /* filled by prepare() when a verdict needs people found first; smtp resolves, sets asked/silent/nobody, calls again */
    struct handle *wanted;
    size_t wanted_count;
    /* results */
    struct answer answer;
    bool
        records; /* refused for now or for good, and yet record() must follow: who knocked is kept */
    struct mail_plan *plan;
};
/* HEAVY lane (BULK above 1 MiB).  True with wanted_count > 0 and an unasked handle: find them and call again.  Otherwise answer is
 * set; if VERDICT_TAKEN or `records`, record() must follow in the same errand before the peer hears it. */
MUST_CHECK bool bridge_mail_prepare(struct bridge *bridge, struct mail_arrival *arrival,
                                    struct err *err);
MUST_CHECK bool bridge_mail_record(struct bridge *bridge, struct store_tx *tx,
                                   struct mail_arrival *arrival, struct err *err);
void mail_arrival_clear(struct mail_arrival *arrival);

#endif
