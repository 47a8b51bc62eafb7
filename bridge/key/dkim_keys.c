/* Pairs of keys that sign mail: made, rotated, forgotten. */
#include "bridge_dkim.h"

#include "commit.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>
#include <time.h>

enum { KEYS_MAX = 1024, LETTERS = 26 };

struct keys {
    struct dkim_key *at;
    size_t count, capacity;
};

static void keys_clear(struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        dkim_key_clear(&keys->at[i]);
    free(keys->at);
}
SCOPED_VALUE(keys, keys_clear)

/* Without its secret, which nobody here needs. */
static bool collect(void *ctx, const struct dkim_key *key)
{
    struct keys *keys = ctx;

    must_make_room(keys->at, keys->count, keys->capacity);
    keys->at[keys->count++] = (struct dkim_key){
        .id = key->id,
        .domain = must_dup(key->domain),
        .selector = must_dup(key->selector),
        .kind = key->kind,
        .state = key->state,
        .public_key = must_dup(key->public_key),
        .since_ms = key->since_ms,
    };
    return keys->count < KEYS_MAX;
}

static size_t count_in(const struct keys *keys, enum dkim_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < keys->count; i++)
        count += keys->at[i].state == state;
    return count;
}

static bool look(struct bridge *bridge, struct slice domain, struct keys *out, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    if (!config_hosts(bridge->config, domain))
        return err_set(err, ERR_ABSENT, "%.*s is not a domain of this server (setting domain)",
                       SLICE_ARGS(domain));
    return view && store_dkim_keys(view, domain, collect, out, err);
}

/* ---- making ---- */

struct pair {
    struct dkim_key keys[2];
};

static void pair_clear(struct pair *pair)
{
    dkim_key_clear(&pair->keys[0]);
    dkim_key_clear(&pair->keys[1]);
}
SCOPED_VALUE(pair, pair_clear)

static bool is_used(const struct keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->count; i++)
        if (slice_is_nocase(slice_of(keys->at[i].selector + 1), name))
            return true;
    return false;
}

/* What the selectors of a pair share: the year and a letter, "26a"; behind "26z" come "26aa", "26ab" … */
static char *fresh_name(const struct keys *keys, int64_t now_ms)
{
    time_t now = (time_t)(now_ms / SECOND_MS);
    struct tm tm;

    gmtime_r(&now, &tm);
    for (int number = 0;; number++) {
        char letters[3] = {(char)('a' + number % LETTERS)};
        if (number >= LETTERS) {
            letters[0] = (char)('a' + (number / LETTERS - 1) % LETTERS);
            letters[1] = (char)('a' + number % LETTERS);
        }
        scoped_text char *name = must_print("%02d%s", tm.tm_year % 100, letters);
        if (!is_used(keys, name))
            return steal(&name);
    }
}

static bool make_key(struct bridge *bridge, enum dkim_kind kind, struct dkim_key *out,
                     struct err *err)
{
    scoped_text char *pem = NULL;
    scoped_value(bytes) plain = {0};
    scoped_value(bytes) text = {0};
    enum vault_scheme scheme = kind == DKIM_RSA ? VAULT_RSA_SHA256 : VAULT_ED25519;

    out->kind = kind;
    if (!vault_key_new(bridge->vault, scheme, &out->private_key, &pem, err))
        return false;
    if (!vault_public_plain(slice_of(pem), &plain))
        return err_because(err, ERR_TEMPORARY, "No key could be made", "its public half");
    base64_add(&text, bytes_slice(&plain));
    out->public_key = bytes_take(&text);
    return true;
}

static bool record_pair(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct pair *pair = ctx;

    (void)bridge;
    return store_add_dkim_key(tx, &pair->keys[0], err) &&
           store_add_dkim_key(tx, &pair->keys[1], err);
}

static bool add_pair(struct bridge *bridge, const struct keys *known, struct slice domain,
                     enum dkim_state state, struct err *err)
{
    static const enum dkim_kind kinds[] = {DKIM_RSA, DKIM_ED25519};
    scoped_text char *name = fresh_name(known, clock_now(bridge->clock));
    scoped_value(pair) pair = {0};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct dkim_key *key = &pair.keys[i];
        key->domain = must_copy(domain);
        key->selector = must_print("%c%s", kinds[i] == DKIM_RSA ? 'r' : 'e', name);
        key->state = state;
        if (!make_key(bridge, kinds[i], key, err))
            return false;
    }
    return bridge_commit(bridge, record_pair, &pair, err);
}

bool dkim_make_ready(struct bridge *bridge, struct slice domain, struct err *err)
{
    scoped_value(keys) keys = {0};

    return look(bridge, domain, &keys, err) &&
           (count_in(&keys, DKIM_ACTIVE) > 0 || add_pair(bridge, &keys, domain, DKIM_ACTIVE, err));
}

/* ---- rotating ---- */

bool bridge_dkim_prepare(struct bridge *bridge, struct slice domain, struct err *err)
{
    scoped_value(keys) keys = {0};

    if (!look(bridge, domain, &keys, err))
        return false;
    if (count_in(&keys, DKIM_NEXT) > 0)
        return err_set(err, ERR_REFUSED, "A new pair of keys waits already; publish its records");
    return add_pair(bridge, &keys, domain, DKIM_NEXT, err);
}

static bool record_switch(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct keys *keys = ctx;
    bool ok = true;

    (void)bridge;
    for (size_t i = 0; ok && i < keys->count; i++) {
        const struct dkim_key *key = &keys->at[i];
        if (key->state == DKIM_ACTIVE)
            ok = store_move_dkim_key(tx, key->id, DKIM_ACTIVE, DKIM_RETIRED, err);
        else if (key->state == DKIM_NEXT)
            ok = store_move_dkim_key(tx, key->id, DKIM_NEXT, DKIM_ACTIVE, err);
    }
    return ok;
}

bool bridge_dkim_switch(struct bridge *bridge, struct slice domain, struct err *err)
{
    scoped_value(keys) keys = {0};

    if (!look(bridge, domain, &keys, err))
        return false;
    if (count_in(&keys, DKIM_NEXT) == 0)
        return err_set(err, ERR_REFUSED, "No new pair of keys waits");
    return bridge_commit(bridge, record_switch, &keys, err);
}

/* ---- forgetting ---- */

static int64_t keep_until(const struct dkim_key *key)
{
    return key->state == DKIM_RETIRED ? key->since_ms + DKIM_KEEP_DAYS * DAY_MS : 0;
}

static bool record_forgotten(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct keys *keys = ctx;
    int64_t now_ms = clock_now(bridge->clock);
    bool ok = true;

    for (size_t i = 0; ok && i < keys->count; i++) {
        const struct dkim_key *key = &keys->at[i];
        if (key->state == DKIM_RETIRED && keep_until(key) <= now_ms)
            ok = store_move_dkim_key(tx, key->id, DKIM_RETIRED, DKIM_FORGOTTEN, err);
    }
    return ok;
}

static bool has_old(const struct keys *keys, int64_t now_ms)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->at[i].state == DKIM_RETIRED && keep_until(&keys->at[i]) <= now_ms)
            return true;
    return false;
}

bool forget_dkim_keys(struct bridge *bridge, struct err *err)
{
    for (size_t i = 0; i < bridge->config->domain_count; i++) {
        scoped_value(keys) keys = {0};
        if (!look(bridge, slice_of(bridge->config->domains[i]), &keys, err) ||
            (has_old(&keys, clock_now(bridge->clock)) &&
             !bridge_commit(bridge, record_forgotten, &keys, err)))
            return false;
    }
    return true;
}

/* ---- showing ---- */

bool bridge_dkim_records(struct bridge *bridge, struct store_view *view, struct slice domain,
                         void (*each)(void *ctx, const struct dkim_record *), void *ctx,
                         struct err *err)
{
    scoped_value(keys) keys = {0};

    (void)bridge;
    if (!store_dkim_keys(view, domain, collect, &keys, err))
        return false;
    for (size_t i = 0; i < keys.count; i++) {
        const struct dkim_key *key = &keys.at[i];
        scoped_text char *name = must_print("%s._domainkey.%s", key->selector, key->domain);
        scoped_text char *value = must_print(
            "v=DKIM1; k=%s; p=%s", key->kind == DKIM_RSA ? "rsa" : "ed25519", key->public_key);
        const struct dkim_record record = {
            .name = name,
            .value = value,
            .selector = key->selector,
            .kind = key->kind,
            .state = key->state,
            .since_ms = key->since_ms,
            .keep_until_ms = keep_until(key),
        };
        each(ctx, &record);
    }
    return true;
}
