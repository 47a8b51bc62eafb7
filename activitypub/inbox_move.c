/*
 * A Move: what the account moved to says of itself, fetched now, decides whether it is believed.
 *
 * One hop: who has moved on from there is not followed.  An actor makes us ask once a minute at most.
 */
#include "actor_read.h"
#include "inbox_private.h"
#include "memory.h"

enum { LOOK_AGAIN_MS = MINUTE_MS };

/* True once in that time. */
static bool is_time(struct judgement *j)
{
    struct key_memory *memory = &j->work->moves;
    struct slice actor = slice_of(j->arrival.activity.actor);
    int64_t now_ms = work_timer(j->work);

    if (key_memory_look(memory, actor, now_ms) != KEY_NO_TROUBLE)
        return false;
    key_memory_put(memory, actor, KEY_UNFIT, now_ms, LOOK_AGAIN_MS);
    return true;
}

static enum course read_target(struct judgement *j)
{
    const struct activity_facts *activity = &j->arrival.activity;
    struct slice text = bytes_slice(&j->document.text);
    scoped_value(actor_facts) target = {0};
    struct err unreadable;

    if (strcmp(j->document.url, activity->target_id) != 0 ||
        !actor_read(text, activity->target_id, NULL, &target, &unreadable))
        return judge_drop(j);
    struct actor_moves moves = actor_moves_read(text, activity->actor);
    if (!moves.names_alias || moves.has_moved)
        return judge_drop(j);
    actor_keep_handle(j->work, &target);
    j->arrival.target = must_new(struct actor_facts);
    *j->arrival.target = target;
    target = (struct actor_facts){0};
    return judge_next(j, JUDGE_RECORD_SIGNER);
}

enum course judge_move(struct judgement *j, struct err *err)
{
    const char *target_id = j->arrival.activity.target_id;

    if (work_is_ours(j->work, target_id))
        return judge_next(j, JUDGE_RECORD_SIGNER);
    if (!j->document.url) {
        if (!is_time(j))
            return judge_answer(j, 503, "A Move of yours was looked at a moment ago; try again");
        document_aim(&j->document, DOCUMENT_ACTIVITY, target_id);
    }
    switch (document_step(j->work, &j->inbox->ask, &j->document, j->domain, err)) {
    case STEP_WANTS: return PAUSE;
    case STEP_SILENT:
        return judge_answer(j, 503, "The account moved to could not be fetched just now");
    case STEP_GONE:
    case STEP_ABSENT: break;
    case STEP_HERE: return read_target(j);
    }
    return judge_drop(j);
}
