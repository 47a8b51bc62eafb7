/* A certificate that somebody brings, in answer to whom there are words: the web, the key desk. */
#include "bridge_key.h"
#include "key_change.h"
#include "memory.h"

bool key_offer_judge(struct bridge *bridge, struct store_view *view, const struct key_offer *offer,
                     struct key_change **out, struct err *err)
{
    scoped(key_change) change = NULL;

    if (!key_change_plan(bridge, view, offer, &change, err))
        return false;
    if (change->outcome == KEY_UNFIT)
        return err_set(err, ERR_REFUSED,
                       "This is no OpenPGP key that can be encrypted to: it must be one public "
                       "key, not expired and not revoked");
    if (change->outcome == KEY_TOO_MANY)
        return err_set(err, ERR_REFUSED,
                       "There are too many keys, or too many that wait; ask the administrator for "
                       "nestbox key remove");
    *out = steal(&change);
    return true;
}

bool bridge_key_offer(struct bridge *bridge, struct store_view *view, const struct account *account,
                      struct slice armor, enum key_learnt by, struct key_change **out,
                      struct err *err)
{
    const struct key_offer offer = {
        .account = account,
        .certificate = armor,
        .learnt = by,
        .dated_ms = clock_now(bridge->clock),
        .now_ms = clock_now(bridge->clock),
    };

    return key_offer_judge(bridge, view, &offer, out, err);
}

bool bridge_key_offer_record(struct store_tx *tx, struct key_change *change, struct err *err)
{
    return key_change_record(tx, change, err);
}

const char *bridge_key_offer_words(const struct key_change *change)
{
    switch (change->outcome) {
    case KEY_FIRST: return "This key is in use now.";
    case KEY_CHANGES:
        return "This key is in use now, beside the one that you had, which says that it is right.";
    case KEY_ASKED:
        return "This key waits for seven days. A mail in your mailbox asks you about it: who can "
               "read that mail can "
               "take it at once, or refuse it.";
    case KEY_RENEWED: return "What this key says newly was added to what was known of it.";
    case KEY_ENDS: return "This key is revoked: nothing is encrypted to it any more.";
    case KEY_EMPTIED: return "No part of this key encrypts any more.";
    case KEY_STAYS:
    case KEY_UNFIT:
    case KEY_TOO_MANY: break;
    }
    return "This key says nothing new: it is as it was.";
}

const char *bridge_key_use(const struct account_key *key, int64_t now_ms)
{
    if (key->state == KEY_REVOKED)
        return "revoked";
    if (key->state == KEY_REFUSED)
        return "refused";
    if (key->state == KEY_WAITS && now_ms < key->due_ms)
        return "waiting";
    if (key->expires_ms > 0 && key->expires_ms <= now_ms)
        return "expired";
    if (key_encrypts_now(key, now_ms))
        return key->uses & KEY_SIGNS ? "encrypts and signs" : "encrypts";
    return key->uses & KEY_SIGNS ? "signs" : "expired";
}
