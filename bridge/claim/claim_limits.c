/* How many claims there may be, and one that is within that as it is written down (docs/claims.md, "Limits"). */
#include "claim_work.h"

#include "config.h"
#include "list_work.h"
#include "memory.h"

enum { WORDS_A_DAY = 3, NAMES_MAX = 1000, OF_ONE_MAX = 50, SERVER_TIMES = 20 };

static const unsigned char everybody[32];

void claim_wish_free(struct claim_wish *wish)
{
    if (!wish)
        return;
    name_claim_clear(&wish->claim);
    store_body_drop(wish->letter);
    free(wish);
}

void claim_wish_keys(const struct mail_work *work, struct claim_wish *wish)
{
    struct slice local, domain;

    if (!address_split(slice_of(wish->claim.address), &local, &domain))
        domain = SLICE("");
    scoped_text char *of_domain = must_print("*@%.*s", SLICE_ARGS(domain));
    list_address_key(work->bridge, wish->claim.address, wish->address_key);
    list_address_key(work->bridge, of_domain, wish->domain_key);
    wish->network_counts =
        list_network_key(work->bridge, work->author.origin.client, wish->network_key);
}

/* ---- limits ---- */
/* How many wait for their words; one that is asked for once more is none more. */
static bool has_room(struct store_view *view, const struct claim_wish *wish, enum claim_limit *out,
                     struct err *err)
{
    const struct name_claim *claim = &wish->claim;
    int64_t waiting, of_one;

    if (wish->renews)
        return true;
    if (!store_claim_count(view, &waiting, err) ||
        !(claim->invitation_id
              ? store_claim_count_invited(view, claim->invitation_id, &of_one, err)
              : store_claim_count_from(view, strrchr(claim->address, '@'), &of_one, err)))
        return false;
    if (of_one >= OF_ONE_MAX)
        *out = CLAIM_TOO_OFTEN;
    else if (waiting >= NAMES_MAX)
        *out = CLAIM_DESK_FULL;
    return true;
}

/* Three questions a day go to one address.  Who was invited is counted by the invitation. */
bool claim_within_limits(struct bridge *bridge, struct store_view *view,
                         const struct claim_wish *wish, enum claim_limit *out, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock), since_ms = now_ms - HOUR_MS + 1;
    int64_t most = bridge->config->registration_rate, to_address, at_all, of_domain, of_network;

    *out = CLAIM_WITHIN;
    if (!store_asked_count(view, ASKED_CLAIM_ADDRESS, wish->address_key, now_ms - DAY_MS + 1,
                           &to_address, err) ||
        !store_asked_count(view, ASKED_CLAIM_SERVER, everybody, since_ms, &at_all, err) ||
        !store_asked_count(view, ASKED_CLAIM_DOMAIN, wish->domain_key, since_ms, &of_domain, err) ||
        !store_asked_count(view, ASKED_CLAIM_NETWORK, wish->network_key, since_ms, &of_network,
                           err))
        return false;
    bool few = at_all < most * SERVER_TIMES && of_domain < most &&
               (!wish->network_counts || of_network < most);
    if (to_address < WORDS_A_DAY && (wish->claim.invitation_id || few))
        return has_room(view, wish, out, err);
    *out = CLAIM_TOO_OFTEN;
    return true;
}

static bool count(struct bridge *bridge, struct store_tx *tx, const struct claim_wish *wish,
                  struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);

    return store_count_asked(tx, ASKED_CLAIM_ADDRESS, wish->address_key, now_ms, err) &&
           (wish->claim.invitation_id ||
            (store_count_asked(tx, ASKED_CLAIM_SERVER, everybody, now_ms, err) &&
             store_count_asked(tx, ASKED_CLAIM_DOMAIN, wish->domain_key, now_ms, err) &&
             store_count_asked(tx, ASKED_CLAIM_NETWORK, wish->network_key, now_ms, err)));
}

/* ---- on the writer ---- */
static bool conflict(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "Try again");
}

/* Nobody has the name who had not when it was looked at; and it is not confirmed meanwhile, where that is to be paid. */
static bool is_still_free(const struct bridge *bridge, struct store_view *view,
                          const struct name_claim *claim, bool *out, struct err *err)
{
    struct slice name = slice_of(claim->name), domain = slice_of(claim->domain);
    scoped_value(account) account = {0};
    scoped_value(name_claim) other = {0};
    enum found found = store_account_named(view, name, domain, &account, err);

    *out = false;
    if (found != ABSENT)
        return found == FOUND;
    found = store_claim_named(view, name, domain, &other, err);
    *out = found == ABSENT ||
           (strcmp(other.fingerprint, claim->fingerprint) == 0 && !claim_is_unpaid(bridge, &other));
    return found != FAILED;
}

bool claim_wish_record(struct bridge *bridge, struct store_tx *tx, const struct claim_wish *wish,
                       struct err *err)
{
    struct name_claim claim = wish->claim; /* borrows its texts */
    enum claim_limit limit;
    bool is_free;

    if (!is_still_free(bridge, store_tx_view(tx), &claim, &is_free, err) ||
        !claim_within_limits(bridge, store_tx_view(tx), wish, &limit, err))
        return false;
    if (!is_free || limit != CLAIM_WITHIN)
        return conflict(err);
    return store_add_claim(tx, &claim, &claim.id, err) && count(bridge, tx, wish, err) &&
           claim_letter_send(bridge, tx, &claim, CLAIM_QUESTION, wish->letter, err);
}
