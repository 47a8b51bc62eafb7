/*
 * Move: somebody whom people here know goes on under another account (docs/moving.md).
 *
 * Kept is who moved where; what it means for each account here is carried there by chores, one after the other
 * (move_carry.c).
 */
#include "activity_work.h"

#include "memory.h"

/* Not moved lately, so that it cannot go to and fro. */
static bool is_rested(struct bridge *bridge, struct store_view *view, int64_t person_id, bool *out,
                      struct err *err)
{
    struct move move = {0};
    enum found found = store_move(view, person_id, &move, err);

    *out = found == ABSENT ||
           (found == FOUND && move.at_ms + MOVE_REST_MS <= clock_now(bridge->clock));
    return found != FAILED;
}

bool move_concerns(struct bridge *bridge, struct store_view *view,
                   const struct activity_facts *activity, bool *out, struct err *err)
{
    scoped_value(person) person = {0};
    int64_t account_id;
    enum found found = store_person_by_actor(view, slice_of(activity->actor), &person, err);

    *out = false;
    if (found == FOUND)
        found = store_account_tied(view, person.id, 0, &account_id, err);
    if (found != FOUND)
        return found == ABSENT;
    return is_rested(bridge, view, person.id, out, err);
}

/* ABSENT: one of ours that does not say that it is them. */
static enum found find_ours(struct bridge *bridge, struct store_tx *tx,
                            const struct activity_facts *activity, int64_t *out_id, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(account) account = {0};
    scoped_value(aliases) aliases = {.count = 0};
    enum found found = account_of_actor(bridge, view, activity->target_id, &account, err);

    if (found != FOUND)
        return found;
    if (!store_aliases(view, account.id, &aliases, err))
        return FAILED;
    for (size_t i = 0; i < aliases.count; i++)
        if (strcmp(aliases.at[i], activity->actor) == 0) {
            *out_id = account.person_id;
            return FOUND;
        }
    return ABSENT;
}

static enum found find_target(struct bridge *bridge, struct store_tx *tx,
                              const struct activity_arrival *arrival, int64_t *out_id,
                              struct err *err)
{
    if (!arrival->target)
        return find_ours(bridge, tx, &arrival->activity, out_id, err);
    return bridge_record_actor(bridge, tx, arrival->target, out_id, err) ? FOUND : FAILED;
}

bool record_move_in(struct bridge *bridge, struct store_tx *tx, struct activity_arrival *arrival,
                    struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(person) person = {0};
    bool here = false, there = false;
    struct move move = {.at_ms = clock_now(bridge->clock), .open = true};
    enum found found = store_person_by_actor(view, slice_of(arrival->activity.actor), &person, err);

    if (found == FOUND)
        found = find_target(bridge, tx, arrival, &move.to_id, err);
    if (found != FOUND)
        return found == ABSENT;
    if (!is_rested(bridge, view, person.id, &here, err) ||
        !is_rested(bridge, view, move.to_id, &there, err))
        return false;
    move.person_id = person.id;
    return !here || !there || move.to_id == person.id || store_put_move(tx, &move, err);
}
