/* Domains and accounts: writing.  Rows of removed accounts stay: their names are never free again. */
#include "store_private.h"
#include "store_write.h"
#include "text.h"

static const char no_account[] = "No such account";

bool store_add_domain(struct store_tx *tx, const struct domain *domain, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT INTO domain (name, actor_public_pem, actor_key) VALUES (?, ?, ?)"
                   " ON CONFLICT (name) DO NOTHING",
                   with(as_text(domain->name), as_text(domain->actor_public_pem),
                        as_bytes(&domain->actor_key)),
                   err);
}

static bool check_free(struct store_tx *tx, const struct account *account, int64_t domain_id,
                       struct err *err)
{
    int64_t taken = 0;
    enum found found =
        sql_number(tx->sql, "SELECT id FROM account WHERE name = ? AND domain_id = ?",
                   with(as_text(account->name), as_number(domain_id)), &taken, err);

    if (found == FOUND)
        return err_set(err, ERR_REFUSED, "%s@%s is taken, now or once; choose another name",
                       account->name, account->domain);
    return found == ABSENT;
}

static bool add_local_person(struct store_tx *tx, const struct account *account, int64_t *out_id,
                             struct err *err)
{
    return sql_insert(
        tx->sql,
        "INSERT INTO person (kind, user, host, name, gone, fetched_ms) VALUES (?, ?, ?, ?, 0, 0)",
        with(as_number(PERSON_LOCAL), as_text(account->name), as_text(account->domain),
             as_open(account->display_name)),
        out_id, err);
}

static bool insert_account(struct store_tx *tx, const struct account *account, int64_t domain_id,
                           int64_t person_id, int64_t *out_id, struct err *err)
{
    return sql_insert(
        tx->sql,
        "INSERT INTO account (person_id, domain_id, name, state, display_name, "
        "summary, language, maildir,"
        " reply_all, actor_public_pem, actor_key, created_ms, asleep_since_ms,"
        " self_made, used_ms, ends_ms, chat)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        with(as_number(person_id), as_number(domain_id), as_text(account->name),
             as_number(account->state), as_text(account->display_name), as_text(account->summary),
             as_text(account->language), as_text(account->maildir), as_number(account->reply_all),
             as_text(account->actor_public_pem), as_bytes(&account->actor_key),
             as_number(account->created_ms ? account->created_ms : tx_now(tx)),
             as_number(account->asleep_since_ms), as_number(account->self_made),
             as_number(account->used_ms), as_number(account->ends_ms), as_number(account->chat)),
        out_id, err);
}

/* What every mail program expects to find (RFC 6154). */
static bool make_mailboxes(struct store_tx *tx, int64_t account_id, struct err *err)
{
    static const char *const names[] = {"INBOX", "Sent", "Drafts", "Trash", "Junk", "Archive"};
    int64_t id;

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!store_mailbox_make(tx, account_id, names[i], &id, err))
            return false;
    return true;
}

bool store_add_account(struct store_tx *tx, const struct account *account, int64_t *out_id,
                       struct err *err)
{
    int64_t domain_id = 0, person_id = 0;
    enum found found = sql_number(tx->sql, "SELECT id FROM domain WHERE name = ?",
                                  with(as_text(account->domain)), &domain_id, err);

    if (found == ABSENT)
        return err_set(err, ERR_ABSENT, "%s is not a domain of this server", account->domain);
    if (found == FAILED || !check_free(tx, account, domain_id, err) ||
        !add_local_person(tx, account, &person_id, err) ||
        !insert_account(tx, account, domain_id, person_id, out_id, err) ||
        !make_mailboxes(tx, *out_id, err))
        return false;
    store_note(tx, TOPIC_ACCOUNT, *out_id);
    store_note(tx, TOPIC_PERSON, person_id);
    return true;
}

/* Nobody logs in to a removed account, and what waited for its Maildir waits no more. */
static bool update_what_hangs_on_it(struct store_tx *tx, const struct account *account,
                                    struct err *err)
{
    const struct sql_value *id = with(as_number(account->id));
    bool knows_peers = account->state != ACCOUNT_REMOVED && account->encrypt_outgoing != ENCRYPT_NO;

    if (!knows_peers && !store_forget_peer_keys(tx, account->id, err))
        return false;
    if (account->state == ACCOUNT_REMOVED &&
        (!sql_run(tx->sql, "DELETE FROM credential WHERE account_id = ?", id, err) ||
         !sql_run(tx->sql, "DELETE FROM account_key WHERE account_id = ?", id, err) ||
         !sql_run(tx->sql, "DELETE FROM expecting WHERE account_id = ?", id, err) ||
         !sql_run(tx->sql, "DELETE FROM alias WHERE account_id = ?", id, err) ||
         !sql_run(tx->sql, "DELETE FROM left_name WHERE account_id = ?", id, err) ||
         !sql_run(tx->sql, "DELETE FROM annotation WHERE account_id = ? AND mailbox_id = 0", id,
                  err)))
        return false;
    if (account->state != ACCOUNT_REMOVED && account->maildir)
        return true;
    return sql_run(tx->sql,
                   "UPDATE entry SET maildir_due = 0 WHERE maildir_due = 1 AND mailbox_id IN"
                   " (SELECT id FROM mailbox WHERE account_id = ?)",
                   id, err);
}

bool store_update_account(struct store_tx *tx, const struct account *account, struct err *err)
{
    int64_t person_id = 0;

    if (!sql_change(tx->sql,
                    "UPDATE account SET state = ?, display_name = ?, summary = ?, language = ?, "
                    "maildir = ?,"
                    " reply_all = ?, asleep_since_ms = ?, ends_ms = ?, chat = ?, self_made = ?,"
                    " encrypt_outgoing = ? WHERE id = ?",
                    with(as_number(account->state), as_text(account->display_name),
                         as_text(account->summary), as_text(account->language),
                         as_text(account->maildir), as_number(account->reply_all),
                         as_number(account->asleep_since_ms), as_number(account->ends_ms),
                         as_number(account->chat), as_number(account->self_made),
                         as_number(account->encrypt_outgoing), as_number(account->id)),
                    no_account, err) ||
        !sql_run(tx->sql,
                 "UPDATE person SET name = ?, gone = ?"
                 " WHERE id = (SELECT person_id FROM account WHERE id = ?)",
                 with(as_open(account->display_name), as_number(account->state == ACCOUNT_REMOVED),
                      as_number(account->id)),
                 err) ||
        !update_what_hangs_on_it(tx, account, err) ||
        !sql_count(tx->sql, "SELECT person_id FROM account WHERE id = ?",
                   with(as_number(account->id)), &person_id, err))
        return false;
    store_note(tx, TOPIC_ACCOUNT, account->id);
    store_note(tx, TOPIC_PERSON, person_id);
    return true;
}

/* What proves the password, in one text for the column of secrets. */
static void join_keys(const struct credential *credential, struct bytes *out)
{
    scoped_value(bytes) keys = {0};

    bytes_add(&keys, (struct slice){(const char *)credential->stored_key, 32});
    bytes_add(&keys, (struct slice){(const char *)credential->server_key, 32});
    base64_add(out, bytes_slice(&keys));
    bytes_add_char(out, '\0');
    bytes_wipe(&keys);
}

bool store_set_credential(struct store_tx *tx, int64_t account_id,
                          const struct credential *credential, struct err *err)
{
    struct slice salt = {(const char *)credential->salt, sizeof credential->salt};
    scoped_value(bytes) keys = {0};

    join_keys(credential, &keys);
    bool good = sql_run(
        tx->sql,
        "INSERT INTO credential (account_id, salt, stored_key, server_key, iterations, wrapped)"
        " VALUES (?, ?, zeroblob(32), zeroblob(32), ?, ?) ON CONFLICT (account_id) DO UPDATE SET"
        " salt = excluded.salt, stored_key = excluded.stored_key, server_key = excluded.server_key,"
        " iterations = excluded.iterations, wrapped = excluded.wrapped",
        with(as_number(account_id), as_blob(salt), as_number(credential->iterations),
             as_secret(keys.at)),
        err);
    bytes_wipe(&keys);
    if (good)
        store_note(tx, TOPIC_ACCOUNT, account_id);
    return good;
}

bool store_wrap_credentials(struct store_tx *tx, struct err *err)
{
    int64_t id = 0;
    enum found found;

    while ((found = sql_number(tx->sql,
                               "SELECT account_id FROM credential WHERE wrapped IS NULL LIMIT 1",
                               NULL, &id, err)) == FOUND) {
        struct credential credential;
        if (store_credential(store_tx_view(tx), id, &credential, err) != FOUND ||
            !store_set_credential(tx, id, &credential, err))
            return false;
    }
    return found == ABSENT;
}

bool store_add_account_key(struct store_tx *tx, int64_t account_id, const struct account_key *key,
                           struct err *err)
{
    if (!sql_run(
            tx->sql,
            "INSERT INTO account_key (account_id, fingerprint, certificate, added_ms, expires_ms,"
            " uses, encrypts_until_ms, learnt, state, due_ms, seen_ms, told, notice)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (account_id, fingerprint) DO UPDATE SET"
            " certificate = excluded.certificate, added_ms = excluded.added_ms,"
            " expires_ms = excluded.expires_ms, uses = excluded.uses,"
            " encrypts_until_ms = excluded.encrypts_until_ms, learnt = excluded.learnt,"
            " state = excluded.state, due_ms = excluded.due_ms, seen_ms = excluded.seen_ms,"
            " told = excluded.told, notice = excluded.notice",
            with(as_number(account_id), as_text(key->fingerprint),
                 as_blob(bytes_slice(&key->certificate)),
                 as_number(key->added_ms ? key->added_ms : tx_now(tx)), as_number(key->expires_ms),
                 as_number(key->uses), as_number(key->encrypts_until_ms),
                 as_number(key->learnt ? key->learnt : KEY_BY_ADMINISTRATOR),
                 as_number(key->state ? key->state : KEY_IN_USE), as_number(key->due_ms),
                 as_number(key->seen_ms), as_number(key->told),
                 as_text(*key->notice ? key->notice : NULL)),
            err))
        return false;
    store_note(tx, TOPIC_ACCOUNT, account_id);
    return true;
}

bool store_key_seen(struct store_tx *tx, int64_t id, int64_t seen_ms, struct err *err)
{
    return sql_run(tx->sql, "UPDATE account_key SET seen_ms = ?1 WHERE id = ?2 AND seen_ms < ?1",
                   with(as_number(seen_ms), as_number(id)), err);
}

bool store_move_key(struct store_tx *tx, const struct account_key *key, enum key_state from,
                    struct err *err)
{
    if (!sql_change(tx->sql,
                    "UPDATE account_key SET state = ?, due_ms = ?, told = ? WHERE id = ?"
                    " AND state = ?",
                    with(as_number(key->state), as_number(key->due_ms), as_number(key->told),
                         as_number(key->id), as_number(from)),
                    "The account has no such key", err)) {
        if (err->kind == ERR_ABSENT)
            err_set(err, ERR_CONFLICT, "Try again");
        return false;
    }
    store_note(tx, TOPIC_ACCOUNT, key->account_id);
    return true;
}

bool store_remove_account_key(struct store_tx *tx, int64_t account_id, const char *fingerprint,
                              struct err *err)
{
    if (!sql_change(tx->sql, "DELETE FROM account_key WHERE account_id = ? AND fingerprint = ?",
                    with(as_number(account_id), as_text(fingerprint)),
                    "The account has no such key", err))
        return false;
    store_note(tx, TOPIC_ACCOUNT, account_id);
    return true;
}

bool store_account_told(struct store_tx *tx, int64_t id, bool approves, struct err *err)
{
    return sql_change(tx->sql, "UPDATE account SET approves = ? WHERE id = ?",
                      with(as_number(approves), as_number(id)), no_account, err);
}
