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

struct outbox_page {
    struct showing *showing;
    struct json *j;
    int64_t last; /* oldest shown */
    int count;
    struct err *err;
    bool failed;
};

static bool add_to_page(void *ctx, const struct message *message)
{
    struct outbox_page *page = ctx;
    scoped_value(post) post = {0};

    page->last = message->id;
    page->count++;
    page->failed = !bridge_post(page->showing->work->bridge, page->showing->view, message, true,
                                &post, page->err);
    if (!page->failed)
        json_create_item(page->j, &post, false);
    return !page->failed;
}

static bool show_outbox_page(struct showing *showing, const struct account *account, const char *id,
                             struct err *err)
{
    struct show_ask *ask = showing->ask;
    struct json j = json_to(&ask->body);
    struct outbox_page page = {.showing = showing, .j = &j, .err = err};
    scoped_text char *this =
        ask->before ? must_print("%s?page=true&before=%lld", id, (long long)ask->before)
                    : must_print("%s?page=true", id);

    json_open(&j, NULL);
    json_context_note(&j);
    json_text(&j, "id", this);
    json_text(&j, "type", "OrderedCollectionPage");
    json_text(&j, "partOf", id);
    json_array(&j, "orderedItems");
    if (!store_messages_of(showing->view, account->id, 1 << MESSAGE_SENT, OPEN_VISIBILITIES,
                           ask->before, PAGE_ITEMS, add_to_page, &page, err) ||
        page.failed)
        return false;
    json_end(&j);
    if (page.count == PAGE_ITEMS) {
        scoped_text char *next = must_print("%s?page=true&before=%lld", id, (long long)page.last);
        json_text(&j, "next", next);
    }
    json_end(&j);
    return show_json(ask, TYPE_ACTIVITY);
}

bool show_outbox(struct showing *showing, struct err *err)
{
    scoped_value(account) account = {0};
    int64_t total = 0;
    enum found found = show_account(showing, &account, err);

    if (found != FOUND)
        return found == ABSENT;
    scoped_text char *id = name_actor_part(account.domain, account.name, "outbox");
    if (showing->ask->page)
        return show_outbox_page(showing, &account, id, err);
    if (!store_message_count(showing->view, account.id, 1 << MESSAGE_SENT, OPEN_VISIBILITIES,
                             &total, err))
        return false;
    scoped_text char *first = must_print("%s?page=true", id);
    struct json j = json_to(&showing->ask->body);
    open_collection(&j, id, "OrderedCollection", total);
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
