#include "command_mail.h"

#include "memory.h"

static enum address_word word_of(enum visibility visibility)
{
    switch (visibility) {
    case VISIBILITY_PUBLIC: return WORD_PUBLIC;
    case VISIBILITY_UNLISTED: return WORD_UNLISTED;
    default: return WORD_FOLLOWERS;
    }
}

static bool refuse(struct mail_work *work, struct drafting *drafting, const struct message *target)
{
    struct answer *answer = &work->arrival->answer;
    struct post_question *q = &drafting->q;

    q->word = word_of(target->visibility);
    q->publishing_words = 1;
    q->confidential = mail_is_confidential(work);
    enum post_row row =
        target->visibility == VISIBILITY_DIRECT ? policy_direct(q, answer) : policy_post(q, answer);
    if (row != ROW_NONE) {
        mail_plan_free(steal(&work->arrival->plan));
        return true;
    }
    if (q->picture_count == 0)
        return false;
    return work_answer(work, VERDICT_UNFIT,
                       "Not done: an edit changes the text alone. Post pictures in a new mail.");
}

/* ---- whoever was addressed stays so: their copy must change too ---- */
struct kept {
    struct mail_work *work;
    struct planned_note *note;
    struct err *err;
    bool failed;
};

static bool keep_addressee(void *ctx, const struct audience *audience)
{
    struct kept *kept = ctx;
    scoped_value(person) person = {0};
    enum found found = store_person(kept->work->view, audience->person_id, &person, kept->err);

    kept->failed = found == FAILED;
    if (found == FOUND)
        note_address(kept->note, &person, person.user, person.host, audience->field,
                     audience->mentioned);
    return !kept->failed;
}

static bool keep_audience(struct mail_work *work, const struct message *target,
                          struct planned_note *note, struct err *err)
{
    struct kept kept = {.work = work, .note = note, .err = err};

    return store_audience(work->view, target->id, keep_addressee, &kept, err) && !kept.failed;
}

static void take_name(char **into, const char *name)
{
    free(*into);
    *into = must_dup(name);
}

/* Waits for a yes: its text stands in the question, not in Posts. */
static bool is_question(const struct message *target)
{
    return target->state == MESSAGE_HELD && target->release_ms == 0;
}

static bool plan_edit(struct mail_work *work, struct drafting *drafting,
                      const struct message *target, struct err *err)
{
    struct planned_note *note = drafting->note;
    struct mail_plan *plan = work_plan(work);

    drafting_write(work, drafting, target->visibility);
    take_name(&note->message.ref, target->ref);
    take_name(&note->message.url, target->url);
    take_name(&note->message.message_id, target->message_id);
    note->message.state = target->state;
    if (!note_find_quoted(work->view, target, note, err))
        return false;
    if (target->visibility != VISIBILITY_DIRECT && !is_question(target) &&
        !copy_of_post(work->bridge, work->view, &work->author.account, note, &note->copy, err))
        return false;
    if (!visibility_is_open(target->visibility))
        message_wrap(work->bridge, &note->message);
    plan->deed = DEED_EDIT;
    plan->target_id = target->id;
    plan->target_state = target->state;
    plan->target_version = target->version;
    plan->note = steal(&drafting->note);
    return true;
}

/* Delta Chat's sign in front of an edited text, for programs that show it as a message of its own. */
static void drop_pencil(struct words *words)
{
    static const char pencil[] = "\xe2\x9c\x8f\xef\xb8\x8f";
    struct run *run =
        words->count > 0 && words->passages[0].count > 0 ? words->passages[0].runs : NULL;

    if (run && run->text && slice_starts(slice_of(run->text), slice_of(pencil)))
        memmove(run->text, run->text + strlen(pencil), strlen(run->text + strlen(pencil)) + 1);
}

bool edit_post(struct mail_work *work, struct message *target, struct err *err)
{
    scoped_value(drafting) drafting = {0};
    bool open = visibility_is_open(target->visibility);

    if (message_is_gone(target))
        return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: %s was deleted.", target->ref);
    drafting_begin(work, &drafting);
    if (target->parent_id && !parent_by_id(work, target->parent_id, &drafting.parent, err))
        return false;
    if (!drafting_read(work, &drafting, err))
        return false;
    if (mail_field(work->mail, "Chat-Edit", 0))
        drop_pencil(&drafting.text.words);
    if (refuse(work, &drafting, target))
        return true;
    if (!keep_audience(work, target, drafting.note, err) ||
        !drafting_name(work, &drafting, open, err))
        return false;
    if (drafting.asking)
        return true;
    return plan_edit(work, &drafting, target, err);
}
