/*
 * Delete: of a note, by its author alone; one that overtook its Create is remembered for six hours.
 */
#include "activity_work.h"
#include "contact_work.h"

enum { TOMBSTONE_MS = 6 * HOUR_MS };

static bool remember_deleted(struct bridge *bridge, struct store_tx *tx,
                             const struct activity_facts *activity, struct err *err)
{
    unsigned char digest[SHA256_LEN];
    bool first;

    activity_digest("deleted", activity->object_id, activity->actor, digest);
    return store_see(tx, SEEN_TOMBSTONE, digest, clock_now(bridge->clock) + TOMBSTONE_MS, &first,
                     err);
}

bool record_note_deleted(struct bridge *bridge, struct store_tx *tx,
                         struct activity_arrival *arrival, struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;
    scoped_value(message) message = {0};
    scoped_value(person) person = {0};
    struct store_view *view = store_tx_view(tx);

    if (!activity->object_id)
        return true;
    if (strcmp(activity->object_id, activity->actor) == 0)
        return bridge_record_actor_gone(bridge, tx, activity->actor, err);
    enum found found = store_person_by_actor(view, slice_of(activity->actor), &person, err);
    if (found != FOUND)
        return found == ABSENT;
    found = store_message_by_activity(view, slice_of(activity->object_id), &message, err);
    if (found == FAILED)
        return false;
    if (found == ABSENT)
        return remember_deleted(bridge, tx, activity, err);
    if (message.author_id != person.id || message.account_id || message_is_gone(&message))
        return true;
    return store_set_message_state(tx, message.id, MESSAGE_WITHDRAWN, err) &&
           copies_to_trash(tx, message.id, err) && contact_end_held(tx, message.id, person.id, err);
}
