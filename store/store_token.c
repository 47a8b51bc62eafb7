/* Tokens, what strangers asked for, and forgetting mail people. */
#include "store_private.h"
#include "store_write.h"

#include <assert.h>

#define TOKEN "SELECT id, purpose, digest, seed, account_id, person_id, expires_ms FROM token "

static struct sql_value as_digest(const unsigned char digest[32])
{
    return as_blob((struct slice){(const char *)digest, 32});
}

static void read_exactly(struct sql_rows *rows, unsigned char *into, size_t len)
{
    scoped_value(bytes) bytes = take_bytes(rows);

    assert(bytes.len == len); /* a CHECK of the table */
    memcpy(into, bytes.at, len);
}

static void read_token(struct sql_rows *rows, void *out)
{
    struct token *token = out;

    token->id = take_number(rows);
    token->purpose = (enum token_purpose)take_int(rows);
    read_exactly(rows, token->digest, sizeof token->digest);
    read_exactly(rows, token->seed, sizeof token->seed);
    token->account_id = take_number(rows);
    token->person_id = take_number(rows);
    token->expires_ms = take_number(rows);
}

enum found store_token(struct store_view *view, enum token_purpose purpose,
                       const unsigned char digest[TOKEN_DIGEST_LEN], struct token *out,
                       struct err *err)
{
    return sql_find(
        view->sql, TOKEN "WHERE purpose = ? AND digest = ? AND (expires_ms = 0 OR expires_ms > ?)",
        with(as_number(purpose), as_digest(digest), as_number(clock_now(view->store->clock))),
        read_token, out, err);
}

enum found store_token_of(struct store_view *view, enum token_purpose purpose, int64_t account_id,
                          int64_t person_id, struct token *out, struct err *err)
{
    return sql_find(view->sql,
                    TOKEN "WHERE person_id = ? AND account_id = ? AND purpose = ?"
                          " AND (expires_ms = 0 OR expires_ms > ?) ORDER BY id DESC LIMIT 1",
                    with(as_number(person_id), as_number(account_id), as_number(purpose),
                         as_number(clock_now(view->store->clock))),
                    read_token, out, err);
}

bool store_add_token(struct store_tx *tx, const struct token *token, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT INTO token (purpose, digest, seed, account_id, person_id, expires_ms)"
                   " VALUES (?, ?, ?, ?, ?, ?)",
                   with(as_number(token->purpose), as_digest(token->digest),
                        as_blob((struct slice){(const char *)token->seed, sizeof token->seed}),
                        as_number(token->account_id), as_id(token->person_id),
                        as_number(token->expires_ms)),
                   err);
}

bool store_end_tokens(struct store_tx *tx, enum token_purpose purpose, int64_t account_id,
                      int64_t person_id, struct err *err)
{
    return sql_run(tx->sql,
                   "DELETE FROM token WHERE person_id = ? AND account_id = ? AND purpose = ?",
                   with(as_number(person_id), as_number(account_id), as_number(purpose)), err);
}

bool store_orphan_tokens(struct store_tx *tx, enum token_purpose purpose, int64_t account_id,
                         int64_t person_id, int64_t expires_ms, struct err *err)
{
    return sql_run(tx->sql,
                   "UPDATE token SET person_id = NULL, expires_ms = ?"
                   " WHERE person_id = ? AND account_id = ? AND purpose = ?",
                   with(as_number(expires_ms), as_number(person_id), as_number(account_id),
                        as_number(purpose)),
                   err);
}

/* ---- asked ---- */
bool store_asked_count(struct store_view *view, enum asked_for what, const unsigned char digest[32],
                       int64_t since_ms, int64_t *out, struct err *err)
{
    return sql_count(view->sql,
                     "SELECT count(*) FROM asked WHERE what = ? AND digest = ? AND at_ms >= ?",
                     with(as_number(what), as_digest(digest), as_number(since_ms)), out, err);
}

bool store_count_asked(struct store_tx *tx, enum asked_for what, const unsigned char digest[32],
                       int64_t at_ms, struct err *err)
{
    return sql_run(tx->sql, "INSERT INTO asked (what, digest, at_ms) VALUES (?, ?, ?)",
                   with(as_number(what), as_digest(digest), as_number(at_ms)), err);
}

/* ---- forgetting ---- */
bool store_forget_person(struct store_tx *tx, int64_t person_id, struct err *err)
{
    return sql_run(tx->sql,
                   "DELETE FROM person WHERE id = ?1 AND kind = ?2"
                   " AND NOT EXISTS (SELECT 1 FROM follow WHERE follower_id = ?1)"
                   " AND NOT EXISTS (SELECT 1 FROM follow WHERE followed_id = ?1)"
                   " AND NOT EXISTS (SELECT 1 FROM token WHERE person_id = ?1)"
                   " AND NOT EXISTS (SELECT 1 FROM delivery WHERE person_id = ?1)"
                   " AND NOT EXISTS (SELECT 1 FROM message WHERE author_id = ?1)"
                   " AND NOT EXISTS (SELECT 1 FROM audience WHERE person_id = ?1)"
                   " AND NOT EXISTS (SELECT 1 FROM reaction WHERE person_id = ?1)"
                   " AND NOT EXISTS (SELECT 1 FROM contact WHERE person_id = ?1)",
                   with(as_number(person_id), as_number(PERSON_MAIL)), err);
}

bool store_forget_follow(struct store_tx *tx, int64_t follow_id, struct err *err)
{
    int64_t follower_id = 0;
    enum found found = sql_number(tx->sql, "SELECT follower_id FROM follow WHERE id = ?",
                                  with(as_number(follow_id)), &follower_id, err);

    if (found != FOUND)
        return found == ABSENT ? err_set(err, ERR_ABSENT, "No such follow") : false;
    store_note(tx, TOPIC_PERSON, follower_id);
    return sql_run(tx->sql, "DELETE FROM follow WHERE id = ?", with(as_number(follow_id)), err) &&
           store_forget_person(tx, follower_id, err);
}

bool store_follow_fares(struct store_tx *tx, const struct follow *follow, struct err *err)
{
    return sql_change(tx->sql,
                      "UPDATE follow SET refused_ms = ?, reported_ms = ?, soft_ms = ?,"
                      " soft_count = ?, trouble = ?, untold = ? WHERE id = ?",
                      with(as_number(follow->refused_ms), as_number(follow->reported_ms),
                           as_number(follow->soft_ms), as_number(follow->soft_count),
                           as_secret(follow->trouble), as_number(follow->untold),
                           as_number(follow->id)),
                      "No such follow", err);
}

bool store_end_copies(struct store_tx *tx, int64_t account_id, int64_t person_id, struct err *err)
{
    return sql_run(tx->sql,
                   "DELETE FROM delivery WHERE person_id = ? AND account_id = ? AND target = 3"
                   " AND body_id IS NULL",
                   with(as_number(person_id), as_number(account_id)), err);
}

/* ---- what expired ---- */

/* A question that was not answered: the follow it was about was never more than a question. */
static bool forget_unconfirmed(struct store_tx *tx, int64_t token_id, struct err *err)
{
    int64_t follow_id = 0;
    enum found found = sql_number(
        tx->sql,
        "SELECT f.id FROM token t JOIN account a ON a.id = t.account_id"
        " JOIN follow f ON f.follower_id = t.person_id"
        " AND f.followed_id = a.person_id"
        " WHERE t.id = ? AND t.purpose = ? AND f.state = ?",
        with(as_number(token_id), as_number(TOKEN_CONFIRM), as_number(FOLLOW_CONFIRMING)),
        &follow_id, err);

    if (found == FAILED ||
        !sql_run(tx->sql, "DELETE FROM token WHERE id = ?", with(as_number(token_id)), err))
        return false;
    return found == ABSENT || store_forget_follow(tx, follow_id, err);
}

bool store_expire_tokens(struct store_tx *tx, int64_t now_ms, int limit, bool *more,
                         struct err *err)
{
    int64_t id = 0;

    for (int i = 0; i < limit; i++) {
        enum found found = sql_number(
            tx->sql, "SELECT id FROM token WHERE expires_ms > 0 AND expires_ms <= ? LIMIT 1",
            with(as_number(now_ms)), &id, err);
        if (found != FOUND)
            return found == ABSENT;
        if (!forget_unconfirmed(tx, id, err))
            return false;
    }
    *more = true;
    return true;
}
