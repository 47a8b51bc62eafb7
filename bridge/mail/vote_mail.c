/*
 * A local author votes in a poll by mail (behaviour.md 2): REF+vote-2, or REF+vote-2-3 where several may be chosen.
 *
 * Other servers count a vote once and know no taking back, so there is none.
 */
#include "activity_work.h"
#include "command_mail.h"
#include "store_poll.h"

#include "memory.h"

static unsigned all_choices(const struct poll *poll)
{
    return (1U << (poll->choice_count + 1)) - 2;
}

static bool is_one(unsigned choices)
{
    return (choices & (choices - 1)) == 0;
}

static unsigned kinds_of(unsigned choices)
{
    return choices << (REACTION_VOTE - 1);
}

/* By its time, by word of its server, or since nobody is there any more who counts. */
static bool has_ended(struct mail_work *work, const struct message *target, const struct poll *poll,
                      bool *out, struct err *err)
{
    scoped_value(person) author = {0};
    enum found found = store_person(work->view, target->author_id, &author, err);

    *out = found != FOUND || author.gone || poll->told ||
           (poll->closes_ms && poll->closes_ms <= work->now_ms);
    return found != FAILED;
}

/* Why not; NULL: nothing speaks against it. */
static const char *trouble(const struct poll *poll, unsigned choices, unsigned before, bool ended)
{
    if (ended)
        return "has ended";
    if (!poll->many && !is_one(choices))
        return "takes one choice";
    if (!poll->many && before)
        return "has your vote already";
    return NULL;
}

static bool vote_in(struct mail_work *work, const struct message *target, const struct poll *poll,
                    unsigned choices, struct err *err)
{
    unsigned before;
    bool refused, ended;

    if (choices & ~all_choices(poll))
        return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: the poll %s has %d choices.",
                           target->ref, poll->choice_count);
    if (!store_votes(work->view, target->id, work->author.account.person_id, &before, err))
        return false;
    if ((choices & ~before) == 0)
        return true;
    if (!has_ended(work, target, poll, &ended, err))
        return false;
    const char *why = trouble(poll, choices, before, ended);
    if (why)
        return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: the poll %s %s.", target->ref,
                           why);
    if (!reaction_limit(work, REACTION_VOTE, &refused, err))
        return false;
    if (!refused)
        plan_reaction(work, target, kinds_of(choices & ~before), true);
    return true;
}

bool vote_mail(struct mail_work *work, const struct address *address, const struct message *target,
               struct err *err)
{
    scoped_value(poll) poll = {0};
    enum found found = ABSENT;
    bool seen = false;

    if (target && target->state == MESSAGE_SENT && !may_see_post(work, target, &seen, err))
        return false;
    if (seen)
        found = store_poll(work->view, target->id, &poll, err);
    if (found == FAILED)
        return false;
    if (found == FOUND)
        return vote_in(work, target, &poll, address->choices, err);
    return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: %s is not a poll that you can see.",
                       address->ref);
}

/* Two mails may have been looked at at once. */
bool votes_fit(struct store_tx *tx, const struct mail_plan *plan, const struct message *target,
               int64_t person_id, struct err *err)
{
    scoped_value(poll) poll = {0};
    unsigned before, choices = plan->reactions >> (REACTION_VOTE - 1);

    if (plan->reactions < kinds_of(1U << 1))
        return true;
    enum found found = store_poll(store_tx_view(tx), target->id, &poll, err);
    if (found == FAILED || !store_votes(store_tx_view(tx), target->id, person_id, &before, err))
        return false;
    bool fits =
        found == FOUND && !poll.told && !(choices & ~all_choices(&poll)) && (poll.many || !before);
    return fits || err_set(err, ERR_CONFLICT, "Try again");
}
