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

bool contact_answer_mail(struct mail_work *work, const struct address *address, int64_t notice_id,
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
