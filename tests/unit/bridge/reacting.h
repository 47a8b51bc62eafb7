/*
 * reacting — likes and boosts by mail, for the tests about them: in a town of their own each.
 */
#ifndef NESTBOX_TESTS_BRIDGE_REACTING_H
#define NESTBOX_TESTS_BRIDGE_REACTING_H

#include "row.h"
#include "visitors.h"

#define POSTS "https://social.example/posts/"
#define ALICES POSTS "alice-public@example.org"
#define BOBS POSTS "bob-public@example.org"
#define BOBS_INBOX "https://social.example/users/bob/inbox"

extern struct town town;
int open_town(void **state);
int close_town(void **state);
#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

/* REF+word@example.org of that post.  Heap. */
char *command(const char *post, const char *word);
void writes_words(const char *who, const char *post, const char *word, const char *words,
                  const char *reply);
void writes(const char *who, const char *post, const char *word, const char *reply);
void says(const char *post, const char *word); /* alice, and it is taken */
void check_queue(const char *when, const char *wanted);
/* For town_write(): that post of Bob's is gone, or for his followers alone. */
bool bobs_withdrawn(struct town *it, struct store_tx *tx, struct err *err);
bool bobs_narrowed(struct town *it, struct store_tx *tx, struct err *err);
bool dan_follows(struct town *it, struct store_tx *tx, struct err *err); /* alice */

#endif
