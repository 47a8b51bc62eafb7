/* What the owner of a key is told of it (docs/at-rest.md, "The life of a key"). */
#ifndef NESTBOX_BRIDGE_KEY_LETTER_H
#define NESTBOX_BRIDGE_KEY_LETTER_H

#include "bridge_private.h"
#include "id.h"

enum key_news { /* bits of account_key.told, where one is told once */
                KEY_NEWS_FIRST = 0,
                KEY_NEWS_MONTH = 1 << 0, /* ends within 30 days */
                KEY_NEWS_WEEK = 1 << 1,  /* within 7 */
                KEY_NEWS_ENDED = 1 << 2,
                KEY_NEWS_REVOKED = 1 << 3,
                KEY_NEWS_UNUSABLE = 1 << 4, /* no engine takes it */
                KEY_NEWS_ASKED = 1 << 5,    /* waits */
                KEY_NEWS_TAKEN = 1 << 6,    /* has waited, and is in use */
                KEY_NEWS_CHANGED = 1 << 7,  /* in use at once, by the old key's word */
};

/* `ref`: of the letter, for KEY_NEWS_ASKED; else NULL. */
MUST_CHECK bool key_letter(struct bridge *bridge, const struct account *account,
                           const struct account_key *key, enum key_news news, const char *ref,
                           struct letter *out, struct err *err);

/* The word in the link of KEY_NEWS_ASKED.  Nothing of it is stored: it is the REF, and what only we can make of it.  Who
 * read it in a sealed letter has the old key, and may say yes; the other one says only no. */
enum { KEY_WORD_LEN = REF_LEN + 20 };
enum key_word { KEY_WORD_NO, KEY_WORD_YES };
void key_word_make(struct bridge *bridge, enum key_word which, const char *ref,
                   char out[KEY_WORD_LEN + 1]);
bool key_word_read(struct bridge *bridge, struct slice word, enum key_word *out_which,
                   char ref[REF_LEN + 1]);

#endif
