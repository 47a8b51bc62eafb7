#include "show_private.h"

#include "memory.h"
#include "names.h"

#include <stdio.h>
#include <stdlib.h>

bool show_status(struct show_ask *ask, int status, const char *why)
{
    ask->status = status;
    snprintf(ask->why, sizeof ask->why, "%s", why);
    return true;
}

bool show_json(struct show_ask *ask, const char *type)
{
    ask->status = 200;
    ask->type = type;
    return true;
}

enum found show_account(struct showing *showing, struct account *out, struct err *err)
{
    struct show_ask *ask = showing->ask;
    enum found found = store_account_named(showing->view, slice_of(ask->user),
                                           slice_of(showing->domain), out, err);

    if (found == ABSENT)
        show_status(ask, 404, "There is nobody of that name here");
    if (found != FOUND || out->state != ACCOUNT_REMOVED)
        return found;
    json_actor_gone(showing->domain, out->name, &ask->body);
    ask->type = TYPE_ACTIVITY;
    show_status(ask, 410, "This account is gone");
    account_clear(out);
    return ABSENT;
}

bool show_actor(struct showing *showing, struct err *err)
{
    scoped_value(account) account = {0};
    enum found found = show_account(showing, &account, err);

    if (found != FOUND)
        return found == ABSENT;
    scoped_value(aliases) aliases = {.count = 0};
    scoped_value(moved) moved = {0};
    if (!store_aliases(showing->view, account.id, &aliases, err) ||
        !bridge_moved_to(showing->view, &account, &moved, err))
        return false;
    const struct actor_words words = {&account, showing->work->config->follow != DOOR_OPEN,
                                      &aliases, moved.actor_id};
    json_actor(&words, &showing->ask->body);
    return show_json(showing->ask, TYPE_ACTIVITY);
}

bool show_instance_actor(struct showing *showing, struct err *err)
{
    scoped_value(domain) domain = {0};
    enum found found = store_domain(showing->view, slice_of(showing->domain), &domain, err);

    if (found == ABSENT)
        return show_status(showing->ask, 404, "There is no such actor here");
    if (found == FAILED)
        return false;
    json_instance_actor(&domain, &showing->ask->body);
    return show_json(showing->ask, TYPE_ACTIVITY);
}

static bool show_it(struct showing *showing, struct err *err)
{
    switch (showing->ask->what) {
    case SHOW_WEBFINGER: return show_webfinger(showing, err);
    case SHOW_HOST_META:
    case SHOW_HOST_META_JSON: return show_host_meta(showing, err);
    case SHOW_NODEINFO:
    case SHOW_NODEINFO_2_0:
    case SHOW_NODEINFO_2_1: return show_nodeinfo(showing, err);
    case SHOW_ACTOR: return show_actor(showing, err);
    case SHOW_INSTANCE_ACTOR: return show_instance_actor(showing, err);
    case SHOW_INSTANCE_OUTBOX: return show_instance_outbox(showing, err);
    case SHOW_OUTBOX: return show_outbox(showing, err);
    case SHOW_FOLLOWERS:
    case SHOW_FOLLOWING: return show_people(showing, err);
    case SHOW_FEATURED: return show_featured(showing, err);
    case SHOW_POST:
    case SHOW_POST_ACTIVITY: return show_post(showing, err);
    case SHOW_REPLIES: return show_replies(showing, err);
    }
    __builtin_unreachable();
}

bool work_show(struct errand *errand, struct err *err)
{
    struct show_ask *ask = container_of(errand, struct show_ask, ask.errand);
    struct activitypub_work *work = ask->ask.work;
    scoped_text char *domain = work_domain(work, slice_of(ask->host));

    bytes_reset(&ask->body);
    if (!domain)
        return show_status(ask, 404, "This host is not one of ours");
    scoped(store_view) view = store_look(work->store, err);
    if (!view)
        return false;
    struct showing showing = {.work = work, .ask = ask, .view = view, .domain = domain};
    return show_it(&showing, err);
}
