/*
 * Recording: first who speaks, then those the bridge must know, then what was said.
 */
#include "actor_read.h"
#include "inbox_private.h"
#include "memory.h"

enum { WANTED_MAX = 10 }; /* people fetched for one activity */

static struct judgement *judgement_of(struct errand *errand)
{
    return container_of(errand, struct inbox_ask, ask.errand)->ask.own;
}

/* A step that is recorded by itself: the ask comes again when it is. */
static enum course record_step(struct judgement *j,
                               bool (*write)(struct errand *, struct store_tx *, struct err *))
{
    j->written = false;
    j->inbox->ask.errand.write = write;
    j->inbox->ask.again = true;
    return PAUSE;
}

bool judge_write_signer(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct judgement *j = judgement_of(errand);
    int64_t person_id = 0;

    j->written = bridge_record_actor(j->work->bridge, tx, &j->signer.actor, &person_id, err);
    return j->written;
}

enum course judge_record_signer(struct judgement *j, struct err *err)
{
    (void)err;
    if (!j->signer.fresh || j->written) {
        j->written = false;
        return judge_next(j, JUDGE_KNOW_ACTOR);
    }
    return record_step(j, judge_write_signer);
}

static enum course want_actor(struct judgement *j, const char *actor_id)
{
    char *wanted = must_dup(actor_id);

    free(j->wanted);
    j->wanted = wanted;
    j->refetched = false;
    document_aim(&j->document, DOCUMENT_ACTIVITY, wanted);
    return judge_next(j, JUDGE_FETCH_ACTOR);
}

/* Somebody forwarded it: its author may be new to us. */
enum course judge_know_actor(struct judgement *j, struct err *err)
{
    const char *actor = j->arrival.activity.actor;
    scoped(store_view) view = store_look(j->work->store, err);
    scoped_value(person) person = {0};

    if (!view)
        return BREAK_OFF;
    switch (store_person_by_actor(view, slice_of(actor), &person, err)) {
    case FAILED: return BREAK_OFF;
    case FOUND: return judge_next(j, JUDGE_PREPARE);
    case ABSENT: break;
    }
    if (j->missing)
        return judge_drop(j);
    return want_actor(j, actor);
}

static bool record_found(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct judgement *j = judgement_of(errand);
    int64_t person_id = 0;

    j->written = bridge_record_actor(j->work->bridge, tx, &j->found, &person_id, err);
    return j->written;
}

static enum course not_to_be_had(struct judgement *j)
{
    free(j->missing);
    j->missing = steal(&j->wanted);
    return judge_next(j, JUDGE_KNOW_ACTOR);
}

enum course judge_fetch_actor(struct judgement *j, struct err *err)
{
    if (j->found.id) { /* recorded, or to be recorded once more */
        if (!j->written)
            return record_step(j, record_found);
        actor_facts_clear(&j->found);
        j->found = (struct actor_facts){0};
        j->written = false;
        return judge_next(j, JUDGE_KNOW_ACTOR);
    }
    switch (document_step(j->work, &j->inbox->ask, &j->document, j->domain, err)) {
    case STEP_WANTS: return PAUSE;
    case STEP_GONE:
    case STEP_ABSENT:
    case STEP_SILENT: return not_to_be_had(j);
    case STEP_HERE: break;
    }
    if (strcmp(j->document.url, j->wanted) != 0 ||
        !actor_read(bytes_slice(&j->document.text), j->document.url, NULL, &j->found, err))
        return not_to_be_had(j);
    actor_keep_handle(j->work, &j->found);
    return record_step(j, record_found);
}

static bool record_activity(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct judgement *j = judgement_of(errand);

    return bridge_activity_record(j->work->bridge, tx, &j->arrival, err);
}

/* Runs again from here if the world moved before it was recorded. */
enum course judge_prepare(struct judgement *j, struct err *err)
{
    if (!bridge_activity_prepare(j->work->bridge, &j->arrival, err))
        return BREAK_OFF;
    const char *wanted = j->arrival.wanted_actor;
    bool is_missing = wanted && j->missing && strcmp(wanted, j->missing) == 0;
    if (wanted && !is_missing && j->wanted_count++ < WANTED_MAX)
        return want_actor(j, wanted);
    if (judge_wants_picture(j))
        return judge_next(j, JUDGE_PICTURE);
    j->inbox->ask.errand.write = record_activity;
    return judge_answer(j, 202, "");
}
