/*
 * Audiences: what was held is released, and each broadcast becomes deliveries, a page of followers at a time.
 *
 * The cursor moves in the transaction that holds the page, so a crash repeats nothing and skips nobody.  What cannot be
 * released or expanded waits, and nobody behind it waits with it.
 */
#include "activity_work.h"
#include "commit.h"
#include "list_work.h"

#include "log.h"
#include "memory.h"

enum { RELEASE_MAX = 100, PAGE_TRIES = 13 /* a week */ };

/* ---- release ---- */
static bool record_release(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const int64_t *id = ctx;
    scoped_value(message) message = {0};

    switch (store_message(store_tx_view(tx), *id, &message, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    bool due = message.state == MESSAGE_HELD && message.release_ms > 0 &&
               message.release_ms <= clock_now(bridge->clock);
    if (!due)
        return true;
    message.state = MESSAGE_SENT;
    return store_set_message_state(tx, *id, MESSAGE_SENT, err) &&
           message_send(bridge, tx, &message, err);
}

static bool look_for_held(struct bridge *bridge, int64_t ids[RELEASE_MAX], size_t *out_count,
                          int64_t *out_next_ms, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    return view && store_held_due(view, clock_now(bridge->clock), ids, RELEASE_MAX, out_count,
                                  out_next_ms, err);
}

bool release_held(struct bridge *bridge, int64_t *out_next_ms, struct err *err)
{
    int64_t ids[RELEASE_MAX];
    size_t count = 0;
    bool good = true;
    struct err trouble;

    if (!look_for_held(bridge, ids, &count, out_next_ms, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (bridge_commit(bridge, record_release, &ids[i], &trouble))
            continue;
        good = false;
        *err = trouble;
    }
    if (count == RELEASE_MAX)
        *out_next_ms = clock_now(bridge->clock);
    return good;
}

/* ---- one page of a broadcast ---- */
struct page {
    struct broadcast broadcast;
    struct message message;
    struct account author;         /* who speaks: of the message, or of the boost */
    enum delivery_subject subject; /* SUBJECT_REACTION: a boost of the message goes */
    int64_t subject_id;
    int version;
    bool over;                            /* nothing to say: taken back, or its author is gone */
    struct person people[BROADCAST_PAGE]; /* elsewhere: id and inboxes */
    size_t people_count;
    struct readers readers;
    struct letters letters;
    struct note_knocks *knocks; /* of the first page: whom it names here; or NULL */
    bool by_mail;               /* its readers by mail get it too */
    struct list_readers list;
    int64_t last_follow_id;
    int seen;
};

static void page_free(struct page *page)
{
    if (!page)
        return;
    message_clear(&page->message);
    account_clear(&page->author);
    for (size_t i = 0; i < page->people_count; i++)
        person_clear(&page->people[i]);
    readers_clear(&page->readers);
    letters_clear(&page->letters);
    note_knocks_free(page->knocks);
    list_readers_clear(&page->list);
    free(page);
}
SCOPED(page, page_free)

static bool add_follower(void *ctx, const struct follow *follow, const struct person *follower)
{
    struct page *page = ctx;

    page->last_follow_id = follow->id;
    page->seen++;
    if (follower->kind == PERSON_LOCAL && follower->account_id)
        readers_add(&page->readers, follower->account_id, false);
    if (follower->kind == PERSON_MAIL && page->by_mail)
        list_readers_add(&page->list, follower);
    if (follower->kind != PERSON_FEDIVERSE || follower->gone)
        return true;
    page->people[page->people_count++] = (struct person){
        .id = follower->id,
        .kind = PERSON_FEDIVERSE,
        .user = must_dup(follower->user),
        .host = must_dup(follower->host),
        .inbox = must_dup(follower->inbox),
        .shared_inbox = must_dup(follower->shared_inbox),
    };
    return true;
}

struct naming {
    struct store_view *view;
    struct page *page;
    struct err *err;
    bool failed;
};

static bool add_named(void *ctx, const struct audience *audience)
{
    struct naming *naming = ctx;
    struct page *page = naming->page;
    scoped_value(person) person = {0};
    enum found found = store_person(naming->view, audience->person_id, &person, naming->err);

    naming->failed = found == FAILED;
    if (found == FOUND && person.kind == PERSON_LOCAL && person.account_id &&
        person.account_id != page->author.id)
        readers_add(&page->readers, person.account_id, true);
    return !naming->failed;
}

/* Whom it names gets it with the first page; a follower among them has it then. */
static bool look_for_readers(struct store_view *view, struct page *page, struct err *err)
{
    struct naming naming = {view, page, err, false};
    bool everybody = page->message.visibility != VISIBILITY_DIRECT;

    if (page->broadcast.cursor == 0 &&
        (!store_audience(view, page->message.id, add_named, &naming, err) || naming.failed))
        return false;
    return !everybody || store_followers(view, page->author.person_id, true, page->broadcast.cursor,
                                         BROADCAST_PAGE, add_follower, page, err);
}

/* Whoever follows who boosts it, elsewhere: here and by mail nobody gets another's words by a boost (behaviour.md 7). */
static bool look_at_boost(struct store_view *view, struct page *page, struct err *err)
{
    struct own_reaction boost = {0};

    if (store_own_reaction(view, page->broadcast.reaction_id, &boost, err) == FAILED)
        return false;
    page->over = !boost.id || !reaction_stands(&boost) || !may_stand(&boost, &page->message);
    page->subject = SUBJECT_REACTION;
    page->subject_id = boost.id;
    page->version = boost.version;
    if (page->over)
        return true;
    return store_followers(view, page->author.person_id, true, page->broadcast.cursor,
                           BROADCAST_PAGE, add_follower, page, err);
}

static bool look_at_page(struct bridge *bridge, struct store_view *view, struct page *page,
                         struct err *err)
{
    enum found found = store_message(view, page->broadcast.message_id, &page->message, err);

    if (found == FOUND)
        found = store_account(view, page->broadcast.account_id, &page->author, err);
    if (found == FAILED)
        return false;
    page->over = found == ABSENT || page->message.state != MESSAGE_SENT;
    page->subject = SUBJECT_MESSAGE;
    page->subject_id = page->message.id;
    page->version = page->message.version;
    if (page->over)
        return true;
    if (page->broadcast.reaction_id)
        return look_at_boost(view, page, err);
    return list_message_fits(view, &page->message, &page->by_mail, err) &&
           look_for_readers(view, page, err) &&
           list_readers_prepare(bridge, view, &page->author, &page->list, err) &&
           local_letters(bridge, view, &page->author, &page->message, &page->readers,
                         &page->letters, &page->knocks, err);
}

/* broadcast.id 0: none is due. */
static bool look_for_page(struct bridge *bridge, struct page *page, struct err *err)
{
    struct broadcast next = {.due_ms = INT64_MAX};
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view || store_broadcast_next(view, &next, err) == FAILED)
        return false;
    bridge->broadcast_ms = next.due_ms;
    if (next.due_ms > clock_now(bridge->clock))
        return true;
    page->broadcast = next;
    return look_at_page(bridge, view, page, err);
}

static bool still_as_seen(struct store_tx *tx, const struct page *page, struct err *err)
{
    struct broadcast broadcast;
    scoped_value(message) message = {0};
    struct store_view *view = store_tx_view(tx);
    enum found found = store_broadcast_next(view, &broadcast, err);

    if (found == FOUND && broadcast.id == page->broadcast.id &&
        broadcast.cursor == page->broadcast.cursor)
        found = store_message(view, page->broadcast.message_id, &message, err);
    if (found == FAILED)
        return false;
    if (page->over)
        return true;
    bool same = message.id && message.state == page->message.state &&
                message.version == page->message.version;
    if (same && page->subject == SUBJECT_REACTION) {
        struct own_reaction boost = {0};
        if (store_own_reaction(view, page->subject_id, &boost, err) == FAILED)
            return false;
        same = boost.version == page->version;
    }
    return same || err_set(err, ERR_CONFLICT, "Try again");
}

/* A boost brings a post of somebody else here to servers that have it of nobody else: they fetch it. */
static bool want_at_people(struct store_tx *tx, const struct page *page, int64_t now_ms,
                           struct err *err)
{
    bool brings = page->subject == SUBJECT_REACTION && page->message.account_id;

    for (size_t i = 0; i < page->people_count; i++) {
        const struct person *person = &page->people[i];
        if (!person_want(tx, person, page->subject, page->subject_id, page->author.id,
                         page->version, true, now_ms, err) ||
            (brings && !person_may_have(tx, person, &page->message, err)))
            return false;
    }
    return true;
}

static bool record_page(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct page *page = ctx;
    const struct message *message = &page->message;
    int64_t now_ms = clock_now(bridge->clock);

    if (!still_as_seen(tx, page, err))
        return false;
    if (!want_at_people(tx, page, now_ms, err) ||
        !list_readers_want(bridge, tx, message, &page->author, &page->list, err) ||
        !note_knocks_record(bridge, tx, page->knocks, message->author_id,
                            visibility_is_open(message->visibility), &page->letters, err) ||
        !letters_file(tx, &page->letters, message->id, err))
        return false;
    if (page->over || page->seen < BROADCAST_PAGE)
        return store_end_broadcast(tx, page->broadcast.id, err);
    return store_move_broadcast(tx, page->broadcast.id, page->last_follow_id, err);
}

static bool record_trouble(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct broadcast *it = ctx;
    int64_t wait_ms = delivery_step_ms(bridge->config, TARGET_INBOX, it->tries);

    if (it->tries + 1 >= PAGE_TRIES)
        return store_end_broadcast(tx, it->id, err);
    return store_put_off_broadcast(tx, it->id, clock_now(bridge->clock) + wait_ms, err);
}

static bool put_off(struct bridge *bridge, struct broadcast *it, struct err *err)
{
    log_error("message %lld cannot go to its followers, %s: %s (%s)", (long long)it->message_id,
              it->tries + 1 < PAGE_TRIES ? "and is tried again later" : "and was given up",
              err->said, err->cause);
    return bridge_commit(bridge, record_trouble, it, err);
}

bool expand_broadcast(struct bridge *bridge, bool *out_more, struct err *err)
{
    scoped(page) page = must_new(struct page);
    bool good = look_for_page(bridge, page, err);

    *out_more = page->broadcast.id != 0;
    if (!*out_more)
        return good;
    /* edited or taken back meanwhile: the next slice sees it */
    good = good && (bridge_commit(bridge, record_page, page, err) || err->kind == ERR_CONFLICT);
    return good || put_off(bridge, &page->broadcast, err);
}
