/* The OpenPGP certificates by which an account may post (behaviour.md 3.2). */
#include "bridge_people.h"
#include "commit.h"

#include <string.h>

struct key_step {
    int64_t account_id;
    struct account_key key;
};

static bool record_key(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct key_step *step = ctx;

    (void)bridge;
    return store_add_account_key(tx, step->account_id, &step->key, err);
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

static bool check_facts(const struct pgp_key_facts *facts, struct err *err)
{
    if (facts->revoked)
        return err_set(err, ERR_REFUSED, "This key is revoked");
    if (facts->expired)
        return err_set(err, ERR_REFUSED, "This key has expired; extend it and add it again");
    return facts->can_sign || err_set(err, ERR_REFUSED, "This key cannot sign");
}

bool bridge_key_add(struct bridge *bridge, struct slice address, struct slice certificate,
                    char out_fingerprint[41], struct err *err)
{
    struct key_step step = {0};
    struct pgp_key_facts facts;

    if (!find_id(bridge, address, &step.account_id, err) ||
        !pgp_key_read(bridge->pgp, certificate, &facts, err) || !check_facts(&facts, err))
        return false;
    memcpy(step.key.fingerprint, facts.fingerprint, sizeof step.key.fingerprint);
    step.key.added_ms = clock_now(bridge->clock);
    step.key.expires_ms = facts.expires_ms;
    bytes_add(&step.key.certificate, certificate);
    bool recorded = bridge_commit(bridge, record_key, &step, err);
    bytes_clear(&step.key.certificate);
    if (recorded)
        memcpy(out_fingerprint, facts.fingerprint, sizeof facts.fingerprint);
    return recorded;
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
