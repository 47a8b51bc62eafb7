/*
 * A driver without sockets for the client session, and duties without a store: what a server says goes in, what we
 * say comes out.  Errands are done at once.
 */
#ifndef NESTBOX_TEST_SMTP_FAKE_CLIENT_H
#define NESTBOX_TEST_SMTP_FAKE_CLIENT_H

#include "client.h"

struct fake_client {
    struct out_duties duties;
    struct out_talk talk;
    void *session; /* NULL: freed */
    struct bytes unread, out;
    bool over;        /* hung up */
    bool shake_fails; /* the handshake, if it comes to one */
    bool record_fails;
    size_t piece_size;      /* of each piece; 0: all at once */
    int64_t piece_fails_at; /* this offset cannot be read; -1: none */
    int shaken, recorded, mores;
};

/* One mail with `text` to `count` people: r0@c.test, r1@c.test … */
struct out_mail *fake_mail(const char *text, size_t count);
/* Takes the mail. */
void fake_client_begin(struct fake_client *fake, struct out_mail *mail, enum tls_demand tls);
void fake_client_hear(struct fake_client *fake, struct slice bytes); /* in one read */
void fake_client_nudge(struct fake_client *fake, enum nudge why);
/* The connection ends, if it has not yet; the results stay. */
void fake_client_cut(struct fake_client *fake);
void fake_client_end(struct fake_client *fake);

/* Says the script: '|' parts what is said each time the client has spoken, ';' lines. */
void fake_client_says(struct fake_client *fake, const char *script);
void fake_client_play(struct fake_client *fake, const char *script); /* and then it ends */
const char *fake_client_said(const struct fake_client *fake);        /* by us, line ends as '|' */

#endif
