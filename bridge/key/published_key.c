/* Keys that everybody may have: the newest of an account that encrypts, without user ids of other addresses. */
#include "bridge_key.h"
#include "bridge_private.h"

#include "key_directory.h"
#include "key_letter.h"
#include "memory.h"
#include "name_hashes.h"
#include "own_key.h"

#include <stdio.h>

static bool is_hash_of(struct slice hash, const char *local)
{
    char right[KEY_HASH_LEN + 1];

    key_directory_hash(slice_of(local), right);
    return slice_is(hash, right);
}

/* ---- whose ---- */
struct name_search {
    struct store_view *view;
    struct slice domain;
    struct err *err;
    bool failed;
    char found[65];
};

static bool look_at(void *ctx, int64_t account_id)
{
    struct name_search *search = ctx;
    scoped_value(account) account = {0};

    switch (store_account(search->view, account_id, &account, search->err)) {
    case FOUND: break;
    case ABSENT: return true; /* it was removed */
    case FAILED: search->failed = true; return false;
    }
    if (account.state != ACCOUNT_ACTIVE || !slice_is_nocase(search->domain, account.domain))
        return true;
    snprintf(search->found, sizeof search->found, "%s", account.name);
    return false;
}

/* Those who ask tell the name too, today; for the others hashes of all names are kept. */
static bool find_name(struct bridge *bridge, struct name_search *search, struct slice hash,
                      struct slice asked)
{
    if (asked.len == 0)
        return name_hashes_find(bridge->names, search->view, hash, look_at, search, search->err) &&
               !search->failed;
    if (asked.len < sizeof search->found)
        snprintf(search->found, sizeof search->found, "%.*s", SLICE_ARGS(asked));
    if (!is_hash_of(hash, search->found))
        search->found[0] = '\0';
    return true;
}

/* ---- which ---- */
struct choice {
    struct slice address;
    int64_t now_ms, added_ms;
    struct bytes *out;
};

static bool choose(void *ctx, const struct account_key *key)
{
    struct choice *choice = ctx;
    scoped_value(bytes) shown = {0};

    if (!key_encrypts_now(key, choice->now_ms) || (key->told & KEY_NEWS_UNUSABLE) ||
        key->added_ms < choice->added_ms ||
        !pgp_key_for_address(bytes_slice(&key->certificate), choice->address, &shown))
        return true;
    choice->added_ms = key->added_ms;
    bytes_reset(choice->out);
    bytes_add(choice->out, bytes_slice(&shown));
    return true;
}

static enum found key_of_account(struct bridge *bridge, struct store_view *view,
                                 const struct account *account, struct bytes *out, struct err *err)
{
    scoped_text char *address = account_address(account);
    struct choice choice = {
        .address = slice_of(address), .now_ms = clock_now(bridge->clock), .out = out};

    if (!store_account_keys(view, account->id, choose, &choice, err))
        return FAILED;
    return out->len > 0 ? FOUND : ABSENT;
}

/* The key desk has one of its own. */
static enum found key_of_desk(struct bridge *bridge, const char *address, struct bytes *out,
                              struct err *err)
{
    scoped_value(pgp_pair) pair = {0};

    if (!own_key_get(bridge, address, &pair, err))
        return FAILED;
    bytes_add(out, pgp_pair_certificate(&pair));
    return FOUND;
}

enum found bridge_published_key(struct bridge *bridge, struct store_view *view, struct slice domain,
                                struct slice hash, struct slice asked, struct bytes *out,
                                struct err *err)
{
    struct name_search search = {.view = view, .domain = domain, .err = err};
    struct address address;
    scoped_value(account) account = {0};

    if (hash.len != KEY_HASH_LEN)
        return ABSENT;
    if (is_hash_of(hash, "claim"))
        snprintf(search.found, sizeof search.found, "claim");
    else if (!find_name(bridge, &search, hash, asked))
        return FAILED;
    if (!*search.found)
        return ABSENT;
    scoped_text char *whole = must_print("%s@%.*s", search.found, SLICE_ARGS(domain));
    address_read(bridge->config, slice_of(whole), &address);
    if (address.kind == ADDRESS_CLAIM)
        return key_of_desk(bridge, whole, out, err);
    if (address.kind != ADDRESS_ACCOUNT || *address.detail)
        return ABSENT;
    enum found found = account_at(view, slice_of(whole), &account, err);
    if (found != FOUND || account.state != ACCOUNT_ACTIVE)
        return found == FAILED ? FAILED : ABSENT;
    return key_of_account(bridge, view, &account, out, err);
}
