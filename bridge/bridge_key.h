/*
 * bridge_key — keys that wait for their owner's word (docs/at-rest.md, "The life of a key"): what web and the command line
 * ask.
 */
#ifndef NESTBOX_BRIDGE_KEY_H
#define NESTBOX_BRIDGE_KEY_H

#include "bridge.h"
#include "store_people.h"

struct store_tx;
struct store_view;

/* ---- web: the page of a letter's link ---- */
struct key_page {
    char *owner; /* alice@example.org; heap */
    char fingerprint[41];
    enum key_state state; /* KEY_WAITS: it can be answered */
    int64_t due_ms;
    bool may_say_yes; /* who asks has read what only the old key opens */
};
void key_page_clear(struct key_page *page);
SCOPED_VALUE(key_page, key_page_clear)
/* ABSENT: no such word, or the key is gone. */
enum found bridge_key_page(struct bridge *bridge, struct store_view *view, struct slice word,
                           struct key_page *out, struct err *err);
/* In apply().  A word that may not say yes, or comes too late, changes nothing. */
MUST_CHECK bool bridge_key_answer(struct bridge *bridge, struct store_tx *tx, struct slice word,
                                  bool yes, struct err *err);

/* ---- a certificate that somebody brings for an account ---- */
struct key_change;                               /* what comes of it */
void key_change_free(struct key_change *change); /* or NULL */
/* HEAVY.  ERR_REFUSED in words: it is no good, or there are too many.  `armor`: armored or binary. */
MUST_CHECK bool bridge_key_offer(struct bridge *bridge, struct store_view *view,
                                 const struct account *account, struct slice armor,
                                 enum key_learnt by, struct key_change **out, struct err *err);
/* In apply(). */
MUST_CHECK bool bridge_key_offer_record(struct store_tx *tx, struct key_change *change,
                                        struct err *err);
const char *bridge_key_offer_words(const struct key_change *change); /* for its owner */
/* "encrypts", "waiting" …, as lists say it. */
const char *bridge_key_use(const struct account_key *key, int64_t now_ms);

/* ---- web: the key directory ---- */
/* Adds the binary key that `domain` shows for the hash of a local part; `asked` is that local part, if it was told, or "".
 * ABSENT: nobody of that name, or no key that encrypts and says this address. */
enum found bridge_published_key(struct bridge *bridge, struct store_view *view, struct slice domain,
                                struct slice hash, struct slice asked, struct bytes *out,
                                struct err *err);

/* ---- command line: the administrator's word, at any time ---- */
/* Refused, a key is kept so that it is not learnt again. */
MUST_CHECK bool bridge_key_decide(struct bridge *bridge, struct slice address,
                                  struct slice fingerprint, bool accept, struct err *err);

#endif
