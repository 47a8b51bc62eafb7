/*
 * client — the conversation in which a mail is handed to another server (RFC 5321 4, RFC 3207, 2920, 4954).
 *
 * A session kind like any other, on a connection that a DIAL errand made.  Up to 100 mails go over one, for five
 * minutes.  What came of it stands in the struct
 * out_talk and in the recipients' fates when the session has been freed.
 */
#ifndef NESTBOX_SMTP_CLIENT_H
#define NESTBOX_SMTP_CLIENT_H

#include "out.h"
#include "out_tls.h"

enum talk_end {
    TALK_CUT,         /* the connection ended, or what came was no SMTP */
    TALK_TURNED_AWAY, /* greeting, EHLO or log-in were refused, or 421 */
    TALK_WITHOUT_TLS, /* which was demanded and not offered */
    TALK_UNSHAKEN,    /* the TLS handshake failed */
    TALK_UNPROMISED,  /* the mail has REQUIRETLS, and they do not offer it */
    TALK_DONE, /* the transaction came to its end: everybody has a fate, but for whom there was no room */
};
struct out_talk { /* lent to the session until the DIAL errand is home */
    const struct out_duties *duties;
    struct out_mail *mail;
    enum tls_demand
        tls; /* TLS_PROVED: the DIAL errand has the handshake fail with a wrong certificate */
    bool tls_at_once;
    /* What else may go over this connection, once all of `mail` is recorded; NULL: nothing.  more() gives a LOAD errand,
     * NULL: nothing waits.  fits() takes it when it is home; true: `mail` is what it brought, and may go. */
    struct errand *(*more)(struct out_talk *talk);
    bool (*fits)(struct out_talk *talk, struct errand *back);
    /* results */
    int mails;                      /* transactions before this one */
    char address[INET6_ADDRSTRLEN]; /* that was reached */
    enum talk_end end;
    int code; /* of the reply that ended it; 0: there was none */
    bool login_refused;
    char reply[OUT_REPLY_SIZE]; /* or words of ours */
    char tls_version[12];       /* "" : in clear */
    struct tls_outcome outcome; /* but for `asked` */
};
extern const struct session_kind smtp_client_kind;
void *smtp_client_new(struct out_talk *talk);

#endif
