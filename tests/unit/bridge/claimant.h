/* claimant — who asks for an address by signed mail in a town, and what she is answered. */
#ifndef NESTBOX_TESTS_CLAIMANT_H
#define NESTBOX_TESTS_CLAIMANT_H

#include "bridge_claim.h"
#include "id.h"
#include "town_private.h"
#include "visitors.h"

#define UNA "una@mail.example"
#define WEEK_MS (7 * (int64_t)DAY_MS)

extern char claim_word[TOKEN_LEN + 1]; /* of the newest question */
extern const char *claim_signer;       /* whose key signs, and is brought: una or eda */

extern struct town town;
int open_claims(void **state);
int close_claims(void **state);
/* Signed `age_ms` ago by the signer's key, which it brings, from `from`; the answer. */
char *say_from(const char *from, const char *client, int64_t age_ms, const char *text);
char *say(int64_t age_ms, const char *text); /* from UNA */
void assert_said(int64_t age_ms, const char *text, const char *answer);
/* The mail on its way to her, opened by her key. */
char *opened_letter(void);
void read_word(void);
void claim(const char *name);
char *confirm(int64_t age_ms);
enum found page_there(void);
enum found account_there(const char *name);

#define NOBODY_WAITS "550 5.7.1 Not done: nobody waits for this word. Claim the address again."
#define IN_CLAIMS(test) cmocka_unit_test_setup_teardown(test, open_claims, close_claims)

#endif
