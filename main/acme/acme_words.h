/*
 * acme_words — what went wrong with a certificate authority, and what to do about it, in a sentence for the log.
 */
#ifndef NESTBOX_MAIN_ACME_WORDS_H
#define NESTBOX_MAIN_ACME_WORDS_H

#include "acme_json.h"

/* `name` is the one that could not be proved; NULL: it is about the whole. */
void acme_words(const struct acme_problem *problem, const char *name, struct bytes *out);

/* It is about us or about the authority, whatever names it says. */
bool acme_is_general(const struct acme_problem *problem);
/* Which of the names its sentence is about, the first that it says; `count`: none.  Boulder, the program of Let's Encrypt, lists
 * names as subproblems only if there are two. */
size_t acme_mentioned(const struct acme_problem *problem, const char *const *names, size_t count);

#endif
