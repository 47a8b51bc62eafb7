/* Answers by mail: to REF+contact@D in words, or to REF+welcome, REF+refuse, REF+ignore (behaviour.md 8). */
#include "contact_work.h"
#include "mail_work.h"

#include "command_mail.h"
#include "memory.h"

static bool is_own(void *ctx, const struct contact *contact)
{
    int64_t *account_id = ctx;

    *account_id = contact->account_id;
    return false;
}

bool contact_request_find(struct mail_work *work, const char *ref, int64_t *out_notice_id,
                          struct err *err)
{
    scoped_value(message) message = {0};
    int64_t account_id = 0;

    *out_notice_id = 0;
    enum found found = store_message_by_ref(work->view, slice_of(ref), &message, err);
    if (found != FOUND)
        return found == ABSENT;
    if (!store_contacts_of_notice(work->view, message.id, is_own, &account_id, err))
        return false;
    if (account_id && account_id == work->author.account.id)
        *out_notice_id = message.id;
    return true;
}

/* ---- what it did, said in the chat it was given in ---- */
struct askers {
    struct contact last; /* its numbers alone */
    size_t count;
};

static bool count_asker(void *ctx, const struct contact *contact)
{
    struct askers *askers = ctx;

    askers->last = *contact;
    askers->last.domain = askers->last.words = NULL;
    askers->count++;
    return true;
}

static bool say_in_chat(struct mail_work *work, const char *ref, struct err *err)
{
    struct mail_plan *plan = work_plan(work);
    struct askers askers = {.count = 0};
    scoped_value(person) whom = {0};
    int64_t held;

    if (!work->chat || !account_chats(&work->author.account))
        return true;
    if (!store_contacts_of_notice(work->view, plan->target_id, count_asker, &askers, err) ||
        !store_held_of(work->view, askers.last.id, &held, err) ||
        store_person(work->view, askers.last.person_id, &whom, err) == FAILED)
        return false;
    const struct contact_deed deed = {
        .event = (enum contact_event)plan->contact_event,
        .ref = ref,
        .whom = &whom,
        .other_count = askers.count > 0 ? askers.count - 1 : 0,
        .speaks = plan->contact_words && *plan->contact_words,
        .here = held > 0 || askers.last.inside,
    };
    must_make_room(plan->copies, plan->copy_count, plan->copy_capacity);
    struct planned_copy *copy = &plan->copies[plan->copy_count++];
    *copy = (struct planned_copy){0};
    return contact_deed_letter(work->bridge, &work->author.account, &deed, &copy->letter, err);
}

/* ---- which ---- */
static bool plan_answer(struct mail_work *work, int64_t notice_id, enum contact_event event,
                        char *words)
{
    struct mail_plan *plan = work_plan(work);

    plan->deed = DEED_CONTACT;
    plan->target_id = notice_id;
    plan->contact_event = (int)event;
    free(plan->contact_words);
    plan->contact_words = words;
    return true;
}

/* The words of a link's mail: its first own line; the ready link brings none. */
static bool line_of(struct mail_work *work, char **out, struct err *err)
{
    struct err unread;

    if (mail_first_line(work, out, &unread))
        return true;
    *err = unread;
    return unread.kind != ERR_TEMPORARY && unread.kind != ERR_FULL;
}

static bool read_answer(struct mail_work *work, const struct address *address, int64_t notice_id,
                        struct err *err)
{
    scoped_text char *line = NULL;
    enum contact_event event;
    char *words = NULL;

    if (address->word == WORD_WELCOME)
        return plan_answer(work, notice_id, CONTACT_INVITE, NULL);
    if (address->word == WORD_IGNORE)
        return plan_answer(work, notice_id, CONTACT_IGNORE, NULL);
    if (!line_of(work, &line, err))
        return false;
    struct slice text = slice_of(line ? line : "");
    if (address->word == WORD_REFUSE)
        return plan_answer(work, notice_id, CONTACT_REFUSE, contact_refusal_words(text));
    if (contact_answer_read(text, &event, &words))
        return plan_answer(work, notice_id, event, words);
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Not done: the first word must be welcome, refuse or ignore.");
}

bool contact_answer_mail(struct mail_work *work, const struct address *address, int64_t notice_id,
                         struct err *err)
{
    if (!read_answer(work, address, notice_id, err))
        return false;
    return work->arrival->answer.verdict != VERDICT_TAKEN || say_in_chat(work, address->ref, err);
}
