/*
 * list_work — what the files of the lists share.
 *
 * The order of reading: list_token.c (words and digests), list_ask.c (a form), list_answer.c (yes, never, leave),
 * list_hand.c (the command line),
 * list_send.c (a post to its readers by mail), list_mail.c, list_copy.c and list_evening.c (what they get),
 * list_refused.c (what comes of it), list_suspended.c.
 */
#ifndef NESTBOX_BRIDGE_LIST_WORK_H
#define NESTBOX_BRIDGE_LIST_WORK_H

#include "bridge_list.h"
#include "bridge_private.h"
#include "report.h"

enum {
    LIST_WORD_LEN = 20,     /* 100 bits; "+unsubscribe-" and the longest name fit beside it */
    LIST_QUESTION = 1,      /* `wanted` of SUBJECT_FOLLOW_ANSWER by mail */
    LIST_GOODBYE = 2,       /* a higher one: the evening mail of that day */
    LIST_ADDRESS_MAX = 254, /* octets */
};

/* ---- list_token.c ---- */
/* Seed and digest; the rest stays as it is. */
void list_token_make(struct bridge *bridge, enum token_purpose purpose, struct token *token);
void list_token_word(struct bridge *bridge, const struct token *token, char out[LIST_WORD_LEN + 1]);
/* Case ignored; false: it cannot be a word. */
bool list_word_digest(struct slice word, unsigned char out[TOKEN_DIGEST_LEN]);
/* Digests under which strangers are counted and remembered. */
void list_address_key(struct bridge *bridge, const char *canonical, unsigned char out[32]);
void list_never_key(struct bridge *bridge, const char *domain, const char *canonical,
                    unsigned char out[32]);
void list_left_key(struct bridge *bridge, int64_t account_id, const char *canonical,
                   unsigned char out[32]);
/* The block an address lies in, /24 or /56; false: it is not counted (loopback, where a proxy may stand). */
bool list_network_key(struct bridge *bridge, const char *network, unsigned char out[32]);
/* A mail address as it is kept: local part as typed, host canonical.  NULL: it is none. */
char *list_address_canonical(struct slice typed);

/* ---- list_ask.c ---- */
bool list_takes_readers(struct bridge *bridge, const struct account *account);
/* Who reads already, or waits for the owner, is not asked again: then *out says so, else it stays. */
MUST_CHECK bool list_is_settled(struct store_tx *tx, const struct list_request *request,
                                int64_t followed_id, enum list_came *out, struct err *err);

/* ---- list_send.c ---- */
struct list_reader {
    int64_t person_id;
    char *address, *mail_from;
};
struct list_readers {
    struct list_reader *at;
    size_t count, capacity;
};
void list_readers_clear(struct list_readers *readers);
void list_readers_add(struct list_readers *readers, const struct person *follower);
/* Does this message go to readers by mail?  Answers to others do not. */
MUST_CHECK bool list_message_fits(struct store_view *view, const struct message *message, bool *out,
                                  struct err *err);
/* The sender each copy will have: so that a bounce tells whose it is. */
MUST_CHECK bool list_readers_prepare(struct bridge *bridge, struct store_view *view,
                                     const struct account *author, struct list_readers *readers,
                                     struct err *err);
/* A delivery for each who still reads. */
MUST_CHECK bool list_readers_want(struct bridge *bridge, struct store_tx *tx,
                                  const struct message *message, const struct account *author,
                                  const struct list_readers *readers, struct err *err);

/* ---- list_answer.c ---- */
struct list_pair { /* who reads whom, as the transaction sees it */
    struct account account;
    struct person reader;
    struct follow follow; /* id 0: none */
};
void list_pair_clear(struct list_pair *pair);
SCOPED_VALUE(list_pair, list_pair_clear)
enum found list_find_pair(struct store_tx *tx, int64_t account_id, int64_t reader_id,
                          struct list_pair *out, struct err *err);
/* Makes the words by which they leave and bounce. */
void list_ticket_make_leave(struct bridge *bridge, struct list_ticket *ticket);
/* They read from now on, or wait, and have the ticket's words.  In apply(). */
MUST_CHECK bool list_let_in(struct store_tx *tx, const struct list_pair *pair,
                            enum follow_state state, const struct list_ticket *ticket,
                            struct err *err);
/* What is left of an unanswered question: nothing.  In apply(). */
MUST_CHECK bool list_forget_question(struct store_tx *tx, const struct list_pair *pair,
                                     struct err *err);
/* They read no more.  Old mails still carry the link, which goes on saying "done"; the address stays as a keyed hash
 * alone.  In apply(). */
MUST_CHECK bool list_end(struct bridge *bridge, struct store_tx *tx, const struct list_pair *pair,
                         struct err *err);
/* A mail with a word: the same as pressing the button. */
MUST_CHECK bool list_leave_by(struct bridge *bridge, struct store_tx *tx,
                              const unsigned char digest[TOKEN_DIGEST_LEN], struct err *err);

/* ---- list_copy.c ---- */
const char *list_name_of(const struct account *account); /* what the owner is called */
char *list_page(const char *domain, const char *what, const char *word); /* https://D/what/word */
struct list_stop { /* how this reader leaves */
    char *link, *word;
};
void list_stop_clear(struct list_stop *stop);
SCOPED_VALUE(list_stop, list_stop_clear)
/* ABSENT: they have left. */
enum found list_stop_of(struct bridge *bridge, struct store_view *view,
                        const struct account *account, int64_t person_id, struct list_stop *out,
                        struct err *err);
struct compose;
/* List-Id, List-Unsubscribe and what else says that a mail is of a list. */
void list_fields(const struct account *account, const struct list_stop *stop, struct compose *mail);
/* A post in plain text: its words, and where its pictures are. */
struct post;
void list_words(const struct post *post, struct bytes *out);
/* "You subscribed on 3 May. …" */
void list_footer(const struct account *account, const struct follow *follow, int64_t now_ms,
                 struct bytes *out);
enum found list_copy(struct bridge *bridge, struct store_view *view,
                     const struct delivery *delivery, const struct account *account,
                     struct list_mail *out, struct err *err);

/* ---- list_evening.c ---- */
bool list_is_evening(const struct delivery *delivery);
/* Counts one more mail for this reader; whether it is one too many today.  Then what `copy` (a SUBJECT_MESSAGE) would have
 * brought waits for the evening.  In apply(). */
MUST_CHECK bool list_wait_for_evening(struct bridge *bridge, struct store_tx *tx,
                                      const struct follow *follow, const struct delivery *copy,
                                      bool *out_waits, struct err *err);
enum found list_evening(struct bridge *bridge, struct store_view *view,
                        const struct delivery *delivery, const struct account *account,
                        struct list_mail *out, struct err *err);
/* What this version of it brought waits no longer; for other deliveries nothing.  In apply(). */
MUST_CHECK bool list_evening_ended(struct store_tx *tx, const struct delivery *delivery,
                                   int version, struct err *err);

/* ---- list_refused.c ---- */
enum list_trouble {
    TROUBLE_NONE, /* says nothing about the address */
    TROUBLE_SOFT, /* it may pass: full, not reached */
    TROUBLE_HARD, /* there is nobody */
};
/* Of a reply's code and status ("550", "5.1.1"); each may be empty. */
enum list_trouble list_trouble_of(struct slice code, struct slice status);
/* Counts it, and suspends the reader at last.  `reported`: by mail, after a copy had been taken.  In apply(). */
MUST_CHECK bool list_note_trouble(struct bridge *bridge, struct store_tx *tx, struct follow *follow,
                                  enum list_trouble trouble, bool reported, const char *words,
                                  struct err *err);
/* What came of a row, if it is a copy.  In apply(). */
MUST_CHECK bool list_copy_taken(struct store_tx *tx, const struct delivery *delivery,
                                struct err *err);
MUST_CHECK bool list_copy_failed(struct bridge *bridge, struct store_tx *tx,
                                 const struct delivery *delivery, const char *reply,
                                 struct err *err);
/* A report of failure came back to the word of that digest.  In apply(). */
MUST_CHECK bool list_copy_reported(struct bridge *bridge, struct store_tx *tx,
                                   const unsigned char digest[TOKEN_DIGEST_LEN],
                                   const struct report *report, struct err *err);

/* ---- list_suspended.c ---- */
/* Chores: tells owners whom their posts do not reach any more. */
MUST_CHECK bool tell_suspended(struct bridge *bridge, struct err *err);

#endif
