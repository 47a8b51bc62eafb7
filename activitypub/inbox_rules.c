#include "inbox_rules.h"

#include "memory.h"
#include "text.h"

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool same_origin(const char *a, const char *b)
{
    return a && b && url_same_origin(slice_of(a), slice_of(b));
}

const char *activity_trouble(const struct activity_facts *activity)
{
    if (!activity->id)
        return "The activity needs an id that is an https address";
    if (!same_origin(activity->id, activity->actor))
        return "The activity's id does not lie on its actor's host";
    return NULL;
}

bool activity_is_about_itself(const struct activity_facts *activity)
{
    bool changes = activity->type == ACTIVITY_DELETE || activity->type == ACTIVITY_UPDATE;

    return changes && same(activity->object_id, activity->actor);
}

bool note_is_of(const struct note_facts *note, const char *actor)
{
    return same(note->attributed_to, actor) && same_origin(note->id, actor);
}

/* Create and Update: only what its own author says, from the author's own host. */
static enum fate fate_of_carried(const struct activity_facts *activity)
{
    const struct note_facts *note = activity->note;

    if (activity->person)
        return same(activity->person->id, activity->actor) ? FATE_GO : FATE_DROP;
    if (!note)
        return same_origin(activity->object_id, activity->actor) ? FATE_FETCH : FATE_DROP;
    return note_is_of(note, activity->actor) ? FATE_GO : FATE_DROP;
}

static enum fate fate_of_forwarded(const struct activity_facts *activity)
{
    bool has_origin = activity->type == ACTIVITY_CREATE || activity->type == ACTIVITY_UPDATE ||
                      activity->type == ACTIVITY_DELETE;

    if (!has_origin || activity_is_about_itself(activity))
        return FATE_DROP;
    return same_origin(activity->object_id, activity->actor) ? FATE_FETCH : FATE_DROP;
}

/* Of nobody but itself, and somewhere else.  What the other says of it is fetched (inbox_move.c). */
static bool moves_itself(const struct activity_facts *activity)
{
    return same(activity->object_id, activity->actor) && activity->target_id &&
           !same(activity->target_id, activity->actor);
}

enum fate activity_fate(const struct activity_facts *activity, bool by_signer, bool object_is_ours)
{
    if (!by_signer)
        return fate_of_forwarded(activity);
    switch (activity->type) {
    case ACTIVITY_CREATE:
    case ACTIVITY_UPDATE: return fate_of_carried(activity);
    case ACTIVITY_DELETE:
        return same_origin(activity->object_id, activity->actor) ? FATE_GO : FATE_DROP;
    case ACTIVITY_ANNOUNCE:
        if (!activity->object_id)
            return FATE_DROP;
        return object_is_ours ? FATE_GO : FATE_FETCH;
    case ACTIVITY_UNDO:
        if (activity->object_actor && !same(activity->object_actor, activity->actor))
            return FATE_DROP;
        return FATE_GO;
    case ACTIVITY_FOLLOW:
    case ACTIVITY_LIKE: return activity->object_id ? FATE_GO : FATE_DROP;
    case ACTIVITY_ACCEPT:
    case ACTIVITY_REJECT: return FATE_GO;
    case ACTIVITY_MOVE: return moves_itself(activity) ? FATE_FETCH : FATE_DROP;
    case ACTIVITY_OTHER: return FATE_DROP;
    }
    __builtin_unreachable();
}
