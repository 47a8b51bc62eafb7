/*
 * The first key of an account is learnt from what its owner submits (docs/at-rest.md): from then on its mail rests sealed.
 *
 * From mail of an authenticated session alone, since a key that is not the owner's would lock the owner out; another key
 * than the first changes nothing, it has to be added by hand.  It encrypts and does no more: posting by
 * signature needs a key that somebody added.
 */
#include "mail_work.h"

#include "autocrypt.h"
#include "log.h"
#include "memory.h"
#include "own_letter.h"

struct learnt_key {
    struct account_key key;
    struct letter notice;
};

void learnt_key_free(struct learnt_key *learnt)
{
    if (!learnt)
        return;
    account_key_clear(&learnt->key);
    letter_clear(&learnt->notice);
    free(learnt);
}

/* Of several valid fields none counts. */
static bool told_key(struct mail_work *work, struct bytes *out)
{
    size_t count = mail_field_count(work->mail, "Autocrypt"), valid = 0;

    for (size_t i = 0; i < count && valid < 2; i++) {
        const char *field = mail_field(work->mail, "Autocrypt", i);
        valid += field && autocrypt_read(slice_of(field), slice_of(work->author.address), out);
    }
    return valid == 1;
}

static bool note_encrypting(void *ctx, const struct account_key *key)
{
    bool *has_one = ctx;

    *has_one = *has_one || (key->uses & KEY_ENCRYPTS);
    return !*has_one;
}

static bool may_teach(const struct mail_work *work)
{
    const struct author *author = &work->author;

    return work->arrival->plan && author->proof == PROOF_GOOD && author->evidence == EVIDENCE_S4 &&
           work->bridge->config->seal && !work->chat &&
           !account_chats(&author->account) && /* not sealed for: letter_seal.c */
           !mail_field(work->mail, "Autocrypt-Setup-Message", 0);
}

static bool write_notice(struct mail_work *work, struct learnt_key *learnt, struct err *err)
{
    scoped_text char *own = account_address(&work->author.account);
    scoped_value(bytes) text = {0};

    bytes_print(&text,
                "Your mail program told the server your OpenPGP key. What comes for you from now "
                "on is encrypted "
                "to it before it is stored, so that nobody else can read it, not even from the "
                "server's disk.\n\n"
                "The key: %s\n\n"
                "Every program that you read this mailbox with needs that key. If one has not got "
                "it, or if the key is "
                "not yours, ask the administrator of %s for:\n\n"
                "    nestbox key remove %s %s\n",
                learnt->key.fingerprint, work->author.account.domain, own, learnt->key.fingerprint);
    return own_letter_write(work->bridge, &work->author.account, "Your key",
                            "Your mail is encrypted to your key from now on", bytes_slice(&text),
                            &learnt->notice, err);
}

/* A key that is no good teaches nothing, and neither does one that cannot be looked at now: the next mail tells it again. */
static bool is_fit(struct mail_work *work, struct account_key *key)
{
    struct pgp_key_facts facts;
    struct err why;

    if (!pgp_key_read(work->bridge->pgp, bytes_slice(&key->certificate), &facts, &why)) {
        log_info("the key in an Autocrypt field was not taken: %s", why.said);
        return false;
    }
    if (facts.revoked || facts.expired || !facts.can_encrypt)
        return false;
    memcpy(key->fingerprint, facts.fingerprint, sizeof key->fingerprint);
    key->added_ms = work->now_ms;
    key->expires_ms = facts.expires_ms;
    key->encrypts_until_ms = facts.encrypts_until_ms;
    key->uses = KEY_ENCRYPTS;
    key->learnt = KEY_BY_AUTOCRYPT;
    key->state = KEY_IN_USE;
    return true;
}

bool mail_key_learn(struct mail_work *work, struct err *err)
{
    scoped_value(account_key) key = {0};
    bool has_one = false;

    if (!may_teach(work) || !told_key(work, &key.certificate))
        return true;
    if (!store_account_keys(work->view, work->author.account.id, note_encrypting, &has_one, err))
        return false;
    if (has_one || !is_fit(work, &key))
        return true;
    struct learnt_key *learnt = work->arrival->plan->learnt = must_new(struct learnt_key);
    learnt->key = key;
    key = (struct account_key){0};
    return write_notice(work, learnt, err);
}

bool mail_key_record(struct store_tx *tx, struct mail_plan *plan, struct err *err)
{
    bool has_one = false;

    if (!plan->learnt)
        return true;
    if (!store_account_keys(store_tx_view(tx), plan->account_id, note_encrypting, &has_one, err))
        return false;
    return has_one || (store_add_account_key(tx, plan->account_id, &plan->learnt->key, err) &&
                       own_letter_file(tx, &plan->learnt->notice, err));
}
