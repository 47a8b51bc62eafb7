/*
 * Follow, its Undo, and the answers to follows of ours.
 *
 * A Follow is state: one row a pair.  Peers repeat them, with new ids or (Misskey) always the same, so each is
 * answered as what the row then says; nothing here counts what was seen before.
 */
#include "activity_work.h"
#include "contact_work.h"

#include "memory.h"

enum { WANT_ACCEPT = 1, WANT_REJECT = 2, FOLLOWS_LOOKED_AT = 1000 };

char *follow_activity_id(const char *actor_id, int64_t follow_id)
{
    return must_print("%s#follows/%lld", actor_id, (long long)follow_id);
}

/* ---- Follow ---- */
static bool answer_follow(struct bridge *bridge, struct store_tx *tx, const struct person *follower,
                          const struct account *account, enum follow_state state, int64_t id,
                          struct err *err)
{
    if (state == FOLLOW_WAITING)
        return true;
    return person_want(tx, follower, SUBJECT_FOLLOW_ANSWER, id, account->id,
                       state == FOLLOW_ACCEPTED ? WANT_ACCEPT : WANT_REJECT, false,
                       clock_now(bridge->clock), err);
}

/* ---- telling of a new follower ---- */
struct asking { /* who wants to follow whom */
    struct account account;
    struct person follower;
    struct follow before; /* id 0: none */
};

static void asking_clear(struct asking *asking)
{
    account_clear(&asking->account);
    person_clear(&asking->follower);
    follow_clear(&asking->before);
}
SCOPED_VALUE(asking, asking_clear)

static enum follow_state state_before(const struct asking *asking)
{
    return asking->before.id ? asking->before.state : FOLLOW_LEFT;
}

/* ABSENT: there is nobody to follow, or nobody who would. */
static enum found find_pair(struct bridge *bridge, struct store_view *view,
                            const struct activity_facts *activity, struct asking *out,
                            struct err *err)
{
    enum found found = account_of_actor(bridge, view, activity->object_id, &out->account, err);

    if (found == FOUND)
        found = store_person_by_actor(view, slice_of(activity->actor), &out->follower, err);
    if (found != FOUND)
        return found;
    if (out->follower.gone)
        return ABSENT;
    found = store_follow(view, out->follower.id, out->account.person_id, &out->before, err);
    return found == FAILED ? FAILED : FOUND;
}

static bool plan_notice(struct bridge *bridge, struct store_view *view, const struct asking *asking,
                        struct activity_arrival *arrival, struct err *err)
{
    const struct person *follower = &asking->follower;
    scoped_value(notice) notice = {.account = &asking->account, .person = follower};
    int64_t elsewhere, by_mail, following;
    bool due;

    if (!notice_due(view, "follower", asking->account.id, &due, err) ||
        !store_follower_counts(view, asking->account.person_id, &elsewhere, &by_mail, &following,
                               err))
        return false;
    scoped_text char *name = person_short_name(follower);
    scoped_text char *label = person_label(follower);
    notice.subject = must_print("%s follows you", name);
    bytes_print(&notice.text, "%s follows you now. Followers so far: %lld. Nothing to do.\n", label,
                (long long)elsewhere + 1);
    if (follower->url)
        bytes_print(&notice.text, "\n-- \nOpen: %s\n", follower->url);
    return !due || notice_plan(bridge, &notice, arrival, err);
}

bool prepare_follow(struct bridge *bridge, struct store_view *view,
                    struct activity_arrival *arrival, struct err *err)
{
    scoped_value(asking) asking = {.before = {0}};
    struct contact_visit *visit;
    enum found found = find_pair(bridge, view, &arrival->activity, &asking, err);

    if (found != FOUND)
        return found == ABSENT;
    visit = must_new(struct contact_visit);
    if (!contact_follow_look(bridge, view, &asking.account, &asking.follower, state_before(&asking),
                             &arrival->picture, visit, err) ||
        (visit->act == CONTACT_TAKE && state_before(&asking) != FOLLOW_ACCEPTED &&
         !plan_notice(bridge, view, &asking, arrival, err))) {
        contact_visit_clear(visit);
        free(visit);
        return false;
    }
    if (!arrival->plan)
        arrival->plan = must_new(struct activity_plan);
    arrival->plan->visit = visit;
    return true;
}

static bool file_notice(struct bridge *bridge, struct store_tx *tx, struct activity_plan *plan,
                        const struct account *account, const struct person *follower,
                        struct err *err)
{
    bool first;

    if (!plan || plan->letters.count == 0)
        return true;
    if (!notice_first(bridge, tx, "follower", account->id, &first, err))
        return false;
    return !first || notice_file(bridge, tx, &plan->letters, follower->id, err);
}

/* ---- recording ---- */
/* Let in; but the owner's refusal may have come meanwhile, and found no follow to end. */
static bool still_comes_in(struct bridge *bridge, struct store_tx *tx, const struct asking *asking,
                           struct err *err)
{
    bool barred;

    if (!contact_is_barred(bridge, store_tx_view(tx), asking->account.id, &asking->follower,
                           &barred, err))
        return false;
    return !barred || err_set(err, ERR_CONFLICT, "Try again");
}

bool record_follow_in(struct bridge *bridge, struct store_tx *tx, struct activity_arrival *arrival,
                      struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;
    scoped_value(asking) asking = {.before = {0}};
    int64_t id, contact_id;
    enum found found = find_pair(bridge, store_tx_view(tx), activity, &asking, err);

    if (found != FOUND)
        return found == ABSENT;
    if (!arrival->plan || !arrival->plan->visit)
        return err_set(err, ERR_CONFLICT, "Try again"); /* there was nobody when it was prepared */
    struct contact_visit *visit = arrival->plan->visit;
    enum follow_state state = contact_follow_state(visit->act);
    if (visit->act == CONTACT_TAKE
            ? !still_comes_in(bridge, tx, &asking, err)
            : !contact_record(bridge, tx, visit, asking.follower.id, &contact_id, err))
        return false;
    if (!store_put_follow(tx, asking.follower.id, asking.account.person_id, state, activity->id,
                          &id, err) ||
        !answer_follow(bridge, tx, &asking.follower, &asking.account, state, id, err))
        return false;
    return state_before(&asking) == FOLLOW_ACCEPTED || state != FOLLOW_ACCEPTED ||
           file_notice(bridge, tx, arrival->plan, &asking.account, &asking.follower, err);
}

/* What an answer makes of a follow.  With an open door only what waits is settled by it: who reads was never asked about. */
static enum follow_state state_after(const struct bridge *bridge, enum follow_state before,
                                     enum contact_state decision)
{
    bool asks = bridge->config->follow == DOOR_ASK;

    switch (decision) {
    case CONTACT_WELCOME:
        return before == FOLLOW_WAITING || before == FOLLOW_REFUSED ? FOLLOW_ACCEPTED : before;
    case CONTACT_REFUSED:
        return before == FOLLOW_WAITING || (asks && before == FOLLOW_ACCEPTED) ? FOLLOW_REFUSED
                                                                               : before;
    case CONTACT_IGNORED:
    case CONTACT_ASKED: return asks && before == FOLLOW_ACCEPTED ? FOLLOW_WAITING : before;
    case CONTACT_UNKNOWN:
    case CONTACT_TURN:
    case CONTACT_STATES: break;
    }
    return before;
}

bool follow_settle(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                   const struct person *follower, enum contact_state decision, struct err *err)
{
    scoped_value(follow) follow = {0};
    int64_t id;
    enum found found =
        store_follow(store_tx_view(tx), follower->id, account->person_id, &follow, err);

    if (found != FOUND)
        return found == ABSENT;
    enum follow_state state = state_after(bridge, follow.state, decision);
    if (state == follow.state)
        return true;
    if (!store_put_follow(tx, follower->id, account->person_id, state, NULL, &id, err))
        return false;
    return follower->kind != PERSON_FEDIVERSE ||
           answer_follow(bridge, tx, follower, account, state, id, err);
}

/* ---- between two who live here ---- */
bool follow_neighbour(struct bridge *bridge, struct store_tx *tx, const struct account *follower,
                      struct slice user, struct slice host, bool follow, struct err *err)
{
    scoped_value(account) followed = {0};
    scoped_value(follow) before = {0};
    struct store_view *view = store_tx_view(tx);
    int64_t id;
    enum found found = store_account_named(view, user, host, &followed, err);

    if (found == FOUND && followed.state == ACCOUNT_ACTIVE && followed.id != follower->id)
        found = store_follow(view, follower->person_id, followed.person_id, &before, err);
    else if (found != FAILED)
        return err_set(err, ERR_ABSENT, "There is no @%.*s@%.*s to follow", SLICE_ARGS(user),
                       SLICE_ARGS(host));
    if (found == FAILED)
        return false;
    if (!follow)
        return found == ABSENT || (store_put_follow(tx, follower->person_id, followed.person_id,
                                                    FOLLOW_LEFT, NULL, &id, err) &&
                                   contact_withdraw(tx, followed.id, follower->person_id, err));
    scoped_value(person) person = {0};
    const struct contact_reader reader = {&person, EVIDENCE_S4, WISH_FOLLOW};
    enum follow_state was = found == FOUND ? before.state : FOLLOW_LEFT, state;
    return store_person(view, follower->person_id, &person, err) == FOUND &&
           contact_follows(bridge, tx, &followed, &reader, was, &state, err) &&
           store_put_follow(tx, follower->person_id, followed.person_id, state, NULL, &id, err);
}

/* ---- Undo ---- */
struct follow_search {
    const char *activity_id;
    int64_t followed_id;
};

static bool match_follow(void *ctx, const struct follow *follow, const struct person *followed)
{
    struct follow_search *search = ctx;
    bool ours = followed->kind == PERSON_LOCAL && follow->activity_id;

    if (!ours || strcmp(follow->activity_id, search->activity_id) != 0)
        return true;
    search->followed_id = follow->followed_id;
    return false;
}

/* Whose follower is undone: the pair if it is told, else the Follow of that id. */
static bool find_undone(struct bridge *bridge, struct store_view *view,
                        const struct activity_facts *activity, const struct person *follower,
                        int64_t *out_followed_id, struct err *err)
{
    scoped_value(account) account = {0};
    struct follow_search search = {.activity_id = activity->object_id};

    *out_followed_id = 0;
    enum found found = account_of_actor(bridge, view, activity->object_object, &account, err);
    if (found == FAILED)
        return false;
    if (found == FOUND)
        *out_followed_id = account.person_id;
    if (found == FOUND || !activity->object_id)
        return true;
    if (!store_following(view, follower->id, 0, FOLLOWS_LOOKED_AT, match_follow, &search, err))
        return false;
    *out_followed_id = search.followed_id;
    return true;
}

/* Who no longer wants to follow is not asked about, unless they wrote too. */
static bool withdraw_request(struct store_tx *tx, int64_t followed_id, int64_t follower_id,
                             struct err *err)
{
    scoped_value(person) followed = {0};
    enum found found = store_person(store_tx_view(tx), followed_id, &followed, err);

    if (found != FOUND || !followed.account_id)
        return found != FAILED;
    return contact_withdraw(tx, followed.account_id, follower_id, err);
}

static bool undo_follow(struct bridge *bridge, struct store_tx *tx,
                        const struct activity_facts *activity, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(person) follower = {0};
    scoped_value(follow) follow = {0};
    int64_t followed_id, id;
    enum found found = store_person_by_actor(view, slice_of(activity->actor), &follower, err);

    if (found != FOUND)
        return found == ABSENT;
    if (!find_undone(bridge, view, activity, &follower, &followed_id, err))
        return false;
    if (!followed_id)
        return true;
    found = store_follow(view, follower.id, followed_id, &follow, err);
    if (found != FOUND)
        return found == ABSENT;
    return store_put_follow(tx, follower.id, followed_id, FOLLOW_LEFT, NULL, &id, err) &&
           withdraw_request(tx, followed_id, follower.id, err);
}

bool record_undo(struct bridge *bridge, struct store_tx *tx, struct activity_arrival *arrival,
                 struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;

    switch (activity->object_type) {
    case ACTIVITY_LIKE: return record_reaction_undone(bridge, tx, activity, REACTION_LIKE, err);
    case ACTIVITY_ANNOUNCE:
        return record_reaction_undone(bridge, tx, activity, REACTION_BOOST, err);
    case ACTIVITY_FOLLOW:
    case ACTIVITY_OTHER: return undo_follow(bridge, tx, activity, err);
    default: return true;
    }
}

/* ---- answers to ours ---- */
/* ACTOR#follows/7: whose follow, and which. */
static bool read_follow_id(const char *id, struct slice *out_actor, int64_t *out_follow_id)
{
    const struct slice mark = SLICE("#follows/");
    struct slice text = slice_of(id);
    size_t at = slice_find_text(text, mark);

    if (at == SIZE_MAX)
        return false;
    *out_actor = slice_first(text, at);
    return slice_to_number(slice_from(text, at + mark.len), INT64_MAX, out_follow_id);
}

/* By the embedded pair, or by the id we gave; FOUND only if it is ours and asked that very signer. */
static enum found find_ours(struct bridge *bridge, struct store_view *view,
                            const struct activity_facts *activity, const struct person *signer,
                            struct follow *out, struct err *err)
{
    scoped_value(account) account = {0};
    scoped_text char *actor = must_dup(activity->object_actor);
    struct slice by_id;
    int64_t follow_id = 0;

    if (!actor && read_follow_id(activity->object_id, &by_id, &follow_id))
        actor = must_copy(by_id);
    enum found found = account_of_actor(bridge, view, actor, &account, err);
    if (found != FOUND)
        return found;
    if (activity->object_object && strcmp(activity->object_object, activity->actor) != 0)
        return ABSENT;
    found = store_follow(view, account.person_id, signer->id, out, err);
    if (found != FOUND || !follow_id || out->id == follow_id)
        return found;
    follow_clear(out);
    return ABSENT;
}

bool record_follow_answer(struct bridge *bridge, struct store_tx *tx,
                          struct activity_arrival *arrival, struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;
    struct store_view *view = store_tx_view(tx);
    scoped_value(person) signer = {0};
    scoped_value(follow) follow = {0};
    bool accept = activity->type == ACTIVITY_ACCEPT;
    int64_t id;
    enum found found = store_person_by_actor(view, slice_of(activity->actor), &signer, err);

    if (found == FOUND)
        found = find_ours(bridge, view, activity, &signer, &follow, err);
    if (found != FOUND)
        return found == ABSENT;
    bool counts = follow.state == FOLLOW_WAITING || (!accept && follow.state == FOLLOW_ACCEPTED);
    return !counts || store_put_follow(tx, follow.follower_id, follow.followed_id,
                                       accept ? FOLLOW_ACCEPTED : FOLLOW_REFUSED, NULL, &id, err);
}
