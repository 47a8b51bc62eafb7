/*
 * ends — what comes of deliveries, for the tests about it: one at a time in a town of their own.
 */
#ifndef NESTBOX_TESTS_BRIDGE_ENDS_H
#define NESTBOX_TESTS_BRIDGE_ENDS_H

#include "visitors.h"

extern struct town town;
extern struct delivery_outcome outcome; /* what record_end() records */
extern struct mail_terms terms;         /* of the next mails */
extern struct recipient_terms wish;
int open_town(void **state);
int close_town(void **state);
#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

void send_mail(const char *to); /* by alice */
/* The only delivery in the queue: numbers alone; id 0: none. */
struct delivery queued(void);
bool record_end(struct town *it, struct store_tx *tx, struct err *err);
void end(enum delivery_end how, const char *reply);
void check_mailbox(const char *row, const char *mailbox, const char *expected);
char *without_cr(const char *mail);
void check_has(const char *row, const char *text, const char *words);

#endif
