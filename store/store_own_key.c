/* OpenPGP keys of addresses that this server itself writes from. */
#include "store_own_key.h"

#include "store_private.h"
#include "store_write.h"

#include <stdio.h>

static void read_pair(struct sql_rows *rows, void *out)
{
    struct pgp_pair *pair = out;
    char *fingerprint = take_text(rows);

    *pair = (struct pgp_pair){0};
    if (fingerprint)
        snprintf(pair->fingerprint, sizeof pair->fingerprint, "%s", fingerprint);
    free(fingerprint);
    pair->certificate = take_bytes(rows);
    char *secret = take_secret(rows);
    bytes_add_text(&pair->secret, secret ? secret : "");
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

enum found store_own_key(struct store_view *view, const char *address, struct pgp_pair *out,
                         struct err *err)
{
    return sql_find(view->sql,
                    "SELECT fingerprint, certificate, secret FROM own_key WHERE address = ?",
                    with(as_text(address)), read_pair, out, err);
}

bool store_add_own_key(struct store_tx *tx, const char *address, const struct pgp_pair *pair,
                       struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT INTO own_key (address, fingerprint, certificate, secret, made_ms)"
                   " VALUES (?, ?, ?, ?, ?) ON CONFLICT (address) DO NOTHING",
                   with(as_text(address), as_text(pair->fingerprint), as_bytes(&pair->certificate),
                        as_secret(pair->secret.at), as_number(tx_now(tx))),
                   err);
}
