/* People, their signing keys and follows: writing. */
#include "store_private.h"
#include "store_write.h"

enum {
    KEYS_PER_PERSON = 8
}; /* a peer may name a new one with each request; the oldest are forgotten */

static const char no_person[] = "No such person";

/* By actor id, else by address, else by handle: then one of the two must have no actor id, or they would be
 * two actors.  Only within a kind: nobody from outside becomes somebody who lives here. */
static enum found find_person(struct store_tx *tx, const struct person *person, int64_t *out_id,
                              struct err *err)
{
    enum found found = ABSENT;

    if (person->actor_id)
        found = sql_number(tx->sql, "SELECT id FROM person WHERE actor_id = ? AND kind = ?",
                           with(as_text(person->actor_id), as_number(person->kind)), out_id, err);
    if (found == ABSENT && person->address)
        found = sql_number(tx->sql, "SELECT id FROM person WHERE address = ? AND kind = ?",
                           with(as_text(person->address), as_number(person->kind)), out_id, err);
    if (found == ABSENT && person->user && person->host)
        found = sql_number(tx->sql,
                           "SELECT id FROM person WHERE user = ?1 AND host = ?2 AND kind = ?3"
                           " AND (?4 IS NULL OR actor_id IS NULL) ORDER BY gone, id DESC LIMIT 1",
                           with(as_text(person->user), as_text(person->host),
                                as_number(person->kind), as_text(person->actor_id)),
                           out_id, err);
    return found;
}

/* A word is a name people write to: it never passes to somebody of another handle. */
static bool check_word(struct store_tx *tx, const struct person *person, int64_t id,
                       struct err *err)
{
    int64_t other = 0;

    if (!person->word)
        return true;
    enum found found = sql_number(
        tx->sql,
        "SELECT id FROM person WHERE word = ?1 AND id <> ?2"
        " AND NOT (user = ?3 COLLATE NOCASE AND host = ?4 COLLATE NOCASE) LIMIT 1",
        with(as_text(person->word), as_number(id), as_text(person->user ? person->user : ""),
             as_text(person->host ? person->host : "")),
        &other, err);
    if (found == FOUND)
        return err_because(err, ERR_CONFLICT, "Try again", "the word names person %lld",
                           (long long)other);
    return found == ABSENT;
}

static bool insert_person(struct store_tx *tx, const struct person *person, int64_t *out_id,
                          struct err *err)
{
    return sql_insert(
        tx->sql,
        "INSERT INTO person (kind, address, user, host, word, name, actor_id, url, inbox, "
        "shared_inbox,"
        " followers, gone, fetched_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        with(as_number(person->kind), as_text(person->address), as_text(person->user),
             as_text(person->host), as_text(person->word), as_secret(person->name),
             as_text(person->actor_id), as_text(person->url), as_text(person->inbox),
             as_text(person->shared_inbox), as_text(person->followers), as_number(person->gone),
             as_number(person->fetched_ms)),
        out_id, err);
}

static void read_name(struct sql_rows *rows, void *out)
{
    *(char **)out = take_secret(rows);
}

/* A name lies wrapped, differently each time: SQL cannot compare. */
static bool is_called(struct store_tx *tx, const char *name, int64_t id, bool *out, struct err *err)
{
    scoped_text char *known = NULL;

    if (!name)
        return true;
    enum found found = sql_find(tx->sql, "SELECT name FROM person WHERE id = ?",
                                with(as_number(id)), read_name, &known, err);
    *out = known && strcmp(known, name) == 0;
    return found != FAILED;
}

/* What names somebody is kept in any case; the rest follows a whole document, or fills gaps: with most mails there are
 * none, and then nothing is written.  ABSENT: nothing changed. */
static enum found update_person(struct store_tx *tx, const struct person *person, int64_t id,
                                struct err *err)
{
    static const char whole[] =
        "UPDATE person SET address = coalesce(?1, address), user = coalesce(?2, user),"
        " host = coalesce(?3, host), word = coalesce(?4, word), actor_id = coalesce(?5, actor_id),"
        " name = ?6, url = ?7, inbox = ?8, shared_inbox = ?9, followers = ?10, gone = ?11,"
        " fetched_ms = ?12 WHERE id = ?13";
    static const char gaps[] =
        "UPDATE person SET address = coalesce(?1, address), user = coalesce(?2, user),"
        " host = coalesce(?3, host), word = coalesce(?4, word), actor_id = coalesce(?5, actor_id),"
        " name = coalesce(?6, name), url = coalesce(?7, url), inbox = coalesce(?8, inbox),"
        " shared_inbox = coalesce(?9, shared_inbox), followers = coalesce(?10, followers),"
        " gone = max(gone, ?11), fetched_ms = max(fetched_ms, ?12) WHERE id = ?13 AND NOT"
        " ((?1 IS NULL OR address IS ?1) AND (?2 IS NULL OR user IS ?2)"
        " AND (?3 IS NULL OR host IS ?3) AND (?4 IS NULL OR word IS ?4)"
        " AND (?5 IS NULL OR actor_id IS ?5) AND ?6 IS NULL"
        " AND (?7 IS NULL OR url IS ?7) AND (?8 IS NULL OR inbox IS ?8)"
        " AND (?9 IS NULL OR shared_inbox IS ?9) AND (?10 IS NULL OR followers IS ?10)"
        " AND gone >= ?11 AND fetched_ms >= ?12)";

    bool same_name = false;
    if (!person->fetched_ms && !is_called(tx, person->name, id, &same_name, err))
        return FAILED;
    if (!sql_run(tx->sql, person->fetched_ms ? whole : gaps,
                 with(as_text(person->address), as_text(person->user), as_text(person->host),
                      as_text(person->word), as_text(person->actor_id),
                      same_name ? as_text(NULL) : as_secret(person->name), as_text(person->url),
                      as_text(person->inbox), as_text(person->shared_inbox),
                      as_text(person->followers), as_number(person->gone),
                      as_number(person->fetched_ms), as_number(id)),
                 err))
        return FAILED;
    return sqlite3_changes(tx->sql->db) > 0 ? FOUND : ABSENT;
}

bool store_put_person(struct store_tx *tx, const struct person *person, int64_t *out_id,
                      struct err *err)
{
    int64_t id = 0;
    enum found found = find_person(tx, person, &id, err);

    if (found == FAILED || !check_word(tx, person, id, err))
        return false;
    if (found == FOUND)
        found = update_person(tx, person, id, err);
    else
        found = insert_person(tx, person, &id, err) && store_forget_strangers(tx, id, err) ? FOUND
                                                                                           : FAILED;
    if (found == FAILED)
        return false;
    *out_id = id;
    if (found == FOUND)
        store_note(tx, TOPIC_PERSON, id);
    return true;
}

/* An inbox is nobody's any more if no other living person is reached through it. */
static bool end_deliveries(struct store_tx *tx, int64_t person_id, struct err *err)
{
    const struct sql_value *id = with(as_number(person_id));

    return store_deliveries_end(
               tx,
               "SELECT id FROM delivery WHERE person_id = ? AND target <> 1 AND id > ?"
               " ORDER BY id LIMIT 1",
               person_id, err) &&
           store_deliveries_end(
               tx,
               "SELECT d.id FROM person p JOIN inbox i ON i.url = p.inbox"
               " JOIN delivery d ON d.inbox_id = i.id WHERE p.id = ? AND d.id > ?"
               " AND p.inbox IS NOT p.shared_inbox AND NOT EXISTS (SELECT 1 FROM person o"
               " WHERE o.inbox = p.inbox AND o.id <> p.id AND NOT o.gone)"
               " ORDER BY d.id LIMIT 1",
               person_id, err) &&
           sql_run(tx->sql, "DELETE FROM person_key WHERE person_id = ?", id, err);
}

bool store_person_gone(struct store_tx *tx, int64_t person_id, struct err *err)
{
    if (!sql_change(tx->sql, "UPDATE person SET gone = 1 WHERE id = ?", with(as_number(person_id)),
                    no_person, err) ||
        !sql_run(tx->sql,
                 "UPDATE follow SET state = ?1, since_ms = ?2 WHERE state <> ?1"
                 " AND id IN (SELECT id FROM follow WHERE follower_id = ?3"
                 " UNION ALL SELECT id FROM follow WHERE followed_id = ?3)",
                 with(as_number(FOLLOW_LEFT), as_number(tx_now(tx)), as_number(person_id)), err) ||
        !end_deliveries(tx, person_id, err))
        return false;
    store_note(tx, TOPIC_PERSON, person_id);
    return true;
}

bool store_put_person_key(struct store_tx *tx, const struct person_key *key, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT INTO person_key (person_id, key_id, public_pem, fetched_ms) VALUES (?, "
                   "?, ?, ?)"
                   " ON CONFLICT (key_id) DO UPDATE SET person_id = excluded.person_id,"
                   " public_pem = excluded.public_pem, fetched_ms = excluded.fetched_ms",
                   with(as_number(key->person_id), as_text(key->key_id), as_text(key->public_pem),
                        as_number(key->fetched_ms)),
                   err) &&
           sql_run(
               tx->sql,
               "DELETE FROM person_key WHERE id IN (SELECT id FROM person_key WHERE person_id = ?"
               " ORDER BY fetched_ms DESC, id DESC LIMIT -1 OFFSET ?)",
               with(as_number(key->person_id), as_number(KEYS_PER_PERSON)), err);
}

bool store_put_follow(struct store_tx *tx, int64_t follower_id, int64_t followed_id,
                      enum follow_state state, const char *activity_id, int64_t *out_id,
                      struct err *err)
{
    int64_t kind = 0;
    enum found found = sql_number(tx->sql, "SELECT kind FROM person WHERE id = ?",
                                  with(as_number(follower_id)), &kind, err);

    if (found != FOUND)
        return found == ABSENT ? err_set(err, ERR_ABSENT, no_person) : false;
    if (!sql_run(
            tx->sql,
            "INSERT INTO follow (follower_id, followed_id, follower_kind, state, activity_id, "
            "since_ms)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (follower_id, followed_id) DO UPDATE SET"
            " since_ms = CASE WHEN state = excluded.state THEN since_ms ELSE excluded.since_ms END,"
            " state = excluded.state, activity_id = coalesce(excluded.activity_id, activity_id)",
            with(as_number(follower_id), as_number(followed_id), as_number(kind), as_number(state),
                 as_text(activity_id), as_number(tx_now(tx))),
            err) ||
        !sql_count(tx->sql, "SELECT id FROM follow WHERE follower_id = ? AND followed_id = ?",
                   with(as_number(follower_id), as_number(followed_id)), out_id, err))
        return false;
    store_note(tx, TOPIC_PERSON, follower_id);
    store_note(tx, TOPIC_PERSON, followed_id);
    return true;
}
