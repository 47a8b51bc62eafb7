/* nestbox seal ADDRESS: what rests in clear or under the server key is sealed to its owner. */
#include "bridge_people.h"
#include "commit.h"

#include "memory.h"
#include "store_mailbox.h"

static bool note_key(void *ctx, const struct account_key *key)
{
    bool *found = ctx;

    *found = *found || key_encrypts_now(key, clock_now(&system_clock));
    return !*found;
}

bool bridge_reseal_begin(struct bridge *bridge, struct slice address, struct resealing *out,
                         struct err *err)
{
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(bridge->store, err);
    bool has_key = false;

    *out = (struct resealing){0};
    if (!view || !bridge_account_find(bridge, view, address, &account, err) ||
        !store_account_keys(view, account.id, note_key, &has_key, err) ||
        !store_count_unsealed(view, account.id, &out->left, err))
        return false;
    out->account_id = account.id;
    if (!bridge->config->seal)
        return err_set(err, ERR_REFUSED, "The settings say seal = no");
    if (account_chats(&account))
        return err_set(
            err, ERR_REFUSED,
            "Delta Chat reads %.*s and would drop what the server sealed: its mail stays "
            "under the server key (chat=no in nestbox account set, if it does not)",
            SLICE_ARGS(address));
    return has_key ||
           err_set(err, ERR_REFUSED, "%.*s has no key that encrypts; add one: nestbox key add",
                   SLICE_ARGS(address));
}

struct anew {
    int64_t copy_id;
    struct letter letter;
    bool done;
};

static void anew_clear(struct anew *anew)
{
    letter_clear(&anew->letter);
}
SCOPED_VALUE(anew, anew_clear)

static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct anew *anew = ctx;
    const struct new_copy copy = letter_copy(&anew->letter, 0);

    (void)bridge;
    return store_reseal_copy(tx, anew->copy_id, &copy, anew->letter.sealed, anew->letter.body,
                             &anew->done, err);
}

static bool is_better(const struct letter *letter)
{
    enum pgp_form form = pgp_sealed_form(letter->sealed);

    return form == PGP_SEALED || form == PGP_WAS_ENCRYPTED;
}

/* *out_body NULL: it cannot be read. */
static enum found find_next(struct bridge *bridge, const struct resealing *resealing,
                            struct unsealed_copy *copy, struct source **out_body, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view)
        return FAILED;
    enum found found = store_unsealed_copy(view, resealing->account_id, resealing->last, copy, err);
    if (found == FOUND)
        *out_body = store_body_source(view, copy->body_id, err);
    return found;
}

enum resealed bridge_reseal_next(struct bridge *bridge, struct resealing *resealing,
                                 struct err *err)
{
    scoped_value(unsealed_copy) copy = {0};
    scoped_value(anew) anew = {0};
    scoped(source) body = NULL;

    enum found found = find_next(bridge, resealing, &copy, &body, err);
    if (found != FOUND)
        return found == ABSENT ? RESEALED_ALL : RESEALED_FAILED;
    resealing->last = anew.copy_id = copy.id;
    resealing->mail = copy.entry_id;
    anew.letter = (struct letter){.account_id = resealing->account_id,
                                  .from = steal(&copy.from),
                                  .subject = steal(&copy.subject),
                                  .received_ms = copy.received_ms};
    if (!body || !letter_seal(bridge, body, &anew.letter, err))
        return err->kind == ERR_FULL ? RESEALED_FAILED : RESEALED_DAMAGED;
    if (is_better(&anew.letter) && !bridge_commit(bridge, record, &anew, err))
        return RESEALED_FAILED;
    resealing->sealed += anew.done;
    return RESEALED_ONE;
}
