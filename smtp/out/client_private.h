/*
 * What the files of the client session share.
 *
 *   HANDSHAKE (port 465)
 *       v
 *   GREETING ─> EHLO ─(5xx)─> HELO ─┐
 *               ^ │ └─> AUTH ──────>├─> MAIL ─> RCPT ─> DATA ─> TEXT ─> DOT ─> RECORDING ─> OVER
 *       secured │ v                 │
 *       HANDSHAKE <── STARTTLS ─────┘ (refused, and not demanded)
 *
 *   RECORDING ─> LOADING ─(another mail)─> MAIL, behind a RSET where the last one did not come to its dot
 *   RECORDING ─(recipients for whom there was no room)─> the same without LOADING
 *   DATA ─(354 although nobody was accepted)─> VOID ─> RECORDING
 *
 * Any state ends in OVER.  What EHLO offered in clear is forgotten behind the handshake (RFC 3207 4.2).
 */
#ifndef NESTBOX_SMTP_CLIENT_PRIVATE_H
#define NESTBOX_SMTP_CLIENT_PRIVATE_H

#include "client.h"
#include "out_reply.h"
#include "out_text.h"

enum client_state {
    CLIENT_GREETING, /* waiting for the reply of this name, up to DATA */
    CLIENT_EHLO,
    CLIENT_HELO,
    CLIENT_STARTTLS,
    CLIENT_HANDSHAKE,
    CLIENT_AUTH,
    CLIENT_MAIL,
    CLIENT_RCPT,
    CLIENT_DATA,
    CLIENT_TEXT, /* sending it */
    CLIENT_DOT,  /* all was said: from here on they may have it */
    CLIENT_VOID, /* the end of a text that goes to nobody */
    CLIENT_RECORDING,
    CLIENT_LOADING, /* the next mail */
    CLIENT_RSET,
    CLIENT_OVER,
    CLIENT_STATES,
};

enum { CLIENT_DOMAINS_MAX = 32 };
struct client {
    struct out_talk *talk;
    enum client_state state;
    bool secured;
    struct smtp_offers offers;
    bool *accepted; /* one for each recipient */
    int named;      /* recipients, in this transaction */
    bool full;      /* they said that this is enough of them */
    int mails_said; /* MAILs */
    char *
        domains[CLIENT_DOMAINS_MAX]; /* of recipients named so far, where their number is limited */
    size_t domain_count;
    size_t asked;    /* recipients up to here were named */
    size_t answered; /* and up to here answered */
    bool data_said;  /* with the envelope */
    bool tangled;    /* answers are still to come: no other mail */
    bool dotted;     /* nothing is left of the last mail: it came to its dot, or was not begun */
    int64_t began_ms;
    struct out_text text;
    int64_t offset;      /* of the next piece */
    int64_t deadline_ms; /* of the reply under way, monotonic */
    struct turn *turn;   /* of the call under way */
};

/* client_session.c */
void client_enter(struct client *c, enum client_state state); /* the only writer of c->state */
enum next client_end(struct client *c, enum talk_end end, const char *words); /* hangs up */
enum next client_turned_away(struct client *c, const struct smtp_reply *reply);
enum next client_no_sense(struct client *c); /* a reply that does not fit */
enum next client_finish(struct client *c);   /* record, then another mail or QUIT */
enum next client_quit(struct client *c);     /* who is open still needs another connection */
static inline bool reply_is(const struct smtp_reply *reply, int hundreds)
{
    return reply->code / 100 == hundreds;
}

/* client_greet.c */
enum next client_greeted(struct client *c, const struct smtp_reply *reply);
enum next client_hello(struct client *c);
enum next client_ehlo_answered(struct client *c, const struct smtp_reply *reply);
enum next client_helo_answered(struct client *c, const struct smtp_reply *reply);
enum next client_starttls_answered(struct client *c, const struct smtp_reply *reply);
enum next client_auth_answered(struct client *c, const struct smtp_reply *reply);

/* client_room.c: how much of a mail goes into one transaction, and over one connection */
/* The next recipient from `at` on who is open and may be named now; talk->mail->count: none. */
size_t client_next_to_name(const struct client *c, size_t at);
size_t client_next_open(const struct client *c, size_t at);
void client_named(struct client *c, const struct out_recipient *recipient);
bool client_may_say_mail(const struct client *c);
/* Whether that reply to RCPT speaks of the number of recipients (RFC 5321 4.5.3.1.10). */
bool client_hears_too_many(const struct client *c, const struct smtp_reply *reply);
void client_forget_domains(struct client *c);

/* client_mail.c */
enum next client_mail(struct client *c);
enum next client_mail_answered(struct client *c, const struct smtp_reply *reply);
enum next client_rcpt_answered(struct client *c, const struct smtp_reply *reply);
enum next client_data_answered(struct client *c, const struct smtp_reply *reply);
enum next client_dot_answered(struct client *c, const struct smtp_reply *reply);
enum next client_void_answered(struct client *c, const struct smtp_reply *reply);
enum next client_next_piece(struct client *c);
enum next client_take_piece(struct client *c, struct errand *back); /* takes `back` */

#endif
