/*
 * readers — people who read alice's posts by mail, in few words.
 *
 * The town is one for all of them; her posts leave at once, and she is called Alice.
 */
#ifndef NESTBOX_TESTS_BRIDGE_READERS_H
#define NESTBOX_TESTS_BRIDGE_READERS_H

#include "bridge_activity.h"
#include "list_work.h"
#include "visitors.h"

#define CAROL "carol@mail.example"
#define DORA "dora@read.example"

extern struct town town;
int open_list(void **state);
int close_list(void **state);
#define IN_LIST(test) cmocka_unit_test_setup_teardown(test, open_list, close_list)

struct list_doing { /* one transaction: a form, a button, or what came of a mail */
    struct store_change change;
    struct list_request *request;
    const struct list_ticket *ticket;
    list_deed *deed;
    const struct delivery_outcome *outcome;
};
bool list_commit(struct list_doing doing, struct err *err);

/* The form on the page of `user`, sent from `network`. */
enum list_answer reader_asks(const char *user, const char *address, const char *network);
/* A word looked up and, with `deed`, used; `out` may be NULL. */
enum found reader_presses(enum token_purpose purpose, const char *word, list_deed *deed,
                          struct list_ticket *out);
/* Form and button; the word that lets them leave.  Heap. */
char *reader_subscribes(const char *address, const char *network);
const char *reader_state(const char *address); /* towards alice: "accepted", "none", "unknown" … */
/* Alice's post, until nothing is left to do; `fields` are further header lines. */
void alice_publishes(const char *to, const char *fields, const char *text);

/* How many mails wait for an address, and the newest of them; `out` may be NULL. */
int mails_waiting(const char *rcpt_to, struct delivery *out);
enum found mail_rendered(const struct delivery *delivery, struct list_mail *out);
void mail_ended(const struct delivery *delivery, enum delivery_end end, const char *reply);
/* The newest mail for them, which is then taken.  Heap; "" if there is none. */
char *mail_taken(const char *address);
/* The word behind `mark` in a text.  Heap. */
char *word_behind(const char *text, const char *mark);

#endif
