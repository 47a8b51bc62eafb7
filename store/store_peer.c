/* OpenPGP keys of those whom an account writes to. */
#include "store_peer.h"

#include "memory.h"
#include "store_private.h"
#include "store_write.h"
#include "text.h"

#include <stdio.h>

#define PEER                                                                                       \
    "SELECT account_id, address, source, certificate, fingerprint, encrypts_until_ms, mutual, "    \
    "told_ms, seen_ms, again_ms FROM peer_key "

void peer_key_clear(struct peer_key *key)
{
    free(key->address);
    bytes_clear(&key->certificate);
    *key = (struct peer_key){0};
}

static void read_peer_key(struct sql_rows *rows, void *out)
{
    struct peer_key *key = out;

    *key = (struct peer_key){.account_id = take_number(rows)};
    key->address = take_text(rows);
    key->source = (enum peer_source)take_int(rows);
    scoped_text char *base64 = take_secret(rows);
    if (base64 && !base64_read(slice_of(base64), &key->certificate))
        bytes_reset(&key->certificate);
    scoped_text char *fingerprint = take_text(rows);
    snprintf(key->fingerprint, sizeof key->fingerprint, "%s", fingerprint ? fingerprint : "");
    key->encrypts_until_ms = take_number(rows);
    key->mutual = take_bool(rows);
    key->told_ms = take_number(rows);
    key->seen_ms = take_number(rows);
    key->again_ms = take_number(rows);
}

enum found store_peer_key(struct store_view *view, int64_t account_id, struct slice address,
                          enum peer_source source, struct peer_key *out, struct err *err)
{
    return sql_find(view->sql, PEER "WHERE account_id = ? AND address = ? AND source = ?",
                    with(as_number(account_id), as_slice(address), as_number(source)),
                    read_peer_key, out, err);
}

bool store_peer_keys(struct store_view *view, int64_t account_id,
                     bool (*each)(void *ctx, struct peer_key *), void *ctx, struct err *err)
{
    return sql_walk(
        view->sql, PEER "WHERE account_id = ? AND certificate IS NOT NULL ORDER BY address, source",
        with(as_number(account_id)), peer_key, read_peer_key, peer_key_clear, each, ctx, err);
}

/* Those of whom nothing was heard for longest. */
static bool trim(struct store_tx *tx, int64_t account_id, int most, struct err *err)
{
    return sql_run(tx->sql,
                   "DELETE FROM peer_key WHERE id IN (SELECT id FROM peer_key WHERE account_id = ?1"
                   " ORDER BY max(seen_ms, again_ms) DESC, id DESC LIMIT -1 OFFSET ?2)",
                   with(as_number(account_id), as_number(most)), err);
}

bool store_put_peer_key(struct store_tx *tx, const struct peer_key *key, int most, struct err *err)
{
    scoped_value(bytes) base64 = {0};

    if (key->certificate.len > 0)
        base64_add(&base64, bytes_slice(&key->certificate));
    return sql_run(tx->sql,
                   "INSERT INTO peer_key (account_id, address, source, certificate, fingerprint,"
                   " encrypts_until_ms, mutual, told_ms, seen_ms, again_ms)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                   " ON CONFLICT (account_id, address, source) DO UPDATE SET"
                   " certificate = excluded.certificate, fingerprint = excluded.fingerprint,"
                   " encrypts_until_ms = excluded.encrypts_until_ms, mutual = excluded.mutual,"
                   " told_ms = excluded.told_ms, seen_ms = excluded.seen_ms,"
                   " again_ms = excluded.again_ms",
                   with(as_number(key->account_id), as_text(key->address), as_number(key->source),
                        as_secret(base64.len > 0 ? base64.at : NULL), as_text(key->fingerprint),
                        as_number(key->encrypts_until_ms), as_number(key->mutual),
                        as_number(key->told_ms), as_number(key->seen_ms), as_number(key->again_ms)),
                   err) &&
           trim(tx, key->account_id, most, err);
}

bool store_forget_peer_keys(struct store_tx *tx, int64_t account_id, struct err *err)
{
    return sql_run(tx->sql, "DELETE FROM peer_key WHERE account_id = ?",
                   with(as_number(account_id)), err);
}

bool store_settle_cipher(struct store_tx *tx, int64_t body_id, enum cipher cipher, struct err *err)
{
    return sql_run(tx->sql, "UPDATE delivery SET cipher = ? WHERE body_id = ? AND cipher = ?",
                   with(as_number(cipher), as_number(body_id), as_number(CIPHER_OPEN)), err);
}
