/* The OpenPGP certificates by which an account may post (behaviour.md 3.2), and to which its mail is sealed. */
#include "bridge_key.h"
#include "bridge_people.h"
#include "bridge_private.h"
#include "commit.h"
#include "key_letter.h"
#include "own_letter.h"

#include <string.h>

struct key_step {
    int64_t account_id;
    struct account_key key;
    struct letter letter; /* to its owner; no body: none */
};

static bool record_key(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct key_step *step = ctx;

    (void)bridge;
    return store_add_account_key(tx, step->account_id, &step->key, err) &&
           (!step->letter.body || own_letter_file(tx, &step->letter, NULL, err));
}

/* Its owner may not be who brought the revocation. */
static bool tell_revoked(struct bridge *bridge, struct key_step *step, struct err *err)
{
    scoped_value(account) account = {0};
    {
        scoped(store_view) view = store_look(bridge->store, err);
        if (!view || store_account(view, step->account_id, &account, err) != FOUND)
            return false;
    }
    step->key.told = KEY_NEWS_REVOKED;
    return key_letter(bridge, &account, &step->key, KEY_NEWS_REVOKED, NULL, &step->letter, err);
}

static bool forget_key(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct key_step *step = ctx;

    (void)bridge;
    return store_remove_account_key(tx, step->account_id, step->key.fingerprint, err);
}

static bool find_id(struct bridge *bridge, struct slice address, int64_t *out, struct err *err)
{
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view || !bridge_account_find(bridge, view, address, &account, err))
        return false;
    *out = account.id;
    return true;
}

static bool holds_key(struct bridge *bridge, const struct key_step *step, bool *out,
                      struct err *err);

/* A key that is of no use any more may still say so of one that the account has. */
static bool check_facts(struct bridge *bridge, const struct pgp_key_facts *facts,
                        struct key_step *step, struct err *err)
{
    bool known;

    if (facts->revoked && !holds_key(bridge, step, &known, err))
        return false;
    if (facts->revoked && !known)
        return err_set(err, ERR_REFUSED, "This key is revoked");
    step->key.state = facts->revoked ? KEY_REVOKED : KEY_IN_USE;
    if (facts->revoked)
        return true;
    if (facts->expired)
        return err_set(err, ERR_REFUSED, "This key has expired; extend it and add it again");
    return facts->can_sign || facts->can_encrypt ||
           err_set(err, ERR_REFUSED, "This key can neither sign nor encrypt");
}

struct key_search {
    const char *fingerprint;
    bool found;
};

static bool compare_key(void *ctx, const struct account_key *key)
{
    struct key_search *search = ctx;

    search->found = search->found || strcmp(key->fingerprint, search->fingerprint) == 0;
    return !search->found;
}

static bool holds_key(struct bridge *bridge, const struct key_step *step, bool *out,
                      struct err *err)
{
    struct key_search search = {step->key.fingerprint, false};
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view || !store_account_keys(view, step->account_id, compare_key, &search, err))
        return false;
    *out = search.found;
    return true;
}

static void fill_key(struct bridge *bridge, const struct pgp_key_facts *facts,
                     struct account_key *key)
{
    memcpy(key->fingerprint, facts->fingerprint, sizeof key->fingerprint);
    key->added_ms = clock_now(bridge->clock);
    key->expires_ms = facts->expires_ms;
    key->uses = (facts->can_sign ? KEY_SIGNS : 0U) | (facts->can_encrypt ? KEY_ENCRYPTS : 0U);
    key->encrypts_until_ms = facts->encrypts_until_ms;
    key->learnt = KEY_BY_ADMINISTRATOR;
}

bool bridge_key_add(struct bridge *bridge, struct slice address, struct slice certificate,
                    struct key_added *out, struct err *err)
{
    struct key_step step = {0};
    struct pgp_key_facts facts;

    if (!find_id(bridge, address, &step.account_id, err) ||
        !pgp_key_read(bridge->pgp, certificate, &facts, err))
        return false;
    fill_key(bridge, &facts, &step.key);
    if (!check_facts(bridge, &facts, &step, err))
        return false;
    bytes_add(&step.key.certificate, certificate);
    bool recorded = (!facts.revoked || tell_revoked(bridge, &step, err)) &&
                    bridge_commit(bridge, record_key, &step, err);
    bytes_clear(&step.key.certificate);
    letter_clear(&step.letter);
    if (!recorded)
        return false;
    *out = (struct key_added){
        .signs = facts.can_sign, .encrypts = facts.can_encrypt, .revoked = facts.revoked};
    memcpy(out->fingerprint, facts.fingerprint, sizeof out->fingerprint);
    return true;
}

/* The upper-case hex digit that `c` is, or NUL. */
static char hex_digit(char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'))
        return c;
    if (c >= 'a' && c <= 'f')
        return (char)(c - 'a' + 'A');
    return '\0';
}

/* As people copy them: with spaces between groups, in either case. */
static bool read_fingerprint(struct slice text, char out[41])
{
    size_t len = 0;

    for (size_t i = 0; i < text.len && len <= 40; i++)
        if (text.at[i] != ' ')
            out[len++] = hex_digit(text.at[i]);
    if (len != 40 || memchr(out, '\0', len))
        return false;
    out[len] = '\0';
    return true;
}

bool bridge_key_remove(struct bridge *bridge, struct slice address, struct slice fingerprint,
                       struct err *err)
{
    struct key_step step = {0};

    if (!read_fingerprint(fingerprint, step.key.fingerprint))
        return err_set(err, ERR_MALFORMED,
                       "A fingerprint has 40 letters and digits; see nestbox key list");
    return find_id(bridge, address, &step.account_id, err) &&
           bridge_commit(bridge, forget_key, &step, err);
}

static bool decide(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct key_step *step = ctx;
    scoped_value(account_key) key = {0};
    enum found found = store_account_key(store_tx_view(tx), step->account_id,
                                         slice_of(step->key.fingerprint), &key, err);

    (void)bridge;
    if (found != FOUND)
        return found == ABSENT && err_set(err, ERR_ABSENT, "The account has no such key");
    enum key_state from = key.state;
    if (from == KEY_REVOKED)
        return err_set(err, ERR_REFUSED, "This key is revoked");
    key.state = step->key.state;
    key.due_ms = 0;
    return store_move_key(tx, &key, from, err);
}

bool bridge_key_decide(struct bridge *bridge, struct slice address, struct slice fingerprint,
                       bool accept, struct err *err)
{
    struct key_step step = {.key.state = accept ? KEY_IN_USE : KEY_REFUSED};

    if (!read_fingerprint(fingerprint, step.key.fingerprint))
        return err_set(err, ERR_MALFORMED,
                       "A fingerprint has 40 letters and digits; see nestbox key list");
    return find_id(bridge, address, &step.account_id, err) &&
           bridge_commit(bridge, decide, &step, err);
}
