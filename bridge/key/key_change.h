/*
 * key_change — may this certificate be the account's key, and from when?  (docs/at-rest.md, "The life of a key")
 *
 *     who offers it: a mail program (Autocrypt), a claim, the web; the administrator's are not asked about
 *
 *     a copy of a key that is there      its newer end, subkeys or revocation are added to what was known
 *     the first key                      in use at once
 *     another, with an old key's word    in use at once, beside the old one
 *     another, without                   waits 7 days, and the owner is asked
 *
 * Whoever has the password alone must not be able to turn mail to come to themselves unseen, nor to end a key.
 */
#ifndef NESTBOX_BRIDGE_KEY_CHANGE_H
#define NESTBOX_BRIDGE_KEY_CHANGE_H

#include "bridge_key.h"
#include "bridge_private.h"
#include "digest.h"
#include "id.h"

enum { KEY_NOTICE_DAYS = 7, KEYS_OFFERED_MAX = 12, KEYS_WAITING_MAX = 3 };

struct key_offer { /* everything borrowed */
    const struct account *account;
    struct slice certificate;
    enum key_learnt learnt;
    /* The old key's word, as its offerer found it: given this one's fingerprint, was it signed for?  NULL: not. */
    bool (*proven)(void *ctx, const struct account_key *key, bool *out, struct err *err);
    void *ctx;
    int64_t dated_ms; /* when its owner said so */
    int64_t now_ms;
};
enum key_outcome {
    KEY_STAYS,    /* nothing is new but when it was seen; or it is not to be had */
    KEY_FIRST,    /* in use */
    KEY_RENEWED,  /* a copy says more */
    KEY_ENDS,     /* a copy says that it is revoked */
    KEY_EMPTIED,  /* … that nothing of it encrypts any more */
    KEY_CHANGES,  /* in use, beside the old one */
    KEY_ASKED,    /* waits */
    KEY_UNFIT,    /* expired, revoked, of no use to encrypt, not to be read */
    KEY_TOO_MANY, /* of them */
};
struct key_change {
    enum key_outcome outcome;
    int64_t account_id;
    struct account_key
        key; /* as it is to be written; KEY_STAYS: id of the one that was seen, or 0 */
    unsigned char basis[SHA256_LEN]; /* the account's keys, as they were seen */
    struct letter letter;            /* to its owner; no body: none */
    char ref[REF_LEN + 1];
};
SCOPED(key_change, key_change_free)

/* HEAVY: asks the judge, where something is new. */
MUST_CHECK bool key_change_plan(struct bridge *bridge, struct store_view *view,
                                const struct key_offer *offer, struct key_change **out,
                                struct err *err);
/* The same; ERR_REFUSED in words, where the key is no good or there are too many. */
MUST_CHECK bool key_offer_judge(struct bridge *bridge, struct store_view *view,
                                const struct key_offer *offer, struct key_change **out,
                                struct err *err);
/* In apply().  ERR_CONFLICT: the keys are not as they were seen. */
MUST_CHECK bool key_change_record(struct store_tx *tx, struct key_change *change, struct err *err);

/* The keys of an account, for whoever has to look at several at once. */
struct account_keys {
    struct account_key *at;
    size_t count, capacity;
};
void account_keys_clear(struct account_keys *keys);
SCOPED_VALUE(account_keys, account_keys_clear)
MUST_CHECK bool account_keys_read(struct store_view *view, int64_t account_id,
                                  struct account_keys *out, struct err *err);
/* In use then, for whatever use. */
bool key_is_in_use(const struct account_key *key, int64_t now_ms);
/* Was it ever one to seal to?  Also when nothing of it encrypts any more: such an account is not as if it never had a key. */
bool key_ever_encrypted(const struct account_key *key);
/* What the judge found, as the store keeps it. */
void key_take_facts(struct account_key *key, const struct pgp_key_facts *facts);

#endif
