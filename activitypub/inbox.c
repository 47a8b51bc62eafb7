/*
 * The judge of the inbox: stage after stage, from cheap to dear.
 */
#include "inbox_private.h"

#include "activity_read.h"
#include "inbox_rules.h"
#include "memory.h"

#include <stdio.h>

enum course judge_answer(struct judgement *j, int status, const char *why)
{
    j->inbox->status = status;
    snprintf(j->inbox->why, sizeof j->inbox->why, "%s", why);
    return PAUSE;
}

enum course judge_drop(struct judgement *j)
{
    return judge_answer(j, 202, "");
}

enum course judge_next(struct judgement *j, enum judge_stage stage)
{
    j->stage = stage;
    return GO_ON;
}

static void free_judgement(void *own)
{
    struct judgement *j = own;

    activity_arrival_clear(&j->arrival);
    signer_clear(&j->signer);
    document_clear(&j->document);
    actor_facts_clear(&j->found);
    free(j->domain);
    free(j->wanted);
    free(j->missing);
    free(j->icon);
    free(j);
}

static struct judgement *judgement_of(struct inbox_ask *inbox)
{
    if (inbox->ask.own)
        return inbox->ask.own;
    struct judgement *j = must_new(struct judgement);
    j->inbox = inbox;
    j->work = inbox->ask.work;
    j->arrival.received_ms = clock_now(j->work->clock);
    inbox->ask.own = j;
    inbox->ask.free_own = free_judgement;
    return j;
}

bool work_judge(struct errand *errand, struct err *err)
{
    static enum course (*const stages[JUDGE_STAGES])(struct judgement *, struct err *) = {
        [JUDGE_READ] = judge_read,
        [JUDGE_SIGNER] = judge_signer,
        [JUDGE_CONFIRM_GONE] = judge_confirm_gone,
        [JUDGE_OBJECT] = judge_object,
        [JUDGE_MOVE] = judge_move,
        [JUDGE_RECORD_SIGNER] = judge_record_signer,
        [JUDGE_KNOW_ACTOR] = judge_know_actor,
        [JUDGE_FETCH_ACTOR] = judge_fetch_actor,
        [JUDGE_PREPARE] = judge_prepare,
        [JUDGE_PICTURE] = judge_picture,
    };
    struct judgement *j = judgement_of(container_of(errand, struct inbox_ask, ask.errand));
    enum course course = GO_ON;

    errand->write = NULL;
    j->inbox->ask.again = false;
    while (course == GO_ON)
        course = stages[j->stage](j, err);
    return course == PAUSE;
}

/* Whose inbox is it?  True: GO_ON. */
static bool find_owner(struct judgement *j, struct store_view *view, enum course *out,
                       struct err *err)
{
    struct inbox_ask *inbox = j->inbox;
    scoped_value(account) account = {0};

    *out = PAUSE;
    j->arrival.inbox_domain = must_dup(j->domain);
    if (!inbox->user)
        return true;
    enum found found =
        store_account_named(view, slice_of(inbox->user), slice_of(j->domain), &account, err);
    if (found == FAILED)
        *out = BREAK_OFF;
    else if (found == ABSENT)
        judge_answer(j, 404, "There is nobody of that name here");
    else if (account.state == ACCOUNT_REMOVED)
        judge_answer(j, 410, "This account is gone");
    else if (account.state == ACCOUNT_ASLEEP)
        judge_drop(j);
    else
        j->arrival.inbox_user = must_dup(account.name);
    return j->arrival.inbox_user != NULL;
}

/* What can be left alone before anything dear is done: 1500 Deletes a minute of people we never heard of cost
 * nothing but this. */
static enum course is_worth_it(struct judgement *j, struct store_view *view, struct err *err)
{
    const struct activity_facts *activity = &j->arrival.activity;
    scoped_value(person) person = {0};
    bool concerns = false;

    if (activity->type == ACTIVITY_OTHER || work_is_ours(j->work, activity->actor))
        return judge_drop(j);
    const char *trouble = activity_trouble(activity);
    if (trouble)
        return judge_answer(j, 400, trouble);
    if (activity_is_about_itself(activity)) {
        enum found found = store_person_by_actor(view, slice_of(activity->actor), &person, err);
        if (found != FOUND)
            return found == ABSENT ? judge_drop(j) : BREAK_OFF;
    }
    if (!bridge_activity_concerns(j->work->bridge, view, &j->arrival, &concerns, err))
        return BREAK_OFF;
    return concerns ? GO_ON : judge_drop(j);
}

static enum course read_body(struct judgement *j, struct err *err)
{
    const struct http_request *request = j->inbox->request;

    if (!signature_digest_fits(request, err))
        return judge_answer(j, 401, err->said);
    if (activity_read(request->body, &j->arrival.activity, err))
        return GO_ON;
    return judge_answer(j, err->kind == ERR_TOO_LARGE ? 413 : 400, err->said);
}

enum course judge_read(struct judgement *j, struct err *err)
{
    const struct http_request *request = j->inbox->request;
    enum course course = PAUSE;

    j->domain = work_domain(j->work, request->host);
    if (!j->domain)
        return judge_answer(j, 404, "This host is not one of ours");
    scoped(store_view) view = store_look(j->work->store, err);
    if (!view)
        return BREAK_OFF;
    if (!find_owner(j, view, &course, err))
        return course;
    course = read_body(j, err);
    if (course == GO_ON)
        course = is_worth_it(j, view, err);
    if (course != GO_ON)
        return course;
    if (!signature_read(request, j->arrival.received_ms, &j->signer.signature, err))
        return judge_answer(j, 401, err->said);
    return judge_next(j, JUDGE_SIGNER);
}
