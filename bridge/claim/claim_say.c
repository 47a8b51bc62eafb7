/* A word comes back by mail, signed by the key that it was encrypted to. */
#include "claim_work.h"

#include "digest.h"

static bool is_let_in_no_more(struct asking *it, const struct name_claim *claim, bool *out,
                              struct err *err)
{
    enum register_answer answer;

    *out = false;
    if (!claim_let_in(it->work->bridge, it->work->view, claim, &answer, err))
        return false;
    *out = answer != REGISTER_DONE;
    return !*out || asking_refuse(it, register_words(answer));
}

static bool is_confirmed(struct asking *it, const struct name_claim *claim)
{
    return it->verdict.judgement == PGP_GOOD && asking_is_of_now(it, CLAIM_WAITS_MS) &&
           strcmp(claim->domain, it->desk->address.domain) == 0;
}

/* FOUND with *out NULL: it was answered. */
static enum found look_for_claim(struct asking *it, struct claim_confirmation **out,
                                 struct err *err)
{
    struct mail_work *work = it->work;
    const struct slice word = slice_of(it->is_signed.text.word);
    unsigned char digest[TOKEN_DIGEST_LEN];
    scoped_value(name_claim) claim = {0};
    bool refused;

    sha256(word, digest);
    enum found found = store_claim(work->view, digest, &claim, err);
    if (found != FOUND)
        return found;
    if (!is_let_in_no_more(it, &claim, &refused, err) ||
        (!refused && !asking_is_too_much(it, &refused, err)))
        return FAILED;
    if (refused)
        return FOUND;
    if (!claim_signed_verify(work, &it->is_signed, bytes_slice(&claim.certificate), &it->verdict,
                             it->digest, err))
        return FAILED;
    if (!is_confirmed(it, &claim))
        return ABSENT;
    if (claim.state == NAME_CLAIM_WAITS)
        return bridge_claim_confirm_prepare(work->bridge, work->view, word, out, err);
    (void)asking_refuse(
        it, "that is confirmed already. A mail to who asked for it says how it is paid.");
    return FOUND;
}

bool asking_confirm(struct asking *it, struct err *err)
{
    struct mail_work *work = it->work;
    scoped(claim_confirmation) confirmation = NULL;
    struct guard same = {.kind = SEEN_MAIL}; /* whose 250 was not heard: its claim is over */
    bool seen = false,
         is_named = mail_guard(work, "confirm claim", slice_of(it->is_signed.text.word), &same);

    if (is_named && !guard_seen(work, &same, &seen, err))
        return false;
    if (seen)
        return work_answer(work, VERDICT_TAKEN, "Taken already");
    switch (look_for_claim(it, &confirmation, err)) {
    case FAILED: return false;
    case ABSENT: return asking_refuse(it, "nobody waits for this word. Claim the address again.");
    case FOUND: break;
    }
    if (!confirmation)
        return true;
    if (!asking_guard(it, CLAIM_WAITS_MS, &seen, err))
        return false;
    if (seen)
        return work_answer(work, VERDICT_TAKEN, "Taken already");
    struct mail_plan *plan = work_plan(work);
    if (is_named)
        plan->guards[plan->guard_count++] = same;
    plan->deed = DEED_ACCOUNT;
    plan->confirmation = steal(&confirmation);
    return true;
}
