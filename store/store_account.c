/* Domains and accounts, with what they log in and sign with: reading. */
#include "store_people.h"
#include "store_private.h"
#include "text.h"

#include <stdio.h>

#define ACCOUNT                                                                                    \
    "SELECT a.id, a.person_id, a.state, a.name, d.name, a.display_name, a.summary, a.language, "   \
    "a.maildir,"                                                                                   \
    " a.reply_all, a.actor_public_pem, a.actor_key, a.created_ms, a.asleep_since_ms,"              \
    " a.self_made, a.used_ms, a.ends_ms, a.chat, a.encrypt_outgoing"                               \
    " FROM account a JOIN domain d ON d.id = a.domain_id "

void account_clear(struct account *account)
{
    free(account->name);
    free(account->domain);
    free(account->display_name);
    free(account->summary);
    free(account->language);
    free(account->maildir);
    free(account->actor_public_pem);
    bytes_clear(&account->actor_key);
    *account = (struct account){0};
}

static void read_account(struct sql_rows *rows, void *out)
{
    struct account *account = out;

    account->id = take_number(rows);
    account->person_id = take_number(rows);
    account->state = (enum account_state)take_int(rows);
    account->name = take_text(rows);
    account->domain = take_text(rows);
    account->display_name = take_text(rows);
    account->summary = take_text(rows);
    account->language = take_text(rows);
    account->maildir = take_text(rows);
    account->reply_all = (enum reply_all)take_int(rows);
    account->actor_public_pem = take_text(rows);
    account->actor_key = take_bytes(rows);
    account->created_ms = take_number(rows);
    account->asleep_since_ms = take_number(rows);
    account->self_made = take_number(rows) != 0;
    account->used_ms = take_number(rows);
    account->ends_ms = take_number(rows);
    account->chat = (enum chat)take_int(rows);
    account->encrypt_outgoing = (enum encrypt_outgoing)take_int(rows);
}

enum found store_account(struct store_view *view, int64_t id, struct account *out, struct err *err)
{
    return sql_find(view->sql, ACCOUNT "WHERE a.id = ?", with(as_number(id)), read_account, out,
                    err);
}

enum found store_account_named(struct store_view *view, struct slice name, struct slice domain,
                               struct account *out, struct err *err)
{
    return sql_find(view->sql, ACCOUNT "WHERE a.name = ? AND d.name = ?",
                    with(as_slice(name), as_slice(domain)), read_account, out, err);
}

enum found store_account_of_person(struct store_view *view, int64_t person_id, struct account *out,
                                   struct err *err)
{
    return sql_find(view->sql, ACCOUNT "WHERE a.person_id = ?", with(as_number(person_id)),
                    read_account, out, err);
}

bool store_accounts(struct store_view *view, bool (*each)(void *ctx, const struct account *),
                    void *ctx, struct err *err)
{
    return sql_walk(view->sql, ACCOUNT "ORDER BY a.name, d.name", NULL, account, read_account,
                    account_clear, each, ctx, err);
}

bool store_accounts_told_otherwise(struct store_view *view, bool approves, int64_t *out_ids,
                                   size_t max, size_t *out_count, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found = FAILED;

    *out_count = 0;
    if (!sql_ask(
            &rows, view->sql, "SELECT id FROM account WHERE approves <> ? AND state = ? LIMIT ?",
            with(as_number(approves), as_number(ACCOUNT_ACTIVE), as_number((int64_t)max)), err))
        return false;
    while ((found = sql_next(&rows, err)) == FOUND)
        out_ids[(*out_count)++] = take_number(&rows);
    return found != FAILED;
}

/* Those that are not wrapped yet stand in columns of their own. */
static void split_keys(struct sql_rows *rows, struct credential *out)
{
    scoped_text char *joined = take_secret(rows);
    scoped_value(bytes) keys = {0};

    if (joined && base64_read(slice_of(joined), &keys) && keys.len == 64) {
        memcpy(out->stored_key, keys.at, 32);
        memcpy(out->server_key, keys.at + 32, 32);
    }
    if (joined)
        explicit_bzero(joined, strlen(joined));
    bytes_wipe(&keys);
}

static void read_credential(struct sql_rows *rows, void *out)
{
    struct credential *credential = out;

    take_exactly(rows, credential->salt, sizeof credential->salt);
    take_exactly(rows, credential->stored_key, sizeof credential->stored_key);
    take_exactly(rows, credential->server_key, sizeof credential->server_key);
    credential->iterations = take_int(rows);
    split_keys(rows, credential);
}

enum found store_credential(struct store_view *view, int64_t account_id, struct credential *out,
                            struct err *err)
{
    return sql_find(view->sql,
                    "SELECT salt, stored_key, server_key, iterations, wrapped FROM credential"
                    " WHERE account_id = ?",
                    with(as_number(account_id)), read_credential, out, err);
}

bool store_account_count(struct store_view *view, struct slice domain, int64_t *out,
                         struct err *err)
{
    return sql_count(view->sql,
                     "SELECT count(*) FROM account a JOIN domain d ON d.id = a.domain_id"
                     " WHERE d.name = ? AND a.state = 0",
                     with(as_slice(domain)), out, err);
}

bool store_account_names(struct store_view *view, int64_t after_id,
                         bool (*each)(void *ctx, int64_t id, const char *name), void *ctx,
                         struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found = FAILED;
    bool more = sql_ask(&rows, view->sql, "SELECT id, name FROM account WHERE id > ? ORDER BY id",
                        with(as_number(after_id)), err);

    while (more && (found = sql_next(&rows, err)) == FOUND) {
        int64_t id = take_number(&rows);
        scoped_text char *name = take_text(&rows);
        more = each(ctx, id, name);
    }
    return found != FAILED;
}

void account_key_clear(struct account_key *key)
{
    bytes_clear(&key->certificate);
    *key = (struct account_key){0};
}

bool key_encrypts_now(const struct account_key *key, int64_t now_ms)
{
    bool in_use = key->state == KEY_IN_USE || (key->state == KEY_WAITS && key->due_ms <= now_ms);

    return in_use && (key->uses & KEY_ENCRYPTS) &&
           (key->encrypts_until_ms == 0 || now_ms < key->encrypts_until_ms);
}

static void read_account_key(struct sql_rows *rows, void *out)
{
    struct account_key *key = out;

    *key = (struct account_key){.id = take_number(rows)};
    key->account_id = take_number(rows);
    scoped_text char *fingerprint = take_text(rows);
    snprintf(key->fingerprint, sizeof key->fingerprint, "%s", fingerprint);
    key->certificate = take_bytes(rows);
    key->added_ms = take_number(rows);
    key->expires_ms = take_number(rows);
    key->uses = (unsigned)take_number(rows);
    key->encrypts_until_ms = take_number(rows);
    key->learnt = (enum key_learnt)take_number(rows);
    key->state = (enum key_state)take_number(rows);
    key->due_ms = take_number(rows);
    key->seen_ms = take_number(rows);
    key->told = (unsigned)take_number(rows);
    scoped_text char *notice = take_text(rows);
    snprintf(key->notice, sizeof key->notice, "%s", notice ? notice : "");
}

#define KEY_COLUMNS_AFTER                                                                          \
    " added_ms, expires_ms, uses, encrypts_until_ms, learnt, state, due_ms, seen_ms, told,"        \
    " notice FROM account_key "
#define SELECT_KEY "SELECT id, account_id, fingerprint, certificate," KEY_COLUMNS_AFTER

enum found store_account_key(struct store_view *view, int64_t account_id, struct slice fingerprint,
                             struct account_key *out, struct err *err)
{
    return sql_find(view->sql, SELECT_KEY "WHERE account_id = ? AND fingerprint = ?",
                    with(as_number(account_id), as_slice(fingerprint)), read_account_key, out, err);
}

enum found store_key_of_notice(struct store_view *view, struct slice ref, struct account_key *out,
                               struct err *err)
{
    return sql_find(view->sql, SELECT_KEY "WHERE notice = ? ORDER BY id LIMIT 1",
                    with(as_slice(ref)), read_account_key, out, err);
}

bool store_keys_ending(struct store_view *view, int64_t until_ms,
                       bool (*each)(void *ctx, const struct account_key *), void *ctx,
                       struct err *err)
{
    return sql_walk(view->sql,
                    "SELECT id, account_id, fingerprint, x''," KEY_COLUMNS_AFTER
                    "WHERE (state = 1 AND encrypts_until_ms BETWEEN 1 AND ?1)"
                    " OR (state = 2 AND due_ms <= ?1) ORDER BY id",
                    with(as_number(until_ms)), account_key, read_account_key, account_key_clear,
                    each, ctx, err);
}

bool store_account_keys(struct store_view *view, int64_t account_id,
                        bool (*each)(void *ctx, const struct account_key *), void *ctx,
                        struct err *err)
{
    return sql_walk(view->sql, SELECT_KEY "WHERE account_id = ? ORDER BY id",
                    with(as_number(account_id)), account_key, read_account_key, account_key_clear,
                    each, ctx, err);
}

void domain_clear(struct domain *domain)
{
    free(domain->name);
    free(domain->actor_public_pem);
    bytes_clear(&domain->actor_key);
    *domain = (struct domain){0};
}

static void read_domain(struct sql_rows *rows, void *out)
{
    struct domain *domain = out;

    domain->id = take_number(rows);
    domain->name = take_text(rows);
    domain->actor_public_pem = take_text(rows);
    domain->actor_key = take_bytes(rows);
}

enum found store_domain(struct store_view *view, struct slice name, struct domain *out,
                        struct err *err)
{
    return sql_find(view->sql,
                    "SELECT id, name, actor_public_pem, actor_key FROM domain WHERE name = ?",
                    with(as_slice(name)), read_domain, out, err);
}
