/*
 * Five posts a day come one by one; what is said beyond them waits for the evening, and comes as one mail.
 *
 * A day ends at 18:00 UTC, so that it has five mails and one at most.  What waits are rows of `gathered`; the evening mail is a
 * delivery of the follow whose `wanted` is the day's number, written when it goes.  What was not taken by then goes
 * with the next evening's.
 */
#include "list_work.h"

#include "bridge_activity.h"
#include "compose.h"
#include "memory.h"
#include "text.h"

enum { AT_ONCE_A_DAY = 5, EVENING_MS = 18 * HOUR_MS, POSTS_MAX = 1000, TEXT_MAX = 512 * 1024 };

static int64_t day_of(int64_t now_ms)
{
    return (now_ms + DAY_MS - EVENING_MS) / DAY_MS;
}

static int64_t evening_of(int64_t day)
{
    return day * DAY_MS + EVENING_MS;
}

bool list_is_evening(const struct delivery *delivery)
{
    return delivery->target == TARGET_MAIL && delivery->subject == SUBJECT_FOLLOW_ANSWER &&
           delivery->wanted > LIST_GOODBYE;
}

/* ---- gathering ---- */
bool list_wait_for_evening(struct bridge *bridge, struct store_tx *tx, const struct follow *follow,
                           const struct delivery *copy, bool *out_waits, struct err *err)
{
    int64_t day = day_of(clock_now(bridge->clock)), count;
    struct delivery evening = *copy;

    if (!store_count_mail(tx, follow->id, day, &count, err))
        return false;
    *out_waits = count > AT_ONCE_A_DAY;
    if (!*out_waits)
        return true;
    evening.subject = SUBJECT_FOLLOW_ANSWER;
    evening.subject_id = follow->id;
    evening.wanted = (int)day;
    evening.due_ms = evening_of(day);
    return store_gather(tx, follow->id, day, copy->subject_id, err) &&
           store_want_delivery(tx, &evening, err);
}

bool list_evening_ended(struct store_tx *tx, const struct delivery *delivery, int version,
                        struct err *err)
{
    return !list_is_evening(delivery) || store_end_gathered(tx, delivery->subject_id, version, err);
}

/* ---- what it says ---- */
struct evening {
    const struct account *account;
    struct follow follow;
    struct list_stop stop;
    struct bytes posts; /* their text, one below the other */
    size_t count, left_out;
    bool secret;
};

static void evening_clear(struct evening *evening)
{
    follow_clear(&evening->follow);
    list_stop_clear(&evening->stop);
    bytes_clear(&evening->posts);
}
SCOPED_VALUE(evening, evening_clear)

static void add_warned(const struct post *post, struct bytes *out)
{
    bytes_print(out, "Content warning: %s.\n\n", post->warning);
    if (!post->url) /* there is no page to look at */
        bytes_print(out, "%s\n\n", post->plain);
}

static void add_post(const struct post *post, struct bytes *out)
{
    char date[DATE_TEXT_SIZE];

    date_rfc5322(post->published_ms, date);
    struct slice time = slice_of(date);
    bytes_print(out, "________\n\n%.*s UTC\n\n",
                SLICE_ARGS(slice_first(time, time.len - strlen(" +0000"))));
    if (post->warning && *post->warning)
        add_warned(post, out);
    else
        list_words(post, out);
    if (post->url)
        bytes_print(out, "On the web: %s\n\n", post->url);
}

/* What was taken back meanwhile is left out; what would make the mail too long has a page, or comes all the same. */
static bool look_at_post(struct bridge *bridge, struct store_view *view, int64_t message_id,
                         struct evening *evening, struct err *err)
{
    scoped_value(message) message = {0};
    scoped_value(post) post = {0};
    enum found found = store_message(view, message_id, &message, err);

    if (found != FOUND || message.state != MESSAGE_SENT)
        return found != FAILED;
    if (!bridge_post(bridge, view, &message, false, &post, err))
        return false;
    evening->count++;
    evening->secret |= !visibility_is_open(message.visibility);
    if (post.url && evening->posts.len > TEXT_MAX)
        evening->left_out++;
    else
        add_post(&post, &evening->posts);
    return true;
}

/* ABSENT: nothing is left of it, or they no longer read. */
static enum found look(struct bridge *bridge, struct store_view *view,
                       const struct delivery *delivery, struct evening *evening, struct err *err)
{
    int64_t ids[POSTS_MAX];
    size_t count;
    enum found found = store_follow_by_id(view, delivery->subject_id, &evening->follow, err);

    if (found == FOUND && evening->follow.state != FOLLOW_ACCEPTED)
        return ABSENT;
    if (found == FOUND)
        found =
            list_stop_of(bridge, view, evening->account, delivery->person_id, &evening->stop, err);
    if (found != FOUND)
        return found;
    if (!store_gathered(view, delivery->subject_id, delivery->wanted, ids, POSTS_MAX, &count, err))
        return FAILED;
    for (size_t i = 0; i < count; i++)
        if (!look_at_post(bridge, view, ids[i], evening, err))
            return FAILED;
    return evening->count > 0 ? FOUND : ABSENT;
}

static void add_text(const struct evening *evening, int64_t now_ms, struct compose *mail)
{
    const struct account *account = evening->account;
    scoped_value(bytes) text = {0};
    const char *name = list_name_of(account);

    if (evening->count == 1)
        bytes_print(&text, "%s posted once more today.\n\n", name);
    else
        bytes_print(&text, "%s posted %zu more times today. All of it is in this mail.\n\n", name,
                    evening->count);
    bytes_add(&text, bytes_slice(&evening->posts));
    if (evening->left_out > 0)
        bytes_print(&text, "________\n\n%zu more are on https://%s/@%s\n\n", evening->left_out,
                    account->domain, account->name);
    bytes_add_text(&text, "-- \n");
    list_footer(account, &evening->follow, now_ms, &text);
    bytes_print(&text, "\nStop: %s\n", evening->stop.link);
    compose_text(mail, bytes_slice(&text), NULL);
}

static void add_header(struct bridge *bridge, const struct evening *evening,
                       const struct delivery *delivery, struct compose *mail)
{
    const struct account *account = evening->account;
    scoped_text char *own = account_address(account);
    scoped_text char *label = must_print("%s's posts", list_name_of(account));
    scoped_text char *subject = must_print("%zu more post%s from %s today", evening->count,
                                           evening->count == 1 ? "" : "s", list_name_of(account));
    scoped_text char *name = must_print("evening %lld %d", (long long)delivery->subject_id,
                                        delivery->wanted); /* a second try has the same id */
    scoped_text char *id = message_id_of_object(bridge, name, account->domain);

    compose_address(mail, "From", list_name_of(account), own);
    compose_address(mail, "To", label, own);
    compose_field(mail, "Subject", subject);
    compose_date(mail, evening_of(delivery->wanted));
    compose_ids(mail, "Message-ID", (char *const[]){id}, 1);
    list_fields(account, &evening->stop, mail);
}

enum found list_evening(struct bridge *bridge, struct store_view *view,
                        const struct delivery *delivery, const struct account *account,
                        struct list_mail *out, struct err *err)
{
    scoped_value(evening) evening = {.account = account};
    struct memory_sink written;
    enum found found = look(bridge, view, delivery, &evening, err);

    if (found != FOUND)
        return found;
    scoped(compose) mail = compose_new();
    add_header(bridge, &evening, delivery, mail);
    add_text(&evening, clock_now(bridge->clock), mail);
    memory_sink_init(&written);
    bool ok = compose_write(mail, &written.sink, err);
    out->content = written.bytes;
    out->secret = evening.secret;
    return ok ? FOUND : FAILED;
}
