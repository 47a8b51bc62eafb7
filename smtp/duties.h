/*
 * duties — what the SMTP session asks to be done elsewhere: given at wiring, faked by tests and fuzzers.
 *
 * The wire side frames and keeps order; these functions make errands, whose results are ready replies.
 */
#ifndef NESTBOX_SMTP_DUTIES_H
#define NESTBOX_SMTP_DUTIES_H

#include "clock.h"
#include "envelope.h"
#include "errand.h"
#include "login_errand.h"
#include "logins.h"
#include "rate.h"
#include "roll.h"
#include "session.h"
#include "tally.h"

enum smtp_door { SMTP_DOOR_MX, SMTP_DOOR_SUBMISSION };

/* First member of every errand a duty makes. */
struct smtp_errand {
    struct errand errand; /* ok false: 451, whatever `code` says */
    int code;             /* the reply: 250, 550 … */
    char status[8];       /* "2.1.0" */
    char words[401];
    /* An errand that must be done first (find a person): sent by the session, handed to duties->fed(), after which
     * this errand is sent again. */
    struct errand *first;
    bool answered; /* the reply stands here already: nothing is sent away any more */
};

struct smtp_body; /* an arriving body, in the spool */

struct smtp_mail { /* an envelope; the errand copies what it needs and takes `body` */
    enum smtp_door door;
    int64_t account_id;
    struct slice mail_from;
    const struct mail_terms *terms; /* what MAIL said beside the address */
    char *const *recipients;
    const struct recipient_terms *recipient_terms; /* what each RCPT said */
    size_t recipient_count;
    struct smtp_body *body;
    const struct peer *peer;
    const char *ehlo, *session;
    const char *protocol; /* ESMTPS, ESMTPSA … (RFC 3848) */
    bool secured;
};

struct smtp_envelope { /* what MAIL said, when a recipient is asked about; copied by the duty */
    enum smtp_door door;
    int64_t account_id;
    struct slice mail_from;
    const struct peer *peer;
    const char *ehlo;
    bool require_tls; /* RFC 8689: TLS all the way, or not at all */
};

struct smtp_duties {
    void *ctx;
    const char *hostname;
    int64_t message_max;
    unsigned recipients_max;
    bool require_tls; /* of other servers (RFC 3207 4) */
    bool (*is_busy)(void *ctx);
    const struct clock *timer; /* loop time, for deadlines; NULL: monotonic_ms() */
    /* The inward loop's: who guesses passwords, who is logged in, to how many each account wrote. */
    struct logins *logins;
    struct roll *roll;
    struct tally *owners;
    struct rate *sendings;
    bool (*is_login_busy)(void *ctx); /* too many passwords wait to be checked: AUTH hears 454 */

    struct errand *(*login)(void *ctx, const struct peer *peer, struct slice name,
                            struct slice password);            /* struct login_errand */
    struct errand *(*challenge)(void *ctx, struct slice name); /* struct challenge_errand */
    struct errand *(*prove)(void *ctx, struct slice name, struct slice auth_message,
                            struct slice proof); /* struct login_errand */
    /* Does the login own it?  Account 0, mail from outside: can it be answered at all? */
    struct errand *(*sender)(void *ctx, int64_t account_id, struct slice mail_from);
    struct errand *(*recipient)(void *ctx, const struct smtp_envelope *envelope,
                                struct slice recipient);
    /* Whether a mail that is announced with so many octets can be kept just now.  Strangers, who come by the MX's door,
     * leave some of the disk to those who log in. */
    bool (*has_room)(void *ctx, enum smtp_door door, int64_t octets);
    struct smtp_body *(*body_new)(void *ctx, enum smtp_door door);
    bool (*body_add)(struct smtp_body *body, struct slice s); /* true: flush before more */
    struct errand *(*body_flush)(
        struct smtp_body *body); /* borrows the body; a struct smtp_errand */
    void (*body_free)(struct smtp_body *body);
    struct errand *(*take)(void *ctx, const struct smtp_mail *mail); /* after the final dot */
    void (*fed)(struct smtp_errand *waiting, struct errand *back);   /* takes `back` */
};

extern const struct session_kind smtp_session_kind;
/* `duties` borrowed for the session's life. */
void *smtp_wire_session_new(const struct smtp_duties *duties, const struct peer *peer);

#endif
