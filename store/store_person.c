/* People and their signing keys: reading. */
#include "store_people.h"
#include "store_person_rows.h"
#include "store_private.h"

void person_clear(struct person *person)
{
    free(person->address);
    free(person->user);
    free(person->host);
    free(person->word);
    free(person->name);
    free(person->actor_id);
    free(person->url);
    free(person->inbox);
    free(person->shared_inbox);
    free(person->followers);
    *person = (struct person){0};
}

void store_read_person(struct sql_rows *rows, void *out)
{
    struct person *person = out;

    person->id = take_number(rows);
    person->kind = (enum person_kind)take_int(rows);
    person->account_id = take_number(rows);
    person->address = take_text(rows);
    person->user = take_text(rows);
    person->host = take_text(rows);
    person->word = take_text(rows);
    person->name = take_secret(rows);
    person->actor_id = take_text(rows);
    person->url = take_text(rows);
    person->inbox = take_text(rows);
    person->shared_inbox = take_text(rows);
    person->followers = take_text(rows);
    person->gone = take_bool(rows);
    person->fetched_ms = take_number(rows);
}

#define PERSON "SELECT " PERSON_COLUMNS " FROM person p "
/* A handle or word may name an actor that was made anew: the living one, else the last. */
#define BEST " ORDER BY p.gone, p.id DESC LIMIT 1"

enum found store_person(struct store_view *view, int64_t id, struct person *out, struct err *err)
{
    return sql_find(view->sql, PERSON "WHERE p.id = ?", with(as_number(id)), store_read_person, out,
                    err);
}

enum found store_person_by_actor(struct store_view *view, struct slice actor_id, struct person *out,
                                 struct err *err)
{
    return sql_find(view->sql, PERSON "WHERE p.actor_id = ?", with(as_slice(actor_id)),
                    store_read_person, out, err);
}

enum found store_person_by_handle(struct store_view *view, struct slice user, struct slice host,
                                  struct person *out, struct err *err)
{
    return sql_find(view->sql, PERSON "WHERE p.user = ? AND p.host = ?" BEST,
                    with(as_slice(user), as_slice(host)), store_read_person, out, err);
}

enum found store_person_by_word(struct store_view *view, struct slice word, struct person *out,
                                struct err *err)
{
    return sql_find(view->sql, PERSON "WHERE p.word = ?" BEST, with(as_slice(word)),
                    store_read_person, out, err);
}

enum found store_person_by_address(struct store_view *view, struct slice address,
                                   struct person *out, struct err *err)
{
    return sql_find(view->sql, PERSON "WHERE p.address = ?", with(as_slice(address)),
                    store_read_person, out, err);
}

void person_key_clear(struct person_key *key)
{
    free(key->key_id);
    free(key->public_pem);
    *key = (struct person_key){0};
}

static void read_person_key(struct sql_rows *rows, void *out)
{
    struct person_key *key = out;

    key->person_id = take_number(rows);
    key->key_id = take_text(rows);
    key->public_pem = take_text(rows);
    key->fetched_ms = take_number(rows);
}

enum found store_person_key(struct store_view *view, struct slice key_id, struct person_key *out,
                            struct err *err)
{
    return sql_find(
        view->sql,
        "SELECT person_id, key_id, public_pem, fetched_ms FROM person_key WHERE key_id = ?",
        with(as_slice(key_id)), read_person_key, out, err);
}
