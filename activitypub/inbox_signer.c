/*
 * Who signed, and what of the activity that lets us believe.
 */
#include "activity_read.h"
#include "actor_read.h"
#include "inbox_private.h"
#include "inbox_rules.h"
#include "memory.h"
#include "text.h"

enum course judge_signer(struct judgement *j, struct err *err)
{
    switch (signer_step(j->work, &j->inbox->ask, &j->signer, j->domain, err)) {
    case SIGNER_WANTS: return PAUSE;
    case SIGNER_KNOWN: return judge_next(j, JUDGE_OBJECT);
    case SIGNER_BAD:
        if (j->signer.fresh)
            j->inbox->ask.errand.write = judge_write_signer;
        return judge_answer(j, 401, err->said);
    case SIGNER_SILENT: return judge_answer(j, 503, err->said);
    case SIGNER_GONE: break;
    }
    if (j->arrival.activity.type != ACTIVITY_DELETE ||
        !activity_is_about_itself(&j->arrival.activity))
        return judge_answer(j, 401, err->said);
    document_aim(&j->document, DOCUMENT_ACTIVITY, j->arrival.activity.actor);
    return judge_next(j, JUDGE_CONFIRM_GONE);
}

static bool record_gone(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct judgement *j = container_of(errand, struct inbox_ask, ask.errand)->ask.own;

    return bridge_record_actor_gone(j->work->bridge, tx, j->arrival.activity.actor, err);
}

/* Its key is gone, so nothing can be verified; but if the actor itself answers 410, it is as it says. */
enum course judge_confirm_gone(struct judgement *j, struct err *err)
{
    struct ask *ask = &j->inbox->ask;

    switch (document_step(j->work, ask, &j->document, j->domain, err)) {
    case STEP_WANTS: return PAUSE;
    case STEP_GONE: break;
    case STEP_SILENT: return judge_answer(j, 503, "Your actor could not be fetched just now");
    case STEP_HERE:
    case STEP_ABSENT:
        return judge_answer(j, 401, "The signature's key is gone, but its owner is not");
    }
    ask->errand.write = record_gone;
    return judge_answer(j, 202, "");
}

static void use_note(struct judgement *j, struct note_facts *note)
{
    struct activity_facts *activity = &j->arrival.activity;

    note_free(activity->note);
    activity->note = note;
    free(activity->object_id);
    activity->object_id = must_dup(note->id);
}

/* Dates from the future would stand first for ever. */
static enum course object_settled(struct judgement *j)
{
    struct note_facts *note = j->arrival.activity.note;

    if (j->arrival.activity.person)
        actor_keep_handle(j->work, j->arrival.activity.person);
    if (note && note->published_ms > j->arrival.received_ms)
        note->published_ms = j->arrival.received_ms;
    return judge_next(j, JUDGE_RECORD_SIGNER);
}

static enum course object_read(struct judgement *j)
{
    struct activity_facts *activity = &j->arrival.activity;
    struct note_facts *note = NULL;
    enum note_shape shape = note_read(bytes_slice(&j->document.text), j->document.url, &note);

    if (activity->type == ACTIVITY_DELETE) {
        note_free(note);
        return shape == NOTE_TOMBSTONE ? object_settled(j) : judge_drop(j);
    }
    const char *author =
        activity->type == ACTIVITY_ANNOUNCE && note ? note->attributed_to : activity->actor;
    if (note && author && note_is_of(note, author)) {
        use_note(j, note);
        return object_settled(j);
    }
    note_free(note);
    return activity->type == ACTIVITY_ANNOUNCE ? object_settled(j) : judge_drop(j);
}

/* Found at another address than its id: once more there, if the host is the same. */
static bool aim_at_own_id(struct judgement *j)
{
    scoped_text char *id = document_id_read(bytes_slice(&j->document.text));

    if (!id || j->refetched || strcmp(id, j->document.url) == 0 ||
        !url_same_origin(slice_of(id), slice_of(j->document.url)))
        return false;
    j->refetched = true;
    document_aim(&j->document, DOCUMENT_ACTIVITY, id);
    return true;
}

static enum course object_fetched(struct judgement *j, struct err *err)
{
    const enum activity_type type = j->arrival.activity.type;
    bool by_signer = strcmp(j->signer.actor_id, j->arrival.activity.actor) == 0;

    switch (document_step(j->work, &j->inbox->ask, &j->document, j->domain, err)) {
    case STEP_WANTS: return PAUSE;
    case STEP_HERE: return aim_at_own_id(j) ? GO_ON : object_read(j);
    case STEP_GONE:
        if (type == ACTIVITY_DELETE)
            return object_settled(j);
        break;
    case STEP_SILENT:
        if (type != ACTIVITY_ANNOUNCE && by_signer)
            return judge_answer(j, 503, "The object could not be fetched just now");
        break;
    case STEP_ABSENT: break;
    }
    return type == ACTIVITY_ANNOUNCE ? object_settled(j) : judge_drop(j);
}

enum course judge_object(struct judgement *j, struct err *err)
{
    const struct activity_facts *activity = &j->arrival.activity;
    bool by_signer = strcmp(j->signer.actor_id, activity->actor) == 0;
    bool ours = activity->object_id && work_is_ours(j->work, activity->object_id);

    if (j->document.url)
        return object_fetched(j, err);
    switch (activity_fate(activity, by_signer, ours)) {
    case FATE_DROP: return judge_drop(j);
    case FATE_GO: return object_settled(j);
    case FATE_FETCH: break;
    }
    if (activity->type == ACTIVITY_MOVE)
        return judge_next(j, JUDGE_MOVE);
    document_aim(&j->document, DOCUMENT_ACTIVITY, activity->object_id);
    return object_fetched(j, err);
}
