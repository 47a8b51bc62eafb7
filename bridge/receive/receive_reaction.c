/*
 * Likes and boosts of posts here, and boosts that bring somebody's post to those who follow the booster
 * (behaviour.md 4, rows 8 and 11).
 */
#include "activity_work.h"
#include "contact_work.h"

#include "memory.h"

/* The post of somebody here that is meant; ABSENT too if it cannot be reacted to. */
static enum found own_post(struct store_view *view, const struct activity_facts *activity,
                           struct message *out, struct err *err)
{
    if (!activity->object_id)
        return ABSENT;
    enum found found = store_message_by_activity(view, slice_of(activity->object_id), out, err);
    if (found != FOUND)
        return found;
    bool fits = out->account_id && out->state == MESSAGE_SENT &&
                out->visibility != VISIBILITY_MAIL &&
                (activity->type == ACTIVITY_LIKE || visibility_is_open(out->visibility));
    if (fits)
        return FOUND;
    message_clear(out);
    return ABSENT;
}

/* ---- the notification ---- */
static void count_words(struct bytes *out, int64_t count, const char *one, const char *many)
{
    bytes_print(out, "%lld %s", (long long)count, count == 1 ? one : many);
}

static bool write_text(struct store_view *view, const struct message *post, bool boost,
                       const char *called, struct notice *notice, struct err *err)
{
    scoped_text char *label = person_label(notice->person);
    int64_t likes, boosts;

    if (!store_reactions(view, post->id, &likes, &boosts, err))
        return false;
    bytes_print(&notice->text, "%s %s your post \"%s\".\n\nSo far: ", label,
                boost ? "boosted" : "likes", called);
    count_words(&notice->text, likes + !boost, "like", "likes");
    bytes_add_text(&notice->text, ", ");
    count_words(&notice->text, boosts + boost, "boost", "boosts");
    bytes_add_text(&notice->text, ". Nothing to do.\n");
    if (post->url)
        bytes_print(&notice->text, "\n-- \nOpen: %s\n", post->url);
    return true;
}

static bool plan_notice(struct bridge *bridge, struct store_view *view, const struct message *post,
                        struct notice *notice, struct activity_arrival *arrival, struct err *err)
{
    bool boost = arrival->activity.type == ACTIVITY_ANNOUNCE, due;
    scoped_text char *name = person_short_name(notice->person);
    scoped_text char *thread = NULL;

    if (!notice_due(view, "reaction", post->id, &due, err) ||
        !thread_subject(bridge, view, post, notice->account, &thread, err))
        return false;
    const char *called = thread ? thread : "without words";
    notice->about = post->message_id;
    notice->subject = must_print("%s %s: %s", name, boost ? "boosted" : "likes", called);
    return !due || (write_text(view, post, boost, called, notice, err) &&
                    notice_plan(bridge, notice, arrival, err));
}

bool reaction_tell_neighbour(struct bridge *bridge, struct store_view *view,
                             const struct message *post, const struct person *person, bool boost,
                             struct activity_plan **out, struct err *err)
{
    scoped_value(account) account = {0};
    scoped_value(notice) notice = {.account = &account, .person = person};
    scoped_value(activity_arrival) arrival = {
        .activity = {.type = boost ? ACTIVITY_ANNOUNCE : ACTIVITY_LIKE,
                     .id = must_print("reaction of %lld to %s at %lld", (long long)person->id,
                     post->ref, (long long)clock_now(bridge->clock))},
        .received_ms = clock_now(bridge->clock)
    };
    enum found found = store_account(view, post->account_id, &account, err);

    if (found != FOUND || account.state != ACCOUNT_ACTIVE)
        return found != FAILED;
    if (!plan_notice(bridge, view, post, &notice, &arrival, err))
        return false;
    *out = steal(&arrival.plan);
    return true;
}

bool prepare_like(struct bridge *bridge, struct store_view *view, struct activity_arrival *arrival,
                  struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;
    scoped_value(message) post = {0};
    scoped_value(person) person = {0};
    scoped_value(account) account = {0};
    scoped_value(notice) notice = {.account = &account, .person = &person};
    bool barred;
    enum found found = own_post(view, activity, &post, err);

    if (found == FOUND)
        found = store_person_by_actor(view, slice_of(activity->actor), &person, err);
    if (found == FOUND)
        found = store_account(view, post.account_id, &account, err);
    if (found != FOUND)
        return found == ABSENT;
    if (!contact_is_barred(bridge, view, account.id, &person, &barred, err))
        return false;
    return account.state != ACCOUNT_ACTIVE || barred ||
           plan_notice(bridge, view, &post, &notice, arrival, err);
}

bool reaction_told_file(struct bridge *bridge, struct store_tx *tx, struct activity_plan *told,
                        int64_t message_id, int64_t person_id, struct err *err)
{
    bool first;

    if (!told || told->letters.count == 0)
        return true;
    if (!notice_first(bridge, tx, "reaction", message_id, &first, err))
        return false;
    return !first || notice_file(bridge, tx, &told->letters, person_id, err);
}

bool record_like(struct bridge *bridge, struct store_tx *tx, struct activity_arrival *arrival,
                 struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;
    struct store_view *view = store_tx_view(tx);
    scoped_value(message) post = {0};
    scoped_value(person) person = {0};
    bool barred;
    enum found found = own_post(view, activity, &post, err);

    if (found == FOUND)
        found = store_person_by_actor(view, slice_of(activity->actor), &person, err);
    if (found != FOUND)
        return found == ABSENT;
    if (!contact_is_barred(bridge, view, post.account_id, &person, &barred, err))
        return false;
    if (barred)
        return true;
    enum reaction reaction = activity->type == ACTIVITY_ANNOUNCE ? REACTION_BOOST : REACTION_LIKE;
    return store_put_reaction(tx, post.id, person.id, reaction, activity->id, true, err) &&
           reaction_told_file(bridge, tx, arrival->plan, post.id, person.id, err);
}

bool record_reaction_undone(struct bridge *bridge, struct store_tx *tx,
                            const struct activity_facts *activity, enum reaction reaction,
                            struct err *err)
{
    scoped_value(message) post = {0};
    scoped_value(person) person = {0};
    struct store_view *view = store_tx_view(tx);

    (void)bridge;
    if (!activity->object_object)
        return true;
    enum found found =
        store_message_by_activity(view, slice_of(activity->object_object), &post, err);
    if (found == FOUND)
        found = store_person_by_actor(view, slice_of(activity->actor), &person, err);
    if (found != FOUND)
        return found == ABSENT;
    return store_put_reaction(tx, post.id, person.id, reaction, NULL, false, err);
}

/* ---- a boost of somebody's post elsewhere ---- */
bool prepare_boosted(struct bridge *bridge, struct store_view *view,
                     struct activity_arrival *arrival, struct err *err)
{
    scoped_value(person) booster = {0};
    scoped_value(readers) readers = {0};
    scoped_value(note_look)
        look = {.bridge = bridge, .view = view, .arrival = arrival, .note = arrival->activity.note};
    bool go_on;
    enum found found =
        store_person_by_actor(view, slice_of(arrival->activity.actor), &booster, err);

    if (found != FOUND)
        return found == ABSENT;
    if (!readers_add_followers(view, booster.id, &readers, err))
        return false;
    if (readers.count == 0)
        return true;
    if (!note_look_begin(&look, &go_on, err))
        return false;
    if (!go_on || !visibility_is_open(note_visibility(look.note, &look.author)))
        return true;
    if (!readers_drop_barred(&look, &booster, &readers, err))
        return false;
    if (readers.count == 0)
        return true;
    return note_look_plan(&look, &readers, false, &booster, err);
}

bool prepare_announce(struct bridge *bridge, struct store_view *view,
                      struct activity_arrival *arrival, struct err *err)
{
    if (arrival->activity.note)
        return prepare_boosted(bridge, view, arrival, err);
    return prepare_like(bridge, view, arrival, err);
}

bool record_announce(struct bridge *bridge, struct store_tx *tx, struct activity_arrival *arrival,
                     struct err *err)
{
    if (arrival->activity.note)
        return record_planned_note(bridge, tx, arrival, err);
    return record_like(bridge, tx, arrival, err);
}
