/*
 * A local author likes or boosts a post, or takes that back, by mail (behaviour.md 6): what may be done to it, and what
 * is recorded.
 *
 * A REF names and never authorises: only what the account could read is liked, and only what everybody may read is boosted.
 */
#include "activity_work.h"
#include "command_mail.h"
#include "store_poll.h"

#include "memory.h"

static const enum reaction every_kind[] = {REACTION_LIKE, REACTION_BOOST};

enum { LIKES_AN_HOUR = 100 };

/* ---- who may ---- */
struct sight {
    int64_t person_id;
    bool named;
};

static bool look_for_reader(void *ctx, const struct audience *audience)
{
    struct sight *sight = ctx;

    sight->named |= audience->person_id == sight->person_id;
    return !sight->named;
}

/* A copy may be gone from the mailbox; a post for followers is for them still. */
static bool follows(struct mail_work *work, const struct message *message, bool *out,
                    struct err *err)
{
    scoped_value(follow) follow = {0};
    enum found found =
        store_follow(work->view, work->author.account.person_id, message->author_id, &follow, err);

    *out = found == FOUND && follow.state == FOLLOW_ACCEPTED;
    return found != FAILED;
}

/* Could the author read it: is it for everybody, their own, was it brought to them, or would it be? */
bool may_see_post(struct mail_work *work, const struct message *message, bool *out, struct err *err)
{
    const struct account *account = &work->author.account;
    struct sight sight = {.person_id = account->person_id};
    scoped_value(held_copies) held = {0};

    *out = visibility_is_open(message->visibility);
    if (*out || message->visibility == VISIBILITY_MAIL)
        return true;
    if (!held_copies_find(work->view, message->id, &held, err) ||
        !store_audience(work->view, message->id, look_for_reader, &sight, err))
        return false;
    *out = message->account_id == account->id || sight.named || held_copy_of(&held, account->id);
    return *out || message->visibility != VISIBILITY_FOLLOWERS || follows(work, message, out, err);
}

/* ---- what stands already ---- */
static bool find_standing(struct mail_work *work, int64_t message_id, unsigned *out,
                          struct err *err)
{
    struct own_reaction reaction;

    *out = 0;
    for (size_t i = 0; i < COUNT_OF(every_kind); i++) {
        enum found found = store_own_reaction_to(
            work->view, message_id, work->author.account.person_id, every_kind[i], &reaction, err);
        if (found == FAILED)
            return false;
        if (found == FOUND && reaction_stands(&reaction))
            *out |= 1U << every_kind[i];
    }
    return true;
}

/* ---- planned ---- */
struct reaction_limit {
    enum limited what;
    int64_t an_hour;
};

/* A boost goes where a post goes, and counts as one; the others are news to whoever wrote the post. */
static struct reaction_limit limit_of(enum reaction kind)
{
    return kind == REACTION_BOOST ? (struct reaction_limit){LIMITED_POST, POSTS_AN_HOUR}
                                  : (struct reaction_limit){LIMITED_LIKE, LIKES_AN_HOUR};
}

struct mail_plan *plan_reaction(struct mail_work *work, const struct message *target,
                                unsigned kinds, bool present)
{
    struct mail_plan *plan = work_plan(work);

    plan->deed = DEED_REACT;
    plan->target_id = target->id;
    plan->target_state = target->state;
    plan->target_version = target->version;
    plan->reactions = kinds;
    plan->react = present;
    return plan;
}

bool reaction_limit(struct mail_work *work, enum reaction kind, bool *out_refused, struct err *err)
{
    struct post_question q = {0};
    int64_t oldest = 0;

    if (!store_limited_count(work->view, work->author.account.id, limit_of(kind).what,
                             work->now_ms - HOUR_MS, &q.posts_last_hour, &oldest, err))
        return false;
    if (kind != REACTION_BOOST) {
        *out_refused = q.posts_last_hour >= LIKES_AN_HOUR;
        return !*out_refused ||
               work_answer(work, VERDICT_LATER,
                           "Not done: %d likes and votes an hour is the limit. Try again later.",
                           LIKES_AN_HOUR);
    }
    q.next_post_ms = oldest + HOUR_MS - work->now_ms;
    *out_refused = policy_too_many(&q, &work->arrival->answer);
    return true;
}

/* Somebody here hears of it, unless they want nothing of the author: then nothing comes of it. */
static bool plan_at_neighbour(struct mail_work *work, const struct message *target,
                              enum reaction kind, struct err *err)
{
    const struct account *account = &work->author.account;
    scoped_value(person) self = {0};
    bool barred;

    if (!target->account_id || target->account_id == account->id) {
        plan_reaction(work, target, 1U << kind, true);
        return true;
    }
    if (store_person(work->view, account->person_id, &self, err) != FOUND)
        return err_set(err, ERR_CONFLICT, "Try again");
    if (!contact_is_barred(work->bridge, work->view, target->account_id, &self, &barred, err))
        return false;
    if (barred)
        return true;
    if (account->display_name) {
        free(self.name);
        self.name = must_dup(account->display_name);
    }
    struct mail_plan *plan = plan_reaction(work, target, 1U << kind, true);
    return reaction_tell_neighbour(work->bridge, work->view, target, &self, kind == REACTION_BOOST,
                                   &plan->told, err);
}

static bool react_to(struct mail_work *work, const struct message *target, enum reaction kind,
                     struct err *err)
{
    unsigned standing;
    bool refused = false;

    if (kind == REACTION_BOOST && !visibility_is_open(target->visibility))
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: %s is not public, so it cannot be boosted.", target->ref);
    if (!find_standing(work, target->id, &standing, err))
        return false;
    if (standing & 1U << kind)
        return true;
    if (!reaction_limit(work, kind, &refused, err))
        return false;
    return refused || plan_at_neighbour(work, target, kind, err);
}

static bool not_there(struct mail_work *work, const char *ref)
{
    return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: %s is not a post that you can see.",
                       ref);
}

bool react_mail(struct mail_work *work, const char *ref, const struct message *target,
                enum reaction kind, struct err *err)
{
    bool seen = false;

    if (target && target->state == MESSAGE_SENT && !may_see_post(work, target, &seen, err))
        return false;
    return seen ? react_to(work, target, kind, err) : not_there(work, ref);
}

bool unreact_mail(struct mail_work *work, const char *ref, const struct message *target,
                  unsigned kinds, struct err *err)
{
    unsigned standing = 0, votes = 0;
    bool seen = false;

    if (target &&
        (!find_standing(work, target->id, &standing, err) ||
         !store_votes(work->view, target->id, work->author.account.person_id, &votes, err) ||
         !may_see_post(work, target, &seen, err)))
        return false;
    if (standing & kinds)
        plan_reaction(work, target, standing & kinds, false);
    else if (votes && kinds >> REACTION_VOTE)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: a vote cannot be taken back; no server knows how.");
    return standing || seen || not_there(work, ref);
}

bool has_reacted(struct mail_work *work, const struct message *target, bool *out, struct err *err)
{
    struct own_reaction reaction;

    *out = false;
    for (size_t i = 0; i < COUNT_OF(every_kind) && !*out; i++) {
        enum found found = store_own_reaction_to(
            work->view, target->id, work->author.account.person_id, every_kind[i], &reaction, err);
        if (found == FAILED)
            return false;
        *out = found == FOUND;
    }
    return true;
}

/* ---- recorded ---- */
static bool count_one(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                      enum reaction kind, struct err *err)
{
    const struct reaction_limit limit = limit_of(kind);
    int64_t now_ms = clock_now(bridge->clock), count, oldest;

    if (!store_limited_count(store_tx_view(tx), account_id, limit.what, now_ms - HOUR_MS, &count,
                             &oldest, err))
        return false;
    if (count >= limit.an_hour)
        return err_set(err, ERR_CONFLICT, "Try again");
    return store_count_limited(tx, account_id, limit.what, now_ms, err);
}

static enum reaction lowest(unsigned kinds)
{
    return (enum reaction)__builtin_ctz(kinds);
}

bool record_reaction(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                     const struct message *target, struct err *err)
{
    scoped_value(account) account = {0};
    bool changed, some = false;

    if (store_account(store_tx_view(tx), plan->account_id, &account, err) != FOUND)
        return err_set(err, ERR_CONFLICT, "Try again");
    if (!votes_fit(tx, plan, target, account.person_id, err))
        return false;
    for (enum reaction kind = REACTION_LIKE; kind <= vote_for(POLL_CHOICES_MAX); kind++) {
        if (!(plan->reactions & 1U << kind))
            continue;
        if (!reaction_set(bridge, tx, &account, target, kind, plan->react, &changed, err))
            return false;
        some |= changed && plan->react;
    }
    /* of several choices too: the mail is one */
    return !some ||
           (count_one(bridge, tx, account.id, lowest(plan->reactions), err) &&
            reaction_told_file(bridge, tx, plan->told, target->id, account.person_id, err));
}
