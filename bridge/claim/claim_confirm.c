/*
 * A claim becomes an account: by the word that stood in the encrypted mail, whether it comes back by mail or by the page; or,
 * where that costs something, by its payment (claim_pay.c), and the word makes it wait for that.
 * Its password goes where the word went.
 */
#include "claim_work.h"

#include "account_work.h"
#include "config.h"
#include "contact_work.h"
#include "key_change.h"
#include "memory.h"
#include "store_invitation.h"

struct claim_confirmation {
    struct name_claim claim; /* as it was found, or is to be where it is paid for */
    bool unpaid;             /* it waits to be paid for: there is no account */
    struct account account;
    struct credential credential;
    struct account_key key;
    struct store_body *letter;
};

void claim_confirmation_free(struct claim_confirmation *it)
{
    if (!it)
        return;
    explicit_bzero(&it->credential, sizeof it->credential);
    name_claim_clear(&it->claim);
    account_clear(&it->account);
    account_key_clear(&it->key);
    store_body_drop(it->letter);
    free(it);
}

void claim_page_clear(struct claim_page *page)
{
    free(page->address);
    free(page->told);
    *page = (struct claim_page){0};
}

bool claims_are_taken(const struct bridge *bridge)
{
    return bridge->config->registration != REGISTRATION_CLOSED;
}

bool claim_costs(const struct bridge *bridge, const struct name_claim *claim)
{
    return bridge->config->registration == REGISTRATION_FEE && !claim->invitation_id;
}

bool claim_let_in(struct bridge *bridge, struct store_view *view, const struct name_claim *claim,
                  enum register_answer *out, struct err *err)
{
    scoped_value(invitation) none = {0};

    *out = REGISTER_DONE;
    if (claim->state == NAME_CLAIM_UNPAID || (claim->invitation_id && claims_are_taken(bridge)))
        return true;
    if (!register_let_in(bridge, view, NULL, &none, out, err))
        return false;
    if (*out == REGISTER_FEE) /* which is paid later */
        *out = REGISTER_DONE;
    return true;
}

/* ---- the word ---- */
static enum found find(struct store_view *view, struct slice word, struct name_claim *out,
                       struct err *err)
{
    unsigned char digest[TOKEN_DIGEST_LEN];
    char small[TOKEN_LEN];

    if (word.len != TOKEN_LEN)
        return ABSENT;
    for (size_t i = 0; i < TOKEN_LEN; i++) {
        char c = word.at[i];
        small[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    sha256((struct slice){small, TOKEN_LEN}, digest);
    return store_claim(view, digest, out, err);
}

enum found bridge_claim_page(struct bridge *bridge, struct store_view *view, struct slice word,
                             struct claim_page *out, struct err *err)
{
    scoped_value(name_claim) claim = {0};
    enum register_answer answer;
    enum found found = find(view, word, &claim, err);

    if (found == FOUND && claim.state == NAME_CLAIM_UNPAID) /* nobody is to pay for another's */
        found = claim_is_free(view, &claim, err);
    if (found != FOUND)
        return found;
    if (!claim_let_in(bridge, view, &claim, &answer, err))
        return FAILED;
    *out = (struct claim_page){.address = must_print("%s@%s", claim.name, claim.domain),
                               .told = must_dup(claim.address),
                               .refused = answer == REGISTER_DONE ? NULL : register_words(answer),
                               .unpaid = claim.state == NAME_CLAIM_UNPAID,
                               .costs = claim_costs(bridge, &claim),
                               .expires_ms = claim.expires_ms};
    memcpy(out->fingerprint, claim.fingerprint, sizeof out->fingerprint);
    memcpy(out->reference, claim.reference, sizeof out->reference);
    return FOUND;
}

/* ---- making it ---- */
enum found claim_is_invited(struct store_view *view, const struct name_claim *claim,
                            struct err *err)
{
    return claim->invitation_id ? store_invitation_holds(view, claim->invitation_id, err) : FOUND;
}

/* The administrator may have given the name away, or taken the invitation back. */
enum found claim_is_free(struct store_view *view, const struct name_claim *claim, struct err *err)
{
    scoped_value(account) account = {0};
    enum found there =
        store_account_named(view, slice_of(claim->name), slice_of(claim->domain), &account, err);

    if (there != ABSENT)
        return there == FOUND ? ABSENT : FAILED;
    return claim_is_invited(view, claim, err);
}

/* A key may have ended since. */
static enum found is_possible(struct bridge *bridge, struct store_view *view,
                              const struct name_claim *claim, struct pgp_key_facts *out,
                              struct err *err)
{
    enum register_answer answer;
    enum found found = claim_is_free(view, claim, err);

    if (found != FOUND)
        return found;
    if (!claim_let_in(bridge, view, claim, &answer, err))
        return FAILED;
    if (answer != REGISTER_DONE)
        return ABSENT;
    if (!pgp_key_read(bridge->pgp, bytes_slice(&claim->certificate), out, err))
        return err->kind == ERR_TEMPORARY || err->kind == ERR_FULL ? FAILED : ABSENT;
    return out->revoked || out->expired || !out->can_encrypt ? ABSENT : FOUND;
}

static void fill_key(struct claim_confirmation *it, const struct pgp_key_facts *facts,
                     int64_t now_ms)
{
    struct account_key *key = &it->key;

    bytes_add(&key->certificate, bytes_slice(&it->claim.certificate));
    key_take_facts(key, facts);
    key->added_ms = now_ms;
    key->uses = KEY_ENCRYPTS;
    key->learnt = KEY_BY_CLAIM;
    key->state = KEY_IN_USE;
}

typedef bool fill(struct bridge *bridge, struct claim_confirmation *it,
                  const struct pgp_key_facts *facts, struct err *err);

static bool fill_account(struct bridge *bridge, struct claim_confirmation *it,
                         const struct pgp_key_facts *facts, struct err *err)
{
    const struct name_claim *claim = &it->claim;
    struct account *account = &it->account;
    char password[TOKEN_LEN + 1];
    scoped_value(bytes) text = {0};
    struct claim_letter letter = {.claim = claim, .subject = "Your account"};

    if (!account_fill_new(bridge, slice_of(claim->name), slice_of(claim->domain), account, err))
        return false;
    fill_key(it, facts, clock_now(bridge->clock));
    account->self_made = claim->state != NAME_CLAIM_UNPAID; /* who paid has it, used or not */
    account->ends_ms = claim->account_life_ms ? account->created_ms + claim->account_life_ms : 0;
    token_new(password);
    credential_make(slice_of(password), &it->credential);
    claim_welcome_words(bridge, claim, password, &text);
    letter.text = bytes_slice(&text);
    bool ok = claim_letter_write(bridge, &letter, &it->letter, err);
    explicit_bzero(password, sizeof password);
    bytes_wipe(&text);
    return ok;
}

/* ---- what is to be paid before ---- */
/* One that was renewed keeps its reference: it may be on its way already. */
static bool fill_price(struct bridge *bridge, struct claim_confirmation *it,
                       const struct pgp_key_facts *facts, struct err *err)
{
    struct name_claim *claim = &it->claim;
    unsigned char random[(CLAIM_REFERENCE_LEN * 5 + 7) / 8];
    scoped_value(bytes) text = {0};
    struct claim_letter letter = {.claim = claim, .subject = "To be paid"};

    (void)facts; /* read again when it is paid */
    it->unpaid = true;
    random_bytes(random, sizeof random);
    if (!claim->reference[0])
        id_text((struct slice){(const char *)random, sizeof random}, CLAIM_REFERENCE_LEN,
                claim->reference);
    claim->expires_ms = clock_now(bridge->clock) + CLAIM_WAITS_MS;
    if (claim->free_ms < claim->expires_ms)
        claim->free_ms = claim->expires_ms;
    claim_price_words(bridge, claim, &text);
    letter.text = bytes_slice(&text);
    return claim_letter_write(bridge, &letter, &it->letter, err);
}

/* ---- both ---- */
static enum found prepare(struct bridge *bridge, struct store_view *view, struct name_claim *claim,
                          fill *fill_it, struct claim_confirmation **out, struct err *err)
{
    scoped(claim_confirmation) it = must_new(struct claim_confirmation);
    struct pgp_key_facts facts;

    it->claim = *claim;
    *claim = (struct name_claim){0};
    enum found found = is_possible(bridge, view, &it->claim, &facts, err);
    if (found == FOUND && !fill_it(bridge, it, &facts, err))
        found = FAILED;
    if (found == FOUND)
        *out = steal(&it);
    return found;
}

enum found claim_account_prepare(struct bridge *bridge, struct store_view *view,
                                 struct name_claim *claim, struct claim_confirmation **out,
                                 struct err *err)
{
    return prepare(bridge, view, claim, fill_account, out, err);
}

enum found bridge_claim_confirm_prepare(struct bridge *bridge, struct store_view *view,
                                        struct slice word, struct claim_confirmation **out,
                                        struct err *err)
{
    scoped_value(name_claim) claim = {0};
    enum found found = find(view, word, &claim, err);

    if (found != FOUND || claim.state != NAME_CLAIM_WAITS)
        return found == FAILED ? FAILED : ABSENT;
    return prepare(bridge, view, &claim, claim_costs(bridge, &claim) ? fill_price : fill_account,
                   out, err);
}

/* ---- on the writer ---- */
static bool record_account(struct bridge *bridge, struct store_tx *tx,
                           const struct claim_confirmation *it, struct err *err)
{
    bool paid = it->claim.state == NAME_CLAIM_UNPAID;
    int64_t id;

    return store_add_account(tx, &it->account, &id, err) &&
           store_set_credential(tx, id, &it->credential, err) &&
           store_add_account_key(tx, id, &it->key, err) &&
           (bridge->config->contact != DOOR_ASK || contact_make_mailboxes(tx, id, err)) &&
           (paid ? store_claim_paid(tx, it->claim.id, err)
                 : store_end_claim(tx, it->claim.id, err)) &&
           claim_letter_send(bridge, tx, &it->claim, CLAIM_WELCOME, it->letter, err);
}

bool bridge_claim_confirm_record(struct bridge *bridge, struct store_tx *tx,
                                 struct claim_confirmation *it, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(name_claim) still = {0};
    enum found found = store_claim(view, it->claim.digest, &still, err);

    if (found == FOUND)
        found = still.state == it->claim.state ? claim_is_free(view, &it->claim, err) : ABSENT;
    if (found != FOUND)
        return found != FAILED && err_set(err, ERR_CONFLICT, "Try again");
    if (!it->unpaid)
        return record_account(bridge, tx, it, err);
    return store_claim_confirmed(tx, &it->claim, err) &&
           claim_letter_send(bridge, tx, &it->claim, CLAIM_PRICE, it->letter, err);
}
