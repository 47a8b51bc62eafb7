/*
 * acme_words — what went wrong with a certificate authority, and what to do about it, in a sentence for the log.
 */
#ifndef NESTBOX_MAIN_ACME_WORDS_H
#define NESTBOX_MAIN_ACME_WORDS_H

#include "acme_json.h"

/* `name` is the one that could not be proved; NULL: it is about the whole. */
void acme_words(const struct acme_problem *problem, const char *name, struct bytes *out);

#endif
