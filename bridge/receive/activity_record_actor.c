/* Who speaks, as their actor document says. */
#include "activity_work.h"
#include "contact_work.h"

#include "memory.h"

static bool record_key(struct bridge *bridge, struct store_tx *tx, const struct actor_facts *actor,
                       int64_t person_id, struct err *err)
{
    const struct person_key key = {
        .person_id = person_id,
        .key_id = actor->key_id,
        .public_pem = actor->public_pem,
        .fetched_ms = clock_now(bridge->clock),
    };

    if (!actor->key_id || !actor->public_pem)
        return true;
    return store_put_person_key(tx, &key, err);
}

bool bridge_record_actor(struct bridge *bridge, struct store_tx *tx,
                         const struct actor_facts *actor, int64_t *out_person_id, struct err *err)
{
    scoped_text char *word = NULL;
    int64_t id;

    if (actor->host && config_hosts(bridge->config, slice_of(actor->host)))
        return err_set(err, ERR_REFUSED, "This actor claims to live here");
    if (actor->user && actor->host)
        word = bridge_person_word(bridge, slice_of(actor->user), slice_of(actor->host));
    const struct person person = {
        .kind = PERSON_FEDIVERSE,
        .user = actor->user,
        .host = actor->host,
        .word = word,
        .name = actor->name,
        .actor_id = actor->id,
        .url = actor->url,
        .inbox = actor->inbox,
        .shared_inbox = actor->shared_inbox,
        .followers = actor->followers,
        .fetched_ms = clock_now(bridge->clock),
    };
    if (!store_put_person(tx, &person, &id, err) || !record_key(bridge, tx, actor, id, err))
        return false;
    *out_person_id = id;
    return true;
}

bool bridge_record_actor_gone(struct bridge *bridge, struct store_tx *tx, const char *actor_id,
                              struct err *err)
{
    scoped_value(person) person = {0};

    (void)bridge;
    switch (store_person_by_actor(store_tx_view(tx), slice_of(actor_id), &person, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    return person.kind != PERSON_FEDIVERSE ||
           (store_person_gone(tx, person.id, err) && contact_person_gone(tx, person.id, err));
}
