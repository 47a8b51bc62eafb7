/*
 * The key of an account is learnt from what its owner submits (docs/at-rest.md): from then on its mail rests sealed.
 *
 * From mail of an authenticated session alone, since a key that is not the owner's would let others read.  What comes of
 * it, key_change.c says.
 */
#include "mail_work.h"

#include "autocrypt.h"
#include "commit.h"
#include "key_change.h"
#include "memory.h"

enum { PARTS_DEEPEST = 4 };

/* Of several valid fields none counts. */
const char *mail_key_told(const struct mail_work *work, struct mail *mail, struct bytes *out)
{
    size_t count = mail_field_count(mail, "Autocrypt"), valid = 0;
    const char *told = NULL;

    for (size_t i = 0; i < count && valid < 2; i++) {
        const char *field = mail_field(mail, "Autocrypt", i);
        if (!field || !autocrypt_read(slice_of(field), slice_of(work->author.address), out))
            continue;
        valid++;
        told = field;
    }
    return valid == 1 ? told : NULL;
}

static bool may_teach(const struct mail_work *work)
{
    const struct author *author = &work->author;

    return work->arrival->plan && !work->learnt && author->proof == PROOF_GOOD &&
           author->evidence == EVIDENCE_S4 && work->bridge->config->seal &&
           (work->within || !(work->chat || account_chats(&author->account))) &&
           !mail_field(work->mail, "Autocrypt-Setup-Message", 0);
}

/* ---- the old key's word: it signed the mail, and the new key stands in what it signed ---- */
static bool is_copy(struct slice certificate, const struct account_key *key)
{
    scoped_value(bytes) merged = {0};
    struct err other;

    return pgp_key_merge(bytes_slice(&key->certificate), certificate, &merged, &other);
}

static bool part_carries(struct mail_part *part, const struct account_key *key, int depth)
{
    scoped_value(bytes) attached = {0};
    struct err unread;

    if (mail_part_is(part, "application", "pgp-keys"))
        return mail_part_content(part, PGP_CERTIFICATE_MAX, &attached, &unread) &&
               is_copy(bytes_slice(&attached), key);
    for (size_t i = 0; i < mail_part_count(part) && depth < PARTS_DEEPEST; i++)
        if (part_carries(mail_part_child(part, i), key, depth + 1))
            return true;
    return false;
}

bool mail_key_is_signed(const struct mail_work *work, struct mail *mail,
                        const struct account_key *key)
{
    struct mail_part *root = mail_root(mail);
    struct mail_part *part = root && mail_part_count(root) > 0 ? mail_part_child(root, 0) : NULL;
    const char *field = part ? mail_part_field(part, "Autocrypt") : NULL;
    scoped_value(bytes) told = {0};

    if (field && autocrypt_read(slice_of(field), slice_of(work->author.address), &told) &&
        is_copy(bytes_slice(&told), key))
        return true;
    return part && part_carries(part, key, 0);
}

static bool old_key_signed(void *ctx, const struct account_key *key, bool *out, struct err *err)
{
    struct mail_work *work = ctx;

    *out = false;
    return !mail_key_is_signed(work, work->mail, key) ||
           mail_signed_by(work, work->mail, key_is_in_use, out, err);
}

/* ---- together ---- */
/* Of a mail from the future we know only that it came now. */
int64_t mail_effective_ms(const struct mail_work *work)
{
    int64_t date_ms = mail_date_ms(work->mail);

    return date_ms > 0 && date_ms < work->now_ms ? date_ms : work->now_ms;
}

bool mail_key_learn(struct mail_work *work, struct err *err)
{
    scoped_value(bytes) certificate = {0};

    if (!may_teach(work) || work->arrival->plan->key_change ||
        !mail_key_told(work, work->mail, &certificate))
        return true;
    const struct key_offer offer = {
        .account = &work->author.account,
        .certificate = bytes_slice(&certificate),
        .learnt = KEY_BY_AUTOCRYPT,
        .proven = old_key_signed,
        .ctx = work,
        .dated_ms = mail_effective_ms(work),
        .now_ms = work->now_ms,
    };
    return key_change_plan(work->bridge, work->view, &offer, &work->arrival->plan->key_change, err);
}

bool mail_key_record(struct store_tx *tx, struct mail_plan *plan, struct err *err)
{
    return !plan->key_change || key_change_record(tx, plan->key_change, err);
}

/* ---- before all else ---- */
static bool record_first(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    (void)bridge;
    return key_change_record(tx, ctx, err);
}

bool mail_key_learn_first(struct mail_work *work, struct slice certificate, bool *out_learnt,
                          struct err *err)
{
    const struct key_offer offer = {.account = &work->author.account,
                                    .certificate = certificate,
                                    .learnt = KEY_BY_AUTOCRYPT,
                                    .dated_ms = work->now_ms,
                                    .now_ms = work->now_ms};
    scoped(key_change) change = NULL;

    if (!key_change_plan(work->bridge, work->view, &offer, &change, err))
        return false;
    letter_clear(&change->letter); /* the program reads it nowhere, and knows its own key */
    work->learnt = *out_learnt = change->outcome == KEY_FIRST;
    return !*out_learnt || bridge_commit(work->bridge, record_first, change, err);
}
