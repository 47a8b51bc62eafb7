/* What becomes of a key that waits, when its owner says yes or no. */
#include "bridge_key.h"
#include "bridge_private.h"

#include "key_letter.h"
#include "mail_work.h"
#include "memory.h"

/* Over, once its time has come: what it is then needs another way. */
static bool can_be_answered(const struct account_key *key, int64_t now_ms)
{
    return key->state == KEY_WAITS && now_ms < key->due_ms;
}

static bool answer(struct bridge *bridge, struct store_tx *tx, struct account_key *key, bool yes,
                   struct err *err)
{
    if (!can_be_answered(key, clock_now(bridge->clock)))
        return true;
    key->state = yes ? KEY_IN_USE : KEY_REFUSED;
    key->due_ms = 0;
    return store_move_key(tx, key, KEY_WAITS, err);
}

/* ---- by mail: any answer to the letter is a no, since who has the password alone could send a yes ---- */
bool key_question_find(struct mail_work *work, const char *ref, int64_t *out_key_id,
                       struct err *err)
{
    scoped_value(account_key) key = {0};
    enum found found = store_key_of_notice(work->view, slice_of(ref), &key, err);

    *out_key_id = found == FOUND && key.account_id == work->author.account.id ? key.id : 0;
    return found != FAILED;
}

bool key_refuse_mail(struct mail_work *work, const char *ref)
{
    struct mail_plan *plan = work_plan(work);

    plan->deed = DEED_REFUSE_KEY;
    plan->message_ref = must_dup(ref);
    return true;
}

bool record_key_deed(struct bridge *bridge, struct store_tx *tx, const struct mail_plan *plan,
                     struct err *err)
{
    scoped_value(account_key) key = {0};
    enum found found =
        store_key_of_notice(store_tx_view(tx), slice_of(plan->message_ref), &key, err);

    if (found != FOUND || key.account_id != plan->account_id)
        return found != FAILED;
    return answer(bridge, tx, &key, false, err);
}

/* ---- by the link ---- */
void key_page_clear(struct key_page *page)
{
    free(page->owner);
    *page = (struct key_page){0};
}

enum found bridge_key_page(struct bridge *bridge, struct store_view *view, struct slice word,
                           struct key_page *out, struct err *err)
{
    char ref[REF_LEN + 1];
    enum key_word which;
    scoped_value(account_key) key = {0};
    scoped_value(account) account = {0};

    if (!key_word_read(bridge, word, &which, ref))
        return ABSENT;
    enum found found = store_key_of_notice(view, slice_of(ref), &key, err);
    if (found == FOUND)
        found = store_account(view, key.account_id, &account, err);
    if (found != FOUND)
        return found;
    *out = (struct key_page){.owner = account_address(&account),
                             .state = key.state,
                             .due_ms = key.due_ms,
                             .may_say_yes = which == KEY_WORD_YES};
    memcpy(out->fingerprint, key.fingerprint, sizeof out->fingerprint);
    if (key.state == KEY_WAITS && !can_be_answered(&key, clock_now(bridge->clock)))
        out->state = KEY_IN_USE;
    return FOUND;
}

bool bridge_key_answer(struct bridge *bridge, struct store_tx *tx, struct slice word, bool yes,
                       struct err *err)
{
    char ref[REF_LEN + 1];
    enum key_word which;
    scoped_value(account_key) key = {0};

    if (!key_word_read(bridge, word, &which, ref) || (yes && which != KEY_WORD_YES))
        return true;
    enum found found = store_key_of_notice(store_tx_view(tx), slice_of(ref), &key, err);
    if (found != FOUND)
        return found != FAILED;
    return answer(bridge, tx, &key, yes, err);
}
