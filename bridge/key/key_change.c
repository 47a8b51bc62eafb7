#include "key_change.h"

#include "key_letter.h"
#include "log.h"
#include "memory.h"
#include "own_letter.h"

void account_keys_clear(struct account_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        account_key_clear(&keys->at[i]);
    free(keys->at);
    *keys = (struct account_keys){0};
}

static bool keep_key(void *ctx, const struct account_key *key)
{
    struct account_keys *keys = ctx;

    must_make_room(keys->at, keys->count, keys->capacity);
    struct account_key *kept = &keys->at[keys->count++];
    *kept = *key;
    kept->certificate = (struct bytes){0};
    bytes_add(&kept->certificate, bytes_slice(&key->certificate));
    return true;
}

bool account_keys_read(struct store_view *view, int64_t account_id, struct account_keys *out,
                       struct err *err)
{
    return store_account_keys(view, account_id, keep_key, out, err);
}

bool key_is_in_use(const struct account_key *key, int64_t now_ms)
{
    return key->state == KEY_IN_USE || (key->state == KEY_WAITS && key->due_ms <= now_ms);
}

/* By hand alone come keys that only sign. */
bool key_ever_encrypted(const struct account_key *key)
{
    return (key->uses & KEY_ENCRYPTS) || key->learnt != KEY_BY_ADMINISTRATOR ||
           (key->told & KEY_NEWS_UNUSABLE);
}

void key_take_facts(struct account_key *key, const struct pgp_key_facts *facts)
{
    memcpy(key->fingerprint, facts->fingerprint, sizeof key->fingerprint);
    key->expires_ms = facts->expires_ms;
    key->encrypts_until_ms = facts->encrypts_until_ms;
}

void key_change_free(struct key_change *change)
{
    if (!change)
        return;
    account_key_clear(&change->key);
    letter_clear(&change->letter);
    free(change);
}

/* ---- what was seen ---- */
static void digest_of(const struct account_keys *keys, unsigned char out[SHA256_LEN])
{
    struct sha256_run *run = sha256_start();

    for (size_t i = 0; i < keys->count; i++) {
        const struct account_key *key = &keys->at[i];
        scoped_text char *line =
            must_print("%lld %d %lld %zu ", (long long)key->id, (int)key->state,
                       (long long)key->due_ms, key->certificate.len);
        sha256_add(run, slice_of(line));
        sha256_add(run, bytes_slice(&key->certificate));
    }
    sha256_end(run, out);
}

/* ---- weighing ---- */
struct weighing {
    struct bridge *bridge;
    const struct key_offer *offer;
    struct account_keys keys;
    struct key_change *change;
};

/* A copy of a key that is there, with what both say together. */
static struct account_key *find_copy(struct weighing *it, struct bytes *out_merged)
{
    struct err other;

    for (size_t i = 0; i < it->keys.count; i++) {
        struct account_key *key = &it->keys.at[i];
        if (pgp_key_merge(bytes_slice(&key->certificate), it->offer->certificate, out_merged,
                          &other))
            return key;
        bytes_reset(out_merged);
    }
    return NULL;
}

static void keep_as(struct weighing *it, const struct account_key *key, struct slice certificate)
{
    it->change->key = *key;
    it->change->key.certificate = (struct bytes){0};
    bytes_add(&it->change->key.certificate, certificate);
}

/* The old key's word: what the offerer knows of, or a certification. */
static bool has_word(struct weighing *it, bool looks, bool *out, struct err *err)
{
    const struct key_offer *offer = it->offer;
    const struct account_key *key = &it->change->key;
    struct slice by[PGP_CERTIFICATES_MAX];
    size_t count = 0;

    *out = false;
    if (offer->proven && !offer->proven(offer->ctx, key, out, err))
        return false;
    if (*out || !looks)
        return true;
    for (size_t i = 0; i < it->keys.count && count < PGP_CERTIFICATES_MAX - 1; i++)
        if (key_is_in_use(&it->keys.at[i], offer->now_ms))
            by[count++] = bytes_slice(&it->keys.at[i].certificate);
    if (count == 0)
        return true;
    scoped_text char *address = account_address(offer->account);
    return pgp_key_vouched(it->bridge->pgp, bytes_slice(&key->certificate), by, count, address, out,
                           err);
}

/* It waits, or its owner refused it once: only the old key's word brings it in before its time. */
static bool weigh_kept_out(struct weighing *it, bool is_new, struct err *err)
{
    bool word;

    if (!has_word(it, is_new, &word, err))
        return false;
    if (word) {
        it->change->outcome = KEY_CHANGES;
        it->change->key.state = KEY_IN_USE;
        it->change->key.due_ms = 0;
    }
    return true;
}

/* What a fuller copy says of a key in use. */
static void take_copy(struct key_change *change, const struct pgp_key_facts *facts)
{
    const unsigned ends = KEY_NEWS_MONTH | KEY_NEWS_WEEK | KEY_NEWS_ENDED | KEY_NEWS_UNUSABLE;
    struct account_key *key = &change->key;

    change->outcome = facts->revoked ? KEY_ENDS : KEY_RENEWED;
    key->expires_ms = facts->expires_ms;
    if (facts->revoked) {
        key->state = KEY_REVOKED;
    } else if (facts->can_encrypt) {
        key->encrypts_until_ms = facts->encrypts_until_ms;
        if (key_ever_encrypted(key))
            key->uses |= KEY_ENCRYPTS;
        key->told &= ~ends;
    } else if (!facts->expired && (key->uses & KEY_ENCRYPTS)) {
        key->uses &= ~(unsigned)KEY_ENCRYPTS; /* the part that did has ended */
        change->outcome = KEY_EMPTIED;
    }
}

static bool weigh_copy(struct weighing *it, const struct account_key *known, struct slice merged,
                       struct err *err)
{
    struct pgp_key_facts facts;
    bool is_new = !slice_eq(merged, bytes_slice(&known->certificate));

    keep_as(it, known, merged);
    if (known->state == KEY_REVOKED)
        return true;
    if (!key_is_in_use(known, it->offer->now_ms))
        return weigh_kept_out(it, is_new, err);
    if (!is_new)
        return true;
    if (!pgp_key_read(it->bridge->pgp, merged, &facts, err))
        return err->kind != ERR_TEMPORARY && err->kind != ERR_FULL; /* what was known stays */
    take_copy(it->change, &facts);
    return true;
}

struct census {
    size_t offered, waiting;
    bool had_one; /* that encrypts, and was in use once */
    int64_t seen_ms;
};

static struct census count_keys(const struct account_keys *keys, int64_t now_ms)
{
    struct census census = {0};

    for (size_t i = 0; i < keys->count; i++) {
        const struct account_key *key = &keys->at[i];
        bool waits = key->state == KEY_WAITS && !key_is_in_use(key, now_ms);
        census.offered += key->learnt != KEY_BY_ADMINISTRATOR;
        census.waiting += waits;
        census.had_one |= !waits && key->state != KEY_REFUSED && key_ever_encrypted(key);
        if (key->seen_ms > census.seen_ms)
            census.seen_ms = key->seen_ms;
    }
    return census;
}

/* One that cannot be looked at now is said again with a mail program's next mail; whoever else brings it hears of it. */
static bool read_new(struct weighing *it, struct pgp_key_facts *out, bool *out_read,
                     struct err *err)
{
    *out_read = pgp_key_read(it->bridge->pgp, it->offer->certificate, out, err);
    if (*out_read)
        return true;
    log_info("a key that was offered was not taken: %s", err->said);
    return it->offer->learnt == KEY_BY_AUTOCRYPT || err->kind == ERR_MALFORMED ||
           err->kind == ERR_TOO_LARGE;
}

static struct account_key *find_fingerprint(struct weighing *it, const char *fingerprint)
{
    for (size_t i = 0; i < it->keys.count; i++)
        if (strcmp(it->keys.at[i].fingerprint, fingerprint) == 0)
            return &it->keys.at[i];
    return NULL;
}

/* A copy of one that only GnuPG can use, which cannot be put together with what was known: it counts if it says a later
 * end, or that it is revoked. */
static void weigh_other_copy(struct weighing *it, const struct account_key *known,
                             const struct pgp_key_facts *facts)
{
    bool later = facts->can_encrypt && known->encrypts_until_ms &&
                 (!facts->encrypts_until_ms || facts->encrypts_until_ms > known->encrypts_until_ms);

    keep_as(it, known, bytes_slice(&known->certificate));
    if (!key_is_in_use(known, it->offer->now_ms) || !(later || facts->revoked))
        return;
    keep_as(it, known, it->offer->certificate);
    take_copy(it->change, facts);
}

/* As it will be compared with the next copy. */
static void keep_new(struct weighing *it, const struct pgp_key_facts *facts)
{
    const struct key_offer *offer = it->offer;
    struct account_key *key = &it->change->key;
    struct err unfit;

    if (!pgp_key_merge(offer->certificate, offer->certificate, &key->certificate, &unfit)) {
        bytes_reset(&key->certificate);
        bytes_add(&key->certificate, offer->certificate);
    }
    key_take_facts(key, facts);
    key->added_ms = offer->now_ms;
    key->uses = KEY_ENCRYPTS; /* posting by signature needs the administrator */
    key->learnt = offer->learnt;
    key->state = KEY_IN_USE;
}

static bool admit(struct weighing *it, const struct census *census, struct err *err)
{
    struct key_change *change = it->change;
    bool word = false;

    if (census->had_one && !has_word(it, true, &word, err))
        return false;
    bool asks = census->had_one && !word;
    if (census->offered >= KEYS_OFFERED_MAX || (asks && census->waiting >= KEYS_WAITING_MAX)) {
        change->outcome = KEY_TOO_MANY;
        return true;
    }
    change->outcome = asks ? KEY_ASKED : census->had_one ? KEY_CHANGES : KEY_FIRST;
    if (asks) {
        change->key.state = KEY_WAITS;
        change->key.due_ms = it->offer->now_ms + KEY_NOTICE_DAYS * DAY_MS;
    }
    return true;
}

static bool weigh_new(struct weighing *it, struct err *err)
{
    struct census census = count_keys(&it->keys, it->offer->now_ms);
    struct pgp_key_facts facts;
    bool read;

    if (it->offer->learnt == KEY_BY_AUTOCRYPT && it->offer->dated_ms < census.seen_ms)
        return true; /* an older mail, which comes late (Autocrypt Level 1) */
    if (!read_new(it, &facts, &read, err))
        return false;
    const struct account_key *known = read ? find_fingerprint(it, facts.fingerprint) : NULL;
    if (known) {
        weigh_other_copy(it, known, &facts);
        return true;
    }
    if (!read || facts.revoked || facts.expired || !facts.can_encrypt) {
        it->change->outcome = KEY_UNFIT;
        return true;
    }
    keep_new(it, &facts);
    return admit(it, &census, err);
}

/* ---- telling ---- */
static bool write_news(struct weighing *it, struct err *err)
{
    struct key_change *change = it->change;
    enum key_news news = KEY_NEWS_FIRST;
    bool asks = change->outcome == KEY_ASKED;

    switch (change->outcome) {
    case KEY_STAYS:
    case KEY_RENEWED:
    case KEY_UNFIT:
    case KEY_TOO_MANY: return true;
    case KEY_FIRST: break;
    case KEY_ENDS: news = KEY_NEWS_REVOKED; break;
    case KEY_EMPTIED: news = KEY_NEWS_UNUSABLE; break;
    case KEY_CHANGES: news = KEY_NEWS_CHANGED; break;
    case KEY_ASKED: news = KEY_NEWS_ASKED; break;
    }
    change->key.told |= (unsigned)news;
    ref_new(change->ref);
    if (asks)
        memcpy(change->key.notice, change->ref, sizeof change->ref);
    return key_letter(it->bridge, it->offer->account, &change->key, news, asks ? change->ref : NULL,
                      &change->letter, err);
}

bool key_change_plan(struct bridge *bridge, struct store_view *view, const struct key_offer *offer,
                     struct key_change **out, struct err *err)
{
    scoped(key_change) change = must_new(struct key_change);
    scoped_value(bytes) merged = {0};
    struct weighing it = {.bridge = bridge, .offer = offer, .change = change};

    change->account_id = offer->account->id;
    if (!account_keys_read(view, offer->account->id, &it.keys, err))
        return false;
    digest_of(&it.keys, change->basis);
    const struct account_key *known = find_copy(&it, &merged);
    bool ok = known ? weigh_copy(&it, known, bytes_slice(&merged), err) : weigh_new(&it, err);
    account_keys_clear(&it.keys);
    if (!ok)
        return false;
    if (offer->learnt == KEY_BY_AUTOCRYPT && change->key.seen_ms < offer->dated_ms)
        change->key.seen_ms = offer->dated_ms;
    if (!write_news(&it, err))
        return false;
    *out = steal(&change);
    return true;
}

bool key_change_record(struct store_tx *tx, struct key_change *change, struct err *err)
{
    scoped_value(account_keys) keys = {0};
    unsigned char basis[SHA256_LEN];

    if (change->outcome == KEY_UNFIT || change->outcome == KEY_TOO_MANY)
        return true;
    if (change->outcome == KEY_STAYS)
        return (!change->key.id || store_key_seen(tx, change->key.id, change->key.seen_ms, err)) &&
               (!change->letter.body || own_letter_file(tx, &change->letter, change->ref, err));
    if (!account_keys_read(store_tx_view(tx), change->account_id, &keys, err))
        return false;
    digest_of(&keys, basis);
    if (memcmp(basis, change->basis, sizeof basis) != 0)
        return err_set(err, ERR_CONFLICT, "Try again");
    return store_add_account_key(tx, change->account_id, &change->key, err) &&
           (!change->letter.body || own_letter_file(tx, &change->letter, change->ref, err));
}
