/*
 * list_work — what the files of the lists share.
 *
 * The order of reading: list_token.c (words and digests), list_ask.c (a form), list_answer.c (yes, never, leave),
 * list_send.c (a post to its readers by mail), list_mail.c and list_copy.c (what they get), list_refused.c.
 */
#ifndef NESTBOX_BRIDGE_LIST_WORK_H
#define NESTBOX_BRIDGE_LIST_WORK_H

#include "bridge_list.h"
#include "bridge_private.h"

enum {
    LIST_WORD_LEN = 20, /* 100 bits; "+unsubscribe-" and the longest name fit beside it */
    LIST_QUESTION = 1,  /* `wanted` of SUBJECT_FOLLOW_ANSWER by mail */
    LIST_GOODBYE = 2,
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
/* A mail with a word: the same as pressing the button. */
MUST_CHECK bool list_leave_by(struct bridge *bridge, struct store_tx *tx,
                              const unsigned char digest[TOKEN_DIGEST_LEN], struct err *err);

/* ---- list_copy.c ---- */
const char *list_name_of(const struct account *account); /* what the owner is called */
char *list_page(const char *domain, const char *what, const char *word); /* https://D/what/word */
enum found list_copy(struct bridge *bridge, struct store_view *view,
                     const struct delivery *delivery, const struct account *account,
                     struct list_mail *out, struct err *err);

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

#endif
