/*
 * Keys in time: one that waited comes into use, one that ends is told of 30 and 7 days before and at its end, and so is one
 * that no engine takes.  Each is told once; the row remembers it in the transaction that files the letter.
 */
#include "key_tell.h"

#include "commit.h"
#include "key_change.h"
#include "key_letter.h"
#include "memory.h"
#include "own_letter.h"

#include <stdatomic.h>

enum { LOOK_AGAIN_MS = HOUR_MS, TOLD_AT_ONCE = 50, MONTH_DAYS = 30, WEEK_DAYS = 7 };

struct news_of_key {
    int64_t id, account_id;
    char fingerprint[41];
    enum key_news news;
};
struct look {
    int64_t now_ms;
    struct news_of_key at[TOLD_AT_ONCE];
    size_t count;
};

/* What there is to tell of it; KEY_NEWS_FIRST: nothing. */
static enum key_news news_of(const struct account_key *key, int64_t now_ms)
{
    int64_t left_ms = key->encrypts_until_ms - now_ms;
    enum key_news news = KEY_NEWS_MONTH;

    if (key->state == KEY_WAITS)
        return key->due_ms <= now_ms ? KEY_NEWS_TAKEN : KEY_NEWS_FIRST;
    if (!(key->uses & KEY_ENCRYPTS) || !key->encrypts_until_ms || left_ms > MONTH_DAYS * DAY_MS)
        return KEY_NEWS_FIRST;
    if (left_ms <= 0)
        news = KEY_NEWS_ENDED;
    else if (left_ms <= WEEK_DAYS * DAY_MS)
        news = KEY_NEWS_WEEK;
    /* Who has heard of the end need not hear that it is near; enum key_news rises towards it. */
    unsigned later = key->told & (KEY_NEWS_MONTH | KEY_NEWS_WEEK | KEY_NEWS_ENDED);
    return later >= (unsigned)news ? KEY_NEWS_FIRST : news;
}

static bool note(void *ctx, const struct account_key *key)
{
    struct look *look = ctx;
    enum key_news news = news_of(key, look->now_ms);

    if (news == KEY_NEWS_FIRST)
        return true;
    struct news_of_key *one = &look->at[look->count++];
    *one = (struct news_of_key){.id = key->id, .account_id = key->account_id, .news = news};
    memcpy(one->fingerprint, key->fingerprint, sizeof one->fingerprint);
    return look->count < TOLD_AT_ONCE;
}

/* ---- one of them ---- */
struct telling {
    const struct news_of_key *what;
    struct account_key key; /* as it will be */
    enum key_state from;
    unsigned told; /* as it was */
    struct letter letter;
};

static void telling_clear(struct telling *telling)
{
    account_key_clear(&telling->key);
    letter_clear(&telling->letter);
}
SCOPED_VALUE(telling, telling_clear)

static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct telling *it = ctx;
    scoped_value(account_key) now = {0};
    enum found found = store_account_key(store_tx_view(tx), it->what->account_id,
                                         slice_of(it->what->fingerprint), &now, err);

    (void)bridge;
    if (found != FOUND || now.state != it->from || now.told != it->told)
        return found != FAILED; /* it moved on: the next look finds what there is to tell */
    return store_move_key(tx, &it->key, it->from, err) &&
           (!it->letter.body || own_letter_file(tx, &it->letter, NULL, err));
}

static bool prepare(struct bridge *bridge, struct telling *it, bool *out_there, struct err *err)
{
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(bridge->store, err);

    *out_there = false;
    if (!view)
        return false;
    enum found found = store_account_key(view, it->what->account_id,
                                         slice_of(it->what->fingerprint), &it->key, err);
    if (found == FOUND)
        found = store_account(view, it->what->account_id, &account, err);
    if (found != FOUND)
        return found != FAILED;
    *out_there = true;
    it->from = it->key.state;
    it->told = it->key.told;
    it->key.told |= (unsigned)it->what->news;
    if (it->what->news == KEY_NEWS_TAKEN) {
        it->key.state = KEY_IN_USE;
        it->key.due_ms = 0;
    }
    return account.state != ACCOUNT_ACTIVE ||
           key_letter(bridge, &account, &it->key, it->what->news, NULL, &it->letter, err);
}

static bool tell(struct bridge *bridge, const struct news_of_key *what, struct err *err)
{
    scoped_value(telling) it = {.what = what};
    bool there;

    return prepare(bridge, &it, &there, err) && (!there || bridge_commit(bridge, record, &it, err));
}

/* ---- what no engine takes ---- */
static bool is_usable(struct bridge *bridge, const struct account_key *key, bool *out,
                      struct err *err)
{
    const struct slice certificate = bytes_slice(&key->certificate);
    const struct pgp_orders orders = {.form = PGP_SEALED, .certificates = &certificate, .count = 1};
    struct memory_sink sink;
    struct err why;

    memory_sink_init(&sink);
    scoped(source) plain = source_of_slice(SLICE("\r\n"));
    scoped(pgp_sealed) sealed = pgp_seal(bridge->pgp, &orders, plain, &sink.sink, &why);
    bytes_clear(&sink.bytes);
    *out = sealed != NULL;
    if (sealed || why.kind == ERR_REFUSED)
        return true;
    *err = why;
    return false;
}

static bool test_keys(struct bridge *bridge, int64_t account_id, struct look *out, struct err *err)
{
    scoped_value(account_keys) keys = {0};
    {
        scoped(store_view) view = store_look(bridge->store, err);
        if (!view || !account_keys_read(view, account_id, &keys, err))
            return false;
    }
    for (size_t i = 0; i < keys.count && out->count < TOLD_AT_ONCE; i++) {
        const struct account_key *key = &keys.at[i];
        bool usable;
        if (!key_encrypts_now(key, out->now_ms) || (key->told & KEY_NEWS_UNUSABLE))
            continue;
        if (!is_usable(bridge, key, &usable, err))
            return false;
        struct news_of_key *one = &out->at[out->count];
        *one = (struct news_of_key){key->id, account_id, "", KEY_NEWS_UNUSABLE};
        memcpy(one->fingerprint, key->fingerprint, sizeof one->fingerprint);
        out->count += !usable;
    }
    return true;
}

/* ---- together ---- */
static bool tell_all(struct bridge *bridge, const struct look *look, struct err *err)
{
    for (size_t i = 0; i < look->count; i++)
        if (!tell(bridge, &look->at[i], err))
            return false;
    return true;
}

static bool look_at_ends(struct bridge *bridge, struct look *look, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    return view && store_keys_ending(view, look->now_ms + MONTH_DAYS * DAY_MS, note, look, err);
}

bool tell_of_keys(struct bridge *bridge, struct err *err)
{
    struct look ends = {.now_ms = clock_now(bridge->clock)};
    struct look tests = {.now_ms = ends.now_ms};
    int64_t unusable = atomic_exchange(&bridge->unusable_account, 0);

    if (unusable && !(test_keys(bridge, unusable, &tests, err) && tell_all(bridge, &tests, err)))
        return false;
    if (chore_rests(bridge->keys_ms, LOOK_AGAIN_MS, ends.now_ms))
        return true;
    if (!look_at_ends(bridge, &ends, err) || !tell_all(bridge, &ends, err))
        return false;
    bridge->keys_ms = ends.count == TOLD_AT_ONCE ? ends.now_ms : ends.now_ms + LOOK_AGAIN_MS;
    return true;
}
