/* Addresses that somebody asked for by signed mail. */
#include "store_claim.h"

#include "store_private.h"
#include "store_write.h"

#include <stdio.h>

#define CLAIM                                                                                      \
    "SELECT id, name, domain, state, fingerprint, certificate, address, digest, invitation_id,"    \
    " account_life_ms, made_ms, expires_ms, free_ms, reference FROM claim "

void name_claim_clear(struct name_claim *claim)
{
    free(claim->name);
    free(claim->domain);
    free(claim->address);
    bytes_clear(&claim->certificate);
    *claim = (struct name_claim){0};
}

static struct sql_value as_digest(const unsigned char digest[TOKEN_DIGEST_LEN])
{
    return as_blob((struct slice){(const char *)digest, TOKEN_DIGEST_LEN});
}

static void read_claim(struct sql_rows *rows, void *out)
{
    struct name_claim *claim = out;

    claim->id = take_number(rows);
    claim->name = take_text(rows);
    claim->domain = take_text(rows);
    claim->state = (enum name_claim_state)take_int(rows);
    scoped_text char *fingerprint = take_text(rows);
    snprintf(claim->fingerprint, sizeof claim->fingerprint, "%s", fingerprint);
    claim->certificate = take_bytes(rows);
    claim->address = take_text(rows);
    take_exactly(rows, claim->digest, sizeof claim->digest);
    claim->invitation_id = take_number(rows);
    claim->account_life_ms = take_number(rows);
    claim->made_ms = take_number(rows);
    claim->expires_ms = take_number(rows);
    claim->free_ms = take_number(rows);
    scoped_text char *reference = take_text(rows);
    snprintf(claim->reference, sizeof claim->reference, "%s", reference);
}

enum found store_claim(struct store_view *view, const unsigned char digest[TOKEN_DIGEST_LEN],
                       struct name_claim *out, struct err *err)
{
    return sql_find(view->sql, CLAIM "WHERE digest = ? AND state IN (1, 3) AND expires_ms > ?",
                    with(as_digest(digest), as_number(clock_now(view->store->clock))), read_claim,
                    out, err);
}

enum found store_claim_named(struct store_view *view, struct slice name, struct slice domain,
                             struct name_claim *out, struct err *err)
{
    return sql_find(
        view->sql, CLAIM "WHERE name = ? AND domain = ? AND free_ms > ?",
        with(as_slice(name), as_slice(domain), as_number(clock_now(view->store->clock))),
        read_claim, out, err);
}

enum found store_claim_of_payment(struct store_view *view, struct slice reference,
                                  struct name_claim *out, struct err *err)
{
    return sql_find(view->sql, CLAIM "WHERE reference = ? AND reference <> '' AND free_ms > ?",
                    with(as_slice(reference), as_number(clock_now(view->store->clock))), read_claim,
                    out, err);
}

#define IS_UNPAID                                                                                  \
    "WHERE state IN (1, 3) AND state = 3 AND expires_ms > ? AND NOT EXISTS (SELECT 1"              \
    " FROM account a JOIN domain d ON d.id = a.domain_id WHERE a.name = claim.name"                \
    " AND d.name = claim.domain)"

bool store_claims_unpaid(struct store_view *view,
                         bool (*each)(void *ctx, const struct name_claim *), void *ctx,
                         struct err *err)
{
    return sql_walk(view->sql, CLAIM IS_UNPAID " ORDER BY expires_ms",
                    with(as_number(clock_now(view->store->clock))), name_claim, read_claim,
                    name_claim_clear, each, ctx, err);
}

bool store_claim_count_unpaid(struct store_view *view, int64_t *out, struct err *err)
{
    return sql_count(view->sql, "SELECT count(*) FROM claim " IS_UNPAID,
                     with(as_number(clock_now(view->store->clock))), out, err);
}

bool store_claim_count(struct store_view *view, int64_t *out, struct err *err)
{
    return sql_count(view->sql, "SELECT count(*) FROM claim WHERE state IN (1, 3)", NULL, out, err);
}

bool store_claim_count_invited(struct store_view *view, int64_t invitation_id, int64_t *out,
                               struct err *err)
{
    return sql_count(view->sql,
                     "SELECT count(*) FROM claim WHERE state IN (1, 3) AND invitation_id = ?",
                     with(as_number(invitation_id)), out, err);
}

bool store_claim_count_from(struct store_view *view, const char *domain, int64_t *out,
                            struct err *err)
{
    return sql_count(view->sql,
                     "SELECT count(*) FROM claim WHERE state IN (1, 3) AND invitation_id = 0"
                     " AND substr(address, -length(?1)) = ?1",
                     with(as_text(domain)), out, err);
}

bool store_claims_over(struct store_view *view, bool *out, struct err *err)
{
    int64_t id;
    enum found found = sql_number(view->sql,
                                  "SELECT id FROM claim WHERE state IN (1, 3) AND expires_ms <= ?1"
                                  " UNION ALL SELECT id FROM claim WHERE free_ms <= ?1 LIMIT 1",
                                  with(as_number(clock_now(view->store->clock))), &id, err);

    *out = found == FOUND;
    return found != FAILED;
}

/* ---- writing ---- */
enum { LAPSE_AT_ONCE = 50 };

static bool give_back(struct store_tx *tx, int64_t invitation_id, struct err *err)
{
    return !invitation_id ||
           sql_run(tx->sql, "UPDATE invitation SET uses = uses - 1 WHERE id = ? AND uses > 0",
                   with(as_number(invitation_id)), err);
}

bool store_add_claim(struct store_tx *tx, const struct name_claim *claim, int64_t *out_id,
                     struct err *err)
{
    int64_t invitation_id = 0;
    enum found found =
        sql_number(tx->sql, "SELECT invitation_id FROM claim WHERE name = ? AND domain = ?",
                   with(as_text(claim->name), as_text(claim->domain)), &invitation_id, err);

    bool same = invitation_id == claim->invitation_id; /* asked for once more: it is used already */

    return found != FAILED && (same || give_back(tx, invitation_id, err)) &&
           sql_run(tx->sql, "DELETE FROM claim WHERE name = ? AND domain = ?",
                   with(as_text(claim->name), as_text(claim->domain)), err) &&
           (same || !claim->invitation_id || store_use_invitation(tx, claim->invitation_id, err)) &&
           sql_insert(
               tx->sql,
               "INSERT INTO claim (name, domain, state, fingerprint, certificate, address,"
               " digest, invitation_id, account_life_ms, made_ms, expires_ms, free_ms, reference)"
               " VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               with(as_text(claim->name), as_text(claim->domain), as_text(claim->fingerprint),
                    as_bytes(&claim->certificate), as_text(claim->address),
                    as_digest(claim->digest), as_number(claim->invitation_id),
                    as_number(claim->account_life_ms), as_number(claim->made_ms),
                    as_number(claim->expires_ms), as_number(claim->free_ms),
                    as_text(claim->reference)),
               out_id, err);
}

bool store_end_claim(struct store_tx *tx, int64_t id, struct err *err)
{
    return sql_change(tx->sql, "DELETE FROM claim WHERE id = ?", with(as_number(id)),
                      "No such claim", err);
}

bool store_claim_confirmed(struct store_tx *tx, const struct name_claim *claim, struct err *err)
{
    return sql_change(tx->sql,
                      "UPDATE claim SET state = 3, reference = ?, expires_ms = ?, free_ms = ?"
                      " WHERE id = ?",
                      with(as_text(claim->reference), as_number(claim->expires_ms),
                           as_number(claim->free_ms), as_number(claim->id)),
                      "No such claim", err);
}

bool store_claim_paid(struct store_tx *tx, int64_t id, struct err *err)
{
    return sql_change(tx->sql,
                      "UPDATE claim SET state = 4, certificate = x'', address = '' WHERE id = ?",
                      with(as_number(id)), "No such claim", err);
}

static bool lapse(struct store_tx *tx, int64_t id, struct err *err)
{
    int64_t invitation_id;

    return sql_count(tx->sql, "SELECT invitation_id FROM claim WHERE id = ?", with(as_number(id)),
                     &invitation_id, err) &&
           give_back(tx, invitation_id, err) &&
           sql_run(tx->sql,
                   "UPDATE claim SET state = 2, certificate = x'', address = '',"
                   " invitation_id = 0 WHERE id = ?",
                   with(as_number(id)), err);
}

/* Of those that lapsed or were paid, by when their names would be free. */
static bool free_names(struct store_tx *tx, int64_t before_ms, int64_t count, bool *more,
                       struct err *err)
{
    int64_t most = count < LAPSE_AT_ONCE ? count : LAPSE_AT_ONCE;

    if (most <= 0)
        return true;
    if (!sql_run(tx->sql,
                 "DELETE FROM claim WHERE id IN (SELECT id FROM claim WHERE state IN (2, 4)"
                 " AND free_ms <= ? ORDER BY free_ms LIMIT ?)",
                 with(as_number(before_ms), as_number(most)), err))
        return false;
    *more |= sqlite3_changes(tx->sql->db) == LAPSE_AT_ONCE;
    return true;
}

bool store_lapse_claims(struct store_tx *tx, int64_t most, bool *out_more, struct err *err)
{
    int64_t now_ms = tx_now(tx), id, lapsed;
    enum found found = FOUND;

    for (int i = 0; i < LAPSE_AT_ONCE && found == FOUND; i++) {
        found = sql_number(tx->sql,
                           "SELECT id FROM claim WHERE state IN (1, 3) AND expires_ms <= ? LIMIT 1",
                           with(as_number(now_ms)), &id, err);
        if (found == FAILED || (found == FOUND && !lapse(tx, id, err)))
            return false;
    }
    *out_more = found == FOUND;
    return free_names(tx, now_ms, LAPSE_AT_ONCE, out_more, err) &&
           sql_count(tx->sql, "SELECT count(*) FROM claim WHERE state IN (2, 4)", NULL, &lapsed,
                     err) &&
           free_names(tx, INT64_MAX, lapsed - most, out_more, err);
}
