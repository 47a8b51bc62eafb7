/*
 * A driver without sockets and duties without a store: an SMTP session as a function from bytes to bytes.
 *
 * Errands are done at once.  Known: alice@home.test with the password "secret"; recipients at home.test but
 * nobody@; the body is kept in memory and flushed by every 64 KiB.
 */
#ifndef NESTBOX_TEST_SMTP_FAKE_H
#define NESTBOX_TEST_SMTP_FAKE_H

#include "clock.h"
#include "duties.h"

struct fake {
    struct smtp_duties duties;
    struct roll roll;
    bool changes_password; /* once, while an errand is out */
    struct peer peer;
    void *session;
    struct bytes unread; /* what the session has not taken yet */
    struct bytes out;
    bool over; /* hung up */
    bool secured;
    struct tls_facts tls; /* of the handshake to come, or of implicit TLS */
    struct test_clock timer;
    bool crowded, at_home; /* given; said by the session */
    int64_t wake_at_ms, watch;
    int rests; /* short ones that it asked for: over at once */
    /* what was taken */
    int mails;
    struct bytes last_body;
    char last_from[321];
    size_t last_recipients;
    struct mail_terms last_terms;
    struct recipient_terms last_recipient_terms; /* of the first recipient */
    int bodies;                                  /* texts that are kept */
    int flushes, flush_fails_at;
    int64_t flush_takes_ms;
    bool packed;              /* no room for what strangers announce */
    enum smtp_door body_door; /* of the last text that began */
    bool busy, login_busy;
    enum err_kind take_fails; /* 0: it does not */
    int first_errands;        /* how many the next take asks for before it is done */
    const struct smtp_errand *recipient_says, *take_says; /* instead of what is usual; or NULL */
};

void fake_begin(struct fake *fake, const char *service, bool require_tls);
void fake_begin_early(struct fake *fake, const char *service, bool require_tls, bool early);
void fake_pass(struct fake *fake, int64_t ms); /* time; the session is woken if that is due */
/* Bytes in one read; more may follow. */
void fake_feed(struct fake *fake, struct slice bytes);
/* A conversation: '|' parts what arrives in one read. */
void fake_say(struct fake *fake, const char *said);
const char *
fake_last_line(struct fake *fake); /* of what was answered; overwritten by the next call */
void fake_secure(struct fake *fake, const struct tls_facts *tls); /* a handshake with these */
void fake_nudge(struct fake *fake, enum nudge why);
void fake_end(struct fake *fake);

#endif
