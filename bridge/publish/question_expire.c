/* A question that nobody answers for a week ends as "no" does, but for the habit: the answer goes back to Drafts. */
#include "commit.h"
#include "mail_work.h"

#include "memory.h"

enum { QUESTION_MS = 7 * DAY_MS, QUESTIONS_MAX = 100 };

struct old_questions {
    int64_t now_ms;
    int64_t ids[QUESTIONS_MAX];
    size_t count;
};

static bool collect(void *ctx, const struct message *message)
{
    struct old_questions *old = ctx;

    if (message->release_ms == 0 && message->published_ms <= old->now_ms - QUESTION_MS)
        old->ids[old->count++] = message->id;
    return old->count < QUESTIONS_MAX;
}

struct search {
    struct store_view *view;
    struct old_questions *old;
    struct err *err;
    bool failed;
};

static bool search_account(void *ctx, const struct account *account)
{
    struct search *search = ctx;

    search->failed =
        !store_messages_of(search->view, account->id, 1U << MESSAGE_HELD, 1U << VISIBILITY_UNLISTED,
                           0, QUESTIONS_MAX, collect, search->old, search->err);
    return !search->failed && search->old->count < QUESTIONS_MAX;
}

struct expiry {
    struct message question;
    struct letter draft;
};

static void expiry_clear(struct expiry *expiry)
{
    message_clear(&expiry->question);
    letter_clear(&expiry->draft);
}
SCOPED_VALUE(expiry, expiry_clear)

static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct expiry *expiry = ctx;
    scoped_value(message) now = {0};
    bool done;

    if (store_message(store_tx_view(tx), expiry->question.id, &now, err) != FOUND)
        return false;
    if (now.state != MESSAGE_HELD || now.release_ms != 0) /* answered meanwhile */
        return true;
    return message_take_back(bridge, tx, &now, &done, err) &&
           letter_file(tx, &expiry->draft, now.id, err);
}

static bool look(struct bridge *bridge, int64_t id, struct expiry *expiry, struct err *err)
{
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(bridge->store, err);

    return view && store_message(view, id, &expiry->question, err) == FOUND &&
           store_account(view, expiry->question.account_id, &account, err) == FOUND &&
           message_unwrap(bridge, &expiry->question, err) &&
           draft_of_answer(bridge, &account, &expiry->question, &expiry->draft, err);
}

static bool expire(struct bridge *bridge, int64_t id, struct err *err)
{
    scoped_value(expiry) expiry = {0};

    return look(bridge, id, &expiry, err) && bridge_commit(bridge, record, &expiry, err);
}

bool expire_questions(struct bridge *bridge, struct err *err)
{
    struct old_questions old = {.now_ms = clock_now(bridge->clock)};
    struct search search = {.old = &old, .err = err};
    scoped(store_view) view = store_look(bridge->store, err);

    search.view = view;
    if (!view || !store_accounts(view, search_account, &search, err) || search.failed)
        return false;
    store_view_free(steal(&view));
    for (size_t i = 0; i < old.count; i++)
        if (!expire(bridge, old.ids[i], err))
            return false;
    return true;
}
