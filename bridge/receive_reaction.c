/*
 * Likes and boosts of posts here, and boosts that bring somebody's post to those who follow the booster
 * (behaviour.md 4, rows 8 and 11).
 *
 * The first reaction to a post in an hour makes a mail, with all that came so far as numbers; what follows within
 * the hour is counted in the next.
 */
#include "activity_work.h"

#include "compose.h"
#include "memory.h"

enum { GATHER_MS = HOUR_MS };

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

static void gather_digest(int64_t message_id, unsigned char out[SHA256_LEN])
{
    scoped_text char *id = must_print("%lld", (long long)message_id);

    activity_digest("notify", id, "", out);
}

/* ---- the notification ---- */
struct notice {
    struct bridge *bridge;
    const struct account *account;
    const struct person *person;
    const struct message *post;
    bool boost;
    int64_t likes, boosts; /* with this one */
};

static void count_words(struct bytes *out, int64_t count, const char *one, const char *many)
{
    bytes_print(out, "%lld %s", (long long)count, count == 1 ? one : many);
}

static void notice_text(const struct notice *notice, const char *subject, struct bytes *out)
{
    scoped_text char *label = person_label(notice->person);

    bytes_print(out, "%s %s your post \"%s\".\n\nSo far: ", label,
                notice->boost ? "boosted" : "likes", subject);
    count_words(out, notice->likes, "like", "likes");
    bytes_add_text(out, ", ");
    count_words(out, notice->boosts, "boost", "boosts");
    bytes_add_text(out, ". Nothing to do.\n");
    if (notice->post->url)
        bytes_print(out, "\n-- \nOpen: %s\n", notice->post->url);
}

static char *notice_subject(const struct notice *notice, const char *subject)
{
    scoped_text char *name = person_short_name(notice->person);

    return must_print("%s %s: %s", name, notice->boost ? "boosted" : "likes", subject);
}

static void notice_compose(const struct notice *notice, const char *subject, struct compose *c,
                           struct letter *letter)
{
    scoped_text char *label = person_label(notice->person);
    scoped_text char *own = account_address(notice->account);
    scoped_value(bytes) text = {0};
    char *parent_id = notice->post->message_id;

    compose_address(c, "From", label, letter->from);
    compose_address(c, "To", NULL, own);
    compose_field(c, "Subject", letter->subject);
    compose_date(c, letter->received_ms);
    compose_ids(c, "Message-ID", &letter->message_id, 1);
    if (parent_id) {
        compose_ids(c, "In-Reply-To", &parent_id, 1);
        compose_ids(c, "References", &parent_id, 1);
    }
    compose_field(c, "Auto-Submitted", "auto-generated");
    compose_field(c, "X-Auto-Response-Suppress", "All");
    notice_text(notice, subject, &text);
    compose_text(c, bytes_slice(&text), NULL);
}

static bool notice_letter(const struct notice *notice, const struct activity_arrival *arrival,
                          struct store_view *view, struct letter *letter, struct err *err)
{
    struct bridge *bridge = notice->bridge;
    const char *domain = notice->account->domain;
    scoped(compose) c = compose_new();
    struct memory_sink sink;
    scoped_text char *subject = NULL;

    if (!thread_subject(bridge, view, notice->post, notice->account, &subject, err))
        return false;
    const char *shown = subject ? subject : "your post";
    letter->account_id = notice->account->id;
    letter->mailbox = MAILBOX_NOTIFICATIONS;
    letter->received_ms = arrival->received_ms;
    letter->from = shown_address(bridge, notice->person, domain);
    letter->subject = notice_subject(notice, shown);
    letter->message_id = message_id_of_object(bridge, arrival->activity.id, domain);
    notice_compose(notice, shown, c, letter);
    memory_sink_init(&sink);
    bool ok = compose_write(c, &sink.sink, err);
    scoped(source) content = source_of_bytes(&sink.bytes);
    return ok && letter_seal(bridge, content, letter, err);
}

static bool plan_notice(struct notice *notice, struct store_view *view,
                        struct activity_arrival *arrival, struct err *err)
{
    struct activity_plan *plan = must_new(struct activity_plan);
    enum found seen;

    arrival->plan = plan;
    gather_digest(notice->post->id, plan->guard);
    seen = store_seen(view, SEEN_ACTIVITY, plan->guard, err);
    if (seen != ABSENT)
        return seen == FOUND;
    if (!store_reactions(view, notice->post->id, &notice->likes, &notice->boosts, err))
        return false;
    notice->likes += !notice->boost;
    notice->boosts += notice->boost;
    must_make_room(plan->letters.at, plan->letters.count, plan->letters.capacity);
    struct planned_letter *planned = &plan->letters.at[plan->letters.count++];
    *planned = (struct planned_letter){0};
    return notice_letter(notice, arrival, view, &planned->letter, err);
}

bool prepare_like(struct bridge *bridge, struct store_view *view, struct activity_arrival *arrival,
                  struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;
    scoped_value(message) post = {0};
    scoped_value(person) person = {0};
    scoped_value(account) account = {0};
    enum found found = own_post(view, activity, &post, err);

    if (found == FOUND)
        found = store_person_by_actor(view, slice_of(activity->actor), &person, err);
    if (found == FOUND)
        found = store_account(view, post.account_id, &account, err);
    if (found != FOUND)
        return found == ABSENT;
    if (account.state != ACCOUNT_ACTIVE)
        return true;
    struct notice notice = {.bridge = bridge,
                            .account = &account,
                            .person = &person,
                            .post = &post,
                            .boost = activity->type == ACTIVITY_ANNOUNCE};
    return plan_notice(&notice, view, arrival, err);
}

static bool file_notice(struct bridge *bridge, struct store_tx *tx, struct activity_plan *plan,
                        int64_t message_id, struct err *err)
{
    bool first;

    if (!plan || plan->letters.count == 0)
        return true;
    if (!store_see(tx, SEEN_ACTIVITY, plan->guard, clock_now(bridge->clock) + GATHER_MS, &first,
                   err))
        return false;
    return !first || letters_file(tx, &plan->letters, message_id, err);
}

bool record_like(struct bridge *bridge, struct store_tx *tx, struct activity_arrival *arrival,
                 struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;
    struct store_view *view = store_tx_view(tx);
    scoped_value(message) post = {0};
    scoped_value(person) person = {0};
    enum found found = own_post(view, activity, &post, err);

    if (found == FOUND)
        found = store_person_by_actor(view, slice_of(activity->actor), &person, err);
    if (found != FOUND)
        return found == ABSENT;
    enum reaction reaction = activity->type == ACTIVITY_ANNOUNCE ? REACTION_BOOST : REACTION_LIKE;
    return store_put_reaction(tx, post.id, person.id, reaction, activity->id, true, err) &&
           file_notice(bridge, tx, arrival->plan, post.id, err);
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
