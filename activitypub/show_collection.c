/*
 * Collections: what an account published; how many follow it (names are nobody's business); nothing pinned.
 */
#include "memory.h"
#include "names.h"
#include "show_private.h"

#define AS2 "https://www.w3.org/ns/activitystreams"

static void open_collection(struct json *j, const char *id, const char *type, int64_t total)
{
    json_open(j, NULL);
    json_text(j, "@context", AS2);
    json_text(j, "id", id);
    json_text(j, "type", type);
    json_number(j, "totalItems", total);
}

static bool empty_collection(struct showing *showing, const char *id)
{
    struct json j = json_to(&showing->ask->body);

    open_collection(&j, id, "OrderedCollection", 0);
    json_list(&j, "orderedItems", NULL, 0);
    json_end(&j);
    return show_json(showing->ask, TYPE_ACTIVITY);
}

bool show_instance_outbox(struct showing *showing, struct err *err)
{
    scoped_text char *actor = name_instance_actor(showing->domain);
    scoped_text char *id = must_print("%s/outbox", actor);

    (void)err;
    return empty_collection(showing, id);
}

bool show_featured(struct showing *showing, struct err *err)
{
    scoped_value(account) account = {0};
    enum found found = show_account(showing, &account, err);

    if (found != FOUND)
        return found == ABSENT;
    scoped_text char *id = name_actor_part(account.domain, account.name, "featured");
    return empty_collection(showing, id);
}

bool show_people(struct showing *showing, struct err *err)
{
    bool followers = showing->ask->what == SHOW_FOLLOWERS;
    scoped_value(account) account = {0};
    int64_t fediverse = 0, mail = 0, following = 0;
    enum found found = show_account(showing, &account, err);

    if (found != FOUND)
        return found == ABSENT;
    if (!store_follower_counts(showing->view, account.person_id, &fediverse, &mail, &following,
                               err))
        return false;
    scoped_text char *id =
        name_actor_part(account.domain, account.name, followers ? "followers" : "following");
    struct json j = json_to(&showing->ask->body);
    open_collection(&j, id, "OrderedCollection", followers ? fediverse : following);
    json_end(&j);
    return show_json(showing->ask, TYPE_ACTIVITY);
}

/* Posts and boosts, each newest first with numbers of its own, by their time. */
struct outbox_boost {
    int64_t id, at_ms;
    char *activity_id, *object, *author;
};
struct outbox_page {
    struct showing *showing;
    const struct account *account;
    struct json *j;
    int64_t last, last_boost; /* oldest shown */
    int count;
    bool full;
    struct outbox_boost boosts[PAGE_ITEMS];
    size_t boost_count, boost_at;
    struct err *err;
    bool failed;
};

static void outbox_page_clear(struct outbox_page *page)
{
    for (size_t i = 0; i < page->boost_count; i++) {
        free(page->boosts[i].activity_id);
        free(page->boosts[i].object);
        free(page->boosts[i].author);
    }
}
SCOPED_VALUE(outbox_page, outbox_page_clear)

static bool keep_boost(void *ctx, const struct shown_reaction *shown)
{
    struct outbox_page *page = ctx;

    page->boosts[page->boost_count++] = (struct outbox_boost){
        .id = shown->id,
        .at_ms = shown->at_ms,
        .activity_id = must_dup(shown->activity_id),
        .object = must_dup(shown->object),
        .author = must_dup(shown->author),
    };
    return true;
}

static void add_boost(struct outbox_page *page, const struct outbox_boost *boost)
{
    const struct account *account = page->account;
    scoped_text char *actor = name_actor(account->domain, account->name);
    scoped_text char *followers = name_actor_part(account->domain, account->name, "followers");
    const struct reaction_words words = {
        .boost = true,
        .id = boost->activity_id,
        .actor = actor,
        .object = boost->object,
        .author = boost->author,
        .followers = followers,
        .at_ms = boost->at_ms,
    };

    page->last_boost = boost->id;
    if (!boost->object) /* the post is gone */
        return;
    json_reaction_item(page->j, &words);
    page->count++;
}

/* Those later than `at_ms`, while there is room. */
static void add_boosts(struct outbox_page *page, int64_t at_ms)
{
    while (page->count < PAGE_ITEMS && page->boost_at < page->boost_count &&
           page->boosts[page->boost_at].at_ms > at_ms)
        add_boost(page, &page->boosts[page->boost_at++]);
}

static bool add_to_page(void *ctx, const struct message *message)
{
    struct outbox_page *page = ctx;
    scoped_value(post) post = {0};

    add_boosts(page, message->published_ms);
    page->full = page->count == PAGE_ITEMS;
    if (page->full)
        return false;
    page->last = message->id;
    page->count++;
    page->failed = !bridge_post(page->showing->work->bridge, page->showing->view, message, true,
                                &post, page->err);
    if (!page->failed)
        json_create_item(page->j, &post, false);
    return !page->failed;
}

static char *page_address(const char *id, int64_t before, int64_t boosts_before)
{
    struct bytes out = {0};

    bytes_print(&out, "%s?page=true", id);
    if (before)
        bytes_print(&out, "&before=%lld", (long long)before);
    if (boosts_before)
        bytes_print(&out, "&boosts_before=%lld", (long long)boosts_before);
    return bytes_take(&out);
}

static bool add_items(struct outbox_page *page, struct err *err)
{
    const struct show_ask *ask = page->showing->ask;

    if (!bridge_reactions(page->showing->view, page->account, REACTION_BOOST, ask->boosts_before,
                          PAGE_ITEMS, keep_boost, page, err) ||
        !store_messages_of(page->showing->view, page->account->id, 1 << MESSAGE_SENT,
                           OPEN_VISIBILITIES, ask->before, PAGE_ITEMS, add_to_page, page, err) ||
        page->failed)
        return false;
    add_boosts(page, 0);
    page->full = page->full || page->count == PAGE_ITEMS || page->boost_count == PAGE_ITEMS;
    return true;
}

static bool show_outbox_page(struct showing *showing, const struct account *account, const char *id,
                             struct err *err)
{
    struct show_ask *ask = showing->ask;
    struct json j = json_to(&ask->body);
    scoped_value(outbox_page) page = {.showing = showing,
                                      .account = account,
                                      .j = &j,
                                      .last = ask->before,
                                      .last_boost = ask->boosts_before,
                                      .err = err};
    scoped_text char *this = page_address(id, ask->before, ask->boosts_before);

    json_open(&j, NULL);
    json_context_note(&j);
    json_text(&j, "id", this);
    json_text(&j, "type", "OrderedCollectionPage");
    json_text(&j, "partOf", id);
    json_array(&j, "orderedItems");
    if (!add_items(&page, err))
        return false;
    json_end(&j);
    if (page.full) {
        scoped_text char *next = page_address(id, page.last, page.last_boost);
        json_text(&j, "next", next);
    }
    json_end(&j);
    return show_json(ask, TYPE_ACTIVITY);
}

bool show_outbox(struct showing *showing, struct err *err)
{
    scoped_value(account) account = {0};
    int64_t total = 0, boosts = 0;
    enum found found = show_account(showing, &account, err);

    if (found != FOUND)
        return found == ABSENT;
    scoped_text char *id = name_actor_part(account.domain, account.name, "outbox");
    if (showing->ask->page)
        return show_outbox_page(showing, &account, id, err);
    if (!store_message_count(showing->view, account.id, 1 << MESSAGE_SENT, OPEN_VISIBILITIES,
                             &total, err) ||
        !store_own_reaction_count(showing->view, account.person_id, REACTION_BOOST, &boosts, err))
        return false;
    scoped_text char *first = must_print("%s?page=true", id);
    struct json j = json_to(&showing->ask->body);
    open_collection(&j, id, "OrderedCollection", total + boosts);
    json_text(&j, "first", first);
    json_end(&j);
    return show_json(showing->ask, TYPE_ACTIVITY);
}

static bool add_reply(void *ctx, const struct message *message)
{
    if (message->activity_id && message->state == MESSAGE_SENT)
        json_text(ctx, NULL, message->activity_id);
    return true;
}

bool show_replies(struct showing *showing, struct err *err)
{
    struct show_ask *ask = showing->ask;
    scoped_value(account) account = {0};
    scoped_value(message) message = {0};
    enum found found = show_account(showing, &account, err);

    if (found == FOUND)
        found = show_message(showing, &account, &message, err);
    if (found != FOUND)
        return found == ABSENT;
    if (message.state == MESSAGE_WITHDRAWN || !(1 << message.visibility & OPEN_VISIBILITIES))
        return show_status(ask, 404, "There is no such post here");
    scoped_text char *post = name_post(account.domain, account.name, message.ref);
    scoped_text char *id = must_print("%s/replies%s", post, ask->page ? "?page=true" : "");
    scoped_text char *whole = must_print("%s/replies", post);
    struct json j = json_to(&ask->body);
    json_open(&j, NULL);
    json_text(&j, "@context", AS2);
    json_text(&j, "id", id);
    json_text(&j, "type", ask->page ? "CollectionPage" : "Collection");
    if (ask->page)
        json_text(&j, "partOf", whole);
    json_array(&j, "items");
    if (!store_replies(showing->view, message.id, add_reply, &j, err))
        return false;
    json_end(&j);
    json_end(&j);
    return show_json(ask, TYPE_ACTIVITY);
}
