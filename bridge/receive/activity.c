/*
 * An activity that arrived: whom it could concern, and which of the receivers takes it.
 *
 * activitypub has checked who speaks and that they own what they speak of.  Everything here may be done twice:
 * prepare() after somebody was fetched, record() after a lost race.
 */
#include "activity_work.h"

#include "contact_work.h"
#include "memory.h"
#include "text.h"

void activity_plan_free(struct activity_plan *plan)
{
    if (!plan)
        return;
    message_clear(&plan->message);
    named_people_clear(&plan->people);
    letters_clear(&plan->letters);
    note_knocks_free(plan->knocks);
    if (plan->visit)
        contact_visit_clear(plan->visit);
    free(plan->visit);
    free(plan);
}

void activity_digest(const char *what, const char *id, const char *actor,
                     unsigned char out[SHA256_LEN])
{
    scoped_text char *text = must_print("%s\n%s\n%s", what, id, actor);

    sha256(slice_of(text), out);
}

/* ---- whom does it concern? ---- */
static bool has_account(enum found found, struct account *account, bool *out)
{
    *out = found == FOUND;
    if (found == FOUND)
        account_clear(account);
    return found != FAILED;
}

static bool names_account(struct bridge *bridge, struct store_view *view, const char *actor_id,
                          bool *out, struct err *err)
{
    struct account account = {0};

    return has_account(account_of_actor(bridge, view, actor_id, &account, err), &account, out);
}

static bool any_is_here(struct bridge *bridge, struct store_view *view, char *const *list,
                        size_t count, bool *out, struct err *err)
{
    for (size_t i = 0; !*out && i < count; i++)
        if (!names_account(bridge, view, list[i], out, err))
            return false;
    return true;
}

static bool names_somebody(struct bridge *bridge, struct store_view *view,
                           const struct note_facts *note, bool *out, struct err *err)
{
    if (!any_is_here(bridge, view, note->to, note->to_count, out, err) ||
        !any_is_here(bridge, view, note->cc, note->cc_count, out, err))
        return false;
    for (size_t i = 0; !*out && i < note->mention_count; i++)
        if (!names_account(bridge, view, note->mentions[i].href, out, err))
            return false;
    return true;
}

static bool knows_actor(struct store_view *view, const char *actor_id, bool *out, struct err *err)
{
    scoped_value(person) person = {0};
    enum found found = store_person_by_actor(view, slice_of(actor_id), &person, err);

    *out = found == FOUND;
    return found != FAILED;
}

static bool is_followed(struct store_view *view, const char *actor_id, bool *out, struct err *err)
{
    scoped_value(person) person = {0};

    *out = false;
    switch (store_person_by_actor(view, slice_of(actor_id), &person, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    return followed_here(view, person.id, out, err);
}

/* Do we have that message, and if `ours`, is it by somebody here? */
static bool knows_message(struct store_view *view, const char *id, bool ours, bool *out,
                          struct err *err)
{
    scoped_value(message) message = {0};

    *out = false;
    if (!id)
        return true;
    enum found found = store_message_by_activity(view, slice_of(id), &message, err);
    *out = found == FOUND && (!ours || message.account_id);
    return found != FAILED;
}

static bool note_concerns(struct bridge *bridge, struct store_view *view,
                          const struct activity_arrival *arrival, bool *out, struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;
    const struct note_facts *note = activity->note;

    *out = arrival->inbox_user != NULL;
    if (!*out && !is_followed(view, activity->actor, out, err))
        return false;
    if (!*out && !knows_message(view, activity->object_id, false, out, err))
        return false;
    if (!*out && note && !knows_message(view, note->in_reply_to, true, out, err))
        return false;
    return *out || !note || names_somebody(bridge, view, note, out, err);
}

static bool delete_concerns(struct store_view *view, const struct activity_facts *activity,
                            bool *out, struct err *err)
{
    if (!knows_message(view, activity->object_id, false, out, err))
        return false;
    return *out || knows_actor(view, activity->actor, out, err);
}

static bool announce_concerns(struct store_view *view, const struct activity_facts *activity,
                              bool *out, struct err *err)
{
    if (!knows_message(view, activity->object_id, true, out, err))
        return false;
    return *out || is_followed(view, activity->actor, out, err);
}

bool bridge_activity_concerns(struct bridge *bridge, struct store_view *view,
                              const struct activity_arrival *arrival, bool *out, struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;

    *out = false;
    if (!activity->actor)
        return true;
    switch (activity->type) {
    case ACTIVITY_OTHER: return true;
    case ACTIVITY_FOLLOW: return names_account(bridge, view, activity->object_id, out, err);
    case ACTIVITY_UNDO:
    case ACTIVITY_ACCEPT:
    case ACTIVITY_REJECT: return knows_actor(view, activity->actor, out, err);
    case ACTIVITY_UPDATE:
        if (activity->person)
            return knows_actor(view, activity->actor, out, err);
        return note_concerns(bridge, view, arrival, out, err);
    case ACTIVITY_CREATE: return note_concerns(bridge, view, arrival, out, err);
    case ACTIVITY_DELETE: return delete_concerns(view, activity, out, err);
    case ACTIVITY_LIKE: return knows_message(view, activity->object_id, true, out, err);
    case ACTIVITY_ANNOUNCE: return announce_concerns(view, activity, out, err);
    case ACTIVITY_MOVE: return move_concerns(bridge, view, activity, out, err);
    }
    __builtin_unreachable();
}

/* ---- preparing and recording ---- */
bool bridge_activity_prepare(struct bridge *bridge, struct activity_arrival *arrival,
                             struct err *err)
{
    static prepare_step *const steps[] = {
        [ACTIVITY_FOLLOW] = prepare_follow,     [ACTIVITY_CREATE] = prepare_note,
        [ACTIVITY_UPDATE] = prepare_note,       [ACTIVITY_LIKE] = prepare_like,
        [ACTIVITY_ANNOUNCE] = prepare_announce,
    };
    unsigned type = arrival->activity.type;

    activity_plan_free(steal(&arrival->plan));
    free(steal(&arrival->wanted_actor));
    arrival->picture.wanted = false;
    if (type >= COUNT_OF(steps) || !steps[type])
        return true;
    scoped(store_view) view = store_look(bridge->store, err);
    return view && steps[type](bridge, view, arrival, err);
}

/* Who speaks to us is alive: a host given up is tried again. */
static bool revive_host(struct store_tx *tx, const char *actor_id, struct err *err)
{
    struct url url;
    scoped_value(host) host = {0};

    if (!url_read(slice_of(actor_id), &url))
        return true;
    enum found found = store_host(store_tx_view(tx), url.host, &host, err);
    if (found != FOUND || host.failing_since_ms == 0)
        return found != FAILED;
    host.failing_since_ms = host.next_ms = 0;
    host.silences = 0;
    return store_put_host(tx, &host, err);
}

static bool record_update(struct bridge *bridge, struct store_tx *tx,
                          struct activity_arrival *arrival, struct err *err)
{
    int64_t person_id;

    if (arrival->activity.person)
        return bridge_record_actor(bridge, tx, arrival->activity.person, &person_id, err);
    return record_note_in(bridge, tx, arrival, err);
}

bool bridge_activity_record(struct bridge *bridge, struct store_tx *tx,
                            struct activity_arrival *arrival, struct err *err)
{
    static record_step *const steps[] = {
        [ACTIVITY_FOLLOW] = record_follow_in,     [ACTIVITY_UNDO] = record_undo,
        [ACTIVITY_ACCEPT] = record_follow_answer, [ACTIVITY_REJECT] = record_follow_answer,
        [ACTIVITY_CREATE] = record_note_in,       [ACTIVITY_UPDATE] = record_update,
        [ACTIVITY_DELETE] = record_note_deleted,  [ACTIVITY_LIKE] = record_like,
        [ACTIVITY_ANNOUNCE] = record_announce,    [ACTIVITY_MOVE] = record_move_in,
    };
    unsigned type = arrival->activity.type;

    if (!revive_host(tx, arrival->activity.actor, err))
        return false;
    return type >= COUNT_OF(steps) || !steps[type] || steps[type](bridge, tx, arrival, err);
}
