/*
 * Secrets in rows.  A text that SQL need not understand lies in its TEXT column as SECRET_MARK and, in base64, what vault
 * made of it.
 */
#include "store_secret.h"

#include "log.h"
#include "memory.h"
#include "store_private.h"
#include "store_write.h"
#include "text.h"
#include "vault.h"
#include "wrapped.h"

#include <string.h>

#define PURPOSE_TEXT "text of a row"

enum secret_kind { SIGNING_KEY, POST_TEXT, BODY_KEY, ROW_TEXT };
struct secret_place {
    enum secret_kind kind;
    const char *list, *replace;
};

#define PLACE(kind, table, id, column, which)                                                      \
    {                                                                                              \
        kind,                                                                                      \
            "SELECT " id ", " column " FROM " table " WHERE " column " IS NOT NULL AND " which     \
            " AND " id " > ? ORDER BY " id " LIMIT ?",                                             \
            "UPDATE " table " SET " column " = ?1 WHERE " id " = ?2 AND " column " = ?3"           \
    }
#define ALL "1"
#define COPY(column) PLACE(ROW_TEXT, "copy", "id", column, "form = 3") /* PGP_SERVER_KEY */

static const struct secret_place places[] = {
    PLACE(SIGNING_KEY, "domain", "id", "actor_key", ALL),
    PLACE(SIGNING_KEY, "account", "id", "actor_key", ALL),
    PLACE(SIGNING_KEY, "dkim_key", "id", "private_key", ALL),
    PLACE(ROW_TEXT, "own_key", "id", "secret", ALL),
    PLACE(ROW_TEXT, "credential", "account_id", "wrapped", ALL),
    PLACE(ROW_TEXT, "person", "id", "name", "kind <> 1"), /* ours are public */
    PLACE(BODY_KEY, "body", "id", "key", ALL),
    PLACE(POST_TEXT, "message", "id", "html", "wrapped = 1"),
    PLACE(POST_TEXT, "message", "id", "plain", "wrapped = 1"),
    PLACE(POST_TEXT, "message", "id", "warning", "wrapped = 1"),
    PLACE(POST_TEXT, "message", "id", "subject", "wrapped = 1"),
    PLACE(ROW_TEXT, "attachment", "id", "alt", ALL),
    PLACE(ROW_TEXT, "poll_choice", "id", "name", ALL),
    PLACE(ROW_TEXT, "follow", "id", "trouble", ALL),
    PLACE(ROW_TEXT, "contact", "id", "words", ALL),
    PLACE(ROW_TEXT, "delivery", "id", "last_reply", ALL),
    PLACE(ROW_TEXT, "annotation", "id", "value", ALL),
    PLACE(ROW_TEXT, "push", "id", "endpoint", ALL),
    PLACE(ROW_TEXT, "push", "id", "auth", ALL),
    PLACE(ROW_TEXT, "peer_key", "id", "certificate", ALL),
    COPY("sender"),
    COPY("subject"),
    COPY("envelope"),
    COPY("structure"),
    COPY("parts"),
};

size_t store_secret_places(void)
{
    return COUNT_OF(places);
}

void secret_clear(struct secret *secret)
{
    bytes_clear(&secret->kept);
    *secret = (struct secret){0};
}

static void read_secret(struct sql_rows *rows, void *out)
{
    struct secret *secret = out;

    *secret = (struct secret){.id = take_number(rows)};
    secret->kept = take_bytes(rows);
}

struct secret_teller {
    size_t place;
    bool (*each)(void *ctx, const struct secret *);
    void *ctx;
};

static bool tell_secret(void *ctx, struct secret *secret)
{
    const struct secret_teller *teller = ctx;

    secret->place = teller->place;
    return teller->each(teller->ctx, secret);
}

bool store_secrets(struct store_view *view, size_t place, int64_t after, int limit,
                   bool (*each)(void *ctx, const struct secret *), void *ctx, struct err *err)
{
    struct secret_teller teller = {place, each, ctx};

    return sql_walk(view->sql, places[place].list, with(as_number(after), as_number(limit)), secret,
                    read_secret, secret_clear, tell_secret, &teller, err);
}

bool store_replace_secret(struct store_tx *tx, const struct secret *secret, struct slice anew,
                          struct err *err)
{
    const struct secret_place *place = &places[secret->place];
    bool is_text = place->kind == ROW_TEXT;
    struct slice old = bytes_slice(&secret->kept);

    return sql_run(tx->sql, place->replace,
                   with(is_text ? as_slice(anew) : as_blob(anew), as_number(secret->id),
                        is_text ? as_slice(old) : as_blob(old)),
                   err);
}

/* ---- texts ---- */
static void add_text(const struct bytes *wrapped, struct bytes *out)
{
    bytes_add_text(out, SECRET_MARK);
    base64_add(out, bytes_slice(wrapped));
}

void store_secret_text(struct vault *vault, struct slice text, struct bytes *out)
{
    scoped_value(bytes) wrapped = {0};

    if (!vault) {
        bytes_add(out, text);
        return;
    }
    vault_wrap(vault, PURPOSE_TEXT, text, &wrapped);
    add_text(&wrapped, out);
}

static bool wrapped_of(struct slice kept, struct bytes *out)
{
    return slice_starts(kept, SLICE(SECRET_MARK)) &&
           base64_read(slice_from(kept, strlen(SECRET_MARK)), out);
}

char *store_secret_read(struct vault *vault, struct slice kept)
{
    scoped_value(bytes) wrapped = {0};
    scoped_value(bytes) text = {0};
    struct err err = {0};

    if (!wrapped_of(kept, &wrapped))
        return must_copy(kept);
    if (vault && vault_unwrap(vault, PURPOSE_TEXT, bytes_slice(&wrapped), &text, &err))
        return must_copy(bytes_slice(&text));
    log_error("a text in the store cannot be read: %s", vault ? err.cause : "no vault");
    return NULL;
}

static bool rewrap_text(struct vault *vault, struct slice kept, struct bytes *out, struct err *err)
{
    scoped_value(bytes) wrapped = {0};
    scoped_value(bytes) anew = {0};

    if (!wrapped_of(kept, &wrapped)) { /* from before texts were wrapped */
        store_secret_text(vault, kept, out);
        return true;
    }
    if (!vault_rewrap(vault, PURPOSE_TEXT, bytes_slice(&wrapped), &anew, err))
        return false;
    if (anew.len > 0)
        add_text(&anew, out);
    return true;
}

bool store_secret_rewrap(struct store *store, const struct secret *secret, struct bytes *out,
                         struct err *err)
{
    struct slice kept = bytes_slice(&secret->kept);

    if (kept.len == 0)
        return true;
    switch (places[secret->place].kind) {
    case SIGNING_KEY: return vault_key_rewrap(store->vault, kept, out, err);
    case POST_TEXT: return vault_rewrap(store->vault, PURPOSE_POST_TEXT, kept, out, err);
    case BODY_KEY: return wrapped_key_rewrap(store->vault, kept, out, err);
    case ROW_TEXT: return rewrap_text(store->vault, kept, out, err);
    }
    __builtin_unreachable();
}
