/*
 * A bridge that writes down what it is told.
 */
#include "house.h"

#include "store_write.h"

void activity_plan_free(struct activity_plan *plan);

void activity_plan_free(struct activity_plan *plan)
{
    (void)plan;
}

bool bridge_record_actor(struct bridge *bridge, struct store_tx *tx,
                         const struct actor_facts *actor, int64_t *out_person_id, struct err *err)
{
    const struct person person = {.kind = PERSON_FEDIVERSE,
                                  .user = actor->user,
                                  .host = actor->host,
                                  .name = actor->name,
                                  .actor_id = actor->id,
                                  .url = actor->url,
                                  .inbox = actor->inbox,
                                  .shared_inbox = actor->shared_inbox,
                                  .followers = actor->followers,
                                  .fetched_ms = NOW_MS};

    if (!store_put_person(tx, &person, out_person_id, err))
        return false;
    const struct person_key key = {.person_id = *out_person_id,
                                   .key_id = actor->key_id,
                                   .public_pem = actor->public_pem,
                                   .fetched_ms = NOW_MS};
    bytes_print(&bridge->told, "actor %s@%s %s\n", actor->user, actor->host, actor->id);
    return !actor->key_id || store_put_person_key(tx, &key, err);
}

bool bridge_record_actor_gone(struct bridge *bridge, struct store_tx *tx, const char *actor_id,
                              struct err *err)
{
    (void)tx, (void)err;
    bytes_print(&bridge->told, "gone %s\n", actor_id);
    return true;
}

bool bridge_activity_concerns(struct bridge *bridge, struct store_view *view,
                              const struct activity_arrival *arrival, bool *out, struct err *err)
{
    (void)view, (void)arrival, (void)err;
    *out = !bridge->concerns_nobody;
    return true;
}

bool bridge_activity_prepare(struct bridge *bridge, struct activity_arrival *arrival,
                             struct err *err)
{
    (void)err;
    free(arrival->wanted_actor);
    arrival->wanted_actor = must_dup(bridge->wants);
    bridge->wants = NULL;
    arrival->picture.wanted = bridge->wants_picture;
    return true;
}

bool bridge_activity_record(struct bridge *bridge, struct store_tx *tx,
                            struct activity_arrival *arrival, struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;

    (void)tx;
    if (bridge->conflicts-- > 0)
        return err_set(err, ERR_CONFLICT, "Try again");
    bytes_print(&bridge->told, "activity %d %s by %s on %s at %s@%s", (int)activity->type,
                activity->id, activity->actor,
                activity->object_id ? activity->object_id : "nothing",
                arrival->inbox_user ? arrival->inbox_user : "", arrival->inbox_domain);
    if (activity->note)
        bytes_print(&bridge->told, " note %s", activity->note->html ? activity->note->html : "");
    if (arrival->target)
        bytes_print(&bridge->told, " to %s", arrival->target->id);
    if (arrival->picture.raw.len > 0)
        bytes_print(&bridge->told, " picture %s", arrival->picture.raw.at);
    bytes_add_text(&bridge->told, "\n");
    return true;
}

bool bridge_post(struct bridge *bridge, struct store_view *view, const struct message *message,
                 bool for_peers, struct post *out, struct err *err)
{
    (void)bridge, (void)view, (void)for_peers, (void)err;
    *out = (struct post){
        .message_id = message->id,
        .visibility = message->visibility,
        .state = message->state,
        .id = must_dup(message->activity_id),
        .url = must_dup("https://example.org/@alice/x"),
        .author_id = must_dup("https://example.org/users/alice"),
        .html = must_copy(bytes_slice(&message->html)),
        .account_name = must_dup("alice"),
        .account_domain = must_dup("example.org"),
    };
    return true;
}

void moved_clear(struct moved *moved)
{
    free(moved->actor_id);
}

bool bridge_moved_to(struct store_view *view, const struct account *account, struct moved *out,
                     struct err *err)
{
    (void)view, (void)account, (void)out, (void)err;
    return true;
}

struct bridge *house_bridge;

bool bridge_outgoing(struct store_view *view, const struct delivery *delivery, struct outgoing *out,
                     struct err *err)
{
    (void)view, (void)delivery, (void)err;
    *out = house_bridge->outgoing();
    if (!out->inbox)
        out->inbox = must_dup(house_bridge->inbox_of_person);
    return true;
}

bool bridge_outgoing_post(struct bridge *bridge, struct store_view *view, struct outgoing *outgoing,
                          struct err *err)
{
    (void)bridge, (void)view, (void)outgoing;
    return !house_bridge->unreadable ||
           err_set(err, ERR_TEMPORARY, "A stored secret cannot be read");
}

bool bridge_outgoing_person(struct store_view *view, struct outgoing *outgoing, struct err *err)
{
    (void)view, (void)outgoing, (void)err;
    return true;
}

bool bridge_delivery_ended(struct bridge *bridge, struct store_tx *tx,
                           const struct delivery_outcome *outcome, struct err *err)
{
    static const char *const ends[] = {"delivered", "later", "refused", "gone", "nobody"};

    (void)tx, (void)err;
    bytes_print(&bridge->told, "%s version=%d scheme=%d retry=%lld %s%s%s%s\n", ends[outcome->end],
                outcome->version, outcome->scheme_worked, (long long)outcome->retry_after_s,
                outcome->reply, outcome->untried ? ", untried" : "",
                outcome->silent ? ", silent" : "", outcome->put_off_ms ? ", put off" : "");
    return true;
}
