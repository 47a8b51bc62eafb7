/*
 * Whose keys are known, and what becomes of a mail: encrypted for all whom it goes to elsewhere, or for nobody.  Were it
 * encrypted for some, they would take for secret what others got in clear.
 */
#include "peer.h"

#include "memory.h"

#include <string.h>

enum {
    STALE_DAYS =
        35, /* of mails without the field: they have left that program (Autocrypt 1.1, 2.3.3) */
    FOUND_DAYS = 7,     /* a published key is looked for again */
    LOST_DAYS = 30,     /* one whose directory is silent is used no longer */
    NOTHING_HOURS = 24, /* none is looked for again */
    SILENT_HOURS = 1,
};

bool peer_key_serves(const struct peer_key *key, int64_t now_ms)
{
    bool stale = key->source == PEER_TOLD && key->told_ms < key->seen_ms - STALE_DAYS * DAY_MS;

    return key->certificate.len > 0 && !stale &&
           (key->encrypts_until_ms == 0 || now_ms < key->encrypts_until_ms);
}

enum found peer_key_of(struct store_view *view, int64_t account_id, struct slice address,
                       int64_t now_ms, struct peer_key *out, struct err *err)
{
    static const enum peer_source sources[] = {PEER_TOLD, PEER_PUBLISHED};

    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        struct peer_key key = {0};
        enum found found = store_peer_key(view, account_id, address, sources[i], &key, err);
        if (found == FAILED)
            return FAILED;
        if (found == FOUND && peer_key_serves(&key, now_ms)) {
            *out = key;
            return FOUND;
        }
        peer_key_clear(&key);
    }
    return ABSENT;
}

/* ---- a mail whose cipher is open ---- */
void cipher_question_clear(struct cipher_question *question)
{
    free(question->address);
    free(question->domain);
    *question = (struct cipher_question){0};
}

struct cipher_walk {
    struct store_view *view;
    int64_t now_ms;
    bool settling;                   /* nobody is looked for any more */
    bool lacking;                    /* somebody has no key */
    struct cipher_question question; /* who is to be looked for */
    bool failed;
    struct err *err;
};

/* A directory's word holds for a while, its silence too. */
static bool is_due(struct cipher_walk *walk, const struct delivery *delivery, bool *out)
{
    scoped_value(peer_key) key = {0};
    enum found found = ABSENT;

    *out = false;
    if (walk->settling || !delivery->host || delivery->host[0] == '[')
        return true;
    found = store_peer_key(walk->view, delivery->account_id, slice_of(delivery->rcpt_to),
                           PEER_PUBLISHED, &key, walk->err);
    *out = found == ABSENT || key.again_ms <= walk->now_ms;
    return found != FAILED;
}

static void ask_for(struct cipher_question *question, const struct delivery *delivery)
{
    if (question->address)
        return;
    question->account_id = delivery->account_id;
    question->address = must_dup(delivery->rcpt_to);
    question->domain = must_dup(delivery->host);
}

/* What its owner tells is not looked for. */
static bool look_at(void *ctx, struct delivery *delivery)
{
    struct cipher_walk *walk = ctx;
    scoped_value(peer_key) key = {0};
    bool due = false;
    enum found found = peer_key_of(walk->view, delivery->account_id, slice_of(delivery->rcpt_to),
                                   walk->now_ms, &key, walk->err);

    walk->failed = found == FAILED || ((found == ABSENT || key.source == PEER_PUBLISHED) &&
                                       !is_due(walk, delivery, &due));
    if (due)
        ask_for(&walk->question, delivery);
    else if (found == ABSENT)
        walk->lacking = true;
    return !walk->failed && !walk->lacking;
}

static bool walk_all(struct bridge *bridge, struct cipher_walk *walk, int64_t body_id)
{
    walk->now_ms = clock_now(bridge->clock);
    return store_deliveries_open(walk->view, body_id, look_at, walk, walk->err) && !walk->failed;
}

bool bridge_cipher_look(struct bridge *bridge, struct store_view *view, int64_t body_id,
                        struct cipher_question *out, struct err *err)
{
    struct cipher_walk walk = {.view = view, .err = err};
    bool ok = walk_all(bridge, &walk, body_id);

    *out = walk.question;
    out->settled = walk.lacking || !out->address;
    return ok;
}

bool bridge_cipher_settle(struct bridge *bridge, struct store_tx *tx, int64_t body_id,
                          struct err *err)
{
    struct cipher_walk walk = {.view = store_tx_view(tx), .settling = true, .err = err};

    return walk_all(bridge, &walk, body_id) &&
           store_settle_cipher(tx, body_id, walk.lacking ? CIPHER_NONE : CIPHER_ALL, err);
}

/* ---- what a certificate says ---- */
bool peer_key_read(struct bridge *bridge, struct slice certificate, const char *address,
                   struct peer_key *out, bool *out_fit, struct err *err)
{
    struct pgp_key_facts facts;
    struct err unfit;

    *out_fit = false;
    bytes_reset(&out->certificate);
    if (certificate.len > PGP_CERTIFICATE_MAX ||
        !pgp_key_for_address(certificate, slice_of(address), &out->certificate))
        return true;
    if (!pgp_key_read(bridge->pgp, bytes_slice(&out->certificate), &facts, &unfit)) {
        *err = unfit;
        return unfit.kind == ERR_MALFORMED || unfit.kind == ERR_REFUSED ||
               unfit.kind == ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < facts.uid_count && !*out_fit; i++)
        *out_fit = slice_is_nocase(slice_of(facts.uids[i]), address);
    *out_fit = *out_fit && facts.can_encrypt && !facts.revoked && !facts.expired;
    memcpy(out->fingerprint, facts.fingerprint, sizeof out->fingerprint);
    out->encrypts_until_ms = facts.encrypts_until_ms;
    return true;
}

/* ---- what a key directory said ---- */
static void lose(struct peer_key *key)
{
    bytes_clear(&key->certificate);
    key->fingerprint[0] = '\0';
    key->encrypts_until_ms = 0;
}

bool bridge_peer_found(struct bridge *bridge, struct store_view *view, int64_t account_id,
                       const char *address, enum directory_answer answer, struct slice certificate,
                       struct peer_key *out, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    bool fit = false;

    if (store_peer_key(view, account_id, slice_of(address), PEER_PUBLISHED, out, err) == FAILED)
        return false;
    if (!out->address)
        *out = (struct peer_key){
            .account_id = account_id, .address = must_dup(address), .source = PEER_PUBLISHED};
    if (answer == DIRECTORY_KEY && !peer_key_read(bridge, certificate, address, out, &fit, err))
        return false;
    if (fit)
        out->seen_ms = out->told_ms = now_ms;
    else if (answer != DIRECTORY_SILENT || out->seen_ms < now_ms - LOST_DAYS * DAY_MS)
        lose(out);
    if (out->seen_ms == 0)
        out->seen_ms = now_ms;
    out->again_ms = now_ms + (fit                          ? FOUND_DAYS * DAY_MS
                              : answer == DIRECTORY_SILENT ? SILENT_HOURS * HOUR_MS
                                                           : NOTHING_HOURS * HOUR_MS);
    return true;
}

bool bridge_peer_record(struct store_tx *tx, const struct peer_key *key, struct err *err)
{
    return store_put_peer_key(tx, key, PEERS_MAX, err);
}
