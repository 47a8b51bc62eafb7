/* Keys, texts and signatures made by gpg, once for a test program (make_fixtures.sh). */
#ifndef NESTBOX_TEST_FIXTURES_H
#define NESTBOX_TEST_FIXTURES_H

#include "bytes.h"

void fixtures_make(void); /* and tells the judge to keep its homes in their folder */
void fixtures_remove(void);
/* The content of one file, the fixtures' for their life; a name that is no file is its own content. */
struct slice fixture(const char *name);
/* What gpg finds in it, with all the secret keys; a mail around the armor does no harm. */
void fixture_decrypt(struct slice encrypted, struct bytes *out);
/* As gpg tells it, heap. */
char *fixture_session_key(struct slice encrypted);
/* How many judges' homes there are. */
int fixtures_homes(void);

/* Starts this same program with one argument, as a judge of the kind `argument` says. */
struct judge_argv {
    const char *each[4];
};
struct judge_argv judge_like(const char *argument, const char *more);

#endif
