/*
 * A driver without sockets and duties without a store: an IMAP session as a function from bytes to bytes.
 *
 * Errands are done at once.  Known: alice@home.test with the password "secret"; mailboxes INBOX and Work/Old; INBOX holds
 * `count` messages, number n with UID 10·n and the text of fake_text().
 */
#ifndef NESTBOX_TEST_IMAP_FAKE_H
#define NESTBOX_TEST_IMAP_FAKE_H

#include "clock.h"
#include "imap_duties.h"

enum { FAKE_MESSAGES = 64 };
struct fake_message {
    uint32_t uid;
    unsigned flags;
    char keywords[200];
    int64_t modseq;
};
struct fake {
    struct imap_duties duties;
    struct roll roll;
    struct peer peer;
    void *session;
    struct bytes unread, out;
    bool over, login_busy, crowded;
    int failing_looks;     /* so many from now on */
    bool arrives_unheard;  /* once: behind the look of an errand during which nothing is watched */
    bool inbox_gone;       /* deleted by somebody else */
    bool changes_password; /* once, while an errand is out */
    bool dismisses;        /* once, while the client takes the first part of an answer */
    struct test_clock timer;
    int64_t wake_at_ms, watch;
    struct fake_message messages[FAKE_MESSAGES];
    size_t count;
    uint32_t gone[FAKE_MESSAGES]; /* UIDs, with the modseq at which they went */
    int64_t gone_modseq[FAKE_MESSAGES];
    size_t gone_count;
    int64_t modseq;
    int appended, copies_left; /* slices of copies before the disk is full; -1: no end */
    uint32_t copied;
    const char *mailboxes;   /* "Fruit/Apple+ Tofu", '+': subscribed; NULL: INBOX and Work/Old */
    struct imap_notes notes; /* of INBOX */
    struct bytes last_body, taken_out;
    int bodies; /* arriving messages that are kept */
    bool disk_full;
    int64_t errands_take_ms;
};

void fake_begin(struct fake *fake, bool secured, size_t count);
void fake_pass(struct fake *fake, int64_t ms); /* time; the session is woken if that is due */
void fake_feed(struct fake *fake, struct slice bytes);
/* A conversation: '|' parts what arrives in one read. */
void fake_say(struct fake *fake, const char *said);
void fake_nudge(struct fake *fake, enum nudge why);
void fake_end(struct fake *fake);
/* Something happens in INBOX that the session did not do; it is nudged about it. */
void fake_arrive(struct fake *fake);
void fake_vanish(struct fake *fake, uint32_t uid);
void fake_text(uint32_t uid, char out[100]);

#endif
