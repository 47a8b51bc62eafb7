/*
 * The key desk, claim@D: an owner hands over a key by mail (docs/at-rest.md, "The key desk").
 *
 * The mail goes through the owner's account, and is signed: by the key that it brings, which proves that its sender has it,
 * or by one that the account has, which is the old key's word.  It may be encrypted to the desk's own key.  What comes of
 * the key is decided as everywhere (key_change.c); there is one answer, in the owner's mailbox, and none to anybody else.
 */
#include "mail_work.h"

#include "autocrypt.h"
#include "claim_work.h"
#include "command_mail.h"
#include "faces.h"
#include "key_change.h"
#include "memory.h"
#include "own_key.h"
#include "own_letter.h"

enum { CLAIMS_A_DAY = 6, DEEPEST = 4 };

struct handover {
    struct mail_work *work;
    const char *desk; /* claim@example.org */
    struct own_opened opened;
    struct mail *inner; /* of what was encrypted; or NULL */
    struct bytes key;   /* what it brings */
    bool attached;      /* it came as a part, not in a field */
    bool by_new, by_old;
    bool in_one; /* by_old: signed in one with the encryption, and not beside what is signed */
};

static void handover_clear(struct handover *claim)
{
    mail_free(claim->inner);
    own_opened_clear(&claim->opened);
    bytes_clear(&claim->key);
}
SCOPED_VALUE(handover, handover_clear)

/* ---- what it brings ---- */
static bool attached_key(struct mail_part *part, int depth, struct bytes *out)
{
    struct err unread;

    if (!part)
        return false;
    if (mail_part_is(part, "application", "pgp-keys"))
        return mail_part_content(part, PGP_CERTIFICATE_MAX, out, &unread);
    for (size_t i = 0; i < mail_part_count(part) && depth < DEEPEST; i++)
        if (attached_key(mail_part_child(part, i), depth + 1, out))
            return true;
    return false;
}

void claim_key_find(const struct mail_work *work, struct mail *mail, struct bytes *out,
                    bool *out_attached)
{
    const char *field = mail_field(mail, "Autocrypt", 0);

    bytes_reset(out);
    *out_attached = attached_key(mail_root(mail), 0, out);
    if (*out_attached)
        return;
    bytes_reset(out);
    if (field && mail_field_count(mail, "Autocrypt") == 1 &&
        !autocrypt_read(slice_of(field), slice_of(work->author.address), out))
        bytes_reset(out);
}

static void find_key(struct handover *claim)
{
    claim_key_find(claim->work, claim->inner ? claim->inner : claim->work->mail, &claim->key,
                   &claim->attached);
}

/* ---- who signed it ---- */
static bool is_fresh(const struct mail_work *work, const struct pgp_verdict *verdict)
{
    int64_t ago_ms = work->now_ms - verdict->signed_at_ms;

    return verdict->judgement == PGP_GOOD && ago_ms <= SIGNATURE_PAST_MS &&
           ago_ms >= -SIGNATURE_AHEAD_MS;
}

static bool open_with(struct handover *claim, struct source *part, const struct slice *signers,
                      size_t count, bool *out_signed, struct err *err)
{
    mail_free(steal(&claim->inner));
    own_opened_clear(&claim->opened);
    if (!own_key_open(claim->work->bridge, claim->desk, signers, count, part, &claim->opened, err))
        return false;
    *out_signed = is_fresh(claim->work, &claim->opened.verdict);
    return mail_of_opened(claim->work, &claim->opened, &claim->inner, err);
}

/* A signature that stands beside what it signs. */
static bool look_at_signed(struct handover *claim, struct mail *mail, struct err *err)
{
    find_key(claim);
    if (!mail_signed_by(claim->work, mail, key_is_in_use, &claim->by_old, err))
        return false;
    return claim->by_old || claim->key.len == 0 ||
           mail_signed_with(claim->work, mail, bytes_slice(&claim->key), &claim->by_new, err);
}

/* Twice, since the key that may have signed it is inside. */
static bool open_encrypted(struct handover *claim, struct source *part, struct err *err)
{
    struct mail_work *work = claim->work;
    scoped_value(account_keys) keys = {0};
    struct slice old[PGP_CERTIFICATES_MAX];
    size_t count = 0;

    if (!account_keys_read(work->view, work->author.account.id, &keys, err))
        return false;
    for (size_t i = 0; i < keys.count && count < PGP_CERTIFICATES_MAX; i++)
        if (key_is_in_use(&keys.at[i], work->now_ms))
            old[count++] = bytes_slice(&keys.at[i].certificate);
    if (!open_with(claim, part, old, count, &claim->by_old, err))
        return false;
    claim->in_one = claim->by_old;
    if (!claim->by_old && !look_at_signed(claim, claim->inner, err))
        return false;
    find_key(claim);
    if (claim->by_old || claim->by_new || claim->key.len == 0)
        return true;
    const struct slice brought = bytes_slice(&claim->key);
    return open_with(claim, part, &brought, 1, &claim->by_new, err);
}

static bool read_claim(struct handover *claim, bool *out_read, struct err *err)
{
    scoped(source) part = NULL;
    enum mail_claims claims;

    *out_read = true;
    if (!mail_claims_encryption(claim->work->mail, &claims, &part, err))
        return false;
    if (claims == MAIL_CLAIMS_NOTHING ? look_at_signed(claim, claim->work->mail, err)
                                      : open_encrypted(claim, part, err))
        return true;
    *out_read = false;
    return err->kind != ERR_TEMPORARY && err->kind != ERR_FULL;
}

/* ---- what comes of it ---- */
/* A field outside is nobody's word: who has the password can put one before any mail that the owner once signed. */
static bool stands_outside(const struct handover *claim)
{
    const struct mail_work *work = claim->work;
    const char *field = mail_field(work->mail, "Autocrypt", 0);
    scoped_value(bytes) outside = {0};

    return !claim->attached && field &&
           autocrypt_read(slice_of(field), slice_of(work->author.address), &outside) &&
           slice_eq(bytes_slice(&outside), bytes_slice(&claim->key));
}

static bool old_key_signed(void *ctx, const struct account_key *key, bool *out, struct err *err)
{
    const struct handover *claim = ctx;
    struct mail *mail = claim->inner ? claim->inner : claim->work->mail;

    (void)err;
    *out = claim->by_old &&
           (claim->in_one ? !stands_outside(claim) : mail_key_is_signed(claim->work, mail, key));
    return true;
}

/* Where the key changes, its letter is the answer. */
static bool answer_by_mail(struct handover *claim, struct key_change *change, struct err *err)
{
    struct mail_work *work = claim->work;
    const struct own_letter own = {.name = "Key desk",
                                   .from = "claim",
                                   .tells_key = true,
                                   .subject = "Your key is as it was",
                                   .text = slice_of(bridge_key_offer_words(change)),
                                   .must_rest = true};

    if (change->letter.body)
        return true;
    ref_new(change->ref);
    return own_letter_write(work->bridge, &work->author.account, &own, &change->letter, err);
}

static bool offer(struct handover *claim, struct err *err)
{
    struct mail_work *work = claim->work;
    scoped(key_change) change = NULL;
    const struct key_offer offered = {
        .account = &work->author.account,
        .certificate = bytes_slice(&claim->key),
        .learnt = KEY_BY_CLAIM,
        .proven = old_key_signed,
        .ctx = claim,
        .dated_ms = work->now_ms,
        .now_ms = work->now_ms,
    };

    if (!key_offer_judge(work->bridge, work->view, &offered, &change, err)) {
        if (err->kind == ERR_TEMPORARY || err->kind == ERR_FULL)
            return false;
        return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: %s.", err->said);
    }
    if (!answer_by_mail(claim, change, err))
        return false;
    struct mail_plan *plan = work_plan(work);
    plan->deed = DEED_CLAIM;
    plan->key_change = steal(&change);
    return true;
}

static bool too_often(struct mail_work *work, bool *out, struct err *err)
{
    int64_t count, oldest;

    if (!store_limited_count(work->view, work->author.account.id, LIMITED_CLAIM,
                             work->now_ms - DAY_MS, &count, &oldest, err))
        return false;
    *out = count >= CLAIMS_A_DAY;
    return true;
}

bool claim_mail(struct mail_work *work, const struct recipient *desk, struct err *err)
{
    scoped_text char *address = must_print("claim@%s", desk->address.domain);
    scoped_value(handover) claim = {.work = work, .desk = address};
    bool often, read;

    if (work->arrival->door == MAIL_DOOR_MX && !work->author.ours)
        return claim_by_mail(work, desk, err);
    if (work->author.evidence != EVIDENCE_S4 || work->author.proof != PROOF_GOOD)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: send this from your own address, through your account.");
    if (mail_is_automatic(work))
        return true;
    if (!too_often(work, &often, err))
        return false;
    if (often)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: %d keys a day are enough. Try again tomorrow.", CLAIMS_A_DAY);
    if (!read_claim(&claim, &read, err))
        return false;
    if (!read)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: this mail cannot be opened with the key of %s.", address);
    if (claim.key.len == 0)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: there is no key in it. Attach your public OpenPGP key.");
    if (!claim.by_new && !claim.by_old)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: sign the mail with the key that it brings, or with the one "
                           "that you have.");
    return offer(&claim, err);
}

bool record_claim(struct bridge *bridge, struct store_tx *tx, const struct mail_plan *plan,
                  struct err *err)
{
    return store_count_limited(tx, plan->account_id, LIMITED_CLAIM, clock_now(bridge->clock), err);
}
