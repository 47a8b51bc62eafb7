/*
 * Payments of addresses (docs/claims.md, "For a fee").  The server asks no bank: somebody says that one has come.
 */
#include "claim_work.h"

#include "commit.h"
#include "config.h"
#include "memory.h"

void claim_payment_clear(struct claim_payment *payment)
{
    free(payment->address);
    free(payment->told);
    *payment = (struct claim_payment){0};
}

bool claim_is_unpaid(const struct bridge *bridge, const struct name_claim *claim)
{
    return claim->state == NAME_CLAIM_UNPAID && claim->expires_ms > clock_now(bridge->clock);
}

bool claim_answer_unpaid(struct bridge *bridge, struct store_view *view, const struct address *to,
                         struct answer *out, struct err *err)
{
    scoped_value(name_claim) claim = {0};
    enum found found =
        store_claim_named(view, slice_of(to->user), slice_of(to->domain), &claim, err);

    if (found != FOUND || !claim.reference[0])
        return found != FAILED;
    answer_set(out, VERDICT_CLOSED,
               claim_is_unpaid(bridge, &claim) ? "%s@%s is no address yet: it waits to be paid for."
                                               : "%s@%s is no address: it was never paid for.",
               claim.name, claim.domain);
    return true;
}

/* ---- what was paid for ---- */
/* As people copy them. */
static char *reference_of(struct slice text)
{
    char *copy = must_copy(text);

    for (char *c = copy; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
        if (*c == 'o')
            *c = '0';
        else if (*c == 'i' || *c == 'l')
            *c = '1';
    }
    return copy;
}

static enum found find(struct bridge *bridge, struct store_view *view, struct slice of,
                       struct name_claim *out, struct err *err)
{
    struct address address;

    if (!slice_has(of, "@")) {
        scoped_text char *reference = reference_of(of);
        return store_claim_of_payment(view, slice_of(reference), out, err);
    }
    address_read(bridge->config, of, &address);
    if (address.kind != ADDRESS_ACCOUNT)
        return ABSENT;
    return store_claim_named(view, slice_of(address.user), slice_of(address.domain), out, err);
}

static bool say_over(const struct name_claim *claim, struct err *err)
{
    char day[DATE_TEXT_SIZE];

    date_rfc3339(claim->free_ms, day);
    return err_because(err, ERR_REFUSED, "Its week is over, or it is not confirmed yet",
                       "who asked for %s@%s may claim it again with the same key until %.10s; when "
                       "account list shows it, enter the payment again. Or give it by hand: "
                       "nestbox account add",
                       claim->name, claim->domain, day);
}

/* May it become an account now? */
static bool check(struct bridge *bridge, struct store_view *view, const struct name_claim *claim,
                  struct err *err)
{
    scoped_value(account) given = {0};

    if (!config_hosts(bridge->config, slice_of(claim->domain)))
        return err_set(err, ERR_REFUSED, "%s is not a domain of this server (setting domain)",
                       claim->domain);
    if (!claim->reference[0])
        return err_set(err, ERR_REFUSED,
                       "%s@%s is not confirmed yet by who asked for it, so nothing is to be paid",
                       claim->name, claim->domain);
    switch (
        store_account_named(view, slice_of(claim->name), slice_of(claim->domain), &given, err)) {
    case FAILED: return false;
    case FOUND:
        return err_because(err, ERR_REFUSED, "That address was given away meanwhile",
                           "%s@%s is an account that this payment did not make; unless it was "
                           "given to who paid, pay this back",
                           claim->name, claim->domain);
    case ABSENT: break;
    }
    return claim_is_unpaid(bridge, claim) || say_over(claim, err);
}

/* ---- becoming an account ---- */
static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    return bridge_claim_confirm_record(bridge, tx, ctx, err);
}

/* *out_account NULL where there is nothing to do. */
static bool prepare(struct bridge *bridge, struct slice of, struct claim_payment *out,
                    struct claim_confirmation **out_account, struct err *err)
{
    scoped_value(name_claim) claim = {0};
    scoped(store_view) view = store_look(bridge->store, err);
    enum found found = view ? find(bridge, view, of, &claim, err) : FAILED;

    if (found == ABSENT)
        return err_set(err, ERR_ABSENT,
                       "Nobody waits to pay for %.*s, or did lately; see nestbox account list",
                       SLICE_ARGS(of));
    if (found == FAILED)
        return false;
    claim_payment_clear(out);
    out->address = must_print("%s@%s", claim.name, claim.domain);
    out->told = must_dup(claim.address);
    out->again = claim.state == NAME_CLAIM_PAID;
    if (out->again)
        return true;
    if (!check(bridge, view, &claim, err))
        return false;
    found = claim_account_prepare(bridge, view, &claim, out_account, err);
    return found != ABSENT
               ? found == FOUND
               : err_because(err, ERR_REFUSED, "Its key can be used no more",
                             "%s can be told nothing in secret: it has expired, or was revoked. "
                             "Give the address by hand: nestbox account add",
                             out->told);
}

bool bridge_claim_paid(struct bridge *bridge, struct slice of, struct claim_payment *out,
                       struct err *err)
{
    enum { TRIES = 3 }; /* somebody else entered it, or it lapsed, between look and commit */
    scoped_value(claim_payment) payment = {0};
    bool done = false;

    for (int i = 0; i < TRIES && !done; i++) {
        scoped(claim_confirmation) account = NULL;
        if (!prepare(bridge, of, &payment, &account, err))
            return false;
        done = !account || bridge_commit(bridge, record, account, err);
        if (!done && err->kind != ERR_CONFLICT)
            return false;
    }
    if (!done)
        return false;
    *out = payment;
    payment = (struct claim_payment){0};
    return true;
}
