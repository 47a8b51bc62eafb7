/*
 * fake_cipher — what the store's errands bring home to a search for keys, without a store.
 */
#ifndef NESTBOX_TESTS_SMTP_FAKE_CIPHER_H
#define NESTBOX_TESTS_SMTP_FAKE_CIPHER_H

#include "out.h"

/* cipher(): settled, or `address` at `domain` is to be looked for first, for the account 3. */
struct errand *fake_cipher_new(bool settled, const char *address, const char *domain);
/* One that brings nothing, and did what it should. */
struct errand *fake_done_new(void);

#endif
