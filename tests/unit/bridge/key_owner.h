/* key_owner — eve, whose OpenPGP key changes: what she does, and what came of it. */
#ifndef NESTBOX_TESTS_BRIDGE_KEY_OWNER_H
#define NESTBOX_TESTS_BRIDGE_KEY_OWNER_H

#include "bridge_key.h"
#include "key_change.h"
#include "key_letter.h"
#include "visitors.h"

#define EVE "eve@example.org"

extern struct town town;
extern char answer_word[KEY_WORD_LEN + 1]; /* the latest that was pressed */

int make_keys(void **state);
int remove_keys(void **state);
int open_town(void **state);
int close_town(void **state);
void read_file(const char *name, struct bytes *out);
char *field_of(const char *name);
void submit(const char *to, const char *header, const char *rest);
void tell_key(const char *name);
void read_keys(struct account_keys *out);
bool is_named(const struct account_key *key, const char *name);
int state_of(const char *name);
bool encrypts(const char *name);
int64_t end_of(const char *name);
char *letter(void);
bool is_sealed(const char *mail);
size_t letters(void);
void ref_of(const char *mail, char out[REF_LEN + 1]);
void press(enum key_word which, const char *ref, bool yes);
void add_by_hand(const char *name);

#endif
