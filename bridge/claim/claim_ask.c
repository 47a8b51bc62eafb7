/*
 * Somebody without an account writes to the key desk: for an address, or to confirm that (docs/claims.md).
 *
 * The answer goes to the From, so that must be proven; what the claim is worth hangs on the key alone.
 */
#include "claim_work.h"

#include "account_work.h"
#include "claim_tries.h"
#include "config.h"
#include "list_work.h"
#include "memory.h"

/* ---- one mail ---- */
static void asking_clear(struct asking *it)
{
    claim_signed_clear(&it->is_signed);
    bytes_clear(&it->key);
    claim_wish_free(it->wish);
}
SCOPED_VALUE(asking, asking_clear)

bool asking_refuse(struct asking *it, const char *words)
{
    return work_answer(it->work, VERDICT_NOT_ALLOWED, "Not done: %s", words);
}

/* ---- who wrote, and to whom ---- */
static bool is_unproven(struct asking *it)
{
    const struct mail_work *work = it->work;
    const struct author *author = &work->author;

    if (author->evidence != EVIDENCE_S0)
        return false;
    const struct evidence *origin = &work->arrival->evidence;
    if (origin->dmarc == AUTH_TEMPERROR || origin->spf == AUTH_TEMPERROR)
        return work_answer(it->work, VERDICT_UNSURE,
                           "Whether this mail is from %s cannot be checked now. Your server tries "
                           "again by itself.",
                           author->address);
    return work_answer(it->work, VERDICT_NOT_ALLOWED,
                       "Not done: this could not be proven to come from %s, and the answer goes "
                       "there. Send it through the server of that domain.",
                       *author->address ? author->address : "its author");
}

/* To and Cc: the desk, and the author at most. */
static bool names_desk_alone(const struct asking *it, struct mail *header, const char *field,
                             size_t *out_count)
{
    scoped_value(mail_addresses) all = {0};
    struct address address;

    mail_addresses(header, field, &all);
    for (size_t i = 0; i < all.count; i++) {
        address_read(it->work->bridge->config, slice_of(all.at[i].address), &address);
        bool desk =
            address.kind == ADDRESS_CLAIM && strcmp(address.domain, it->desk->address.domain) == 0;
        *out_count += desk;
        if (!desk && !slice_is_nocase(slice_of(all.at[i].address), it->work->author.address))
            return false;
    }
    return all.unread == 0;
}

static bool is_for_desk(const struct asking *it)
{
    static const char *const of_lists[] = {"List-Id", "List-Post", "List-Unsubscribe"};
    struct mail *mail = it->work->mail;
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(of_lists); i++)
        if (mail_field_count(mail, of_lists[i]) > 0)
            return false;
    return names_desk_alone(it, mail, "To", &count) && names_desk_alone(it, mail, "Cc", &count) &&
           count > 0;
}

/* What stands in the signed part as well must agree. */
static bool agrees_inside(const struct asking *it)
{
    struct mail *inner = it->is_signed.inner;
    scoped_value(mail_addresses) from = {0};
    size_t count = 0;

    if (!inner)
        return true;
    mail_addresses(inner, "From", &from);
    if (from.count > 1 || (from.count == 1 && !slice_is_nocase(slice_of(from.at[0].address),
                                                               it->work->author.address)))
        return false;
    return names_desk_alone(it, inner, "To", &count) && names_desk_alone(it, inner, "Cc", &count) &&
           (count > 0 ||
            (mail_field_count(inner, "To") == 0 && mail_field_count(inner, "Cc") == 0));
}

static bool is_not_for_us(struct asking *it)
{
    if (mail_is_automatic(it->work))
        return asking_refuse(it, "this mail was written by a program.");
    if (is_for_desk(it) && agrees_inside(it))
        return false;
    return work_answer(it->work, VERDICT_NOT_ALLOWED, "Not done: write to claim@%s alone.",
                       it->desk->address.domain);
}

/* ---- what it says ---- */
static bool is_unclear(struct asking *it)
{
    const char *domain = it->desk->address.domain;
    const struct claim_text *text = &it->is_signed.text;

    if (!it->is_signed.what && mail_part_is(mail_root(it->work->mail), "multipart", "encrypted"))
        return asking_refuse(it,
                             "send it signed, but not encrypted; or to confirm, open the page.");
    if (text->says == CLAIM_SAYS_ABROAD)
        return work_answer(it->work, VERDICT_NOT_ALLOWED,
                           "Not done: write the address with the letters a to z: claim NAME@%s",
                           domain);
    if (!it->is_signed.what)
        return work_answer(it->work, VERDICT_NOT_ALLOWED,
                           "Not done: sign the mail, with the line: claim NAME@%s", domain);
    if (text->says == CLAIM_SAYS_NOTHING)
        return work_answer(it->work, VERDICT_NOT_ALLOWED,
                           "Not done: what is signed has no line \"claim NAME@%s\", and none "
                           "\"confirm WORD %s\".",
                           domain, domain);
    if (text->says == CLAIM_SAYS_BADLY)
        return work_answer(it->work, VERDICT_NOT_ALLOWED,
                           "Not done: what is signed must have one line \"claim NAME@%s\", or one "
                           "line \"confirm WORD %s\".",
                           domain, domain);
    return strcmp(text->domain, domain) != 0 &&
           work_answer(it->work, VERDICT_NOT_ALLOWED,
                       "Not done: this desk gives addresses at %s alone.", domain);
}

bool asking_guard(struct asking *it, int64_t valid_ms, bool *out_seen, struct err *err)
{
    struct mail_plan *plan = work_plan(it->work);
    struct guard *guard = &plan->guards[0];

    guard->kind = SEEN_SIGNATURE;
    memcpy(guard->digest, it->digest, sizeof guard->digest);
    guard->expires_ms = it->work->now_ms + 2 * valid_ms;
    plan->guard_count = 1;
    return guard_seen(it->work, guard, out_seen, err);
}

/* Somebody else may have caught that mail, and sent it in their own name: then its author must hear of it. */
static bool guard_author(struct asking *it, bool *out_seen, struct err *err)
{
    struct mail_plan *plan = work_plan(it->work);
    struct guard *guard = &plan->guards[plan->guard_count++];
    struct sha256_run *run = sha256_start();

    *guard = plan->guards[0];
    sha256_add(run, (struct slice){(const char *)it->digest, sizeof it->digest});
    sha256_add(run, slice_of(it->wish->claim.address));
    sha256_end(run, guard->digest);
    return guard_seen(it->work, guard, out_seen, err);
}

bool asking_is_of_now(const struct asking *it, int64_t valid_ms)
{
    int64_t ago_ms = it->work->now_ms - it->verdict.signed_at_ms;

    return ago_ms <= valid_ms && ago_ms >= -valid_ms;
}

/* Whatever comes of them: GnuPG's time is everybody's. */
bool asking_is_too_much(struct asking *it, bool *out, struct err *err)
{
    const struct claim_wish *wish = it->wish;

    (void)err;
    *out = !claim_tries_take(it->work->bridge->claim_tries,
                             wish->network_counts ? wish->network_key : NULL, wish->domain_key,
                             it->work->now_ms);
    return !*out || work_answer(it->work, VERDICT_LATER,
                                "Too many mails came to claim@%s lately. Your server tries again "
                                "by itself.",
                                it->desk->address.domain);
}

/* ---- a claim: the key ---- */
static bool is_not_by_key(struct asking *it)
{
    const struct claim_text *text = &it->is_signed.text;

    if (it->verdict.judgement != PGP_GOOD)
        return asking_refuse(it, "sign the mail with the key that it brings.");
    if (*text->fingerprint && strcmp(text->fingerprint, it->verdict.fingerprint) != 0)
        return asking_refuse(it, "the mail brings another key than the line names.");
    return !asking_is_of_now(it, CLAIM_FRESH_MS) &&
           asking_refuse(it, "the signature was not made now. Is your clock right? Sign it again.");
}

static bool is_unfit_key(struct asking *it, bool *out, struct err *err)
{
    struct name_claim *claim = &it->wish->claim;
    struct pgp_key_facts facts;
    struct err unfit;
    bool read = pgp_key_read(it->work->bridge->pgp, bytes_slice(&it->key), &facts, &unfit);

    if (!read && (unfit.kind == ERR_TEMPORARY || unfit.kind == ERR_FULL)) {
        *err = unfit;
        return false;
    }
    *out = !read || facts.revoked || facts.expired || !facts.can_encrypt;
    if (*out)
        return asking_refuse(
            it, "this is no OpenPGP key that can be encrypted to: it must be one public "
                "key, not expired and not revoked.");
    memcpy(claim->fingerprint, facts.fingerprint, sizeof claim->fingerprint);
    if (!pgp_key_merge(bytes_slice(&it->key), bytes_slice(&it->key), &claim->certificate, &unfit)) {
        bytes_reset(&claim->certificate);
        bytes_add(&claim->certificate, bytes_slice(&it->key));
    }
    return true;
}

/* ---- a claim: the name ---- */
static bool is_unfit_name(struct asking *it, bool *out, struct err *err)
{
    const char *name = it->wish->claim.name;
    const char *trouble = account_name_trouble(it->work->bridge->config, slice_of(name));

    (void)err;
    *out = trouble != NULL;
    return !trouble || work_answer(it->work, VERDICT_NOT_ALLOWED,
                                   "Not done: %s cannot be an account: %s.", name, trouble);
}

static bool is_somebodys(struct asking *it, bool *out, struct err *err)
{
    const struct name_claim *claim = &it->wish->claim;
    scoped_value(account) account = {0};
    enum found found = store_account_named(it->work->view, slice_of(claim->name),
                                           slice_of(claim->domain), &account, err);

    *out = found == FOUND;
    return *out ? work_answer(it->work, VERDICT_NOT_ALLOWED,
                              "Not done: %s@%s is taken. Choose another name.", claim->name,
                              claim->domain)
                : found == ABSENT;
}

/* What was asked for once more ends when it would have ended, and may be invited as before. */
static bool is_anothers(struct asking *it, bool *out, struct err *err)
{
    struct claim_wish *wish = it->wish;
    struct name_claim *claim = &wish->claim;
    scoped_value(name_claim) other = {0};
    enum found found = store_claim_named(it->work->view, slice_of(claim->name),
                                         slice_of(claim->domain), &other, err);

    *out = false;
    if (found != FOUND)
        return found == ABSENT;
    *out = strcmp(other.fingerprint, claim->fingerprint) != 0;
    if (*out)
        return work_answer(it->work, VERDICT_NOT_ALLOWED,
                           "Not done: somebody else has asked for %s@%s. Choose another name.",
                           claim->name, claim->domain);
    *out = claim_is_unpaid(it->work->bridge, &other); /* or its week would never end */
    if (*out)
        return work_answer(it->work, VERDICT_NOT_ALLOWED,
                           "Not done: %s@%s waits to be paid for. The mail that came when it was "
                           "confirmed says how.",
                           claim->name, claim->domain);
    wish->renews = other.state == NAME_CLAIM_WAITS;
    claim->free_ms = other.free_ms;
    memcpy(claim->reference, other.reference, sizeof claim->reference);
    if (!other.invitation_id)
        return true;
    found = claim_is_invited(it->work->view, &other, err);
    if (found == FOUND) {
        claim->invitation_id = other.invitation_id;
        claim->account_life_ms = other.account_life_ms;
    }
    return found != FAILED;
}

static bool is_uninvited(struct asking *it, bool *out, struct err *err)
{
    struct name_claim *claim = &it->wish->claim;
    const char *word = it->is_signed.text.invitation;
    scoped_value(invitation) invitation = {0};
    enum register_answer answer;

    *out = false;
    if (claim->invitation_id)
        return true;
    if (!register_let_in(it->work->bridge, it->work->view, *word ? word : NULL, &invitation,
                         &answer, err))
        return false;
    *out = answer != REGISTER_DONE && answer != REGISTER_FEE; /* which is paid later */
    if (*out)
        return asking_refuse(it, register_words(answer));
    claim->invitation_id = invitation.id;
    claim->account_life_ms = invitation.account_life_ms;
    return true;
}

static bool is_too_often(struct asking *it, bool *out, struct err *err)
{
    enum claim_limit limit;

    if (!claim_within_limits(it->work->bridge, it->work->view, it->wish, &limit, err))
        return false;
    *out = limit != CLAIM_WITHIN;
    if (limit == CLAIM_DESK_FULL)
        return work_answer(it->work, VERDICT_LATER,
                           "Too many claims wait here to be confirmed. Your server tries again by "
                           "itself.");
    return !*out ||
           asking_refuse(it, "too many claims came from your address or network. Try again "
                             "tomorrow.");
}

/* Each answers where it says yes. */
typedef bool reason(struct asking *, bool *, struct err *);
static bool is_refused(struct asking *it, reason *const reasons[], size_t count, bool *out,
                       struct err *err)
{
    *out = false;
    for (size_t i = 0; i < count && !*out; i++)
        if (!reasons[i](it, out, err)) {
            *out = false;
            return false;
        }
    return true;
}

/* ---- a claim: what is answered ---- */
static bool write_question(struct asking *it, struct err *err)
{
    struct bridge *bridge = it->work->bridge;
    struct name_claim *claim = &it->wish->claim;
    char word[TOKEN_LEN + 1];
    scoped_value(bytes) text = {0};
    struct claim_letter letter = {.claim = claim,
                                  .subject = "Your claim",
                                  .answers = mail_field(it->work->mail, "Message-ID", 0)};

    token_new(word);
    sha256(slice_of(word), claim->digest);
    claim->made_ms = it->work->now_ms;
    if (!claim->free_ms)
        claim->free_ms = claim->made_ms + CLAIM_BLOCKS_MS;
    claim->expires_ms = claim->made_ms + CLAIM_WAITS_MS;
    if (claim->expires_ms > claim->free_ms)
        claim->expires_ms = claim->free_ms;
    claim_question_words(claim, word, claim_costs(bridge, claim) ? bridge->config->fee : NULL,
                         &text);
    letter.text = bytes_slice(&text);
    bool ok = claim_letter_write(bridge, &letter, &it->wish->letter, err);
    explicit_bzero(word, sizeof word);
    bytes_wipe(&text);
    return ok;
}

static bool start_wish(struct asking *it)
{
    it->wish = must_new(struct claim_wish);
    it->wish->claim =
        (struct name_claim){.name = must_dup(it->is_signed.text.user),
                            .domain = must_dup(it->is_signed.text.domain),
                            .address = list_address_canonical(slice_of(it->work->author.address))};
    if (!it->wish->claim.address)
        return false;
    claim_wish_keys(it->work, it->wish);
    return true;
}

static bool ask(struct asking *it, struct err *err)
{
    static reason *const reasons[] = {is_unfit_key, is_anothers, is_uninvited, is_too_often};
    bool seen, seen_of_author, refused;

    if (!asking_guard(it, CLAIM_FRESH_MS, &seen, err) || !guard_author(it, &seen_of_author, err))
        return false;
    if (seen)
        return seen_of_author
                   ? work_answer(it->work, VERDICT_TAKEN, "Taken already")
                   : asking_refuse(it, "what you signed came from another address before. Sign "
                                       "it again.");
    if (!is_refused(it, reasons, COUNT_OF(reasons), &refused, err) || refused)
        return refused;
    if (!write_question(it, err))
        return false;
    struct mail_plan *plan = work_plan(it->work);
    plan->deed = DEED_WISH;
    plan->wish = steal(&it->wish);
    return true;
}

/* What costs little is asked first. */
static bool claim(struct asking *it, struct err *err)
{
    static reason *const before[] = {is_unfit_name, is_somebodys, asking_is_too_much};
    bool attached, refused;

    claim_key_find(it->work, it->work->mail, &it->key, &attached);
    if (it->key.len == 0)
        return asking_refuse(it, "there is no key in it. Attach your public OpenPGP key.");
    if (it->key.len > CLAIM_KEY_MAX)
        return asking_refuse(
            it, "the key is longer than 16 KiB. Attach it without pictures, and without "
                "the signatures of others.");
    if (!is_refused(it, before, COUNT_OF(before), &refused, err) || refused)
        return refused;
    if (!claim_signed_verify(it->work, &it->is_signed, bytes_slice(&it->key), &it->verdict,
                             it->digest, err))
        return false;
    return is_not_by_key(it) || ask(it, err);
}

bool claim_by_mail(struct mail_work *work, const struct recipient *desk, struct err *err)
{
    scoped_value(asking) it = {.work = work, .desk = desk};

    if (is_unproven(&it))
        return true;
    if (!claim_signed_read(work, &it.is_signed, err))
        return false;
    if (is_not_for_us(&it) || is_unclear(&it))
        return true;
    if (!start_wish(&it))
        return asking_refuse(&it, "your address cannot be answered.");
    return it.is_signed.text.says == CLAIM_SAYS_CONFIRM ? asking_confirm(&it, err)
                                                        : claim(&it, err);
}
